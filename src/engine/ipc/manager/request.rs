//! What clients and their manager say to each other: names and plain values, never code.

use serde::{Deserialize, Serialize};

use crate::program::plain::Plain;
use crate::program::uses::Kind;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Something is to be made and kept.
    Make(Kind, Vec<Plain>),
    /// A method of what is kept under a number.
    Call(u32, String, Vec<Plain>),
    /// The manager is to end.
    Shutdown,
}

/// What the manager answers: a value, or the error that the method raised.
pub type Reply = Result<Plain, Fault>;

/// An answer that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What the manager says.
    pub reply: Reply,
    /// When the manager had done it, on the clock that all processes have.
    pub at_ns: u64,
    /// Its size with its header.
    pub bytes: u32,
}

/// An error as it travels back to the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Python's name of its type.
    pub kind: String,
    /// What it says.
    pub message: String,
}

impl Fault {
    /// An error of this type.
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }
}

/// The argument in this place.
pub(super) fn argument<'a>(arguments: &'a [Plain], place: usize, method: &str) -> Result<&'a Plain, Fault> {
    let missing = || Fault::new("TypeError", format!("{method}() misses its argument {}", place + 1));
    arguments.get(place).ok_or_else(missing)
}

/// The whole number in this place.
pub(super) fn number(arguments: &[Plain], place: usize, method: &str) -> Result<i64, Fault> {
    match argument(arguments, place, method)? {
        Plain::Int(number) => Ok(*number),
        Plain::Bool(yes) => Ok(i64::from(*yes)),
        other => {
            let message = format!("'{}' object cannot be interpreted as an integer", other.type_name());
            Err(Fault::new("TypeError", message))
        }
    }
}
