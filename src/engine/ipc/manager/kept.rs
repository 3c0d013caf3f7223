//! What is kept, as its manager sees it.

use std::time::Duration;

use crate::program::plain::Plain;
use crate::program::uses::Kind;

use super::containers::{Array, Cell, Dict, List, Namespace};
use super::gates::{Barrier, Condition, Event};
use super::locks::{Lock, RLock, Semaphore};
use super::queue::Queue;
use super::request::{Fault, number};

/// Something that a manager keeps.
///
/// A call that can't be answered yet is parked, and made again whenever the same object was used by somebody else:
/// therefore one that is parked a second time must leave everything as it was.
pub(super) trait Keep {
    /// Calls a method.
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault>;

    /// This client is gone, and what it had parked with it. With `recover`, what it held is given back: whether
    /// that was anything.
    fn forget(&mut self, client: u16, recover: bool) -> bool {
        let _ = (client, recover);
        false
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The number of the client.
    pub(super) client: u16,
    /// Whether it has been parked.
    pub(super) turn: Turn,
}

/// How often a call was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is new.
    First,
    /// It was parked; now things may have changed.
    Again,
    /// It was parked, and its time is up.
    Late,
}

/// What comes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This.
    Done(Plain),
    /// Nothing yet; the caller has so much patience, or waits for ever.
    Park(Option<Duration>),
}

impl From<Plain> for Answer {
    fn from(value: Plain) -> Self {
        Self::Done(value)
    }
}

/// Makes what shall be kept.
pub(super) fn make(kind: Kind, arguments: &[Plain]) -> Result<Box<dyn Keep>, Fault> {
    let count = |default: i64| if arguments.is_empty() { Ok(default) } else { number(arguments, 0, "__init__") };
    let permits = || match count(1)? {
        permits @ 0.. => Ok(permits.unsigned_abs()),
        _ => Err(Fault::new("ValueError", "semaphore initial value must be >= 0")),
    };
    Ok(match kind {
        Kind::Dict => Box::new(Dict::new(arguments)?),
        Kind::List => Box::new(List::new(arguments)?),
        Kind::Namespace => Box::new(Namespace::new(arguments)),
        Kind::Value => Box::new(Cell::new(arguments)),
        Kind::Array => Box::new(Array::new(arguments)?),
        Kind::Queue | Kind::JoinableQueue => Box::new(Queue::new(count(0)?)),
        Kind::Event => Box::<Event>::default(),
        Kind::Lock => Box::<Lock>::default(),
        Kind::RLock => Box::<RLock>::default(),
        Kind::Semaphore => Box::new(Semaphore::new(permits()?, false)),
        Kind::BoundedSemaphore => Box::new(Semaphore::new(permits()?, true)),
        Kind::Condition => Box::<Condition>::default(),
        Kind::Barrier => match count(0)? {
            parties @ 1.. => Box::new(Barrier::new(parties as usize)),
            _ => return Err(Fault::new("ValueError", "parties must be > 0")),
        },
        Kind::Pool => {
            let message = "a manager here keeps no pool: its process starts no others. Use a Pool of your own";
            return Err(Fault::new("NotImplementedError", message));
        }
    })
}

/// There is no such method.
pub(super) fn unknown(kind: Kind, method: &str) -> Fault {
    Fault::new("AttributeError", format!("'{}' object has no attribute '{method}'", kind.proxy_name()))
}

/// How long `acquire(blocking, timeout)` waits, by its arguments from this place on.
pub(super) fn patience(arguments: &[Plain], place: usize) -> Result<Option<Duration>, Fault> {
    if matches!(arguments.get(place), Some(Plain::Bool(false))) {
        return Ok(Some(Duration::ZERO));
    }
    timeout(arguments.get(place + 1))
}

/// How long a `timeout` is.
pub(super) fn timeout(argument: Option<&Plain>) -> Result<Option<Duration>, Fault> {
    match argument {
        None | Some(Plain::None) => Ok(None),
        Some(Plain::Ms(ms)) => Ok(Some(Duration::from_millis(ms.max(&0).unsigned_abs()))),
        Some(Plain::Int(seconds)) => Ok(Some(Duration::from_secs(seconds.max(&0).unsigned_abs()))),
        Some(other) => {
            let message = format!("'{}' object cannot be interpreted as a time", other.type_name());
            Err(Fault::new("TypeError", message))
        }
    }
}
