//! What to run, as plain data. A [`Plan`] comes from the command line, a TOML file or the window's
//! controls; it checks itself and answers with an error a student understands.

mod choice;
mod error;
mod executor;
mod fault;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::chunk::Cut;
use crate::program::{self, Program};
use crate::workload::{self, Input};

pub use choice::{Call, Callback, Executor, Initializer, LossPolicy, StartMethod};
pub use error::PlanError;
pub use executor::Reason;
pub use fault::{Action, Fault, FaultError, Moment, Stage};

/// The most workers a run may have.
pub const MAX_WORKERS: u32 = 512;
/// The most items a run may have.
pub const MAX_ITEMS: u64 = 10_000_000;
/// The most threads a worker process may have.
pub const MAX_THREADS: u32 = 64;
/// The longest time a plan may name, in milliseconds: an hour.
pub const MAX_MS: u64 = 3_600_000;
/// How long a run that is known not to end by itself may take, unless the plan says otherwise.
pub const SILENCE_DEADLINE_MS: u64 = 5_000;
/// The most repeats of a run.
pub const MAX_REPEATS: u32 = 100;

/// What to run.
///
/// A trace of a later Poolscope may hold a plan with more fields; those are skipped. Who takes a plan
/// from a person holds its fields against [`Plan::FIELDS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Plan {
    /// Name of a registered workload.
    pub workload: String,
    /// Name of one of its presets; its first one if absent.
    pub preset: Option<String>,
    /// How many items, for workloads whose number of items is free.
    pub items: Option<u64>,
    /// Who computes.
    pub with: Executor,
    /// How worker processes start.
    pub start: StartMethod,
    /// How many workers; ignored if sequential.
    pub workers: u32,
    /// How many threads each worker process has, if they have several (`hybrid`).
    pub threads: u32,
    /// Which method of the pool is called.
    pub call: Call,
    /// Items in a unit; if absent `ceil(items / (4 × workers))`, or 1 for `imap` and its like.
    pub chunksize: Option<u64>,
    /// After so many units a worker process ends and another takes its place.
    pub maxtasksperchild: Option<u32>,
    /// What each worker does before its first unit.
    pub initializer: Option<Initializer>,
    /// What the caller wants to be called with the results of an asynchronous call.
    pub callback: Option<Callback>,
    /// How long the caller waits at first, with `get(timeout)` or `next(timeout)`, in milliseconds; after
    /// it, it waits on.
    pub timeout_ms: Option<u64>,
    /// How many units may be handed out beyond what the caller of `imap` has taken.
    pub buffersize: Option<u32>,
    /// When the caller gives up and calls `terminate()`, in milliseconds after the run began.
    pub terminate_after_ms: Option<u64>,
    /// What becomes of a unit whose worker dies.
    pub policy: LossPolicy,
    /// What goes wrong on purpose.
    pub faults: Vec<Fault>,
    /// When a run that does not end is ended, in milliseconds; see [`Plan::deadline_ms`].
    pub deadline_ms: Option<u64>,
    /// A ready-made program in place of a pool: its name.
    pub program: Option<String>,
    /// What is chosen differently in that program.
    pub knobs: BTreeMap<String, u64>,
    /// How often to run.
    pub repeats: u32,
    /// Whether what happens is recorded event by event. Off, only the figures of the run remain.
    pub tracing: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            workload: "primes".to_owned(),
            preset: None,
            items: None,
            with: Executor::default(),
            start: StartMethod::default(),
            workers: default_workers(),
            threads: 2,
            call: Call::default(),
            chunksize: None,
            maxtasksperchild: None,
            initializer: None,
            callback: None,
            timeout_ms: None,
            buffersize: None,
            terminate_after_ms: None,
            policy: LossPolicy::default(),
            faults: Vec::new(),
            deadline_ms: None,
            program: None,
            knobs: BTreeMap::new(),
            repeats: 1,
            tracing: true,
        }
    }
}

/// What the observer tells a running engine: after the plan, a line of JSON each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineCommand {
    /// End the run in order.
    Stop,
    /// Do this to a worker process of the pool, or to a process of a program.
    Do {
        /// Its id in the trace.
        actor: u32,
        /// One of [`Action::ON_WORKER`].
        action: Action,
    },
}

