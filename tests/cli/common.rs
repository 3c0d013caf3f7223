//! What the tests of the command line share: the program, and traces made by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use poolscope::plan::Plan;
use poolscope::trace::codec::{write_event, write_header};
use poolscope::trace::{ActorId, Birth, ChannelId, Content, Event, Exit, Medium, Outcome, Role, What};
use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_poolscope");

/// No command of the tests takes longer, or it hangs.
const DEADLINE: Duration = Duration::from_mins(1);

/// The program with these arguments, in a folder of its own, without a display.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

pub(crate) fn poolscope(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(folder, arguments);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    let (pid, (told, outcome)) = (child.id(), mpsc::channel());
    let waiter = std::thread::Builder::new().spawn(move || told.send(child.wait_with_output()));
    drop(waiter.expect("a thread to wait in"));
    if let Ok(output) = outcome.recv_timeout(DEADLINE) {
        return output.expect("the program can be waited for");
    }
    // Whatever hangs takes its whole tree with it.
    #[cfg(unix)]
    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), nix::sys::signal::Signal::SIGKILL);
    panic!("poolscope {arguments:?} (pid {pid}) did not end within {DEADLINE:?}")
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for a test")
}

pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

pub(crate) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// One message that names the field, exit code 2, nothing on standard output.
pub(crate) fn assert_refused(output: &Output, field: &str) {
    let message = text(&output.stderr);
    assert_eq!(code(output), Some(2), "{field}: {message}");
    assert_eq!(message.matches("error:").count(), 1, "{field}: {message}");
    assert!(message.contains(field), "{field}: {message}");
    assert!(!message.contains("panicked"), "{field}: {message}");
    assert_eq!(text(&output.stdout), "", "{field}");
}

/// A small run as a trace: two units computed by one worker.
pub(crate) fn small_run() -> Vec<Event> {
    let worker = ActorId(2);
    let (requests, replies) = (ChannelId(0), ChannelId(1));
    let plan = Plan { workload: "squares".to_owned(), workers: 1, ..Plan::default() };
    let born = |actor, role, number, pid| What::ActorBorn(Box::new(Birth::new(actor, role, number, pid, 0)));
    let road =
        |channel, from, to| What::ChannelOpened { channel, from, to, medium: Medium::Pipe, capacity_bytes: 65536 };
    let mut events = Vec::new();
    let mut at = |at_ns, by, what| events.push(Event { at_ns, by, what });
    at(1, ActorId::PARENT, What::RunBegan { run: 0, plan: Box::new(plan), items: 4, chunksize: 2, detail_units: 9 });
    at(1, ActorId::PARENT, born(ActorId::PARENT, Role::Parent, 0, 10));
    at(2, ActorId::PARENT, born(worker, Role::WorkerProcess, 1, 11));
    at(2, ActorId::PARENT, road(requests, ActorId::PARENT, worker));
    at(2, ActorId::PARENT, road(replies, worker, ActorId::PARENT));
    at(3, worker, What::ActorReady);
    for unit in 0..2 {
        let (start, content, bytes) = (10 + 10 * u64::from(unit), Content::Unit(unit), 24);
        at(start, ActorId::PARENT, What::Sent { channel: requests, message: unit, content, bytes });
        at(start + 1, worker, What::Received { channel: requests, message: unit, content, bytes });
        at(start + 2, worker, What::UnitBegan { unit, core: None });
        at(start + 5, worker, What::UnitEnded { unit, core: None });
        at(start + 6, worker, What::Sent { channel: replies, message: unit, content, bytes });
        at(start + 7, ActorId::PARENT, What::Received { channel: replies, message: unit, content, bytes });
    }
    let (outcome, digest) = (Outcome::Complete, "00c0ffee".to_owned());
    at(30, ActorId::PARENT, What::RunEnded { outcome, wall_ns: 29, start_ns: 2, digest });
    at(31, ActorId::PARENT, What::ActorExited { actor: worker, exit: Exit::Signal(9) });
    events
}

pub(crate) fn write_trace(folder: &Path, name: &str, events: &[Event]) -> PathBuf {
    let mut bytes = Vec::new();
    write_header(&mut bytes);
    for event in events {
        write_event(event, &mut bytes);
    }
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a trace");
    path
}
