//! What `Process` promises, one test a case, under every start method of this machine; and where Python is
//! at hand, whether it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

mod common;

use common::programs::{self, Ran, at_once, methods, run, same_in_python};
use poolscope::plan::StartMethod;
use poolscope::trace::{Exit, Role, What};

const SIGABRT: i32 = 6;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
const SIGTERM: i32 = 15;

/// Runs a program under every start method.
fn each(name: &str, knobs: &[(&str, u64)], assert: impl Fn(&Ran) + Sync) {
    at_once(|start| assert(&run(name, start, knobs)));
}

#[test]
fn d01_every_way_to_end_has_its_exit_code() {
    each("exit-codes", &[], |ran| {
        let code = Exit::Code;
        let expected = [
            code(3),
            code(1),
            code(0),
            code(1),
            Exit::Signal(SIGSEGV),
            Exit::Signal(SIGABRT),
            Exit::Signal(SIGTERM),
            Exit::Signal(SIGKILL),
            code(7),
            code(255),
            code(44),
        ];
        for (number, exit) in (1..).zip(expected) {
            assert_eq!(ran.exit(&format!("Process-{number}")), exit, "Process-{number} by {}", ran.start.name());
        }
        assert_eq!(ran.printed_by("boom").as_deref(), Some("Process-2"));
        assert_eq!(ran.printed_by("ValueError: not a number").as_deref(), Some("Process-4"));
        assert_eq!(ran.calls("p8.exitcode")[0].answer, "−SIGKILL");
    });
}

#[test]
fn d01_python_agrees() {
    same_in_python("exit-codes", &[]);
}

#[test]
fn d02_and_d07_wrong_calls_raise_what_python_raises() {
    each("misuse", &[], |ran| {
        let mut expected = vec![
            ("p1.join()", "AssertionError: can only join a started process"),
            ("p1.terminate()", "AttributeError: 'NoneType' object has no attribute 'terminate'"),
            ("p1.start()", "AssertionError: cannot start a process twice"),
            ("p1.daemon = True", "AssertionError: process has already started"),
        ];
        let closing = "ValueError: Cannot close a process while it is still running. You should first call join() or terminate().";
        expected.push(("p1.close()", closing));
        if ran.start == StartMethod::Fork {
            expected.push(("p1.join()", "AssertionError: can only join a child process"));
            expected.push(("p1.is_alive()", "AssertionError: can only test a child process"));
        }
        expected.push(("p1.start()", "AssertionError: cannot start a process twice"));
        let closed = ["start()", "join()", "terminate()", "kill()", "is_alive()", "exitcode", "pid"];
        let closed: Vec<String> = closed.iter().map(|call| format!("p1.{call}")).collect();
        expected.extend(closed.iter().map(|call| (call.as_str(), "ValueError: process object is closed")));
        expected.push(("bool(wait([p1.sentinel], 0))", "ValueError: process object is closed"));
        let raised = ran.raised();
        let raised: Vec<(&str, &str)> = raised.iter().map(|(call, answer)| (&call[..], &answer[..])).collect();
        assert_eq!(raised, expected, "{}", ran.start.name());
        let closings = ran.calls("p1.close()");
        assert_eq!(closings.iter().filter(|call| !call.raised).count(), 2, "closing twice is fine");
    });
}

#[test]
fn d02_python_agrees() {
    same_in_python("misuse", &[]);
}

#[test]
fn d03_to_d05_what_is_known_before_during_and_after() {
    each("join-timeout", &[], |ran| {
        let lines = ran.lines();
        assert_eq!(
            lines,
            [
                "before start: alive False",
                "before start: exit code None",
                "before start: pid None",
                "ValueError: process not started",
                "active children: []",
                "running: alive True",
                "running: exit code None",
                "running: sentinel False",
                "active children: ['Process-1']",
                "after join(0.1): alive True",
                "after join(0.1): exit code None",
                "after join: alive False",
                "after join: exit code 0",
                "after join: sentinel True",
                "active children: []",
            ],
            "{}",
            ran.start.name()
        );
        let answers: Vec<&str> = ran.calls("p1.join(").iter().map(|call| call.answer.as_str()).collect();
        assert_eq!(answers, ["still alive", "still alive", "still alive", "it has ended"]);
        let joins = ran.calls("p1.join(");
        let at_once = |place: usize| joins[place].to_ns - joins[place].from_ns < 400_000_000;
        assert!(at_once(0) && at_once(1), "join(0) and join(-1) return at once");
    });
}

