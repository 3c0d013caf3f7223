//! The whole vocabulary: everything that happens in a run is an [`Event`].
//!
//! An event says *when* (`at_ns`), *by whom* (`by`) and *what*. The stage, the timeline, the tables
//! and the exports know nothing else; a new lesson about inter-process communication needs new
//! programs, not new drawing code.
//!
//! Times are nanoseconds of the machine's one monotonic clock (`sys::now_ns`), the same for every
//! process of the machine. A send is stamped before its write and a receive after its read, so that
//! `sent_ns <= received_ns` always holds for one message.

use serde::{Deserialize, Serialize};

use crate::plan::{Executor, Plan, StartMethod};

pub use super::exit::Exit;
pub use super::failure::{Fate, TaskFailure};
use super::object::{Awaited, Deed, Made, ObjectId, Wish};

/// A process or thread that does something. Unique within a trace, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorId(pub u32);

impl ActorId {
    /// The observer: the window or the command line, which only watches.
    pub const OBSERVER: Self = Self(0);
    /// The engine: the parent that students watch.
    pub const PARENT: Self = Self(1);
}

/// A one-way road for messages from one actor to another. Unique within a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelId(pub u32);

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// When, in nanoseconds of the machine's monotonic clock.
    pub at_ns: u64,
    /// Who did or saw it.
    pub by: ActorId,
    /// What happened.
    pub what: What,
}

/// What an actor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The engine: cuts the items into units, hands them out, collects results.
    Parent,
    /// A process of the pool.
    WorkerProcess,
    /// A thread of the pool, inside the parent's process.
    WorkerThread,
    /// The single-threaded process that forks workers on request.
    ForkServer,
    /// A thread of a worker process that has several.
    ProcessThread,
    /// A `Process` that a program started.
    Process,
    /// The process of a `Manager()`: it keeps objects and serves those who have proxies.
    Manager,
}

/// What carries a channel's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Medium {
    /// A kernel pipe: bytes are copied in and out.
    Pipe,
    /// A queue inside one process: only a reference moves, nothing is serialized.
    Memory,
}

/// What a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// The arguments, or the results, of this unit.
    Unit(u32),
    /// The name of the job, sent once before the first unit.
    Setup,
    /// "There is no more work."
    Stop,
}

/// Overhead that an actor spends time on. Computing is not overhead: it is
/// [`What::UnitBegan`] to [`What::UnitEnded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// Writing messages into a channel (a full pipe makes this long).
    Send,
    /// The parent handing out units and taking results, from waking up to sleeping again.
    Dispatch,
    /// A worker running its initializer.
    Initialize,
    /// Waiting for the emulated Global Interpreter Lock.
    WaitForGil,
    /// A process of a program sleeping, as it was written to.
    Sleep,
    /// A process of a program computing.
    Work,
}

/// The machine a trace was recorded on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// `linux`, `macos`, `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`.
    pub arch: String,
    /// Logical cores that this process may use.
    pub cores: u32,
    /// The processor's own name, where the system tells it.
    pub cpu: String,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// The version of Poolscope that recorded it.
    pub poolscope: String,
}

/// How a run came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every unit's result arrived.
    Complete,
    /// Everything was done that could be done, and the caller got an error; a sentence tells which.
    Raised(String),
    /// Somebody pressed Stop.
    Stopped,
    /// It could not go on; a sentence says why and what to do.
    Failed(String),
}

/// An actor that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// The new actor.
    pub actor: ActorId,
    /// Its role.
    pub role: Role,
    /// Workers count from 1; the parent is 0.
    pub number: u32,
    /// Process id; threads carry their process's.
    pub pid: u32,
    /// How a worker process was started.
    pub start: Option<StartMethod>,
    /// When the start was asked for.
    pub asked_ns: u64,
    /// Whose place it takes: that of a worker which ended before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<ActorId>,
    /// Who started it, if not the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ActorId>,
    /// Its name, if it was given one: `Process-1:2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it ends with its parent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub daemon: bool,
}

