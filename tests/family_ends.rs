//! Whatever is killed, at any moment of a program: soon after nothing of it is left. Processes are found by
//! the tag in their environment, never by name.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says so")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::programs::{methods, plan};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::plan::StartMethod;
use poolscope::sys::RUN_TAG;

/// A program under an observer of its own, with a tag nobody else has.
struct Tagged {
    observer: Child,
    tag: String,
    _folder: tempfile::TempDir,
}

impl Tagged {
    fn start(program: &str, start: StartMethod, knobs: &[(&str, u64)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let tag = format!("family-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plan.toml");
        fs::write(&file, toml::to_string(&plan(program, start, knobs)).expect("plain data")).expect("room");
        let observer = Command::new(common::PROGRAM)
            .args(["run".as_ref(), file.as_os_str()])
            .env(RUN_TAG, &tag)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        Self { observer, tag, _folder: folder }
    }

    /// Every living process with the tag, and its parent's pid.
    fn alive(&self) -> BTreeMap<i32, i32> {
        let tagged = common::tagged::alive(&self.tag).into_iter();
        tagged.filter_map(|pid| Some((pid, parent(pid)?))).collect()
    }

    /// How many generations below the observer each process is: 1 is the engine.
    fn generations(&self) -> Vec<(usize, i32)> {
        let alive = self.alive();
        let above = |pid: &i32| std::iter::successors(Some(*pid), |pid| alive.get(pid).copied()).skip(1);
        let observer = self.observer.id() as i32;
        let depth = |pid: &i32| above(pid).take(9).position(|pid| pid == observer).map(|place| place + 1);
        alive.keys().filter_map(|pid| Some((depth(pid)?, *pid))).collect()
    }

    /// The process to be killed: the deepest, or that of a generation.
    fn victim(&self, generation: Option<usize>) -> Option<i32> {
        let all = self.generations();
        let wanted = generation.or_else(|| all.iter().map(|(depth, _)| *depth).max())?;
        all.iter().find(|(depth, _)| *depth == wanted).map(|(_, pid)| *pid)
    }

    /// Waits until the observer has ended, and after it everything else.
    fn nothing_is_left(&mut self, what: &str) {
        let give_up = Instant::now() + common::DEADLINE;
        while self.observer.try_wait().expect("ours").is_none() {
            assert!(Instant::now() < give_up, "{what}: the observer hangs");
            std::thread::sleep(Duration::from_millis(2));
        }
        // Nobody has to wait for more than a second; a busy machine gets a little longer.
        let give_up = Instant::now() + Duration::from_secs(3);
        while !self.alive().is_empty() {
            assert!(Instant::now() < give_up, "{what}: still {:?}", self.alive());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        let _ = self.observer.kill();
        let _ = self.observer.wait();
    }
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

/// Kills somebody of a generation, a while after the program began; true if there was somebody.
fn kill_one(run: &Tagged, generation: Option<usize>, after_ms: u64) -> bool {
    std::thread::sleep(Duration::from_millis(after_ms));
    // Found by its tag a moment ago; who is gone by now needs no killing.
    run.victim(generation).is_some_and(|pid| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok())
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
                        let mut run = Tagged::start(program, start, knobs);
                        let met = kill_one(&run, generation, after_ms);
                        run.nothing_is_left(&format!("{program} by {} after {after_ms} ms", start.name()));
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
            let mut run = Tagged::start(program, start, knobs);
            std::thread::sleep(Duration::from_millis(120));
            run.observer.kill().expect("it lives");
            run.nothing_is_left(&format!("{program} by {}", start.name()));
        }
    }
}

#[test]
fn g11_of_a_killed_parent_no_child_goes_on_computing() {
    for &start in methods() {
        let mut run = Tagged::start("parent-killed", start, &[]);
        run.nothing_is_left(start.name());
    }
}
