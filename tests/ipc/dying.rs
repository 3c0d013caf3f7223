//! What is left of locks, permits, conditions and barriers when somebody who uses them is killed.

use poolscope::plan::StartMethod;
use poolscope::trace::{ActorId, Deed, Exit, ObjectId};

use crate::common::programs::same_in_python;
use crate::uses::{done, each};

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
