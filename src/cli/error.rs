//! Why a command could not be carried out, and the exit code for it.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::plan::PlanError;
use crate::session::StartError;
use crate::trace::file::FileError;

/// A command that could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The plan is wrong; the message names the field.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The plan file can't be read.
    #[error("plan: {}: {error}.", .path.display())]
    PlanFile {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The plan file is no plan.
    #[error("plan: {}, line {line}: {problem}", .path.display())]
    PlanText {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// The field and what is wrong with it.
        problem: String,
    },
    /// There is nothing to compare with.
    #[error("baseline: a program has no items that one process could compute alone. Leave --baseline out.")]
    NoBaseline,
    /// The trace can't be written or opened.
    #[error("trace: {0}")]
    Trace(#[from] FileError),
    /// The engine did not start.
    #[error(transparent)]
    Engine(StartError),
    /// Standard output can't be written.
    #[error("standard output: {0}.")]
    Output(#[from] io::Error),
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Trace(error) => Self::Trace(error),
            error @ StartError::Engine(_) => Self::Engine(error),
        }
    }
}

impl CliError {
    /// 2 for what the user can put right, 1 for an engine that would not start.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Engine(_) => ExitCode::from(1),
            _ => ExitCode::from(2),
        }
    }
}
