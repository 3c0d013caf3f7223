//! The figures of one run, and of each process and thread in it.

use serde::Serialize;
use serde_json::Value;

use super::digest;
use super::story::title;
use crate::model::{Actor, Run};
use crate::plan::StartMethod;
use crate::trace::{Exit, Outcome, Role};

/// The figures of one run.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Figures<'a> {
    /// How it ended; null if nobody said.
    pub(in crate::cli) outcome: Option<&'a Outcome>,
    /// From the first act of starting workers to the last result.
    pub(in crate::cli) wall_ns: Option<u64>,
    /// Until every worker was ready.
    pub(in crate::cli) start_ns: Option<u64>,
    /// Units that travel.
    pub(in crate::cli) units: u32,
    /// Items in them.
    pub(in crate::cli) items: u64,
    /// Items in a unit.
    pub(in crate::cli) chunksize: u64,
    /// A hash of the results in input order; empty unless complete.
    pub(in crate::cli) digest: &'a str,
    /// Events recorded.
    pub(in crate::cli) events: u64,
    /// Events that could not be kept.
    pub(in crate::cli) events_lost: u64,
}

/// The figures of one process or thread. Its times are since the run began.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ActorFigures<'a> {
    /// What it is called.
    pub(in crate::cli) name: String,
    /// What it is for.
    pub(in crate::cli) role: Role,
    /// Its process.
    pub(in crate::cli) pid: u32,
    /// Who started it, by name; null for the parent itself.
    pub(in crate::cli) parent: Option<String>,
    /// Whether it ends with its parent.
    pub(in crate::cli) daemon: bool,
    /// Its place among the workers, from 1: who replaces another takes over its place.
    pub(in crate::cli) place: u32,
    /// How its process was started.
    pub(in crate::cli) start: Option<StartMethod>,
    /// When it had been started.
    pub(in crate::cli) born_ns: u64,
    /// When it was ready.
    pub(in crate::cli) ready_ns: Option<u64>,
    /// When it was seen to have ended while nobody had waited for it: a zombie.
    pub(in crate::cli) zombie_ns: Option<u64>,
    /// When it had ended.
    pub(in crate::cli) exited_ns: Option<u64>,
    /// Units it computed.
    pub(in crate::cli) units: u64,
    /// Time it spent computing them.
    pub(in crate::cli) busy_ns: u64,
    /// How it ended, as Python writes it: a code, a negative signal, "joined" for a thread; null if
    /// it has not, or nobody knows.
    pub(in crate::cli) exit: Value,
    /// The same, a signal by its name: `−SIGKILL`.
    pub(in crate::cli) exit_name: Option<String>,
    /// The signals that were sent to it.
    pub(in crate::cli) signals: Vec<SignalFigures<'a>>,
}

/// A signal that was sent.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct SignalFigures<'a> {
    /// When.
    pub(in crate::cli) at_ns: u64,
    /// By whom.
    pub(in crate::cli) by: String,
    /// Which, by name.
    pub(in crate::cli) signal: &'a str,
    /// What for.
    pub(in crate::cli) why: &'a str,
}

impl<'a> Figures<'a> {
    pub(super) fn of(run: &'a Run) -> Self {
        let end = run.end.as_ref();
        Self {
            outcome: end.map(|end| &end.outcome),
            wall_ns: end.map(|end| end.wall_ns),
            start_ns: end.map(|end| end.start_ns),
            units: run.cut.units(),
            items: run.cut.items,
            chunksize: run.cut.chunksize,
            digest: digest(run).unwrap_or_default(),
            events: run.events,
            events_lost: run.events_lost,
        }
    }
}

impl<'a> ActorFigures<'a> {
    pub(super) fn of(run: &'a Run, actor: &'a Actor) -> Self {
        let since = |at_ns: u64| at_ns.saturating_sub(run.began_ns);
        let exit = actor.exited.map(|(_, exit)| exit);
        let signals = actor.signals.iter().map(|sent| SignalFigures {
            at_ns: since(sent.at_ns),
            by: title(run, sent.by),
            signal: &sent.signal,
            why: &sent.why,
        });
        Self {
            name: actor.title(),
            role: actor.role,
            pid: actor.pid,
            parent: actor.parent.map(|parent| title(run, parent)),
            daemon: actor.daemon,
            place: actor.place,
            start: actor.start,
            born_ns: since(actor.born_ns),
            ready_ns: actor.ready_ns.map(since),
            zombie_ns: actor.unreaped_ns.map(since),
            exited_ns: actor.exited.map(|(at_ns, _)| since(at_ns)),
            units: actor.units,
            busy_ns: actor.lane.computed_ns(0, run.last_ns),
            exit: match exit {
                Some(Exit::Code(code)) => code.into(),
                Some(Exit::Signal(number)) => number.saturating_neg().into(),
                Some(Exit::Joined) => "joined".into(),
                Some(Exit::Unknown) | None => Value::Null,
            },
            exit_name: exit.map(|exit| exit.to_string()),
            signals: signals.collect(),
        }
    }
}
