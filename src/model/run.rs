//! One run as it is known so far: its actors, channels, units, results.

use std::collections::HashMap;

use crate::chunk::Cut;
use crate::plan::{Plan, StartMethod};
use crate::trace::{ActorId, ChannelId, Exit, Fate, Outcome, Role, TaskFailure};

use super::deadlock;
use super::family::Family;
use super::history::Tally;
use super::lane::{Lane, SpanKind, State};
use super::objects::Objects;
use super::places::Places;
use super::traffic::Channel;
use super::units::Units;
use super::waits::Waits;

/// A process or thread of a run.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Its id.
    pub id: ActorId,
    /// What it is for.
    pub role: Role,
    /// Workers count from 1.
    pub number: u32,
    /// Its process id.
    pub pid: u32,
    /// Who started it; `None` for the parent itself.
    pub parent: Option<ActorId>,
    /// Its name, if it was given one.
    pub name: Option<String>,
    /// Whether it ends with its parent.
    pub daemon: bool,
    /// Its place among the workers, from 1: a worker that replaces another takes over its place.
    pub place: u32,
    /// How it was started.
    pub start: Option<StartMethod>,
    /// When its start was asked for.
    pub asked_ns: u64,
    /// When its start was done, seen by the parent.
    pub born_ns: u64,
    /// When it said that it is ready.
    pub ready_ns: Option<u64>,
    /// When it was seen to have ended while nobody had waited for it.
    pub unreaped_ns: Option<u64>,
    /// When and how it ended, as whoever waited for it learned.
    pub exited: Option<(u64, Exit)>,
    /// Signals sent to it, in order: (at, by whom, which, why).
    pub signals: Vec<SignalSent>,
    /// What it did.
    pub lane: Lane,
    /// Units it computed, sums included.
    pub units: u64,
    /// Measurements of its process, in order.
    pub usage: Vec<Usage>,
    /// Events of it that could not be kept.
    pub events_lost: u64,
}

/// A measurement of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When.
    pub at_ns: u64,
    /// In thousandths of one core since the measurement before.
    pub cpu_permille: u32,
    /// Resident memory.
    pub rss_bytes: u64,
}

/// A signal that was sent to an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalSent {
    /// When.
    pub at_ns: u64,
    /// By whom.
    pub by: ActorId,
    /// Which, by name.
    pub signal: String,
    /// What for.
    pub why: String,
}

/// A call of the library that students know, made by an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// By whom.
    pub by: ActorId,
    /// When it was made.
    pub from_ns: u64,
    /// When it returned.
    pub to_ns: u64,
    /// The call, as it is written in Python.
    pub call: String,
    /// What it returned, or the error that it raised.
    pub answer: String,
    /// Whether it raised an error.
    pub raised: bool,
}

/// A line that was printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// When.
    pub at_ns: u64,
    /// By whom; the observer, if it is not known who did.
    pub by: ActorId,
    /// The line.
    pub line: String,
}

/// A unit that a worker had when it died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When the parent knew.
    pub at_ns: u64,
    /// Whose.
    pub worker: ActorId,
    /// Which.
    pub unit: u32,
    /// What becomes of it.
    pub fate: Fate,
}

impl Actor {
    /// What it is called on screen: `Parent`, `Worker 3`, `Process-1:2`.
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.role.title(self.number))
    }

    /// When it ended, as far as that is known.
    pub fn end_ns(&self) -> Option<u64> {
        self.exited.map(|(exited_ns, _)| exited_ns).into_iter().chain(self.unreaped_ns).min()
    }

    /// Whether it computes units in the parent's stead.
    pub fn is_worker(&self) -> bool {
        matches!(self.role, Role::WorkerProcess | Role::WorkerThread)
    }

    /// What it did at a moment.
    pub fn state(&self, at_ns: u64) -> State {
        if at_ns < self.asked_ns {
            return State::Unborn;
        }
        if let Some((exited_ns, exit)) = self.exited
            && exited_ns <= at_ns
        {
            return State::Exited(exit);
        }
        if self.unreaped_ns.is_some_and(|since_ns| since_ns <= at_ns) {
            return State::Zombie;
        }
        let heard = self.signals.partition_point(|sent| sent.at_ns <= at_ns);
        let stopping = self.signals[..heard].iter().rev().find(|sent| ["SIGSTOP", "SIGCONT"].contains(&&*sent.signal));
        if stopping.is_some_and(|sent| sent.signal == "SIGSTOP") {
            return State::Stopped;
        }
        match self.lane.at(at_ns) {
            Some(span) if span.kind == SpanKind::Stopped => State::Stopped,
            Some(span) => State::Busy(span.kind, span.unit),
            None if self.lane.sums().iter().any(|sum| (sum.from_ns..sum.to_ns).contains(&at_ns)) => {
                State::Busy(SpanKind::Computing, None)
            }
            None => State::Busy(SpanKind::Waiting, None),
        }
    }

    /// The state in words; the parent waits for results, not for units.
    pub fn state_in_words(&self, at_ns: u64) -> String {
        match self.state(at_ns) {
            State::Busy(SpanKind::Waiting, _) if self.role == Role::Parent => "waiting for results".to_owned(),
            State::Busy(SpanKind::Waiting, _) if self.role == Role::ForkServer => "waiting for requests".to_owned(),
            State::Busy(SpanKind::Starting, _) if self.role == Role::Parent => "starting workers".to_owned(),
            state => state.to_string(),
        }
    }

    /// The last measurement of its process by then.
    pub fn usage_at(&self, at_ns: u64) -> Option<&Usage> {
        let after = self.usage.partition_point(|usage| usage.at_ns <= at_ns);
        self.usage[..after].last()
    }
}