impl Birth {
    /// An actor with nothing special about it.
    pub fn new(actor: ActorId, role: Role, number: u32, pid: u32, asked_ns: u64) -> Self {
        let (start, replaces, parent, name, daemon) = (None, None, None, None, false);
        Self { actor, role, number, pid, start, asked_ns, replaces, parent, name, daemon }
    }
}

/// What happened. See each variant for who says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The observer names the machine, once, first.
    MachineSeen(Box<Machine>),
    /// The parent begins a run; with repeats there are several in one trace, one after the other.
    RunBegan {
        /// Number of the run in this trace, from 0.
        run: u32,
        /// What is run.
        plan: Box<Plan>,
        /// How many items there are.
        items: u64,
        /// Items in a unit; the last unit may hold fewer.
        chunksize: u64,
        /// Units from this number on are recorded as sums per interval, not one by one.
        detail_units: u32,
    },
    /// The parent has the result of every unit, was stopped, or failed.
    RunEnded {
        /// How it ended.
        outcome: Outcome,
        /// From the first act of starting workers to the last result, in nanoseconds.
        wall_ns: u64,
        /// From the first act of starting workers until every worker was ready; 0 if sequential. With
        /// very little work, that may be after the last result.
        start_ns: u64,
        /// A hash (XXH3, 64 bit, hex) of the results in input order; empty unless complete.
        digest: String,
    },
    /// The parent started an actor (stamped after the start; the parent itself says so first).
    ActorBorn(Box<Birth>),
    /// An actor says of itself that it is ready for its first message.
    ActorReady,
    /// A process has ended, and nobody has waited for it yet: a zombie.
    Unreaped {
        /// Who.
        actor: ActorId,
    },
    /// An actor sent a signal to another, or did to it what comes closest on this system.
    SignalSent {
        /// To whom.
        actor: ActorId,
        /// Which, by name: `SIGTERM`.
        signal: String,
        /// What for: `terminate()`, `the stage's menu`.
        why: String,
    },
    /// From `since_ns` to now an actor was in a call of the library that students know:
    /// `p.join(0.5)`, `result.get(timeout=0.2)`, `callback(results)`.
    Called {
        /// The call, as it is written in Python.
        call: String,
        /// When it was made.
        since_ns: u64,
        /// What it returned, or the error that it raised.
        answer: String,
        /// Whether it raised an error.
        raised: bool,
    },
    /// The parent learned that an actor has ended.
    ActorExited {
        /// Who.
        actor: ActorId,
        /// How.
        exit: Exit,
    },
    /// The parent opened a channel.
    ChannelOpened {
        /// The new channel.
        channel: ChannelId,
        /// Who writes.
        from: ActorId,
        /// Who reads.
        to: ActorId,
        /// What carries it.
        medium: Medium,
        /// What it can hold before a writer must wait, as the kernel says; 0 = no limit.
        capacity_bytes: u32,
    },
    /// A message left. One event per logical message, however many share a write.
    Sent {
        /// On which channel.
        channel: ChannelId,
        /// Number of the message on its channel, from 0.
        message: u32,
        /// What it holds.
        content: Content,
        /// Its size with its header; 0 if only a reference moved.
        bytes: u32,
    },
    /// A message arrived in full.
    Received {
        /// On which channel.
        channel: ChannelId,
        /// Number of the message on its channel, from 0.
        message: u32,
        /// What it holds.
        content: Content,
        /// Its size with its header; 0 if only a reference moved.
        bytes: u32,
    },
    /// An actor begins to compute a unit.
    UnitBegan {
        /// Which.
        unit: u32,
        /// On which core, where the system tells.
        core: Option<u16>,
    },
    /// An actor has computed a unit.
    UnitEnded {
        /// Which.
        unit: u32,
        /// On which core it ended.
        core: Option<u16>,
    },
    /// From `since_ns` to now the actor was busy with overhead.
    Did {
        /// With what.
        doing: Doing,
        /// Since when.
        since_ns: u64,
    },
    /// Past the detail limit: units computed from `since_ns` to now.
    UnitsSummed {
        /// How many.
        units: u32,
        /// Begin of the interval.
        since_ns: u64,
        /// Time spent computing them.
        busy_ns: u64,
    },
    /// Past the detail limit: messages sent since the last such sum.
    SentSummed {
        /// On which channel.
        channel: ChannelId,
        /// How many.
        messages: u32,
        /// Their bytes.
        bytes: u64,
    },
    /// Past the detail limit: messages received since the last such sum.
    ReceivedSummed {
        /// On which channel.
        channel: ChannelId,
        /// How many.
        messages: u32,
        /// Their bytes.
        bytes: u64,
    },
    /// The parent knows that this unit has no result; `by` is where it went wrong.
    UnitFailed {
        /// Which unit.
        unit: u32,
        /// What went wrong.
        failure: Box<TaskFailure>,
    },
    /// The worker `by` died and had this unit.
    UnitLost {
        /// Which unit.
        unit: u32,
        /// What becomes of it.
        fate: Fate,
    },
    /// The caller took the results of a unit: from an iterator, or from its own job.
    Delivered {
        /// Which unit.
        unit: u32,
    },
    /// An object that processes share was made.
    ObjectMade(Box<Made>),
    /// From now on the actor can't go on, until it next tells what it did (`Used`, `Called`, `Did`), or ends.
    Waits {
        /// What it waits for.
        wish: Wish,
        /// On what.
        on: Awaited,
        /// On which road of an object that has several.
        lane: u16,
        /// Whether it waits until it gets it; else it gives up when a time is over.
        for_ever: bool,
    },
    /// The actor did something with an object, which took from `since_ns` until now.
    Used {
        /// Which.
        object: ObjectId,
        /// Since when.
        since_ns: u64,
        /// What it did.
        deed: Deed,
    },
    /// The result of a unit, as far as the screen shows results: the bytes the worker returned.
    ResultArrived {
        /// Which unit.
        unit: u32,
        /// The results of its items, one after the other, as the workload writes them.
        payload: Vec<u8>,
    },
    /// So many events of this actor could not be kept. Said when the count changes.
    EventsLost {
        /// How many more.
        count: u64,
    },
    /// The observer measured how busy each core is.
    CoresSampled {
        /// Per core, in thousandths of its time since the last sample.
        busy_permille: Vec<u16>,
    },
    /// The observer measured a process of this run.
    ProcessSampled {
        /// Which actor.
        actor: ActorId,
        /// In thousandths of one core since the last sample.
        cpu_permille: u32,
        /// Resident memory.
        rss_bytes: u64,
    },
    /// A line that `by` printed; the observer, if it is not known who did.
    Printed {
        /// The line, without its end.
        line: String,
    },
}

impl Role {
    /// What the stage calls an actor of this role; `number` counts workers from 1.
    pub fn title(self, number: u32) -> String {
        match self {
            Self::Parent => "Parent".to_owned(),
            Self::WorkerProcess | Self::WorkerThread => format!("Worker {number}"),
            Self::ForkServer => "Fork server".to_owned(),
            Self::ProcessThread => format!("Thread {number}"),
            Self::Process => format!("Process {number}"),
            Self::Manager => "Manager".to_owned(),
        }
    }

    /// The role of the workers of an executor; `None` where the parent works alone.
    pub fn of_workers(executor: Executor) -> Option<Self> {
        match executor {
            Executor::Sequential => None,
            Executor::Threads | Executor::GilThreads => Some(Self::WorkerThread),
            Executor::Processes | Executor::Hybrid => Some(Self::WorkerProcess),
        }
    }
}
