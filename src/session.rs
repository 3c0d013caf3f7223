//! A live run, seen from outside: starts an engine, reads its trace, samples the machine, ends the
//! whole tree when dropped.
//!
//! ```text
//! Session::start ── spawn ──► engine
//!   "trace reader"  thread    engine's stdout → events → reports  (→ trace file)
//!   "engine output" thread    engine's stderr → printed lines → reports
//!   "keeper"        thread    owns the child and its stdin: commands, deadlines, samples every 250 ms
//! ```
//!
//! The engine never waits for us: what we do not read in time it drops and counts.

mod child;
mod printed;
mod record;
mod sample;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::plan::{Action, EngineCommand, Plan};
use crate::sys;
use crate::trace::codec::Decoder;
use crate::trace::file::FileError;
use crate::trace::{ActorId, Event, Exit, Machine, What};

use child::EngineProcess;
use printed::Gate;
use record::Recording;
use sample::{Roster, Sampler};

/// How long a stopped engine may take to end in order; then it is killed with its children.
const STOP_PATIENCE: Duration = Duration::from_millis(1500);
/// How long after a deadline the engine may take to end by itself.
const OVERDUE_PATIENCE: Duration = Duration::from_secs(3);
/// How long the readers may take to finish once the engine is gone.
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);
/// How long whoever drops a session waits for all of that; then it goes on without them.
const DROP_PATIENCE: Duration = Duration::from_secs(6);

/// How a session is to be watched.
#[derive(Default)]
pub struct Options {
    /// Where the trace is kept, if anywhere.
    pub trace: Option<PathBuf>,
    /// The program to start as the engine; this very program if `None`.
    pub program: Option<PathBuf>,
    /// Whether cores and processes are sampled.
    pub sample: bool,
    /// Called whenever there is something to take from [`Session::reports`].
    pub wake: Option<Box<dyn Fn() + Send + Sync>>,
}

/// What a session tells.
#[derive(Debug)]
pub enum Report {
    /// Things happened.
    Events(Vec<Event>),
    /// Something went wrong that does not end the run, such as a full disk under the trace.
    Warning(String),
    /// The engine is gone, and nothing more comes.
    Ended(Ending),
}

/// How a session ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// Why it ended before its time, in a sentence; the run's own outcome is an event.
    pub error: Option<String>,
    /// Where the whole trace was kept, or in a sentence why it was not; `None` if none was asked for.
    pub recording: Option<Result<PathBuf, String>>,
}

/// A run that could not begin.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The engine did not start.
    #[error("the engine could not be started: {0}. {advice}", advice = advice(.0))]
    Engine(#[from] std::io::Error),
    /// The trace could not be written.
    #[error(transparent)]
    Trace(#[from] FileError),
}

/// What to do about an engine that could not be started.
fn advice(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "This program is no longer where it was: start Poolscope anew.",
        ErrorKind::PermissionDenied => "This program may not be started again: look at its permissions.",
        ErrorKind::WouldBlock => "There are too many processes or threads: end some programs and try again.",
        ErrorKind::OutOfMemory => "Memory is short: end some programs and try again.",
        _ => "Try again; `poolscope doctor` tells what this machine offers.",
    }
}

/// The machine we are on.
pub fn this_machine() -> Machine {
    sample::machine()
}

/// A running engine.
#[derive(Debug)]
pub struct Session {
    reports: Receiver<Report>,
    orders: Sender<Order>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Stop,
    Do { actor: ActorId, action: Action },
    Kill,
}

impl Session {
    /// Starts an engine on a plan.
    ///
    /// Call it from a thread that lives as long as the session: on Linux the engine dies with the
    /// thread that started it.
    pub fn start(plan: &Plan, options: Options) -> Result<Self, StartError> {
        let recording = Arc::new(Recording::begin(options.trace.as_deref())?);
        Self::launch(plan, options, &recording).map_err(|error| {
            recording.discard();
            StartError::Engine(error)
        })
    }

