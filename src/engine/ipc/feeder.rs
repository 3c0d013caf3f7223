//! The feeder of a queue: takes what a process has put out of its buffer and writes it into the pipe.
//!
//! *Python:* a daemon thread named `QueueFeederThread`, started by the first `put`. So it is here in children. The
//! engine, which must stay without threads because it forks, takes the same turns between its other duties.
//!
//! *Cost:* a thread for each queue that a process puts into.
//!
//! *Traps:* Python pickles in this thread: what can't be pickled raises nothing at `put`; a traceback is printed later
//! and the item is gone. Here the bytes are made at `put`, and the error is kept to be told in the same place.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sys::PipeWriter;
use crate::trace::ActorId;

use super::frame::Outgoing;
use super::queue::Queue;
use super::refusal::Refusal;
use super::simple_queue::Hand;

/// What lies between `put` and the pipe; copies are the same buffer.
#[derive(Clone, Debug, Default)]
pub struct Buffer(Arc<(Mutex<Waiting>, Condvar)>);

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Result<Outgoing, Refusal>>,
    /// Nothing will be put any more.
    closed: bool,
    /// The feeder has nothing in hand and will never have.
    over: bool,
}

impl Buffer {
    /// Lays a message down, or the error that it can't be sent.
    pub fn push(&self, entry: Result<Outgoing, Refusal>) {
        self.waiting().entries.push_back(entry);
        self.0.1.notify_all();
    }

    /// Nothing will be put any more.
    pub fn close(&self) {
        self.waiting().closed = true;
        self.0.1.notify_all();
    }

    /// Whether everything that was put before the buffer was closed has left; waits so long for it.
    pub fn is_over(&self, patience: Duration) -> bool {
        let waiting = self.waiting();
        if waiting.over || patience.is_zero() {
            return waiting.over;
        }
        let waited = self.0.1.wait_timeout(waiting, patience);
        waited.unwrap_or_else(PoisonError::into_inner).0.over
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // What a thread left half-done is whole all the same: entries come and go in one piece.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next entry, if there is one within so long.
    fn next(&self, patience: Duration) -> Option<Result<Outgoing, Refusal>> {
        let mut waiting = self.waiting();
        if waiting.entries.is_empty() && !waiting.closed && !patience.is_zero() {
            waiting = self.0.1.wait_timeout(waiting, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        let next = waiting.entries.pop_front();
        if next.is_none() && waiting.closed {
            waiting.over = true;
            self.0.1.notify_all();
        }
        next
    }
}

/// Whoever feeds a queue.
#[derive(Debug)]
pub struct Feeder {
    buffer: Buffer,
    queue: Queue,
    writer: PipeWriter,
    me: ActorId,
    at_hand: Option<Outgoing>,
    hand: Hand,
}

/// What a turn came to.
#[derive(Debug)]
pub enum Turn {
    /// All of a message is in the pipe.
    Fed(Outgoing),
    /// Something can't be sent; its place is free again.
    Dropped(Refusal),
    /// The pipe is full, or another writes.
    Stuck,
    /// There is nothing to do.
    Idle,
    /// There never will be.
    Over,
}

impl Feeder {
    /// One who writes what lies in this buffer.
    pub fn new(buffer: Buffer, queue: Queue, writer: PipeWriter, me: ActorId) -> Self {
        Self { buffer, queue, writer, me, at_hand: None, hand: Hand::default() }
    }

    /// Does the next thing there is to do; waits for it at most so long.
    pub fn turn(&mut self, mut patience: Duration) -> Turn {
        if self.at_hand.is_none() {
            match self.buffer.next(patience) {
                Some(Ok(message)) => self.at_hand = Some(message),
                Some(Err(refusal)) => {
                    self.queue.free_place();
                    return Turn::Dropped(refusal);
                }
                None if self.buffer.is_over(Duration::ZERO) => return Turn::Over,
                None => return Turn::Idle,
            }
            // Whether the pipe is full shall be known at once.
            patience = Duration::ZERO;
        }
        let Some(mut message) = self.at_hand.take() else { return Turn::Idle };
        match self.queue.pipe.put(&self.writer, &mut message, &mut self.hand, self.me, patience) {
            Ok(true) => Turn::Fed(message),
            Ok(false) => {
                self.at_hand = Some(message);
                Turn::Stuck
            }
            Err(refusal) => Turn::Dropped(refusal),
        }
    }

    /// Whether something waits to be written.
    pub fn is_busy(&self) -> bool {
        self.at_hand.is_some() || !self.buffer.waiting().entries.is_empty()
    }
}
