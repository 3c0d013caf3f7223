//! What differs between the start methods, one test a case.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod common;

use std::collections::BTreeSet;

use common::programs::{methods, run, same_in_python};
use poolscope::plan::StartMethod;
use poolscope::trace::{Exit, Role};

#[test]
fn e01_the_defaults_are_told_and_this_machine_is_marked() {
    let ran = run("default-methods", StartMethod::Spawn, &[]);
    let lines = ran.lines();
    assert!(lines.iter().any(|line| line == "Windows:                      spawn, and no other"));
    assert!(lines.iter().any(|line| line.contains("this machine")), "{lines:?}");
}

#[test]
fn e02_a_lock_that_another_thread_held_never_opens_in_the_copy() {
    for &start in methods() {
        let ran = run("lock-at-fork", start, &[]);
        assert_eq!(ran.printed_by("the copy got the lock: False").as_deref(), Some("ForkProcess-1:1"));
        assert_eq!(ran.printed_by("the original got the lock: True").as_deref(), Some("Process-1"));
        let tried = ran.calls("lock.acquire(timeout=0.5)")[0];
        assert!(tried.to_ns - tried.from_ns >= 500_000_000, "it really tried");
        assert_eq!(ran.actor("ForkProcess-1:1").start, Some(StartMethod::Fork));
    }
}

#[test]
fn e02_python_agrees() {
    same_in_python("lock-at-fork", &[]);
}

#[test]
fn e03_only_a_forked_child_has_what_its_parent_had_in_memory() {
    for &start in methods() {
        let ran = run("inherited-value", start, &[("value", 77)]);
        let seen = if start == StartMethod::Fork { 77 } else { 1 };
        assert_eq!(
            ran.lines(),
            ["MainProcess sees 77".to_owned(), format!("Process-1 sees {seen}")],
            "{}",
            start.name()
        );
    }
}

#[test]
fn e03_python_agrees() {
    same_in_python("inherited-value", &[]);
}

#[test]
fn e04_without_a_main_guard_there_is_an_error_and_no_fork_bomb() {
    for &start in methods() {
        let ran = run("missing-main-guard", start, &[]);
        let processes = ran.run.actors.iter().filter(|actor| actor.role == Role::Process).count();
        assert_eq!(processes, 1, "{}", start.name());
        let raised = ran.raised();
        if start == StartMethod::Fork {
            assert_eq!(ran.lines(), ["hello", "exit code 0"]);
        } else {
            assert!(raised[0].1.starts_with("RuntimeError: An attempt has been made to start a new process"));
            assert_eq!(ran.lines().last().map(String::as_str), Some("exit code 1"));
        }
        assert_eq!(raised.is_empty(), start == StartMethod::Fork);
    }
}

#[test]
fn e04_python_agrees() {
    same_in_python("missing-main-guard", &[]);
}

#[test]
fn e05_a_start_method_is_set_once() {
    for &start in methods() {
        let ran = run("start-method-twice", start, &[]);
        assert_eq!(ran.lines(), ["RuntimeError: context has already been set", "forced"], "{}", start.name());
        let calls: Vec<bool> = ran.calls("set_start_method").iter().map(|call| call.raised).collect();
        assert_eq!(calls, [false, true, false]);
    }
}

#[test]
fn e05_python_agrees() {
    same_in_python("start-method-twice", &[]);
}

#[test]
fn e06_a_lock_of_another_context_is_refused() {
    let ran = run("mixed-contexts", StartMethod::Spawn, &[]);
    let raised = ran.raised();
    assert!(raised[0].1.starts_with("RuntimeError: A SemLock created in a fork context"), "{raised:?}");
    assert_eq!((raised.len(), ran.lines().len()), (1, 4));
    assert_eq!(ran.names(), ["ForkProcess-2", "ForkProcess-3", "SpawnProcess-4"]);
}

#[test]
fn e06_python_agrees() {
    same_in_python("mixed-contexts", &[]);
}

#[test]
fn e07_a_fork_server_that_was_killed_is_launched_anew() {
    if !methods().contains(&StartMethod::Forkserver) {
        return;
    }
    let ran = run("forkserver-killed", StartMethod::Forkserver, &[]);
    let servers: Vec<_> = ran.run.actors.iter().filter(|actor| actor.role == Role::ForkServer).collect();
    let exits: Vec<Exit> = servers.iter().map(|server| server.exited.expect("ended").1).collect();
    assert_eq!(exits, [Exit::Signal(9), Exit::Code(0)]);
    assert_ne!(servers[0].pid, servers[1].pid);
    assert_eq!(ran.exit("ForkServerProcess-1"), Exit::Code(0));
    assert_eq!(ran.exit("ForkServerProcess-3"), Exit::Code(0));
    // It ends with the server that started it, and on Linux the engine learns how.
    assert!([Exit::Signal(9), Exit::Unknown].contains(&ran.exit("ForkServerProcess-2")));
}

#[test]
#[cfg(target_os = "linux")]
fn e07_whoever_killed_it() {
    use poolscope::session::{Options, Report};
    use poolscope::trace::{Outcome, What};
    let plan = common::programs::plan("many-children", StartMethod::Forkserver, &[("children", 60)]);
    let session = common::session(&plan, Options::default());
    let mut events = Vec::new();
    let mut server = None;
    // In the middle of the starts.
    while server.is_none() {
        if let Report::Events(new) = session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
            server = new.iter().find_map(|event| match &event.what {
                What::ActorBorn(birth) if birth.role == Role::ForkServer => Some(birth.pid),
                _ => None,
            });
            events.extend(new);
        }
    }
    let server = nix::unistd::Pid::from_raw(server.expect("just found") as i32);
    nix::sys::signal::kill(server, nix::sys::signal::Signal::SIGKILL).expect("it lives");
    let mut told = common::listen(&session);
    assert_eq!((&told.ending.error, &told.warnings[..]), (&None, &[][..]));
    events.append(&mut told.events);
    let model = poolscope::model::Model::of(&events);
    let run = &model.runs[0];
    assert_eq!(run.end.as_ref().expect("it ended").outcome, Outcome::Complete);
    assert_eq!(run.actors.iter().filter(|actor| actor.role == Role::ForkServer).count(), 2);
    assert_eq!(run.actors.iter().filter(|actor| actor.role == Role::Process).count(), 120, "every start was made good");
    assert!(run.actors.iter().filter(|actor| actor.role != Role::Parent).all(|actor| actor.exited.is_some()));
}

#[test]
fn e10_every_method_gives_the_same_results_and_its_cost_is_measured() {
    let sets: BTreeSet<BTreeSet<String>> = methods()
        .iter()
        .map(|&start| run("five-workers", start, &[("sleep-ms", 20)]).lines().into_iter().collect())
        .collect();
    assert_eq!(sets.len(), 1, "{sets:?}");
    let ran = run("start-cost", StartMethod::Spawn, &[("rounds", 3), ("parent-mib", 16)]);
    assert_eq!(ran.calls("connection.recv()").len(), 3 * methods().len());
    for method in methods() {
        let told = ran.calls(&format!("median({})", method.name()))[0];
        let ms: f64 = told.answer.strip_suffix(" ms").and_then(|ms| ms.parse().ok()).expect("milliseconds");
        assert!((0.0..5000.0).contains(&ms), "{}: {ms} ms", method.name());
    }
}

#[test]
fn e10_python_agrees() {
    same_in_python("five-workers", &[("sleep-ms", 20)]);
}
