//! `Queue(maxsize)`: a [`SimpleQueue`] with room before it. `put` lays a message into a buffer of its own process and
//! returns; a [feeder](super::feeder) writes it into the pipe.
//!
//! *Python:* `put`, `get`, `put_nowait`, `get_nowait`, `qsize`, `empty`, `full`, `close`, `join_thread`,
//! `cancel_join_thread`; `Full` and `Empty`.
//!
//! *Cost:* beside that of the pipe, a hand-over between two threads for each message.
//!
//! *Traps:* `empty()` looks into the pipe, so just after `put` it is often still true. A process does not end before
//! its feeder wrote everything: who waits for its end before reading waits for ever, once the pipe is full.
//! `cancel_join_thread` ends it at once, and what was in the buffer is lost. `maxsize` counts what was put and not
//! got; `qsize()` does, too, and here on every system. Both go on counting what a killed process had in hand, also in
//! the robust variant, which is about the locks alone.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sys::PipeReader;
use crate::trace::ActorId;

use super::frame::Incoming;
use super::memory::Block;
use super::pipe::Received;
use super::refusal::Refusal;
use super::semaphore::Semaphore;
use super::simple_queue::{self, Hand, SimpleQueue};

/// The cell of the free places.
const PLACES: usize = 3;
/// Among the counters: what was put and not got.
const ITEMS: usize = 1;

/// What the processes share of a queue, beside its pipe.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The pipe and its locks.
    pub pipe: SimpleQueue,
    places: Option<Semaphore>,
}

impl Queue {
    /// The queue in these words; with `maxsize` 0 there is always a place.
    pub fn at(words: &Block, maxsize: u32) -> Self {
        let places = (maxsize > 0).then(|| Semaphore::bounded_at(simple_queue::cell(words, PLACES), maxsize));
        Self { pipe: SimpleQueue::at(words), places }
    }

    /// Takes a free place for a message, if there is one within so long.
    pub fn take_place(&self, patience: Duration) -> bool {
        let taken = self.places.as_ref().is_none_or(|places| places.acquire_for(patience).is_some());
        if taken {
            self.pipe.counter(ITEMS).fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// The place of a message is free again: it was got, or can't be sent.
    pub fn free_place(&self) {
        // The count may be less than it should be: what a killed process had in hand is lost.
        let less = |items: u64| items.checked_sub(1);
        let _ = self.pipe.counter(ITEMS).fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        if let Some(places) = &self.places {
            let _ = places.release();
        }
    }

    /// The next message, if it comes within so long; its place is free then. A caller that gives up must let go.
    pub fn get(
        &self,
        reader: &PipeReader,
        incoming: &mut Incoming,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
    ) -> Result<Option<Received>, Refusal> {
        let received = self.pipe.get(reader, incoming, hand, me, patience)?;
        if matches!(received, Some(Received::Message(_))) {
            self.free_place();
        }
        Ok(received)
    }

    /// `qsize()`: what was put and not got.
    pub fn size(&self) -> u64 {
        self.pipe.counter(ITEMS).load(Ordering::Relaxed)
    }

    /// `full()`
    pub fn is_full(&self) -> bool {
        self.places.as_ref().is_some_and(|places| places.value() == 0)
    }
}
