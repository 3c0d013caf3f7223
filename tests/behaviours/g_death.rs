//! G: a worker dies. Never a hang, never a result lost or doubled without a word, nobody left behind.

use std::time::Duration;

use poolscope::plan::{Call, LossPolicy, Plan};
use poolscope::trace::{Exit, Fate, Outcome};

use crate::ways::{Finished, processes, run, run_whatever_happens, sleeps, squares, threads, with_faults};

/// Eight items on two workers; item 3 kills its worker.
fn killed_at_three(way: &Plan, policy: LossPolicy, once: &str) -> Finished {
    let plan = Plan { policy, call: Call::MapAsync, deadline_ms: Some(1000), ..squares(way, 8, 1) };
    run(&with_faults(plan, &[&format!("kill@call:3{once}")]))
}

/// What became of the units that workers had when they died, for those that had begun.
fn fates(finished: &Finished, unit: u32) -> Vec<Fate> {
    finished.run().lost.iter().filter(|lost| lost.unit == unit).map(|lost| lost.fate).collect()
}

/// `replace`: the lost unit fails and no other; the sentence says who died and how.
#[test]
fn g01_replace_fails_the_lost_unit() {
    for way in processes() {
        let finished = killed_at_three(&way, LossPolicy::Replace, "");
        let sentence = finished.assert_raised("WorkerLostError");
        assert!(sentence.contains("SIGKILL") || cfg!(windows), "{sentence}");
        assert_eq!((finished.failed(), finished.values().len()), (vec![(3, "WorkerLostError")], 7));
        assert_eq!(fates(&finished, 3), [Fate::Fails], "{}", finished.way);
    }
}

/// `retry`: the unit is computed again, three times at most.
#[test]
fn g01_retry_computes_the_unit_again() {
    for way in processes() {
        let finished = killed_at_three(&way, LossPolicy::Retry, ":once");
        assert_eq!(finished.assert_complete().list(), [0, 1, 4, 9, 16, 25, 36, 49], "{}", finished.way);
        assert_eq!(fates(&finished, 3), [Fate::Retried], "{}", finished.way);

        let finished = killed_at_three(&way, LossPolicy::Retry, "");
        finished.assert_raised("WorkerLostError");
        assert_eq!(fates(&finished, 3), [Fate::Retried, Fate::Retried, Fate::Fails], "{}", finished.way);
        assert_eq!((finished.failed().len(), finished.values().len()), (1, 7), "{}", finished.way);
    }
}

/// `broken`, as `ProcessPoolExecutor`: everything that is not done fails, and nobody is replaced.
#[test]
fn g01_broken_fails_the_rest() {
    for way in processes() {
        let finished = killed_at_three(&way, LossPolicy::Broken, "");
        finished.assert_raised("BrokenProcessPool");
        let failed = finished.failed();
        assert!(failed.iter().all(|(_, kind)| *kind == "BrokenProcessPool"), "{}: {failed:?}", finished.way);
        assert!(failed.iter().any(|(unit, _)| *unit == 3));
        // Nothing is lost without a word: a result or an error for each.
        assert_eq!(failed.len() + finished.values().len(), 8, "{}", finished.way);
        assert_eq!(finished.workers().len(), 2, "{}: nobody is replaced", finished.way);
    }
}

/// `lost`, as `Pool`: the result never comes. The deadline ends it, and the sentence names the unit.
#[test]
fn g01_lost_waits_for_the_deadline() {
    for way in processes() {
        let finished = killed_at_three(&way, LossPolicy::Lost, "");
        let Outcome::Failed(sentence) = finished.outcome() else { panic!("{:?}", finished.outcome()) };
        assert!(sentence.contains("deadline") && sentence.contains("nit 3"), "{}: {sentence}", finished.way);
        assert_eq!(fates(&finished, 3), [Fate::NeverComes], "{}", finished.way);
        assert_eq!(finished.values().len(), 7, "{}: all the others came", finished.way);
    }
}

/// A worker that dies is noticed within a second, its exit is named, its place filled, and all else is done.
#[test]
fn g02_a_death_is_noticed_and_the_worker_replaced() {
    for way in processes() {
        for (action, exit) in [("kill", Exit::Signal(9)), ("libc-exit", Exit::Code(7)), ("abort", Exit::Signal(6))] {
            if cfg!(windows) && !matches!(exit, Exit::Code(_)) {
                continue;
            }
            let finished = run(&with_faults(sleeps(&way, 20, 1), &[&format!("{action}@call:3")]));
            finished.assert_raised("WorkerLostError");
            assert_eq!((finished.failed(), finished.run().units.arrivals().len()), (vec![(3, "WorkerLostError")], 19));
            let workers = finished.workers();
            let dead: Vec<_> =
                workers.iter().filter(|worker| worker.exited.is_some_and(|(_, how)| how == exit)).collect();
            assert_eq!((dead.len(), workers.len()), (1, 3), "{}: {:?}", finished.way, finished.exits());
            assert_eq!(workers[2].place, dead[0].place, "{}: in its place", finished.way);
            let began_ns = finished.run().units.get(3).and_then(|unit| unit.began_ns);
            let failed_ns = finished.run().failures[0].at_ns;
            let lag = began_ns.map(|began_ns| Duration::from_nanos(failed_ns.saturating_sub(began_ns)));
            assert!(lag.is_none_or(|lag| lag < Duration::from_secs(1)), "{}: {lag:?}", finished.way);
        }
    }
}

