//! What can be asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::flags::{MEASUREMENT, PlanArgs};

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
    Run(Box<RunArgs>),
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
    /// List the ready-made programs about processes, and what can be chosen in each.
    Programs {
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
    /// Also run the same items in one process, undisturbed, and compare.
    #[arg(long, help_heading = MEASUREMENT)]
    pub(super) baseline: bool,
    /// Keep the trace in this file, which must not exist.
    #[arg(long, value_name = "FILE", help_heading = MEASUREMENT)]
    pub(super) trace: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long, help_heading = MEASUREMENT)]
    pub(super) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn clap_finds_no_fault_with_the_commands() {
        Cli::command().debug_assert();
    }
}
