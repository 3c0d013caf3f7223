//! The main loop of a worker process: read what is there, have it computed unit after unit, answer.
//!
//! ```text
//! task pipe ─► inbox ─► unit by unit: compute ─► outbox ─► result pipe
//! ```
//!
//! A worker with one thread computes itself ([`super::hand`]); one with several lays units down for them
//! ([`super::hands`]). One that retires after so many units (`maxtasksperchild`) counts them itself, and is
//! gone before the parent could ask it to go.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chunk::Cut;
use crate::plan::{Action, Initializer};
use crate::sys::{self, PipeEnd, PipeReader, PipeWriter, Progress, SharedMemory};
use crate::trace::ring::{self, Part, Recorder};
use crate::trace::{ActorId, ChannelId, Content, Doing, What, print};
use crate::workload;

use super::faults::Faults;
use super::hand::{Hand, Job, Leave, Road};
use super::hands::{Hands, Laid};
use super::initializer;
use super::log::Log;
use super::task::Tasks;
use super::wire::{Frame, Inbox, Kind};

/// The exit code of a worker whose parent is gone or speaks nonsense, or whose initializer failed.
pub(super) const EXIT_LOST: i32 = 1;

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
    /// The channels that the replies of its threads leave on, if it has several.
    pub(super) thread_replies: Vec<ChannelId>,
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
    /// Its events go here; of a process of a program, here is what all of them share.
    pub(super) memory: SharedMemory,
    /// Ends of pipes that processes of a program share.
    pub(super) ends: Vec<PipeEnd>,
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
    let Belongings { tasks, results, memory, .. } = belongings;
    memory.make_present();
    let outcome = if ring::parts_in(&memory) > 1 {
        let rings = ring::divided(memory);
        let road = Arc::new(Mutex::new(results));
        let log = Log::new(Recorder::new(rings[0].clone()));
        let hand = Hand::new(log, Road::Shared(Arc::clone(&road), 0));
        Worker { hand, several: Some(Several { rings, road, hands: None }), quota: None }.live(&tasks)
    } else {
        let hand = Hand::new(Log::new(Recorder::new(memory)), Road::Own(results));
        Worker { hand, several: None, quota: None }.live(&tasks)
    };
    match outcome {
        Ok(()) => 0,
        Err(Leave::Lost) => EXIT_LOST,
        Err(Leave::Exit(code)) => code,
    }
}

struct Worker<M> {
    /// Who computes, or, if there are several threads, who speaks for them.
    hand: Hand<M>,
    several: Option<Several>,
    /// How many units are left until it retires.
    quota: Option<u32>,
}

/// What a worker with several threads has besides.
struct Several {
    rings: Vec<Part<SharedMemory>>,
    road: Arc<Mutex<PipeWriter>>,
    /// The threads, once there is a job.
    hands: Option<Hands>,
}

