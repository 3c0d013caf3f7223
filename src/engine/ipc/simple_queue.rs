//! `SimpleQueue()`: a pipe with a lock at each end, so that many processes may write and many may read.
//!
//! *Python:* `put`, `get`, `empty`, `close`.
//!
//! *Cost:* that of a pipe, and two locks that are free as a rule.
//!
//! *Traps:* there is no buffer: whoever puts into a full pipe waits, with the lock, and all other writers with it. A
//! process that is killed while it reads or writes takes its lock along, and then all others wait for ever. The robust
//! variant is told of deaths: its lock is free again, and the next reader goes on at the next whole message. What the
//! dead one had in hand is lost.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::sys::{PipeReader, PipeWriter, Progress};
use crate::trace::ActorId;

use super::frame::{Arrival, Incoming, Outgoing};
use super::layout::{CELL, QueueCell};
use super::lock::Lock;
use super::look_on::look_on;
use super::memory::Block;
use super::pipe::{self, Received};
use super::refusal::Refusal;
use super::sizes::Sizes;

/// Among the counters: the next number of a message.
const NUMBER: usize = 0;
/// Among the counters: how many writers died since the last reader saw that nothing of them is left in the pipe.
/// Who gets looks at it each time, who puts changes the others: it has a cache line of its own.
const TORN: usize = 8;

/// What the processes share of such a queue, beside its pipe.
#[derive(Clone, Debug)]
pub struct SimpleQueue {
    counters: Block,
    read: Lock,
    write: Lock,
    sizes: Sizes,
}

/// What a caller has in hand between two attempts: a call may take several.
#[derive(Debug, Default)]
pub struct Hand {
    holds: bool,
}

impl Hand {
    /// Of a reader who may have read more than the message that it returned: then it still has the lock.
    pub fn of(incoming: &Incoming) -> Self {
        Self { holds: incoming.is_in_the_middle() }
    }

    /// Whether it has the lock of its side of the queue.
    pub fn holds(&self) -> bool {
        self.holds
    }
}

/// The words of this cell.
pub(super) fn cell(words: &Block, which: QueueCell) -> Block {
    let first = which as usize * CELL;
    words.part(first..first + CELL)
}

impl SimpleQueue {
    /// The queue in these words.
    pub fn at(words: &Block) -> Self {
        let part = |which| cell(words, which);
        Self {
            counters: part(QueueCell::Counters),
            read: Lock::at(part(QueueCell::Readers)),
            write: Lock::at(part(QueueCell::Writers)),
            sizes: Sizes::at(part(QueueCell::Sizes)),
        }
    }

    /// The number of the next message.
    pub fn next_number(&self) -> u32 {
        self.counters[NUMBER].fetch_add(1, Ordering::Relaxed) as u32
    }

    /// A counter for whoever builds on it: from 1 on.
    pub(super) fn counter(&self, number: usize) -> &AtomicU64 {
        &self.counters[number]
    }

    /// Takes the lock of those who write, if it is free within so long; whether it is in hand.
    pub fn begin_write(&self, hand: &mut Hand, me: ActorId, patience: Duration) -> bool {
        take(&self.write, hand, me, patience).is_some()
    }

    /// Takes the lock of those who read, if it is free within so long; whether it is in hand.
    pub fn begin_read(&self, hand: &mut Hand, me: ActorId, patience: Duration) -> bool {
        take(&self.read, hand, me, patience).is_some()
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
        self.put_and(writer, message, hand, me, patience, |_| ())
    }

    /// The same; what is to be done about a message that is in the pipe is done with the lock.
    pub(super) fn put_and(
        &self,
        writer: &PipeWriter,
        message: &mut Outgoing,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
        sees: impl FnOnce(&Outgoing),
    ) -> Result<bool, Refusal> {
        let Some(left) = take(&self.write, hand, me, patience) else { return Ok(false) };
        if message.begun_ns() == 0 {
            self.sizes.begin(message.size());
        }
        let sent = pipe::send(writer, message, left);
        if sent == Ok(true) {
            sees(message);
        }
        if sent != Ok(false) {
            give_back(&self.write, hand);
        }
        sent
    }