/// Killed at whatever moment by the clock: each unit has its result or its error, and none has two.
#[test]
fn g03_killed_at_any_moment() {
    for way in processes() {
        for after_ms in [0, 1, 2, 3, 5, 8, 13, 40] {
            let faults = [format!("kill@worker:1:{after_ms}ms"), format!("kill@worker:2:{}ms", after_ms + 1)];
            let plan = with_faults(sleeps(&way, 12, 1), &[&faults[0], &faults[1]]);
            let finished = run(&Plan { deadline_ms: Some(20_000), ..plan });
            assert!(matches!(finished.outcome(), Outcome::Complete | Outcome::Raised(_)), "{:?}", finished.outcome());
            let arrived = finished.run().units.arrivals().len();
            assert_eq!(arrived + finished.failed().len(), 12, "{}: after {after_ms} ms", finished.way);
        }
    }
}

/// As many workers as there are, and each of them is killed: an end, and no hang. More than ten within five
/// seconds, and more than twice all of them, is too much for the pool.
#[test]
fn g05_everybody_is_killed() {
    for way in processes() {
        for (workers, kills) in [(1, 1), (2, 2), (5, 5), (13, 13), (2, 12)] {
            let faults: Vec<String> = (0..kills).map(|item| format!("kill@call:{item}")).collect();
            let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
            let finished = run(&with_faults(Plan { workers, ..squares(&way, 26, 1) }, &faults));
            match finished.outcome() {
                Outcome::Raised(_) if kills <= 10.max(2 * workers) => {
                    assert_eq!(finished.failed().len(), kills as usize, "{}: {workers}", finished.way);
                    assert_eq!(finished.values().len(), 26 - kills as usize, "{}: {workers}", finished.way);
                }
                Outcome::Failed(sentence) if kills > 10.max(2 * workers) => {
                    assert!(sentence.contains("The pool gives up"), "{}: {sentence}", finished.way);
                }
                other => panic!("{}: {workers}: {other:?}", finished.way),
            }
        }
    }
}

/// A worker is killed while the parent writes it a message of a megabyte, and while it writes one (gh-94777).
#[test]
fn g06_killed_under_a_large_message() {
    for way in processes() {
        for stage in ["decode-arguments", "call", "encode-result"] {
            let (workload, preset) = ("payload".to_owned(), Some("1-mib".to_owned()));
            let plan = Plan { workload, preset, items: Some(8), chunksize: Some(1), ..way.clone() };
            let finished = run(&with_faults(plan.clone(), &[&format!("kill@{stage}:1")]));
            finished.assert_raised("WorkerLostError");
            assert_eq!(finished.failed(), [(1, "WorkerLostError")], "{}: {stage}", finished.way);
            // By the clock, in the middle of whatever it does.
            let finished = run(&with_faults(plan, &["kill@worker:1:2ms", "kill@worker:2:4ms"]));
            assert!(matches!(finished.outcome(), Outcome::Complete | Outcome::Raised(_)), "{:?}", finished.outcome());
        }
    }
}

/// A worker that stands still or never answers ends nothing by itself: the deadline does, and it is killed.
#[test]
fn g08_a_worker_that_never_answers() {
    for way in processes() {
        for fault in ["hang@call:3", "stop@call:3"] {
            if cfg!(windows) && fault.starts_with("stop") {
                continue;
            }
            let finished = run(&Plan { deadline_ms: Some(700), ..with_faults(squares(&way, 8, 1), &[fault]) });
            let Outcome::Failed(sentence) = finished.outcome() else { panic!("{:?}", finished.outcome()) };
            assert!(sentence.contains("deadline of 700 ms"), "{}: {sentence}", finished.way);
        }
        // Who is continued in time goes on as if nothing had been.
        if !cfg!(windows) {
            let faults = ["stop@worker:1:20ms", "continue@worker:1:150ms"];
            let finished = run(&Plan { deadline_ms: Some(20_000), ..with_faults(sleeps(&way, 12, 1), &faults) });
            finished.assert_complete();
        }
    }
}

/// `sys.exit` in a thread ends that thread alone: its unit is lost, its place filled.
#[test]
fn a_thread_that_exits_is_a_lost_worker() {
    let finished = run(&with_faults(sleeps(&threads(), 12, 1), &["exit@call:3"]));
    finished.assert_raised("WorkerLostError");
    assert_eq!((finished.failed(), finished.workers().len()), (vec![(3, "WorkerLostError")], 3));
    assert_eq!(finished.run().units.arrivals().len(), 11);
}

/// A thread that crashes takes the whole process along: the session says so.
#[test]
fn a_crash_in_a_thread_ends_the_engine() {
    for action in ["kill", "segfault", "libc-exit", "abort"] {
        let plan = with_faults(squares(&threads(), 8, 1), &[&format!("{action}@call:3")]);
        let finished = run_whatever_happens(&plan);
        assert!(finished.told.ending.error.is_some(), "{action}: {:?}", finished.told.ending);
        assert_eq!(finished.run().end, None, "{action}");
    }
}