impl<M: Deref<Target = [AtomicU64]>> Worker<M> {
    fn live(mut self, tasks: &PipeReader) -> Result<(), Leave> {
        self.hand.log.write(sys::now_ns(), &What::ActorReady);
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
            self.hand.last_ns = sys::now_ns();
            self.note_arrivals(&inbox, &mut noted, &mut job)?;
            // What taking the messages apart cost is receiving, not computing.
            self.hand.last_ns = sys::now_ns();
            while let Some(frame) = inbox.peek(0).map_err(|_| Leave::Lost)? {
                let bytes = frame.bytes();
                let job = job.as_ref().ok_or(Leave::Lost)?;
                match frame.kind {
                    Kind::Setup => self.prepare(job, &frame)?,
                    Kind::Unit | Kind::Again => self.compute(job, &frame)?,
                    Kind::Suffer => self.suffer(&frame)?,
                    Kind::Stop => return self.finish(),
                    Kind::Hello | Kind::Done | Kind::Failed | Kind::Fatal | Kind::From => return Err(Leave::Lost),
                }
                inbox.take(bytes);
                noted -= bytes as usize;
                if self.quota == Some(0) {
                    return self.finish();
                }
            }
            self.rest()?;
        }
    }

    /// Notes each message that a read completed, with the time of that read.
    fn note_arrivals(&mut self, inbox: &Inbox, noted: &mut usize, job: &mut Option<Arc<Job>>) -> Result<(), Leave> {
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
                self.hand.log.received(self.hand.last_ns, content, frame.bytes());
            }
            *noted += frame.bytes() as usize;
        }
        Ok(())
    }

    fn set_up(&mut self, frame: &Frame<'_>) -> Result<Arc<Job>, Leave> {
        let setup = read(frame)?;
        self.hand.log.set_up(setup.tracing, setup.detail_units, setup.requests, setup.replies);
        self.quota = setup.quota;
        let workload = workload::find(&setup.workload).map_err(|_| Leave::Lost)?;
        let cut = Cut { items: setup.items, chunksize: setup.chunksize };
        let tasks = Tasks { workload, faults: setup.faults, actor: setup.actor, last_moment: Duration::ZERO };
        Ok(Arc::new(Job { tasks, cut, initializer: setup.initializer, actor: setup.actor }))
    }

    /// Runs the initializer, if there is one, and says hello. One that fails ends the worker, as in Python.
    fn prepare(&mut self, job: &Arc<Job>, frame: &Frame<'_>) -> Result<(), Leave> {
        if let Some(initializer) = job.initializer {
            let since_ns = sys::now_ns();
            let outcome = initializer::run(initializer);
            self.hand.last_ns = sys::now_ns();
            self.hand.log.write(self.hand.last_ns, &What::Did { doing: Doing::Initialize, since_ns });
            match outcome {
                Ok(line) => print::print(job.actor, self.hand.last_ns, &line),
                Err(error) => {
                    self.hand.write(Kind::Fatal, 0, |out| out.extend_from_slice(error.as_bytes()))?;
                    self.hand.flush()?;
                    return Err(Leave::Exit(EXIT_LOST));
                }
            }
        }
        if let Some(Several { rings, road, hands }) = &mut self.several {
            let setup = read(frame)?;
            *hands = Some(Hands::start(&setup, job, rings, road).map_err(|_| Leave::Exit(EXIT_LOST))?);
        }
        self.hand.greet()
    }

    fn compute(&mut self, job: &Job, frame: &Frame<'_>) -> Result<(), Leave> {
        let (unit, again) = (frame.number, frame.kind == Kind::Again);
        self.quota = self.quota.map(|left| left.saturating_sub(1));
        match self.several.as_ref().and_then(|several| several.hands.as_ref()) {
            Some(hands) => hands.lay(Laid { unit, again, arguments: frame.payload.to_vec() }),
            None => self.hand.compute(job, unit, again, frame.payload),
        }
    }

    /// Does to itself what it is told; in order if it is told to exit.
    fn suffer(&mut self, frame: &Frame<'_>) -> Result<(), Leave> {
        let action: Action = serde_json::from_slice(frame.payload).map_err(|_| Leave::Lost)?;
        self.hand.flush()?;
        if action == Action::Exit {
            self.finish()?;
            return Err(Leave::Exit(sys::EXIT_CODE));
        }
        sys::suffer(action);
        self.hand.last_ns = sys::now_ns();
        Ok(())
    }

    /// Nothing is left in the inbox.
    fn rest(&mut self) -> Result<(), Leave> {
        if self.several.is_some() {
            let (since_ns, now_ns) = (self.hand.last_ns, sys::now_ns());
            self.hand.log.write(now_ns, &What::Did { doing: Doing::Dispatch, since_ns });
            self.hand.log.close_sum(now_ns);
        }
        self.hand.flush()
    }

    fn finish(&mut self) -> Result<(), Leave> {
        if let Some(hands) = self.several.as_mut().and_then(|several| several.hands.take()) {
            hands.join();
        }
        self.hand.finish()
    }
}

/// The setup that a message carries.
fn read(frame: &Frame<'_>) -> Result<Setup, Leave> {
    serde_json::from_slice(frame.payload).map_err(|_| Leave::Lost)
}