    /// The next message, if it comes within so long. A caller that gives up must [let go](Self::let_go). Whoever has
    /// read too much, behind a torn message, keeps the lock until all of that is returned, too.
    pub fn get(
        &self,
        reader: &PipeReader,
        incoming: &mut Incoming,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
    ) -> Result<Option<Received>, Refusal> {
        self.get_and(reader, incoming, hand, me, patience, |_| ())
    }

    /// The same; what is to be done about what came, or did not, is done with the lock.
    pub(super) fn get_and(
        &self,
        reader: &PipeReader,
        incoming: &mut Incoming,
        hand: &mut Hand,
        me: ActorId,
        patience: Duration,
        sees: impl FnOnce(Option<&Received>),
    ) -> Result<Option<Received>, Refusal> {
        let Some(left) = take(&self.read, hand, me, patience) else { return Ok(None) };
        let received = self.receive(reader, incoming, left);
        if let Ok(received) = &received {
            sees(received.as_ref());
        }
        if received != Ok(None) && !incoming.is_in_the_middle() {
            give_back(&self.read, hand);
        }
        received
    }

    fn receive(
        &self,
        reader: &PipeReader,
        incoming: &mut Incoming,
        patience: Duration,
    ) -> Result<Option<Received>, Refusal> {
        let may_wait = !patience.is_zero();
        // As long as nothing is begun the kernel need not be asked; whoever only wants to know asks all the same, for
        // the end of the stream is no message.
        let may_have_come = || !may_wait || self.sizes.is_begun();
        let mut look = || {
            if may_have_come() { self.read_on(reader, incoming).map(pipe::received).transpose() } else { None }
        };
        let found = look().or_else(|| if may_wait { look_on(look) } else { None });
        let received = match found.transpose()? {
            None if may_wait => pipe::sleep(reader, incoming, patience, |incoming| self.read_on(reader, incoming))?,
            received => received,
        };
        if matches!(received, Some(Received::Message(_))) {
            self.sizes.take();
        }
        Ok(received)
    }

    /// Reads what there is, carefully once a writer has died.
    fn read_on(&self, reader: &PipeReader, incoming: &mut Incoming) -> io::Result<Arrival> {
        let torn = self.counter(TORN);
        let deaths = torn.load(Ordering::Acquire);
        if deaths == 0 {
            // Nobody writes behind a torn message before its writer's death is known here.
            let has_died = || torn.load(Ordering::Acquire) != 0;
            let read = |buffer: &mut [u8]| if has_died() { Ok(Progress::WouldBlock) } else { reader.read(buffer) };
            return match self.sizes.of_next() {
                Some(size) => incoming.next_of_size(size, read),
                None => incoming.next(None, read),
            };
        }
        // Where nobody writes, and nothing is left in the pipe, nothing more comes of what has begun to.
        let (nobody_writes, before) = (self.write.holder().is_none(), incoming.count());
        let mut has_come = false;
        let arrival = incoming.next_carefully(|buffer| {
            let progress = reader.read(buffer);
            has_come |= matches!(progress, Ok(Progress::Moved(_)));
            progress
        })?;
        // Only an empty pipe has nothing torn in it: behind a whole message there may be more, of others who died.
        if arrival == Arrival::Nothing && !has_come && (nobody_writes || before == 0) {
            incoming.give_up();
            let _ = torn.compare_exchange(deaths, 0, Ordering::Release, Ordering::Relaxed);
        }
        Ok(arrival)
    }

    /// A reader does not want to wait on.
    pub fn let_go(&self, hand: &mut Hand) {
        give_back(&self.read, hand);
    }

    /// Whether nothing lies in the pipe.
    pub fn is_empty(reader: &PipeReader) -> Result<bool, Refusal> {
        Ok(!pipe::wait(&[reader], Duration::ZERO)?[0])
    }

    /// Who reads.
    pub(super) fn reader(&self) -> Option<ActorId> {
        self.read.holder()
    }

