//! One suite for every way of computing: the same promises hold for each.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so")]

mod common;

use std::collections::HashSet;

use poolscope::chunk::default_chunksize;
use poolscope::model::{Model, SpanKind, check};
use poolscope::plan::{Executor, Plan};
use poolscope::session::Options;
use poolscope::trace::{DETAIL_UNITS, Exit, Outcome, Role};
use poolscope::workload::REGISTRY;

/// Every executor, and processes by every start method this machine has.
fn ways() -> Vec<Plan> {
    let plan = Plan { workers: 2, ..Plan::default() };
    let one_way = |with: &Executor| Plan { with: *with, ..plan.clone() };
    let mut ways: Vec<Plan> = Executor::ALL.iter().filter(|with| **with != Executor::Processes).map(one_way).collect();
    for &start in poolscope::sys::start_methods() {
        ways.push(Plan { with: Executor::Processes, start, ..plan.clone() });
    }
    ways
}

fn name(plan: &Plan) -> &'static str {
    match plan.with {
        Executor::Processes => plan.start.name(),
        with => with.name(),
    }
}

fn squares(plan: &Plan, items: u64, chunksize: u64) -> Plan {
    Plan { workload: "squares".into(), items: Some(items), chunksize: Some(chunksize), ..plan.clone() }
}

/// Runs a plan and asserts what holds for every complete run.
fn complete(plan: &Plan) -> Model {
    let (model, told) = common::run(plan);
    let way = name(plan);
    assert_eq!(told.ending.error, None, "{way}");
    assert!(told.warnings.is_empty(), "{way}: {:?}", told.warnings);
    assert_eq!(check::violations(&model), Vec::<String>::new(), "{way}");
    assert_eq!(model.runs.len() as u32, plan.repeats, "{way}");
    for run in &model.runs {
        let end = run.end.as_ref().expect("it ended");
        assert_eq!(end.outcome, Outcome::Complete, "{way}");
        assert!(end.wall_ns > 0 && (end.start_ns > 0) == (plan.with != Executor::Sequential), "{way}: {end:?}");
        assert!(run.workers().all(|worker| matches!(worker.exited, Some((_, Exit::Code(0) | Exit::Joined)))), "{way}");
        let workers = if plan.with == Executor::Sequential { 0 } else { plan.workers as usize };
        assert_eq!(run.workers().count(), workers, "{way}");
    }
    model
}

/// What `Collector` would hash for the squares of `0..items`, computed here on its own.
fn digest_of_squares(items: u64) -> String {
    let results: Vec<u8> = (0..items).flat_map(|x| (x * x).to_le_bytes()).collect();
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&results))
}

#[test]
fn results_are_in_input_order_whatever_the_chunksize() {
    for way in ways() {
        for (items, chunksize) in [(1, 1), (10, 3), (1000, 7), (1000, 5000)] {
            let model = complete(&squares(&way, items, chunksize));
            let end = model.runs[0].end.clone().expect("it ended");
            assert_eq!(end.digest, digest_of_squares(items), "{} {items} {chunksize}", name(&way));
        }
    }
}

#[test]
fn a_unit_is_one_request_and_one_reply() {
    for way in ways().into_iter().filter(|way| way.with != Executor::Sequential) {
        let model = complete(&squares(&way, 103, 10));
        let run = &model.runs[0];
        assert_eq!(run.cut.units(), 11);
        let count = |to_workers: bool| -> u64 {
            let accounts = check::accounts(run);
            let picked = run.channels.iter().zip(&accounts).filter(|(road, _)| (road.from.0 == 1) == to_workers);
            picked.map(|(_, account)| account.sent).sum()
        };
        let workers = u64::from(way.workers);
        // Threads of the parent need no setup.
        assert_eq!(count(true), 11 + 2 * workers - if way.with.is_one_process() { workers } else { 0 });
        assert_eq!(count(false), 11 + workers, "a hello of each worker, and a reply of each unit");
        for (number, unit) in run.units.iter() {
            assert_eq!(unit.begun, 1, "unit {number}");
            let (began, ended, arrived) = (unit.began_ns, unit.ended_ns, unit.arrived_ns);
            assert!(began <= ended && ended <= arrived, "{} unit {number}", name(&way));
        }
    }
}

