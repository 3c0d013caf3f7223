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
//! got; `qsize()` does, too, and here on every system. Both go on counting what a killed process had in hand: a queue
//! with a `maxsize` has so many places less for ever. The robust variant keeps a [record](super::under_way) of each
//! message instead, and forgets those that are lost; so it has at most 1024 places.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sys::{PipeReader, PipeWriter};
use crate::trace::ActorId;

use super::frame::{Incoming, Outgoing};
use super::layout::{CELL, QUEUE_CELLS, QueueCell};
use super::memory::Block;
use super::pipe::Received;
use super::refusal::Refusal;
use super::semaphore::Semaphore;
use super::simple_queue::{self, Hand, SimpleQueue};
use super::under_way::UnderWay;

/// Among the counters: what was put, and what of that is under way no more. Whoever puts and whoever gets has a cache
/// line of its own.
const PUT: usize = 1;
const OVER: usize = 9;

/// What the processes share of a queue, beside its pipe.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The pipe and its locks.
    pub pipe: SimpleQueue,
    count: Count,
}

/// How messages under way are counted.
#[derive(Clone, Debug)]
enum Count {
    /// As Python does it: the free places are a semaphore, if there is a limit.
    Faithful(Option<Semaphore>),
    /// So that those of a dead process are known.
    Robust(UnderWay),
}

impl Queue {
    /// The queue in these words; with `maxsize` 0 there is always a place.
    pub fn at(words: &Block, maxsize: u32) -> Self {
        let places =
            (maxsize > 0).then(|| Semaphore::bounded_at(simple_queue::cell(words, QueueCell::Places), maxsize));
        Self { pipe: SimpleQueue::at(words), count: Count::Faithful(places) }
    }

    /// The robust variant.
    pub fn robust_at(words: &Block, maxsize: u32) -> Self {
        let count = Count::Robust(UnderWay::at(words.part(QUEUE_CELLS * CELL..words.len()), maxsize));
        Self { count, ..Self::at(words, maxsize) }
    }

    /// How many words a robust one needs.
    pub(super) fn robust_words(maxsize: u32) -> usize {
        QUEUE_CELLS * CELL + UnderWay::<Block>::words_of(maxsize).next_multiple_of(CELL)
    }

