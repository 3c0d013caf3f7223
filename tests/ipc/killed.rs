//! A process is killed at a chosen point of its work with what it shares: while it holds a lock, while it waits, with
//! half a message in the pipe. The others go on, or wait as Python's would; in either case the run ends in time, and
//! its trace is without a contradiction.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "it tells how many points it met")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::common;
use crate::common::ipc::programs;
use crate::common::programs::{at_once, methods, plan};
use poolscope::model::{Model, check};
use poolscope::plan::{Action, Plan, StartMethod};
use poolscope::program::Program;
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Deed, Event, Exit, Role, What, Wish};

/// A program that is not over by itself is ended so many milliseconds after its start.
const DEADLINE_MS: u64 = 3000;
/// What a busy machine adds.
const SOON: Duration = Duration::from_secs(10);
/// So many runs at once: most of each is waiting.
const AT_ONCE: usize = 10;

/// A point of a process's work, in a word or two; `None` if it is no point of interest.
fn point(event: &Event) -> Option<String> {
    match &event.what {
        What::Waits { wish, .. } => Some(format!("waits to {wish:?}")),
        What::Used { deed, .. } => Some(
            match deed {
                Deed::Acquired { .. } => "has a lock",
                Deed::Put { .. } => "has put",
                Deed::Got { .. } => "has got",
                Deed::Served { .. } => "has served",
                Deed::Updated { .. } => "updates",
                Deed::Woke => "woke",
                Deed::Passed { .. } => "passed",
                _ => return None,
            }
            .to_owned(),
        ),
        _ => None,
    }
}

/// What became of a run.
struct Told {
    model: Model,
    events: Vec<Event>,
    killed: Option<ActorId>,
    took: Duration,
}

/// Runs a program and kills the process that first comes to this point.
fn run(plan: &Plan, is_point: impl Fn(&Event) -> bool) -> Told {
    let way = format!("{:?} by {} {:?}", plan.program, plan.start.name(), plan.knobs);
    let began = Instant::now();
    let session = common::session(plan, Options::default());
    let (mut events, mut pids, mut killed) = (Vec::new(), HashMap::new(), None);
    let error = loop {
        let new = match session.reports().recv_deadline(began + common::DEADLINE).expect("it goes on") {
            Report::Events(new) => new,
            Report::Warning(warning) => panic!("{way}: {warning}"),
            Report::Ended(ending) => break ending.error,
        };
        for event in new {
            if let What::ActorBorn(birth) = &event.what
                && matches!(birth.role, Role::Process | Role::Manager)
            {
                pids.insert(birth.actor, birth.pid);
            }
            if killed.is_none() && pids.contains_key(&event.by) && is_point(&event) {
                session.order(event.by, Action::Kill);
                killed = Some(event.by);
            }
            events.push(event);
        }
    };
    assert_eq!(error, None, "{way}");
    let took = began.elapsed();
    let model = Model::of(&events);
    assert_eq!(check::violations(&model), [""; 0], "{way}");
    assert!(model.runs[0].end.is_some(), "{way}");
    let left: Vec<&u32> =
        pids.values().filter(|pid| fs::exists(format!("/proc/{pid}/fd/0")).unwrap_or(false)).collect();
    assert!(left.is_empty(), "{way}: {left:?} are left");
    Told { model, events, killed, took }
}

impl Told {
    fn is_killed(&self) -> bool {
        let run = &self.model.runs[0];
        self.killed.and_then(|id| run.actor(id)?.exited).is_some_and(|(_, exit)| exit == Exit::Signal(9))
    }

    fn deeds(&self) -> impl Iterator<Item = (ActorId, Deed)> {
        self.events.iter().filter_map(|event| match event.what {
            What::Used { deed, .. } => Some((event.by, deed)),
            _ => None,
        })
    }
}

fn plan_of(program: &Program, start: StartMethod, knobs: &[(&str, u64)], deadline_ms: u64) -> Plan {
    Plan { deadline_ms: Some(deadline_ms), ..plan(program.name, start, knobs) }
}

/// Every program; and where its objects can be robust, once more with those.
fn variants() -> Vec<(&'static Program, &'static [(&'static str, u64)])> {
    let robust = programs().into_iter().filter(|program| program.knobs.iter().any(|knob| knob.name == "robust"));
    let robust = robust.map(|program| (program, &[("robust", 1)][..]));
    programs().into_iter().map(|program| (program, &[][..])).chain(robust).collect()
}

/// G09, G10, F08, F09: for each program, every point to which a process in it comes.
#[test]
fn whoever_is_killed_at_whatever_point_the_run_ends() {
    let all = variants();
    let points = Mutex::new(BTreeMap::<usize, BTreeSet<String>>::new());
    common::jobs(all.len() as u64, AT_ONCE, |job| {
        let (program, knobs) = all[job as usize];
        let told = run(&plan_of(program, methods()[0], knobs, DEADLINE_MS), |_| false);
        let parents = |event: &&Event| event.by != ActorId::PARENT;
        let found: BTreeSet<String> = told.events.iter().filter(parents).filter_map(point).collect();
        points.lock().expect("nobody panicked").insert(job as usize, found);
    });
    let points = points.into_inner().expect("nobody panicked");
    let cases: Vec<(usize, String)> = points
        .into_iter()
        .flat_map(|(program, points)| points.into_iter().map(move |point| (program, point)))
        .collect();
    let met = Mutex::new(0);
    common::jobs(cases.len() as u64, AT_ONCE, |job| {
        let (variant, wanted) = &cases[job as usize];
        let (program, knobs) = all[*variant];
        let start = methods()[job as usize % methods().len()];
        let is_point = |event: &Event| point(event).as_ref() == Some(wanted);
        let told = run(&plan_of(program, start, knobs, DEADLINE_MS), is_point);
        let way = format!("{} {knobs:?} by {}, killed when it {wanted}", program.name, start.name());
        assert!(told.took < Duration::from_millis(DEADLINE_MS) + SOON, "{way}: {:?}", told.took);
        *met.lock().expect("nobody panicked") += usize::from(told.is_killed());
    });
    let met = met.into_inner().expect("nobody panicked");
    println!("{met} of {} were killed", cases.len());
    assert!(met * 2 > cases.len(), "{met} of {} were killed", cases.len());
}

/// F09: half a message is in the pipe when its writer is killed. Nobody takes it for one.
#[test]
fn f09_half_a_message_is_never_taken_for_one() {
    at_once(|start| {
        let program = poolscope::program::named("join-before-drain").expect("registered");
        let is_point = |event: &Event| matches!(event.what, What::Waits { wish: Wish::Feed | Wish::Send, .. });
        let told = run(&plan_of(program, start, &[], DEADLINE_MS), is_point);
        assert!(told.is_killed(), "{}: it waits for ever", start.name());
        let writer = told.killed.expect("somebody was");
        let fed = told.deeds().filter(|(by, deed)| *by == writer && matches!(deed, Deed::Fed { .. })).count();
        let got = told.deeds().filter(|(_, deed)| matches!(deed, Deed::Got { .. })).count();
        assert!(got <= fed, "{}: {got} messages out of {fed} that were whole", start.name());
    });
}
