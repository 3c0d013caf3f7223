//! A call on a shared object that was wrong, in Python's words.

use std::fmt::{Display, Formatter};
use std::io;

/// The error that Python raises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its type.
    pub kind: &'static str,
    /// What it says.
    pub message: String,
}

impl Refusal {
    /// An error of this type that says this.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Something was given back that nobody had taken.
    pub(super) fn too_often() -> Self {
        Self::new("ValueError", "semaphore or lock released too many times")
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        // Without a message, Python says only its type.
        if self.message.is_empty() { f.write_str(self.kind) } else { write!(f, "{}: {}", self.kind, self.message) }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::new("OSError", error.to_string())
    }
}