/// How a run ended, as the parent tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// When.
    pub at_ns: u64,
    /// How.
    pub outcome: Outcome,
    /// From the first act of starting workers to the last result.
    pub wall_ns: u64,
    /// Until every worker was ready.
    pub start_ns: u64,
    /// A hash of the results in input order; empty unless complete.
    pub digest: String,
}

/// A unit that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at_ns: u64,
    /// Whose.
    pub worker: ActorId,
    /// Which.
    pub unit: u32,
    /// What went wrong.
    pub what: TaskFailure,
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its number in the trace, from 0.
    pub number: u32,
    /// What is run.
    pub plan: Plan,
    /// How the items are cut.
    pub cut: Cut,
    /// Units from this one on are known as sums only.
    pub detail_units: u32,
    /// When it began: zero of its time axis.
    pub began_ns: u64,
    /// When the last event of it happened, or later, as long as it goes on and tells nothing.
    pub last_ns: u64,
    /// When the last event of it happened.
    pub(super) told_ns: u64,
    /// How it ended, once it has.
    pub end: Option<RunEnd>,
    /// The parent first, then in the order of birth.
    pub actors: Vec<Actor>,
    pub(super) actor_places: Places,
    pub(super) family: Family,
    /// In the order they were opened.
    pub channels: Vec<Channel>,
    pub(super) channel_places: Places,
    /// The first channel from one actor to another.
    pub(super) roads: HashMap<(u32, u32), usize>,
    pub(super) objects: Objects,
    /// When something happened that is no span and no message of a channel.
    pub(super) moments: Tally,
    pub(super) waits: Waits,
    pub(super) watch: deadlock::Watch,
    /// The units recorded one by one.
    pub units: Units,
    /// Results shown on screen, in order of arrival: (unit, payload).
    pub results: Vec<(u32, Vec<u8>)>,
    /// Units that failed.
    pub failures: Vec<Failure>,
    /// Units whose worker died, in order.
    pub lost: Vec<Lost>,
    /// Units whose results the caller took from an iterator or a job, in order: (at, unit).
    pub delivered: Vec<(u64, u32)>,
    /// Calls of the library, in the order they returned.
    pub calls: Vec<Call>,
    /// From when on there are only sums.
    pub summed_from_ns: Option<u64>,
    /// What was printed, in order.
    pub printed: Vec<Printed>,
    /// Events of it.
    pub events: u64,
    /// Events of it that could not be kept.
    pub events_lost: u64,
}

impl Run {
    /// The actor of this id.
    pub fn actor(&self, id: ActorId) -> Option<&Actor> {
        self.actors.get(self.actor_places.of(id.0)?)
    }

    /// The channel of this id.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(self.channel_places.of(id.0)?)
    }

    /// The actors that compute in the parent's stead, by number.
    pub fn workers(&self) -> impl Iterator<Item = &Actor> {
        self.actors.iter().filter(|actor| actor.is_worker())
    }

    /// The parent, once it said so.
    pub fn parent(&self) -> Option<&Actor> {
        self.actors.iter().find(|actor| actor.role == Role::Parent)
    }

    /// What an actor does at a moment, in words. A process of a program waits for no units: it runs, or it is
    /// in a call.
    pub fn state_in_words(&self, actor: &Actor, at_ns: u64) -> String {
        let state = actor.state(at_ns);
        if matches!(state, State::Busy(SpanKind::Waiting, _)) && actor.is_worker() && self.has_threads(actor.id) {
            return "its threads work".to_owned();
        }
        if self.plan.program.is_none() || actor.role == Role::ForkServer {
            return actor.state_in_words(at_ns);
        }
        match state {
            State::Busy(SpanKind::Waiting, _) => "running".to_owned(),
            State::Busy(SpanKind::Computing, _) => "working".to_owned(),
            State::Busy(SpanKind::Starting, _) if actor.role == Role::Parent => "starting a process".to_owned(),
            State::Busy(SpanKind::Calling, _) => match self.call_of(actor.id, at_ns) {
                Some(call) => format!("in {}", call.call),
                None => state.to_string(),
            },
            _ => state.to_string(),
        }
    }

    /// The call that an actor was in at a moment. They are in the order of their returns.
    pub fn call_of(&self, by: ActorId, at_ns: u64) -> Option<&Call> {
        let returned = self.calls.partition_point(|call| call.to_ns <= at_ns);
        self.calls[returned..].iter().find(|call| call.by == by && call.from_ns <= at_ns)
    }

    /// The channel from `from` to `to`.
    pub fn between(&self, from: ActorId, to: ActorId) -> Option<&Channel> {
        self.channels.get(*self.roads.get(&(from.0, to.0))?)
    }

    /// The length of its time axis so far.
    pub fn length_ns(&self) -> u64 {
        self.last_ns.saturating_sub(self.began_ns)
    }

    /// Whether every unit's result arrived.
    pub fn is_complete(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.outcome == Outcome::Complete)
    }

    /// Results that had arrived by then, sums not included.
    pub fn arrived_by(&self, at_ns: u64) -> usize {
        self.units.arrived_by(at_ns)
    }

    /// Units that the parent still holds at a moment: not yet sent to a worker.
    pub fn waiting_units(&self, at_ns: u64) -> u32 {
        let units = self.cut.units().min(self.detail_units);
        units.saturating_sub(self.units.handed_by(at_ns) as u32)
    }

    /// Messages under way on all channels at a moment.
    pub fn in_flight(&self, at_ns: u64) -> usize {
        self.channels.iter().map(|channel| channel.in_flight(at_ns).len()).sum()
    }
}
