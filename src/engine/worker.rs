//! The main loop of a worker process: read what is there, compute unit after unit, answer.
//!
//! ```text
//! task pipe ─► inbox ─► unit by unit: compute ─► outbox ─► result pipe
//! ```
//!
//! Answers share a write while more units lie ready, but none is delayed for long: the outbox leaves
//! when no unit is left in the inbox, when it is large, or when its oldest answer would be 100 µs old
//! after one more unit like the last. A unit of 100 µs or more is therefore answered at once.
//!
//! A worker that retires after so many units (`maxtasksperchild`) counts them itself, and is gone before
//! the parent could ask it to go.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use crate::chunk::Cut;
use crate::plan::{Action, Initializer};
use crate::sys::{self, PipeReader, PipeWriter, Progress, SharedMemory};
use crate::trace::ring::Recorder;
use crate::trace::{ActorId, ChannelId, Content, Doing, TaskFailure, What, print};
use crate::workload::{self, Here};

use super::faults::Faults;
use super::initializer;
use super::log::Log;
use super::task::{Tasks, Undone};
use super::wire::{self, Frame, Inbox, Kind};

/// An answer waits at most this long for others to share its write.
const PATIENCE_NS: u64 = 100_000;
/// An outbox of this size leaves: half of what a pipe usually holds.
const OUTBOX_BYTES: usize = 32 << 10;

/// The exit code of a worker whose parent is gone or speaks nonsense, or whose initializer failed.
const EXIT_LOST: i32 = 1;

/// The job, as the setup message carries it: a name and what is to be recorded. No code travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// Name of the registered workload.
    pub(super) workload: String,
    /// What this worker is called in the trace.
    pub(super) actor: ActorId,
    /// Whether to record at all.
    pub(super) tracing: bool,
    /// Units from this one on are recorded as sums.
    pub(super) detail_units: u32,
    /// The channel that requests come on.
    pub(super) requests: ChannelId,
    /// The channel that replies leave on.
    pub(super) replies: ChannelId,
    /// How many items there are and how they are cut: which items a unit holds.
    pub(super) items: u64,
    /// Items in a unit.
    pub(super) chunksize: u64,
    /// What goes wrong on purpose.
    pub(super) faults: Faults,
    /// What is to be done before the first unit.
    pub(super) initializer: Option<Initializer>,
    /// After how many units this worker retires.
    pub(super) quota: Option<u32>,
}

/// What a new worker owns, and nothing else.
pub(super) struct Belongings {
    /// Its tasks come from here.
    pub(super) tasks: PipeReader,
    /// Its results leave here.
    pub(super) results: PipeWriter,
    /// Its events go here.
    pub(super) memory: SharedMemory,
}

/// Works until there is no more work, or the parent is gone. Gives the exit code of the process.
///
/// `parent` is the pid of the process that started this one.
pub(super) fn main(belongings: Belongings, parent: u32) -> i32 {
    if !sys::die_with_parent(parent) {
        return EXIT_LOST;
    }
    sys::watch_parent_while_busy(parent);
    sys::volunteer_for_oom();
    let Belongings { tasks, results, memory } = belongings;
    memory.make_present();
    let mut log = Log::new(Recorder::new(memory));
    log.write(sys::now_ns(), &What::ActorReady);
    let outbox = Outbox { results, bytes: Vec::new(), oldest_ns: None };
    let mut worker = Worker { log, outbox, quota: None, last_ns: 0, pace_ns: 0 };
    match worker.serve(&tasks) {
        Ok(()) => 0,
        Err(Leave::Lost) => EXIT_LOST,
        Err(Leave::Exit(code)) => code,
    }
}

/// Why a worker ends before it was told to.
enum Leave {
    /// The parent is gone, or does not speak our language: there is nobody to tell.
    Lost,
    /// It ends in order, with this exit code.
    Exit(i32),
}

/// What a worker computes.
struct Job {
    tasks: Tasks,
    cut: Cut,
    initializer: Option<Initializer>,
    /// What this worker is called in the trace.
    actor: ActorId,
}

/// Answers that have not left yet.
struct Outbox {
    results: PipeWriter,
    bytes: Vec<u8>,
    /// When the oldest of them was ready.
    oldest_ns: Option<u64>,
}

