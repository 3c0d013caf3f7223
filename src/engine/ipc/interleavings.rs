//! Every order in which two or three threads can meet at an object: loom tries them all. A sleeper that nobody wakes
//! is a deadlock to it, and fails.
//!
//! The objects are the very same; only their words are loom's.

use std::ops::Deref;
use std::time::Duration;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use crate::trace::ActorId;

use super::gate::{Word, Words};
use super::sizes::Sizes;
use super::under_way::UnderWay;
use super::{Barrier, Condition, Event, Lock, RLock, RobustSemaphore, Semaphore};

const FOREVER: Duration = Duration::MAX;

/// A word as the kernel has it for those who sleep: it looks at the word and puts them to sleep in one.
struct LoomWord {
    word: AtomicU64,
    kernel: Mutex<()>,
    bed: Condvar,
}

impl Word for LoomWord {
    fn load(&self) -> u64 {
        self.word.load(Ordering::Acquire)
    }

    fn replace(&self, seen: u64, new: u64) -> Result<(), u64> {
        self.word.compare_exchange(seen, new, Ordering::AcqRel, Ordering::Acquire).map(drop)
    }

    fn store(&self, new: u64) {
        self.word.store(new, Ordering::Release);
    }

    fn park(&self, seen: u64, _patience: Duration) {
        let kernel = self.kernel.lock().expect("nobody panics");
        if self.word.load(Ordering::Acquire) as u32 == seen as u32 {
            drop(self.bed.wait(kernel).expect("nobody panics"));
        }
    }

    fn unpark(&self, count: u32) {
        let kernel = self.kernel.lock().expect("nobody panics");
        if count == 1 {
            self.bed.notify_one();
        } else {
            self.bed.notify_all();
        }
        drop(kernel);
    }
}

/// A few words that loom's threads share.
#[derive(Clone)]
struct Memory(Arc<Vec<LoomWord>>);

impl Memory {
    fn new() -> Self {
        Self::of(4)
    }

    fn of(words: usize) -> Self {
        let word = || LoomWord { word: AtomicU64::new(0), kernel: Mutex::new(()), bed: Condvar::new() };
        Self(Arc::new((0..words).map(|_| word()).collect()))
    }
}

impl Words for Memory {
    type Word = LoomWord;

    fn word(&self, number: usize) -> &LoomWord {
        &self.0.deref()[number]
    }
}

/// Tries every order, up to this many times that one thread is cut short by another.
fn every_order(body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(body);
}

/// Runs this as actors 1, 2, …, at the same time as what is returned does as actor 0.
fn beside(count: u32, body: impl Fn(ActorId) + Clone + 'static) -> Vec<thread::JoinHandle<()>> {
    (1..=count)
        .map(|number| {
            let body = body.clone();
            thread::spawn(move || body(ActorId(number)))
        })
        .collect()
}

fn join(threads: Vec<thread::JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("it does not panic");
    }
}

#[test]
fn a_lock_has_one_holder_and_wakes_whoever_waits() {
    every_order(|| {
        let (lock, inside) = (Lock::at(Memory::new()), Arc::new(AtomicU64::new(0)));
        let body = {
            let (lock, inside) = (lock.clone(), Arc::clone(&inside));
            move |me| {
                assert!(lock.acquire_for(me, FOREVER).is_some());
                // Two operations: only whoever is alone counts right.
                let seen = inside.load(Ordering::Relaxed);
                inside.store(seen + 1, Ordering::Relaxed);
                assert_eq!(lock.holder(), Some(me));
                lock.release().expect("it is taken");
            }
        };
        let threads = beside(2, body.clone());
        body(ActorId(0));
        join(threads);
        assert_eq!((inside.load(Ordering::Relaxed), lock.holder()), (3, None));
    });
}

#[test]
fn one_whose_patience_ends_takes_no_wake_up_along() {
    every_order(|| {
        let lock = Lock::at(Memory::new());
        assert!(lock.try_acquire(ActorId(0)).is_some());
        let body = {
            let lock = lock.clone();
            move |me: ActorId| {
                let patience = if me.0 == 1 { Duration::ZERO } else { FOREVER };
                if lock.acquire_for(me, patience).is_some() {
                    lock.release().expect("it is taken");
                } else {
                    assert_eq!(me, ActorId(1), "the patient one gets it");
                }
            }
        };
        let threads = beside(2, body);
        lock.release().expect("it is taken");
        join(threads);
        assert_eq!(lock.holder(), None);
    });
}

