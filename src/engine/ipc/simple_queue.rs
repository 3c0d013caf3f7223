//! `SimpleQueue()`: a pipe with a lock at each end, so that many processes may write and many may read.
//!
//! *Python:* `put`, `get`, `empty`, `close`.
//!
//! *Cost:* that of a pipe, and two locks that are free as a rule.
//!
//! *Traps:* there is no buffer: whoever puts into a full pipe waits, with the lock, and all other writers with it. A
//! process that is killed while it reads or writes takes its lock along, and then all others wait for ever. The robust
//! variant is told of deaths: its lock is free again, and the next reader goes on at the next whole message.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::sys::{PipeReader, PipeWriter};
use crate::trace::ActorId;

use super::frame::{Incoming, Outgoing};
use super::layout::CELL;
use super::lock::Lock;
use super::memory::Block;
use super::pipe::{self, Received};
use super::refusal::Refusal;

/// The cell of the counters; in it, the next number of a message.
const COUNTERS: usize = 0;
const READ_LOCK: usize = 1;
const WRITE_LOCK: usize = 2;

/// What the processes share of such a queue, beside its pipe.
#[derive(Clone, Debug)]
pub struct SimpleQueue {
    counters: Block,
    read: Lock,
    write: Lock,
}

/// What a caller has in hand between two attempts: a call may take several.
#[derive(Debug, Default)]
pub struct Hand {
    holds: bool,
    /// Who died with the lock in its hands, before this one got it.
    pub died: Option<ActorId>,
}

/// The words of this cell.
pub(super) fn cell(words: &Block, number: usize) -> Block {
    words.part(number * CELL..(number + 1) * CELL)
}

impl SimpleQueue {
    /// The queue in these words.
    pub fn at(words: &Block) -> Self {
        let lock = |number| Lock::at(cell(words, number));
        Self { counters: cell(words, COUNTERS), read: lock(READ_LOCK), write: lock(WRITE_LOCK) }
    }

    /// The number of the next message.
    pub fn next_number(&self) -> u32 {
        self.counters[0].fetch_add(1, Ordering::Relaxed) as u32
    }

    /// A counter for whoever builds on it: from 1 on.
    pub(super) fn counter(&self, number: usize) -> &AtomicU64 {
        &self.counters[number]
    }

    /// Puts on; true when all of the message is in the pipe.
    pub fn put(
        &self,
        writer: &PipeWriter,
        message: &mut Outgoing,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
    ) -> Result<bool, Refusal> {
        let Some(left) = take(&self.write, hand, me, patience) else { return Ok(false) };
        let sent = pipe::send(writer, message, left);
        if sent != Ok(false) {
            give_back(&self.write, hand);
        }
        sent
    }

    /// The next message, if it comes within so long. A caller that gives up must [let go](Self::let_go).
    pub fn get(
        &self,
        reader: &PipeReader,
        incoming: &mut Incoming,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
    ) -> Result<Option<Received>, Refusal> {
        let Some(left) = take(&self.read, hand, me, patience) else { return Ok(None) };
        let received = pipe::recv(reader, incoming, None, left);
        if received != Ok(None) {
            give_back(&self.read, hand);
        }
        received
    }

    /// A reader does not want to wait on.
    pub fn let_go(&self, hand: &mut Hand) {
        give_back(&self.read, hand);
    }

    /// Whether nothing lies in the pipe.
    pub fn is_empty(reader: &PipeReader) -> Result<bool, Refusal> {
        Ok(!pipe::wait(&[reader], Duration::ZERO)?[0])
    }

    /// One who shared the queue is dead: frees what it held. True if it held something.
    pub fn recover(&self, dead: ActorId) -> bool {
        let read = self.read.recover(dead);
        self.write.recover(dead) || read
    }
}

/// Takes the lock, unless it is in hand already; how much of the time is left then.
fn take(lock: &Lock, hand: &mut Hand, me: ActorId, patience: Duration) -> Option<Duration> {
    if hand.holds {
        return Some(patience);
    }
    if let Some(taken) = lock.try_acquire(me) {
        (hand.holds, hand.died) = (true, taken.died);
        return Some(patience);
    }
    let began = Instant::now();
    let taken = lock.acquire_for(me, patience)?;
    (hand.holds, hand.died) = (true, taken.died);
    Some(patience.saturating_sub(began.elapsed()))
}

fn give_back(lock: &Lock, hand: &mut Hand) {
    if std::mem::take(&mut hand.holds) {
        // It was in hand, so it can be given back.
        let _ = lock.release();
    }
}
