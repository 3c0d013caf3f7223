//! What the window does to a process of a program really happens to it, in every generation.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod common;

use common::programs::{at_once, model, plan};
use poolscope::model::{Actor, Model};
use poolscope::plan::{Action, StartMethod};
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Event, Exit};

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
