//! What the window does to a process really happens to it: to a worker of a pool, and to a process of a program
//! in every generation.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod common;

use common::programs::{at_once, model, plan};
use poolscope::model::{Actor, Model, check};
use poolscope::plan::{Action, Plan, StartMethod};
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Event, Exit, Role, What};

/// Runs the program of the orphan, whose child and grandchild wait for long, and does something to the
/// process of this name as soon as it is there.
fn ordered(start: StartMethod, name: &str, actions: &[Action]) -> Model {
    let session = common::session(&plan("orphan", start, &[]), Options::default());
    let mut events: Vec<Event> = Vec::new();
    let actor = loop {
        match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
            Report::Events(new) => events.extend(new),
            other => panic!("{other:?}"),
        }
        if let Some(actor) = ready(&events, name) {
            break actor;
        }
    };
    for &action in actions {
        session.order(actor, action);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    let mut told = common::listen(&session);
    assert_eq!(told.ending.error, None, "{name} by {}", start.name());
    events.append(&mut told.events);
    told.events = events;
    model(&told)
}

/// The id of a process, once it has said that it is ready and its own children are, if it has any.
fn ready(events: &[Event], name: &str) -> Option<ActorId> {
    let model = Model::of(events);
    let run = model.runs.first()?;
    let is_ready = |actor: &Actor| actor.ready_ns.is_some();
    let deepest = run.actors.iter().find(|actor| actor.name.as_deref() == Some("Process-1:1"))?;
    let found = run.actors.iter().find(|actor| actor.name.as_deref() == Some(name))?;
    (is_ready(deepest) && is_ready(found)).then_some(found.id)
}

fn find<'a>(model: &'a Model, name: &str) -> &'a Actor {
    let found = model.runs[0].actors.iter().find(|actor| actor.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

#[test]
fn a_child_and_a_grandchild_end_as_they_are_told() {
    let ends = [
        (Action::Terminate, Exit::Signal(15)),
        (Action::Kill, Exit::Signal(9)),
        (Action::Segfault, Exit::Signal(11)),
        (Action::Abort, Exit::Signal(6)),
        (Action::Exit, Exit::Code(3)),
        (Action::LibcExit, Exit::Code(7)),
    ];
    at_once(|start| {
        for name in ["Process-1", "Process-1:1"] {
            std::thread::scope(|scope| {
                for (action, exit) in ends {
                    scope.spawn(move || {
                        let model = ordered(start, name, &[action]);
                        let actor = find(&model, name);
                        let way = format!("{} {name} by {}", action.name(), start.name());
                        assert_eq!(actor.exited.expect("it ended").1, exit, "{way}");
                        assert_eq!(actor.signals[0].why, "the window", "{way}");
                    });
                }
            });
        }
    });
}

#[test]
fn who_is_stopped_goes_on_when_continued() {
    at_once(|start| {
        let model = ordered(start, "Process-1:1", &[Action::Stop, Action::Continue]);
        let orphan = find(&model, "Process-1:1");
        let signals: Vec<&str> = orphan.signals.iter().map(|sent| sent.signal.as_str()).collect();
        assert_eq!((signals, orphan.exited.expect("it ended").1), (vec!["SIGSTOP", "SIGCONT"], Exit::Code(0)));
        let lines = model.runs[0].printed.iter().filter(|line| line.line == "the orphan is done");
        assert_eq!(lines.count(), 1, "{}", start.name());
    });
}

#[test]
fn a_process_that_hangs_is_ended_with_the_program() {
    at_once(|start| {
        let model = ordered(start, "Process-1:1", &[Action::Hang]);
        assert_eq!(find(&model, "Process-1:1").exited.expect("it ended").1, Exit::Signal(9), "{}", start.name());
    });
}

/// Runs a pool of two workers and does something to the first as soon as it computes. Gives how that worker
/// ended, and the whole.
fn on_a_worker(start: StartMethod, actions: &[Action]) -> (Exit, Model) {
    let (workload, items, chunksize) = ("sleep".to_owned(), Some(40), Some(1));
    let plan = Plan { workload, items, chunksize, workers: 2, start, ..Plan::default() };
    let session = common::session(&plan, Options::default());
    let mut events: Vec<Event> = Vec::new();
    let is_worker = |event: &Event| match &event.what {
        What::ActorBorn(birth) if birth.role == Role::WorkerProcess => Some(birth.actor),
        _ => None,
    };
    let actor = loop {
        match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
            Report::Events(new) => events.extend(new),
            other => panic!("{other:?}"),
        }
        let worker = events.iter().find_map(is_worker);
        let begins = |event: &Event| Some(event.by) == worker && matches!(event.what, What::UnitBegan { .. });
        if let Some(worker) = worker.filter(|_| events.iter().any(begins)) {
            break worker;
        }
    };
    for &action in actions {
        session.order(actor, action);
        std::thread::sleep(std::time::Duration::from_millis(60));
    }
    let mut told = common::listen(&session);
    assert_eq!(told.ending.error, None, "{actions:?} by {}", start.name());
    events.append(&mut told.events);
    let model = Model::of(&events);
    assert_eq!(check::violations(&model), [""; 0], "{actions:?} by {}", start.name());
    let exit = model.runs[0].actor(actor).and_then(|worker| worker.exited).expect("it has ended").1;
    (exit, model)
}

#[test]
fn a_worker_of_a_pool_ends_as_it_is_told_and_is_replaced() {
    for &start in poolscope::sys::start_methods() {
        for (actions, exit) in [
            (&[Action::Kill][..], "−SIGKILL"),
            (&[Action::Terminate], "−SIGTERM"),
            (&[Action::Segfault], "−SIGSEGV"),
            (&[Action::Abort], "−SIGABRT"),
            (&[Action::Exit], "3"),
            (&[Action::LibcExit], "7"),
            (&[Action::Hang, Action::Kill], "−SIGKILL"),
            (&[Action::Stop, Action::Kill], "−SIGKILL"),
        ] {
            let (told, model) = on_a_worker(start, actions);
            let run = &model.runs[0];
            assert_eq!(told.to_string(), exit, "{actions:?} by {}", start.name());
            assert_eq!(run.workers().count(), 3, "{actions:?} by {}: a successor took its place", start.name());
            // What it had begun is lost with it; all else was computed.
            let units = run.units.arrivals().len() + run.failures.len();
            assert!(units == 40 && run.failures.len() <= 1, "{actions:?} by {}: {:?}", start.name(), run.failures);
        }
    }
}

#[test]
fn a_worker_that_is_continued_goes_on() {
    for &start in poolscope::sys::start_methods() {
        let (exit, model) = on_a_worker(start, &[Action::Stop, Action::Continue]);
        let run = &model.runs[0];
        assert_eq!((exit, run.is_complete(), run.workers().count()), (Exit::Code(0), true, 2), "{}", start.name());
    }
}
