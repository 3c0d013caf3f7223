//! C: the life of a pool: workers that retire, initializers, `close`, `terminate`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use poolscope::model::Actor;
use poolscope::plan::{Call, Initializer, Plan};
use poolscope::trace::{Exit, Outcome};
use serde_json::{Value, json};

use crate::oracle::python;
use crate::ways::{Finished, processes, quickest, run, sleeps, squares, threads, ways, with_faults};

/// Asserts that CPython does the same.
fn same(case: &str, ours: &Value) {
    if let Some(theirs) = python("c_lifetime.py", case) {
        assert_eq!(ours, &theirs, "{case}: ours and CPython's");
    }
}

/// Asserts that every worker did so many units at most and left in order, and that each but the first of a
/// place was born after the one before it ended.
fn assert_in_turn(finished: &Finished, most: u64) {
    let workers = finished.workers();
    assert!(workers.iter().all(|worker| worker.units <= most), "{}: {:?}", finished.way, units(&workers));
    assert!(finished.exits().iter().all(|&exit| exit == Exit::Code(0)), "{}", finished.way);
    for place in 1..=finished.run().plan.workers {
        let here: Vec<&&Actor> = workers.iter().filter(|worker| worker.place == place).collect();
        for pair in here.windows(2) {
            let (left_ns, _) = pair[0].exited.expect("it left");
            assert!(left_ns <= pair[1].born_ns, "{}: place {place} was never taken twice", finished.way);
        }
    }
}

fn units(workers: &[&Actor]) -> Vec<u64> {
    workers.iter().map(|worker| worker.units).collect()
}

/// After so many units a worker exits with 0 and a new process takes its place.
#[test]
fn c01_a_worker_retires_after_so_many_units() {
    for way in processes() {
        let finished = run(&Plan { maxtasksperchild: Some(3), ..squares(&way, 24, 1) });
        finished.assert_complete();
        assert_in_turn(&finished, 3);
        let pids: BTreeSet<u32> = finished.workers().iter().map(|worker| worker.pid).collect();
        // Eight of three units each; where both places have a half-used worker at the end, nine.
        assert!((8..=9).contains(&pids.len()), "{}: {:?}", finished.way, units(&finished.workers()));
        let most = finished.workers().iter().map(|worker| worker.units).max();
        same("C01", &json!([most, true]));
        // It counts units, not items: with fours, twelve items.
        let finished = run(&Plan { maxtasksperchild: Some(3), ..squares(&way, 48, 4) });
        finished.assert_complete();
        assert_in_turn(&finished, 3);
        assert!((4..=5).contains(&finished.workers().len()), "{:?}", units(&finished.workers()));
    }
}

/// `maxtasksperchild=0` is an error.
#[test]
fn c02_a_worker_does_at_least_one_unit() {
    let plan = Plan { maxtasksperchild: Some(0), ..squares(&quickest(), 6, 1) };
    let refused = plan.check().expect_err("it is refused").to_string();
    assert!(refused.starts_with("maxtasksperchild: 0 is outside 1 and up."), "{refused}");
    same("C02", &json!("ValueError"));
}

/// One unit a worker, and the pool is closed before the last: all results are there (bpo-10332).
#[test]
fn c03_every_result_comes_though_every_worker_does_one_unit() {
    for way in processes() {
        for &call in Call::ALL {
            let finished = run(&Plan { call, maxtasksperchild: Some(1), ..squares(&way, 12, 1) });
            let values = finished.assert_complete().list();
            assert_in_turn(&finished, 1);
            // One for each unit, and at most one at each place that came too late for any.
            assert!((12..=14).contains(&finished.workers().len()), "{}: {call:?}", finished.way);
            same("C03", &json!(values));
        }
    }
}

/// Hundreds of replacements: every result, every exit reaped, never more workers than the pool has places.
#[test]
fn c04_hundreds_of_replacements() {
    for way in processes() {
        let items = if way.start == quickest().start { 600 } else { 60 };
        let finished = run(&Plan { maxtasksperchild: Some(1), workers: 3, ..squares(&way, items, 1) });
        finished.assert_complete();
        assert_in_turn(&finished, 1);
        assert!((items..=items + 3).contains(&(finished.exits().len() as u64)), "{}", finished.way);
        assert!(finished.most_alive() <= 3, "{}: {} at once", finished.way, finished.most_alive());
    }
}

/// The initializer runs once in each worker, replacements too.
#[test]
fn c05_the_initializer_runs_once_in_each_worker() {
    for way in ways() {
        let maxtasksperchild = way.with.has_processes().then_some(2);
        let initializer = Some(Initializer::Prepare);
        let finished = run(&Plan { initializer, maxtasksperchild, ..squares(&way, 8, 1) });
        finished.assert_complete();
        let mut printed: Vec<u32> = finished.run().printed.iter().map(|line| line.by.0).collect();
        printed.sort_unstable();
        let mut workers: Vec<u32> = finished.workers().iter().map(|worker| worker.id.0).collect();
        workers.sort_unstable();
        assert_eq!(printed, workers, "{}", finished.way);
        assert!(finished.workers().len() >= if maxtasksperchild.is_some() { 4 } else { 2 });
        same("C05", &json!(printed == workers));
    }
}

