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

/// A message; or the number that it would have had, and why it can't be sent.
pub type Entry = Result<Outgoing, (u32, Refusal)>;

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    /// Nothing will be put any more.
    closed: bool,
    /// The feeder has nothing in hand and will never have.
    over: bool,
    /// Somebody sleeps until something changes here: to wake nobody would be a system call for nothing.
    is_awaited: bool,
}

impl Buffer {
    /// Lays a message down, or the error that it can't be sent.
    pub fn push(&self, entry: Entry) {
        self.change(|waiting| waiting.entries.push_back(entry));
    }

    /// Nothing will be put any more.
    pub fn close(&self) {
        self.change(|waiting| waiting.closed = true);
    }

    /// Whether everything that was put before the buffer was closed has left; waits so long for it.
    pub fn is_over(&self, patience: Duration) -> bool {
        let waiting = self.waiting();
        if waiting.over || patience.is_zero() {
            return waiting.over;
        }
        self.sleep(waiting, patience).over
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting();
        change(&mut waiting);
        let is_awaited = std::mem::take(&mut waiting.is_awaited);
        drop(waiting);
        if is_awaited {
            self.0.1.notify_all();
        }
    }

    /// Sleeps until something changes, at most so long; may wake without a reason.
    fn sleep<'w>(&'w self, mut waiting: MutexGuard<'w, Waiting>, patience: Duration) -> MutexGuard<'w, Waiting> {
        waiting.is_awaited = true;
        self.0.1.wait_timeout(waiting, patience).unwrap_or_else(PoisonError::into_inner).0
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // What a thread left half-done is whole all the same: entries come and go in one piece.
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next entry, if there is one within so long.
    fn next(&self, patience: Duration) -> Option<Entry> {
        let mut waiting = self.waiting();
        if waiting.entries.is_empty() && !waiting.closed && !patience.is_zero() {
            waiting = self.sleep(waiting, patience);
        }
        let next = waiting.entries.pop_front();
        if next.is_none() && waiting.closed && !waiting.over {
            drop(waiting);
            self.change(|waiting| waiting.over = true);
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
    /// The pipe is full.
    Stuck,
    /// Another writes, and has the lock.
    LockedOut,
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
                Some(Err((number, refusal))) => {
                    self.queue.free_place(number);
                    return Turn::Dropped(refusal);
                }
                None if self.buffer.is_over(Duration::ZERO) => return Turn::Over,
                None => return Turn::Idle,
            }
            // Whether the pipe is full shall be known at once.
            patience = Duration::ZERO;
        }
        if !self.hand.holds() {
            if !self.queue.pipe.begin_write(&mut self.hand, self.me, patience) {
                return Turn::LockedOut;
            }
            patience = Duration::ZERO;
        }
        let Some(mut message) = self.at_hand.take() else { return Turn::Idle };
        match self.queue.put(&self.writer, &mut message, &mut self.hand, self.me, patience) {
            Ok(true) => Turn::Fed(message),
            Ok(false) => {
                self.at_hand = Some(message);
                Turn::Stuck
            }
            Err(refusal) => {
                self.queue.free_place(message.number());
                Turn::Dropped(refusal)
            }
        }
    }

    /// Whether something waits to be written.
    pub fn is_busy(&self) -> bool {
        self.at_hand.is_some() || !self.buffer.waiting().entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ipc::frame::Incoming;
    use crate::engine::ipc::layout::{CELL, QUEUE_CELLS};
    use crate::engine::ipc::memory::Block;
    use crate::engine::ipc::pipe::Received;
    use crate::sys::{self, PipeReader};

    const SOON: Duration = Duration::from_millis(10);
    const LONG: Duration = Duration::from_secs(10);

    fn shared(maxsize: u32) -> (Queue, PipeReader, PipeWriter) {
        let (reader, writer) = sys::pipe().expect("a pipe");
        reader.set_nonblocking().expect("it can");
        writer.set_nonblocking().expect("it can");
        (Queue::at(&Block::create(QUEUE_CELLS * CELL).expect("memory"), maxsize), reader, writer)
    }

    fn message(queue: &Queue, body: &[u8]) -> Outgoing {
        Outgoing::new(queue.pipe.next_number(), |out| out.extend_from_slice(body))
    }

    fn take(queue: &Queue, patience: Duration) -> bool {
        queue.take_place(ActorId(1), 0, patience)
    }

    fn get(queue: &Queue, reader: &PipeReader, incoming: &mut Incoming) -> Option<Vec<u8>> {
        let mut hand = Hand::default();
        let received = queue.get(reader, incoming, &mut hand, ActorId(9), SOON).expect("it can be read");
        queue.pipe.let_go(&mut hand);
        received.map(|received| match received {
            Received::Message(message) => message.body().to_vec(),
            other => panic!("no message: {other:?}"),
        })
    }

    #[test]
    fn f02_what_is_put_lies_in_the_buffer_until_its_turn() {
        let (queue, reader, writer) = shared(0);
        let buffer = Buffer::default();
        let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer, ActorId(1));
        assert!(take(&queue, SOON));
        buffer.push(Ok(message(&queue, b"x")));
        let mut incoming = Incoming::default();
        assert!(feeder.is_busy() && get(&queue, &reader, &mut incoming).is_none());
        assert_eq!(queue.size(), 1, "it is counted all the same");
        assert!(matches!(feeder.turn(Duration::ZERO), Turn::Fed(_)));
        assert!(matches!(feeder.turn(Duration::ZERO), Turn::Idle));
        assert_eq!(get(&queue, &reader, &mut incoming).as_deref(), Some(&b"x"[..]));
        assert_eq!((queue.size(), feeder.is_busy()), (0, false));
    }

