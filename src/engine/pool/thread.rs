//! One thread of the pool: what it does, and how the parent holds it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};

use crate::chunk::Cut;
use crate::engine::desk::Desk;
use crate::engine::initializer;
use crate::engine::log::Log;
use crate::engine::shared::Calculator;
use crate::engine::task::Undone;
use crate::plan::{Executor, Initializer};
use crate::sys;
use crate::trace::ring::{self, Drain, Recorder, Shared};
use crate::trace::{ActorId, Birth, ChannelId, Content, Doing, Medium, Role, What, print};
use crate::workload::{Here, Interpreter};

use super::gil::{Gil, GilThread};
use super::losses::Estate;
use super::tracked::Tracked;

/// What a thread is told.
pub(super) enum Task {
    /// Compute a unit; `again` if another had it before.
    Unit { unit: u32, again: bool },
    /// There is no more work.
    Stop,
}

/// What a thread answers.
pub(super) struct Answer {
    /// Which thread it is from.
    pub(super) actor: ActorId,
    pub(super) content: Content,
    /// The results of a unit, or why it has none; nothing for "I am ready". An error there is that of its
    /// initializer.
    pub(super) outcome: Result<Vec<u8>, Undone>,
}

/// What all threads of a pool share.
pub(super) struct Shop {
    /// The lock they take turns with, if they do.
    gil: Option<Arc<Gil>>,
    answers: Sender<Answer>,
    /// Whether what lies before the threads shall not be computed any more.
    cancelled: Arc<AtomicBool>,
}

impl Shop {
    /// For the threads of this plan, which answer here.
    pub(super) fn new(desk: &Desk<'_>, answers: Sender<Answer>) -> Self {
        let gil = (desk.checked.plan.with == Executor::GilThreads).then(Arc::default);
        Self { gil, answers, cancelled: Arc::default() }
    }

    /// From now on no thread begins another unit.
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

/// A thread of the pool, as the parent holds it.
pub(super) struct Member {
    pub(super) tracked: Tracked<Shared>,
    /// Its number, from 1; a replacement has a new one.
    pub(super) number: u32,
    /// Whether it has said that it is ready.
    pub(super) ready: bool,
    /// Why it can't begin, if it said so.
    pub(super) last_words: Option<String>,
    pub(super) thread: JoinHandle<()>,
    tasks: Sender<Task>,
    /// The units it has, in the order they were sent: (how many were sent before, unit).
    held: VecDeque<(u64, u32)>,
    sent: u64,
}

impl Member {
    /// Hands it a message.
    pub(super) fn send(&mut self, desk: &mut Desk<'_>, at_ns: u64, content: Content, task: Task) {
        if let Content::Unit(unit) = content {
            self.held.push_back((self.sent, unit));
            self.sent += 1;
        }
        self.tracked.say_sent(desk, at_ns, content, 0);
        // A thread that is gone is noticed at the next tick.
        let _ = self.tasks.send(task);
    }

    /// The unit whose answer came, if it has it.
    pub(super) fn answered(&mut self, unit: u32) -> bool {
        let place = self.held.iter().position(|&(_, held)| held == unit);
        place.is_some_and(|place| self.held.remove(place).is_some())
    }

