//! One who computes units and answers: the only thread of a worker process, or one of its several.
//!
//! Answers share a write while more units lie ready, but none is delayed for long: the outbox leaves when
//! it is large, or when its oldest answer would be 100 µs old after one more unit like the last. A unit of
//! 100 µs or more is therefore answered at once.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use crate::chunk::Cut;
use crate::plan::Initializer;
use crate::sys::{self, PipeWriter, Progress};
use crate::trace::{ActorId, Content, TaskFailure};
use crate::workload::Here;

use super::log::Log;
use super::task::{Tasks, Undone};
use super::wire::{self, Kind};

/// An answer waits at most this long for others to share its write.
const PATIENCE_NS: u64 = 100_000;
/// An outbox of this size leaves: half of what a pipe usually holds.
const OUTBOX_BYTES: usize = 32 << 10;

/// Why a worker ends before it was told to.
#[derive(Debug)]
pub(super) enum Leave {
    /// The parent is gone, or does not speak our language: there is nobody to tell.
    Lost,
    /// It ends in order, with this exit code.
    Exit(i32),
}

/// What a worker computes.
pub(super) struct Job {
    pub(super) tasks: Tasks,
    pub(super) cut: Cut,
    pub(super) initializer: Option<Initializer>,
    /// What this worker is called in the trace.
    pub(super) actor: ActorId,
}

/// The way of answers to the parent.
pub(super) enum Road {
    /// A pipe of one's own.
    Own(PipeWriter),
    /// A pipe that several threads write to, in turns; each says first who it is, by its number.
    Shared(Arc<Mutex<PipeWriter>>, u32),
}

/// One who computes.
pub(super) struct Hand<M> {
    pub(super) log: Log<M>,
    pub(super) road: Road,
    /// When the last unit was done, or the last messages came.
    pub(super) last_ns: u64,
    /// Answers that have not left yet.
    outbox: Vec<u8>,
    /// When the oldest of them was ready.
    oldest_ns: Option<u64>,
    /// How long the last unit took.
    pace_ns: u64,
}

impl<M: Deref<Target = [AtomicU64]>> Hand<M> {
    /// Has done nothing yet.
    pub(super) fn new(log: Log<M>, road: Road) -> Self {
        Self { log, road, last_ns: 0, outbox: Vec::new(), oldest_ns: None, pace_ns: 0 }
    }

    /// Computes a unit and answers; `again` if another worker had it before.
    pub(super) fn compute(&mut self, job: &Job, unit: u32, again: bool, arguments: &[u8]) -> Result<(), Leave> {
        let items = job.cut.range(unit);
        if job.tasks.are_doomed(&items) {
            // A crash shall take no finished result along.
            self.flush()?;
        }
        // One reading of the clock a unit: it begins where the last one ended, or where the read did.
        let began_ns = self.last_ns;
        self.log.began(began_ns, unit);
        self.introduce()?;
        // Straight into the outbox: a result is copied once, into the pipe.
        let start = self.outbox.len();
        let mut outcome = Ok(());
        let written = wire::write(Kind::Done, unit, &mut self.outbox, |out| {
            outcome = job.tasks.compute(items, again, true, arguments, &Here::free(), out);
        });
        self.last_ns = sys::now_ns();
        self.pace_ns = self.last_ns.saturating_sub(began_ns);
        self.log.ended(began_ns, self.last_ns, unit);
        let undone = match (outcome, written) {
            (Ok(()), Ok(bytes)) => return self.answered(Content::Unit(unit), bytes),
            (Ok(()), Err(error)) => Undone::because("MaybeEncodingError", error.to_string()),
            (Err(undone), _) => undone,
        };
        self.outbox.truncate(start);
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

    /// Says hello: ready for the first unit.
    pub(super) fn greet(&mut self) -> Result<(), Leave> {
        let bytes = self.write(Kind::Hello, 0, |_| {})?;
        self.answered(Content::Setup, bytes)?;
        self.flush()
    }

    /// Puts a message into the outbox; gives its size on the wire.
    pub(super) fn write(&mut self, kind: Kind, number: u32, fill: impl FnOnce(&mut Vec<u8>)) -> Result<u32, Leave> {
        self.introduce()?;
        wire::write(kind, number, &mut self.outbox, fill).map_err(|_| Leave::Lost)
    }

    /// Begins an outbox with who it is from, where others write into the same pipe.
    #[inline]
    fn introduce(&mut self) -> Result<(), Leave> {
        if let (Road::Shared(_, number), true) = (&self.road, self.outbox.is_empty()) {
            wire::write(Kind::From, *number, &mut self.outbox, |_| {}).map_err(|_| Leave::Lost)?;
        }
        Ok(())
    }

    /// An answer lies in the outbox; it leaves now if others have waited long enough.
    fn answered(&mut self, content: Content, bytes: u32) -> Result<(), Leave> {
        let at_ns = self.last_ns;
        self.log.sent(at_ns, content, bytes);
        let oldest_ns = *self.oldest_ns.get_or_insert(at_ns);
        let is_old = at_ns.saturating_sub(oldest_ns) + self.pace_ns >= PATIENCE_NS;
        // A crash in any thread takes the outboxes of all along: where there are several, nothing waits in them.
        let shares_its_fate = matches!(self.road, Road::Shared(..));
        if self.outbox.len() >= OUTBOX_BYTES || is_old || shares_its_fate {
            return self.flush();
        }
        Ok(())
    }

    /// Sends off every answer.
    pub(super) fn flush(&mut self) -> Result<(), Leave> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let since_ns = self.last_ns;
        match &self.road {
            Road::Own(writer) => write_all(writer, &self.outbox)?,
            Road::Shared(writer, _) => write_all(&writer.lock().unwrap_or_else(PoisonError::into_inner), &self.outbox)?,
        }
        self.outbox.clear();
        self.oldest_ns = None;
        self.last_ns = sys::now_ns();
        self.log.did_send(since_ns, self.last_ns);
        Ok(())
    }

    /// Sends off every answer and closes the log.
    pub(super) fn finish(&mut self) -> Result<(), Leave> {
        self.flush()?;
        self.log.close_sum(self.last_ns);
        Ok(())
    }
}

fn write_all(writer: &PipeWriter, mut rest: &[u8]) -> Result<(), Leave> {
    while !rest.is_empty() {
        match writer.write(rest) {
            Ok(Progress::Moved(count)) => rest = &rest[count..],
            Ok(Progress::WouldBlock) => {}
            Ok(Progress::Closed) | Err(_) => return Err(Leave::Lost),
        }
    }
    Ok(())
}
