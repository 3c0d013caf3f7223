//! `ThreadPool.map`: the same pool with threads of the parent's process as workers.
//!
//! Nothing is carried between actors: a message is the number of a unit, and the thread reads the shared
//! input.
//! Rust threads have no GIL, so they compute at the same time; Python's do only while one of them is
//! not running Python code.

use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::chunk::Cut;
use crate::engine::desk::{Desk, End};
use crate::engine::log::Log;
use crate::engine::scribe::TICK_NS;
use crate::engine::shared::Calculator;
use crate::sys;
use crate::trace::ring::{self, Drain, Recorder, Shared};
use crate::trace::{Birth, ChannelId, Content, Exit, Medium, Role, TaskFailure, What};
use crate::workload::Input;

use super::dispatch::Dispatch;
use super::tracked::{self, Tracked};

/// Answers taken before units are handed out again.
const BATCH: usize = 1024;

/// What a thread is told.
enum Task {
    Unit(u32),
    Stop,
}

/// What a thread answers.
struct Answer {
    place: usize,
    content: Content,
    /// The results of a unit, or why it failed; nothing for "I am ready".
    outcome: Result<Vec<u8>, String>,
}

/// A thread of the pool, as the parent holds it.
struct Member {
    tracked: Tracked<Shared>,
    tasks: Sender<Task>,
    thread: JoinHandle<()>,
}

impl Member {
    fn send(&mut self, desk: &mut Desk<'_>, at_ns: u64, content: Content, task: Task) {
        self.tracked.say_sent(desk, at_ns, content, 0);
        // A thread that is gone is noticed at the next tick.
        let _ = self.tasks.send(task);
    }
}

/// Runs the plan of this desk on threads.
pub(in crate::engine) fn map(desk: &mut Desk<'_>) -> End {
    let (sender, answers) = crossbeam_channel::unbounded();
    let mut crew = Vec::new();
    for number in 1..=desk.checked.plan.workers {
        match start_one(desk, number, sender.clone()) {
            Ok(member) => crew.push(member),
            Err(error) => {
                let end = End::Failed(format!("Thread {number} could not be started ({error}). Choose fewer workers."));
                desk.conclude(&end);
                dismiss(desk, crew);
                return end;
            }
        }
    }
    drop(sender);
    let end = share_out(desk, &mut crew, &answers);
    for member in &mut crew {
        member.tracked.say_sums(desk);
        member.tracked.drain(desk);
    }
    desk.conclude(&end);
    if end == End::Complete {
        dismiss(desk, crew);
    }
    // Otherwise the threads still compute, and nothing can end a thread from outside: they end with
    // the engine's process, which this end of a run ends.
    end
}

fn start_one(desk: &mut Desk<'_>, number: u32, answers: Sender<Answer>) -> std::io::Result<Member> {
    let asked_ns = sys::now_ns();
    let actor = desk.scribe.new_actor();
    let memory = ring::in_process(desk.ring_slots());
    let ring = Drain::new(memory.clone());
    let (tasks, inbox) = crossbeam_channel::unbounded();
    // It speaks of its channels, so they are named before it lives; told of after it was born.
    let (job, job_inbox) = crossbeam_channel::bounded::<Job>(1);
    let body = move || {
        let mut log = Log::new(Recorder::new(memory));
        log.write(sys::now_ns(), &What::ActorReady);
        if let Ok(job) = job_inbox.recv() {
            work(&inbox, &answers, log, &job);
        }
    };
    let thread = std::thread::Builder::new().name(format!("worker {number}")).spawn(body)?;
    let (role, pid) = (Role::WorkerThread, std::process::id());
    desk.scribe.say(What::ActorBorn(Box::new(Birth::new(actor, role, number, pid, asked_ns))));
    let tracked = Tracked::open(desk, actor, Medium::Memory, (0, 0), ring);
    let channels = (tracked.requests.channel(), tracked.replies.channel());
    let (tracing, detail_units) = (desk.checked.plan.tracing, desk.detail_units);
    let (input, cut, place) = (desk.checked.input, desk.checked.cut, number as usize - 1);
    // A thread that is gone already is noticed at the first tick.
    let _ = job.send(Job { input, cut, place, tracing, detail_units, channels });
    Ok(Member { tracked, tasks, thread })
}

/// What a thread is to do: what a process learns from its setup message.
struct Job {
    input: Input,
    cut: Cut,
    /// Its place in the crew.
    place: usize,
    tracing: bool,
    detail_units: u32,
    /// To it and from it.
    channels: (ChannelId, ChannelId),
}