#[test]
fn d03_python_agrees() {
    same_in_python("join-timeout", &[]);
}

#[test]
fn d06_a_grandchild_that_holds_a_pipe_does_not_hold_up_join() {
    each("pipe-holder", &[], |ran| {
        let join = ran.calls("p1.join(0.5)")[0];
        assert_eq!((join.answer.as_str(), ran.exit("Process-1")), ("it has ended", Exit::Code(0)));
        assert!(join.to_ns - join.from_ns < 450_000_000, "{}: it waited in vain", ran.start.name());
        let holder = ran.actor("Process-1:1");
        assert!(holder.exited.expect("ended").0 > join.to_ns, "the grandchild was still there");
    });
}

#[test]
fn d08_daemons_are_terminated_and_the_others_waited_for() {
    each("daemon", &[], |ran| {
        assert_eq!(ran.exit("Process-1"), Exit::Signal(SIGTERM), "{}", ran.start.name());
        let signals = &ran.actor("Process-1").signals;
        assert_eq!((signals.len(), signals[0].signal.as_str()), (1, "SIGTERM"));
        assert_eq!(ran.exit("Process-2"), Exit::Code(0));
        let lines = ran.lines();
        let place = |line: &str| lines.iter().position(|printed| printed == line);
        assert!(place("the parent is done").expect("printed") < place("the child is done").expect("printed"));
        assert_eq!(place("the daemon is done"), None);
        assert!(ran.actor("Process-1").daemon && !ran.actor("Process-2").daemon);
    });
}

#[test]
fn d09_a_daemon_has_no_children() {
    each("daemon", &[("child-ms", 1)], |ran| {
        let told = "AssertionError: daemonic processes are not allowed to have children".to_owned();
        assert_eq!(ran.raised(), [("p1.start()".to_owned(), told)]);
        assert_eq!(ran.names(), ["Process-1", "Process-2", "Process-3"]);
    });
}

#[test]
fn d08_python_agrees() {
    same_in_python("daemon", &[]);
}

