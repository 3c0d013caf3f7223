//! The objects of this library, as its processes use them, but without a trace.

use std::time::Duration;

use poolscope::engine::ipc::manager::{Counter, Proxy, Request};
use poolscope::engine::ipc::{
    Arrived, Block, Buffer, Connection, Event, Feeder, Hand, Incoming, Ints, Lock, Outgoing, Queue, RLock, Received,
    Rooms, SimpleQueue, Turn,
};
use poolscope::program::plain::Plain;
use poolscope::program::uses::Kind;
use poolscope::sys::{self, PipeReader, PipeWriter};
use poolscope::trace::ActorId;

use super::MIB;
use super::pair::{both, read_all, run, write_all};

/// As long as any wait of a process at a stretch.
const SLICE: Duration = Duration::from_millis(20);
/// The two, as a lock knows them.
const ME: ActorId = ActorId(1);
const OTHER: ActorId = ActorId(2);

/// A pipe in which nobody waits inside a read or a write, as all of a program's are.
fn pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = sys::pipe().expect("a pipe");
    reader.set_nonblocking().expect("an end of ours");
    writer.set_nonblocking().expect("an end of ours");
    (reader, writer)
}

/// An end of a duplex pipe.
struct End<'a> {
    reader: &'a PipeReader,
    writer: &'a PipeWriter,
    incoming: Incoming,
}

impl End<'_> {
    fn connection(&mut self) -> Connection<'_> {
        Connection { reader: Some(self.reader), writer: Some(self.writer), incoming: &mut self.incoming }
    }

    fn send(&mut self, number: u32, body: &[u8]) {
        let mut message = Outgoing::new(number, |bytes| bytes.extend_from_slice(body));
        while !self.connection().send(&mut message, SLICE).expect("it is read") {}
    }

    fn recv(&mut self) -> Arrived {
        loop {
            if let Some(Received::Message(arrived)) = self.connection().recv(None, SLICE).expect("it is written") {
                return arrived;
            }
        }
    }
}

fn round_trips(times: u32, there: &[u8], back: &[u8]) -> Duration {
    let ((there_reader, there_writer), (back_reader, back_writer)) = (pipe(), pipe());
    let other = || {
        let mut end = End { reader: &there_reader, writer: &back_writer, incoming: Incoming::default() };
        for number in 0..times {
            end.recv();
            end.send(number, back);
        }
    };
    let this = || {
        let mut end = End { reader: &back_reader, writer: &there_writer, incoming: Incoming::default() };
        for number in 0..times {
            end.send(number, there);
            end.recv();
        }
    };
    run(other, this)
}

pub(super) fn pipe_round_trip(times: u32) -> Duration {
    round_trips(times, &[0; 8], &[0; 8])
}

pub(super) fn large_by_pipe(times: u32) -> Duration {
    round_trips(times, &vec![7; MIB], &[0])
}

pub(super) fn simple_queue(times: u32) -> Duration {
    let words = Block::create(256).expect("memory");
    let (reader, writer) = pipe();
    let put = || {
        let queue = SimpleQueue::at(&words);
        for _ in 0..times {
            let mut message = Outgoing::new(queue.next_number(), |bytes| bytes.extend_from_slice(&[0; 8]));
            let mut hand = Hand::default();
            while !queue.put(&writer, &mut message, &mut hand, OTHER, SLICE).expect("it is read") {}
        }
    };
    let get = || {
        let (queue, mut incoming) = (SimpleQueue::at(&words), Incoming::default());
        for _ in 0..times {
            let mut hand = Hand::default();
            while queue.get(&reader, &mut incoming, &mut hand, ME, SLICE).expect("it is written").is_none() {}
        }
    };
    run(put, get)
}

/// As `Queue.put` does it: into a buffer, out of which a thread of the same process feeds the pipe.
pub(super) fn queue(times: u32) -> Duration {
    let words = Block::create(256).expect("memory");
    let (reader, writer) = pipe();
    let put = || {
        let (queue, buffer) = (Queue::at(&words, 0), Buffer::default());
        let mut feeder = Feeder::new(buffer.clone(), queue.clone(), writer.twin().expect("an end of ours"), OTHER);
        std::thread::scope(|scope| {
            scope.spawn(move || while !matches!(feeder.turn(SLICE), Turn::Over) {});
            for _ in 0..times {
                queue.take_place(OTHER, 0, SLICE);
                buffer.push(Ok(Outgoing::new(queue.pipe.next_number(), |bytes| bytes.extend_from_slice(&[0; 8]))));
            }
            buffer.close();
        });
    };
    let get = || {
        let (queue, mut incoming) = (Queue::at(&words, 0), Incoming::default());
        for _ in 0..times {
            let mut hand = Hand::default();
            while queue.get(&reader, &mut incoming, &mut hand, ME, SLICE).expect("it is written").is_none() {}
        }
    };
    run(put, get)
}