    #[test]
    fn f03_a_feeder_is_not_over_before_everything_is_in_the_pipe() {
        let (queue, reader, writer) = shared(0);
        let buffer = Buffer::default();
        let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer, ActorId(1));
        let long = vec![7; 1 << 20];
        for body in [&long[..], b"last"] {
            assert!(take(&queue, SOON));
            buffer.push(Ok(message(&queue, body)));
        }
        buffer.close();
        assert!(matches!(feeder.turn(SOON), Turn::Stuck));
        assert!(!buffer.is_over(SOON));
        std::thread::scope(|scope| {
            scope.spawn(move || while !matches!(feeder.turn(LONG), Turn::Over) {});
            let (mut incoming, mut all) = (Incoming::default(), Vec::new());
            while all.len() < 2 {
                all.extend(get(&queue, &reader, &mut incoming));
            }
            assert!(all[0] == long && all[1] == b"last");
        });
        assert!(buffer.is_over(Duration::ZERO));
    }

    #[test]
    fn f04_a_queue_that_has_its_maxsize_takes_nothing_until_something_is_got() {
        let (queue, reader, writer) = shared(2);
        let buffer = Buffer::default();
        let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer, ActorId(1));
        for body in [b"a", b"b"] {
            assert!(!queue.is_full() && take(&queue, SOON));
            buffer.push(Ok(message(&queue, body)));
        }
        assert!(queue.is_full() && !take(&queue, SOON) && queue.size() == 2);
        while matches!(feeder.turn(Duration::ZERO), Turn::Fed(_)) {}
        assert!(queue.is_full(), "what is in the pipe still has its place");
        let mut incoming = Incoming::default();
        assert_eq!(get(&queue, &reader, &mut incoming).as_deref(), Some(&b"a"[..]));
        assert!(!queue.is_full() && take(&queue, Duration::ZERO));
    }

    #[test]
    fn f06_what_cannot_be_sent_leaves_its_place_and_the_next_arrives() {
        let (queue, reader, writer) = shared(1);
        let buffer = Buffer::default();
        let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer, ActorId(1));
        assert!(take(&queue, SOON));
        buffer.push(Err((0, Refusal::new("PicklingError", "no"))));
        assert!(matches!(feeder.turn(Duration::ZERO), Turn::Dropped(refusal) if refusal.kind == "PicklingError"));
        assert!(take(&queue, SOON), "its place is free");
        buffer.push(Ok(message(&queue, b"good")));
        assert!(matches!(feeder.turn(Duration::ZERO), Turn::Fed(_)));
        assert_eq!(get(&queue, &reader, &mut Incoming::default()).as_deref(), Some(&b"good"[..]));
    }

    #[test]
    fn f01_many_feeders_keep_the_order_of_each_and_no_more_than_the_maxsize_is_under_way() {
        const EACH: u16 = 300;
        let (queue, reader, writer) = shared(4);
        std::thread::scope(|scope| {
            for producer in 0..3_u16 {
                let buffer = Buffer::default();
                let writer = writer.twin().expect("a copy");
                let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer, ActorId(producer.into()));
                scope.spawn(move || while !matches!(feeder.turn(LONG), Turn::Over) {});
                let queue = queue.clone();
                scope.spawn(move || {
                    for number in 0..EACH {
                        while !take(&queue, SOON) {}
                        let body = [producer.to_le_bytes(), number.to_le_bytes()].concat();
                        buffer.push(Ok(message(&queue, &body)));
                    }
                    buffer.close();
                });
            }
            let (mut incoming, mut next) = (Incoming::default(), [0_u16; 3]);
            for _ in 0..3 * EACH {
                let body = std::iter::repeat_with(|| get(&queue, &reader, &mut incoming)).flatten().next();
                let body = body.expect("it goes on for ever");
                let number = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
                let producer = usize::from(number(0));
                assert_eq!(number(2), next[producer], "producer {producer}");
                next[producer] += 1;
                assert!(queue.size() <= 4, "{}", queue.size());
            }
        });
        assert_eq!(queue.size(), 0);
    }
}
