//! What to run, as plain data. A [`Plan`] comes from the command line, a TOML file or the window's
//! controls; it checks itself and answers with an error a student understands.

use serde::{Deserialize, Serialize};

use crate::chunk::Cut;
use crate::workload::{self, Input};

/// The most workers a run may have.
pub const MAX_WORKERS: u32 = 512;
/// The most items a run may have.
pub const MAX_ITEMS: u64 = 10_000_000;
/// The most repeats of a run.
pub const MAX_REPEATS: u32 = 100;

/// Who computes: the one word that changes between one process, threads and processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Executor {
    /// The parent alone, one item after the other; nothing is serialized.
    Sequential,
    /// Threads of the parent's process. Rust threads have no GIL.
    Threads,
    /// Child processes.
    #[default]
    Processes,
}

impl Executor {
    /// Every executor, in the order of the screen.
    pub const ALL: [Self; 3] = [Self::Sequential, Self::Threads, Self::Processes];

    /// The name in plans and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Threads => "threads",
            Self::Processes => "processes",
        }
    }
}

/// How a worker process comes into being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum StartMethod {
    /// A fresh program: nothing is inherited but what is passed. Works everywhere.
    #[default]
    Spawn,
    /// A copy of the parent, made by the kernel in one call.
    Fork,
    /// A copy of a small, single-threaded server that was started fresh.
    Forkserver,
}

impl StartMethod {
    /// Every start method, in the order of the screen.
    pub const ALL: [Self; 3] = [Self::Spawn, Self::Fork, Self::Forkserver];

    /// The name in plans, on the command line and in Python.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spawn => "spawn",
            Self::Fork => "fork",
            Self::Forkserver => "forkserver",
        }
    }
}

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
    /// Items in a unit; `ceil(items / (4 × workers))` if absent.
    pub chunksize: Option<u64>,
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
            chunksize: None,
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

/// A plan that cannot be run, with the field that is wrong and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No workload has this name.
    #[error("workload: there is none called {name:?}. Choose one of: {known}.")]
    UnknownWorkload {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The workload has no preset of this name.
    #[error("preset: {workload} has none called {name:?}. Choose one of: {known}.")]
    UnknownPreset {
        /// The workload.
        workload: &'static str,
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The number of items cannot be chosen here.
    #[error("items: the preset {preset} of {workload} is a fixed list of {items} items. Leave items out.")]
    FixedItems {
        /// The workload.
        workload: &'static str,
        /// The preset.
        preset: &'static str,
        /// How many it has.
        items: u64,
    },
    /// A number outside its range.
    #[error("{field}: {given} is outside {}. {advice}", range(*.low, *.high))]
    OutOfRange {
        /// The plan's field.
        field: &'static str,
        /// What was given.
        given: u64,
        /// The least that is allowed.
        low: u64,
        /// The most that is allowed.
        high: u64,
        /// What to do.
        advice: &'static str,
    },
    /// This machine cannot start workers like this.
    #[error("start: {} is not to be had on this system. Choose one of: {offered}.", .method.name())]
    StartMethodMissing {
        /// What was asked for.
        method: StartMethod,
        /// What there is.
        offered: String,
    },
}

/// A range in words; one without an end is not given one of twenty digits.
fn range(low: u64, high: u64) -> String {
    if high == u64::MAX { format!("{low} and up") } else { format!("{low} to {high}") }
}

/// A plan that was checked, with its input found and its items cut into units.
#[derive(Clone, Debug)]
pub struct CheckedPlan {
    /// The plan as given.
    pub plan: Plan,
    /// The workload with its arguments.
    pub input: Input,
    /// How the items are cut.
    pub cut: Cut,
}

impl Plan {
    /// The names of all fields.
    pub const FIELDS: [&str; 9] =
        ["workload", "preset", "items", "with", "start", "workers", "chunksize", "repeats", "tracing"];

    /// Checks every field and finds the workload.
    pub fn check(&self) -> Result<CheckedPlan, PlanError> {
        in_range("workers", self.workers.into(), MAX_WORKERS.into(), "As many workers as cores is a good start.")?;
        in_range("repeats", self.repeats.into(), MAX_REPEATS.into(), "Five repeats show the spread well.")?;
        if let Some(chunksize) = self.chunksize {
            in_range("chunksize", chunksize, u64::MAX, "A unit holds at least one item.")?;
        }
        let offered = start_methods();
        if self.with == Executor::Processes && !offered.contains(&self.start) {
            let offered = offered.iter().map(|method| method.name()).collect::<Vec<_>>().join(", ");
            return Err(PlanError::StartMethodMissing { method: self.start, offered });
        }
        let input = workload::find(&self.workload)?.input(self.preset.as_deref(), self.items)?;
        in_range("items", input.len(), MAX_ITEMS, "Ten million items are the limit of a run.")?;
        Ok(CheckedPlan { cut: Cut::new(input.len(), self.chunksize, self.team()), plan: self.clone(), input })
    }

    /// How many actors compute: 1 if sequential, else the workers.
    pub fn team(&self) -> u32 {
        if self.with == Executor::Sequential { 1 } else { self.workers }
    }

    /// The same items, computed by the parent alone: what a speedup is measured against.
    #[must_use]
    pub fn baseline(&self) -> Self {
        Self { with: Executor::Sequential, chunksize: None, ..self.clone() }
    }

    /// Whether a baseline measured for `other` holds for this plan: the same items.
    pub fn same_items(&self, other: &Self) -> bool {
        (&self.workload, &self.preset, self.items) == (&other.workload, &other.preset, other.items)
    }
}

/// `1 ≤ given ≤ high`, or an error that names the field.
fn in_range(field: &'static str, given: u64, high: u64, advice: &'static str) -> Result<(), PlanError> {
    if (1..=high).contains(&given) { Ok(()) } else { Err(PlanError::OutOfRange { field, given, low: 1, high, advice }) }
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
        let plan = Plan { chunksize: Some(63), with: Executor::Threads, ..Plan::default() };
        let text = toml::to_string(&plan).expect("a plan is plain data");
        assert_eq!(toml::from_str::<Plan>(&text).expect("it reads its own writing"), plan);
    }

    #[test]
    fn every_field_has_its_name_in_the_list() {
        let plan = Plan { preset: Some(String::new()), items: Some(1), chunksize: Some(1), ..Plan::default() };
        let table = toml::Table::try_from(plan).expect("a plan is plain data");
        assert_eq!(table.len(), Plan::FIELDS.len());
        assert!(Plan::FIELDS.iter().all(|field| table.contains_key(*field)));
    }

    #[test]
    fn a_baseline_is_the_same_items_alone() {
        let plan = Plan { chunksize: Some(1), workers: 7, ..Plan::default() };
        let baseline = plan.baseline();
        assert_eq!((baseline.team(), baseline.chunksize), (1, None));
        assert!(plan.same_items(&baseline));
    }
}
