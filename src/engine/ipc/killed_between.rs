//! A process is killed between any two of the operations by which it uses an object, or buries somebody. Here each
//! single one is tried: the process ends there, whoever comes after it does all of the burial once more, and
//! the object is as if the dead had never been.
//!
//! The objects are the very same; only their words end whoever comes to the chosen operation.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::trace::ActorId;

use super::gate::{Word, Words};
use super::under_way::UnderWay;
use super::{Barrier, Condition, Lock, RLock, RobustSemaphore};

const DEAD: ActorId = ActorId(1);
const LIVING: ActorId = ActorId(2);
const OTHER: ActorId = ActorId(3);
const NOW: Duration = Duration::ZERO;

/// A word whose users may be killed before they come to it.
struct Deadly {
    word: AtomicU64,
    /// How many more operations there are until then, on all words together.
    left: Arc<AtomicUsize>,
}

/// Whoever was killed ends like this: nothing of it goes on.
struct Killed;

impl Deadly {
    fn step(&self) -> &AtomicU64 {
        match self.left.fetch_sub(1, Ordering::Relaxed) {
            0 => resume_unwind(Box::new(Killed)),
            _ => &self.word,
        }
    }
}

impl Word for Deadly {
    fn load(&self) -> u64 {
        Word::load(self.step())
    }

    fn replace(&self, seen: u64, new: u64) -> Result<(), u64> {
        Word::replace(self.step(), seen, new)
    }

    fn store(&self, new: u64) {
        Word::store(self.step(), new);
    }

    fn park(&self, _seen: u64, _patience: Duration) {}

    fn unpark(&self, _count: u32) {
        self.step();
    }
}

#[derive(Clone)]
struct Memory(Arc<Vec<Deadly>>);

impl Words for Memory {
    type Word = Deadly;

    fn word(&self, number: usize) -> &Deadly {
        &self.0[number]
    }
}

impl Memory {
    fn new() -> Self {
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        Self(Arc::new((0..256).map(|_| Deadly { word: AtomicU64::new(0), left: Arc::clone(&left) }).collect()))
    }

    /// Does this, and is killed before the operation of this number; true if it came to its end before.
    fn killed_at(&self, step: usize, body: impl FnOnce()) -> bool {
        let left = &self.0[0].left;
        left.store(step, Ordering::Relaxed);
        let outcome = catch_unwind(AssertUnwindSafe(body));
        left.store(usize::MAX, Ordering::Relaxed);
        match outcome {
            Ok(()) => true,
            Err(why) if why.is::<Killed>() => false,
            Err(why) => resume_unwind(why),
        }
    }
}

/// For each operation at which somebody is killed who uses an object, and for each at which somebody is who buries it:
/// then another buries it once more.
fn every_death<T>(
    make: impl Fn(Memory) -> T,
    before: impl Fn(&T),
    live: impl Fn(&T),
    bury: impl Fn(&T),
    assert: impl Fn(&T, &str),
) {
    for death in 0.. {
        let mut lived = false;
        for burial in 0.. {
            let memory = Memory::new();
            let object = make(memory.clone());
            before(&object);
            lived = memory.killed_at(death, || live(&object));
            let buried = memory.killed_at(burial, || bury(&object));
            bury(&object);
            assert(&object, &format!("killed at {death}, its burier at {burial}"));
            if buried {
                break;
            }
        }
        if lived {
            assert!(death >= 2, "it never came to a word");
            return;
        }
    }
}

#[test]
fn a_lock_is_free_and_never_taken_from_a_living_one() {
    let bury = |lock: &Lock<Memory>| _ = lock.recover(DEAD);
    let live = |lock: &Lock<Memory>| {
        lock.try_acquire(DEAD);
        let _ = lock.release();
        lock.try_acquire(DEAD);
    };
    every_death(
        Lock::at,
        |_| {},
        live,
        bury,
        |lock, told| {
            assert_eq!(lock.holder(), None, "{told}");
            assert!(lock.try_acquire(LIVING).is_some() && !lock.recover(DEAD), "{told}");
            assert_eq!(lock.holder(), Some(LIVING), "{told}");
        },
    );
}

#[test]
fn a_lock_taken_twice_is_free_for_others_and_counts_from_one() {
    let live = |lock: &RLock<Memory>| {
        lock.try_acquire(DEAD);
        lock.try_acquire(DEAD);
        let _ = lock.release(DEAD);
    };
    every_death(
        RLock::at,
        |_| {},
        live,
        |lock| _ = lock.recover(DEAD),
        |lock, told| {
            assert_eq!(lock.try_acquire(LIVING).map(|(count, _)| count), Some(1), "{told}");
            assert_eq!(lock.release(LIVING), Ok(0), "{told}");
            assert_eq!(lock.holder(), None, "{told}");
        },
    );
}