#[test]
fn a_reentrant_lock_is_free_when_it_was_given_back_as_often() {
    every_order(|| {
        let lock = RLock::at(Memory::new());
        let body = {
            let lock = lock.clone();
            move |me| {
                assert_eq!(lock.acquire_for(me, FOREVER).map(|(count, _)| count), Some(1));
                assert_eq!(lock.try_acquire(me).map(|(count, _)| count), Some(2));
                assert_eq!(lock.release(me), Ok(1));
                assert_eq!(lock.holder(), Some(me));
                assert_eq!(lock.release(me), Ok(0));
            }
        };
        let threads = beside(1, body.clone());
        body(ActorId(0));
        join(threads);
        assert_eq!(lock.holder(), None);
    });
}

#[test]
fn a_dead_owners_lock_is_freed_for_whoever_waits() {
    every_order(|| {
        let (lock, dead) = (Lock::at(Memory::new()), ActorId(9));
        assert!(lock.try_acquire(dead).is_some());
        let body = {
            let lock = lock.clone();
            move |me| {
                let taken = lock.acquire_for(me, FOREVER).expect("it is freed");
                assert_eq!(taken.died, Some(dead));
            }
        };
        let threads = beside(1, body);
        assert!(lock.recover(dead));
        join(threads);
        assert!(!lock.recover(dead), "it is another's now");
        assert_eq!(lock.holder(), Some(ActorId(1)));
    });
}

#[test]
fn never_more_permits_are_taken_than_were_given() {
    every_order(|| {
        let (semaphore, inside) = (Semaphore::bounded_at(Memory::new(), 2), Arc::new(AtomicU64::new(0)));
        let body = {
            let (semaphore, inside) = (semaphore.clone(), Arc::clone(&inside));
            move |_| {
                assert!(semaphore.acquire_for(FOREVER).is_some());
                assert!(inside.fetch_add(1, Ordering::AcqRel) < 2);
                inside.fetch_sub(1, Ordering::AcqRel);
                semaphore.release().expect("it was taken");
            }
        };
        let threads = beside(2, body.clone());
        body(ActorId(0));
        join(threads);
        assert_eq!(semaphore.value(), 2);
    });
}

#[test]
fn never_more_robust_permits_are_taken_than_were_given() {
    every_order(|| {
        let (semaphore, inside) = (RobustSemaphore::bounded_at(Memory::new(), 1), Arc::new(AtomicU64::new(0)));
        let body = {
            let (semaphore, inside) = (semaphore.clone(), Arc::clone(&inside));
            move |me| {
                assert!(semaphore.acquire_for(me, FOREVER).is_some());
                assert_eq!(inside.fetch_add(1, Ordering::AcqRel), 0);
                inside.fetch_sub(1, Ordering::AcqRel);
                semaphore.release(me).expect("it was taken");
            }
        };
        let threads = beside(1, body.clone());
        body(ActorId(0));
        join(threads);
        assert_eq!(semaphore.value(), 1);
    });
}

#[test]
fn a_dead_owners_permit_is_freed_for_whoever_waits_by_two_who_bury_at_once() {
    every_order(|| {
        let (semaphore, dead) = (RobustSemaphore::bounded_at(Memory::new(), 1), ActorId(9));
        assert!(semaphore.try_acquire(dead).is_some());
        let body = {
            let semaphore = semaphore.clone();
            move |me: ActorId| {
                if me == ActorId(2) {
                    semaphore.recover(dead);
                } else {
                    let (left, taken) = semaphore.acquire_for(me, FOREVER).expect("it is freed");
                    assert_eq!((left, taken.died), (0, Some(dead)));
                }
            }
        };
        let threads = beside(2, body);
        semaphore.recover(dead);
        join(threads);
        assert_eq!((semaphore.recover(dead), semaphore.value()), (0, 0), "it is another's now");
    });
}

#[test]
fn a_place_in_a_robust_queue_is_freed_once_whoever_is_quicker() {
    every_order(|| {
        let under_way = UnderWay::at(Memory::new(), 1);
        let (writer, next) = (ActorId(8), ActorId(1));
        assert!(under_way.begin(writer, 0, Duration::ZERO));
        let body = {
            let under_way = under_way.clone();
            move |me: ActorId| match me {
                ActorId(1) => assert!(under_way.begin(me, 1, FOREVER)),
                // A reader has it already.
                _ => under_way.end(0),
            }
        };
        let threads = beside(2, body);
        under_way.is_in_pipe(writer, 0, 10);
        join(threads);
        assert_eq!(under_way.count(), 1);
        assert!(under_way.recover(next) && !under_way.recover(next));
        assert_eq!(under_way.count(), 0);
    });
}

#[test]
fn an_event_wakes_all_who_wait() {
    every_order(|| {
        let event = Event::at(Memory::new());
        let body = {
            let event = event.clone();
            move |_| assert!(event.wait(FOREVER))
        };
        let threads = beside(2, body);
        event.set();
        join(threads);
    });
}

