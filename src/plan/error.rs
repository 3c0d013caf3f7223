//! Why a plan can't be run, in sentences a student understands.

use super::{Call, Executor, Fault, StartMethod};

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
    /// A field that this method of the pool has no use for.
    #[error("{field}: pool.{} has none. {advice}", .call.python())]
    NotOfThisCall {
        /// The plan's field.
        field: &'static str,
        /// The method.
        call: Call,
        /// What to do.
        advice: &'static str,
    },
    /// Something that shall happen, and can't where this executor computes.
    #[error("{what}: not with {}. {why}", .executor.name())]
    NotOfThisExecutor {
        /// The plan's field, with the fault if it is one.
        what: String,
        /// Who computes.
        executor: Executor,
        /// Why it can't happen there.
        why: &'static str,
    },
    /// A fault at an item or a worker that the run does not have.
    #[error("faults: {fault}: there is no {target}. {advice}")]
    NoSuchTarget {
        /// The fault.
        fault: Fault,
        /// What it names.
        target: String,
        /// What there is.
        advice: String,
    },
    /// No program has this name.
    #[error("program: there is none called {name:?}. Choose one of: {known}.")]
    UnknownProgram {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The program has no knob of this name.
    #[error("knobs: {program} has none called {name:?}. It has: {known}.")]
    UnknownKnob {
        /// The program.
        program: &'static str,
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
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
