//! What a call answers.

use std::fmt::{self, Display, Formatter};

use crate::trace::Exit;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing.
    None,
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(u64),
    /// How a process ended.
    Exit(Exit),
    /// Nothing, but there is something to say about it.
    Words(String),
}

impl Value {
    /// The way Python prints it: a signal is a negative number.
    pub(super) fn python(&self) -> String {
        match self {
            Self::None | Self::Words(_) => "None".to_owned(),
            Self::Bool(yes) => if *yes { "True" } else { "False" }.to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Exit(Exit::Code(code)) => code.to_string(),
            Self::Exit(Exit::Signal(signal)) => format!("-{signal}"),
            // What Python says of a process whose end nobody could learn.
            Self::Exit(Exit::Unknown | Exit::Joined) => "255".to_owned(),
        }
    }
}

impl Display for Value {
    /// The way a trace tells it: a signal by its name.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(exit) => exit.fmt(f),
            Self::Words(words) => f.write_str(words),
            _ => f.write_str(&self.python()),
        }
    }
}
