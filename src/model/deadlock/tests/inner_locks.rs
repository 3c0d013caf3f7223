//! The locks within a queue: who has them, and who waits for them.

use super::*;
use crate::trace::{READ_LOCK, WRITE_LOCK};

#[test]
fn the_lock_within_a_queue_that_a_dead_process_has_is_named() {
    let full = || {
        Story::new()
            .without(&[P3])
            .made(A, ObjectKind::SimpleQueue, "q", 0)
            .wants(10, P1, Wish::Receive, A)
            .killed(30, P1)
            .used(40, PARENT, A, Deed::Fed { lane: 0, message: 0, bytes: 9 })
            .joins(50, PARENT, P2)
    };
    assert_eq!(
        full().waits(60, P2, Wish::Acquire, Awaited::Object(A), 1).told(900),
        ["Its owner died: Process-2 waits for the read lock of queue q, which Process-1 held when it ended. \
          Nobody will ever give it back."]
    );
    let is_named = |story: Story| story.told(900).iter().any(|told| told.contains("Its owner died"));
    let locked = |story: Story, lock| story.waits(60, P2, Wish::Acquire, Awaited::Object(A), lock);
    let read = full().used(55, PARENT, A, Deed::Got { lane: 0, message: 0, bytes: 9 });
    assert!(!is_named(locked(read, READ_LOCK)), "the lock was free afterwards");
    assert!(!is_named(locked(full(), WRITE_LOCK)), "that is the other one");
    let waited = Story::new().without(&[P3]).made(A, ObjectKind::Queue, "q", 0);
    let waited = waited.waits(10, P1, Wish::Acquire, Awaited::Object(A), READ_LOCK).killed(30, P1);
    assert!(!is_named(locked(waited, READ_LOCK)), "it had only waited for it");
}

/// The parent, who could read and write, waits for the end of those who wait.
fn inner(wish: Wish, lock: u16) -> Story {
    let queue = Story::new().without(&[P3]).made(A, ObjectKind::SimpleQueue, "q", 0);
    let queue = queue.used(5, PARENT, A, Deed::Fed { lane: 0, message: 0, bytes: 9 });
    let queue = queue.used(6, PARENT, A, Deed::Got { lane: 0, message: 0, bytes: 9 });
    let (first, then) = (Awaited::Object(A), Awaited::Object(A));
    queue.waits(10, P1, wish, first, 0).waits(20, P2, Wish::Acquire, then, lock)
}

#[test]
fn the_lock_within_a_queue_that_a_living_process_has_is_told_and_followed() {
    let model = inner(Wish::Receive, READ_LOCK).until(400);
    let run = &model.runs[0];
    let wait = run.wait_of(P2, 400 * MS).expect("it waits");
    let words = "for the read lock of queue q, which Process-1 has while it waits for a message";
    assert_eq!(run.wish_in_words(wait, 400 * MS), words);
    assert!(run.deadlocks().is_empty(), "the parent may still put something in");
    let stuck = inner(Wish::Send, WRITE_LOCK).joins(30, PARENT, P2).told(400);
    assert_eq!(
        stuck,
        [
            "Deadlock: Parent waits for Process-2 to end; Process-2 waits for the write lock of queue q, which Process-1 \
          has while it waits for room; Process-1 waits for room in the pipe of queue q, which is full; only Parent \
          could take something out."
        ]
    );
}

#[test]
fn who_could_have_the_lock_within_a_queue_but_has_no_core_is_in_no_deadlock() {
    let free = || inner(Wish::Receive, READ_LOCK).used(100, P1, A, Deed::Got { lane: 0, message: 1, bytes: 9 });
    assert!(free().joins(110, PARENT, P2).joins(110, P1, P2).told(900).is_empty());
    let took = free().wants(100, P2, Wish::Receive, A);
    assert_eq!(took.joins(110, PARENT, P2).joins(110, P1, P2).told(900).len(), 1, "nobody will put anything in");
}

#[test]
fn who_feeds_a_queue_by_itself_may_have_its_lock_while_it_waits_for_an_end() {
    let message = 1;
    let put = feeding().used(7, PARENT, A, Deed::Put { lane: 0, message, bytes: 1 << 20 });
    let locked = put.waits(10, THREAD, Wish::Acquire, Awaited::Object(A), WRITE_LOCK).joins(30, PARENT, P1);
    let told = locked.told(400);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Thread 1 of Process-1 waits for the write lock of queue q"), "{told:?}");
}

#[test]
fn who_gets_the_lock_within_a_queue_waits_for_what_it_wanted_that_for() {
    let got = inner(Wish::Receive, READ_LOCK).used(100, P1, A, Deed::Got { lane: 0, message: 1, bytes: 9 });
    let model = got.wants(90, P2, Wish::Receive, A).until(400);
    let run = &model.runs[0];
    let [lock, message] = run.waits_of(P2) else { panic!("{:?}", run.waits_of(P2)) };
    assert_eq!((lock.to_ns, lock.got, lock.cut), (90 * MS, true, false));
    assert_eq!((message.wish, message.from_ns, message.to_ns), (Wish::Receive, 90 * MS, u64::MAX));
}
