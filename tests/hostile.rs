//! What must hold when things go wrong: processes killed at any moment, traces damaged anywhere, an
//! observer that does not listen. Children are found by the tag in their environment, never by name.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says so")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::tagged::Tagged;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::model::{Model, check};
use poolscope::plan::{Executor, LossPolicy, Plan, StartMethod};
use poolscope::session::{Options, Session};
use poolscope::trace::codec::Decoder;
use poolscope::trace::{Event, Exit, Outcome, Role, What, file};

const WORKERS: usize = 3;

/// A run of sleeping workers under an observer of its own, with every process there.
fn sleepers(method: StartMethod) -> Tagged {
    let mut command = Command::new(common::PROGRAM);
    command.args(["run", "--workload", "sleep", "--items", "1000000", "--workers", &WORKERS.to_string()]);
    command.args(["--with", "processes", "--start", method.name()]);
    let mut run = Tagged::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    let whole = 2 + WORKERS + usize::from(method == StartMethod::Forkserver);
    run.wait_for_crew(WORKERS);
    run.wait_for("every process runs", |run| (run.alive().len() == whole).then_some(()));
    run
}

fn workers(run: &Tagged) -> Vec<i32> {
    run.crew().map(|(_, workers)| workers).unwrap_or_default()
}

fn end(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it lives");
}

/// Kills what `victim` picks, under every start method, and asserts that nothing is left.
fn nothing_is_left_after(victim: impl Fn(&Tagged) -> i32) {
    for &method in poolscope::sys::start_methods() {
        let mut run = sleepers(method);
        end(victim(&run));
        // The observer ends by itself when its engine has; its own child is then reaped.
        run.end();
    }
}

#[test]
fn killing_the_observer_leaves_nothing() {
    nothing_is_left_after(|run| run.child.id() as i32);
}

#[test]
fn killing_the_engine_leaves_nothing() {
    nothing_is_left_after(|run| run.engine().expect("it lives"));
}

#[test]
fn a_killed_worker_is_reaped_and_replaced() {
    for &method in poolscope::sys::start_methods() {
        let mut run = sleepers(method);
        let (before, victim) = (run.alive(), workers(&run)[1]);
        end(victim);
        run.wait_for(method.name(), |run| {
            let alive = run.alive();
            let is_whole = alive.len() == before.len() && !alive.contains(&victim);
            (is_whole && workers(run).len() == WORKERS).then_some(())
        });
        // A zombie has no environment, but it has an entry.
        assert!(!fs::exists(format!("/proc/{victim}/stat")).expect("a Linux system"), "{}", method.name());
    }
}

#[test]
fn a_killed_worker_is_named_with_its_signal_and_its_unit() {
    for &start in poolscope::sys::start_methods() {
        let plan = Plan {
            workload: "sleep".into(),
            items: Some(300),
            with: Executor::Processes,
            start,
            workers: 2,
            chunksize: Some(10),
            ..Plan::default()
        };
        let session = common::session(&plan, Options::default());
        let mut events = Vec::new();
        let give_up = Instant::now() + common::DEADLINE;
        let is_computing = |events: &[Event], pid: u32| {
            let worker = events.iter().find_map(|event| match &event.what {
                What::ActorBorn(birth) if (birth.role, birth.number) == (Role::WorkerProcess, 2) => {
                    (pid == 0 || birth.pid == pid).then_some((birth.actor, birth.pid))
                }
                _ => None,
            })?;
            let computing = |event: &&Event| event.by == worker.0 && matches!(event.what, What::UnitBegan { .. });
            events.iter().find(computing).map(|_| worker.1)
        };
        let pid = loop {
            if let poolscope::session::Report::Events(more) =
                session.reports().recv_deadline(give_up).expect("it goes on")
            {
                events.extend(more);
            }
            if let Some(pid) = is_computing(&events, 0) {
                break pid;
            }
        };
        end(pid as i32);
        events.extend(common::listen(&session).events);
        let model = Model::of(&events);
        let run = &model.runs[0];
        let Some(Outcome::Raised(why)) = run.end.as_ref().map(|end| end.outcome.clone()) else {
            panic!("{:?}", run.end)
        };
        assert!(why.contains("Worker 2") && why.contains("SIGKILL") && why.contains("1 of 30 units has"), "{why}");
        let failure = &run.failures[0];
        assert_eq!((run.failures.len(), &*failure.what.kind, failure.what.pid), (1, "WorkerLostError", pid));
        assert_eq!(run.units.arrivals().len(), 29, "all the others have their results");
        let victim = run.workers().find(|worker| worker.pid == pid).expect("it was born");
        assert_eq!(victim.exited.expect("it is gone").1.to_string(), "−SIGKILL");
        assert_eq!(check::violations(&model), Vec::<String>::new(), "what was lost is in flight");
    }
}

