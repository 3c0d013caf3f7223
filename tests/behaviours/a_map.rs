//! A: `map`, `starmap`, `map_async`, `apply`, `apply_async`: results, order, units, errors, callbacks.

use poolscope::chunk::Cut;
use poolscope::model::{Span, SpanKind};
use poolscope::plan::{Call, Callback, Plan};
use poolscope::trace::{ActorId, Exit, Outcome};
use serde_json::{Value, json};

use crate::oracle::python;
use crate::ways::{processes, quickest, run, sleeps, squares, threads, waits, ways, with_faults};

/// Asserts that CPython does the same.
fn same(case: &str, ours: &Value) {
    if let Some(theirs) = python("a_map.py", case) {
        assert_eq!(ours, &theirs, "{case}: ours and CPython's");
    }
}

/// Results are in input order whatever the finishing order.
#[test]
fn a01_results_are_in_input_order() {
    for way in ways() {
        for call in [Call::Map, Call::Starmap, Call::MapAsync, Call::Apply, Call::ApplyAsync, Call::ImapUnordered] {
            let chunksize = if call.is_single() { 1 } else { 3 };
            let finished = run(&Plan { call, ..squares(&way, 20, chunksize) });
            same("A01", &json!(finished.assert_complete().list()));
        }
    }
}

/// Without a chunksize it is ceil(items / (4 × workers)), from the configured number of workers (A03).
#[test]
fn a02_the_default_chunksize() {
    let golden = [(1, 4), (10, 4), (16, 4), (17, 4), (100, 4), (1000, 3), (7, 2), (8, 2), (9, 2), (1_000_000, 8)];
    let row = |items: u64, workers: u32, cut: Cut| json!([items, workers, cut.chunksize, cut.units(), cut.last()]);
    let rows = golden.map(|(items, workers)| {
        let plan = Plan { workers, chunksize: None, ..squares(&threads(), items, 1) };
        row(items, workers, plan.check().expect("a sound plan").cut)
    });
    same("A02", &json!(rows));
    assert_eq!(rows[9], json!([1_000_000, 8, 31_250, 32, 31_250]));
    // And so it runs.
    for way in ways() {
        let finished = run(&Plan { workers: 3, chunksize: None, ..squares(&way, 1000, 1) });
        assert_eq!(row(1000, 3, finished.assert_complete().run().cut), json!([1000, 3, 84, 12, 76]));
    }
}

/// ceil(n / c) units travel, the last one short; a unit is one request and one reply.
#[test]
fn a04_a_unit_is_one_request_and_one_reply() {
    for way in ways() {
        let finished = run(&squares(&way, 103, 10));
        let run = finished.assert_complete().run();
        assert_eq!((run.cut.units(), run.cut.last()), (11, 3));
        let units = |to_worker: bool| -> usize {
            let roads = run.channels.iter().filter(|road| (road.from == ActorId::PARENT) == to_worker);
            let held = roads.flat_map(|road| (0..road.recorded()).filter_map(|number| road.message(number)));
            held.filter(|message| matches!(message.content, poolscope::trace::Content::Unit(_))).count()
        };
        assert_eq!((units(true), units(false)), (11, 11), "{}", finished.way);
    }
}

/// No items: no results at once, no unit travels (bpo-12157); A06: and nobody is called back.
#[test]
fn a05_a06_no_items() {
    for way in ways() {
        for &call in Call::ALL {
            let callback = call.is_async().then_some(Callback::Counts);
            let finished = run(&Plan { call, callback, ..squares(&way, 0, 1) });
            same("A05", &json!(finished.assert_complete().list()));
            assert_eq!(finished.run().workers().map(|worker| worker.units).sum::<u64>(), 0);
            same("A06", &json!(finished.calls("callback").len()));
        }
    }
}

/// CPython 3.13 returns `[None, None, None]` for chunksize 0 and never runs the function; here it is an error.
#[test]
fn a07_a_chunksize_of_zero_is_an_error() {
    let refused = squares(&threads(), 3, 0).check().expect_err("it is refused").to_string();
    assert!(refused.starts_with("chunksize: 0 is outside 1 and up."), "{refused}");
}

