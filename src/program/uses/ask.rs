//! What is asked of a manager, and its serving.

use serde::{Deserialize, Serialize};

use crate::program::plain::Plain;

/// A use of a manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The manager's own process serves its clients, until all of them are gone or it is told to shut down.
    Serve,
    /// `d = m.dict()`: the manager makes something and keeps it, under the next number.
    Make(Kept, Kind, Vec<Plain>),
    /// A method is called through a proxy: one round trip.
    Call(Call),
    /// `L[0].append(2)`: an item is fetched, and the method called on what came: on a copy that is dropped then, or,
    /// if it is a proxy itself, on what the manager keeps.
    CallOnItem {
        /// Which item.
        key: Plain,
        /// The call, on the item.
        call: Call,
    },
    /// `d[key] += 1`, so often: two round trips each.
    Increment {
        /// Which object.
        kept: Kept,
        /// Of which key.
        key: Plain,
        /// How often.
        times: u32,
        /// The kept lock that is held for each of them: two more round trips.
        lock: Option<Kept>,
    },
    /// `m.shutdown()`: the manager's process ends; whoever asks it afterwards learns so.
    Shutdown,
    /// Prints how many round trips this process made so far, after a label.
    PrintTrips(&'static str),
}

/// Something that a manager keeps: its number in the order of their making, from 0, and the variable that holds its
/// proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept(pub u32, pub &'static str);

/// A call through a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Of what.
    pub kept: Kept,
    /// Which method, by its name in Python, the special ones too: `__getitem__`.
    pub method: &'static str,
    /// With what.
    pub arguments: Vec<Plain>,
    /// If there is a label, the answer is printed after it.
    pub label: Option<&'static str>,
}

impl Call {
    /// A call whose answer is not printed.
    pub fn new(kept: Kept, method: &'static str, arguments: impl Into<Vec<Plain>>) -> Self {
        Self { kept, method, arguments: arguments.into(), label: None }
    }

    /// The same call, with its answer printed.
    #[must_use]
    pub fn labelled(self, label: &'static str) -> Self {
        Self { label: Some(label), ..self }
    }
}

/// What a manager can keep, by the name of the method that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "they are Python's names")]
pub enum Kind {
    Dict,
    List,
    Namespace,
    Queue,
    JoinableQueue,
    Event,
    Lock,
    RLock,
    Semaphore,
    BoundedSemaphore,
    Condition,
    Barrier,
    Value,
    Array,
    Pool,
}

impl Kind {
    /// The method that makes it.
    pub fn method_name(self) -> String {
        let name = format!("{self:?}");
        // Python's own types are written small.
        if matches!(self, Self::Dict | Self::List) { name.to_lowercase() } else { name }
    }

    /// Python's name for its proxy, as errors tell it.
    pub fn proxy_name(self) -> &'static str {
        match self {
            Self::Dict => "DictProxy",
            Self::List => "ListProxy",
            Self::Namespace => "NamespaceProxy",
            Self::Queue => "AutoProxy[Queue]",
            Self::JoinableQueue => "AutoProxy[JoinableQueue]",
            Self::Event => "EventProxy",
            Self::Lock | Self::RLock | Self::Semaphore | Self::BoundedSemaphore => "AcquirerProxy",
            Self::Condition => "ConditionProxy",
            Self::Barrier => "BarrierProxy",
            Self::Value => "ValueProxy",
            Self::Array => "ArrayProxy",
            Self::Pool => "PoolProxy",
        }
    }
}
