//! Worker processes, from being started to having ended.

use std::io;
use std::time::{Duration, Instant};

use crate::engine::desk::Desk;
use crate::engine::start::Starter;
use crate::engine::wire::Kind;
use crate::engine::worker::{Belongings, Setup};
use crate::plan::Executor;
use crate::sys::{self, PipeWriter, Progress, SharedMemory, Signal};
use crate::trace::ring::{self, Drain};
use crate::trace::{ActorId, Birth, Content, Exit, Medium, Role, What};

use super::member::Member;
use super::tracked::Tracked;

/// How long workers may take to end after they were told that there is no more work.
const STOP_PATIENCE: Duration = Duration::from_secs(1);
/// How long workers may take to end after `terminate()`; then they are killed.
const TERMINATE_PATIENCE: Duration = Duration::from_millis(500);
/// What a pipe is asked to hold if messages are larger than it holds by itself.
const WIDE_PIPE_BYTES: u32 = 1 << 20;

/// How workers are told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// They are ending already.
    Wait,
    /// There is no more work: they end by themselves.
    Close,
    /// `terminate()`: they are asked to end, and killed if they do not.
    Terminate,
    /// They are killed.
    Kill,
}

/// Starts worker `number`, in place of another if it `replaces` one.
pub(super) fn start_one(
    desk: &mut Desk<'_>,
    starter: &mut dyn Starter,
    number: u32,
    replaces: Option<ActorId>,
) -> io::Result<Member> {
    let asked_ns = sys::now_ns();
    let plan = &desk.checked.plan;
    let (their_tasks, tasks) = sys::pipe()?;
    let (results, their_results) = sys::pipe()?;
    // A process with several threads has a ring for each, behind its own.
    let threads = if plan.with == Executor::Hybrid { plan.threads } else { 0 };
    let rings = threads as usize + 1;
    let memory = SharedMemory::create(rings * ring::bytes_for(desk.ring_slots()))?;
    ring::divide(&memory, rings);
    let mut rings = ring::divided(memory.twin()?).into_iter().map(Drain::new);
    tasks.set_nonblocking()?;
    results.set_nonblocking()?;
    if unit_bytes(desk) > tasks.capacity_bytes() as usize {
        // Large messages move three to four times as fast through a large pipe. Where the system
        // refuses, the pipe stays as it is; what it holds is read from the kernel either way.
        tasks.widen(WIDE_PIPE_BYTES);
        their_results.widen(WIDE_PIPE_BYTES);
    }
    let capacities = (tasks.capacity_bytes(), their_results.capacity_bytes());
    let started = starter.start(Belongings { tasks: their_tasks, results: their_results, memory, ends: Vec::new() })?;

    let actor = desk.scribe.new_actor();
    let start = Some(plan.start);
    let birth = Birth { start, replaces, ..Birth::new(actor, Role::WorkerProcess, number, started.pid(), asked_ns) };
    desk.scribe.say(What::ActorBorn(Box::new(birth)));
    let ring = rings.next().ok_or(io::ErrorKind::InvalidInput)?;
    let mut tracked = Tracked::open(desk, actor, Medium::Pipe, capacities, ring);
    for (ring, number) in rings.zip(1..) {
        let thread = desk.scribe.new_actor();
        let birth = Birth::new(thread, Role::ProcessThread, number, started.pid(), asked_ns);
        desk.scribe.say(What::ActorBorn(Box::new(Birth { parent: Some(actor), ..birth })));
        tracked.add_thread(desk, thread, capacities.1, ring);
    }
    let setup = Setup {
        workload: plan.workload.clone(),
        actor,
        tracing: plan.tracing,
        detail_units: desk.detail_units,
        requests: tracked.requests.channel(),
        replies: tracked.replies.channel(),
        thread_replies: tracked.threads().map(|(_, channel)| channel).collect(),
        items: desk.checked.cut.items,
        chunksize: desk.checked.cut.chunksize,
        faults: desk.faults.clone(),
        initializer: plan.initializer,
        quota: plan.maxtasksperchild,
    };
    let setup = serde_json::to_vec(&setup).map_err(io::Error::other)?;
    let mut member = Member::new(tracked, number, started, (tasks, results));
    let now_ns = sys::now_ns();
    member
        .send(desk, now_ns, (Kind::Setup, Content::Setup), |out| out.extend_from_slice(&setup))
        .map_err(io::Error::other)?;
    member.push_out();
    Ok(member)
}

