//! What can be asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::plan::{Executor, StartMethod};

/// See parallelism: real processes, measured speedup, every message traced.
///
/// Without a command the window opens.
#[derive(Debug, Parser)]
#[command(name = "poolscope", version)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// One thing to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a plan in the terminal and report what was measured.
    Run(RunArgs),
    /// Tell what a trace holds, and check it.
    Show {
        /// The trace.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Open the window on a trace.
    Replay {
        /// The trace.
        file: PathBuf,
    },
    /// List the workloads and their presets.
    Workloads {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Tell what this machine offers.
    Doctor,
}

/// `poolscope run`.
#[derive(Debug, Default, Args)]
pub(super) struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub(super) plan: PlanArgs,
    /// Also run the same items in one process, and compare.
    #[arg(long)]
    pub(super) baseline: bool,
    /// Keep the trace in this file, which must not exist.
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// A plan: a file, and flags that override its fields.
#[derive(Debug, Default, Args)]
pub(super) struct PlanArgs {
    /// A file with these fields: workload, preset, items, with, start, workers, chunksize, repeats, tracing.
    #[arg(value_name = "PLAN.toml")]
    pub(super) file: Option<PathBuf>,
    /// What to compute; `poolscope workloads` lists them [default: primes].
    #[arg(long, value_name = "NAME")]
    pub(super) workload: Option<String>,
    /// On which ready-made input [default: the workload's first].
    #[arg(long, value_name = "NAME")]
    pub(super) preset: Option<String>,
    /// How many items, where the workload leaves that open.
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(super) items: Option<u64>,
    /// Who computes [default: processes].
    #[arg(long, value_name = "EXECUTOR")]
    pub(super) with: Option<Executor>,
    /// How worker processes start [default: spawn].
    #[arg(long, value_name = "METHOD")]
    pub(super) start: Option<StartMethod>,
    /// How many workers [default: as many as cores, at least 2].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub(super) workers: Option<u32>,
    /// Items that travel together [default: ceil(items / (4 × workers))].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u64>)]
    pub(super) chunksize: Option<u64>,
    /// How often to run [default: 1].
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub(super) repeats: Option<u32>,
    /// Whether every message and unit is recorded [default: on].
    #[arg(long, value_name = "on|off", value_parser = switch)]
    pub(super) tracing: Option<bool>,
}

/// Reads a whole number. Which ones make sense is for the plan to say.
fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, &'static str> {
    let number = text.parse::<u64>().map_err(|_| "write a whole number, such as 4")?;
    T::try_from(number).map_err(|_| "no plan needs a number this large")
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_commands() {
        Cli::command().debug_assert();
    }

    #[test]
    fn only_whole_numbers_are_numbers() {
        assert_eq!(whole::<u32>("512"), Ok(512));
        for text in ["NaN", "inf", "1e3", "-1", "1.5", "", "99999999999999999999"] {
            assert_eq!(whole::<u64>(text), Err("write a whole number, such as 4"), "{text}");
        }
        assert!(whole::<u32>("4294967296").is_err());
    }
}