#[test]
fn permits_of_the_dead_come_back_and_only_those_it_held() {
    for bounded in [false, true] {
        every_death(
            |memory| if bounded { RobustSemaphore::bounded_at(memory, 4) } else { RobustSemaphore::at(memory, 4) },
            |permits| _ = permits.try_acquire(LIVING),
            |permits| {
                permits.try_acquire(DEAD);
                permits.try_acquire(DEAD);
                let _ = permits.release(DEAD);
                permits.try_acquire(DEAD);
            },
            |permits| _ = permits.recover(DEAD),
            |permits, told| {
                assert_eq!(permits.value(), 3, "{told}");
                let taken: Vec<u32> = (0..4).map_while(|_| permits.try_acquire(OTHER)).map(|(left, _)| left).collect();
                assert_eq!(taken, [2, 1, 0], "{told}");
                assert_eq!(permits.recover(DEAD), 0, "{told}");
                assert_eq!((permits.release(LIVING), permits.release(OTHER)), (Ok(1), Ok(2)), "{told}");
            },
        );
    }
}

#[test]
fn what_a_dead_waiter_was_notified_of_is_never_lost() {
    every_death(
        |memory| {
            let condition = Condition::at_places(memory, 3);
            let dead = condition.enter(DEAD).expect("there is a place");
            let living = condition.enter(LIVING).expect("there is a place");
            assert_eq!(condition.notify(1), 1, "of the one who came first");
            (condition, [dead, living], AtomicBool::new(false))
        },
        |_| {},
        |(condition, [dead, _], saw)| saw.store(condition.leave(dead), Ordering::Relaxed),
        |(condition, ..)| condition.forget(DEAD),
        |(condition, [_, living], saw), told| {
            assert!(saw.load(Ordering::Relaxed) || condition.woken(living, NOW), "{told}");
            let free = (0..4).map_while(|_| condition.enter(OTHER)).count();
            assert!(free >= 2, "{told}: the place of the dead is free");
        },
    );
}

#[test]
fn a_barrier_is_broken_for_all() {
    every_death(
        |memory| Barrier::at(memory, 3),
        |barrier| _ = barrier.arrive(NOW),
        |barrier| _ = barrier.arrive(NOW),
        |barrier| _ = barrier.recover(DEAD),
        |barrier, told| assert!(barrier.is_broken(), "{told}"),
    );
}

#[test]
fn places_in_a_queue_are_free_again_whenever_its_writer_dies() {
    every_death(
        |memory| UnderWay::at(memory, 3),
        |under_way| {
            assert!(under_way.begin(LIVING, 0, NOW));
            under_way.is_in_pipe(LIVING, 0, 100);
        },
        |under_way| {
            under_way.begin(DEAD, 1, NOW);
            under_way.begin(DEAD, 2, NOW);
            under_way.is_in_pipe(DEAD, 1, 100);
        },
        |under_way| _ = under_way.recover(DEAD),
        |under_way, told| {
            // What it had written completely is there for others, if it came to say so.
            assert!((1..=2).contains(&under_way.count()), "{told}");
            under_way.end(0);
            under_way.end(1);
            assert_eq!(under_way.count(), 0, "{told}");
            assert!((3..6).all(|number| under_way.begin(OTHER, number, NOW)), "{told}");
            assert!(!under_way.begin(OTHER, 6, NOW), "{told}");
        },
    );
}

#[test]
fn places_in_a_queue_are_free_again_whenever_its_reader_dies() {
    let bytes_left = |read: &AtomicUsize| 300 - read.load(Ordering::Relaxed) as u64;
    every_death(
        |memory| (UnderWay::at(memory, 3), AtomicUsize::new(0)),
        |(under_way, _)| {
            for number in 0..3 {
                assert!(under_way.begin(LIVING, number, NOW));
                under_way.is_in_pipe(LIVING, number, 100);
            }
        },
        |(under_way, read)| {
            // Half of the second message is in its hand.
            read.store(100, Ordering::Relaxed);
            under_way.end(0);
            read.store(150, Ordering::Relaxed);
            under_way.count();
        },
        |(under_way, read)| {
            under_way.compare(|| Some(bytes_left(read)));
        },
        |(under_way, read), told| {
            assert_eq!(under_way.count(), bytes_left(read) / 100, "{told}");
            under_way.end(2);
            assert_eq!(under_way.count(), 0, "{told}: what was before it is gone, too");
        },
    );
}