/// As many workers as cores this process may use (as CPython's `os.process_cpu_count`, 3.13), at
/// least 2, so that there is something to see.
pub fn default_workers() -> u32 {
    cores().clamp(2, MAX_WORKERS)
}

/// Logical cores that this process may use.
pub fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}

/// How worker processes can be started on this machine.
pub fn start_methods() -> &'static [StartMethod] {
    crate::sys::start_methods()
}

/// A plan that was checked, with its input found and its items cut into units.
#[derive(Clone, Debug)]
pub struct CheckedPlan {
    /// The plan as given.
    pub plan: Plan,
    /// The workload with its arguments.
    pub input: Input,
    /// How the items are cut; nothing to cut if a program is run.
    pub cut: Cut,
    /// The program, if one is run in place of a pool.
    pub program: Option<&'static Program>,
}

impl Plan {
    /// The names of all fields.
    pub const FIELDS: [&str; 22] = [
        "workload",
        "preset",
        "items",
        "with",
        "start",
        "workers",
        "threads",
        "call",
        "chunksize",
        "maxtasksperchild",
        "initializer",
        "callback",
        "timeout-ms",
        "buffersize",
        "terminate-after-ms",
        "policy",
        "faults",
        "deadline-ms",
        "program",
        "knobs",
        "repeats",
        "tracing",
    ];

    /// Checks every field and finds the workload or program.
    pub fn check(&self) -> Result<CheckedPlan, PlanError> {
        in_range("workers", self.workers.into(), 1..=MAX_WORKERS.into(), "As many workers as cores is a good start.")?;
        in_range("threads", self.threads.into(), 1..=MAX_THREADS.into(), "Two threads a process are a good start.")?;
        in_range("repeats", self.repeats.into(), 1..=MAX_REPEATS.into(), "Five repeats show the spread well.")?;
        if let Some(chunksize) = self.chunksize {
            in_range("chunksize", chunksize, 1..=u64::MAX, "A unit holds at least one item.")?;
        }
        if let Some(most) = self.maxtasksperchild {
            in_range("maxtasksperchild", most.into(), 1..=u64::MAX, "A worker does at least one unit.")?;
        }
        if let Some(size) = self.buffersize {
            in_range("buffersize", size.into(), 1..=u64::MAX, "At least one unit must be under way.")?;
        }
        let times = [
            ("timeout-ms", self.timeout_ms),
            ("terminate-after-ms", self.terminate_after_ms),
            ("deadline-ms", self.deadline_ms),
        ];
        for (field, ms) in times {
            in_range(field, ms.unwrap_or(1), 1..=MAX_MS, "An hour is the longest a run may take.")?;
        }
        let offered = start_methods();
        if (self.with.has_processes() || self.program.is_some()) && !offered.contains(&self.start) {
            let offered = offered.iter().map(|method| method.name()).collect::<Vec<_>>().join(", ");
            return Err(PlanError::StartMethodMissing { method: self.start, offered });
        }
        if self.program.is_none() {
            self.check_executor()?;
        }
        self.check_call()?;
        let input = workload::find(&self.workload)?.input(self.preset.as_deref(), self.items)?;
        in_range("items", input.len(), 0..=MAX_ITEMS, "Ten million items are the limit of a run.")?;
        let program = self.program.as_deref().map(|name| program::find(name, &self.knobs)).transpose()?;
        let cut = if program.is_some() { Cut { items: 0, chunksize: 1 } } else { self.cut(input.len()) };
        self.check_faults(cut)?;
        Ok(CheckedPlan { plan: self.clone(), input, cut, program })
    }

