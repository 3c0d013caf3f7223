//! Every lock, semaphore, event, condition, barrier and shared number, between real threads: the same memory would do
//! between processes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::trace::ActorId;

use super::layout::CELL;
use super::lock::Taken;
use super::{Barrier, Block, Broken, Condition, Event, Ints, Lock, RLock, RobustSemaphore, Semaphore};

/// As a caller waits: in slices, again and again.
const SLICE: Duration = Duration::from_millis(20);
/// Nothing here takes longer, or it hangs.
const HANGS: Duration = Duration::from_secs(30);

fn words() -> Block {
    Block::create(CELL).expect("room")
}

/// Tries in slices until it succeeds.
fn until<T>(mut attempt: impl FnMut(Duration) -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(got) = attempt(SLICE) {
            return got;
        }
        assert!(began.elapsed() < HANGS, "nobody wakes it");
    }
}

/// Runs this as so many actors at the same time.
fn together(count: u32, body: impl Fn(ActorId) + Sync) {
    let body = &body;
    thread::scope(|scope| {
        for number in 1..=count {
            scope.spawn(move || body(ActorId(number)));
        }
    });
}

#[test]
fn i01_four_threads_count_right_under_a_lock() {
    let (lock, number) = (Lock::at(words()), Ints::at(words(), 1));
    together(4, |me| {
        for _ in 0..5000 {
            until(|slice| lock.acquire_for(me, slice));
            number.write(0, number.read(0) + 1);
            lock.release().expect("it is taken");
        }
    });
    assert_eq!((number.read(0), lock.holder()), (20_000, None));
}

#[test]
fn h01_anybody_may_release_a_lock_but_only_once() {
    let (lock, me, other) = (Lock::at(words()), ActorId(0), ActorId(7));
    assert_eq!(lock.release().expect_err("it is free").kind, "ValueError");
    assert!(lock.try_acquire(me).is_some() && lock.try_acquire(other).is_none() && lock.try_acquire(me).is_none());
    thread::scope(|scope| scope.spawn(|| lock.release()).join()).expect("it ends").expect("anybody may");
    assert!(lock.try_acquire(other).is_some());
    assert_eq!(lock.holder(), Some(other));
}

#[test]
fn h02_an_rlock_counts_and_is_released_by_its_holder() {
    let (lock, me, other) = (RLock::at(words()), ActorId(3), ActorId(4));
    for count in 1..=3 {
        assert_eq!(lock.try_acquire(me).map(|(count, _)| count), Some(count));
    }
    assert!(lock.try_acquire(other).is_none());
    let wrong = lock.release(other).expect_err("it is not its own");
    let expected = ("AssertionError", "attempt to release recursive lock not owned by thread");
    assert_eq!((wrong.kind, wrong.message.as_str()), expected);
    assert_eq!((lock.release(me), lock.release_all(me)), (Ok(2), Ok(2)));
    assert!(lock.try_acquire(other).is_some() && lock.release(me).is_err());
}

#[test]
fn h03_and_h04_permits_are_counted_and_the_bounded_one_refuses_too_many() {
    let (plain, bounded) = (Semaphore::at(words(), 2), Semaphore::bounded_at(words(), 1));
    assert_eq!((plain.release(), plain.value()), (Ok(3), 3));
    assert_eq!(bounded.release().expect_err("too many").message, "semaphore or lock released too many times");
    assert_eq!((bounded.try_acquire(), bounded.try_acquire(), bounded.release()), (Some(0), None, Ok(1)));
    for left in [2, 1, 0] {
        assert_eq!(plain.try_acquire(), Some(left));
    }
    assert_eq!((plain.try_acquire(), <Semaphore>::check(0).is_ok()), (None, true));
    assert_eq!(<Semaphore>::check(-1).expect_err("too few").message, "[Errno 22] Invalid argument");
}

#[test]
fn h03_never_more_are_inside_than_permits() {
    let (semaphore, inside, most) = (Semaphore::at(words(), 3), AtomicU32::new(0), AtomicU32::new(0));
    together(8, |_| {
        for _ in 0..200 {
            until(|slice| semaphore.acquire_for(slice));
            most.fetch_max(1 + inside.fetch_add(1, Ordering::AcqRel), Ordering::AcqRel);
            thread::yield_now();
            inside.fetch_sub(1, Ordering::AcqRel);
            semaphore.release().expect("there is no limit");
        }
    });
    assert!(most.load(Ordering::Acquire) <= 3);
    assert_eq!(semaphore.value(), 3);
}

