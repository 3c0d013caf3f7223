//! Locks and semaphores, events, conditions and barriers, and numbers in shared memory: what each promises is asserted
//! from what was told of its program, under every start method of this machine, and where Python is at hand, whether
//! it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

mod common;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use common::programs::{Ran, at_once, model, plan, run, same_in_python};
use poolscope::model::check;
use poolscope::plan::StartMethod;
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Awaited, Deed, Event, Exit, ObjectId, Outcome, What, Wish};

/// Runs a program under every start method.
fn each(name: &str, knobs: &[(&str, u64)], assert: impl Fn(&Ran) + Sync) {
    at_once(|start| assert(&run(name, start, knobs)));
}

/// What was done, by whom, from when and until when.
struct Done {
    by: ActorId,
    object: ObjectId,
    since_ns: u64,
    at_ns: u64,
    deed: Deed,
}

/// Everything that was done with objects, by time.
fn done(events: &[Event]) -> Vec<Done> {
    let mut done: Vec<Done> = events
        .iter()
        .filter_map(|event| match event.what {
            What::Used { object, since_ns, deed } => {
                Some(Done { by: event.by, object, since_ns, at_ns: event.at_ns, deed })
            }
            _ => None,
        })
        .collect();
    done.sort_by_key(|done| done.at_ns);
    done
}

/// The most that had a permit of this object at the same time, as far as their own clocks tell.
fn most_inside(events: &[Event], object: ObjectId) -> usize {
    let mut inside = 0_i32;
    let mut most = 0;
    for done in done(events).iter().filter(|done| done.object == object) {
        match done.deed {
            Deed::Acquired { .. } => inside += 1,
            Deed::Released { .. } => inside -= 1,
            _ => {}
        }
        most = most.max(inside);
    }
    assert_eq!(inside, 0, "all of it was given back");
    most as usize
}

/// The id of the object of this name.
fn object(events: &[Event], name: &str) -> ObjectId {
    let made = events.iter().find_map(|event| match &event.what {
        What::ObjectMade(made) if made.name == name => Some(made.object),
        _ => None,
    });
    made.unwrap_or_else(|| panic!("there is no object {name}"))
}

/// The number in the line that begins like this.
fn number(ran: &Ran, label: &str) -> u64 {
    let lines = ran.lines();
    let line = lines.iter().find_map(|line| line.strip_prefix(label)).unwrap_or_else(|| panic!("{label}: {lines:?}"));
    line.trim().parse().expect("a number")
}

#[test]
fn i01_with_its_lock_not_one_update_is_lost_and_only_one_has_it() {
    each("lost-updates", &[("lock", 1)], |ran| {
        assert_eq!(ran.lines(), ["counted 80000", "expected 80000"], "{}", ran.start.name());
        let events = &ran.told.events;
        assert_eq!(most_inside(events, object(events, "counter.get_lock()")), 1, "{}", ran.start.name());
        // Each wrote what nobody had written before.
        let updates = done(events);
        let wrote = updates.iter().filter_map(|done| match done.deed {
            Deed::Updated { read, wrote, .. } => Some((read, wrote)),
            _ => None,
        });
        assert!(wrote.eq((0..80_000).map(|number| (number, number + 1))), "{}", ran.start.name());
    });
}

#[test]
fn i01_and_i02_without_it_updates_are_lost_never_the_same_and_never_too_few() {
    let runs: usize = std::env::var("POOLSCOPE_SPREAD_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    at_once(|start| {
        let mut counted = Vec::new();
        // On a machine with no second core to spare it may take a while until two of them meet.
        while counted.len() < runs || counted.len() < 60 && counted.iter().collect::<BTreeSet<_>>().len() < 2 {
            let ran = run("lost-updates", start, &[]);
            let updates =
                done(&ran.told.events).iter().filter(|done| matches!(done.deed, Deed::Updated { .. })).count();
            assert_eq!(updates, 80_000, "{}: each was told", start.name());
            counted.push(number(&ran, "counted"));
        }
        println!("{}: {counted:?}", start.name());
        assert!(counted.iter().all(|&counted| counted <= 80_000), "{}: {counted:?}", start.name());
        assert!(counted.iter().collect::<BTreeSet<_>>().len() > 1, "{}: {counted:?}", start.name());
    });
}