#[test]
fn the_default_chunksize_is_used_and_told() {
    for way in ways() {
        let model = complete(&Plan { chunksize: None, ..squares(&way, 1000, 1) });
        let expected = default_chunksize(1000, way.team());
        assert_eq!(model.runs[0].cut.chunksize, expected, "{}", name(&way));
    }
}

#[test]
fn every_workload_gives_the_same_results_in_every_way() {
    // Small inputs: what is compared does not depend on their size.
    let inputs = [
        ("primes", "odd-1000", None),
        ("primes", "small-4", None),
        ("count-primes", "short", None),
        ("squares", "count-up", Some(1000)),
        ("mandelbrot", "tiles", None),
        ("image-blur", "soft", None),
        ("monte-carlo-pi", "few-darts", Some(100)),
        ("sha256-search", "short", Some(50)),
        ("matmul", "small", None),
        ("skewed", "tiny", None),
        ("word-count", "words", None),
        ("features", "summary", Some(50)),
        ("features", "periods", Some(5)),
        ("payload", "64-kib", Some(20)),
        ("payload", "1-mib", Some(4)),
        ("sleep", "ten-ms", Some(6)),
        ("io-wait", "one-ms", Some(10)),
        ("mixed", "mostly-io", Some(4)),
    ];
    for workload in REGISTRY {
        assert!(inputs.iter().any(|(name, ..)| *name == workload.name()), "{} is left out", workload.name());
    }
    for (workload, preset, items) in inputs {
        let digests: HashSet<String> = ways()
            .into_iter()
            .map(|way| {
                let plan = Plan { workload: workload.into(), preset: Some(preset.into()), items, ..way };
                complete(&plan).runs[0].end.clone().expect("it ended").digest
            })
            .collect();
        assert_eq!(digests.len(), 1, "{workload} {preset}");
    }
}

#[test]
fn repeats_are_runs_of_their_own() {
    for way in ways() {
        let model = complete(&Plan { repeats: 3, ..squares(&way, 100, 9) });
        let digests: HashSet<&str> =
            model.runs.iter().filter_map(|run| run.end.as_ref()).map(|end| end.digest.as_str()).collect();
        assert_eq!(digests.len(), 1);
        let pids: HashSet<u32> = model.runs.iter().flat_map(|run| run.workers().map(|worker| worker.pid)).collect();
        if way.with == Executor::Processes {
            assert_eq!(pids.len(), 6, "{}: every run has fresh workers", name(&way));
        }
    }
}

#[test]
fn the_actors_are_what_the_plan_says() {
    for way in ways() {
        let model = complete(&squares(&way, 50, 5));
        let run = &model.runs[0];
        let parent = run.parent().expect("a parent");
        let servers = run.actors.iter().filter(|actor| actor.role == Role::ForkServer).count();
        match way.with {
            Executor::Sequential => assert_eq!(parent.units, 10),
            Executor::Threads | Executor::GilThreads => {
                assert!(run.workers().all(|worker| worker.pid == parent.pid));
            }
            Executor::Hybrid => {
                let threads: Vec<_> = run.actors.iter().filter(|actor| actor.role == Role::ProcessThread).collect();
                assert_eq!(threads.len() as u32, way.workers * way.threads);
                for worker in run.workers() {
                    let own = threads.iter().filter(|thread| thread.parent == Some(worker.id));
                    assert!(own.clone().count() as u32 == way.threads && own.clone().all(|one| one.pid == worker.pid));
                }
            }
            Executor::Processes => {
                assert!(run.workers().all(|worker| worker.pid != parent.pid && worker.start == Some(way.start)));
                assert_eq!(servers, usize::from(way.start.name() == "forkserver"));
            }
        }
        assert_eq!(run.actors.iter().map(|actor| actor.units).sum::<u64>(), 10, "{}", name(&way));
    }
}

