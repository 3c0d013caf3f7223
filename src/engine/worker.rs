//! The main loop of a worker process: read what is there, compute unit after unit, answer.
//!
//! ```text
//! task pipe ─► inbox ─► unit by unit: compute ─► outbox ─► result pipe
//! ```
//!
//! Answers share a write while more units lie ready, but none is delayed for long: the outbox leaves
//! when no unit is left in the inbox, when it is large, or when its oldest answer would be 100 µs old
//! after one more unit like the last. A unit of 100 µs or more is therefore answered at once.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use serde::{Deserialize, Serialize};

use crate::sys::{self, PipeReader, PipeWriter, Progress, SharedMemory};
use crate::trace::ring::Recorder;
use crate::trace::{ChannelId, Content, What};
use crate::workload::{self, Here, Workload};

use super::log::Log;
use super::wire::{self, Frame, Inbox, Kind};

/// An answer waits at most this long for others to share its write.
const PATIENCE_NS: u64 = 100_000;
/// An outbox of this size leaves: half of what a pipe usually holds.
const OUTBOX_BYTES: usize = 32 << 10;

/// The exit code of a worker whose parent is gone or speaks nonsense.
const EXIT_LOST: i32 = 1;

/// The job, as the setup message carries it: a name and what is to be recorded. No code travels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// Name of the registered workload.
    pub(super) workload: String,
    /// Whether to record at all.
    pub(super) tracing: bool,
    /// Units from this one on are recorded as sums.
    pub(super) detail_units: u32,
    /// The channel that requests come on.
    pub(super) requests: ChannelId,
    /// The channel that replies leave on.
    pub(super) replies: ChannelId,
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
    let mut worker =
        Worker { log, results, outbox: Vec::new(), oldest_ns: None, workload: None, last_ns: 0, pace_ns: 0 };
    match worker.serve(&tasks) {
        Ok(()) => 0,
        Err(Lost) => EXIT_LOST,
    }
}

/// The parent is gone, or does not speak our language: there is nobody to tell.
struct Lost;

struct Worker<M> {
    log: Log<M>,
    results: PipeWriter,
    outbox: Vec<u8>,
    /// When the oldest answer in the outbox was ready.
    oldest_ns: Option<u64>,
    workload: Option<&'static dyn Workload>,
    /// When the last unit was done, or the last messages came.
    last_ns: u64,
    /// How long the last unit took.
    pace_ns: u64,
}

impl<M: Deref<Target = [AtomicU64]>> Worker<M> {
    fn serve(&mut self, tasks: &PipeReader) -> Result<(), Lost> {
        let mut inbox = Inbox::default();
        // How many bytes of the inbox hold messages whose arrival is noted.
        let mut noted = 0;
        loop {
            match tasks.read(inbox.room()) {
                Ok(Progress::Moved(count)) => inbox.filled(count),
                Ok(Progress::WouldBlock) => continue,
                Ok(Progress::Closed) | Err(_) => return Err(Lost),
            }
            self.last_ns = sys::now_ns();
            self.note_arrivals(&inbox, &mut noted)?;
            // What taking the messages apart cost is receiving, not computing.
            self.last_ns = sys::now_ns();
            while let Some(frame) = inbox.peek(0).map_err(|_| Lost)? {
                let bytes = frame.bytes();
                match frame.kind {
                    Kind::Setup => self.say_hello()?,
                    Kind::Unit => self.compute(&frame)?,
                    Kind::Stop => return self.finish(),
                    Kind::Hello | Kind::Done | Kind::Failed => return Err(Lost),
                }
                inbox.take(bytes);
                noted -= bytes as usize;
            }
            self.flush()?;
        }
    }

