//! What a robust [`Queue`](super::Queue) knows of each message that is under way: in whose buffer it is, or that it is
//! in the pipe. So `qsize()` and the free places are right again when a process is dead: what only it had is gone.
//!
//! ```text
//! free ── put ──► of its writer ── all of it is in the pipe ──► in the pipe ── got ──► free
//!                      │ writer dies                                │ reader dies with it in hand
//!                      ▼                                            ▼
//!                     free                      free: the pipe holds less than all that should be in it
//! ```
//!
//! A record bears the number of its message, which no other ever has, so it is freed once, by whoever comes first:
//! the reader, who may be quicker than the writer to say that it is in the pipe; or one who buries, while a message is
//! still on its way from the dead to a reader. Then it counts as gone a moment before it is got; it never counts twice.
//!
//! Cost: a look at the records for each put and get; most are found where they were looked for first.

use std::time::Duration;

use crate::trace::ActorId;

use super::gate::{Word, Words};
use super::memory::Block;
use super::slots::Slots;

/// So many messages may be under way in a robust queue whose `maxsize` is larger, or that has none.
const MOST: u32 = 1024;
/// In the upper half of a record: the message is in the pipe. Else a writer's name stands there.
const IN_PIPE: u32 = u32::MAX;

/// The records of a queue. Behind the slots lie what is noted of each that is in the pipe, its order and its size, and
/// how many messages were written so far; whoever changes these has the write lock.
#[derive(Clone, Debug)]
pub(super) struct UnderWay<M = Block> {
    slots: Slots<M>,
    words: M,
    count: usize,
}

/// A message in the pipe.
#[derive(Clone, Copy)]
struct InPipe {
    record: u64,
    /// How many messages were written before it.
    order: u32,
    bytes: u32,
}

/// How many records a queue with this `maxsize` has.
fn records(maxsize: u32) -> usize {
    if maxsize == 0 { MOST } else { maxsize.min(MOST) }.try_into().unwrap_or(usize::MAX)
}

impl<M: Words + Clone> UnderWay<M> {
    /// How many words it needs.
    pub(super) fn words_of(maxsize: u32) -> usize {
        Slots::<M>::words_of(records(maxsize)) + records(maxsize) + 1
    }

    /// The records in these words.
    pub(super) fn at(words: M, maxsize: u32) -> Self {
        let count = records(maxsize);
        Self { slots: Slots::at(words.clone(), count), words, count }
    }

    /// A message with this number is put by this process, as soon as there is a free place; whether that is so within
    /// this time.
    pub(super) fn begin(&self, me: ActorId, number: u32, patience: Duration) -> bool {
        let take = |_, record| (record == 0).then_some(of(me, number));
        self.slots.change_within(patience, number as usize, take).is_some()
    }

    /// All of a message of this process is in the pipe. Only whoever has the write lock may say so.
    pub(super) fn is_in_pipe(&self, me: ActorId, number: u32, bytes: u32) {
        let order = self.written().load() as u32;
        self.written().store(order.wrapping_add(1).into());
        let enter = |slot, record| {
            (record == of(me, number)).then(|| {
                self.note(slot).store(pair(order, bytes));
                pair(IN_PIPE, number)
            })
        };
        self.slots.change(number as usize, enter);
    }

    /// A message was got, or will never be sent. What was in the pipe before it, and was not got, never will be.
    pub(super) fn end(&self, number: u32) {
        let before = self.in_pipe();
        let is_it = |record: u64| record != 0 && record as u32 == number;
        self.slots.change(number as usize, |_, record| is_it(record).then_some(0));
        let mut free = 1;
        if let Some(got) = before.iter().find(|message| is_it(message.record)) {
            for older in before.iter().filter(|other| (other.order.wrapping_sub(got.order) as i32) < 0) {
                self.forget(older.record);
                free += 1;
            }
        }
        self.slots.ring(free);
    }

    /// Whether no more can be: also where there is no `maxsize`.
    pub(super) fn is_full(&self) -> bool {
        self.count() >= self.count as u64
    }

    /// How many messages are under way.
    pub(super) fn count(&self) -> u64 {
        self.slots.all().filter(|&record| record != 0).count() as u64
    }

    /// What a dead process had put and not written is gone; whether there was anything.
    pub(super) fn recover(&self, dead: ActorId) -> bool {
        let gone = self.slots.change_all(|_, record| (record >> 32 == of(dead, 0) >> 32).then_some(0));
        self.slots.ring(gone);
        gone > 0
    }

    /// So many bytes are in the pipe, as the system says. If that is less than all that should be there, a reader died
    /// with the first messages in hand. Of a living reader who has half a message in hand the same is true: it counts
    /// as got already. Whether anything was missing.
    pub(super) fn compare(&self, in_pipe_bytes: impl FnOnce() -> Option<u64>) -> bool {
        // Asked after that: what comes meanwhile makes it more, never less.
        let mut messages = self.in_pipe();
        let Some(there) = in_pipe_bytes() else { return false };
        let written = self.written().load() as u32;
        messages.sort_by_key(|message| message.order.wrapping_sub(written));
        let mut expected: u64 = messages.iter().map(|message| u64::from(message.bytes)).sum();
        let mut gone = 0;
        for message in messages {
            if expected <= there {
                break;
            }
            expected -= u64::from(message.bytes);
            self.forget(message.record);
            gone += 1;
        }
        self.slots.ring(gone);
        gone > 0
    }

    fn forget(&self, record: u64) {
        self.slots.change(record as u32 as usize, |_, other| (other == record).then_some(0));
    }

    /// All messages that are in the pipe.
    fn in_pipe(&self) -> Vec<InPipe> {
        let is_there = |&(_, record): &(usize, u64)| (record >> 32) as u32 == IN_PIPE;
        let known = |(slot, record): (usize, u64)| {
            let note = self.note(slot).load();
            InPipe { record, order: (note >> 32) as u32, bytes: note as u32 }
        };
        self.slots.all().enumerate().filter(is_there).map(known).collect()
    }

    fn note(&self, slot: usize) -> &M::Word {
        self.words.word(Slots::<M>::words_of(self.count) + slot)
    }

    fn written(&self) -> &M::Word {
        self.note(self.count)
    }
}

fn pair(upper: u32, lower: u32) -> u64 {
    u64::from(upper) << 32 | u64::from(lower)
}

/// The record of a message in the buffer of this process.
fn of(writer: ActorId, number: u32) -> u64 {
    // Never 0, and never the mark of the pipe: no process has that many.
    pair(writer.0.wrapping_add(1), number)
}
