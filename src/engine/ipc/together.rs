//! Threads that use the objects at the same time, on real words, really asleep and woken. They have long patience, so a
//! wake that was lost, which the short slices of real callers would hide, is seen here. Small enough for Miri, which
//! shows every value that weak memory allows (`tests/sanitize.sh`).

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::trace::ActorId;

use super::layout::CELL;
use super::{Barrier, Block, Condition, Event, Lock, RLock, RobustSemaphore, Semaphore};

/// Nobody waits so long for a thread that lives.
const LONG: Duration = Duration::from_secs(30);
/// Of each thread; under Miri each step takes a thousand times as long.
const ROUNDS: u64 = if cfg!(miri) { 20 } else { 3000 };
const THREADS: u64 = 3;

fn words(cells: usize) -> Block {
    Block::create(cells * CELL).expect("memory")
}

/// Several threads do the same; each is told its number.
fn threads(body: impl Fn(u64) + Sync) {
    let body = &body;
    std::thread::scope(|scope| {
        for me in 0..THREADS {
            scope.spawn(move || body(me));
        }
    });
}

/// A number that nobody else may touch meanwhile: it is read and written in two steps.
fn add_one(number: &AtomicU64) {
    let seen = number.load(Relaxed);
    std::thread::yield_now();
    number.store(seen + 1, Relaxed);
}

fn actor(me: u64) -> ActorId {
    ActorId(me as u32)
}

#[test]
fn under_a_lock_nothing_is_lost() {
    let (lock, number) = (Lock::at(words(1)), AtomicU64::new(0));
    threads(|me| {
        for _ in 0..ROUNDS {
            lock.acquire_for(actor(me), LONG).expect("it is given back");
            add_one(&number);
            lock.release().expect("it is held");
        }
    });
    assert_eq!((number.load(Relaxed), lock.holder()), (THREADS * ROUNDS, None));
}

#[test]
fn under_a_lock_taken_twice_nothing_is_lost() {
    let (lock, number) = (RLock::at(words(1)), AtomicU64::new(0));
    threads(|me| {
        for _ in 0..ROUNDS {
            lock.acquire_for(actor(me), LONG).expect("it is given back");
            assert_eq!(lock.try_acquire(actor(me)).map(|(count, _)| count), Some(2));
            add_one(&number);
            assert_eq!(lock.release(actor(me)), Ok(1));
            assert_eq!(lock.release(actor(me)), Ok(0));
        }
    });
    assert_eq!((number.load(Relaxed), lock.holder()), (THREADS * ROUNDS, None));
}

#[test]
fn no_more_than_the_permits_are_inside() {
    let semaphore = Semaphore::bounded_at(words(1), 2);
    let inside = AtomicU64::new(0);
    threads(|_| {
        for _ in 0..ROUNDS {
            semaphore.acquire_for(LONG).expect("it is given back");
            assert!(inside.fetch_add(1, Relaxed) < 2);
            inside.fetch_sub(1, Relaxed);
            semaphore.release().expect("it is held");
        }
    });
    assert_eq!(semaphore.value(), 2);
}

#[test]
fn no_more_than_the_robust_permits_are_inside() {
    let (semaphore, inside) = (RobustSemaphore::bounded_at(words(1), 2), AtomicU64::new(0));
    threads(|me| {
        for _ in 0..ROUNDS {
            semaphore.acquire_for(actor(me), LONG).expect("it is given back");
            assert!(inside.fetch_add(1, Relaxed) < 2);
            inside.fetch_sub(1, Relaxed);
            semaphore.release(actor(me)).expect("it is held");
        }
    });
    assert_eq!(semaphore.value(), 2);
}

#[test]
fn whoever_waits_for_an_event_sees_what_was_before_it() {
    for round in 0..ROUNDS / 10 {
        let (event, news) = (Event::at(words(1)), AtomicU64::new(0));
        threads(|me| {
            if me == 0 {
                news.store(round + 1, Relaxed);
                event.set();
            } else {
                assert!(event.wait(LONG));
                assert_eq!(news.load(Relaxed), round + 1);
            }
        });
    }
}

#[test]
fn nobody_passes_a_barrier_before_all_are_there() {
    let barrier = Barrier::at(words(1), THREADS as u32);
    let arrived = AtomicU64::new(0);
    threads(|_| {
        for round in 1..=ROUNDS / 10 {
            arrived.fetch_add(1, Relaxed);
            let arrival = barrier.arrive(LONG).expect("the others come").expect("it is whole");
            if arrival.last {
                assert_eq!(barrier.open(&arrival), Ok(()));
            } else {
                assert_eq!(barrier.pass(&arrival, LONG), Some(Ok(())));
            }
            assert!(arrived.load(Relaxed) >= round * THREADS);
        }
    });
}

/// One puts, the others take; each sleeps until there is something to do for it.
#[test]
fn whoever_is_notified_finds_what_it_waited_for() {
    let memory = words(1 + 4);
    let (lock, condition) = (Lock::at(memory.part(0..CELL)), Condition::at(memory.part(CELL..memory.len())));
    let (waiting, taken) = (AtomicU64::new(0), AtomicU64::new(0));
    let all = (THREADS - 1) * ROUNDS / 10;
    threads(|me| {
        let acquire = || lock.acquire_for(actor(me), LONG).expect("it is given back");
        if me == 0 {
            for _ in 0..all {
                acquire();
                add_one(&waiting);
                condition.notify(1);
                lock.release().expect("it is held");
            }
            return;
        }
        for _ in 0..ROUNDS / 10 {
            acquire();
            while waiting.load(Relaxed) == 0 {
                let place = condition.enter(actor(me)).expect("there is a place");
                lock.release().expect("it is held");
                assert!(condition.woken(&place, LONG), "it was never notified");
                acquire();
            }
            waiting.store(waiting.load(Relaxed) - 1, Relaxed);
            add_one(&taken);
            lock.release().expect("it is held");
        }
    });
    assert_eq!((waiting.load(Relaxed), taken.load(Relaxed)), (0, all));
}
