//! What processes share, and what they do with it: queues, locks, cells of memory, a manager.
//!
//! An object is introduced once ([`ObjectMade`](super::What::ObjectMade)). From then on whoever does something with
//! it says so when it is done ([`Used`](super::What::Used)); whoever can't go on says so at once
//! ([`Waits`](super::What::Waits)), and that wait lasts until the same actor next tells what it did (`Used`, `Called`,
//! `Did`) or what else it waits for, or has ended. So a deadlock is in the trace while it lasts: it is a cycle of waits.

use serde::{Deserialize, Serialize};

use super::event::ActorId;

/// Something that processes share. Unique within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub u32);

/// What kind of object it is, by Python's name for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// `Pipe()`: two ends, each read and written; or with `duplex=False` one that is read and one that is written.
    Pipe,
    /// `SimpleQueue()`: a pipe and two locks.
    SimpleQueue,
    /// `Queue()`: whoever puts has a feeder thread with a buffer of its own, which writes into the pipe.
    Queue,
    /// `JoinableQueue()`: a queue that counts unfinished tasks.
    JoinableQueue,
    /// `Lock()`
    Lock,
    /// `RLock()`: its holder may take it again.
    RLock,
    /// `Semaphore(n)`
    Semaphore,
    /// `BoundedSemaphore(n)`: never more permits than at the beginning.
    BoundedSemaphore,
    /// `Event()`
    Event,
    /// `Condition()`
    Condition,
    /// `Barrier(n)`
    Barrier,
    /// `Value(…)`: one number in shared memory.
    Value,
    /// `Array(…)`: numbers in shared memory.
    Array,
    /// `SharedMemory(…)`: bytes in shared memory.
    Block,
    /// `Manager()`: a process that keeps objects and serves those who have proxies of them.
    Manager,
}

impl ObjectKind {
    /// Python's name for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pipe => "Pipe",
            Self::SimpleQueue => "SimpleQueue",
            Self::Queue => "Queue",
            Self::JoinableQueue => "JoinableQueue",
            Self::Lock => "Lock",
            Self::RLock => "RLock",
            Self::Semaphore => "Semaphore",
            Self::BoundedSemaphore => "BoundedSemaphore",
            Self::Event => "Event",
            Self::Condition => "Condition",
            Self::Barrier => "Barrier",
            Self::Value => "Value",
            Self::Array => "Array",
            Self::Block => "SharedMemory",
            Self::Manager => "Manager",
        }
    }
}

/// An object that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The new object.
    pub object: ObjectId,
    /// What it is.
    pub kind: ObjectKind,
    /// The variable that holds it in the program.
    pub name: String,
    /// How much it holds, by its kind: most items (a queue's `maxsize`, 0 = no limit), permits (locks and
    /// semaphores), parties (a barrier), numbers (an array), bytes (a block), clients (a manager), 1 or 2
    /// directions (a pipe).
    pub capacity: u64,
    /// What the pipe in it holds before a writer must wait, as the kernel says; 0 if there is none, or it
    /// does not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pipe_bytes: u32,
    /// What it holds at first: a value's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial: Option<i64>,
    /// The lock that belongs to it: of a value, an array, a condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<ObjectId>,
    /// Whether it notices that its owner died. Python's do not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub robust: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_zero(bytes: &u32) -> bool {
    *bytes == 0
}

/// What an actor waits for that can't go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// A lock, or a permit of a semaphore; of a queue, one of the locks within it.
    Acquire,
    /// Room in a pipe: it is full.
    Send,
    /// A message: the pipe or queue is empty.
    Receive,
    /// A free place in a queue that has its `maxsize`.
    Put,
    /// An event to be set.
    Set,
    /// To be notified by a condition.
    Notify,
    /// The other parties of a barrier.
    Pass,
    /// All tasks of a joinable queue to be done.
    TasksDone,
    /// The feeder thread of a queue to have written everything.
    Feed,
    /// The manager's answer.
    Answer,
    /// The end of another process.
    End,
}

impl Wish {
    /// Every wish; its place is its number in a trace, for ever.
    pub const ALL: [Self; 11] = [
        Self::Acquire,
        Self::Send,
        Self::Receive,
        Self::Put,
        Self::Set,
        Self::Notify,
        Self::Pass,
        Self::TasksDone,
        Self::Feed,
        Self::Answer,
        Self::End,
    ];
}

/// On what an actor waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// On an object.
    Object(ObjectId),
    /// On another process: its end.
    Actor(ActorId),
}