/// An initializer that always fails: after a few replacements the pool gives up and says why. (CPython starts
/// processes for ever, and tells nobody.)
#[test]
fn c06_an_initializer_that_always_fails_ends_the_run() {
    for way in ways() {
        let finished = run(&Plan { initializer: Some(Initializer::Fails), ..squares(&way, 8, 1) });
        let Outcome::Failed(sentence) = finished.outcome() else { panic!("{:?}", finished.outcome()) };
        assert!(sentence.contains("initializer"), "{}: {sentence}", finished.way);
        assert!(finished.workers().len() <= 2 + 11, "{}: {} workers", finished.way, finished.workers().len());
        assert_eq!(finished.values().len(), 0, "{}", finished.way);
    }
}

/// The pool is closed and joined only when all work is done; then everybody has left in order.
#[test]
fn c08_close_and_join_come_after_the_work() {
    for way in ways() {
        let finished = run(&sleeps(&way, 6, 1));
        finished.assert_complete();
        let (close, join) = (finished.calls("pool.close()"), finished.calls("pool.join()"));
        assert_eq!((close.len(), join.len()), (1, 1), "{}", finished.way);
        let last_ns = finished.run().units.arrivals().last().expect("six").0;
        assert!(close[0].from_ns >= last_ns && join[0].to_ns >= close[0].to_ns, "{}", finished.way);
        assert!(finished.exits().iter().all(|exit| exit.is_success()), "{}", finished.way);
        same("C08", &json!(finished.exits().len()));
    }
}

/// `terminate()` with work outstanding: what is not done fails as terminated. (In CPython it never comes.)
#[test]
fn c09_terminate_fails_what_is_outstanding() {
    for way in ways() {
        for &call in Call::ALL {
            // Each call is cut off in the middle: a minute of work, and a tenth of a second for it.
            let plan = Plan { call, terminate_after_ms: Some(100), ..sleeps(&way, 6000, 1) };
            let finished = run(&plan);
            finished.assert_raised("Terminated");
            assert!(finished.failed().iter().all(|(_, kind)| *kind == "Terminated"), "{}: {call:?}", finished.way);
            assert!(!finished.failed().is_empty(), "{}: {call:?}", finished.way);
            assert_eq!(finished.calls("pool.terminate()").len(), 1, "{}: {call:?}", finished.way);
        }
    }
}

/// Ten thousand tasks and `terminate()`: it returns soon.
#[test]
fn c10_terminate_is_quick() {
    for way in ways() {
        let began = Instant::now();
        let finished = run(&Plan { terminate_after_ms: Some(50), ..sleeps(&way, 10_000, 1) });
        finished.assert_raised("Terminated");
        assert!(began.elapsed() < Duration::from_secs(10), "{}: {:?}", finished.way, began.elapsed());
    }
}

/// Workers that ignore SIGTERM are killed after a while, and the trace shows both. (CPython waits for ever.)
#[cfg(unix)]
#[test]
fn c11_who_ignores_terminate_is_killed() {
    for way in processes() {
        let initializer = Some(Initializer::IgnoreTerminate);
        let finished = run(&Plan { initializer, terminate_after_ms: Some(400), ..sleeps(&way, 6000, 1) });
        finished.assert_raised("Terminated");
        for worker in finished.workers() {
            let signals: Vec<&str> = worker.signals.iter().map(|sent| sent.signal.as_str()).collect();
            assert_eq!(signals, ["SIGTERM", "SIGKILL"], "{}", finished.way);
            assert_eq!(worker.exited.expect("it ended").1, Exit::Signal(9), "{}", finished.way);
        }
    }
}

/// Who was only asked ends by SIGTERM, and needs no second signal.
#[cfg(unix)]
#[test]
fn c11_who_obeys_terminate_is_not_killed() {
    for way in processes() {
        let finished = run(&Plan { terminate_after_ms: Some(100), ..sleeps(&way, 6000, 1) });
        for worker in finished.workers() {
            let signals: Vec<&str> = worker.signals.iter().map(|sent| sent.signal.as_str()).collect();
            assert_eq!(signals, ["SIGTERM"], "{}", finished.way);
            assert_eq!(worker.exited.expect("it ended").1, Exit::Signal(15), "{}", finished.way);
        }
    }
}

/// A callback or an error in the way of the end changes nothing: the run ends once, with one verdict.
#[test]
fn c14_an_error_and_terminate_in_one_run() {
    for way in ways() {
        let plan = Plan { terminate_after_ms: Some(150), ..sleeps(&way, 6000, 1) };
        let finished = run(&with_faults(plan, &["error@call:0"]));
        // The error came first.
        finished.assert_raised("ValueError");
        assert_eq!(finished.failed()[0], (0, "ValueError"), "{}", finished.way);
        assert_eq!(finished.calls("pool.terminate()").len(), 1, "{}", finished.way);
    }
}

/// Threads do not retire, in Python's `ThreadPool` neither: who asks for it is told.
#[test]
fn threads_stay() {
    let plan = Plan { maxtasksperchild: Some(1), ..squares(&threads(), 12, 1) };
    let refused = plan.check().expect_err("it is refused").to_string();
    assert!(refused.starts_with("maxtasksperchild: not with threads. A ThreadPool has none"), "{refused}");
    let finished = run(&Plan { maxtasksperchild: None, ..plan });
    assert_eq!(finished.assert_complete().workers().len(), 2);
}