/// The main function of a thread.
fn work(inbox: &Receiver<Task>, answers: &Sender<Answer>, mut log: Log<Shared>, job: &Job) {
    let &Job { input, cut, place, tracing, detail_units, channels } = job;
    log.set_up(tracing, detail_units, channels.0, channels.1);
    let answer = |log: &mut Log<Shared>, content, outcome| {
        let since_ns = sys::now_ns();
        log.sent(since_ns, content, 0);
        let sent = answers.send(Answer { place, content, outcome });
        log.did_send(since_ns, sys::now_ns());
        sent.is_ok()
    };
    answer(&mut log, Content::Setup, Ok(Vec::new()));
    let mut calculator = Calculator::new(input);
    while let Ok(Task::Unit(unit)) = inbox.recv() {
        let content = Content::Unit(unit);
        log.received(sys::now_ns(), content, 0);
        let outcome = calculator.compute(&mut log, unit, cut.range(unit));
        if !answer(&mut log, content, outcome) {
            break;
        }
    }
    log.received(sys::now_ns(), Content::Stop, 0);
    log.close_sum(sys::now_ns());
}

/// Hands out every unit and takes every result.
fn share_out(desk: &mut Desk<'_>, crew: &mut [Member], answers: &Receiver<Answer>) -> End {
    let mut dispatch = Dispatch::new(desk.checked.cut.units(), crew.len());
    let mut answered = vec![0; crew.len()];
    let mut ready = 0;
    let mut awake_ns = sys::now_ns();
    loop {
        for (place, units) in answered.iter_mut().enumerate() {
            dispatch.answered(place, std::mem::take(units), awake_ns);
        }
        // Dealt round the table, as to processes.
        let mut dealt = true;
        while std::mem::take(&mut dealt) {
            for (place, member) in crew.iter_mut().enumerate() {
                if let Some(unit) = dispatch.next_for(place, awake_ns) {
                    member.send(desk, sys::now_ns(), Content::Unit(unit), Task::Unit(unit));
                    dealt = true;
                }
            }
        }
        if desk.is_complete() && ready == crew.len() {
            return End::Complete;
        }
        desk.note_dispatch(&dispatch, awake_ns);
        let first = answers.recv_timeout(Duration::from_nanos(TICK_NS));
        awake_ns = sys::now_ns();
        let first = match first {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                return End::Failed("Every thread of the pool has ended before its time.".to_owned());
            }
        };
        let batch: Vec<Answer> = first.into_iter().chain(answers.try_iter().take(BATCH)).collect();
        // Stamped after the last of them came, or one could seem to arrive before it left.
        let received_ns = sys::now_ns();
        for answer in batch {
            let place = answer.place;
            ready += usize::from(answer.content == Content::Setup);
            match take(desk, &mut crew[place], answer, received_ns) {
                Ok(units) => answered[place] += units,
                Err(end) => return end,
            }
        }
        if let Some(end) = keep_up(desk, crew, awake_ns) {
            return end;
        }
    }
}

/// Takes one answer; gives how many units it answers.
fn take(desk: &mut Desk<'_>, member: &mut Member, answer: Answer, at_ns: u64) -> Result<u32, End> {
    member.tracked.say_received(desk, at_ns, answer.content, 0);
    match (answer.content, answer.outcome) {
        (Content::Unit(unit), Ok(results)) => {
            desk.take(unit, &results)?;
            Ok(1)
        }
        (Content::Unit(unit), Err(message)) => {
            let why = format!("Unit {unit} failed in thread {}: {message}.", answer.place + 1);
            desk.scribe.say_for(
                member.tracked.actor,
                at_ns,
                What::UnitFailed { unit, failure: Box::new(TaskFailure { message, ..TaskFailure::default() }) },
            );
            Err(End::Failed(why))
        }
        _ => {
            desk.start_ns = at_ns - desk.began_ns;
            Ok(0)
        }
    }
}

fn keep_up(desk: &mut Desk<'_>, crew: &mut [Member], now_ns: u64) -> Option<End> {
    let tick = tracked::keep_up(desk, crew.iter_mut().map(|member| &mut member.tracked), now_ns);
    if !tick {
        return None;
    }
    if let Some(place) = crew.iter().position(|member| member.thread.is_finished()) {
        return Some(End::Failed(format!("Thread {} ended before its time. Press Run to try again.", place + 1)));
    }
    desk.interrupt()
}

/// Tells every thread that there is no more work, and waits for it.
fn dismiss(desk: &mut Desk<'_>, mut crew: Vec<Member>) {
    for member in &mut crew {
        member.send(desk, sys::now_ns(), Content::Stop, Task::Stop);
    }
    for mut member in crew {
        // It is idle, so it ends within moments; a panic in it was its end too.
        let exit = if member.thread.join().is_ok() { Exit::Joined } else { Exit::Unknown };
        member.tracked.drain(desk);
        desk.scribe.say(What::ActorExited { actor: member.tracked.actor, exit });
    }
}