/// As the road of a wish to [acquire](Wish::Acquire) on a queue: the lock within it that whoever writes into its pipe
/// has meanwhile. Whoever wishes to [send](Wish::Send) has it already.
pub const WRITE_LOCK: u16 = 0;
/// The same of whoever reads. Whoever wishes to [receive](Wish::Receive) has it already.
pub const READ_LOCK: u16 = 1;

/// What an actor did with an object.
///
/// A `lane` tells the roads of one object apart: of a pipe, the end at which its messages are written; of a
/// manager, the number of the client; else 0. A `message` has a number that is unique on its lane, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Took a lock or a permit.
    Acquired {
        /// Permits that were left; of an `RLock`, how often its holder has it now.
        left: u32,
    },
    /// Gave back a lock or a permit.
    Released {
        /// Permits that are left now; of an `RLock`, how often its holder still has it.
        left: u32,
    },
    /// Took back what a dead owner had, so that others can go on.
    Recovered {
        /// Whose it was.
        owner: ActorId,
    },
    /// The time was up, or it did not want to wait: nothing was got.
    GaveUp {
        /// What it had waited for.
        wish: Wish,
    },
    /// Set an event.
    Set,
    /// Cleared an event.
    Cleared,
    /// Saw that an event is set.
    Saw,
    /// Notified those who wait for a condition.
    Notified {
        /// How many of them.
        woken: u32,
    },
    /// Was notified. Its lock is another object, and taken again by another deed.
    Woke,
    /// Passed a barrier.
    Passed {
        /// In which place: 0 came first but, as Python says, the numbers only tell apart.
        index: u32,
    },
    /// Broke a barrier, or found it broken.
    Broke,
    /// Made a barrier whole again.
    Reset,
    /// Put a message: into the buffer of the queue's feeder, or on its way to the manager. What a pipe or a
    /// `SimpleQueue` has no buffer for is [`Self::Fed`] at once.
    Put {
        /// On which road.
        lane: u16,
        /// Which.
        message: u32,
        /// Its size with its header.
        bytes: u32,
    },
    /// Wrote all of a message into the pipe.
    Fed {
        /// On which road.
        lane: u16,
        /// Which.
        message: u32,
        /// Its size with its header.
        bytes: u32,
    },
    /// Took a message out.
    Got {
        /// On which road.
        lane: u16,
        /// Which.
        message: u32,
        /// Its size with its header.
        bytes: u32,
    },
    /// Found bytes that are no message: two writers wrote at once, or one died while it wrote.
    Torn {
        /// On which road.
        lane: u16,
        /// How many bytes were no use.
        bytes: u32,
    },
    /// `task_done()`
    TaskDone {
        /// Tasks that are not done yet.
        left: u32,
    },
    /// `join()` of a queue, or of its feeder thread, came to its end.
    Joined,
    /// Read a number in shared memory.
    Read {
        /// Its place.
        index: u16,
        /// What was there.
        value: i64,
    },
    /// Wrote a number into shared memory.
    Wrote {
        /// Its place.
        index: u16,
        /// What is there now.
        value: i64,
    },
    /// Read a number (at `since_ns`) and wrote another (now): `v.value += 1`. If somebody else wrote in between,
    /// that update is lost.
    Updated {
        /// Its place.
        index: u16,
        /// What it had read.
        read: i32,
        /// What it wrote.
        wrote: i32,
    },
    /// The manager carried out a request.
    Served {
        /// Whose.
        lane: u16,
        /// Which.
        message: u32,
        /// The size of its answer.
        bytes: u32,
    },
    /// Got the manager's answer: a round trip, from `since_ns` on.
    Answered {
        /// Its own.
        lane: u16,
        /// Which request.
        message: u32,
        /// The size of the answer.
        bytes: u32,
    },
    /// Has this end of a pipe. Said by each process that has it, as its first news.
    Holds {
        /// Which end: 0 or 1. With `duplex=False` 0 is read and 1 is written.
        end: u16,
    },
    /// Closed its end of a pipe, or its side of a queue; or let go of a block of bytes.
    Closed {
        /// Which end.
        end: u16,
    },
    /// Made a block of bytes under a name, and has it.
    Created {
        /// How large it is.
        bytes: u32,
    },
    /// Attached to a block of bytes by its name.
    Attached,
    /// Took the name from a block of bytes: nobody can attach to it any more.
    Unlinked,
    /// Wrote bytes of a block.
    WroteBytes {
        /// The first one.
        from: u32,
        /// How many.
        count: u32,
    },
    /// Read bytes of a block.
    ReadBytes {
        /// The first one.
        from: u32,
        /// How many.
        count: u32,
    },
}

