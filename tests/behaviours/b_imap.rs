//! B: `imap` and `imap_unordered`: who gets which result when, errors on the way, how far the pool runs ahead.

use poolscope::plan::{Call, LossPolicy, Plan};
use poolscope::trace::{ActorId, Content};
use serde_json::{Value, json};

use crate::oracle::python;
use crate::ways::{Finished, processes, run, sleeps, squares, threads, waits, ways, with_faults};

/// Asserts that CPython does the same.
fn same(case: &str, ours: &Value) {
    if let Some(theirs) = python("b_imap.py", case) {
        assert_eq!(ours, &theirs, "{case}: ours and CPython's");
    }
}

fn imap(plan: Plan) -> Plan {
    Plan { call: Call::Imap, ..plan }
}

fn unordered(plan: Plan) -> Plan {
    Plan { call: Call::ImapUnordered, ..plan }
}

/// What the caller met: the result of each unit, or the type of an error.
fn met(finished: &Finished) -> Value {
    let results = finished.run().delivered.iter().map(|&(at_ns, unit)| (at_ns, json!(unit)));
    let errors = finished.calls("next(results)");
    let errors = errors.iter().map(|call| (call.to_ns, json!(call.answer.split(':').next())));
    let mut met: Vec<(u64, Value)> = results.chain(errors).collect();
    met.sort_by_key(|(at_ns, _)| *at_ns);
    met.into_iter().map(|(_, what)| what).collect()
}

/// A slow item holds up the results of all that are done behind it.
#[test]
fn b01_a_late_result_holds_up_those_behind_it() {
    let uneven = |way: Plan| {
        if way.with.has_processes() {
            // The first worker of unit 0 dies of it; somebody computes it again, later.
            let plan = Plan { policy: LossPolicy::Retry, ..sleeps(&way, 8, 1) };
            return with_faults(plan, &["kill@call:0:once"]);
        }
        Plan { workload: "skewed".into(), preset: Some("tiny".into()), chunksize: Some(1), ..way }
    };
    for way in ways() {
        let finished = run(&imap(uneven(way)));
        finished.assert_complete();
        let units = finished.run().cut.units();
        assert_eq!(finished.delivered(), (0..units).collect::<Vec<_>>(), "{}", finished.way);
        let arrivals = finished.run().units.arrivals();
        assert!(!arrivals.iter().map(|&(_, unit)| unit).is_sorted(), "{}: none was late", finished.way);
        // Each was taken when it and all before it were there.
        for &(taken_ns, unit) in &finished.run().delivered {
            let before = arrivals.iter().filter(|&&(_, other)| other <= unit).map(|&(at_ns, _)| at_ns);
            assert!(Some(taken_ns) >= before.max(), "{}: unit {unit} was taken too soon", finished.way);
        }
        same("B01", &json!(finished.delivered().is_sorted()));
    }
}

/// `imap_unordered` hands over in the order of completion.
#[test]
fn b02_unordered_results_come_as_they_are_done() {
    for way in ways() {
        let (workload, preset) = ("skewed".to_owned(), Some("tiny".to_owned()));
        let finished = run(&unordered(Plan { workload, preset, chunksize: Some(1), ..way }));
        finished.assert_complete();
        let arrived: Vec<u32> = finished.run().units.arrivals().iter().map(|&(_, unit)| unit).collect();
        assert_eq!(finished.delivered(), arrived, "{}", finished.way);
    }
    // The long item is begun first and done last: those behind it do not wait.
    for way in processes() {
        let plan = Plan { policy: LossPolicy::Retry, ..sleeps(&way, 8, 1) };
        let finished = run(&unordered(with_faults(plan, &["kill@call:0:once"])));
        finished.assert_complete();
        assert_ne!(finished.delivered()[0], 0, "{}", finished.way);
        same("B02", &json!(finished.delivered()[0] != 0 && finished.delivered().len() == 8));
    }
}