/// Twelve items in fours, item 5 raises: 6 and 7, the rest of its unit, never run; all others do. The call
/// raises only after every unit has reported (bpo-23992).
#[test]
fn a09_an_error_ends_its_unit_and_no_other() {
    for way in processes() {
        // Whoever ran item 6 would be killed by it.
        let finished = run(&with_faults(squares(&way, 12, 4), &["error@call:5", "kill@call:6"]));
        finished.assert_raised("ValueError");
        assert_eq!((finished.failed(), finished.run().lost.len()), (vec![(1, "ValueError")], 0));
        assert_eq!(finished.exits(), [Exit::Code(0), Exit::Code(0)]);
        let results: Vec<u64> = finished.values().into_keys().collect();
        same("A09", &json!(results));
        assert_eq!(results, [0, 1, 2, 3, 8, 9, 10, 11]);
    }
    let finished = run(&with_faults(squares(&threads(), 12, 4), &["error@call:5"]));
    assert_eq!(finished.values().len(), 8);
}

/// Of two failing units the error is that of the one that arrived first, not of the lower one.
#[test]
fn a10_the_first_error_to_arrive_is_raised() {
    for way in ways() {
        // Unit 0 fails at its last item, 90 ms later than unit 1 at its first.
        let finished = run(&with_faults(sleeps(&way, 20, 10), &["error@call:9", "error@call:10"]));
        let sentence = finished.assert_raised("ValueError");
        assert!(sentence.contains("item 10 was told to fail"), "{}: {sentence}", finished.way);
        assert_eq!(finished.failed().len(), 2);
        same("A10", &json!("ValueError: item 10 was told to fail"));
    }
}

/// An error tells type, message, where, and (unlike CPython) which unit, item and input.
#[test]
fn a11_an_error_tells_all_there_is_to_know() {
    for way in ways() {
        let finished = run(&with_faults(squares(&way, 10, 4), &["error@call:5"]));
        let failure = &finished.run().failures[0];
        let thrower = finished.run().actor(failure.worker).expect("a worker").clone();
        let what = &failure.what;
        assert_eq!((what.kind.as_str(), what.item, what.input.as_str()), ("ValueError", Some(5), "5"));
        assert_eq!((failure.unit, what.pid), (1, thrower.pid), "{}", finished.way);
        assert!(thrower.is_worker() && !what.message.is_empty() && !what.location.is_empty());
    }
}

/// A result that can't be serialized fails with its value in words; the worker lives on, twenty in a row.
#[test]
fn a12_a_result_that_cannot_be_serialized() {
    let faults: Vec<String> = (0..20).map(|item| format!("closure@encode-result:{item}")).collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    for way in processes() {
        let finished = run(&with_faults(squares(&way, 24, 1), &faults));
        finished.assert_raised("MaybeEncodingError");
        let failed = finished.failed();
        assert!(failed.iter().all(|(_, kind)| *kind == "MaybeEncodingError"), "{failed:?}");
        assert_eq!((failed.len(), finished.values().len(), finished.workers().len()), (20, 4, 2));
        same("A12", &json!([failed[0].1, finished.workers().len()]));
    }
}

/// An argument that can't be serialized costs its own job and no other (bpo-19425).
#[test]
fn a13_an_argument_that_cannot_be_serialized() {
    for way in processes() {
        for fault in ["closure@encode-arguments:3", "open-file@encode-arguments:3"] {
            let plan = Plan { call: Call::ApplyAsync, ..squares(&way, 8, 1) };
            let finished = run(&with_faults(plan, &[fault]));
            finished.assert_raised("PicklingError");
            assert_eq!((finished.failed(), finished.values().len()), (vec![(3, "PicklingError")], 7));
            assert_eq!(finished.workers().len(), 2, "nobody had to be replaced");
            if fault.starts_with("closure") {
                same("A13", &json!(["PicklingError", finished.values().len()]));
            }
        }
    }
}

