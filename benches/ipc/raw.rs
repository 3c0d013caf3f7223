//! The limit: the same over the bare primitive of the system, with nothing around it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use poolscope::engine::ipc::Block;
use poolscope::sys;

use super::MIB;
use super::pair::{both, read_all, run, write_all};

/// Far longer than anything takes.
const LONG: Duration = Duration::from_secs(10);

fn round_trips(times: u32, there_bytes: usize, back_bytes: usize) -> Duration {
    let ((requests, ask), (answers, answer)) = (sys::pipe().expect("a pipe"), sys::pipe().expect("a pipe"));
    let other = || {
        let (mut request, reply) = (vec![0; there_bytes], vec![0; back_bytes]);
        for _ in 0..times {
            read_all(&requests, &mut request);
            write_all(&answer, &reply);
        }
    };
    let this = || {
        let (request, mut reply) = (vec![0; there_bytes], vec![0; back_bytes]);
        for _ in 0..times {
            write_all(&ask, &request);
            read_all(&answers, &mut reply);
        }
    };
    run(other, this)
}

pub(super) fn pipe_round_trip(times: u32) -> Duration {
    round_trips(times, 24, 24)
}

/// As many bytes as a request to a manager and its answer have.
pub(super) fn request_and_answer(times: u32) -> Duration {
    round_trips(times, 64, 32)
}

pub(super) fn pipe_one_way(times: u32) -> Duration {
    let (reader, writer) = sys::pipe().expect("a pipe");
    let send = || (0..times).for_each(|_| write_all(&writer, &[0; 24]));
    run(send, || (0..times).for_each(|_| read_all(&reader, &mut [0; 24])))
}

/// A thread that writes into a pipe what another lays down for it.
pub(super) fn fed_pipe(times: u32) -> Duration {
    let (reader, writer) = sys::pipe().expect("a pipe");
    let send = || {
        std::thread::scope(|scope| {
            let (lay_down, laid_down) = std::sync::mpsc::channel::<Vec<u8>>();
            scope.spawn(|| laid_down.into_iter().for_each(|message| write_all(&writer, &message)));
            (0..times).for_each(|_| lay_down.send(vec![0; 24]).expect("it is taken"));
            drop(lay_down);
        });
    };
    run(send, || (0..times).for_each(|_| read_all(&reader, &mut [0; 24])))
}

/// A message each way is a megabyte there, and a byte back.
pub(super) fn large_by_pipe(times: u32) -> Duration {
    round_trips(times, MIB, 1)
}

pub(super) fn futex_ping_pong(times: u32) -> Duration {
    let words = Block::create(16).expect("memory");
    let turn = |mine: u64, word: &AtomicU64| {
        for _ in 0..times {
            while word.load(Ordering::Acquire) != mine {
                sys::park(word, 1 - mine, LONG);
            }
            word.store(1 - mine, Ordering::Release);
            sys::unpark(word, 1);
        }
    };
    run(|| turn(1, &words[0]), || turn(0, &words[0]))
}

/// The mutex of every textbook: 0 is free, 1 taken, 2 taken and somebody may sleep.
pub(super) fn futex_mutex(times: u32) -> Duration {
    let words = Block::create(32).expect("memory");
    let work = || {
        let (lock, value) = (&words[0], &words[16]);
        for _ in 0..times {
            if lock.compare_exchange(0, 1, Ordering::Acquire, Ordering::Relaxed).is_err() {
                while lock.swap(2, Ordering::Acquire) != 0 {
                    sys::park(lock, 2, LONG);
                }
            }
            value.store(value.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            if lock.swap(0, Ordering::Release) == 2 {
                sys::unpark(lock, 1);
            }
        }
    };
    let took = both(work);
    assert_eq!(words[16].load(Ordering::Relaxed), 2 * u64::from(times), "nothing is lost");
    took
}

/// As unprotected as ours: a read and a write, between which others may write.
pub(super) fn read_and_write(times: u32) -> Duration {
    let words = Block::create(16).expect("memory");
    both(|| (0..times).for_each(|_| words[0].store(words[0].load(Ordering::Relaxed) + 1, Ordering::Relaxed)))
}

/// Copied in by one, told by a byte, copied out by the other.
pub(super) fn large_by_memory(times: u32) -> Duration {
    let words = Block::create(MIB / 8).expect("memory");
    let ((told, tell), (answers, answer)) = (sys::pipe().expect("a pipe"), sys::pipe().expect("a pipe"));
    let other = || {
        let mut bytes = vec![0_u8; MIB];
        for _ in 0..times {
            read_all(&told, &mut [0]);
            for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words.iter()) {
                *chunk = word.load(Ordering::Relaxed).to_le_bytes();
            }
            write_all(&answer, &[std::hint::black_box(&bytes)[0] | 1]);
        }
    };
    let this = || {
        let bytes = vec![7_u8; MIB];
        for _ in 0..times {
            for (chunk, word) in bytes.as_chunks::<8>().0.iter().zip(words.iter()) {
                word.store(u64::from_le_bytes(*chunk), Ordering::Relaxed);
            }
            write_all(&tell, &[1]);
            read_all(&answers, &mut [0]);
        }
    };
    run(other, this)
}
