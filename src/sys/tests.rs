//! What every system promises, tried out within one process.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed};
use std::time::{Duration, Instant};

use crate::sys::{self, PipeReader, PipeWriter, Progress};

const SOON: Duration = Duration::from_secs(5);

/// More than a page, or Linux would take all of a block or none of it. Windows under Wine does that
/// with any block.
const BLOCK: usize = 10_000;

fn new_pipe() -> (PipeReader, PipeWriter) {
    sys::pipe().expect("a pipe can be made")
}

/// Writes until there is no room, and tells how much there was.
fn fill(writer: &PipeWriter) -> usize {
    let block = [7; BLOCK];
    let mut filled = 0;
    loop {
        match writer.write(&block).expect("the pipe works") {
            Progress::Moved(moved) => filled += moved,
            Progress::WouldBlock => return filled,
            Progress::Closed => panic!("the reader is still there"),
        }
    }
}

/// Reads until `wanted` bytes came.
fn take(reader: &PipeReader, mut wanted: usize) {
    let mut buffer = [0; 777];
    while wanted > 0 {
        let most = wanted.min(buffer.len());
        match reader.read(&mut buffer[..most]).expect("the pipe works") {
            Progress::Moved(moved) => wanted -= moved,
            other => panic!("{wanted} bytes are missing: {other:?}"),
        }
    }
}

#[test]
fn the_clock_goes_on_as_fast_as_the_standard_library_says() {
    let (before, instant) = (sys::now_ns(), Instant::now());
    std::thread::sleep(Duration::from_millis(20));
    let (passed, after) = (instant.elapsed(), sys::now_ns());
    assert!(after - before >= passed.as_nanos() as u64);
    assert!(after - before < (passed + SOON).as_nanos() as u64);
}

#[test]
fn what_is_written_is_read() {
    let (reader, writer) = new_pipe();
    assert_eq!(writer.write(b"hello").expect("there is room"), Progress::Moved(5));
    let mut buffer = [0; 3];
    assert_eq!(reader.read(&mut buffer).expect("it was written"), Progress::Moved(3));
    assert_eq!(&buffer, b"hel");
    reader.set_nonblocking().expect("it can be set");
    assert_eq!(reader.read(&mut buffer).expect("it was written"), Progress::Moved(2));
    assert_eq!(reader.read(&mut buffer).expect("the pipe works"), Progress::WouldBlock);
    drop(writer);
    assert_eq!(reader.read(&mut buffer).expect("an end is no error"), Progress::Closed);
}

#[test]
fn a_reader_that_waits_gets_what_comes_later() {
    let (reader, writer) = new_pipe();
    let waiting = std::thread::Builder::new().spawn(move || take(&reader, 100_000)).expect("a thread starts");
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(writer.write(&vec![1; 100_000]).expect("the pipe works"), Progress::Moved(100_000));
    waiting.join().expect("all of it was read");
}

#[test]
fn a_full_pipe_is_full_at_its_capacity_and_ready_again_when_read() {
    let (reader, writer) = new_pipe();
    writer.set_nonblocking().expect("it can be set");
    let ready = sys::wait_ready(&[&reader], &[&writer], SOON).expect("it can be waited for");
    assert_eq!((ready.readers, ready.writers), (vec![false], vec![true]));
    let filled = fill(&writer);
    let capacity = writer.capacity_bytes() as usize;
    assert!(capacity == 0 || (capacity - BLOCK..=capacity).contains(&filled), "{filled} of {capacity} bytes fit");
    assert_eq!(fill(&writer), 0);
    take(&reader, filled);
    let ready = sys::wait_ready(&[], &[&writer], SOON).expect("it can be waited for");
    assert_eq!(ready.writers, [true]);
    assert_eq!(fill(&writer), filled);
}

#[test]
fn a_hungry_reader_does_not_make_a_pipe_seem_full() {
    let (reader, writer) = new_pipe();
    writer.set_nonblocking().expect("it can be set");
    let hungry = move || {
        let mut buffer = vec![0; 1 << 20];
        reader.read(&mut buffer).expect("the pipe works")
    };
    let waiting = std::thread::Builder::new().spawn(hungry).expect("a thread starts");
    std::thread::sleep(Duration::from_millis(50));
    let ready = sys::wait_ready(&[], &[&writer], SOON).expect("it can be waited for");
    assert_eq!(ready.writers, [true]);
    assert_eq!(writer.write(b"here").expect("the pipe works"), Progress::Moved(4));
    assert_eq!(waiting.join().expect("it was fed"), Progress::Moved(4));
}

#[test]
fn a_reader_that_is_gone_is_told() {
    let (reader, writer) = new_pipe();
    writer.set_nonblocking().expect("it can be set");
    fill(&writer);
    drop(reader);
    assert_eq!(sys::wait_ready(&[], &[&writer], SOON).expect("it can be waited for").writers, [true]);
    assert_eq!(writer.write(&[1]).expect("an end is no error"), Progress::Closed);
}

