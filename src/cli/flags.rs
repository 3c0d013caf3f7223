//! The flags of a plan, and how their values are read.

use std::path::PathBuf;

use clap::Args;

use crate::plan::{Call, Callback, Executor, Fault, Initializer, LossPolicy, StartMethod};

/// What is computed.
const WORK: &str = "What is computed";
/// Who computes it.
const TEAM: &str = "Who computes";
/// How the pool is made and called.
const POOL: &str = "How the pool is used";
/// What goes wrong on purpose.
const TROUBLE: &str = "What goes wrong, and what becomes of it";
/// How often, and what is kept of it.
pub(super) const MEASUREMENT: &str = "What is measured and kept";

/// A plan: a file, and flags that override its fields.
#[derive(Debug, Default, Args)]
pub(super) struct PlanArgs {
    /// A file with the same fields as the flags below: `workers = 4`, `maxtasksperchild = 3`,
    /// `faults = ["kill@call:3"]`, and a table `[knobs]`. Flags override it.
    #[arg(value_name = "PLAN.toml")]
    pub(super) file: Option<PathBuf>,

    /// What to compute; `poolscope workloads` lists them [default: primes].
    #[arg(long, value_name = "NAME", help_heading = WORK)]
    pub(super) workload: Option<String>,
    /// On which ready-made input [default: the workload's first].
    #[arg(long, value_name = "NAME", help_heading = WORK)]
    pub(super) preset: Option<String>,
    /// How many items, where the workload leaves that open.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>, help_heading = WORK)]
    pub(super) items: Option<u64>,
    /// A ready-made program about processes in place of a pool; `poolscope programs` lists them.
    #[arg(long, value_name = "NAME", help_heading = WORK)]
    pub(super) program: Option<String>,
    /// A number chosen differently in that program; may be given several times.
    #[arg(long = "knob", value_name = "NAME=N", value_parser = knob, help_heading = WORK)]
    pub(super) knobs: Vec<(String, u64)>,

    /// Who computes [default: processes].
    #[arg(long, value_name = "EXECUTOR", help_heading = TEAM)]
    pub(super) with: Option<Executor>,
    /// How worker processes start [default: spawn].
    #[arg(long, value_name = "METHOD", help_heading = TEAM)]
    pub(super) start: Option<StartMethod>,
    /// How many workers [default: as many as cores, at least 2].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>, help_heading = TEAM)]
    pub(super) workers: Option<u32>,
    /// How many threads each worker process has, with hybrid [default: 2].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>, help_heading = TEAM)]
    pub(super) threads: Option<u32>,

    /// Which method of the pool is called [default: map].
    #[arg(long, value_name = "METHOD", help_heading = POOL)]
    pub(super) call: Option<Call>,
    /// Items that travel together [default: ceil(items / (4 × workers)); 1 for imap and apply].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>, help_heading = POOL)]
    pub(super) chunksize: Option<u64>,
    /// After so many units a worker retires and another takes its place [default: never].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>, help_heading = POOL)]
    pub(super) maxtasksperchild: Option<u32>,
    /// What each worker does once, before its first unit [default: nothing].
    #[arg(long, value_name = "WHAT", help_heading = POOL)]
    pub(super) initializer: Option<Initializer>,
    /// What the caller wants to be called with the results of map-async or apply-async.
    #[arg(long, value_name = "WHAT", help_heading = POOL)]
    pub(super) callback: Option<Callback>,
    /// How long the caller waits at first, with `get(timeout)` or `next(timeout)`, before it is told that
    /// there is no result yet; then it waits on.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = whole::<u64>, help_heading = POOL)]
    pub(super) timeout_ms: Option<u64>,
    /// How many units may be under way beyond what the caller of imap has taken
    /// [default: 64 for each worker or thread].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>, help_heading = POOL)]
    pub(super) buffersize: Option<u32>,
    /// When the caller gives up and calls `terminate()`.
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = whole::<u64>, help_heading = POOL)]
    pub(super) terminate_after_ms: Option<u64>,

    /// Something that goes wrong on purpose, and when; may be given several times: `kill@call:3`,
    /// `error@encode-result:0:once`, `stop@worker:2:500ms`.
    #[arg(long = "fault", value_name = "FAULT", help_heading = TROUBLE)]
    pub(super) faults: Vec<Fault>,
    /// What becomes of a unit whose worker dies [default: replace].
    #[arg(long, value_name = "POLICY", help_heading = TROUBLE)]
    pub(super) policy: Option<LossPolicy>,
    /// When a run that does not end by itself is ended [default: 5000 where something in the plan is
    /// known never to end].
    #[arg(long, value_name = "MS", allow_negative_numbers = true, value_parser = whole::<u64>, help_heading = TROUBLE)]
    pub(super) deadline_ms: Option<u64>,

    /// How often to run [default: 1].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>, help_heading = MEASUREMENT)]
    pub(super) repeats: Option<u32>,
    /// Whether every message and unit is recorded [default: on].
    #[arg(long, value_name = "on|off", value_parser = switch, help_heading = MEASUREMENT)]
    pub(super) tracing: Option<bool>,
}

/// Reads a whole number. Which ones make sense is for the plan to say.
fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, &'static str> {
    let number = text.parse::<u64>().map_err(|_| "write a whole number, such as 4")?;
    T::try_from(number).map_err(|_| "no plan needs a number this large")
}

/// Reads a knob: `workers=5`.
fn knob(text: &str) -> Result<(String, u64), &'static str> {
    let (name, number) = text.split_once('=').ok_or("write a name, =, and a whole number, such as workers=5")?;
    if name.is_empty() {
        return Err("before the = stands the name of a knob, such as workers=5");
    }
    Ok((name.to_owned(), whole(number)?))
}

/// Reads a switch.
fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("write on or off"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_numbers() {
        assert_eq!(whole::<u32>("512"), Ok(512));
        for text in ["NaN", "inf", "1e3", "-1", "1.5", "", "99999999999999999999"] {
            assert_eq!(whole::<u64>(text), Err("write a whole number, such as 4"), "{text}");
        }
        assert!(whole::<u32>("4294967296").is_err());
    }

    #[test]
    fn a_knob_is_a_name_and_a_number() {
        assert_eq!(knob("sleep-ms=50"), Ok(("sleep-ms".to_owned(), 50)));
        for text in ["", "workers", "=5", "workers=", "workers=five", "workers=-5", "workers=1=2"] {
            assert!(knob(text).is_err(), "{text}");
        }
    }
}