#[test]
fn i01_a_lost_update_is_one_that_read_what_another_had_read() {
    at_once(|start| {
        let ran = run("lost-updates", start, &[("processes", 2), ("times", 100_000)]);
        let (mut reads, mut highest) = (HashMap::<i32, u64>::new(), 0);
        for done in done(&ran.told.events) {
            if let Deed::Updated { read, wrote, .. } = done.deed {
                *reads.entry(read).or_default() += 1;
                highest = highest.max(u64::from(wrote.unsigned_abs()));
            }
        }
        let again: u64 = reads.values().map(|times| times - 1).sum();
        let lost = 200_000 - number(&ran, "counted");
        println!("{}: {lost} lost, {again} read what another had read", start.name());
        assert!(again >= u64::from(lost > 0), "{}: nothing is lost for no reason", start.name());
        // What is missing in the highest number there ever was, others had read before.
        assert!(again >= 200_000 - highest, "{}: {again} read again, and it came to {highest}", start.name());
    });
}

#[test]
fn i03_and_i04_numbers_are_c_ints_and_arrays_keep_their_length() {
    each("value-types", &[], |ran| {
        let expected = [
            "largest 2147483647",
            "one more -2147483648",
            "new array [0, 0, 0, 0, 0]",
            "new raw array [0, 0, 0]",
            "length 5",
            "slice [6, 7]",
            "last 9",
            "too large -2147483648",
            "IndexError: invalid index",
            "IndexError: invalid index",
            "IndexError: invalid index",
            "ValueError: Can only assign sequence of same size",
            "the child finds [5, -2147483648, 7, 8, 9]",
            "after the child [50, -2147483648, 7, 8, 9]",
        ];
        assert_eq!(ran.lines(), expected, "{}", ran.start.name());
    });
}

#[test]
fn i03_and_i04_python_agrees() {
    same_in_python("value-types", &[]);
}

#[test]
fn i04_slices_of_an_array_are_summed_where_they_lie() {
    each("shared-array", &[("processes", 3), ("length", 100)], |ran| {
        let parts = [(0..33).sum::<i32>(), (33..66).sum(), (66..100).sum()];
        assert_eq!(ran.lines(), [format!("sums {parts:?}"), "total 4950".to_owned()], "{}", ran.start.name());
        let events = &ran.told.events;
        for (number, part) in (0_u16..).zip(parts) {
            let writer = ran.actor(&format!("Process-{}", number + 1)).id;
            let wrote = Deed::Wrote { index: number, value: part.into() };
            let sums = object(events, "sums");
            assert!(done(events).iter().any(|done| done.by == writer && done.object == sums && done.deed == wrote));
        }
    });
}

#[test]
fn i04_shared_array_python_agrees() {
    same_in_python("shared-array", &[]);
}

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

#[test]
fn g09_a_lock_whose_owner_was_killed_stays_taken_for_ever() {
    each("dead-owner", &[], |ran| {
        assert_eq!(ran.lines(), ["within 0.5 s: False", "after a release: True"], "{}", ran.start.name());
        assert_eq!(ran.exit("Process-1"), Exit::Signal(9));
        assert!(!done(&ran.told.events).iter().any(|done| matches!(done.deed, Deed::Recovered { .. })));
    });
}

#[test]
fn g09_python_agrees() {
    same_in_python("dead-owner", &[]);
}

#[test]
fn g09_the_robust_lock_is_free_again_and_says_why() {
    each("dead-owner", &[("robust", 1)], |ran| {
        let said = "its last owner died while it had the lock: what it guards may be half-done";
        let lines = ran.lines();
        assert_eq!(lines, [said, "within 0.5 s: True", "after a release: True"], "{}", ran.start.name());
        let owner = ran.actor("Process-1").id;
        let deeds: Vec<(ActorId, Deed)> = done(&ran.told.events)
            .iter()
            .filter(|done| done.object == ObjectId(0))
            .map(|done| (done.by, done.deed))
            .collect();
        let parent = ActorId::PARENT;
        let (taken, given) = (Deed::Acquired { left: 0 }, Deed::Released { left: 1 });
        let recovered = (parent, Deed::Recovered { owner });
        assert_eq!(deeds, [(owner, taken), recovered, (parent, taken), (parent, given), (parent, taken)]);
    });
}

