//! Whatever is killed, at any moment of a program: soon after nothing of it is left. Processes are found by
//! the tag in their environment, never by name.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says so")]

mod common;

use std::process::{Command, Stdio};
use std::time::Duration;

use common::programs::methods;
use common::tagged::Tagged;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::plan::StartMethod;

/// A program under an observer of its own.
fn start(program: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Tagged {
    let mut command = Command::new(common::PROGRAM);
    command.args(["run", "--program", program, "--start", start.name()]);
    for (name, value) in knobs {
        command.args(["--knob", &format!("{name}={value}")]);
    }
    Tagged::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
}

/// Nobody has to wait for more than a second; a busy machine gets a little longer.
const GONE: Duration = Duration::from_secs(3);

/// The process to be killed: the deepest, or that of a generation.
fn victim(run: &Tagged, generation: Option<usize>) -> Option<i32> {
    let all = run.generations();
    let wanted = generation.or_else(|| all.iter().map(|(depth, _)| *depth).max())?;
    all.iter().find(|(depth, _)| *depth == wanted).map(|(_, pid)| *pid)
}

/// Kills somebody of a generation, a while after the program began; true if there was somebody.
fn kill_one(run: &Tagged, generation: Option<usize>, after_ms: u64) -> bool {
    std::thread::sleep(Duration::from_millis(after_ms));
    // Found by its tag a moment ago; who is gone by now needs no killing.
    victim(run, generation).is_some_and(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok())
}

/// Programs that would go on for a while, with families of several generations.
const FAMILIES: [(&str, &[(&str, u64)]); 4] = [
    ("orphan", &[]),
    ("pipe-holder", &[]),
    ("two-sleepers", &[("first-ms", 900), ("second-ms", 800)]),
    ("children-of-children", &[("depth", 3)]),
];

fn nothing_is_left_after(generation: Option<usize>) {
    for &start in methods() {
        let mut met = 0;
        std::thread::scope(|scope| {
            let mut runs = Vec::new();
            for (program, knobs) in FAMILIES {
                for after_ms in [15, 40, 90, 200, 450] {
                    runs.push(scope.spawn(move || {
                        let mut run = self::start(program, start, knobs);
                        let met = kill_one(&run, generation, after_ms);
                        run.end_within(GONE, &format!("{program} by {} after {after_ms} ms", start.name()));
                        met
                    }));
                }
            }
            met = runs.into_iter().map(|run| run.join().expect("it holds")).filter(|met| *met).count();
        });
        assert!(met > 0, "{}: nobody was ever met", start.name());
    }
}

#[test]
fn of_a_killed_engine_nothing_is_left() {
    nothing_is_left_after(Some(1));
}

#[test]
fn of_a_killed_child_or_fork_server_nothing_is_left() {
    nothing_is_left_after(Some(2));
}

#[test]
fn of_the_deepest_killed_nothing_is_left() {
    nothing_is_left_after(None);
}

#[test]
fn of_a_killed_observer_nothing_is_left() {
    for &start in methods() {
        for (program, knobs) in FAMILIES {
            let mut run = self::start(program, start, knobs);
            std::thread::sleep(Duration::from_millis(120));
            run.child.kill().expect("it lives");
            run.end_within(GONE, &format!("{program} by {}", start.name()));
        }
    }
}

#[test]
fn g11_of_a_killed_parent_no_child_goes_on_computing() {
    for &start in methods() {
        let mut run = self::start("parent-killed", start, &[]);
        run.end_within(GONE, start.name());
    }
}