/// A reply that can't be read costs its unit. (In CPython the thread that takes results dies of it.)
#[test]
fn a14_a_reply_that_cannot_be_read() {
    for way in processes() {
        let finished = run(&with_faults(squares(&way, 8, 1), &["error@decode-result:3"]));
        finished.assert_raised("UnpicklingError");
        assert_eq!((finished.failed(), finished.values().len()), (vec![(3, "UnpicklingError")], 7));
    }
}

/// `starmap` unpacks each tuple into arguments.
#[test]
fn a16_starmap_unpacks() {
    for way in ways() {
        let (workload, preset) = ("count-primes".to_owned(), Some("short".to_owned()));
        let finished = run(&Plan { workload, preset, call: Call::Starmap, chunksize: Some(30), ..way });
        finished.assert_complete();
        // Primes in [0, 100), [100, 200) …
        let counts: Vec<u64> = finished.values().into_values().take(60).collect();
        same("A16", &json!(counts));
        assert_eq!(counts[..4], [25, 21, 16, 16]);
    }
}

/// `get(timeout)` expires with `TimeoutError`, the task goes on, a later `get()` returns it.
#[test]
fn a17_a_timeout_loses_nothing() {
    for way in ways() {
        for call in [Call::MapAsync, Call::ApplyAsync] {
            let finished = run(&Plan { call, timeout_ms: Some(2), ..waits(&way, 6) });
            finished.assert_complete();
            let expired: Vec<_> = finished.run().calls.iter().filter(|call| call.raised).collect();
            assert!(!expired.is_empty(), "{}: {call:?}", finished.way);
            assert!(expired.iter().all(|call| call.answer.starts_with("TimeoutError")), "{expired:?}");
            assert!(expired[0].to_ns - expired[0].from_ns >= 2_000_000, "it did wait so long");
            same("A17", &json!(["TimeoutError", finished.run().results.len()]));
        }
    }
}

/// A callback runs once a job, before `get()` returns, in the parent; on failure the other one does.
#[test]
fn a18_a_callback_runs_once_before_the_result_is_there() {
    for way in ways() {
        let plan = Plan { callback: Some(Callback::Counts), ..squares(&way, 6, 1) };
        for (call, jobs) in [(Call::MapAsync, 1), (Call::ApplyAsync, 6)] {
            let finished = run(&Plan { call, ..plan.clone() });
            let called = finished.assert_complete().calls("callback(");
            assert_eq!(called.len(), jobs, "{}: {call:?}", finished.way);
            assert!(called.iter().all(|call| call.by == ActorId::PARENT && !call.raised));
            let get = finished.run().calls.iter().rfind(|call| call.call.contains(".get(")).expect("a get");
            assert!(called.iter().all(|call| call.to_ns <= get.to_ns), "{}: before get() returns", finished.way);
            same("A18", &json!([1, 6]));
            let failing = with_faults(Plan { call, ..plan.clone() }, &["error@call:3"]);
            let finished = run(&failing);
            let (good, bad) = (finished.calls("callback("), finished.calls("error_callback("));
            assert_eq!((good.len(), bad.len()), if jobs == 1 { (0, 1) } else { (5, 1) }, "{}", finished.way);
        }
    }
}

/// A callback that raises is told, and the pool lives. (In CPython everybody waits for ever.)
#[test]
fn a19_a_callback_that_raises_costs_nothing_else() {
    for way in ways() {
        for call in [Call::MapAsync, Call::ApplyAsync] {
            let finished = run(&Plan { call, callback: Some(Callback::Raises), ..squares(&way, 6, 1) });
            assert_eq!(finished.assert_complete().list().len(), 6);
            let called = finished.calls("callback(");
            assert!(!called.is_empty() && called.iter().all(|call| call.raised), "{}", finished.way);
        }
    }
}