#[test]
fn a_fork_server_that_does_not_answer_does_not_hold_stop_up() {
    let plan = Plan {
        workload: "sleep".into(),
        items: Some(100_000),
        with: Executor::Processes,
        start: StartMethod::Forkserver,
        workers: 4,
        ..Plan::default()
    };
    let session = common::session(&plan, Options::default());
    let (mut server, mut workers) = (None, Vec::new());
    let give_up = Instant::now() + common::DEADLINE;
    while workers.len() < 4 {
        let report = session.reports().recv_deadline(give_up).expect("it goes on");
        let poolscope::session::Report::Events(events) = report else { continue };
        for event in events {
            match event.what {
                What::ActorBorn(birth) if birth.role == Role::ForkServer => server = Some(birth.pid as i32),
                What::ActorBorn(birth) if birth.role == Role::WorkerProcess => workers.push(birth.pid),
                _ => {}
            }
        }
    }
    kill(Pid::from_raw(server.expect("it was introduced")), Signal::SIGSTOP).expect("it lives");
    session.stop();
    common::listen(&session);
    let alive = |pid: &u32| fs::exists(format!("/proc/{pid}/fd/0")).unwrap_or(false);
    while workers.iter().any(alive) {
        assert!(Instant::now() < give_up, "workers outlive their run");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// E07: a killed fork server takes its workers with it. Another is launched, what they had begun is computed
/// again, and the trace tells all of it.
#[test]
fn e07_a_killed_fork_server_is_launched_again() {
    let plan = Plan {
        workload: "squares".into(),
        items: Some(200_000),
        chunksize: Some(100),
        with: Executor::Processes,
        start: StartMethod::Forkserver,
        policy: LossPolicy::Retry,
        workers: 12,
        deadline_ms: Some(40_000),
        ..Plan::default()
    };
    let (whole, _) = common::run(&plan);
    let digest = &whole.runs[0].end.as_ref().expect("it ended").digest;
    let sleeps = Plan { workload: "sleep".into(), items: Some(1500), chunksize: Some(1), ..plan.clone() };
    for plan in [plan, sleeps] {
        let session = common::session(&plan, Options::default());
        let (mut events, mut begun, mut server) = (Vec::new(), 0, 0);
        let give_up = Instant::now() + common::DEADLINE;
        while begun < 50 {
            let report = session.reports().recv_deadline(give_up).expect("it goes on");
            let poolscope::session::Report::Events(more) = report else { continue };
            for event in &more {
                match &event.what {
                    What::ActorBorn(birth) if birth.role == Role::ForkServer => server = birth.pid as i32,
                    What::UnitBegan { .. } => begun += 1,
                    _ => {}
                }
            }
            events.extend(more);
        }
        // A run of squares may be over by now.
        let _ = kill(Pid::from_raw(server), Signal::SIGKILL);
        let told = common::listen(&session);
        events.extend(told.events);
        assert_eq!(told.ending.error, None);
        let model = Model::of(&events);
        let run = &model.runs[0];
        assert!(run.is_complete(), "{:?}", run.end);
        assert_eq!(check::violations(&model), [""; 0]);
        if plan.workload == "squares" {
            assert_eq!(&run.end.as_ref().expect("it ended").digest, digest);
            continue;
        }
        let servers: Vec<_> = run.actors.iter().filter(|actor| actor.role == Role::ForkServer).collect();
        assert_eq!(servers.len(), 2, "the old and the new");
        assert_eq!(servers[0].exited.map(|(_, exit)| exit), Some(Exit::Signal(9)));
        let replaced = events.iter().find_map(|event| match &event.what {
            What::ActorBorn(birth) if birth.actor == servers[1].id => birth.replaces,
            _ => None,
        });
        assert_eq!(replaced, Some(servers[0].id));
        assert_eq!(servers[1].exited.map(|(_, exit)| exit), Some(Exit::Code(0)));
        let alive = run.actors.iter().filter(|actor| actor.exited.is_none() && actor.role != Role::Parent);
        assert_eq!(alive.map(poolscope::model::Actor::title).collect::<Vec<_>>(), [""; 0], "everybody's end is told");
        let left = |pid: u32| fs::exists(format!("/proc/{pid}/fd/0")).unwrap_or(false);
        assert!(run.actors.iter().filter(|actor| actor.is_worker()).all(|actor| !left(actor.pid)));
    }
}

#[test]
fn the_parent_has_one_thread_when_it_has_child_processes() {
    for &method in poolscope::sys::start_methods() {
        let run = sleepers(method);
        let engine = run.engine().expect("it lives");
        let threads = fs::read_dir(format!("/proc/{engine}/task")).expect("it lives").count();
        assert_eq!(threads, 1, "{}", method.name());
    }
}

#[test]
fn a_worker_has_its_own_ends_and_nothing_else() {
    for &method in poolscope::sys::start_methods() {
        let mut run = sleepers(method);
        let ends = |pid: &i32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        // Standard input, output and error, its tasks, its results, its ring; a worker that is still
        // starting has those of its loader, too.
        run.wait_for(method.name(), |run| workers(run).iter().map(ends).eq([6; WORKERS]).then_some(()));
        for pid in workers(&run) {
            let input = fs::read_link(format!("/proc/{pid}/fd/0")).expect("it lives");
            assert_eq!(input.to_str(), Some("/dev/null"), "{}: nobody else's commands", method.name());
        }
    }
}

#[test]
fn an_observer_that_does_not_listen_does_not_hold_the_run_up() {
    let mut command = Command::new(common::PROGRAM);
    command.args(["__engine", &std::process::id().to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut engine = Tagged::start(&mut command);
    let plan = Plan {
        workload: "squares".into(),
        // Long enough that its workers are seen, also by a test that is not let near a core.
        items: Some(3_000_000),
        chunksize: Some(1),
        with: Executor::Processes,
        start: StartMethod::Spawn,
        workers: 2,
        ..Plan::default()
    };
    let mut commands = engine.child.stdin.take().expect("piped");
    writeln!(commands, "{}", serde_json::to_string(&plan).expect("plain data")).expect("it reads its plan");
    // Nobody reads the trace until its workers have come and gone.
    engine.wait_for("workers come", |run| (run.alive().len() > 1).then_some(()));
    engine.wait_for("workers go", |run| (run.alive().len() == 1).then_some(()));
    let listening_ns = poolscope::sys::now_ns();
    let mut bytes = Vec::new();
    engine.child.stdout.take().expect("piped").read_to_end(&mut bytes).expect("it ends");
    let mut events = Vec::new();
    Decoder::default().push(&bytes, &mut events).expect("a whole trace");
    let model = Model::of(&events);
    assert!(model.runs[0].is_complete());
    assert!(model.runs[0].end.as_ref().expect("it ended").at_ns < listening_ns);
    assert_eq!(check::violations(&model), Vec::<String>::new());
}

#[test]
fn a_trace_cut_at_any_byte_opens_up_to_its_last_whole_block() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole");
    let plan = Plan {
        workload: "squares".into(),
        items: Some(12),
        chunksize: Some(3),
        with: Executor::Threads,
        workers: 2,
        ..Plan::default()
    };
    common::listen(&common::session(&plan, Options { trace: Some(whole.clone()), ..Options::default() }));
    let bytes = fs::read(&whole).expect("it was written");
    let events = file::open(&whole).expect("it opens").events;
    let cut = folder.path().join("cut");
    let mut most = 0;
    for length in 0..bytes.len() {
        fs::write(&cut, &bytes[..length]).expect("room");
        match file::open(&cut) {
            Ok(opened) => {
                assert!(events.starts_with(&opened.events), "at {length}");
                assert!(opened.events.len() >= most, "at {length}: more bytes never give fewer events");
                most = opened.events.len();
                // Whatever is left of a run can be looked at.
                let _ = check::violations(&Model::of(&opened.events));
            }
            Err(error) => {
                assert!(length < 16 && error.to_string().contains("not a Poolscope trace"), "{length}: {error}");
            }
        }
    }
    assert!(most < events.len());
}

#[test]
fn an_engine_that_can_not_be_started_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = Some(folder.path().join("t.pst"));
    let options = Options { trace, program: Some("/nowhere/poolscope".into()), ..Options::default() };
    let error = Session::start(&Plan::default(), options).expect_err("there is no such program").to_string();
    assert!(error.contains("no longer where it was"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn an_engine_that_breaks_off_within_a_block_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (program, trace) = (folder.path().join("engine"), folder.path().join("t.pst"));
    // A header, and the first five bytes of a block.
    let script = r"printf 'POOLSCOP\001\000\000\000\000\000\000\000PSBK\001'";
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("room");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).expect("ours");
    let options = Options { trace: Some(trace.clone()), program: Some(program), ..Options::default() };
    let told = common::listen(&Session::start(&Plan::default(), options).expect("it starts"));
    assert_eq!(told.warnings.len(), 1, "{:?}", told.warnings);
    assert!(told.warnings[0].contains("in the middle of a block: its last 5 bytes"), "{:?}", told.warnings);
    assert_eq!(told.ending.recording, Some(Ok(trace.clone())));
    assert!(file::open(&trace).expect("a trace").notice.is_none(), "only whole blocks are kept");
}