#[test]
fn past_the_detail_limit_the_sums_account_for_every_unit() {
    let units = u64::from(DETAIL_UNITS) + 100_000;
    for way in ways() {
        let plan = squares(&way, units, 1);
        let model = complete(&plan);
        let run = &model.runs[0];
        assert_eq!(run.end.clone().expect("it ended").digest, digest_of_squares(units));
        assert!(run.summed_from_ns.is_some(), "{}", name(&way));
        assert_eq!(model.beyond, 0, "{}: whatever was lost, the rest is kept", name(&way));
        let computed: u64 = run.actors.iter().map(|actor| actor.units).sum();
        // On a machine that is busy enough, a ring may overflow; then the trace says so.
        if model.events_lost == 0 {
            assert_eq!(run.units.iter().count(), DETAIL_UNITS as usize, "{}", name(&way));
            assert_eq!(computed, units, "{}", name(&way));
        }
    }
}

#[test]
fn without_tracing_the_figures_stay_and_the_events_go() {
    for way in ways() {
        let (traced, plain) = (squares(&way, 5000, 10), Plan { tracing: false, ..squares(&way, 5000, 10) });
        let (_, told) = common::run(&plain);
        let model = Model::of(&told.events);
        let end = model.runs[0].end.clone().expect("it ended");
        assert_eq!(end.outcome, Outcome::Complete);
        assert_eq!(end.digest, complete(&traced).runs[0].end.clone().expect("it ended").digest);
        assert_eq!(model.runs[0].units.iter().count(), 0, "{}", name(&way));
    }
}

#[test]
fn stop_ends_a_run_in_order() {
    for way in ways() {
        // It would take a quarter of an hour by itself.
        let plan = Plan { workload: "sleep".into(), items: Some(100_000), ..way.clone() };
        let session = common::session(&plan, Options::default());
        std::thread::sleep(std::time::Duration::from_millis(200));
        session.stop();
        let told = common::listen(&session);
        // An engine that did not obey within 1.5 s is killed, and says nothing more.
        assert_eq!(told.ending.error, None, "{}", name(&way));
        let model = Model::of(&told.events);
        assert_eq!(model.runs[0].end.clone().expect("it says so").outcome, Outcome::Stopped, "{}", name(&way));
    }
}

#[test]
fn the_same_trace_is_in_the_file_and_on_the_way() {
    let folder = tempfile::tempdir().expect("a folder");
    for way in ways() {
        let path = folder.path().join(name(&way));
        let options = Options { trace: Some(path.clone()), ..Options::default() };
        let told = common::listen(&common::session(&squares(&way, 100, 3), options));
        let opened = poolscope::trace::file::open(&path).expect("it opens");
        assert_eq!(opened.notice, None);
        let key = |events: &[poolscope::trace::Event]| {
            let mut keys: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
            keys.sort_unstable();
            keys
        };
        assert_eq!(key(&opened.events), key(&told.events), "{}", name(&way));
        assert_eq!(check::violations(&Model::of(&opened.events)), Vec::<String>::new());
    }
}

#[test]
fn the_answer_of_a_long_unit_leaves_before_the_next_unit_begins() {
    for way in ways().into_iter().filter(|way| way.with == Executor::Processes) {
        // Many units of 10 ms: some lie ahead in the worker's inbox while it computes.
        let plan = Plan { workload: "sleep".into(), items: Some(40), chunksize: Some(1), ..way.clone() };
        let model = complete(&plan);
        for worker in model.runs[0].workers() {
            let mut unsent = false;
            for span in worker.lane.spans() {
                match span.kind {
                    SpanKind::Sending => unsent = false,
                    SpanKind::Computing => {
                        assert!(!unsent, "{}: unit {:?} began before the last answer left", name(&way), span.unit);
                        unsent = true;
                    }
                    _ => {}
                }
            }
        }
    }
}
