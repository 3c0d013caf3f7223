//! The threads of a worker process that has several (`hybrid`). Its main thread reads the units and lays
//! them down; each thread takes one when it is free, and answers by itself.
//!
//! ```text
//! task pipe ─► main thread ─► intake ─► thread 1..n: compute ─► (in turns) result pipe
//! ```

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};

use crate::sys::{self, PipeWriter, SharedMemory};
use crate::trace::What;
use crate::trace::ring::{self, Part, Recorder};

use super::hand::{Hand, Job, Leave, Road};
use super::log::Log;
use super::worker::{EXIT_LOST, Setup};

/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// A unit as the main thread lays it down.
pub(super) struct Laid {
    pub(super) unit: u32,
    pub(super) again: bool,
    pub(super) arguments: Vec<u8>,
}

/// Where units lie, and how many were ever taken.
struct Intake {
    laid: Receiver<Laid>,
    taken: u64,
    /// The main thread's ring, where the parent looks for that number when this process is dead.
    ring: Part<SharedMemory>,
}

/// The threads.
pub(super) struct Hands {
    laying: Sender<Laid>,
    threads: Vec<JoinHandle<()>>,
}

impl Hands {
    /// Starts a thread for each ring behind the first.
    pub(super) fn start(
        setup: &Setup,
        job: &Arc<Job>,
        rings: &[Part<SharedMemory>],
        road: &Arc<Mutex<PipeWriter>>,
    ) -> std::io::Result<Self> {
        let (laying, laid) = crossbeam_channel::unbounded();
        let Some((ring, rings)) = rings.split_first() else { return Err(std::io::ErrorKind::InvalidInput.into()) };
        let intake = Arc::new(Mutex::new(Intake { laid, taken: 0, ring: ring.clone() }));
        let mut threads = Vec::new();
        for ((number, ring), &replies) in (1..).zip(rings).zip(&setup.thread_replies) {
            let mut log = Log::new(Recorder::new(ring.clone()));
            log.set_up(setup.tracing, setup.detail_units, setup.requests, replies);
            let hand = Hand::new(log, Road::Shared(Arc::clone(road), number));
            let (job, intake) = (Arc::clone(job), Arc::clone(&intake));
            let work = move || work(hand, &job, &intake);
            let body = move || match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
                Ok(Ok(())) => {}
                // `sys.exit` in a thread of a process ends only the thread in Python; here it is the task that
                // wants its worker to end, and the worker is the process.
                Ok(Err(Leave::Exit(code))) => std::process::exit(code),
                Ok(Err(Leave::Lost)) => sys::exit_now(EXIT_LOST),
                // Its unit would never come, and nobody would know: it takes its process along.
                Err(_) => sys::exit_now(PANICKED),
            };
            threads.push(std::thread::Builder::new().name(format!("thread {number}")).spawn(body)?);
        }
        Ok(Self { laying, threads })
    }

    /// Lays a unit down for whoever is free first.
    pub(super) fn lay(&self, laid: Laid) -> Result<(), Leave> {
        self.laying.send(laid).map_err(|_| Leave::Lost)
    }

    /// Waits until every unit is computed and answered.
    pub(super) fn join(self) {
        drop(self.laying);
        for thread in self.threads {
            // A thread that panicked has ended the process.
            let _ = thread.join();
        }
    }
}

/// The main function of a thread.
fn work(mut hand: Hand<Part<SharedMemory>>, job: &Job, intake: &Mutex<Intake>) -> Result<(), Leave> {
    hand.log.write(sys::now_ns(), &What::ActorReady);
    loop {
        let mut laid = intake.try_lock().ok().and_then(|mut intake| intake.take_now());
        if laid.is_none() {
            // Nothing lies ready, or another waits for it already: no answer shall wait as well.
            hand.flush()?;
            laid = intake.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
        let Some(laid) = laid else { return hand.finish() };
        hand.last_ns = sys::now_ns();
        hand.compute(job, laid.unit, laid.again, &laid.arguments)?;
    }
}

impl Intake {
    /// The next unit, if one lies ready.
    fn take_now(&mut self) -> Option<Laid> {
        let laid = self.laid.try_recv().ok()?;
        self.count();
        Some(laid)
    }

    /// The next unit, waited for; `None` when no more will come.
    fn take(&mut self) -> Option<Laid> {
        let laid = self.laid.recv().ok()?;
        self.count();
        Some(laid)
    }

    /// Taking a unit and counting it is one: the first so many units that were sent here are those that were
    /// begun.
    fn count(&mut self) {
        self.taken += 1;
        ring::note_begun(&self.ring, self.taken);
    }
}