/// About how large the message of a unit will be, by its first item.
fn unit_bytes(desk: &Desk<'_>) -> usize {
    let mut first = Vec::new();
    desk.checked.input.write_items(0..1.min(desk.checked.cut.items), &mut first);
    first.len().saturating_mul(desk.checked.cut.chunksize.min(desk.checked.cut.items) as usize)
}

/// Ends every worker, and says how each ended.
pub(super) fn dismiss(desk: &mut Desk<'_>, starter: &mut dyn Starter, crew: &mut [Member], farewell: Farewell) {
    for member in crew.iter_mut() {
        match farewell {
            Farewell::Wait => {}
            Farewell::Close => {
                // A stop message is far below what any frame may hold.
                let _ = member.send(desk, sys::now_ns(), (Kind::Stop, Content::Stop), |_| {});
                member.push_out();
            }
            Farewell::Terminate => signal(desk, starter, member, Signal::Terminate, "pool.terminate()"),
            Farewell::Kill => starter.kill(&mut member.started),
        }
    }
    let patience = if farewell == Farewell::Terminate { TERMINATE_PATIENCE } else { STOP_PATIENCE };
    let give_up = Instant::now() + patience;
    for member in crew.iter_mut() {
        let mut gone = is_gone(member, give_up);
        while gone.is_none() {
            member.push_out();
            gone = is_gone(member, give_up);
        }
        if gone == Some(false) {
            signal(desk, starter, member, Signal::Kill, "it did not end when it was asked to");
        }
    }
    for member in crew {
        wait(desk, starter, member);
    }
}

/// Sends a worker a signal, and says so.
pub(super) fn signal(desk: &mut Desk<'_>, starter: &mut dyn Starter, member: &mut Member, signal: Signal, why: &str) {
    // Stamped before it is sent, so that it comes before what it leads to. Who is gone already feels nothing.
    let (at_ns, actor, name) = (sys::now_ns(), member.tracked.actor, signal.name());
    let mut sent = starter.signal(&mut member.started, signal);
    if sent.is_err() && signal == Signal::Kill {
        starter.kill(&mut member.started);
        sent = Ok(());
    }
    desk.scribe.say_at(
        at_ns,
        match sent {
            Ok(()) => What::SignalSent { actor, signal: name.to_owned(), why: why.to_owned() },
            Err(error) => What::Printed { line: format!("{} could not be sent {name}: {error}.", member.title()) },
        },
    );
}

/// Waits until a worker's result pipe closes (it is gone), patience ends (it is not), or something else is to
/// be done first.
fn is_gone(member: &Member, give_up: Instant) -> Option<bool> {
    let left = give_up.saturating_duration_since(Instant::now());
    let writers: Vec<&PipeWriter> = member.tasks_if_waiting().into_iter().collect();
    // Looked at even when patience has ended: others may have used it up.
    let ready = sys::wait_ready(&[&member.results], &writers, left);
    if ready.is_ok_and(|ready| ready.readers.contains(&true)) {
        let mut rest = [0; 4096];
        if matches!(member.results.read(&mut rest), Ok(Progress::Closed) | Err(_)) {
            return Some(true);
        }
    }
    left.is_zero().then_some(false)
}

/// A worker has ended, or was killed: reads its last events and says how it ended.
pub(super) fn wait(desk: &mut Desk<'_>, starter: &mut dyn Starter, member: &mut Member) -> Exit {
    let mut exit = starter.wait(&mut member.started, STOP_PATIENCE);
    if exit.is_none() {
        starter.kill(&mut member.started);
        exit = starter.wait(&mut member.started, STOP_PATIENCE);
    }
    let exit = exit.unwrap_or(Exit::Unknown);
    member.tracked.drain(desk);
    let with_it = if exit.is_success() { Exit::Joined } else { exit };
    for (thread, _) in member.tracked.threads() {
        desk.scribe.say(What::ActorExited { actor: thread, exit: with_it });
    }
    desk.scribe.say(What::ActorExited { actor: member.tracked.actor, exit });
    exit
}
