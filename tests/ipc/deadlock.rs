//! Deadlocks of real runs, as whoever watches learns of them: named within a second, in words that say who waits for
//! whom, the same live and in a replay; and never where somebody is only slow.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::time::{Duration, Instant};

use crate::common;
use crate::common::live::Live;
use crate::common::programs::{at_once, ended_at, methods, plan};
use poolscope::model::{Model, Run};
use poolscope::plan::{Action, Plan, StartMethod};
use poolscope::session::Options;
use poolscope::trace::file;
use poolscope::trace::{ActorId, Outcome, Role};

/// So often what must happen within a time is tried: the tests may have no core just then.
const TRIES: u32 = 5;

const TWO_LOCKS: &str = "Deadlock: Process-1 waits for lock b, which Process-2 holds; \
                         Process-2 waits for lock a, which Process-1 holds.";
const BOTH_SEND: &str = "Deadlock: Parent waits for room in the pipe, which is full; only Process-1 could take \
                         something out; Process-1 waits for room in the pipe, which is full; only Parent could take \
                         something out.";

/// A program that is watched until a deadlock is named.
fn named(name: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Live {
    let mut live = Live::start(&ended_at(60_000, plan(name, start, knobs)), Options::default());
    let is_named = live.look_until(|live| !live.named().is_empty());
    assert!(is_named, "{name} by {}: it ended, and nothing was named", start.name());
    live
}

/// How long after the last one began to wait it was named.
fn took(live: &Live) -> Duration {
    let run = live.model.last_run().expect("it began");
    let closed_ns = run.deadlocks()[0].links.iter().map(|link| link.from_ns).max().expect("somebody waits");
    Duration::from_nanos(live.looked_ns - closed_ns)
}

#[test]
fn f21_and_h11_a_deadlock_is_named_within_a_second_of_the_last_wait() {
    for (name, words) in [("two-locks", TWO_LOCKS), ("both-send-first", BOTH_SEND)] {
        for &start in methods() {
            let mut times = Vec::new();
            let in_time = (0..TRIES).any(|_| {
                let live = named(name, start, &[]);
                assert_eq!(live.named(), [words], "by {}", start.name());
                times.push(took(&live));
                took(&live) < Duration::from_secs(1)
            });
            assert!(in_time, "{name} by {}: {times:?}", start.name());
        }
    }
}

#[test]
fn what_is_named_says_who_waits_for_whom_and_who_died_with_what() {
    let feeder = "QueueFeederThread of";
    let told = [
        (
            "join-before-drain",
            vec![],
            format!(
                "Deadlock: Parent waits for Process-1 to end; Process-1 waits for its feeder thread to write all it has \
                 into queue q; {feeder} Process-1 waits for room in the pipe of queue q, which is full; only Parent \
                 could take something out."
            ),
        ),
        (
            "two-locks",
            vec![("managed", 1)],
            "Deadlock: Process-2 waits for lock b, which Process-3 holds; Process-3 waits for lock a, which Process-2 \
             holds."
                .to_owned(),
        ),
        (
            "killed-at-a-queue",
            vec![("writer", 0)],
            "Its owner died: Process-2 waits for the read lock of queue q, which Process-1 held when it ended. Nobody \
             will ever give it back."
                .to_owned(),
        ),
        (
            "killed-at-a-queue",
            vec![("writer", 1)],
            format!(
                "Its owner died: {feeder} Process-2 waits for the write lock of queue q, which {feeder} Process-1 held \
                 when it ended. Nobody will ever give it back."
            ),
        ),
    ];
    at_once(|start| {
        for (name, knobs, words) in &told {
            assert_eq!(named(name, start, knobs).named(), [words.as_str()], "{name} by {}", start.name());
        }
    });
}

/// All that is said of who waited, and of what was shared, in a run.
fn words(run: &Run) -> Vec<String> {
    let waits = run.actors.iter().flat_map(|actor| run.waits_of(actor.id));
    let waits = waits.map(|wait| {
        let (from_ns, to_ns) = (wait.from_ns - run.began_ns, wait.to_ns.saturating_sub(run.began_ns));
        let words = run.wish_in_words(wait, wait.from_ns);
        format!("{} {words} {from_ns} to {to_ns} {} {}", run.full_title(wait.actor), wait.got, wait.cut)
    });
    let objects = run.objects().iter().map(|object| {
        let roads = object.stations.roads.iter();
        let roads: Vec<_> = roads.map(|(lane, road)| (lane, road.most_under_way(), road.got.total_sum())).collect();
        let turns: Vec<_> = object.permits.turns().collect();
        let longest_ns = run.longest_wait_ns(object.id);
        let told = (&object.name, object.uses, object.waits, longest_ns, object.trips.made(u64::MAX));
        format!("{told:?} {turns:?} {roads:?} {:?} {:?}", object.cells.lost(object.initial.unwrap_or(0)), object.flags)
    });
    let deadlocks = run.deadlocks().iter().map(|deadlock| {
        let (since_ns, until_ns) = (deadlock.since_ns - run.began_ns, deadlock.until_ns.saturating_sub(run.began_ns));
        format!("{} {since_ns} to {until_ns}", run.deadlock_in_words(deadlock, u64::MAX))
    });
    waits.chain(objects).chain(deadlocks).collect()
}

#[test]
fn what_was_watched_live_is_told_as_its_replay_is() {
    at_once(|start| {
        for (name, knobs) in [
            ("two-locks", vec![]),
            ("join-before-drain", vec![]),
            ("producers-consumers", vec![("items", 8), ("work-ms", 10)]),
            ("bounded-buffer", vec![("items", 5), ("work-ms", 10)]),
            ("lost-updates", vec![("times", 2000)]),
            ("manager-dict", vec![("updates", 50)]),
            ("killed-at-a-queue", vec![("robust", 1)]),
        ] {
            let way = format!("{name} by {}", start.name());
            let folder = tempfile::tempdir().expect("a folder");
            let trace = folder.path().join("it.trace");
            let options = Options { trace: Some(trace.clone()), ..Options::default() };
            let mut live = Live::start(&ended_at(3000, plan(name, start, &knobs)), options);
            assert!(!live.look_until(|_| false), "{way}");
            let opened = file::open(&trace).expect("it was recorded");
            let (seen, again) = (&live.model.runs[0], Model::of(&opened.events));
            assert_eq!(words(seen), words(&again.runs[0]), "{way}");
            assert!(!words(seen).is_empty(), "{way}: there is something to tell");
        }
    });
}

/// Sends a signal to every child of a program that lives, with or without telling the trace.
fn signal(live: &Live, action: Action, is_told: bool) {
    let run = live.model.last_run().expect("it began");
    for actor in run.actors.iter().filter(|actor| actor.role == Role::Process && actor.exited.is_none()) {
        if is_told {
            live.session.order(actor.id, action);
        } else {
            let name = if action == Action::Stop { "-STOP" } else { "-CONT" };
            let mut command = std::process::Command::new("kill");
            let sent = command.args([name, &actor.pid.to_string()]).stderr(std::process::Stdio::null()).status();
            sent.expect("there is such a command");
        }
    }
}

/// Watches a program whose children all stand still for a while, more than once; what was named.
fn stopped(plan: &Plan, is_told: bool, from: Duration) -> (Vec<String>, Option<Outcome>) {
    let mut live = Live::start(plan, Options::default());
    let has_child = |live: &Live| {
        let run = live.model.last_run();
        run.is_some_and(|run| run.actors.iter().any(|actor| actor.id != ActorId::PARENT && actor.ready_ns.is_some()))
    };
    assert!(live.look_until(has_child));
    std::thread::sleep(from);
    for _ in 0..2 {
        signal(&live, Action::Stop, is_told);
        let until = Instant::now() + Duration::from_millis(1300);
        while Instant::now() < until && live.ending.is_none() {
            live.look();
        }
        signal(&live, Action::Continue, is_told);
        live.look();
    }
    live.look_until(|_| false);
    let outcome = live.model.last_run().and_then(|run| Some(run.end.as_ref()?.outcome.clone()));
    (live.named(), outcome)
}

#[test]
fn who_stands_still_is_in_no_deadlock_whether_that_is_told_or_not() {
    // Not told, it is as if they had no core for so long.
    for is_told in [true, false] {
        let programs = [
            ("bounded-buffer", vec![("items", 30), ("work-ms", 20)]),
            ("producers-consumers", vec![("items", 30), ("work-ms", 20)]),
            ("task-done", vec![("items", 30), ("work-ms", 60)]),
            ("barrier-phases", vec![("phases", 10), ("step-ms", 40)]),
            ("semaphore", vec![("inside-ms", 200)]),
            ("two-locks", vec![("same-order", 1), ("managed", 1)]),
            ("ping-pong", vec![("rounds", 20_000)]),
        ];
        common::jobs(programs.len() as u64, 4, |number| {
            let (name, knobs) = &programs[number as usize];
            let start = methods()[number as usize % methods().len()];
            let plan = ended_at(50_000, plan(name, start, knobs));
            // A moment that is another one in each.
            let (named, outcome) = stopped(&plan, is_told, Duration::from_millis(number * 37));
            assert_eq!(named, Vec::<String>::new(), "{name} by {}, told: {is_told}", start.name());
            assert_eq!(outcome, Some(Outcome::Complete), "{name} by {}, told: {is_told}", start.name());
        });
    }
}
