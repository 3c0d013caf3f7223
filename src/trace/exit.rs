//! How a process ended, by the name a student knows.

use serde::{Deserialize, Serialize};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It ended by itself with this code; 0 is success.
    Code(i32),
    /// A signal ended it (Unix).
    Signal(i32),
    /// A thread came to its end; it has no exit code.
    Joined,
    /// It is gone, and nobody could learn how.
    Unknown,
}

impl Exit {
    /// Whether the actor ended as it should.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Code(0) | Self::Joined)
    }
}

impl std::fmt::Display for Exit {
    /// The way Python writes an exit code, with the signal by its name: `0`, `3`, `−SIGKILL`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Signal(number) => match signal_name(number) {
                Some(name) => write!(f, "−{name}"),
                None => write!(f, "−{number}"),
            },
            Self::Joined => f.write_str("joined"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// The name of a signal whose number is the same on Linux and macOS (POSIX fixes
/// most of these), and of `SIGBUS` as Linux counts.
pub fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}