#[test]
fn d10_who_is_not_joined_stays_a_zombie_until_somebody_asks() {
    each("zombie", &[("nobody-joins-ms", 600), ("children", 1)], |ran| {
        let (reaped_ns, exit) = ran.actor("Process-1").exited.expect("it ended");
        assert_eq!(exit, Exit::Code(0));
        match (ran.start, ran.actor("Process-1").unreaped_ns) {
            // The server waits for its children by itself.
            (StartMethod::Forkserver, unreaped) => assert_eq!(unreaped, None),
            (_, unreaped) => assert!(unreaped.expect("it was a zombie") < reaped_ns),
        }
        assert_eq!(ran.calls("active_children()")[0].answer, "[]");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn d10_the_zombie_is_one_to_the_system_too() {
    for start in [StartMethod::Fork, StartMethod::Spawn] {
        let plan = programs::plan("zombie", start, &[("nobody-joins-ms", 1500), ("children", 1)]);
        let session = common::session(&plan, poolscope::session::Options::default());
        let mut pid = 0;
        'told: loop {
            let report = session.reports().recv_timeout(common::DEADLINE).expect("it goes on");
            let poolscope::session::Report::Events(events) = report else { continue };
            for event in events {
                match event.what {
                    What::ActorBorn(birth) if birth.role == Role::Process => pid = birth.pid,
                    What::Unreaped { .. } => break 'told,
                    _ => {}
                }
            }
        }
        let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is in the table");
        assert!(state.contains(") Z "), "{state}");
        common::listen(&session);
        assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists(), "it was waited for");
    }
}

#[test]
fn d10_python_agrees() {
    same_in_python("zombie", &[("nobody-joins-ms", 800)]);
}

#[test]
fn d11_an_orphan_sees_its_parent_go() {
    each("orphan", &[], |ran| {
        assert_eq!(ran.exit("Process-1"), Exit::Signal(SIGKILL), "{}", ran.start.name());
        let seen: Vec<&str> = ran.calls("parent_process()").iter().map(|call| call.answer.as_str()).collect();
        assert_eq!(seen, ["True", "it has ended", "False"], "{}", ran.start.name());
        assert_eq!(ran.printed_by("the orphan is done").as_deref(), Some("Process-1:1"));
        assert_eq!(ran.exit("Process-1:1"), Exit::Code(0), "{}: it was waited for all the same", ran.start.name());
    });
}

#[test]
fn d11_python_agrees() {
    same_in_python("orphan", &[]);
}

#[test]
fn d12_children_of_children_start_in_order_and_are_named_after_their_parents() {
    each("children-of-children", &[], |ran| {
        let names = ["Process-1", "Process-1:1", "Process-1:2", "Process-2", "Process-2:1", "Process-2:2"];
        assert_eq!(ran.names(), names, "{}", ran.start.name());
        assert_eq!(ran.lines(), ["[]", "[0]", "[0, 0]", "[0, 1]", "[1]", "[1, 0]", "[1, 1]"]);
        for name in ["Process-1:1", "Process-1:2"] {
            assert_eq!(ran.actor(name).parent, Some(ran.actor("Process-1").id));
            assert_eq!(ran.printed_by(if name.ends_with('1') { "[0, 0]" } else { "[0, 1]" }).as_deref(), Some(name));
        }
        let mut ids: Vec<u32> = ran.run.actors.iter().map(|actor| actor.id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ran.run.actors.len(), "every id is given once");
    });
}

#[test]
fn d12_python_agrees() {
    same_in_python("children-of-children", &[("depth", 2)]);
}

#[test]
fn d13_a_child_waits_for_its_threads_but_not_for_daemons() {
    each("threads-in-a-child", &[], |ran| {
        let (thread, daemon) = (ran.actor("Thread-1"), ran.actor("Thread-2"));
        assert_eq!((thread.role, thread.exited.expect("ended").1), (Role::ProcessThread, Exit::Joined));
        assert_eq!(daemon.exited.expect("ended").1, Exit::Unknown);
        assert_eq!(ran.lines(), ["the child's own code is done", "the thread is done", "exit code 0"]);
        assert_eq!(thread.pid, ran.actor("Process-1").pid);
    });
}

#[test]
fn d13_python_agrees() {
    same_in_python("threads-in-a-child", &[]);
}

#[test]
fn d14_none_of_a_hundred_is_forgotten() {
    each("many-children", &[("children", 100)], |ran| {
        for number in 1..=100 {
            assert_eq!(ran.exit(&format!("Process-{number}")), Exit::Code(0), "{number} by {}", ran.start.name());
        }
        for number in 101..=200 {
            let exit = ran.exit(&format!("Process-{number}"));
            // macOS may say −SIGKILL of a process that was terminated while it was being made.
            let fine = [Exit::Signal(SIGTERM), Exit::Signal(SIGKILL)].contains(&exit);
            assert!(fine && (cfg!(target_os = "macos") || exit == Exit::Signal(SIGTERM)), "{number}: {exit}");
        }
    });
}

#[test]
#[cfg(target_os = "linux")]
fn d15_a_child_holds_as_few_descriptors_however_many_siblings_it_has() {
    for &start in methods() {
        let counts: Vec<Vec<usize>> = [2, 9].map(|workers| descriptors(start, workers)).into();
        let all: Vec<usize> = counts.concat();
        assert!(all.iter().all(|count| *count == all[0]) && all[0] <= 6, "{}: {counts:?}", start.name());
    }
}

/// How many descriptors each of so many children has while it sleeps.
#[cfg(target_os = "linux")]
fn descriptors(start: StartMethod, workers: u64) -> Vec<usize> {
    let plan = programs::plan("five-workers", start, &[("workers", workers), ("sleep-ms", 700)]);
    let session = common::session(&plan, poolscope::session::Options::default());
    let (mut births, mut ready) = (Vec::new(), Vec::new());
    while births.len() < workers as usize || !births.iter().all(|(actor, _)| ready.contains(actor)) {
        let report = session.reports().recv_timeout(common::DEADLINE).expect("it goes on");
        let poolscope::session::Report::Events(events) = report else { continue };
        for event in events {
            match event.what {
                What::ActorBorn(birth) if birth.role == Role::Process => births.push((birth.actor, birth.pid)),
                What::ActorReady => ready.push(event.by),
                _ => {}
            }
        }
    }
    let count = |pid| std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    let counts = births.into_iter().map(|(_, pid)| count(pid)).collect();
    common::listen(&session);
    counts
}

#[test]
fn d16_who_can_not_print_ends_well_all_the_same() {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};
    for &start in methods() {
        for broken in [true, false] {
            let mut engine = Command::new(common::PROGRAM)
                .args(["__engine", &std::process::id().to_string()])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(if broken { Stdio::piped() } else { Stdio::null() })
                .spawn()
                .expect("the engine starts");
            drop(engine.stderr.take());
            let plan = programs::plan("five-workers", start, &[("sleep-ms", 0)]);
            let mut commands = engine.stdin.take().expect("piped");
            writeln!(commands, "{}", serde_json::to_string(&plan).expect("plain data")).expect("it reads its plan");
            let mut bytes = Vec::new();
            engine.stdout.take().expect("piped").read_to_end(&mut bytes).expect("it ends");
            assert!(engine.wait().expect("it ends").success());
            let mut events = Vec::new();
            poolscope::trace::codec::Decoder::default().push(&bytes, &mut events).expect("a whole trace");
            let exits: Vec<Exit> = events
                .iter()
                .filter_map(|event| if let What::ActorExited { exit, .. } = event.what { Some(exit) } else { None })
                .collect();
            assert!(exits.len() >= 5 && exits.iter().all(|exit| *exit == Exit::Code(0)), "{}: {exits:?}", start.name());
        }
    }
}