#[test]
fn waiting_ends_with_news_or_at_its_deadline() {
    let (reader, writer) = new_pipe();
    let (quiet, _kept) = new_pipe();
    let began = Instant::now();
    let ready = sys::wait_ready(&[&quiet, &reader], &[], Duration::from_millis(30)).expect("it can be waited for");
    assert_eq!(ready.readers, [false, false]);
    assert!(began.elapsed() >= Duration::from_millis(29));
    let late = std::thread::Builder::new().spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        writer.write(&[1]).expect("there is room")
    });
    let ready = sys::wait_ready(&[&quiet, &reader], &[], SOON).expect("it can be waited for");
    assert_eq!(ready.readers, [false, true]);
    assert!(began.elapsed() < SOON);
    late.expect("a thread starts").join().expect("it wrote");
    take(&reader, 1);
    assert_eq!(sys::wait_ready(&[&reader], &[], SOON).expect("it can be waited for").readers, [true]);
}

#[test]
fn shared_memory_is_zeroed_and_long_enough() {
    for bytes in [1, 8, 4096, 100_001] {
        let memory = sys::SharedMemory::create(bytes).expect("there is room");
        assert!(memory.len() * 8 >= bytes);
        assert!(memory.iter().all(|word| word.load(Relaxed) == 0));
        let twin = memory.twin().expect("it can be mapped again");
        memory[memory.len() - 1].store(5, Relaxed);
        drop(memory);
        assert_eq!(twin[twin.len() - 1].load(Relaxed), 5);
    }
}

#[test]
fn numbers_that_are_no_pipe_are_refused() {
    for number in [0, 1, 2, 999_996, u64::MAX] {
        assert!(PipeReader::inherited(number).is_err());
        assert!(PipeWriter::inherited(number).is_err());
        assert!(sys::SharedMemory::inherited(number).is_err());
    }
}

#[test]
fn a_wrong_parent_is_found_out() {
    // Asked with a wrong answer: a right one would tie this test to its parent.
    assert!(!sys::die_with_parent(std::process::id()));
}

/// How to sleep on a word, and how to wake whoever does.
type Way = (fn(&AtomicU64, u64, Duration), fn(&AtomicU64, u32) -> u32);

/// The system's own way, and that of systems which have none.
const WAYS: [Way; 2] = [(sys::park, sys::unpark), (sys::nap::park, sys::nap::unpark)];

#[test]
fn nobody_falls_asleep_on_a_word_that_has_changed() {
    for (park, _) in WAYS {
        let word = AtomicU64::new(5 << 32 | 7);
        let began = Instant::now();
        for seen in [6, 5 << 32 | 8, u64::MAX] {
            park(&word, seen, 2 * SOON);
        }
        assert!(began.elapsed() < SOON);
    }
}

#[test]
fn a_sleeper_keeps_its_time_and_looks_at_the_low_half_alone() {
    const SHORT: Duration = Duration::from_millis(30);
    for (park, _) in WAYS {
        let word = AtomicU64::new(5 << 32 | 7);
        for seen in [5 << 32 | 7, 9 << 32 | 7] {
            // It may wake without a reason, but not each time.
            let times = (0..5).map(|_| {
                let began = Instant::now();
                park(&word, seen, SHORT);
                began.elapsed()
            });
            let longest = times.max().unwrap_or_default();
            assert!((SHORT..SOON).contains(&longest), "{longest:?}");
        }
        let began = Instant::now();
        park(&word, 7, Duration::ZERO);
        assert!(began.elapsed() < SOON);
    }
}

/// Two threads take turns: each changes the word and wakes the other, which is just about to fall asleep, or has.
#[test]
fn no_wake_is_lost_between_a_look_and_falling_asleep() {
    let turns = if cfg!(miri) { 60 } else { 20_000 };
    for (park, unpark) in WAYS {
        let word = AtomicU64::new(0);
        let take_turns = |mine: u64| {
            loop {
                let seen = word.load(Acquire);
                if seen >= turns {
                    return;
                }
                if seen % 2 == mine {
                    word.fetch_add(1, AcqRel);
                    unpark(&word, 1);
                } else {
                    let began = Instant::now();
                    park(&word, seen, 2 * SOON);
                    assert!(began.elapsed() < SOON, "it was never woken, at turn {seen}");
                }
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| take_turns(0));
            take_turns(1);
        });
        assert_eq!(word.load(Acquire), turns);
    }
}

/// Of several who sleep at most so many are woken, and each by one call.
#[test]
fn each_sleeper_is_woken_once() {
    const SLEEPERS: u32 = 3;
    let word = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..SLEEPERS {
            scope.spawn(|| {
                let began = Instant::now();
                while word.load(Acquire) == 0 {
                    sys::park(&word, 0, 2 * SOON);
                    assert!(began.elapsed() < SOON, "it was never woken");
                }
            });
        }
        std::thread::sleep(Duration::from_millis(20));
        word.store(1, std::sync::atomic::Ordering::Release);
        let mut woken = 0;
        for _ in 0..=SLEEPERS {
            let now = sys::unpark(&word, 1);
            assert!(now <= 1, "{now} by a call for one");
            woken += now;
        }
        assert!(woken <= SLEEPERS, "{woken} of {SLEEPERS}");
    });
}