    /// Notes each message that a read completed, with the time of that read.
    fn note_arrivals(&mut self, inbox: &Inbox, noted: &mut usize) -> Result<(), Lost> {
        while let Some(frame) = inbox.peek(*noted).map_err(|_| Lost)? {
            let content = match frame.kind {
                Kind::Unit => Content::Unit(frame.number),
                Kind::Setup => {
                    // It names the channels, so it is read before its own arrival is noted.
                    self.set_up(&frame)?;
                    Content::Setup
                }
                _ => Content::Stop,
            };
            self.log.received(self.last_ns, content, frame.bytes());
            *noted += frame.bytes() as usize;
        }
        Ok(())
    }

    fn set_up(&mut self, frame: &Frame<'_>) -> Result<(), Lost> {
        let setup: Setup = serde_json::from_slice(frame.payload).map_err(|_| Lost)?;
        self.log.set_up(setup.tracing, setup.detail_units, setup.requests, setup.replies);
        self.workload = Some(workload::find(&setup.workload).map_err(|_| Lost)?);
        Ok(())
    }

    fn say_hello(&mut self) -> Result<(), Lost> {
        self.answer(Kind::Hello, 0, Content::Setup, |_| {})?;
        self.flush()
    }

    fn compute(&mut self, frame: &Frame<'_>) -> Result<(), Lost> {
        let (unit, workload) = (frame.number, self.workload.ok_or(Lost)?);
        let details = self.log.details(unit);
        // One reading of the clock a unit: it begins where the last one ended, or where the read did.
        let began_ns = self.last_ns;
        if details {
            self.log.began(began_ns, unit);
        }
        // Straight into the outbox: a result is copied once, into the pipe.
        let start = self.outbox.len();
        let mut outcome = Ok(());
        let written = wire::write(Kind::Done, unit, &mut self.outbox, |out| {
            outcome = workload.run_unit(frame.payload, &Here::free(), out);
        });
        self.last_ns = sys::now_ns();
        self.pace_ns = self.last_ns.saturating_sub(began_ns);
        if details {
            self.log.ended(self.last_ns, unit);
        } else {
            self.log.summed(began_ns, self.last_ns);
        }
        let failure = match (outcome, &written) {
            (Err(error), _) => Some(error.to_string()),
            (Ok(()), Err(error)) => Some(error.to_string()),
            (Ok(()), Ok(_)) => None,
        };
        if let Some(sentence) = failure {
            self.outbox.truncate(start);
            return self
                .answer(Kind::Failed, unit, Content::Unit(unit), |out| out.extend_from_slice(sentence.as_bytes()));
        }
        self.answered(Content::Unit(unit), written.unwrap_or(0))
    }

    fn answer(
        &mut self,
        kind: Kind,
        number: u32,
        content: Content,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Lost> {
        let bytes = wire::write(kind, number, &mut self.outbox, fill).map_err(|_| Lost)?;
        self.answered(content, bytes)
    }

    /// An answer lies in the outbox; it leaves now if others have waited long enough.
    fn answered(&mut self, content: Content, bytes: u32) -> Result<(), Lost> {
        let at_ns = self.last_ns;
        self.log.sent(at_ns, content, bytes);
        let oldest_ns = *self.oldest_ns.get_or_insert(at_ns);
        if self.outbox.len() >= OUTBOX_BYTES || at_ns.saturating_sub(oldest_ns) + self.pace_ns >= PATIENCE_NS {
            return self.flush();
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Lost> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let since_ns = self.last_ns;
        let mut rest = &self.outbox[..];
        while !rest.is_empty() {
            match self.results.write(rest) {
                Ok(Progress::Moved(count)) => rest = &rest[count..],
                Ok(Progress::WouldBlock) => {}
                Ok(Progress::Closed) | Err(_) => return Err(Lost),
            }
        }
        self.outbox.clear();
        self.oldest_ns = None;
        self.last_ns = sys::now_ns();
        self.log.did_send(since_ns, self.last_ns);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Lost> {
        self.flush()?;
        self.log.close_sum(self.last_ns);
        Ok(())
    }
}