fn permits_words(permits: u32) -> Block {
    Block::create(RobustSemaphore::<Block>::words_of(permits)).expect("room")
}

#[test]
fn h03_and_h04_robust_permits_are_counted_as_the_faithful_ones_are() {
    let (me, other) = (ActorId(1), ActorId(2));
    let (plain, bounded) = (RobustSemaphore::at(permits_words(2), 2), RobustSemaphore::bounded_at(permits_words(1), 1));
    assert_eq!((plain.release(me), plain.value()), (Ok(3), 3));
    assert_eq!(bounded.release(me).expect_err("too many").message, "semaphore or lock released too many times");
    let taken = |got: Option<(u32, Taken)>| got.map(|(left, _)| left);
    assert_eq!((taken(bounded.try_acquire(me)), taken(bounded.try_acquire(other))), (Some(0), None));
    assert_eq!(bounded.release(other), Ok(1), "anybody may");
    for left in [2, 1, 0] {
        assert_eq!(taken(plain.try_acquire(me)), Some(left));
    }
    assert!(plain.try_acquire(me).is_none());
    assert_eq!((plain.release(other), plain.recover(me), plain.value()), (Ok(1), 2, 3), "one was given back for it");
    let many = RobustSemaphore::at(permits_words(0), 0);
    let given = (1..=100).find(|_| many.release(me).is_err()).expect("there is an end");
    assert_eq!((given, many.value()), (65, 64));
}

#[test]
fn g09_only_the_permits_of_the_dead_come_back_and_whoever_takes_one_is_told() {
    let (dead, living) = (ActorId(1), ActorId(2));
    let permits = RobustSemaphore::at(permits_words(3), 3);
    let got = [dead, living, dead].map(|me| permits.try_acquire(me).expect("there is one"));
    assert!(got.iter().all(|(_, taken)| taken.died.is_none()));
    assert_eq!((permits.value(), permits.recover(ActorId(9)), permits.recover(dead)), (0, 0, 2));
    assert_eq!((permits.value(), permits.recover(dead)), (2, 0));
    let told = [0, 1].map(|_| permits.try_acquire(living).expect("there is one").1.died);
    assert_eq!(told, [Some(dead); 2]);
    assert!(permits.release(living) == Ok(1) && permits.release(living) == Ok(2));
    assert_eq!(permits.try_acquire(living).map(|(_, taken)| taken.died), Some(None), "it was given back since");
}

#[test]
fn g09_whoever_sleeps_for_a_permit_is_woken_when_its_dead_owner_is_buried() {
    let (permits, dead) = (RobustSemaphore::bounded_at(permits_words(2), 2), ActorId(99));
    assert!(permits.try_acquire(dead).is_some() && permits.try_acquire(dead).is_some());
    thread::scope(|scope| {
        let sleepers = [1, 2].map(|me| {
            let permits = permits.clone();
            scope.spawn(move || permits.acquire_for(ActorId(me), HANGS))
        });
        thread::sleep(SLICE);
        assert_eq!(permits.recover(dead), 2);
        for sleeper in sleepers {
            assert_eq!(sleeper.join().expect("it ends").expect("it is woken").1.died, Some(dead));
        }
    });
}

#[test]
fn h05_patience_ends_when_it_is_over_and_nothing_is_taken() {
    let (lock, semaphore, event) = (Lock::at(words()), Semaphore::at(words(), 0), Event::at(words()));
    assert!(lock.try_acquire(ActorId(1)).is_some());
    let patience = Duration::from_millis(60);
    let waits: [&dyn Fn() -> bool; 3] =
        [&|| lock.acquire_for(ActorId(2), patience).is_some(), &|| semaphore.acquire_for(patience).is_some(), &|| {
            event.wait(patience)
        }];
    for wait in waits {
        let began = Instant::now();
        assert!(!wait());
        assert!(began.elapsed() >= patience, "{:?}", began.elapsed());
    }
    assert_eq!((lock.holder(), semaphore.value()), (Some(ActorId(1)), 0));
}