struct Worker<M> {
    log: Log<M>,
    outbox: Outbox,
    /// How many units are left until it retires.
    quota: Option<u32>,
    /// When the last unit was done, or the last messages came.
    last_ns: u64,
    /// How long the last unit took.
    pace_ns: u64,
}

impl<M: Deref<Target = [AtomicU64]>> Worker<M> {
    fn serve(&mut self, tasks: &PipeReader) -> Result<(), Leave> {
        let mut inbox = Inbox::default();
        let mut job = None;
        // How many bytes of the inbox hold messages whose arrival is noted.
        let mut noted = 0;
        loop {
            match tasks.read(inbox.room()) {
                Ok(Progress::Moved(count)) => inbox.filled(count),
                Ok(Progress::WouldBlock) => continue,
                Ok(Progress::Closed) | Err(_) => return Err(Leave::Lost),
            }
            self.last_ns = sys::now_ns();
            self.note_arrivals(&inbox, &mut noted, &mut job)?;
            // What taking the messages apart cost is receiving, not computing.
            self.last_ns = sys::now_ns();
            while let Some(frame) = inbox.peek(0).map_err(|_| Leave::Lost)? {
                let bytes = frame.bytes();
                let job = job.as_ref().ok_or(Leave::Lost)?;
                match frame.kind {
                    Kind::Setup => self.prepare(job)?,
                    Kind::Unit | Kind::Again => self.compute(job, &frame)?,
                    Kind::Suffer => self.suffer(&frame)?,
                    Kind::Stop => return self.finish(),
                    Kind::Hello | Kind::Done | Kind::Failed | Kind::Fatal => return Err(Leave::Lost),
                }
                inbox.take(bytes);
                noted -= bytes as usize;
                if self.quota == Some(0) {
                    return self.finish();
                }
            }
            self.flush()?;
        }
    }

    /// Notes each message that a read completed, with the time of that read.
    fn note_arrivals(&mut self, inbox: &Inbox, noted: &mut usize, job: &mut Option<Job>) -> Result<(), Leave> {
        while let Some(frame) = inbox.peek(*noted).map_err(|_| Leave::Lost)? {
            let content = match frame.kind {
                Kind::Unit | Kind::Again => Some(Content::Unit(frame.number)),
                Kind::Setup => {
                    // It names the channels, so it is read before its own arrival is noted.
                    *job = Some(self.set_up(&frame)?);
                    Some(Content::Setup)
                }
                Kind::Stop => Some(Content::Stop),
                // What the stage wants a worker to suffer is no message of the program that is watched.
                _ => None,
            };
            if let Some(content) = content {
                self.log.received(self.last_ns, content, frame.bytes());
            }
            *noted += frame.bytes() as usize;
        }
        Ok(())
    }

    fn set_up(&mut self, frame: &Frame<'_>) -> Result<Job, Leave> {
        let setup: Setup = serde_json::from_slice(frame.payload).map_err(|_| Leave::Lost)?;
        self.log.set_up(setup.tracing, setup.detail_units, setup.requests, setup.replies);
        self.quota = setup.quota;
        let workload = workload::find(&setup.workload).map_err(|_| Leave::Lost)?;
        let cut = Cut { items: setup.items, chunksize: setup.chunksize };
        Ok(Job {
            tasks: Tasks { workload, faults: setup.faults },
            cut,
            initializer: setup.initializer,
            actor: setup.actor,
        })
    }

    /// Runs the initializer, if there is one, and says hello. One that fails ends the worker, as in Python.
    fn prepare(&mut self, job: &Job) -> Result<(), Leave> {
        if let Some(initializer) = job.initializer {
            let since_ns = sys::now_ns();
            let outcome = initializer::run(initializer);
            self.last_ns = sys::now_ns();
            self.log.write(self.last_ns, &What::Did { doing: Doing::Initialize, since_ns });
            match outcome {
                Ok(line) => print::print(job.actor, self.last_ns, &line),
                Err(error) => {
                    self.write(Kind::Fatal, 0, |out| out.extend_from_slice(error.as_bytes()))?;
                    self.flush()?;
                    return Err(Leave::Exit(EXIT_LOST));
                }
            }
        }
        let bytes = self.write(Kind::Hello, 0, |_| {})?;
        self.answered(Content::Setup, bytes)?;
        self.flush()
    }