    /// Holds the fields that belong to some methods of the pool against the one that is called.
    fn check_call(&self) -> Result<(), PlanError> {
        let call = self.call;
        let refuse = |field, advice| Err(PlanError::NotOfThisCall { field, call, advice });
        let many = self.chunksize.is_some_and(|size| size > 1);
        match () {
            () if call.is_single() && many => {
                refuse("chunksize", "Each call is one item: choose map or imap for units of several.")
            }
            () if self.callback.is_some() && !call.is_async() => refuse("callback", "Choose map-async or apply-async."),
            () if self.timeout_ms.is_some() && !(call.is_async() || call.is_iterator()) => {
                refuse("timeout-ms", "Choose map-async, apply-async or imap.")
            }
            () if self.timeout_ms.is_some() && call.is_iterator() && many => refuse(
                "timeout-ms",
                "With a chunksize above 1 it is a plain generator without next(timeout): choose chunksize 1.",
            ),
            () if self.buffersize.is_some() && !call.is_iterator() => {
                refuse("buffersize", "Choose imap or imap-unordered.")
            }
            () => Ok(()),
        }
    }

    /// Holds every fault against the items and workers there are.
    fn check_faults(&self, cut: Cut) -> Result<(), PlanError> {
        for &fault in &self.faults {
            let (target, advice) = match fault.moment {
                Moment::Item { item, .. } if item >= cut.items => {
                    (format!("item {item}"), format!("Items count from 0, and there are {}.", cut.items))
                }
                Moment::Worker { place, .. } if place == 0 || place > self.workers => {
                    (format!("worker {place}"), format!("Workers count from 1, and there are {}.", self.workers))
                }
                Moment::Item { .. } | Moment::Worker { .. } => continue,
            };
            return Err(PlanError::NoSuchTarget { fault, target, advice });
        }
        Ok(())
    }

    /// How the method that is called cuts so many items. `imap` and its like, and every single call, take
    /// them one by one unless told otherwise; CPython's default is 1 there too.
    pub fn cut(&self, items: u64) -> Cut {
        let one_by_one = self.call.is_single() || self.call.is_iterator();
        Cut::new(items, self.chunksize.or(one_by_one.then_some(1)), self.team())
    }

    /// When the run is ended if it has not ended by itself: what the plan says, or, where something in it
    /// is known never to end, [`SILENCE_DEADLINE_MS`].
    pub fn deadline_ms(&self) -> Option<u64> {
        let loses = self.policy == LossPolicy::Lost && self.with.no_policy().is_none();
        let silent = loses || self.faults.iter().any(|fault| fault.action.is_silence());
        self.deadline_ms.or(silent.then_some(SILENCE_DEADLINE_MS))
    }

    /// How many actors take units: 1 if sequential, else the workers.
    pub fn team(&self) -> u32 {
        if self.with == Executor::Sequential { 1 } else { self.workers }
    }

    /// How many threads compute at once, over all workers.
    pub fn hands(&self) -> u32 {
        if self.with == Executor::Hybrid { self.workers.saturating_mul(self.threads) } else { self.team() }
    }

    /// The same items, computed by the parent alone and undisturbed: what a speedup is measured against.
    #[must_use]
    pub fn baseline(&self) -> Self {
        Self {
            workload: self.workload.clone(),
            preset: self.preset.clone(),
            items: self.items,
            with: Executor::Sequential,
            start: self.start,
            workers: self.workers,
            repeats: self.repeats,
            tracing: self.tracing,
            ..Self::default()
        }
    }

    /// Whether a baseline measured for `other` holds for this plan: the same items.
    pub fn same_items(&self, other: &Self) -> bool {
        (&self.workload, &self.preset, self.items) == (&other.workload, &other.preset, other.items)
    }
}

