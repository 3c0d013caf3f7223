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
}

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

/// The name of a signal whose number is the same on Linux and macOS (POSIX fixes most of these).
fn signal_name(number: i32) -> Option<&'static str> {
    Some(match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
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
    /// Somebody pressed Stop.
    Stopped,
    /// It could not go on; a sentence says why and what to do.
    Failed(String),
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
    ActorBorn {
        /// The new actor.
        actor: ActorId,
        /// Its role.
        role: Role,
        /// Workers count from 1; the parent is 0.
        number: u32,
        /// Process id; threads carry their process's.
        pid: u32,
        /// How a worker process was started.
        start: Option<StartMethod>,
        /// When the start was asked for.
        asked_ns: u64,
    },
    /// An actor says of itself that it is ready for its first message.
    ActorReady,
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
    /// A task of this unit failed in the worker `by`.
    UnitFailed {
        /// Which unit.
        unit: u32,
        /// What went wrong, in a sentence.
        message: String,
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
    /// A line a child printed.
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
        }
    }

    /// The role of the workers of an executor; `None` where the parent works alone.
    pub fn of_workers(executor: Executor) -> Option<Self> {
        match executor {
            Executor::Sequential => None,
            Executor::Threads => Some(Self::WorkerThread),
            Executor::Processes => Some(Self::WorkerProcess),
        }
    }
}
