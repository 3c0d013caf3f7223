//! The worker processes of a run, as the parent holds them: each with its two pipes and its ring.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crate::engine::desk::{Desk, End};
use crate::engine::start::{Started, Starter};
use crate::engine::wire::{self, Inbox, Kind};
use crate::engine::worker::{Belongings, Setup};
use crate::sys::{self, PipeReader, PipeWriter, Progress, SharedMemory};
use crate::trace::ring::{self, Drain};
use crate::trace::{Birth, Content, Exit, Medium, Role, What};

use super::tracked::Tracked;

/// How long workers may take to end after they were told that there is no more work.
const STOP_PATIENCE: Duration = Duration::from_secs(1);
/// What a pipe is asked to hold if messages are larger than it holds by itself.
const WIDE_PIPE_BYTES: u32 = 1 << 20;

/// One worker process.
pub(super) struct Member {
    /// What the trace follows of it.
    pub(super) tracked: Tracked<SharedMemory>,
    /// Its number, from 1.
    pub(super) number: u32,
    /// Its results.
    pub(super) results: PipeReader,
    /// Results that are not a whole message yet.
    pub(super) inbox: Inbox,
    /// The units it has, in the order they were sent, with the bytes of their messages.
    pub(super) units: VecDeque<(u32, u32)>,
    /// Whether it has said that it is ready.
    pub(super) ready: bool,
    /// What its task pipe holds before a writer must wait.
    capacity_bytes: u32,
    bytes_in_flight: u32,
    tasks: PipeWriter,
    /// Messages that did not fit into the task pipe yet, from `written` on.
    outgoing: Vec<u8>,
    written: usize,
    started: Started,
}

impl Member {
    /// Whether a message as large as the last one fits into what may be under way to this worker:
    /// never more than its pipe holds, so that a write finds room.
    pub(super) fn has_credit(&self) -> bool {
        let last = self.units.back().map_or(0, |&(_, bytes)| bytes);
        self.bytes_in_flight == 0 || self.capacity_bytes == 0 || self.bytes_in_flight + last <= self.capacity_bytes
    }

    /// Puts a message into line and notes that it is sent; it leaves with [`Self::push_out`].
    pub(super) fn send(
        &mut self,
        desk: &mut Desk<'_>,
        at_ns: u64,
        (kind, content): (Kind, Content),
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), wire::TooLarge> {
        let number = if let Content::Unit(unit) = content { unit } else { 0 };
        let bytes = wire::write(kind, number, &mut self.outgoing, fill)?;
        if let Content::Unit(unit) = content {
            self.units.push_back((unit, bytes));
            self.bytes_in_flight += bytes;
        }
        self.tracked.say_sent(desk, at_ns, content, bytes);
        Ok(())
    }

    /// The unit whose answer came, if it is the one that was due.
    pub(super) fn answered(&mut self, unit: u32) -> bool {
        match self.units.front() {
            Some(&(due, bytes)) if due == unit => {
                self.units.pop_front();
                self.bytes_in_flight -= bytes;
                true
            }
            _ => false,
        }
    }

    /// Writes what the task pipe takes now. A pipe whose worker is gone takes nothing; the result
    /// pipe tells of that.
    pub(super) fn push_out(&mut self) {
        while self.written < self.outgoing.len() {
            match self.tasks.write(&self.outgoing[self.written..]) {
                Ok(Progress::Moved(count)) => self.written += count,
                Ok(Progress::WouldBlock) => return,
                Ok(Progress::Closed) | Err(_) => break,
            }
        }
        self.outgoing.clear();
        self.written = 0;
    }

    /// The end to wait for when messages are waiting to leave.
    pub(super) fn tasks_if_waiting(&self) -> Option<&PipeWriter> {
        (self.written < self.outgoing.len()).then_some(&self.tasks)
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.started.pid()
    }
}

/// Starts every worker of the plan. If one can't be started, or somebody wants the run to end, those
/// that were started are ended again.
pub(super) fn start(desk: &mut Desk<'_>, starter: &mut dyn Starter) -> Result<Vec<Member>, End> {
    let workers = desk.checked.plan.workers;
    let mut crew = Vec::with_capacity(workers as usize);
    for number in 1..=workers {
        let end = match start_one(desk, starter, number) {
            Ok(member) => {
                crew.push(member);
                // Hundreds of workers take their time, and it is worth watching.
                desk.scribe.tick_is_due(sys::now_ns()).then(|| desk.interrupt()).flatten()
            }
            Err(error) => Some(End::Failed(format!(
                "Worker {number} of {workers} could not be started ({error}). Choose fewer workers, or close other programs."
            ))),
        };
        if let Some(end) = end {
            dismiss(desk, starter, crew, false);
            return Err(end);
        }
    }
    Ok(crew)
}