pub(super) fn lock_hand_over(times: u32) -> Duration {
    let words = Block::create(64).expect("memory");
    let lock = |number: usize| Lock::at(words.part(16 * number..16 * (number + 1)));
    let take = |lock: &Lock, who| while lock.acquire_for(who, SLICE).is_none() {};
    let (mine, theirs) = (lock(0), lock(1));
    take(&mine, ME);
    take(&theirs, OTHER);
    let other = || {
        for _ in 0..times {
            take(&theirs, OTHER);
            mine.release().expect("it is taken");
        }
    };
    let this = || {
        for _ in 0..times {
            theirs.release().expect("it is taken");
            take(&mine, ME);
        }
    };
    run(other, this)
}

pub(super) fn event_wake_up(times: u32) -> Duration {
    let words = Block::create(64).expect("memory");
    let event = |number: usize| Event::at(words.part(16 * number..16 * (number + 1)));
    let turn = |wanted: &Event, given: &Event| {
        for _ in 0..times {
            given.set();
            while !wanted.wait(SLICE) {}
            wanted.clear();
        }
    };
    let other = |wanted: &Event, given: &Event| {
        for _ in 0..times {
            while !wanted.wait(SLICE) {}
            wanted.clear();
            given.set();
        }
    };
    run(|| other(&event(1), &event(0)), || turn(&event(0), &event(1)))
}

pub(super) fn locked_increment(times: u32) -> Duration {
    let words = Block::create(64).expect("memory");
    let value = || Ints::at(words.part(32..64), 1);
    let me = std::process::id();
    let took = both(|| {
        let (lock, value) = (RLock::at(words.part(0..16)), value());
        let who = if std::process::id() == me { ME } else { OTHER };
        for _ in 0..times {
            while lock.acquire_for(who, SLICE).is_none() {}
            value.write(0, value.read(0).wrapping_add(1));
            lock.release(who).expect("it is taken");
        }
    });
    assert_eq!(value().read(0), 2 * times as i32, "nothing is lost");
    took
}

pub(super) fn raw_increment(times: u32) -> Duration {
    let words = Block::create(16).expect("memory");
    both(|| {
        let value = Ints::at(words.part(0..16), 1);
        (0..times).for_each(|_| value.write(0, value.read(0).wrapping_add(1)));
    })
}

pub(super) fn manager(times: u32) -> Duration {
    let ((requests, ask), (answers, answer)) = (pipe(), pipe());
    let serve = || {
        let ends = [(&requests, &answer)];
        let mut counter = Counter::new(1, false);
        while !counter.is_over() {
            counter.serve(&ends, SLICE, |_| ()).expect("ends of ours");
        }
    };
    let use_it = || {
        let mut proxy = Proxy::default();
        let mut trip = |request: &Request| {
            proxy.ask(request).expect("it can be sent");
            loop {
                if let Some(answered) = proxy.answer(&ask, &answers, SLICE).expect("the manager lives") {
                    return answered.reply.expect("nothing is wrong");
                }
            }
        };
        let a = || Plain::text("a");
        trip(&Request::Make(Kind::Dict, vec![Plain::Dict(vec![(a(), Plain::Int(1))])]));
        for _ in 0..times {
            trip(&Request::Call(0, "__getitem__".to_owned(), vec![a()]));
        }
        trip(&Request::Shutdown);
    };
    run(serve, use_it)
}

/// Copied in by one, told by a byte, copied out by the other.
pub(super) fn large_by_memory(times: u32) -> Duration {
    let rooms = Rooms::new(vec![Block::create(16 + MIB / 8).expect("memory")], ActorId(1));
    let block = rooms.create(0, "bench", MIB as i64).expect("there is room");
    let ((told, tell), (answers, answer)) = (sys::pipe().expect("a pipe"), sys::pipe().expect("a pipe"));
    let other = || {
        let (block, mut bytes) = (rooms.attach("bench").expect("it is there"), vec![0; MIB]);
        for _ in 0..times {
            read_all(&told, &mut [0]);
            block.read(0, &mut bytes).expect("inside");
            write_all(&answer, &[std::hint::black_box(&bytes)[0] | 1]);
        }
    };
    let this = || {
        let bytes = vec![7; MIB];
        for _ in 0..times {
            block.write(0, &bytes).expect("inside");
            write_all(&tell, &[1]);
            read_all(&answers, &mut [0]);
        }
    };
    run(other, this)
}
