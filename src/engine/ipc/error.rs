//! What a wrong call on an object raises.

/// An error, as Python raises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Its type.
    pub kind: &'static str,
    /// What it says.
    pub message: &'static str,
}

impl Error {
    /// Something was given back that nobody had taken.
    pub(super) const TOO_OFTEN: Self =
        Self { kind: "ValueError", message: "semaphore or lock released too many times" };

    pub(super) const fn assertion(message: &'static str) -> Self {
        Self { kind: "AssertionError", message }
    }
}
