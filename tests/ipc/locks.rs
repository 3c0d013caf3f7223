//! Locks and semaphores, and two locks in opposite order.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use poolscope::model::check;
use poolscope::plan::StartMethod;
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Awaited, Deed, Event, ObjectId, Outcome, What, Wish};

use crate::common;
use crate::common::programs::{at_once, model, plan, same_in_python};
use crate::uses::{done, each, most_inside, number, object};

#[test]
fn h01_to_h05_the_rules_of_locks() {
    each("lock-rules", &[], |ran| {
        let mut lines = ran.lines();
        lines.retain(|line| !line.starts_with("Process Process-2") && !line.starts_with("Traceback"));
        let expected = [
            "ValueError: semaphore or lock released too many times",
            "a second time, at once: False",
            "within 0.2 s: False",
            "within -1 s: False",
            "another process released it: 0",
            "and now: True",
            "AssertionError: attempt to release recursive lock not owned by thread",
            "the other released the rlock: 1",
            "after one release: False",
            "after both: True",
            "a semaphore of 2, released: 3",
            "OSError: [Errno 22] Invalid argument",
            "ValueError: semaphore or lock released too many times",
        ];
        assert_eq!(lines, expected, "{}", ran.start.name());
        let waited: Vec<u64> = done(&ran.told.events)
            .iter()
            .filter(|done| done.deed == Deed::GaveUp { wish: Wish::Acquire } && done.object == ObjectId(0))
            .map(|done| (done.at_ns - done.since_ns) / 1_000_000)
            .collect();
        let [_, patient, _] = waited[..] else { panic!("{waited:?}") };
        assert!(patient >= 200 && u128::from(patient) < common::DEADLINE.as_millis(), "H05: it waited {patient} ms");
        let waits = ran.told.events.iter().filter(|event| match event.what {
            What::Waits { wish: Wish::Acquire, on, for_ever, .. } => on == Awaited::Object(ObjectId(0)) && !for_ever,
            _ => false,
        });
        assert_eq!(waits.count(), 1, "H05: who wants it at once does not wait, nor who has a negative patience");
    });
}

#[test]
fn h01_to_h05_python_agrees() {
    same_in_python("lock-rules", &[]);
}

#[test]
fn h03_never_more_are_inside_than_there_are_permits() {
    for permits in [1, 3] {
        each("semaphore", &[("permits", permits), ("workers", 7), ("inside-ms", 100)], |ran| {
            let events = &ran.told.events;
            assert_eq!(most_inside(events, object(events, "permits")), permits as usize, "{}", ran.start.name());
            assert_eq!(number(ran, "permits at the end"), permits);
        });
    }
}

#[test]
fn h03_python_agrees() {
    same_in_python("semaphore", &[("workers", 4), ("inside-ms", 50)]);
}

#[test]
fn h11_locks_in_the_same_order_are_no_trap() {
    each("two-locks", &[("same-order", 1)], |ran| {
        let lines = ran.lines();
        assert_eq!((lines.len(), lines[2].as_str()), (3, "both are done"), "{}", ran.start.name());
        for name in ["a", "b"] {
            assert_eq!(most_inside(&ran.told.events, object(&ran.told.events, name)), 1);
        }
    });
}

#[test]
fn h11_python_agrees() {
    same_in_python("two-locks", &[("same-order", 1)]);
}

/// Whether each of two actors waits for a lock that the other has.
fn is_deadlocked(events: &[Event]) -> bool {
    let mut waits: HashMap<ActorId, ObjectId> = HashMap::new();
    let mut holds: HashMap<ObjectId, ActorId> = HashMap::new();
    for event in events {
        match event.what {
            What::Waits { wish: Wish::Acquire, on: Awaited::Object(object), .. } => {
                waits.insert(event.by, object);
            }
            What::Used { object, deed: Deed::Acquired { .. }, .. } => {
                waits.remove(&event.by);
                holds.insert(object, event.by);
            }
            _ => {}
        }
    }
    let next = |actor| waits.get(actor).and_then(|object| holds.get(object));
    waits.keys().any(|actor| next(actor).is_some_and(|other| other != actor && next(other) == Some(actor)))
}

/// Runs the deadlock until it is there, and gives what was told so far.
fn deadlock(start: StartMethod) -> (poolscope::session::Session, Vec<Event>) {
    let session = common::session(&plan("two-locks", start, &[]), Options::default());
    let mut events = Vec::new();
    while !is_deadlocked(&events) {
        match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
            Report::Events(new) => events.extend(new),
            other => panic!("it ended before they met: {other:?}"),
        }
    }
    (session, events)
}

#[test]
fn h11_a_deadlock_is_told_while_it_lasts_and_stopped_at_once() {
    at_once(|start| {
        let (session, mut events) = deadlock(start);
        let asked = Instant::now();
        session.stop();
        let mut told = common::listen(&session);
        assert!(asked.elapsed() < Duration::from_secs(10), "{}: {:?}", start.name(), asked.elapsed());
        events.append(&mut told.events);
        told.events = events;
        let model = model(&told);
        assert_eq!(check::violations(&model), Vec::<String>::new(), "{}", start.name());
        assert_eq!(model.runs[0].end.as_ref().expect("it ended").outcome, Outcome::Stopped, "{}", start.name());
        assert!(model.runs[0].actors.iter().skip(1).all(|actor| actor.exited.is_some()), "{}", start.name());
    });
}

#[test]
fn h11_a_deadlock_that_nobody_stops_ends_at_its_deadline() {
    at_once(|start| {
        let (session, mut events) = deadlock(start);
        let mut told = common::listen(&session);
        events.append(&mut told.events);
        let ended = events.iter().find_map(|event| match &event.what {
            What::RunEnded { outcome, .. } => Some(outcome.clone()),
            _ => None,
        });
        let outcome = Outcome::Failed("The program was ended at its deadline of 5000 ms.".to_owned());
        assert_eq!(ended, Some(outcome), "{}", start.name());
        told.events = events;
        let model = model(&told);
        assert!(model.runs[0].actors.iter().skip(1).all(|actor| actor.exited.is_some()), "{}", start.name());
    });
}
