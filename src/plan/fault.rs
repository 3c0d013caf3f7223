//! Faults: what a plan lets go wrong on purpose, and when. Real ones: the worker really is killed, really
//! reads through a null pointer, really never answers.
//!
//! ```text
//! kill@call:3            the worker that computes item 3 kills itself
//! segfault@call:3:once   … the first time; when the unit is handed out again, it succeeds
//! error@encode-result:0  the result of item 0 can't be serialized
//! stop@worker:2:500ms    half a second into the run the parent stops worker 2
//! ```

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What happens to a worker, or to a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The task raises an error.
    Error,
    /// The value can't be serialized: it is a closure.
    Closure,
    /// The value can't be serialized: it is an open file.
    OpenFile,
    /// The process ends itself in order, with exit code 3 (`sys.exit(3)`).
    Exit,
    /// The process ends itself at once, with exit code 7 (`os._exit(7)`).
    LibcExit,
    /// The process aborts (`SIGABRT`).
    Abort,
    /// The process reads through a null pointer (`SIGSEGV`).
    Segfault,
    /// The process is killed (`SIGKILL`), which it can't prevent.
    Kill,
    /// The process is asked to end (`SIGTERM`), as `terminate()` does.
    Terminate,
    /// The process stands still (`SIGSTOP`) until it is continued.
    Stop,
    /// The process goes on (`SIGCONT`).
    Continue,
    /// The process stays alive, and does nothing any more.
    Hang,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 12] = [
        Self::Error,
        Self::Closure,
        Self::OpenFile,
        Self::Exit,
        Self::LibcExit,
        Self::Abort,
        Self::Segfault,
        Self::Kill,
        Self::Terminate,
        Self::Stop,
        Self::Continue,
        Self::Hang,
    ];

    /// What can be done to a worker from outside, in the order of its menu.
    pub const ON_WORKER: [Self; 9] = [
        Self::Stop,
        Self::Continue,
        Self::Terminate,
        Self::Kill,
        Self::Segfault,
        Self::Abort,
        Self::Exit,
        Self::LibcExit,
        Self::Hang,
    ];

    /// The name in plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Closure => "closure",
            Self::OpenFile => "open-file",
            Self::Exit => "exit",
            Self::LibcExit => "libc-exit",
            Self::Abort => "abort",
            Self::Segfault => "segfault",
            Self::Kill => "kill",
            Self::Terminate => "terminate",
            Self::Stop => "stop",
            Self::Continue => "continue",
            Self::Hang => "hang",
        }
    }

    /// Whether the task ends with an error and its process lives on.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::Closure | Self::OpenFile)
    }

    /// Whether whoever does it never answers again, and yet does not end.
    pub fn is_silence(self) -> bool {
        matches!(self, Self::Stop | Self::Hang)
    }

    /// The signal that does this to another process, or that it dies of; `None` if there is no such signal.
    pub fn signal(self) -> Option<&'static str> {
        Some(match self {
            Self::Stop => "SIGSTOP",
            Self::Continue => "SIGCONT",
            Self::Terminate => "SIGTERM",
            Self::Kill => "SIGKILL",
            Self::Segfault => "SIGSEGV",
            Self::Abort => "SIGABRT",
            _ => return None,
        })
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// A moment in the life of an item, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The parent turns its arguments into bytes.
    EncodeArguments,
    /// The worker reads them.
    DecodeArguments,
    /// The worker computes.
    Call,
    /// The worker turns its result into bytes.
    EncodeResult,
    /// The parent reads it.
    DecodeResult,
}

impl Stage {
    /// Every moment, in order.
    pub const ALL: [Self; 5] =
        [Self::EncodeArguments, Self::DecodeArguments, Self::Call, Self::EncodeResult, Self::DecodeResult];

    /// The name in plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::EncodeArguments => "encode-arguments",
            Self::DecodeArguments => "decode-arguments",
            Self::Call => "call",
            Self::EncodeResult => "encode-result",
            Self::DecodeResult => "decode-result",
        }
    }

    /// Whether it is the parent that does this.
    pub fn is_in_parent(self) -> bool {
        matches!(self, Self::EncodeArguments | Self::DecodeResult)
    }
}