#[test]
fn h06_and_h07_notify_wakes_the_first_so_many_and_no_more() {
    let condition = Condition::at(Block::create(5 * CELL).expect("room"));
    let waiting: Vec<_> = (1..=4).map(|number| condition.enter(ActorId(number)).expect("room")).collect();
    assert_eq!(condition.notify(2), 2);
    let woken: Vec<bool> = waiting.iter().map(|waiting| condition.woken(waiting, Duration::ZERO)).collect();
    assert_eq!(woken, [true, true, false, false]);
    assert!(!condition.leave(&waiting[2]), "its patience ended");
    assert_eq!((condition.notify(u32::MAX), condition.notify(1)), (1, 0));
    assert!(condition.leave(&waiting[3]), "it was notified at last");
}

#[test]
fn g10_what_a_dead_waiter_was_notified_of_goes_on_to_the_next() {
    let condition = Condition::at(Block::create(5 * CELL).expect("room"));
    let (dead, other) = (ActorId(1), ActorId(2));
    let _gone = condition.enter(dead).expect("room");
    let waiting = condition.enter(other).expect("room");
    assert_eq!(condition.notify(1), 1, "the dead one, as far as anybody knows");
    assert!(!condition.woken(&waiting, Duration::ZERO));
    condition.forget(dead);
    assert!(condition.woken(&waiting, Duration::ZERO));
    let _gone = condition.enter(dead).expect("room");
    condition.forget(dead);
    assert_eq!(condition.notify(u32::MAX), 0, "nobody is left");
}

#[test]
fn h07_all_places_of_a_condition_can_be_taken_and_taken_again() {
    let condition = Condition::at(Block::create(5 * CELL).expect("room"));
    for _ in 0..3 {
        let mut waiting = Vec::new();
        while let Some(one) = condition.enter(ActorId(5)) {
            waiting.push(one);
        }
        assert_eq!((waiting.len(), condition.notify(u32::MAX)), (63, 63));
        assert!(waiting.iter().all(|waiting| condition.woken(waiting, Duration::ZERO)));
    }
}

#[test]
fn h07_a_producer_and_consumers_meet_at_a_condition() {
    let (lock, goods) = (Lock::at(words()), Ints::at(words(), 1));
    let condition = Condition::at(Block::create(5 * CELL).expect("room"));
    let taken = AtomicU32::new(0);
    together(3, |me| {
        for _ in 0..300 {
            until(|slice| lock.acquire_for(me, slice));
            if me == ActorId(1) {
                goods.write(0, goods.read(0) + 2);
                condition.notify(2);
            } else {
                while goods.read(0) == 0 {
                    let waiting = condition.enter(me).expect("room");
                    lock.release().expect("it is taken");
                    until(|slice| condition.woken(&waiting, slice).then_some(()));
                    until(|slice| lock.acquire_for(me, slice));
                }
                goods.write(0, goods.read(0) - 1);
                taken.fetch_add(1, Ordering::Relaxed);
            }
            lock.release().expect("it is taken");
        }
    });
    assert_eq!((goods.read(0), taken.load(Ordering::Relaxed)), (0, 600));
}

#[test]
fn h08_an_event_wakes_all_and_is_set_until_it_is_cleared() {
    let event = Event::at(words());
    thread::scope(|scope| {
        let waiters: Vec<_> = (0..5).map(|_| scope.spawn(|| until(|slice| event.wait(slice).then_some(())))).collect();
        event.set();
        event.set();
        for waiter in waiters {
            waiter.join().expect("it woke");
        }
    });
    assert!(event.is_set() && event.wait(Duration::ZERO));
    event.clear();
    assert!(!event.is_set() && !event.wait(Duration::ZERO));
}

/// Comes to a barrier and waits for the others, as long as that takes.
fn pass(barrier: &Barrier) -> Result<u32, Broken> {
    let arrival = until(|slice| barrier.arrive(slice))?;
    if arrival.last { barrier.open(&arrival) } else { until(|slice| barrier.pass(&arrival, slice)) }?;
    Ok(arrival.index)
}

#[test]
fn h10_a_thousand_times_three_pass_together_in_three_places() {
    let (barrier, places) = (Barrier::at(words(), 3), [const { AtomicU32::new(0) }; 3]);
    together(3, |_| {
        for round in 1..=1000 {
            let index = pass(&barrier).expect("nobody breaks it");
            // All three places of a round are taken before anybody can come twice again.
            let before = places[index as usize].fetch_add(1, Ordering::AcqRel);
            assert_eq!(before + 1, round);
        }
    });
    assert!(places.iter().all(|place| place.load(Ordering::Acquire) == 1000));
    assert_eq!(barrier.waiting(), 0);
}