/// `next(timeout)` that is too short: `TimeoutError`, and nothing is lost.
#[test]
fn b03_a_timeout_loses_nothing() {
    for way in ways() {
        let finished = run(&imap(Plan { timeout_ms: Some(2), ..waits(&way, 6) }));
        finished.assert_complete();
        let expired = finished.calls("results.next(timeout=0.002)");
        assert!(!expired.is_empty(), "{}: {:?}", finished.way, finished.run().calls);
        assert!(expired.iter().all(|call| call.raised && call.answer.starts_with("TimeoutError")), "{expired:?}");
        assert_eq!(finished.delivered(), [0, 1, 2, 3, 4, 5], "{}", finished.way);
        same("B03", &json!(["TimeoutError", finished.delivered()]));
    }
}

/// With a chunksize above 1 it is a plain generator: there is no `next(timeout)`.
#[test]
fn b04_a_chunked_iterator_has_no_timeout() {
    let plan = imap(Plan { timeout_ms: Some(2), ..squares(&threads(), 6, 2) });
    let refused = plan.check().expect_err("it is refused").to_string();
    assert!(refused.contains("plain generator without next(timeout)"), "{refused}");
    same("B04", &json!("generator"));
}

/// Item by item, the caller meets an error in its place and goes on after it.
#[test]
fn b05_an_iterator_goes_on_after_an_error() {
    for way in ways() {
        let finished = run(&imap(with_faults(squares(&way, 3, 1), &["error@call:1"])));
        finished.assert_raised("ValueError");
        assert_eq!(met(&finished), json!([0, "ValueError", 2]), "{}", finished.way);
        same("B05", &met(&finished));
    }
}

/// In chunks the iteration ends with the first failing unit: what follows is out of reach.
#[test]
fn b06_a_chunked_iteration_ends_with_the_first_error() {
    for way in ways() {
        let finished = run(&imap(with_faults(squares(&way, 12, 4), &["error@call:5"])));
        finished.assert_raised("ValueError");
        assert_eq!(met(&finished), json!([0, "ValueError"]), "{}", finished.way);
        same("B06", &met(&finished));
        // The later units were never delivered, be they computed or not.
        assert_eq!(finished.delivered(), [0], "{}", finished.way);
    }
}

/// No more units are handed out beyond those taken than the plan says. (CPython before 3.15 has no such limit.)
#[test]
fn b07_the_pool_runs_ahead_so_far_and_no_further() {
    for way in ways() {
        for (call, size) in [(Call::Imap, 3), (Call::ImapUnordered, 1), (Call::Imap, 100)] {
            let finished = run(&Plan { call, buffersize: Some(size), ..squares(&way, 60, 1) });
            finished.assert_complete();
            let mut under_way = Vec::new();
            for road in finished.run().channels.iter().filter(|road| road.from == ActorId::PARENT) {
                for message in (0..road.recorded()).filter_map(|number| road.message(number)) {
                    let Content::Unit(_) = message.content else { continue };
                    under_way.push(message.sent_ns.expect("it was sent"));
                }
            }
            under_way.sort_unstable();
            let ahead = under_way.iter().zip(1..).map(|(&sent_ns, sent)| {
                // Stamps may be equal where one wake-up does both.
                sent - finished.run().delivered.partition_point(|&(at_ns, _)| at_ns <= sent_ns) as i64
            });
            let most = ahead.max().expect("units");
            assert!(most <= i64::from(size), "{}: {call:?}: {most} ahead of {size}", finished.way);
            assert!(size > 3 || most >= i64::from(size.min(2)), "{}: {most}: and it does run ahead", finished.way);
        }
    }
}

/// The caller takes its first result long before the last is there.
#[test]
fn b10_the_first_result_comes_first() {
    for way in ways() {
        let finished = run(&imap(sleeps(&way, 20, 1)));
        finished.assert_complete();
        let delivered = &finished.run().delivered;
        let last_ns = finished.run().units.arrivals().last().expect("twenty").0;
        assert!(delivered[0].0 < last_ns && delivered.len() == 20, "{}", finished.way);
    }
}