fn start_one(desk: &mut Desk<'_>, starter: &mut dyn Starter, number: u32) -> io::Result<Member> {
    let asked_ns = sys::now_ns();
    let actor = desk.scribe.new_actor();
    let (their_tasks, tasks) = sys::pipe()?;
    let (results, their_results) = sys::pipe()?;
    let memory = SharedMemory::create(ring::bytes_for(desk.ring_slots()))?;
    let ring = Drain::new(memory.twin()?);
    tasks.set_nonblocking()?;
    results.set_nonblocking()?;
    if unit_bytes(desk) > tasks.capacity_bytes() as usize {
        // Large messages move three to four times as fast through a large pipe. Where the system
        // refuses, the pipe stays as it is; what it holds is read from the kernel either way.
        tasks.widen(WIDE_PIPE_BYTES);
        their_results.widen(WIDE_PIPE_BYTES);
    }
    let capacities = (tasks.capacity_bytes(), their_results.capacity_bytes());
    let started = starter.start(Belongings { tasks: their_tasks, results: their_results, memory })?;

    let start = Some(desk.checked.plan.start);
    let (pid, role) = (started.pid(), Role::WorkerProcess);
    desk.scribe.say(What::ActorBorn(Box::new(Birth { start, ..Birth::new(actor, role, number, pid, asked_ns) })));
    let tracked = Tracked::open(desk, actor, Medium::Pipe, capacities, ring);
    let setup = Setup {
        workload: desk.checked.plan.workload.clone(),
        tracing: desk.checked.plan.tracing,
        detail_units: desk.detail_units,
        requests: tracked.requests.channel(),
        replies: tracked.replies.channel(),
    };
    let setup = serde_json::to_vec(&setup).map_err(io::Error::other)?;
    let mut member = Member {
        tracked,
        number,
        results,
        inbox: Inbox::default(),
        units: VecDeque::new(),
        ready: false,
        capacity_bytes: capacities.0,
        bytes_in_flight: 0,
        tasks,
        outgoing: Vec::new(),
        written: 0,
        started,
    };
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
    desk.checked.input.write_items(0..1, &mut first);
    first.len().saturating_mul(desk.checked.cut.chunksize.min(desk.checked.cut.items) as usize)
}

/// Ends every worker: in order if `politely`, else at once. Says how each ended.
pub(super) fn dismiss(desk: &mut Desk<'_>, starter: &mut dyn Starter, mut crew: Vec<Member>, politely: bool) {
    for member in &mut crew {
        if politely {
            // A stop message is far below what any frame may hold.
            let _ = member.send(desk, sys::now_ns(), (Kind::Stop, Content::Stop), |_| {});
            member.push_out();
        } else {
            starter.kill(&mut member.started);
        }
    }
    let give_up = Instant::now() + STOP_PATIENCE;
    for member in &mut crew {
        while !is_gone(member, give_up) {
            member.push_out();
        }
        if Instant::now() >= give_up {
            starter.kill(&mut member.started);
        }
        farewell(desk, starter, member);
    }
}

/// Waits until a worker's result pipe closes, or something else is to be done, or patience ends.
fn is_gone(member: &Member, give_up: Instant) -> bool {
    let left = give_up.saturating_duration_since(Instant::now());
    let writers: Vec<&PipeWriter> = member.tasks_if_waiting().into_iter().collect();
    if left.is_zero() || sys::wait_ready(&[&member.results], &writers, left).is_err() {
        return true;
    }
    let mut rest = [0; 4096];
    matches!(member.results.read(&mut rest), Ok(Progress::Closed) | Err(_))
}

/// A worker has ended, or was killed: reads its last events and says how it ended.
pub(super) fn farewell(desk: &mut Desk<'_>, starter: &mut dyn Starter, member: &mut Member) -> Exit {
    let mut exit = starter.wait(&mut member.started, STOP_PATIENCE);
    if exit.is_none() {
        starter.kill(&mut member.started);
        exit = starter.wait(&mut member.started, STOP_PATIENCE);
    }
    let exit = exit.unwrap_or(Exit::Unknown);
    member.tracked.drain(desk);
    desk.scribe.say(What::ActorExited { actor: member.tracked.actor, exit });
    exit
}
