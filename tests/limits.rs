//! What happens where the system gives no more processes or descriptors: a run works, or it says in one
//! message that it can't, and nothing of it is left.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stderr, reason = "a test that says nothing says so")]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::place::{Place, nobody_else, run_by};
use common::tagged::Tagged;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use poolscope::plan::StartMethod;

/// From now on a process of this user may start no other, or may again.
fn limit_processes(user: Option<u32>, pid: i32, most: &str) {
    let mut command = Command::new("prlimit");
    command.args(["--pid", &pid.to_string(), &format!("--nproc={most}:")]);
    assert!(run_by(user, &mut command).status().expect("prlimit is there").success(), "{pid}");
}

/// The most processes that a process may be allowed.
fn hard_limit(pid: i32) -> String {
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).expect("it lives");
    let processes = limits.lines().find_map(|line| line.strip_prefix("Max processes"));
    processes.and_then(|numbers| numbers.split_whitespace().nth(1)).expect("a limit").to_owned()
}

fn end(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).expect("it lives");
}

/// A run of a second and more, whose units may be computed again.
fn sleeping(start: StartMethod) -> Vec<&'static str> {
    let words = "run --json --workload sleep --items 300 --chunksize 1 --workers 3 --policy retry --deadline-ms 40000";
    words.split(' ').chain(["--with", "processes", "--start", start.name()]).collect()
}

fn report(place: &Place) -> serde_json::Value {
    serde_json::from_str(&place.said("out")).expect("a report")
}

/// The digest of [`sleeping`] where nothing goes wrong.
fn right_results(folder: &Path) -> String {
    let words = "run --json --workload sleep --items 300 --chunksize 1 --workers 30 --with threads";
    let output = Command::new(common::PROGRAM).args(words.split(' ')).current_dir(folder).output().expect("it starts");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    report["runs"][0]["digest"].as_str().expect("it has one").to_owned()
}

#[test]
fn more_workers_than_anybody_needs_are_refused() {
    let output = Command::new(common::PROGRAM).args(["run", "--workers", "513"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("workers: 513 is outside 1 to 512"), "{said}");
}

/// C15: somewhere on its way the pool can't be started. Those who were started are ended, and the caller is
/// told.
#[test]
fn c15_a_pool_that_can_not_be_started_whole_is_not_started() {
    if !Uid::effective().is_root() {
        eprintln!("not tried: only root can run the program as a user who has no other processes");
        return;
    }
    let place = Place::new();
    for &start in poolscope::sys::start_methods() {
        // The observer and its threads, the engine, its fork server, and some twenty workers.
        let arguments = ["run", "--workload", "squares", "--workers", "40", "--with", "processes"];
        let arguments = [&arguments[..], &["--start", start.name()]].concat();
        let mut command = place.limited("--nproc=26:26", &arguments);
        let status = Tagged::start(run_by(nobody_else(), &mut command)).end();
        let message = place.message();
        assert_eq!(status.code(), Some(1), "{}: {message}", start.name());
        // The engine may take all there is before the observer has its threads.
        let is_told = message.contains(" of 40 could not be started") && message.contains("Choose fewer workers");
        let is_told = is_told || message.contains("the engine could not be started");
        assert!(is_told, "{}: {message}", start.name());
    }
}

/// Whatever the limit on descriptors is: it works, or there is one message.
#[test]
fn too_few_descriptors_are_one_message() {
    let place = Place::new();
    for &start in poolscope::sys::start_methods() {
        let mut works = Vec::new();
        for most in [10, 11, 13, 17, 24, 40, 120] {
            let arguments = ["run", "--workload", "squares", "--workers", "8", "--with", "processes"];
            let arguments = [&arguments[..], &["--start", start.name()]].concat();
            let status = Tagged::start(&mut place.limited(&format!("--nofile={most}:{most}"), &arguments)).end();
            let of = format!("{} with {most}", start.name());
            if status.success() {
                assert_eq!(place.said("err"), "", "{of}");
                works.push(most);
            } else {
                let message = place.message();
                assert_eq!(status.code(), Some(1), "{of}: {message}");
                assert!(message.starts_with("error: ") && message.contains("Too many open files"), "{of}: {message}");
            }
        }
        assert!(works.ends_with(&[40, 120]), "{}: {works:?}", start.name());
    }
}

/// C16: a worker that died can't be replaced for a while. That is told and tried again, and once it can be,
/// the run ends with everything.
#[test]
fn c16_a_worker_that_can_not_be_replaced_yet_is_replaced_later() {
    let place = Place::new();
    let right = right_results(place.folder.path());
    for &start in poolscope::sys::start_methods() {
        let mut command = place.limited("--core=0", &sleeping(start));
        let user = nobody_else();
        let mut run = Tagged::start(run_by(user, &mut command));
        let (starter, workers) = run.wait_for_crew(3);
        limit_processes(user, starter, "0");
        end(workers[1]);
        let refusals = || place.said("err").matches("No new worker can be started at place 2").count();
        run.wait_for("it is told, and tried again", |_| (refusals() > 1).then_some(()));
        limit_processes(user, starter, &hard_limit(starter));
        let status = run.end();
        let report = report(&place);
        assert!(status.success(), "{}: {}", start.name(), place.said("err"));
        assert_eq!(report["runs"][0]["digest"], *right, "{}", start.name());
        assert!(refusals() < 8, "{}: no storm: {}", start.name(), place.said("err"));
    }
}

/// C16: nobody is left and nobody can be started. The pool fails, and says so.
#[test]
fn c16_a_pool_without_workers_fails_clean() {
    let place = Place::new();
    for &start in poolscope::sys::start_methods() {
        let mut command = place.limited("--core=0", &sleeping(start));
        let user = nobody_else();
        let mut run = Tagged::start(run_by(user, &mut command));
        let (starter, workers) = run.wait_for_crew(3);
        limit_processes(user, starter, "0");
        workers.into_iter().for_each(end);
        let status = run.end();
        let said = place.said("err");
        assert_eq!(status.code(), Some(1), "{}: {said}", start.name());
        let errors = said.lines().filter(|line| line.starts_with("error: ")).collect::<Vec<_>>();
        assert_eq!(errors.len(), 1, "{}: {said}", start.name());
        assert!(errors[0].contains("No worker is left, and no new one can be started"), "{}: {said}", start.name());
    }
}