    /// Starts the engine and those who watch it. Whatever fails here, the engine is gone after it.
    fn launch(plan: &Plan, options: Options, recording: &Arc<Recording>) -> std::io::Result<Self> {
        let overdue = overdue(plan).map(|patience| Instant::now() + patience);
        let plan = serde_json::to_string(plan).map_err(std::io::Error::other)?;
        let mut command = Command::new(options.program.map_or_else(std::env::current_exe, Ok)?);
        command
            .args(["__engine", &std::process::id().to_string()])
            .env(sys::RUN_TAG, run_tag())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        sys::own_group(&mut command);
        let mut child = EngineProcess::start(&mut command)?;
        let (sender, reports) = crossbeam_channel::unbounded();
        let outlet =
            Outlet { sender, wake: Arc::new(options.wake), recording: Arc::clone(recording), gate: Arc::default() };
        outlet.events(vec![sample::observed(What::MachineSeen(Box::new(this_machine())))]);

        let (mut stdin, stdout, stderr) = child.pipes();
        if let Some(stdin) = &mut stdin {
            // An engine that is gone already says why on its own; its end is reported by the keeper.
            let _ = writeln!(stdin, "{plan}");
        }
        let roster = Roster::default();
        let mut readers = Vec::new();
        if let Some(stdout) = stdout {
            let (outlet, roster) = (outlet.clone(), roster.clone());
            readers.push(named("trace reader", move || read_trace(stdout, &outlet, &roster))?);
        }
        if let Some(stderr) = stderr {
            let outlet = outlet.clone();
            readers.push(named("engine output", move || read_output(stderr, &outlet))?);
        }
        let (orders, inbox) = crossbeam_channel::unbounded();
        let sampler = options.sample.then(|| Sampler::new(roster)).flatten();
        let keeper = Keeper { child, stdin, outlet, readers, sampler, inbox, overdue };
        let keeper = Some(named("keeper", move || keeper.run())?);
        Ok(Self { reports, orders, keeper })
    }

    /// What happened, as it comes.
    pub fn reports(&self) -> &Receiver<Report> {
        &self.reports
    }

    /// Now, on the clock of the events: until then, all that came has been [reported](Self::reports).
    pub fn now_ns(&self) -> u64 {
        sys::now_ns()
    }

    /// Asks the run to end in order; after 1.5 s it is ended by force.
    pub fn stop(&self) {
        let _ = self.orders.send(Order::Stop);
    }

    /// Asks the engine to do something to a worker, or to a process of a program. Whether it could shows
    /// in the trace.
    pub fn order(&self, actor: ActorId, action: Action) {
        let _ = self.orders.send(Order::Do { actor, action });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Kill);
        // The keeper has deadlines of its own, but a disk under the trace may have none.
        join_within(DROP_PATIENCE, self.keeper.take());
    }
}

/// How long a session on a plan with deadlines may take, all its runs together; `None` if it has none.
fn overdue(plan: &Plan) -> Option<Duration> {
    let each = Duration::from_millis(plan.deadline_ms()?) + OVERDUE_PATIENCE;
    Some(each.saturating_mul(plan.repeats) + OVERDUE_PATIENCE)
}

/// What the processes of this run are found by: the tag this program carries itself, if somebody gave
/// it one (then all its runs share it), else a new one.
fn run_tag() -> String {
    std::env::var(sys::RUN_TAG).unwrap_or_else(|_| format!("{}-{}", std::process::id(), sys::now_ns()))
}

fn named(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body)
}

/// Where everything that is reported goes: to the receiver, and into the trace file.
#[derive(Clone)]
struct Outlet {
    sender: Sender<Report>,
    wake: Arc<Option<Box<dyn Fn() + Send + Sync>>>,
    recording: Arc<Recording>,
    gate: Arc<Gate>,
}

impl Outlet {
    fn report(&self, report: Report) {
        let _ = self.sender.send(report);
        if let Some(wake) = self.wake.as_ref() {
            wake();
        }
    }

    /// Reports events of the observer itself, and records them.
    fn events(&self, events: Vec<Event>) {
        self.recorded(self.recording.events(&events));
        self.report(Report::Events(events));
    }

    fn recorded(&self, outcome: Result<(), FileError>) {
        if let Err(error) = outcome {
            self.report(Report::Warning(format!("Recording stopped, the run goes on. {error}")));
        }
    }

    /// Reports printed lines, if there are any that may be told now.
    fn printed(&self, lines: Vec<Event>) {
        if !lines.is_empty() {
            self.events(lines);
        }
    }
}

