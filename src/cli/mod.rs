//! The command line.
//!
//! ```text
//! args      what was asked for          window     the window, or why there is none
//! flags     the flags of a plan         run        a plan in the terminal
//! plan      flags and PLAN.toml → Plan  show       a recorded trace, checked
//! watch     a session → a Model         catalogue  workloads, programs; what this machine offers
//! progress  the bar while it runs       text       the figures and the story, in words
//! report    the same, as data           table      columns
//! console   standard output and error
//! ```
//!
//! Exit codes: 0, everything went as asked; 1, a run failed, was stopped or gave its caller an error
//! (one that was planned, too), or results or a trace contradict themselves; 2, the input was wrong or
//! the output could not be written; 130, Ctrl-C stopped the run (143 and 129 for a request to terminate and a
//! terminal that closed). Messages go to standard error, one for each trouble; results go to
//! standard output.

mod args;
mod catalogue;
mod console;
mod error;
mod flags;
mod plan;
mod progress;
mod report;
mod run;
mod show;
mod table;
mod text;
mod watch;
mod window;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use error::CliError;

/// How a command that could be carried out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As asked.
    Good,
    /// A run failed or gave its caller an error, or what was measured or recorded contradicts itself.
    Bad,
    /// Everything ran, but what was to be kept of it could not be written.
    Incomplete,
    /// Somebody wanted it to end, and this is the exit code for that.
    Interrupted(u8),
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::SUCCESS,
            Verdict::Bad => Self::from(1),
            Verdict::Incomplete => Self::from(2),
            Verdict::Interrupted(code) => Self::from(code),
        }
    }
}

/// Does what the command line asks for.
pub fn main() -> ExitCode {
    crate::sys::ignore_file_size_signal();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and version come this way too, and go to standard output with exit code 0.
        Err(answer) => {
            // A reader that is gone needs no help text.
            let _ = answer.print();
            return ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(2));
        }
    };
    match carry_out(cli.command) {
        Ok(verdict) => verdict.into(),
        Err(error) => {
            console::complain(&format!("error: {error}"));
            error.exit_code()
        }
    }
}

fn carry_out(command: Option<Command>) -> Result<Verdict, CliError> {
    match command {
        None => window::open(),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Show { file, json }) => show::show(&file, json),
        Some(Command::Replay { file }) => window::replay(&file),
        Some(Command::Workloads { json }) => catalogue::workloads(json),
        Some(Command::Programs { json }) => catalogue::programs(json),
        Some(Command::Doctor) => catalogue::doctor(),
    }
}