/// `SystemExit` in a task ends its worker: as a lost worker, with its exit code. (CPython's job never ends.)
#[test]
fn a20_sys_exit_in_a_task_is_a_lost_worker() {
    for way in processes() {
        let finished = run(&with_faults(squares(&way, 12, 1), &["exit@call:3"]));
        finished.assert_raised("WorkerLostError");
        assert_eq!((finished.failed(), finished.values().len()), (vec![(3, "WorkerLostError")], 11));
        assert!(finished.exits().contains(&Exit::Code(3)), "{:?}", finished.exits());
    }
}

/// Arguments and results far above what a pipe holds: no deadlock, and the bytes are equal.
#[test]
fn a22_messages_larger_than_a_pipe() {
    let alone = Plan { with: poolscope::plan::Executor::Sequential, ..large(&quickest()) };
    let digest = |plan: &Plan| run(plan).assert_complete().run().end.clone().expect("it ended").digest;
    let expected = digest(&alone);
    for way in ways() {
        assert_eq!(digest(&large(&way)), expected);
    }
}

/// Sixteen items of 1 MiB there and back.
fn large(way: &Plan) -> Plan {
    let (workload, preset) = ("payload".to_owned(), Some("1-mib".to_owned()));
    Plan { workload, preset, items: Some(16), chunksize: Some(1), ..way.clone() }
}

/// A message that is too large to be sent is a clean error of its unit; the others go on. (Our limit is 256 MiB;
/// CPython's is where its header changes, at 2 GiB.)
#[test]
fn a23_a_message_that_is_too_large_fails_alone() {
    let way = Plan { workers: 1, ..processes().remove(0) };
    let (workload, preset) = ("payload".to_owned(), Some("1-mib".to_owned()));
    let finished = run(&Plan { workload, preset, items: Some(301), chunksize: Some(300), ..way });
    finished.assert_raised("ValueError");
    assert_eq!(finished.failed(), [(0, "ValueError")]);
    assert_eq!(finished.run().units.arrivals().len(), 1, "the unit that is small enough");
}

/// `Pool(200)` on however many cores: the right result, and everybody leaves in order.
#[test]
fn a24_a_large_pool() {
    let finished = run(&Plan { workers: 200, ..squares(&quickest(), 1000, 1) });
    finished.assert_complete();
    assert_eq!(finished.exits(), vec![Exit::Code(0); 200]);
}

/// `Pool(0)` is refused.
#[test]
fn a26_a_pool_without_workers_is_refused() {
    let refused = Plan { workers: 0, ..threads() }.check().expect_err("it is refused").to_string();
    assert!(refused.starts_with("workers: 0 is outside 1 to"), "{refused}");
}

/// Each `apply` is waited for before the next: no two units at the same time.
#[test]
fn apply_is_one_after_the_other() {
    for way in ways() {
        let finished = run(&Plan { call: Call::Apply, ..sleeps(&way, 5, 1) });
        finished.assert_complete();
        let computing = finished.run().actors.iter().flat_map(|actor| actor.lane.spans());
        let mut spans: Vec<_> = computing.filter(|span| span.kind == SpanKind::Computing).collect();
        spans.sort_by_key(|span| span.from_ns);
        // Several threads of a process may have a part in the same unit.
        let mut units: Vec<_> = spans.iter().filter_map(|span| span.unit).collect();
        units.dedup();
        assert_eq!(units, [0, 1, 2, 3, 4], "{}", finished.way);
        let in_turn = |pair: &[&Span]| pair[0].unit == pair[1].unit || pair[0].to_ns <= pair[1].from_ns;
        assert!(spans.windows(2).all(in_turn), "{}: {spans:?}", finished.way);
        assert_eq!(finished.delivered(), [0, 1, 2, 3, 4]);
    }
}

/// An error in `apply` is that call's: the others have their results.
#[test]
fn single_calls_fail_alone() {
    for way in ways() {
        for call in [Call::Apply, Call::ApplyAsync] {
            let finished = run(&with_faults(Plan { call, ..squares(&way, 6, 1) }, &["error@call:2"]));
            assert!(matches!(finished.outcome(), Outcome::Raised(_)));
            assert_eq!(finished.delivered(), [0, 1, 3, 4, 5], "{}: {call:?}", finished.way);
        }
    }
}