/// Reads the engine's trace to its end.
fn read_trace(mut stdout: impl Read, outlet: &Outlet, roster: &Roster) {
    let mut decoder = Decoder::default();
    let mut chunk = vec![0; 256 << 10];
    loop {
        let length = match stdout.read(&mut chunk) {
            Ok(length @ 1..) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => break,
        };
        let mut events = Vec::new();
        let outcome = decoder.push(&chunk[..length], &mut events);
        outlet.recorded(outlet.recording.blocks(decoder.whole_blocks()));
        roster.note(&events);
        let begun = events.iter().any(|event| matches!(event.what, What::RunBegan { .. }));
        if !events.is_empty() {
            outlet.report(Report::Events(events));
        }
        if begun {
            outlet.printed(outlet.gate.open());
        }
        if let Err(error) = outcome {
            return outlet.report(Report::Warning(format!("The engine's trace can't be read on: {error}.")));
        }
    }
    match decoder.leftover_bytes() {
        0 => {}
        bytes => outlet.report(Report::Warning(format!(
            "The engine's trace ends in the middle of a block: its last {bytes} bytes are missing their rest."
        ))),
    }
}

/// Reads what the engine and its children print to its end.
fn read_output(stderr: impl Read, outlet: &Outlet) {
    let mut lines = BufReader::new(stderr);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line without an end must not fill the memory.
        match (&mut lines).take(64 << 10).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => outlet.printed(outlet.gate.pass(&line)),
        }
    }
}

/// Owns the engine until it is gone.
struct Keeper {
    child: EngineProcess,
    stdin: Option<ChildStdin>,
    outlet: Outlet,
    readers: Vec<JoinHandle<()>>,
    sampler: Option<Sampler>,
    inbox: Receiver<Order>,
    /// When everything must be over by the plan's own deadlines, with room for the engine to see to it itself.
    overdue: Option<Instant>,
}

impl Keeper {
    fn run(mut self) {
        let mut stopping: Option<Instant> = None;
        let mut forced = false;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) => {}
                Err(_) => break None,
            }
            // An engine that stands still can't keep its own deadline.
            let is_overdue = self.overdue.is_some_and(|overdue| Instant::now() > overdue);
            if !forced && (is_overdue || stopping.is_some_and(|since| since.elapsed() > STOP_PATIENCE)) {
                forced = true;
                self.child.kill();
            }
            if let Some(events) = self.sampler.as_mut().and_then(Sampler::sample_if_due) {
                self.outlet.events(events);
            }
            match self.inbox.recv_timeout(Duration::from_millis(20)) {
                Ok(Order::Stop) if stopping.is_none() => {
                    stopping = Some(Instant::now());
                    self.tell(EngineCommand::Stop);
                }
                Ok(Order::Do { actor, action }) => self.tell(EngineCommand::Do { actor: actor.0, action }),
                Ok(Order::Stop) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Order::Kill) | Err(RecvTimeoutError::Disconnected) => {
                    forced = true;
                    break self.child.end();
                }
            }
        };
        self.child.release();
        join_within(DRAIN_PATIENCE, self.readers);
        // What was printed though no run ever began.
        self.outlet.printed(self.outlet.gate.open());
        let exit = status.map_or(Exit::Unknown, sys::exit_of);
        let what = What::ActorExited { actor: ActorId::PARENT, exit };
        self.outlet.events(vec![Event { at_ns: sys::now_ns(), by: ActorId::OBSERVER, what }]);
        let recording = self.outlet.recording.finish();
        let error = (!exit.is_success()).then(|| {
            if forced {
                "The run did not end by itself and was ended by force.".to_owned()
            } else {
                format!("The engine ended abruptly (exit {exit}). What it had told until then is shown; press Run to try again.")
            }
        });
        self.outlet.report(Report::Ended(Ending { error, recording }));
    }

    fn tell(&mut self, command: EngineCommand) {
        if let (Some(stdin), Ok(line)) = (&mut self.stdin, serde_json::to_string(&command)) {
            // An engine that is gone needs no commands.
            let _ = writeln!(stdin, "{line}");
        }
    }
}

/// Joins threads, giving up on those that take too long (a grandchild may hold a pipe open).
fn join_within(patience: Duration, threads: impl IntoIterator<Item = JoinHandle<()>>) {
    let give_up = Instant::now() + patience;
    for thread in threads {
        while !thread.is_finished() && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }
}
