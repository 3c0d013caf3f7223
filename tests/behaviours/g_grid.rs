//! G04: every crash at every moment of an item's life, under every start method, with few workers and many:
//! each gives a defined outcome, and nothing is left. As joblib/loky tests it, 16 cases; here 20.

use poolscope::plan::{Action, Plan, Stage, StartMethod};
use poolscope::trace::{Exit, Fate, Outcome};

use crate::ways::{Finished, processes, run, run_whatever_happens, squares, with_faults};

const ACTIONS: [Action; 4] = [Action::Error, Action::Exit, Action::LibcExit, Action::Segfault];
const WORKERS: [u32; 4] = [1, 2, 5, 13];
const ITEMS: u64 = 26;
const DOOMED: u32 = 3;

/// The whole grid under one start method.
fn grid(method: StartMethod) {
    let Some(way) = processes().into_iter().find(|plan| plan.start == method) else { return };
    for action in ACTIONS {
        for stage in Stage::ALL {
            for workers in WORKERS {
                let fault = format!("{}@{}:{DOOMED}", action.name(), stage.name());
                let plan = Plan { workers, deadline_ms: Some(20_000), ..squares(&way, ITEMS, 1) };
                let plan = with_faults(plan, &[&fault]);
                let case = format!("{}, {workers} workers: {fault}", method.name());
                match (action.is_error(), stage.is_in_parent()) {
                    (true, _) => fails_its_item(&run(&plan), stage, &case),
                    (false, true) => ends_the_engine(&run_whatever_happens(&plan), &case),
                    (false, false) => ends_its_worker(&run(&plan), action, &case),
                }
            }
        }
    }
}

/// An error: that item fails, everybody lives, everything else is there.
fn fails_its_item(finished: &Finished, stage: Stage, case: &str) {
    let kind = match stage {
        Stage::EncodeArguments => "PicklingError",
        Stage::DecodeArguments | Stage::DecodeResult => "UnpicklingError",
        Stage::Call => "ValueError",
        Stage::EncodeResult => "MaybeEncodingError",
    };
    finished.assert_raised(kind);
    assert_eq!(finished.failed(), [(DOOMED, kind)], "{case}");
    assert_eq!(finished.run().failures[0].what.stage, Some(stage), "{case}");
    assert_eq!(finished.values().len() as u64, ITEMS - 1, "{case}");
    let workers = finished.run().plan.workers as usize;
    assert_eq!(finished.exits(), vec![Exit::Code(0); workers], "{case}");
    assert_eq!(finished.run().lost, [], "{case}");
}

/// A crash of the parent: the session says that the engine is gone, and the run has no end.
fn ends_the_engine(finished: &Finished, case: &str) {
    assert!(finished.told.ending.error.is_some(), "{case}: {:?}", finished.told.ending);
    assert_eq!(finished.run().end, None, "{case}");
}

/// A crash of the worker: its item fails, its exit is known, everything else is there.
fn ends_its_worker(finished: &Finished, action: Action, case: &str) {
    assert!(matches!(finished.outcome(), Outcome::Raised(_)), "{case}: {:?}", finished.outcome());
    assert_eq!(finished.failed(), [(DOOMED, "WorkerLostError")], "{case}");
    assert_eq!(finished.values().len() as u64, ITEMS - 1, "{case}");
    let fates: Vec<Fate> =
        finished.run().lost.iter().filter(|lost| lost.unit == DOOMED).map(|lost| lost.fate).collect();
    assert_eq!(fates, [Fate::Fails], "{case}");
    let others = finished.run().lost.iter().filter(|lost| lost.unit != DOOMED);
    assert!(others.clone().all(|lost| lost.fate == Fate::HandedOutAgain), "{case}: {:?}", finished.run().lost);
    let exit = match action {
        Action::Exit => Exit::Code(3),
        Action::LibcExit => Exit::Code(7),
        _ => Exit::Signal(11),
    };
    let dead: Vec<Exit> = finished.exits().into_iter().filter(|exit| *exit != Exit::Code(0)).collect();
    assert_eq!(dead.len(), 1, "{case}: {dead:?}");
    // What a null pointer gives is the system's own number elsewhere.
    assert!(dead[0] == exit || cfg!(windows), "{case}: {dead:?}");
}

#[test]
fn g04_every_crash_at_every_moment_by_spawn() {
    grid(StartMethod::Spawn);
}

#[test]
fn g04_every_crash_at_every_moment_by_fork() {
    grid(StartMethod::Fork);
}

#[test]
fn g04_every_crash_at_every_moment_by_forkserver() {
    grid(StartMethod::Forkserver);
}