#[test]
fn d17_terminate_can_be_ignored_and_kill_can_not() {
    each("terminate-and-kill", &[], |ran| {
        assert_eq!(ran.lines(), ["I don't listen", "after terminate: alive True", "after kill: exit code -9"]);
        let signals: Vec<&str> = ran.actor("Process-1").signals.iter().map(|sent| sent.signal.as_str()).collect();
        assert_eq!((signals, ran.exit("Process-1")), (vec!["SIGTERM", "SIGKILL"], Exit::Signal(SIGKILL)));
    });
}

#[test]
fn d17_python_agrees() {
    same_in_python("terminate-and-kill", &[]);
}

#[test]
#[cfg(target_os = "linux")]
fn d19_interrupted_waits_cost_nothing() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    for &start in methods() {
        let plan = programs::plan("five-workers", start, &[("sleep-ms", 500)]);
        let session = common::session(&plan, poolscope::session::Options::default());
        let mut events = Vec::new();
        let mut pids = Vec::new();
        // Stopping and continuing interrupts every wait of theirs, and of the engine's.
        let ending = loop {
            match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
                poolscope::session::Report::Events(new) => events.extend(new),
                poolscope::session::Report::Warning(warning) => panic!("{warning}"),
                poolscope::session::Report::Ended(ending) => break ending,
            }
            pids.clear();
            pids.extend(events.iter().filter_map(|event| match &event.what {
                What::ActorBorn(birth) => Some(Pid::from_raw(birth.pid as i32)),
                _ => None,
            }));
            for signal in [Signal::SIGSTOP, Signal::SIGCONT] {
                for &pid in &pids {
                    // Ours, or gone: nobody else gets these numbers within a second.
                    let _ = kill(pid, signal);
                }
            }
        };
        assert_eq!(ending.error, None, "{}", start.name());
        let model = poolscope::model::Model::of(&events);
        assert_eq!(poolscope::model::check::violations(&model), Vec::<String>::new());
        assert_eq!(model.runs[0].printed.len(), 5, "{}", start.name());
    }
}

