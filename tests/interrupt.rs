//! Ctrl-C during `poolscope run` (D18): the run is stopped in order, what is known is told, the trace is whole,
//! the exit code is that of an interrupted program, and nothing is left.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says so")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::tagged::Tagged;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::model::{Model, check};
use poolscope::trace::{Outcome, file};

/// A run that would last for minutes, and its baseline for longer.
struct Long {
    run: Tagged,
    folder: tempfile::TempDir,
    workers: usize,
}

impl Long {
    fn start(way: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let out = fs::File::create(folder.path().join("out")).expect("room");
        // Whoever starts the tests may have the signal ignored, and the program keeps to that.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM,HUP", common::PROGRAM, "run", "--json", "--baseline"]);
        command.args(["--workload", "sleep", "--items", "100000", "--workers", "3", "--trace", "t.pst"]).args(way);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(out).stderr(Stdio::null());
        let workers = if way.contains(&"processes") { 3 } else { 0 };
        let mut long = Self { run: Tagged::start(&mut command), folder, workers };
        long.run.wait_for("an engine", |run| run.crew().filter(|(_, crew)| crew.len() == workers));
        // Long enough that the program, too, listens.
        std::thread::sleep(Duration::from_millis(150));
        long
    }

    fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.run.child.id() as i32), signal).expect("it lives");
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Waits for the end and asserts that it was one in order.
    fn ends_in_order(&mut self, code: i32) {
        assert_eq!(self.run.end().code(), Some(code), "{} workers", self.workers);
        let report = fs::read_to_string(self.file("out")).expect("what it printed");
        let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
        assert_eq!((&report["runs"][0]["outcome"], &report["baseline"]), (&"stopped".into(), &().into()));
        let opened = file::open(&self.file("t.pst")).expect("a whole trace");
        assert!(opened.notice.is_none(), "{:?}", opened.notice);
        assert!(!self.file("t.pst.part").exists());
        let model = Model::of(&opened.events);
        assert_eq!(model.runs[0].end.as_ref().map(|end| &end.outcome), Some(&Outcome::Stopped));
        assert_eq!(check::violations(&model), [""; 0]);
    }
}

#[test]
fn d18_an_interrupted_run_ends_in_order() {
    for &method in poolscope::sys::start_methods() {
        let mut long = Long::start(&["--with", "processes", "--start", method.name()]);
        long.send(Signal::SIGINT);
        long.ends_in_order(130);
    }
    for way in ["threads", "sequential"] {
        let mut long = Long::start(&["--with", way]);
        long.send(Signal::SIGINT);
        long.ends_in_order(130);
    }
}

#[test]
fn a_request_to_end_is_answered_in_order() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut long = Long::start(&["--with", "processes"]);
        long.send(signal);
        long.ends_in_order(code);
    }
}

/// The engine stands still, so that an end in order would take its time.
#[test]
fn a_second_interrupt_ends_at_once() {
    for &method in poolscope::sys::start_methods() {
        let mut long = Long::start(&["--with", "processes", "--start", method.name()]);
        kill(Pid::from_raw(long.run.engine().expect("it lives")), Signal::SIGSTOP).expect("it lives");
        long.send(Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(300));
        long.send(Signal::SIGINT);
        assert_eq!(long.run.end().code(), Some(130), "{}", method.name());
        assert_eq!(fs::read_to_string(long.file("out")).expect("it is there"), "", "nobody waits for a report");
        assert!(file::open(&long.file("t.pst.part")).is_ok(), "what was recorded can be opened");
    }
}