impl Deed {
    /// As numbers: what was done (for ever the same), a place or road, and a word.
    pub(super) fn to_parts(self) -> (u8, u16, u64) {
        let message = |number: u32, bytes: u32| u64::from(number) << 32 | u64::from(bytes);
        match self {
            Self::Acquired { left } => (0, 0, left.into()),
            Self::Released { left } => (1, 0, left.into()),
            Self::Recovered { owner } => (2, 0, owner.0.into()),
            Self::GaveUp { wish } => (3, 0, wish as u64),
            Self::Set => (4, 0, 0),
            Self::Cleared => (5, 0, 0),
            Self::Saw => (6, 0, 0),
            Self::Notified { woken } => (7, 0, woken.into()),
            Self::Woke => (8, 0, 0),
            Self::Passed { index } => (9, 0, index.into()),
            Self::Broke => (10, 0, 0),
            Self::Reset => (11, 0, 0),
            Self::Put { lane, message: number, bytes } => (12, lane, message(number, bytes)),
            Self::Fed { lane, message: number, bytes } => (13, lane, message(number, bytes)),
            Self::Got { lane, message: number, bytes } => (14, lane, message(number, bytes)),
            Self::Torn { lane, bytes } => (15, lane, bytes.into()),
            Self::TaskDone { left } => (16, 0, left.into()),
            Self::Joined => (17, 0, 0),
            Self::Read { index, value } => (18, index, value.cast_unsigned()),
            Self::Wrote { index, value } => (19, index, value.cast_unsigned()),
            Self::Updated { index, read, wrote } => (20, index, message(read.cast_unsigned(), wrote.cast_unsigned())),
            Self::Served { lane, message: number, bytes } => (21, lane, message(number, bytes)),
            Self::Answered { lane, message: number, bytes } => (22, lane, message(number, bytes)),
            Self::Holds { end } => (23, end, 0),
            Self::Closed { end } => (24, end, 0),
            Self::Created { bytes } => (25, 0, bytes.into()),
            Self::Attached => (26, 0, 0),
            Self::Unlinked => (27, 0, 0),
            Self::WroteBytes { from, count } => (28, 0, message(from, count)),
            Self::ReadBytes { from, count } => (29, 0, message(from, count)),
        }
    }

    /// What these numbers say; `None` if that is not known here.
    pub(super) fn from_parts((kind, place, word): (u8, u16, u64)) -> Option<Self> {
        let (low, high) = (word as u32, (word >> 32) as u32);
        let (lane, index, message, bytes) = (place, place, high, low);
        Some(match kind {
            0 => Self::Acquired { left: low },
            1 => Self::Released { left: low },
            2 => Self::Recovered { owner: ActorId(low) },
            3 => Self::GaveUp { wish: *Wish::ALL.get(word as usize)? },
            4 => Self::Set,
            5 => Self::Cleared,
            6 => Self::Saw,
            7 => Self::Notified { woken: low },
            8 => Self::Woke,
            9 => Self::Passed { index: low },
            10 => Self::Broke,
            11 => Self::Reset,
            12 => Self::Put { lane, message, bytes },
            13 => Self::Fed { lane, message, bytes },
            14 => Self::Got { lane, message, bytes },
            15 => Self::Torn { lane, bytes },
            16 => Self::TaskDone { left: low },
            17 => Self::Joined,
            18 => Self::Read { index, value: word.cast_signed() },
            19 => Self::Wrote { index, value: word.cast_signed() },
            20 => Self::Updated { index, read: high.cast_signed(), wrote: low.cast_signed() },
            21 => Self::Served { lane, message, bytes },
            22 => Self::Answered { lane, message, bytes },
            23 => Self::Holds { end: place },
            24 => Self::Closed { end: place },
            25 => Self::Created { bytes },
            26 => Self::Attached,
            27 => Self::Unlinked,
            28 => Self::WroteBytes { from: high, count: low },
            29 => Self::ReadBytes { from: high, count: low },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deed_survives_as_numbers() {
        for kind in 0..30 {
            let most = if kind == 3 { 10 } else { u64::from(u32::MAX) << 32 | 7 };
            for (place, word) in [(0, 0), (9, most)] {
                let deed = Deed::from_parts((kind, place, word)).expect("a known kind");
                assert_eq!(Deed::from_parts(deed.to_parts()), Some(deed));
                assert_eq!(deed.to_parts().0, kind);
            }
        }
        assert_eq!(Deed::from_parts((30, 0, 0)), None);
        assert_eq!(Deed::from_parts((3, 0, 11)), None);
        assert!(Wish::ALL.iter().enumerate().all(|(place, wish)| *wish as usize == place));
    }
}