#[test]
fn a_barrier_lets_all_pass_together_and_tells_them_apart() {
    every_order(|| {
        let (barrier, sum) = (Barrier::at(Memory::new(), 2), Arc::new(AtomicU64::new(0)));
        let body = {
            let (barrier, sum) = (barrier.clone(), Arc::clone(&sum));
            move |_| {
                for _ in 0..2 {
                    let arrival = barrier.arrive(FOREVER).expect("in time").expect("it is whole");
                    if arrival.last {
                        barrier.open(&arrival).expect("nobody breaks it");
                    } else {
                        barrier.pass(&arrival, FOREVER).expect("in time").expect("nobody breaks it");
                    }
                    sum.fetch_add(1 + u64::from(arrival.index), Ordering::AcqRel);
                }
            }
        };
        let threads = beside(1, body.clone());
        body(ActorId(0));
        join(threads);
        assert_eq!((sum.load(Ordering::Acquire), barrier.waiting()), (2 * (1 + 2), 0));
    });
}

#[test]
fn a_barrier_is_passed_or_broken_for_both() {
    every_order(|| {
        let (barrier, passed) = (Barrier::at(Memory::new(), 2), Arc::new(AtomicU64::new(0)));
        let body = {
            let (barrier, passed) = (barrier.clone(), Arc::clone(&passed));
            move |me: ActorId| {
                let Some(Ok(arrival)) = barrier.arrive(FOREVER) else { return };
                let fate = match (arrival.last, me.0) {
                    (true, _) => barrier.open(&arrival),
                    // Its patience ends at once.
                    (false, 0) => barrier.give_up(&arrival),
                    (false, _) => barrier.pass(&arrival, FOREVER).expect("in time"),
                };
                passed.fetch_add(u64::from(fate.is_ok()), Ordering::AcqRel);
            }
        };
        let threads = beside(1, body.clone());
        body(ActorId(0));
        join(threads);
        let passed = passed.load(Ordering::Acquire);
        assert!(passed == if barrier.is_broken() { 0 } else { 2 }, "{passed} passed");
    });
}

#[test]
fn whoever_waits_for_a_condition_is_notified_by_the_next_who_has_the_lock() {
    every_order(|| {
        let (lock, condition) = (Lock::at(Memory::new()), Condition::at_places(Memory::new(), 2));
        let ready = Arc::new(AtomicU64::new(0));
        let body = {
            let (lock, condition, ready) = (lock.clone(), condition.clone(), Arc::clone(&ready));
            move |me| {
                assert!(lock.acquire_for(me, FOREVER).is_some());
                while ready.load(Ordering::Relaxed) == 0 {
                    let waiting = condition.enter(me).expect("there is room");
                    lock.release().expect("it is taken");
                    assert!(condition.woken(&waiting, FOREVER));
                    assert!(lock.acquire_for(me, FOREVER).is_some());
                }
                lock.release().expect("it is taken");
            }
        };
        let threads = beside(1, body);
        let me = ActorId(0);
        assert!(lock.acquire_for(me, FOREVER).is_some());
        ready.store(1, Ordering::Relaxed);
        condition.notify(1);
        lock.release().expect("it is taken");
        join(threads);
    });
}

#[test]
fn whoever_leaves_a_condition_was_notified_or_was_not() {
    every_order(|| {
        let condition = Condition::at_places(Memory::new(), 2);
        let waiting = condition.enter(ActorId(1)).expect("there is room");
        let woken = Arc::new(AtomicU64::new(0));
        let thread = {
            let (condition, woken) = (condition.clone(), Arc::clone(&woken));
            thread::spawn(move || woken.store(condition.leave(&waiting).into(), Ordering::Release))
        };
        let notified = condition.notify(1);
        join(vec![thread]);
        assert_eq!(woken.load(Ordering::Acquire), u64::from(notified));
        assert!(condition.enter(ActorId(2)).is_some() && condition.enter(ActorId(3)).is_some(), "its place is free");
    });
}

#[test]
fn the_size_that_a_reader_expects_is_that_of_the_next_message() {
    every_order(|| {
        let (sizes, pipe) = (Sizes::at(Memory::of(12)), Arc::new(Mutex::new(Vec::new())));
        let write = {
            let (sizes, pipe) = (sizes.clone(), Arc::clone(&pipe));
            move |_| {
                for size in [7, 8, 8] {
                    sizes.begin(size);
                    pipe.lock().expect("nobody panics").push(size);
                }
            }
        };
        let threads = beside(1, write);
        let mut taken = 0;
        for _ in 0..3 {
            let expected = sizes.of_next();
            let come = pipe.lock().expect("nobody panics").get(taken).copied();
            if let Some(size) = come {
                assert!(expected.is_none_or(|expected| expected == size));
                sizes.take();
                taken += 1;
            }
        }
        join(threads);
    });
}
