//! What happened in a run besides the computing, as data: errors, lost units, replaced workers, calls of
//! the library, printed lines, and the order in which the caller got its results.
//!
//! All times are since the run began.

use serde::Serialize;

use crate::model::{Actor, Run};
use crate::plan::Stage;
use crate::trace::{ActorId, Exit, Fate};

/// What happened.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Story<'a> {
    /// Every unit that has no result, and why.
    pub(in crate::cli) errors: Vec<UnitError<'a>>,
    /// Every unit whose worker died.
    pub(in crate::cli) lost_units: Vec<LostUnit>,
    /// Every worker that took over the place of another.
    pub(in crate::cli) restarts: Vec<Restart>,
    /// Every call of the library, in the order they returned.
    pub(in crate::cli) calls: Vec<CallMade<'a>>,
    /// Every line that was printed.
    pub(in crate::cli) printed: Vec<PrintedLine<'a>>,
    /// The units whose results the caller took one by one, in that order.
    pub(in crate::cli) delivered: Vec<u32>,
    /// When the caller took the first of them.
    pub(in crate::cli) first_result_ns: Option<u64>,
}

/// A unit that has no result.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct UnitError<'a> {
    /// When the parent knew.
    pub(in crate::cli) at_ns: u64,
    /// The unit.
    pub(in crate::cli) unit: u32,
    /// The item, if it was one.
    pub(in crate::cli) item: Option<u64>,
    /// Its arguments in words.
    pub(in crate::cli) input: &'a str,
    /// The error's type.
    pub(in crate::cli) kind: &'a str,
    /// What it says.
    pub(in crate::cli) message: &'a str,
    /// When in the life of the item.
    pub(in crate::cli) stage: Option<Stage>,
    /// In which function, file or process.
    pub(in crate::cli) location: &'a str,
    /// Where it went wrong: a worker's name, or the parent's.
    pub(in crate::cli) worker: String,
    /// The process; null if it happened in none.
    pub(in crate::cli) pid: Option<u32>,
}

/// A unit whose worker died.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct LostUnit {
    /// When the parent knew.
    pub(in crate::cli) at_ns: u64,
    /// The unit.
    pub(in crate::cli) unit: u32,
    /// The worker's name.
    pub(in crate::cli) worker: String,
    /// Its process.
    pub(in crate::cli) pid: u32,
    /// How it ended, by name; null if nobody knows.
    pub(in crate::cli) exit: Option<String>,
    /// The same.
    #[serde(skip)]
    pub(in crate::cli) ended: Option<Exit>,
    /// What becomes of the unit.
    pub(in crate::cli) fate: Fate,
}

/// A worker that took over the place of another.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Restart {
    /// When it was started.
    pub(in crate::cli) at_ns: u64,
    /// Its place, from 1.
    pub(in crate::cli) place: u32,
    /// Its name.
    pub(in crate::cli) worker: String,
    /// Its process.
    pub(in crate::cli) pid: u32,
    /// The process whose place it took.
    pub(in crate::cli) replaced_pid: u32,
    /// Why that one ended.
    pub(in crate::cli) why: Why,
}

/// Why a worker was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::cli) enum Why {
    /// It had done as many units as it was to do.
    Retired,
    /// It ended otherwise.
    Died,
}

/// A call of the library.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct CallMade<'a> {
    /// When it returned.
    pub(in crate::cli) at_ns: u64,
    /// How long it took.
    pub(in crate::cli) took_ns: u64,
    /// By whom.
    pub(in crate::cli) by: String,
    /// Their process.
    pub(in crate::cli) pid: Option<u32>,
    /// The call, as it is written in Python.
    pub(in crate::cli) call: &'a str,
    /// What it returned, or the error that it raised.
    pub(in crate::cli) answer: &'a str,
    /// Whether it raised an error.
    pub(in crate::cli) raised: bool,
}

/// A line that was printed.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct PrintedLine<'a> {
    /// When.
    pub(in crate::cli) at_ns: u64,
    /// By whom; null if nobody knows.
    pub(in crate::cli) by: Option<String>,
    /// Their process.
    pub(in crate::cli) pid: Option<u32>,
    /// The line.
    pub(in crate::cli) line: &'a str,
}

impl<'a> Story<'a> {
    /// What happened in a run.
    pub(super) fn of(run: &'a Run) -> Self {
        let since = |at_ns: u64| at_ns.saturating_sub(run.began_ns);
        let pid = |id| run.actor(id).map(|actor| actor.pid);
        let errors = run.failures.iter().map(|failure| {
            let what = &failure.what;
            UnitError {
                at_ns: since(failure.at_ns),
                unit: failure.unit,
                item: what.item,
                input: &what.input,
                kind: &what.kind,
                message: &what.message,
                stage: what.stage,
                location: &what.location,
                worker: title(run, failure.worker),
                pid: Some(what.pid).filter(|&pid| pid > 0),
            }
        });
        let lost = run.lost.iter().map(|lost| {
            let ended = run.actor(lost.worker).and_then(|actor| actor.exited).map(|(_, exit)| exit);
            LostUnit {
                at_ns: since(lost.at_ns),
                unit: lost.unit,
                worker: title(run, lost.worker),
                pid: pid(lost.worker).unwrap_or_default(),
                exit: ended.map(|exit| exit.to_string()),
                ended,
                fate: lost.fate,
            }
        });
        let calls = run.calls.iter().map(|made| CallMade {
            at_ns: since(made.to_ns),
            took_ns: made.to_ns.saturating_sub(made.from_ns),
            by: title(run, made.by),
            pid: pid(made.by),
            call: &made.call,
            answer: &made.answer,
            raised: made.raised,
        });
        let printed = run.printed.iter().map(|printed| PrintedLine {
            at_ns: since(printed.at_ns),
            by: Some(printed.by).filter(|&by| by != ActorId::OBSERVER).map(|by| title(run, by)),
            pid: pid(printed.by),
            line: &printed.line,
        });
        Self {
            errors: errors.collect(),
            lost_units: lost.collect(),
            restarts: restarts(run),
            calls: calls.collect(),
            printed: printed.collect(),
            delivered: run.delivered.iter().map(|&(_, unit)| unit).collect(),
            first_result_ns: run.delivered.first().map(|&(at_ns, _)| since(at_ns)),
        }
    }
}

/// What an actor is called.
pub(super) fn title(run: &Run, id: ActorId) -> String {
    run.actor(id).map_or_else(|| format!("actor {}", id.0), Actor::title)
}

/// Workers beyond the first of each place, in the order of their births.
fn restarts(run: &Run) -> Vec<Restart> {
    // Threads never retire, and no worker does unless the plan says after how many units.
    let may_retire = run.plan.maxtasksperchild.is_some() && run.plan.with.has_processes();
    let mut last: std::collections::BTreeMap<u32, &Actor> = std::collections::BTreeMap::new();
    let mut found = Vec::new();
    for worker in run.workers() {
        if let Some(before) = last.insert(worker.place, worker) {
            let in_order = may_retire && matches!(before.exited, Some((_, Exit::Code(0))));
            found.push(Restart {
                at_ns: worker.born_ns.saturating_sub(run.began_ns),
                place: worker.place,
                worker: worker.title(),
                pid: worker.pid,
                replaced_pid: before.pid,
                why: if in_order { Why::Retired } else { Why::Died },
            });
        }
    }
    found
}