/// The number, if it lies within these bounds, or an error that names the field.
fn in_range(
    field: &'static str,
    given: u64,
    range: RangeInclusive<u64>,
    advice: &'static str,
) -> Result<(), PlanError> {
    if range.contains(&given) {
        return Ok(());
    }
    Err(PlanError::OutOfRange { field, given, low: *range.start(), high: *range.end(), advice })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(plan: &Plan) -> String {
        plan.check().expect_err("the plan is wrong").to_string()
    }

    #[test]
    fn a_wrong_field_is_named_with_its_range() {
        let plan = Plan::default;
        assert!(message(&Plan { workers: 0, ..plan() }).starts_with("workers: 0 is outside 1 to 512."));
        assert!(message(&Plan { workers: 100_000, ..plan() }).starts_with("workers: 100000 is outside"));
        assert!(message(&Plan { chunksize: Some(0), ..plan() }).starts_with("chunksize: 0 is outside 1 and up."));
        assert!(message(&Plan { repeats: 0, ..plan() }).starts_with("repeats: 0"));
        assert!(message(&Plan { workload: "prime".into(), ..plan() }).contains("\"prime\""));
        assert!(message(&Plan { preset: Some("tiny".into()), ..plan() }).starts_with("preset: primes has none"));
        assert!(message(&Plan { items: Some(7), ..plan() }).starts_with("items: the preset"));
    }

    #[test]
    fn a_plan_survives_toml() {
        let plan = Plan {
            chunksize: Some(63),
            with: Executor::Threads,
            faults: vec!["kill@call:3".parse().expect("a fault")],
            knobs: [("workers".to_owned(), 5)].into(),
            ..Plan::default()
        };
        let text = toml::to_string(&plan).expect("a plan is plain data");
        assert_eq!(toml::from_str::<Plan>(&text).expect("it reads its own writing"), plan);
    }

    #[test]
    fn every_field_has_its_name_in_the_list() {
        let plan = Plan {
            preset: Some(String::new()),
            items: Some(1),
            chunksize: Some(1),
            maxtasksperchild: Some(1),
            initializer: Some(Initializer::Fails),
            callback: Some(Callback::Counts),
            timeout_ms: Some(1),
            buffersize: Some(1),
            terminate_after_ms: Some(1),
            deadline_ms: Some(1),
            program: Some(String::new()),
            ..Plan::default()
        };
        let table = toml::Table::try_from(plan).expect("a plan is plain data");
        assert_eq!(table.len(), Plan::FIELDS.len());
        assert!(Plan::FIELDS.iter().all(|field| table.contains_key(*field)));
    }

    #[test]
    fn a_field_that_a_call_has_no_use_for_is_refused() {
        let plan = |call| Plan { call, workers: 2, ..Plan::default() };
        let refused = message(&Plan { timeout_ms: Some(5), ..plan(Call::Map) });
        assert_eq!(refused, "timeout-ms: pool.map has none. Choose map-async, apply-async or imap.");
        assert!(
            message(&Plan { chunksize: Some(7), ..plan(Call::Apply) }).starts_with("chunksize: pool.apply has none")
        );
        assert!(message(&Plan { callback: Some(Callback::Counts), ..plan(Call::Imap) }).starts_with("callback: "));
        assert!(message(&Plan { buffersize: Some(1), ..plan(Call::Map) }).starts_with("buffersize: "));
        let chunked = Plan { timeout_ms: Some(5), chunksize: Some(2), ..plan(Call::Imap) };
        assert!(message(&chunked).contains("plain generator"));
        assert!(Plan { timeout_ms: Some(5), ..plan(Call::Imap) }.check().is_ok());
    }

    #[test]
    fn a_fault_must_have_a_target() {
        let plan = |text: &str| Plan { faults: vec![text.parse().expect("a fault")], workers: 2, ..Plan::default() };
        assert!(
            message(&plan("kill@call:1000"))
                .ends_with("there is no item 1000. Items count from 0, and there are 1000.")
        );
        assert!(message(&plan("kill@worker:3:5ms")).contains("there is no worker 3"));
        let stops = plan("stop@call:3");
        assert_eq!((stops.deadline_ms(), plan("kill@call:3").deadline_ms()), (Some(SILENCE_DEADLINE_MS), None));
    }

    #[test]
    fn single_calls_and_iterators_take_items_one_by_one() {
        let cut = |call, chunksize| Plan { call, chunksize, workers: 2, ..Plan::default() }.check().expect("sound").cut;
        assert_eq!(cut(Call::Map, None).chunksize, 125);
        assert_eq!(cut(Call::Imap, None).chunksize, 1);
        assert_eq!(cut(Call::ImapUnordered, Some(9)).chunksize, 9);
        assert_eq!(cut(Call::ApplyAsync, None).chunksize, 1);
    }

    #[test]
    fn a_baseline_is_the_same_items_alone() {
        let plan = Plan { chunksize: Some(1), workers: 7, ..Plan::default() };
        let baseline = plan.baseline();
        assert_eq!((baseline.team(), baseline.chunksize), (1, None));
        assert!(plan.same_items(&baseline));
    }
}