#[test]
fn h10_more_than_the_parties_pass_in_groups() {
    let barrier = Barrier::at(words(), 2);
    for _ in 0..50 {
        together(6, |_| {
            pass(&barrier).expect("nobody breaks it");
        });
    }
    assert_eq!((barrier.waiting(), barrier.is_broken()), (0, false));
}

#[test]
fn h10_who_gives_up_breaks_it_for_all_until_it_is_reset() {
    let barrier = Barrier::at(words(), 3);
    let arrive = || barrier.arrive(Duration::ZERO).expect("there is room").expect("it is whole");
    let (first, second) = (arrive(), arrive());
    assert_eq!((first.index, second.index, barrier.waiting()), (0, 1, 2));
    assert_eq!(barrier.give_up(&second), Err(Broken));
    assert!(barrier.is_broken() && barrier.arrive(SLICE) == Some(Err(Broken)));
    assert_eq!(barrier.pass(&first, Duration::ZERO), Some(Err(Broken)));
    barrier.reset();
    assert!(!barrier.is_broken());
    assert_eq!(barrier.pass(&first, Duration::ZERO), Some(Err(Broken)), "it was broken when that one waited");
    let three = [arrive(), arrive(), arrive()];
    assert_eq!((three.map(|arrival| arrival.last), barrier.open(&three[2])), ([false, false, true], Ok(())));
    assert_eq!(barrier.give_up(&three[0]), Ok(()), "all had come");
    barrier.reset();
    assert_eq!(barrier.pass(&three[1], Duration::ZERO), Some(Ok(())), "it had passed before the reset");
    let waits = arrive();
    barrier.abort();
    assert_eq!(barrier.pass(&waits, Duration::ZERO), Some(Err(Broken)));
}

#[test]
fn i03_and_i04_numbers_wrap_and_places_are_checked() {
    let ints = Ints::at(words(), 3);
    assert_eq!((ints.get(0), ints.get(-1), ints.length()), (Ok(0), Ok(0), 3));
    ints.set(-1, i64::from(i32::MAX) + 1).expect("there is such a place");
    assert_eq!(ints.get(2), Ok(i32::MIN));
    for index in [3, -4, i64::MAX, i64::MIN] {
        assert_eq!(ints.get(index).expect_err("there is none").kind, "IndexError", "{index}");
    }
}

#[test]
fn who_stands_still_after_its_arrival_learns_of_it_many_passes_later() {
    let barrier = Barrier::at(words(), 2);
    let arrive = || barrier.arrive(Duration::ZERO).expect("there is room").expect("it is whole");
    let first = arrive();
    for pass in 0..1000 {
        if pass > 0 {
            arrive();
        }
        barrier.open(&arrive()).expect("nobody breaks it");
        assert_eq!(barrier.pass(&first, Duration::ZERO), Some(Ok(())), "after {pass} more");
    }
    arrive();
    barrier.reset();
    assert_eq!(barrier.pass(&first, Duration::ZERO), Some(Ok(())), "a reset changes nothing of that");
}

#[test]
fn a_lock_freed_from_the_dead_says_so_once_and_one_of_the_living_never() {
    let lock = Lock::at(words());
    let (dead, living) = (ActorId(1), ActorId(2));
    assert!(lock.try_acquire(dead).is_some_and(|taken| taken.died.is_none()));
    lock.release().expect("it is held");
    assert!(lock.try_acquire(living).is_some() && !lock.recover(dead));
    lock.release().expect("it is held");
    assert!(lock.try_acquire(dead).is_some_and(|taken| taken.died.is_none()), "it died without it before");
    assert!(lock.recover(dead) && !lock.recover(dead) && lock.holder().is_none());
    assert!(lock.release().is_err(), "it is free");
    assert_eq!(lock.try_acquire(living).and_then(|taken| taken.died), Some(dead));
    lock.release().expect("it is held");
    assert_eq!(lock.try_acquire(living).and_then(|taken| taken.died), None);
}

#[test]
fn a_barrier_is_broken_once_by_each_death_however_often_that_is_found() {
    let barrier = Barrier::at(words(), 2);
    assert!(barrier.recover(ActorId(1)) && barrier.is_broken());
    barrier.reset();
    assert!(!barrier.recover(ActorId(1)) && !barrier.is_broken(), "that of those who live is whole again");
    assert!(barrier.recover(ActorId(2)) && barrier.is_broken());
}