    /// What it leaves behind.
    pub(super) fn estate(&self) -> Estate {
        let begun = self.tracked.begun();
        let units = |wanted: bool| {
            let held = self.held.iter().filter(|(ordinal, _)| (*ordinal < begun) == wanted);
            held.map(|&(_, unit)| unit).collect()
        };
        Estate { begun: units(true), untouched: units(false) }
    }
}

/// Starts thread `number`, in place of another if it `replaces` one.
pub(super) fn start_one(
    desk: &mut Desk<'_>,
    shop: &Shop,
    number: u32,
    replaces: Option<ActorId>,
) -> std::io::Result<Member> {
    let asked_ns = sys::now_ns();
    let actor = desk.scribe.new_actor();
    let memory = ring::in_process(desk.ring_slots());
    let ring = Drain::new(memory.clone());
    let (tasks, inbox) = crossbeam_channel::unbounded();
    let (answers, gil, cancelled) = (shop.answers.clone(), shop.gil.clone(), Arc::clone(&shop.cancelled));
    // It speaks of its channels, so they are named before it lives; told of after it was born.
    let (job, job_inbox) = crossbeam_channel::bounded::<Job>(1);
    let body = move || {
        let mut log = Log::new(Recorder::new(memory));
        log.write(sys::now_ns(), &What::ActorReady);
        if let Ok(job) = job_inbox.recv() {
            work(&inbox, &answers, log, job, gil.as_deref(), &cancelled);
        }
    };
    let thread = std::thread::Builder::new().name(format!("worker {number}")).spawn(body)?;
    let birth = Birth { replaces, ..Birth::new(actor, Role::WorkerThread, number, std::process::id(), asked_ns) };
    desk.scribe.say(What::ActorBorn(Box::new(birth)));
    let tracked = Tracked::open(desk, actor, Medium::Memory, (0, 0), ring);
    let channels = (tracked.requests.channel(), tracked.replies.channel());
    let (tracing, detail_units) = (desk.checked.plan.tracing, desk.detail_units);
    let calculator = Calculator::new(desk.checked.input, desk.faults.clone(), actor);
    let (cut, initializer) = (desk.checked.cut, desk.checked.plan.initializer);
    // A thread that is gone already is noticed at the first tick.
    let _ = job.send(Job { calculator, cut, initializer, actor, tracing, detail_units, channels });
    Ok(Member { tracked, number, ready: false, last_words: None, thread, tasks, held: VecDeque::new(), sent: 0 })
}

/// What a thread is to do: what a process learns from its setup message.
struct Job {
    calculator: Calculator,
    cut: Cut,
    initializer: Option<Initializer>,
    /// What it is called in the trace.
    actor: ActorId,
    tracing: bool,
    detail_units: u32,
    /// To it and from it.
    channels: (ChannelId, ChannelId),
}

/// The main function of a thread.
fn work(
    inbox: &Receiver<Task>,
    answers: &Sender<Answer>,
    mut log: Log<Shared>,
    job: Job,
    gil: Option<&Gil>,
    cancelled: &AtomicBool,
) {
    let Job { mut calculator, cut, initializer, actor, tracing, detail_units, channels } = job;
    log.set_up(tracing, detail_units, channels.0, channels.1);
    let turns = gil.map(GilThread::new);
    let here = turns.as_ref().map_or(Here::free(), |turns| Here::inside(turns));
    if let Some(turns) = &turns {
        turns.acquire();
    }
    let answer = |log: &mut Log<Shared>, content, outcome| {
        let since_ns = sys::now_ns();
        log.sent(since_ns, content, 0);
        let sent = answers.send(Answer { actor, content, outcome });
        log.did_send(since_ns, sys::now_ns());
        sent.is_ok()
    };
    let greeting = initializer.map_or(Ok(Vec::new()), |initializer| {
        let since_ns = sys::now_ns();
        let outcome = initializer::run(initializer);
        log.write(sys::now_ns(), &What::Did { doing: Doing::Initialize, since_ns });
        match outcome {
            Ok(line) => {
                print::print(actor, sys::now_ns(), &line);
                Ok(Vec::new())
            }
            Err(error) => Err(Undone::because("ValueError", error)),
        }
    });
    let mut at_work = greeting.is_ok();
    answer(&mut log, Content::Setup, greeting);
    while at_work {
        // Waiting for a unit is waiting for something else than the interpreter.
        if let Some(turns) = &turns {
            turns.release();
        }
        let task = inbox.recv();
        let received_ns = sys::now_ns();
        let content = if let Ok(Task::Unit { unit, .. }) = task { Content::Unit(unit) } else { Content::Stop };
        log.received(received_ns, content, 0);
        if let Some(turns) = &turns {
            turns.acquire();
            tell_waits(&mut log, turns, content);
        }
        let Ok(Task::Unit { unit, again }) = task else { break };
        if cancelled.load(Ordering::Relaxed) {
            continue;
        }
        let outcome = calculator.compute(&mut log, (unit, again), cut.range(unit), &here, |log| {
            if let Some(turns) = &turns {
                tell_waits(log, turns, content);
            }
        });
        // `sys.exit` in a thread ends the thread, and nobody is told.
        at_work = !matches!(outcome, Err(Undone::Exit)) && answer(&mut log, content, outcome);
    }
    if let Some(turns) = &turns {
        turns.release();
    }
    log.close_sum(sys::now_ns());
}

/// Writes down how long a thread waited for the interpreter, as long as units are told one by one.
fn tell_waits(log: &mut Log<Shared>, turns: &GilThread<'_>, content: Content) {
    let waits = turns.take_waits();
    if matches!(content, Content::Unit(unit) if !log.details(unit)) {
        return;
    }
    for (since_ns, until_ns) in waits {
        log.write(until_ns, &What::Did { doing: Doing::WaitForGil, since_ns });
    }
}
