//! What one process can do to another from outside.

use crate::plan::Action;

/// A signal, or on a system without them what comes closest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Asks it to end; it may refuse.
    Terminate = 1,
    /// Ends it.
    Kill = 2,
    /// It stands still.
    Stop = 3,
    /// It goes on.
    Continue = 4,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 4] = [Self::Terminate, Self::Kill, Self::Stop, Self::Continue];

    /// Its name, as a trace tells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "SIGTERM",
            Self::Kill => "SIGKILL",
            Self::Stop => "SIGSTOP",
            Self::Continue => "SIGCONT",
        }
    }

    /// The signal that does this to another process, if one does.
    pub fn of(action: Action) -> Option<Self> {
        match action {
            Action::Terminate => Some(Self::Terminate),
            Action::Kill => Some(Self::Kill),
            Action::Stop => Some(Self::Stop),
            Action::Continue => Some(Self::Continue),
            _ => None,
        }
    }
}