/// When a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// At a moment in the life of an item.
    Item {
        /// At which moment.
        stage: Stage,
        /// To which item.
        item: u64,
        /// Only the first time the item comes there.
        once: bool,
    },
    /// At a time after the run began.
    Worker {
        /// Which worker, by its place, from 1.
        place: u32,
        /// Milliseconds after the run began.
        after_ms: u64,
    },
}

/// Something that goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fault {
    /// What happens.
    pub action: Action,
    /// When.
    pub moment: Moment,
}

/// Text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no fault: {problem}. Write for instance kill@call:3, error@encode-result:0:once or stop@worker:2:500ms."
)]
pub struct FaultError {
    text: String,
    problem: String,
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let wrong = |problem: &str| FaultError { text: text.to_owned(), problem: problem.to_owned() };
        let (action, moment) = text.split_once('@').ok_or_else(|| wrong("it has no @ between what and when"))?;
        let action = Action::named(action).ok_or_else(|| {
            let known = Action::ALL.map(Action::name).join(", ");
            wrong(&format!("what happens is one of {known}"))
        })?;
        let parts: Vec<&str> = moment.split(':').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong("after the colon stands a whole number"));
        let moment = match parts[..] {
            ["worker", place, after] => {
                let place = u32::try_from(number(place)?).map_err(|_| wrong("no run has so many workers"))?;
                let after = after.strip_suffix("ms").ok_or_else(|| wrong("the time ends in ms"))?;
                Moment::Worker { place, after_ms: number(after)? }
            }
            [stage, item] | [stage, item, "once"] => {
                let named = Stage::ALL.into_iter().find(|known| known.name() == stage);
                let stage = named.ok_or_else(|| {
                    wrong(&format!("when is worker or one of {}", Stage::ALL.map(Stage::name).join(", ")))
                })?;
                Moment::Item { stage, item: number(item)?, once: parts.len() == 3 }
            }
            _ => return Err(wrong("after the @ stands when, a colon, and which item or worker")),
        };
        let fault = Self { action, moment };
        if !fault.is_possible() {
            return Err(wrong("this can't happen at that moment"));
        }
        Ok(fault)
    }
}

impl Fault {
    /// Whether the action makes sense at its moment.
    fn is_possible(self) -> bool {
        match self.moment {
            Moment::Worker { .. } => Action::ON_WORKER.contains(&self.action),
            Moment::Item { stage, .. } => match self.action {
                Action::Closure | Action::OpenFile => matches!(stage, Stage::EncodeArguments | Stage::EncodeResult),
                Action::Terminate | Action::Continue => false,
                // Nobody could watch a parent that stands still.
                Action::Stop | Action::Hang => !stage.is_in_parent(),
                _ => true,
            },
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let action = self.action.name();
        match self.moment {
            Moment::Worker { place, after_ms } => write!(f, "{action}@worker:{place}:{after_ms}ms"),
            Moment::Item { stage, item, once } => {
                write!(f, "{action}@{}:{item}{}", stage.name(), if once { ":once" } else { "" })
            }
        }
    }
}

impl TryFrom<String> for Fault {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_its_own_writing() {
        for text in ["kill@call:3", "error@encode-result:0:once", "stop@worker:2:500ms", "closure@encode-arguments:7"] {
            assert_eq!(text.parse::<Fault>().expect("a fault").to_string(), text);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_an_example() {
        for (text, problem) in [
            ("kill", "no @"),
            ("maim@call:3", "one of error, closure"),
            ("kill@lunch:3", "one of encode-arguments"),
            ("kill@call:three", "a whole number"),
            ("kill@call:-1", "a whole number"),
            ("kill@call", "a colon"),
            ("kill@worker:1:5s", "ends in ms"),
            ("error@worker:1:5ms", "can't happen"),
            ("closure@call:1", "can't happen"),
            ("hang@encode-arguments:1", "can't happen"),
            ("kill@call:1:twice", "a colon"),
        ] {
            let message = text.parse::<Fault>().expect_err(text).to_string();
            assert!(message.contains(problem) && message.contains("kill@call:3"), "{message}");
        }
    }
}