    /// One who shared the queue is dead: frees what it held. True if it held something.
    pub fn recover(&self, dead: ActorId) -> bool {
        if [&self.read, &self.write].iter().any(|lock| lock.holder() == Some(dead)) {
            self.sizes.lose();
        }
        let read = self.read.recover(dead);
        if self.write.holder() == Some(dead) {
            // Said first: the next writer may be there at once.
            self.counter(TORN).fetch_add(1, Ordering::Release);
        }
        self.write.recover(dead) || read
    }
}

/// Takes the lock, unless it is in hand already; how much of the time is left then.
fn take(lock: &Lock, hand: &mut Hand, me: ActorId, patience: Duration) -> Option<Duration> {
    if hand.holds {
        return Some(patience);
    }
    if lock.try_acquire(me).is_some() {
        hand.holds = true;
        return Some(patience);
    }
    let began = Instant::now();
    lock.acquire_for(me, patience)?;
    hand.holds = true;
    Some(patience.saturating_sub(began.elapsed()))
}

fn give_back(lock: &Lock, hand: &mut Hand) {
    if std::mem::take(&mut hand.holds) {
        // It was in hand, so it can be given back.
        let _ = lock.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ipc::frame::HEADER_BYTES;
    use crate::engine::ipc::layout::QUEUE_CELLS;
    use crate::sys;

    const SOON: Duration = Duration::from_millis(10);

    /// A queue with its pipe, as threads share it.
    fn shared() -> (SimpleQueue, PipeReader, PipeWriter) {
        let (reader, writer) = sys::pipe().expect("a pipe");
        reader.set_nonblocking().expect("it can");
        writer.set_nonblocking().expect("it can");
        (SimpleQueue::at(&Block::create(QUEUE_CELLS * CELL).expect("memory")), reader, writer)
    }

    fn message(queue: &SimpleQueue, body: &[u8]) -> Outgoing {
        Outgoing::new(queue.next_number(), |out| out.extend_from_slice(body))
    }

    fn get(queue: &SimpleQueue, reader: &PipeReader, incoming: &mut Incoming, me: ActorId) -> Received {
        let mut hand = Hand::default();
        loop {
            if let Some(received) = queue.get(reader, incoming, &mut hand, me, SOON).expect("it is read") {
                return received;
            }
        }
    }

    #[test]
    fn many_write_and_many_read_and_every_message_arrives_once_and_whole() {
        const MESSAGES: usize = 200;
        let (queue, reader, writer) = shared();
        let mut got: Vec<Vec<u8>> = std::thread::scope(|scope| {
            for me in 0..3_u8 {
                let (queue, writer) = (&queue, &writer);
                scope.spawn(move || {
                    for _ in 0..MESSAGES {
                        let mut sent = message(queue, &[me; 9000]);
                        let mut hand = Hand::default();
                        while !queue.put(writer, &mut sent, &mut hand, ActorId(me.into()), SOON).expect("it is read") {}
                    }
                });
            }
            let readers: Vec<_> = (3..5)
                .map(|me| {
                    let (queue, reader) = (&queue, &reader);
                    scope.spawn(move || {
                        let mut incoming = Incoming::default();
                        let mut next = || match get(queue, reader, &mut incoming, ActorId(me)) {
                            Received::Message(message) if message.torn == 0 => message.body().to_vec(),
                            other => panic!("no whole message: {other:?}"),
                        };
                        (0..MESSAGES * 3 / 2).map(|_| next()).collect::<Vec<_>>()
                    })
                })
                .collect();
            readers.into_iter().flat_map(|reader| reader.join().expect("it reads")).collect()
        });
        got.sort_unstable();
        let expected: Vec<Vec<u8>> = (0..3).flat_map(|me| vec![vec![me; 9000]; MESSAGES]).collect();
        assert!(got == expected, "{} messages", got.len());
        assert_eq!(queue.next_number(), 3 * MESSAGES as u32);
    }

    #[test]
    fn a_reader_knows_the_size_before_it_reads_also_if_the_lock_was_taken_first_or_the_pipe_was_full() {
        let (queue, reader, writer) = shared();
        let (mut incoming, mut hand) = (Incoming::default(), Hand::default());
        assert!(queue.begin_write(&mut hand, ActorId(1), SOON));
        let mut long = message(&queue, &vec![1; 1 << 20]);
        for _ in 0..2 {
            assert_eq!(queue.put(&writer, &mut long, &mut hand, ActorId(1), SOON), Ok(false));
        }
        assert_eq!(queue.sizes.of_next(), Some(long.size()));
        std::thread::scope(|scope| {
            scope.spawn(|| while queue.put(&writer, &mut long, &mut hand, ActorId(1), SOON) != Ok(true) {});
            assert!(matches!(get(&queue, &reader, &mut incoming, ActorId(2)), Received::Message(_)));
        });
        assert_eq!((queue.sizes.is_begun(), queue.sizes.of_next()), (false, None));
    }

    #[test]
    fn f13_whoever_puts_into_a_full_pipe_waits_with_the_lock() {
        let (queue, reader, writer) = shared();
        let mut long = message(&queue, &vec![1; 1 << 20]);
        let mut hand = Hand::default();
        assert_eq!(queue.put(&writer, &mut long, &mut hand, ActorId(1), SOON), Ok(false));
        let mut other = Hand::default();
        assert_eq!(queue.put(&writer, &mut message(&queue, b"x"), &mut other, ActorId(2), SOON), Ok(false));
        assert!(hand.holds && !other.holds);
        assert_eq!(SimpleQueue::is_empty(&reader), Ok(false));
    }

    #[test]
    fn f08_a_reader_that_died_with_the_lock_blocks_all_others_until_its_lock_is_freed() {
        let (queue, reader, writer) = shared();
        let (mut incoming, mut dead) = (Incoming::default(), Hand::default());
        assert_eq!(queue.get(&reader, &mut incoming, &mut dead, ActorId(1), SOON), Ok(None));
        let sent = queue.put(&writer, &mut message(&queue, b"x"), &mut Hand::default(), ActorId(3), SOON);
        assert_eq!(sent, Ok(true));
        let mut hand = Hand::default();
        assert_eq!(queue.get(&reader, &mut incoming, &mut hand, ActorId(2), SOON), Ok(None));
        assert!(!queue.recover(ActorId(2)) && queue.recover(ActorId(1)));
        let Received::Message(got) = get(&queue, &reader, &mut incoming, ActorId(2)) else { panic!("a message") };
        assert_eq!(got.body(), b"x");
    }

    #[test]
    fn f09_after_a_writer_that_died_the_next_whole_message_is_found() {
        let (queue, reader, writer) = shared();
        let mut dead = Hand::default();
        let mut half = message(&queue, &vec![1; 1 << 20]);
        assert_eq!(queue.put(&writer, &mut half, &mut dead, ActorId(1), SOON), Ok(false));
        assert!(queue.recover(ActorId(1)));
        let capacity = writer.capacity_bytes();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut whole, mut hand) = (message(&queue, b"whole"), Hand::default());
                while !queue.put(&writer, &mut whole, &mut hand, ActorId(2), SOON).expect("it is read") {}
            });
            let Received::Message(got) = get(&queue, &reader, &mut Incoming::default(), ActorId(3)) else {
                panic!("a message")
            };
            assert_eq!((got.body(), got.size() as usize), (&b"whole"[..], HEADER_BYTES + 5));
            assert!(capacity == 0 || got.torn == capacity, "{} of {capacity}", got.torn);
        });
    }

    #[test]
    fn a_reader_that_gives_up_lets_others_read() {
        let (queue, reader, writer) = shared();
        let (mut incoming, mut hand) = (Incoming::default(), Hand::default());
        assert_eq!(queue.get(&reader, &mut incoming, &mut hand, ActorId(1), SOON), Ok(None));
        queue.let_go(&mut hand);
        let sent = queue.put(&writer, &mut message(&queue, b"x"), &mut Hand::default(), ActorId(3), SOON);
        assert_eq!(sent, Ok(true));
        assert!(matches!(get(&queue, &reader, &mut incoming, ActorId(2)), Received::Message(_)));
    }

    /// A writer is dead that had written this much of a long message; then others have put these.
    fn torn(queue: &SimpleQueue, writer: &PipeWriter, meanwhile: impl FnOnce(), bodies: &[&[u8]]) {
        const DEAD: ActorId = ActorId(1);
        assert!(queue.write.try_acquire(DEAD).is_some());
        let long = message(queue, &vec![7; 1 << 20]);
        writer.write(&long.bytes()[..1000]).expect("there is room");
        meanwhile();
        assert!(queue.recover(DEAD));
        for body in bodies {
            let put = queue.put(writer, &mut message(queue, body), &mut Hand::default(), ActorId(2), SOON);
            assert_eq!(put, Ok(true));
        }
    }

    #[test]
    fn f09_behind_a_torn_message_every_reader_gets_what_comes_when_it_is_its_turn() {
        for has_begun in [false, true] {
            let (queue, reader, writer) = shared();
            let mut readers = [(Incoming::default(), ActorId(3)), (Incoming::default(), ActorId(4))];
            let mut hand = Hand::default();
            let begins = || {
                let (incoming, me) = &mut readers[0];
                if has_begun {
                    assert_eq!(queue.get(&reader, incoming, &mut hand, *me, SOON), Ok(None));
                    assert!(incoming.is_in_the_middle());
                }
            };
            torn(&queue, &writer, begins, &[b"a", b"b", b"c"]);
            for (place, (body, torn)) in [(b"a", 1000), (b"b", 0), (b"c", 0)].into_iter().enumerate() {
                let (incoming, me) = &mut readers[place % 2];
                match queue.get(&reader, incoming, &mut std::mem::take(&mut hand), *me, SOON) {
                    Ok(Some(Received::Message(arrived))) => {
                        assert_eq!((arrived.body(), arrived.torn), (&body[..], torn), "begun: {has_begun}");
                    }
                    other => panic!("begun: {has_begun}, {place}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn f09_between_and_behind_two_torn_messages_every_reader_gets_what_comes_when_it_is_its_turn() {
        for has_given_up in [false, true] {
            let (queue, reader, writer) = shared();
            let mut readers = [(Incoming::default(), ActorId(3)), (Incoming::default(), ActorId(4))];
            let mut expected = 2000;
            torn(&queue, &writer, || {}, if has_given_up { &[] } else { &[b"a"] });
            if has_given_up {
                let (incoming, me) = &mut readers[0];
                let mut hand = Hand::default();
                assert_eq!(queue.get(&reader, incoming, &mut hand, *me, SOON), Ok(None));
                queue.let_go(&mut hand);
                torn(&queue, &writer, || {}, &[b"a"]);
                expected += 1000;
            }
            torn(&queue, &writer, || {}, &[b"b", b"c", b"d"]);
            let mut all_torn = 0;
            for (place, body) in [b"a", b"b", b"c", b"d"].into_iter().enumerate() {
                let (incoming, me) = &mut readers[place % 2];
                let mut hand = Hand::default();
                match queue.get(&reader, incoming, &mut hand, *me, SOON) {
                    Ok(Some(Received::Message(arrived))) => {
                        assert_eq!(arrived.body(), &body[..], "given up: {has_given_up}");
                        all_torn += arrived.torn;
                    }
                    other => panic!("given up: {has_given_up}, {place}: {other:?}"),
                }
                assert!(!hand.holds, "others may read");
            }
            assert_eq!(all_torn, expected, "given up: {has_given_up}");
        }
    }

    #[test]
    fn f09_of_a_message_whose_writer_is_dead_nobody_waits_for_the_rest() {
        let (queue, reader, writer) = shared();
        let (mut incoming, mut hand, me) = (Incoming::default(), Hand::default(), ActorId(3));
        torn(&queue, &writer, || {}, &[]);
        for _ in 0..2 {
            assert_eq!(queue.get(&reader, &mut incoming, &mut hand, me, SOON), Ok(None));
        }
        assert!(!incoming.is_in_the_middle(), "so it may give up");
        torn(&queue, &writer, || {}, &[b"next"]);
        match queue.get(&reader, &mut incoming, &mut hand, me, SOON) {
            Ok(Some(Received::Message(arrived))) => assert_eq!((arrived.body(), arrived.torn), (&b"next"[..], 2000)),
            other => panic!("{other:?}"),
        }
    }
}