    /// Takes a free place for the message of this number, if there is one within so long.
    pub fn take_place(&self, me: ActorId, number: u32, patience: Duration) -> bool {
        let taken = match &self.count {
            Count::Faithful(places) => places.as_ref().is_none_or(|places| places.acquire_for(patience).is_some()),
            Count::Robust(under_way) => return under_way.begin(me, number, patience),
        };
        if taken {
            self.pipe.counter(PUT).fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// The place of a message is free again: it was got, or can't be sent.
    pub fn free_place(&self, number: u32) {
        let places = match &self.count {
            Count::Faithful(places) => places,
            Count::Robust(under_way) => return under_way.end(number),
        };
        self.pipe.counter(OVER).fetch_add(1, Ordering::Release);
        if let Some(places) = places {
            let _ = places.release();
        }
    }

    /// Writes on; true when all of the message is in the pipe.
    pub fn put(
        &self,
        writer: &PipeWriter,
        message: &mut Outgoing,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
    ) -> Result<bool, Refusal> {
        self.pipe.put_and(writer, message, hand, me, patience, |message| {
            if let Count::Robust(under_way) = &self.count {
                under_way.is_in_pipe(me, message.number(), message.size());
            }
        })
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
        self.pipe.get_and(reader, incoming, hand, me, patience, |received| match (received, &self.count) {
            (Some(Received::Message(arrived)), _) => self.free_place(arrived.number),
            // Nothing came, so nobody before had it in hand who lives.
            (None, Count::Robust(under_way)) if !patience.is_zero() => {
                under_way.compare(|| reader.waiting_bytes().ok().flatten().map(u64::from));
            }
            _ => {}
        })
    }

    /// `qsize()`: what was put and not got.
    pub fn size(&self) -> u64 {
        match &self.count {
            Count::Faithful(_) => {
                let count = |which| self.pipe.counter(which).load(Ordering::Acquire);
                // In this order: what is over was put before.
                let over = count(OVER);
                count(PUT).saturating_sub(over)
            }
            Count::Robust(under_way) => under_way.count(),
        }
    }

    /// `full()`
    pub fn is_full(&self) -> bool {
        match &self.count {
            Count::Faithful(places) => places.as_ref().is_some_and(|places| places.value() == 0),
            Count::Robust(under_way) => under_way.is_full(),
        }
    }

    /// One who shared the queue is dead: frees what it held, and forgets what only it had. The pipe is that of this
    /// reader, if this process has it. True if there was anything.
    pub fn recover(&self, dead: ActorId, reader: Option<&PipeReader>) -> bool {
        let Count::Robust(under_way) = &self.count else { return self.pipe.recover(dead) };
        // First, while nobody else can read: what is missing it had in hand.
        let in_pipe = || reader.and_then(|reader| reader.waiting_bytes().ok().flatten()).map(u64::from);
        let taken_along = self.pipe.reader() == Some(dead) && under_way.compare(in_pipe);
        let gone = under_way.recover(dead);
        self.pipe.recover(dead) || taken_along || gone
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;
    use crate::sys;

    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_millis(10);
    const DEAD: ActorId = ActorId(1);
    const LIVING: ActorId = ActorId(2);
    const READER: ActorId = ActorId(3);

    fn shared(maxsize: u32) -> (Queue, PipeReader, PipeWriter) {
        let (reader, writer) = sys::pipe().expect("a pipe");
        reader.set_nonblocking().expect("it can");
        writer.set_nonblocking().expect("it can");
        let words = Block::create(Queue::robust_words(maxsize)).expect("memory");
        (Queue::robust_at(&words, maxsize), reader, writer)
    }

    /// As whoever puts does: takes a place; the message is its feeder's then.
    fn begin(queue: &Queue, me: ActorId, body: &[u8]) -> Option<Outgoing> {
        let number = queue.pipe.next_number();
        let message = || Outgoing::new(number, |out| out.extend_from_slice(body));
        queue.take_place(me, number, NOW).then(message)
    }

    fn put(queue: &Queue, writer: &PipeWriter, me: ActorId, body: &[u8]) {
        let mut message = begin(queue, me, body).expect("there is a place");
        assert_eq!(queue.put(writer, &mut message, &mut Hand::default(), me, SOON), Ok(true));
    }

    fn get(queue: &Queue, reader: &PipeReader) -> Option<Vec<u8>> {
        let mut hand = Hand::default();
        let received = queue.get(reader, &mut Incoming::default(), &mut hand, READER, SOON).expect("it can be read");
        queue.pipe.let_go(&mut hand);
        received.map(|received| match received {
            Received::Message(message) => message.body().to_vec(),
            other => panic!("no message: {other:?}"),
        })
    }

    #[test]
    fn f09_what_a_dead_writer_had_not_written_is_under_way_no_more() {
        let (queue, reader, writer) = shared(4);
        put(&queue, &writer, LIVING, b"living");
        put(&queue, &writer, DEAD, b"written");
        let mut half = begin(&queue, DEAD, &vec![7; 1 << 20]).expect("a place");
        assert_eq!(queue.put(&writer, &mut half, &mut Hand::default(), DEAD, SOON), Ok(false));
        assert!(begin(&queue, DEAD, b"in its buffer").is_some());
        assert!(queue.size() == 4 && queue.is_full() && begin(&queue, LIVING, b"x").is_none());
        assert!(queue.recover(DEAD, Some(&reader)) && !queue.recover(DEAD, Some(&reader)));
        assert_eq!((queue.size(), queue.is_full()), (2, false));
        assert_eq!(get(&queue, &reader).as_deref(), Some(&b"living"[..]));
        assert_eq!(get(&queue, &reader).as_deref(), Some(&b"written"[..]));
        assert_eq!((get(&queue, &reader), queue.size()), (None, 0), "half of a message is none");
        put(&queue, &writer, LIVING, b"next");
        assert_eq!((queue.size(), get(&queue, &reader).as_deref()), (1, Some(&b"next"[..])));
    }

    #[test]
    fn f09_what_was_written_but_not_said_is_got_and_counted_once() {
        let (queue, reader, writer) = shared(1);
        let mut message = begin(&queue, DEAD, b"x").expect("a place");
        // Killed between its last write and its next step.
        assert_eq!(queue.pipe.put(&writer, &mut message, &mut Hand::default(), DEAD, SOON), Ok(true));
        assert!(queue.recover(DEAD, Some(&reader)));
        put(&queue, &writer, LIVING, b"y");
        assert!(queue.is_full());
        assert_eq!((get(&queue, &reader).as_deref(), queue.size()), (Some(&b"x"[..]), 1));
        assert_eq!((get(&queue, &reader).as_deref(), queue.size()), (Some(&b"y"[..]), 0));
    }

    #[test]
    fn f08_the_place_of_what_a_dead_reader_had_in_hand_is_free() {
        // So many bytes of the first message it read: none, a part, all.
        for read in [0, 1, 20, Outgoing::new(0, |out| out.extend_from_slice(&[7; 100])).bytes().len()] {
            let (queue, reader, writer) = shared(2);
            let mut reads = Hand::default();
            assert_eq!(queue.get(&reader, &mut Incoming::default(), &mut reads, DEAD, NOW), Ok(None));
            put(&queue, &writer, LIVING, &[7; 100]);
            put(&queue, &writer, LIVING, b"next");
            assert!(read == 0 || reader.read(&mut vec![0; read]).is_ok());
            let left = if read == 0 { 2 } else { 1 };
            assert!(queue.recover(DEAD, Some(&reader)) && !queue.recover(DEAD, Some(&reader)));
            assert_eq!((queue.size(), queue.is_full()), (left, left == 2), "it had read {read}");
            if read == 0 {
                assert!(get(&queue, &reader).is_some());
            }
            put(&queue, &writer, LIVING, b"last");
            assert_eq!(get(&queue, &reader).as_deref(), Some(&b"next"[..]), "it had read {read}");
            assert_eq!(get(&queue, &reader).as_deref(), Some(&b"last"[..]), "it had read {read}");
            assert_eq!(queue.size(), 0);
        }
    }

    #[test]
    fn f08_who_dies_beside_a_living_reader_takes_nothing_of_it_along() {
        let (queue, reader, writer) = shared(2);
        put(&queue, &writer, LIVING, &[7; 100]);
        let (mut incoming, mut hand) = (Incoming::default(), Hand::default());
        // It has begun to read.
        assert!(reader.read(&mut [0; 1]).is_ok());
        assert_eq!(queue.get(&reader, &mut incoming, &mut hand, READER, NOW), Ok(None));
        assert!(!queue.recover(DEAD, Some(&reader)), "nothing of it was there");
        assert_eq!(queue.size(), 1);
    }

    #[test]
    fn f08_a_reader_who_finds_nothing_knows_what_the_dead_took_along() {
        let (queue, reader, writer) = shared(1);
        put(&queue, &writer, LIVING, b"gone");
        assert!(reader.read(&mut [0; 1000]).is_ok(), "by one who was killed then");
        assert!(queue.is_full());
        assert_eq!((get(&queue, &reader), queue.size()), (None, 0));
        put(&queue, &writer, LIVING, b"next");
        assert_eq!(get(&queue, &reader).as_deref(), Some(&b"next"[..]));
    }

    #[test]
    fn a_robust_queue_of_many_writers_and_readers_never_holds_more_than_its_places() {
        const EACH: u32 = 300;
        const READERS: [u32; 2] = [20, 21];
        // Counted beside it; a reader counts down when the place is free already.
        let (inside, most) = (&AtomicU32::new(0), 4 + READERS.len() as u32);
        let (queue, reader, writer) = shared(4);
        let (queue, reader, writer) = (&queue, &reader, &writer);
        let got: usize = std::thread::scope(|scope| {
            for me in 10..13 {
                scope.spawn(move || {
                    for _ in 0..EACH {
                        let number = queue.pipe.next_number();
                        while !queue.take_place(ActorId(me), number, SOON) {}
                        assert!(inside.fetch_add(1, Ordering::Relaxed) < most);
                        let (mut message, mut hand) = (Outgoing::new(number, |out| out.push(1)), Hand::default());
                        while !queue.put(writer, &mut message, &mut hand, ActorId(me), SOON).expect("it is read") {}
                    }
                });
            }
            let read = move |me| {
                let (mut incoming, mut got) = (Incoming::default(), 0);
                for _ in 0..3 * EACH / 2 {
                    let mut hand = Hand::default();
                    while queue.get(reader, &mut incoming, &mut hand, ActorId(me), SOON).expect("it works").is_none() {}
                    got += 1;
                    inside.fetch_sub(1, Ordering::Relaxed);
                }
                got
            };
            let readers = READERS.map(|me| scope.spawn(move || read(me)));
            readers.into_iter().map(|reader| reader.join().expect("it reads")).sum()
        });
        assert_eq!((got as u32, queue.size()), (3 * EACH, 0));
    }
}