#[test]
fn d20_promises_are_kept_by_who_ends_in_order() {
    each("at-exit", &[], |ran| {
        let goodbyes = |number| ran.printed_by(&format!("p{number} says goodbye"));
        assert_eq!([goodbyes(1), goodbyes(2)], [Some("Process-1".to_owned()), Some("Process-2".to_owned())]);
        assert_eq!([goodbyes(3), goodbyes(4)], [None, None]);
        let exits: Vec<Exit> = (1..=4).map(|number| ran.exit(&format!("Process-{number}"))).collect();
        assert_eq!(exits, [Exit::Code(0), Exit::Code(2), Exit::Code(3), Exit::Signal(SIGTERM)]);
    });
}

#[test]
fn d20_python_agrees_since_it_does() {
    if programs::python_version().is_some_and(|version| version >= 313) {
        same_in_python("at-exit", &[]);
    } else {
        println!("skipped: before Python 3.13 children kept no such promise");
    }
}

#[test]
fn python_accepts_every_program() {
    use std::io::Write;
    if programs::python_version().is_none() {
        println!("skipped: there is no python3");
        return;
    }
    let script = "import ast, sys; [ast.parse(part) for part in sys.stdin.read().split('\\0')]";
    let mut python = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let knobs = std::collections::BTreeMap::new();
    let all: Vec<String> = poolscope::program::all()
        .flat_map(|program| methods().iter().map(move |&start| (program, start)))
        .map(|(program, start)| poolscope::program::Chosen { program, knobs: &knobs, start }.python())
        .collect();
    python.stdin.take().expect("piped").write_all(all.join("\0").as_bytes()).expect("it reads");
    assert!(python.wait().expect("it ends").success());
}

#[test]
fn every_program_can_be_stopped() {
    let slow = [("two-sleepers", vec![]), ("orphan", vec![]), ("pipe-holder", vec![]), ("parent-killed", vec![])];
    for (name, knobs) in slow {
        at_once(|start| {
            let session = common::session(&programs::plan(name, start, &knobs), poolscope::session::Options::default());
            std::thread::sleep(std::time::Duration::from_millis(250));
            session.stop();
            let told = common::listen(&session);
            assert_eq!(told.ending.error, None, "{name} by {}", start.name());
            let model = programs::model(&told);
            let outcome = &model.runs[0].end.as_ref().expect("it says so").outcome;
            assert_eq!(*outcome, poolscope::trace::Outcome::Stopped, "{name} by {}", start.name());
            let unended = model.runs[0].actors.iter().filter(|actor| actor.exited.is_none());
            assert_eq!(unended.count(), 0, "{name} by {}", start.name());
        });
    }
}

#[test]
fn repeats_are_programs_of_their_own() {
    at_once(|start| {
        let mut plan = programs::plan("inherited-value", start, &[]);
        plan.repeats = 3;
        let (model, told) = common::run(&plan);
        assert_eq!((&told.ending.error, model.runs.len()), (&None, 3), "{}", start.name());
        let mut pids = std::collections::HashSet::new();
        for run in &model.runs {
            assert!(run.is_complete());
            let child = run.actors.iter().find(|actor| actor.name.as_deref() == Some("Process-1")).expect("a child");
            assert!(pids.insert(child.pid));
        }
        let seen = if start == StartMethod::Fork { 42 } else { 1 };
        let printed = model.runs.iter().flat_map(|run| &run.printed);
        assert_eq!(printed.filter(|line| line.line == format!("Process-1 sees {seen}")).count(), 3);
    });
}

#[test]
fn a_program_ends_at_its_deadline() {
    for &start in methods() {
        let mut plan = programs::plan("two-sleepers", start, &[]);
        plan.deadline_ms = Some(300);
        let (model, told) = common::run(&plan);
        assert_eq!(told.ending.error, None);
        let outcome = model.runs[0].end.as_ref().expect("it ended").outcome.clone();
        let why = "The program was ended at its deadline of 300 ms.".to_owned();
        assert_eq!(outcome, poolscope::trace::Outcome::Failed(why), "{}", start.name());
    }
}
