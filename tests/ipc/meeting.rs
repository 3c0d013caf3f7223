//! Events, conditions and barriers.

use poolscope::trace::{ActorId, Deed, Wish};

use crate::common::programs::same_in_python;
use crate::uses::{Done, done, each, number, object};

#[test]
fn h06_and_h07_the_rules_of_conditions() {
    each("condition-rules", &[], |ran| {
        let expected = [
            "AssertionError: must acquire() condition before using wait()",
            "AssertionError: lock is not owned",
            "AssertionError: lock is not owned",
            "nobody notifies within 0.1 s: False",
            "AssertionError: attempt to release recursive lock not owned by thread",
            "first of two: True",
            "second of two: True",
            "a third, within 0.3 s: False",
            "a third, after notify_all: True",
            "a positive number within 0.1 s: False",
            "after a child wrote it: True",
        ];
        assert_eq!(ran.lines(), expected, "{}", ran.start.name());
        let events = &ran.told.events;
        let woken: Vec<u32> = done(events)
            .iter()
            .filter_map(|done| if let Deed::Notified { woken } = done.deed { Some(woken) } else { None })
            .collect();
        // The parent may be waiting already when the child writes, or look only then.
        assert!(woken[..2] == [2, 1] && woken[2] <= 1, "{}: {woken:?}", ran.start.name());
        // At its recursion depth.
        let lock = object(events, "condition._lock");
        let (mine, parent) = (done(events), ActorId::PARENT);
        let counts = mine.iter().filter(|done| done.object == lock && done.by == parent).map(|done| done.deed);
        let (taken, given) = (|left| Deed::Acquired { left }, |left| Deed::Released { left });
        let begin = [taken(1), taken(2), given(0), taken(1), taken(2), given(1), given(0)];
        assert_eq!(counts.take(7).collect::<Vec<_>>(), begin, "{}", ran.start.name());
    });
}

#[test]
fn h06_and_h07_python_agrees() {
    same_in_python("condition-rules", &[]);
}

#[test]
fn h08_the_rules_of_events() {
    each("event-rules", &[("pulse", 0)], |ran| {
        let expected = [
            "new: False",
            "within 0.1 s: False",
            "set twice: True",
            "at once: True",
            "within 0 s: True",
            "cleared: False",
            "within -1 s: False",
            "the child saw it: True",
        ];
        assert_eq!(ran.lines(), expected, "{}", ran.start.name());
    });
}

#[test]
fn h08_python_agrees() {
    same_in_python("event-rules", &[("pulse", 0)]);
}

#[test]
fn h09_a_pulse_is_seen_or_missed_and_both_are_told() {
    each("event-rules", &[], |ran| {
        let line = ran.lines().into_iter().find(|line| line.starts_with("the child saw the pulse:")).expect("printed");
        let events = done(&ran.told.events);
        let child = ran.actor("Process-2").id;
        let deed = events.iter().find(|done| done.by == child).expect("it waited").deed;
        let expected = if line.ends_with("True") { Deed::Saw } else { Deed::GaveUp { wish: Wish::Set } };
        assert_eq!(deed, expected, "{}: {line}", ran.start.name());
    });
}

#[test]
fn h08_nobody_runs_before_the_gun() {
    each("starting-gun", &[("runners", 5), ("wait-ms", 400)], |ran| {
        let set = done(&ran.told.events).iter().find(|done| done.deed == Deed::Set).expect("it was set").since_ns;
        let runs: Vec<u64> =
            ran.run.printed.iter().filter(|line| line.line.ends_with("runs")).map(|line| line.at_ns).collect();
        assert!(runs.len() == 5 && runs.iter().all(|&at_ns| at_ns >= set), "{}", ran.start.name());
        assert_eq!(done(&ran.told.events).iter().filter(|done| done.deed == Deed::Saw).count(), 5);
    });
}

#[test]
fn h08_starting_gun_python_agrees() {
    same_in_python("starting-gun", &[("wait-ms", 300)]);
}

#[test]
fn h10_the_rules_of_barriers() {
    each("barrier-rules", &[], |ran| {
        let lines = ran.lines();
        let mut first: Vec<&str> = lines[..4].iter().map(String::as_str).collect();
        first.sort_unstable();
        let passes = ["a child passes as 0", "a child passes as 1", "a child passes as 2", "the action runs"];
        assert_eq!(first, passes, "{}", ran.start.name());
        assert_eq!(lines[0], "the action runs", "{}: it runs before anybody goes on", ran.start.name());
        let rest = [
            "broken: False",
            "BrokenBarrierError",
            "after a wait in vain: True",
            "BrokenBarrierError",
            "after reset: False",
            "BrokenBarrierError",
            "after abort: True",
            "the action runs",
            "whole again: False",
        ];
        assert_eq!(lines[4..], rest, "{}", ran.start.name());
    });
}

#[test]
fn h10_python_agrees() {
    same_in_python("barrier-rules", &[]);
}

#[test]
fn h10_nobody_begins_a_phase_before_all_have_ended_the_one_before() {
    each("barrier-phases", &[("processes", 4), ("phases", 4), ("step-ms", 30)], |ran| {
        let times = |what: &str, phase: u64| -> Vec<u64> {
            let end = format!("{what} phase {phase}");
            ran.run.printed.iter().filter(|line| line.line.ends_with(&end)).map(|line| line.at_ns).collect()
        };
        for phase in 1..4 {
            let (ended, begun) = (times("ends", phase), times("begins", phase + 1));
            assert_eq!((ended.len(), begun.len()), (4, 4), "{}", ran.start.name());
            assert!(ended.iter().max() <= begun.iter().min(), "phase {phase} by {}", ran.start.name());
        }
        assert_eq!(ran.lines().iter().filter(|line| *line == "all have ended the phase").count(), 4);
        let passed = done(&ran.told.events);
        let passed = passed.iter().filter(|done| matches!(done.deed, Deed::Passed { .. }));
        assert_eq!(passed.count(), 16, "{}", ran.start.name());
    });
}

#[test]
fn h10_barrier_phases_python_agrees() {
    same_in_python("barrier-phases", &[("step-ms", 30)]);
}

#[test]
fn h07_a_bounded_buffer_is_never_too_full_and_loses_nothing() {
    for (producers, consumers, places) in [(2, 2, 3), (3, 1, 1), (1, 4, 16)] {
        let knobs =
            [("producers", producers), ("consumers", consumers), ("places", places), ("items", 12), ("work-ms", 3)];
        each("bounded-buffer", &knobs, |ran| {
            let way = format!("{producers}:{consumers}:{places} by {}", ran.start.name());
            let all = i64::try_from(producers).expect("few") * 12;
            assert_eq!(number(ran, "consumed"), number(ran, "produced"), "{way}");
            let events = &ran.told.events;
            let (ring, sums) = (object(events, "ring"), object(events, "sums"));
            let mut taken = Vec::new();
            for Done { object, deed, .. } in done(events) {
                if let Deed::Updated { index, read, wrote } = deed {
                    if object == ring {
                        assert!(index == 0 && (0..=places as i32).contains(&wrote), "{way}: {wrote} in it");
                    } else if object == sums {
                        taken.push(i64::from(wrote) - i64::from(read));
                    }
                }
            }
            taken.sort_unstable();
            assert!(taken.iter().copied().eq(1..=all), "{way}: {taken:?}");
        });
    }
}

#[test]
fn h07_bounded_buffer_python_agrees() {
    same_in_python("bounded-buffer", &[("work-ms", 5)]);
}