#[test]
fn g09_permits_of_a_dead_holder_are_gone_and_the_robust_ones_come_back() {
    for (robust, bounded) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        each("dead-holder", &[("robust", robust), ("bounded", bounded)], |ran| {
            let said = "the last owner of this permit died with it: what it stands for may be half-done";
            let (first, another, left) =
                if robust == 1 { (Some(said), "True", [1, 2]) } else { (None, "False", [0, 1]) };
            let told = [
                "left while both live: 0".to_owned(),
                format!("another within 0.5 s: {another}"),
                format!("left then: {}", left[0]),
                format!("left when the other gave its back: {}", left[1]),
            ];
            let mut lines = ran.lines();
            lines.retain(|line| Some(&line[..]) != first);
            assert_eq!(lines, told, "robust {robust}, bounded {bounded} by {}", ran.start.name());
            assert_eq!(ran.lines().len(), 4 + usize::from(robust == 1));
            let permits = ran.run.object(ObjectId(0)).expect("it was made");
            assert_eq!(permits.free(u64::MAX), left[1], "as far as the trace knows");
            let died = ran.actor("Process-1").id;
            let recovered: Vec<ActorId> = permits.permits.recovered.all().iter().map(|&(_, owner)| owner).collect();
            assert_eq!(recovered, vec![died; 2 * robust as usize], "by {}", ran.start.name());
        });
    }
}

#[test]
fn g09_dead_holder_python_agrees() {
    same_in_python("dead-holder", &[]);
    same_in_python("dead-holder", &[("bounded", 1), ("permits", 2)]);
}

#[test]
fn g09_what_the_dead_had_comes_back_though_whoever_would_notice_is_killed_too() {
    each("dead-heir", &[("robust", 1)], |ran| {
        let said = "its last owner died while it had the lock: what it guards may be half-done";
        let permit = "the last owner of this permit died with it: what it stands for may be half-done";
        let told =
            ["the lock within 2 s: True", "the permit within 0.5 s: True", "the barrier is broken: True", "got 2"];
        let mut lines = ran.lines();
        lines.retain(|line| line != said && line != permit);
        assert_eq!(lines, told, "by {}", ran.start.name());
        let killed = ran.run.actors.iter().filter(|actor| {
            let exit = actor.exited.map(|(_, exit)| exit);
            // Nobody is left who could say how the child of a dead server ended.
            exit == Some(Exit::Signal(9)) || exit == Some(Exit::Unknown) && ran.start == StartMethod::Forkserver
        });
        assert!(killed.count() >= 2, "by {}", ran.start.name());
    });
}

#[test]
fn g09_without_robust_objects_nothing_comes_back() {
    each("dead-heir", &[], |ran| {
        let told =
            ["the lock within 2 s: False", "the permit within 0.5 s: False", "the barrier is broken: False", "Full"];
        assert_eq!(ran.lines(), told, "by {}", ran.start.name());
    });
}

#[test]
fn g09_dead_heir_python_agrees() {
    same_in_python("dead-heir", &[]);
}

#[test]
fn g10_a_killed_waiter_holds_up_nobody() {
    each("dead-waiter", &[], |ran| {
        assert_eq!(ran.lines(), ["notify_all() returned", "Process-2 was notified"], "{}", ran.start.name());
        assert_eq!((ran.exit("Process-1"), ran.exit("Process-2")), (Exit::Signal(9), Exit::Code(0)));
    });
}

#[test]
fn g10_a_barrier_whose_party_was_killed_is_broken_at_the_latest_when_the_time_is_up() {
    for robust in [0, 1] {
        each("dead-party", &[("robust", robust)], |ran| {
            let way = format!("robust {robust} by {}", ran.start.name());
            assert_eq!(ran.lines(), ["BrokenBarrierError", "BrokenBarrierError", "broken True"], "{way}");
            let all = done(&ran.told.events);
            let killed = ran.actor("Process-3").id;
            let mut first = all.iter().filter(|done| done.deed == Deed::Broke && done.by != killed);
            let first = first.next().expect("it broke");
            // Who breaks the faithful one is somebody whose time is up.
            assert_eq!(first.by == ActorId::PARENT, robust == 1, "{way}");
            if robust == 0 {
                assert!(first.at_ns - first.since_ns >= 2_000_000_000, "{way}");
            }
        });
    }
}

#[test]
fn g10_dead_party_python_agrees() {
    same_in_python("dead-party", &[]);
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
