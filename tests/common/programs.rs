//! Running ready-made programs, here and in Python.

#![allow(clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "a test that compares with Python says with which, or that it could not")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use poolscope::model::{Actor, Call, Model, Run, check};
use poolscope::plan::{Plan, StartMethod};
use poolscope::program::{self, Chosen};
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Event, Exit, Outcome, Role, What};

use super::Told;

/// How processes can be started on this machine.
pub fn methods() -> &'static [StartMethod] {
    poolscope::sys::start_methods()
}

/// Does something under every start method, all at the same time: most of it is waiting.
pub fn at_once(body: impl Fn(StartMethod) + Sync) {
    let body = &body;
    std::thread::scope(|scope| {
        for &start in methods() {
            scope.spawn(move || body(start));
        }
    });
}

/// A plan for a program.
pub fn plan(name: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Plan {
    let knobs: BTreeMap<String, u64> = knobs.iter().map(|&(knob, value)| (knob.to_owned(), value)).collect();
    Plan { program: Some(name.to_owned()), start, knobs, ..Plan::default() }
}

/// The same plan, ended after so many milliseconds.
pub fn ended_at(deadline_ms: u64, plan: Plan) -> Plan {
    Plan { deadline_ms: Some(deadline_ms), ..plan }
}

/// Runs a program that waits for ever until it does, and a moment longer, in which somebody could go on; then Stop is
/// pressed.
pub fn stopped_when(plan: Plan, is_stuck: impl Fn(&[Event]) -> bool) -> Told {
    let session = super::session(&ended_at(60_000, plan), Options::default());
    let give_up = Instant::now() + super::DEADLINE;
    let mut events = Vec::new();
    while !is_stuck(&events) {
        match session.reports().recv_deadline(give_up).expect("it goes on") {
            Report::Events(more) => events.extend(more),
            Report::Ended(ending) => panic!("it ended: {ending:?}"),
            Report::Warning(warning) => println!("{warning}"),
        }
    }
    std::thread::sleep(Duration::from_millis(300));
    session.stop();
    let told = super::listen(&session);
    let stopped = |event: &Event| matches!(&event.what, What::RunEnded { outcome: Outcome::Stopped, .. });
    assert!(told.events.iter().any(stopped), "it ended by itself");
    events.extend(told.events);
    Told { events, ..told }
}

/// Everybody who said that he waits.
pub fn waiting(events: &[Event]) -> BTreeSet<ActorId> {
    events.iter().filter(|event| matches!(event.what, What::Waits { .. })).map(|event| event.by).collect()
}

/// The actor of this name.
pub fn born(events: &[Event], name: &str) -> Option<ActorId> {
    events.iter().find_map(|event| match &event.what {
        What::ActorBorn(birth) if birth.name.as_deref() == Some(name) => Some(birth.actor),
        _ => None,
    })
}

/// A program that ran to its end.
pub struct Ran {
    /// What is known of it.
    pub run: Run,
    /// What was told.
    pub told: Told,
    /// Under which start method.
    pub start: StartMethod,
}

/// Runs a program and asserts what holds for each that comes to its end.
pub fn run(name: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Ran {
    let (model, told) = super::run(&plan(name, start, knobs));
    let way = format!("{name} by {}", start.name());
    assert_eq!(told.ending.error, None, "{way}");
    assert!(told.warnings.is_empty(), "{way}: {:?}", told.warnings);
    assert_eq!(check::violations(&model), Vec::<String>::new(), "{way}");
    let [run] = &model.runs[..] else { panic!("{way}: {} runs", model.runs.len()) };
    assert_eq!(run.end.as_ref().expect("it ended").outcome, Outcome::Complete, "{way}");
    for actor in run.actors.iter().filter(|actor| actor.role != Role::Parent) {
        assert!(actor.exited.is_some(), "{way}: {} has no end", actor.title());
    }
    Ran { run: run.clone(), told, start }
}

impl Ran {
    /// The process of this name; that of a context has another prefix.
    pub fn actor(&self, name: &str) -> &Actor {
        let found = self.run.actors.iter().find(|actor| actor.name.as_deref() == Some(name));
        found.unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// How the process of this name ended.
    pub fn exit(&self, name: &str) -> Exit {
        self.actor(name).exited.expect("it ended").1
    }

    /// Every line that was printed, by time.
    pub fn lines(&self) -> Vec<String> {
        let mut printed = self.run.printed.clone();
        printed.sort_by_key(|line| line.at_ns);
        printed.into_iter().map(|printed| printed.line).collect()
    }

    /// Whether this line was printed, and by whom.
    pub fn printed_by(&self, line: &str) -> Option<String> {
        let printed = self.run.printed.iter().find(|printed| printed.line == line)?;
        self.run.actor(printed.by).map(Actor::title)
    }

    /// The calls whose text begins so, in order.
    pub fn calls(&self, begin: &str) -> Vec<&Call> {
        self.run.calls.iter().filter(|call| call.call.starts_with(begin)).collect()
    }

    /// The errors that were raised, in order.
    pub fn raised(&self) -> Vec<(String, String)> {
        let raised = self.run.calls.iter().filter(|call| call.raised);
        raised.map(|call| (call.call.clone(), call.answer.clone())).collect()
    }

    /// The names of the processes, in the order in which their starts were asked for.
    pub fn names(&self) -> Vec<String> {
        let mut actors: Vec<&Actor> = self.run.actors.iter().filter(|actor| actor.role == Role::Process).collect();
        actors.sort_by_key(|actor| actor.asked_ns);
        actors.into_iter().map(Actor::title).collect()
    }

    /// The lines that a Python program would print to its standard output: all but the messages of
    /// uncaught errors and of `sys.exit`.
    fn standard_output(&self) -> Vec<String> {
        let mut lines = self.lines();
        let mut failing = Vec::new();
        for printed in &self.run.printed {
            if printed.line.starts_with("Traceback") || printed.line == "boom" {
                failing.push(printed.by);
            }
        }
        let of_errors: Vec<&str> = self
            .run
            .printed
            .iter()
            .filter(|printed| failing.contains(&printed.by))
            .map(|printed| printed.line.as_str())
            .collect();
        lines.retain(|line| !of_errors.contains(&line.as_str()));
        lines.sort_unstable();
        lines
    }
}

/// The version of the Python here, if there is one: 311 for 3.11.
pub fn python_version() -> Option<u32> {
    let script = "import sys; print(sys.version_info[0] * 100 + sys.version_info[1])";
    let out = Command::new("python3").args(["-c", script]).output().ok()?;
    String::from_utf8(out.stdout).ok()?.trim().parse().ok()
}

/// Runs the same program in Python under every start method and asserts that it prints the same lines, in
/// whatever order. Where there is no Python, says so.
pub fn same_in_python(name: &str, knobs: &[(&str, u64)]) {
    let Some(version) = python_version() else {
        println!("skipped: there is no python3 to compare {name} with");
        return;
    };
    println!("compared with Python {version}");
    at_once(|start| {
        let ours = run(name, start, knobs).standard_output();
        // Its processes take so long to start that on a busy machine its naps may be too short.
        let theirs: Vec<_> = (0..3).map(|_| in_python(name, start, knobs)).take_while(|lines| *lines != ours).collect();
        assert!(theirs.len() < 3, "{name} by {}: here\n{ours:#?}\nin Python\n{theirs:#?}", start.name());
    });
}

fn in_python(name: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("program.py");
    let program = program::named(name).expect("registered");
    let knobs = plan(name, start, knobs).knobs;
    std::fs::write(&file, Chosen { program, knobs: &knobs, start }.python()).expect("room");
    // Unbuffered, it would write a line piece by piece, into the middle of another's.
    let out = Command::new("python3")
        .env_remove("PYTHONUNBUFFERED")
        .arg("-W")
        .arg("ignore")
        .arg(&file)
        .stderr(Stdio::null())
        .output()
        .expect("python3 starts");
    let mut lines: Vec<String> = String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

/// A model of what was told, for programs that do not come to their end.
pub fn model(told: &Told) -> Model {
    Model::of(&told.events)
}