    fn compute(&mut self, job: &Job, frame: &Frame<'_>) -> Result<(), Leave> {
        let (unit, items) = (frame.number, job.cut.range(frame.number));
        if job.tasks.are_doomed(&items) {
            // A crash shall take no finished result along.
            self.flush()?;
        }
        // One reading of the clock a unit: it begins where the last one ended, or where the read did.
        let began_ns = self.last_ns;
        self.log.began(began_ns, unit);
        // Straight into the outbox: a result is copied once, into the pipe.
        let start = self.outbox.bytes.len();
        let mut outcome = Ok(());
        let written = wire::write(Kind::Done, unit, &mut self.outbox.bytes, |out| {
            outcome = job.tasks.compute(items, frame.kind == Kind::Again, true, frame.payload, &Here::free(), out);
        });
        self.last_ns = sys::now_ns();
        self.pace_ns = self.last_ns.saturating_sub(began_ns);
        self.log.ended(began_ns, self.last_ns, unit);
        self.quota = self.quota.map(|left| left.saturating_sub(1));
        let undone = match (outcome, written) {
            (Ok(()), Ok(bytes)) => return self.answered(Content::Unit(unit), bytes),
            (Ok(()), Err(error)) => Undone::because("MaybeEncodingError", error.to_string()),
            (Err(undone), _) => undone,
        };
        self.outbox.bytes.truncate(start);
        match undone {
            Undone::Exit => {
                self.finish()?;
                Err(Leave::Exit(sys::EXIT_CODE))
            }
            Undone::Failed(failure) => self.answer_failure(unit, &failure),
        }
    }

    fn answer_failure(&mut self, unit: u32, failure: &TaskFailure) -> Result<(), Leave> {
        let failure = serde_json::to_vec(failure).map_err(|_| Leave::Lost)?;
        let bytes = self.write(Kind::Failed, unit, |out| out.extend_from_slice(&failure))?;
        self.answered(Content::Unit(unit), bytes)
    }

    /// Does to itself what it is told; in order if it is told to exit.
    fn suffer(&mut self, frame: &Frame<'_>) -> Result<(), Leave> {
        let action: Action = serde_json::from_slice(frame.payload).map_err(|_| Leave::Lost)?;
        self.flush()?;
        if action == Action::Exit {
            self.finish()?;
            return Err(Leave::Exit(sys::EXIT_CODE));
        }
        sys::suffer(action);
        self.last_ns = sys::now_ns();
        Ok(())
    }

    /// Puts a message into the outbox; gives its size on the wire.
    fn write(&mut self, kind: Kind, number: u32, fill: impl FnOnce(&mut Vec<u8>)) -> Result<u32, Leave> {
        wire::write(kind, number, &mut self.outbox.bytes, fill).map_err(|_| Leave::Lost)
    }

    /// An answer lies in the outbox; it leaves now if others have waited long enough.
    fn answered(&mut self, content: Content, bytes: u32) -> Result<(), Leave> {
        let at_ns = self.last_ns;
        self.log.sent(at_ns, content, bytes);
        let oldest_ns = *self.outbox.oldest_ns.get_or_insert(at_ns);
        let is_old = at_ns.saturating_sub(oldest_ns) + self.pace_ns >= PATIENCE_NS;
        if self.outbox.bytes.len() >= OUTBOX_BYTES || is_old {
            return self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Leave> {
        if self.outbox.bytes.is_empty() {
            return Ok(());
        }
        let since_ns = self.last_ns;
        self.outbox.flush()?;
        self.last_ns = sys::now_ns();
        self.log.did_send(since_ns, self.last_ns);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Leave> {
        self.flush()?;
        self.log.close_sum(self.last_ns);
        Ok(())
    }
}

impl Outbox {
    /// Writes everything.
    fn flush(&mut self) -> Result<(), Leave> {
        let mut rest = &self.bytes[..];
        while !rest.is_empty() {
            match self.results.write(rest) {
                Ok(Progress::Moved(count)) => rest = &rest[count..],
                Ok(Progress::WouldBlock) => {}
                Ok(Progress::Closed) | Err(_) => return Err(Leave::Lost),
            }
        }
        self.bytes.clear();
        self.oldest_ns = None;
        Ok(())
    }
}
