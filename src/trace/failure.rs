//! What becomes of a unit that has no result.

use serde::{Deserialize, Serialize};

use crate::plan::Stage;

/// What went wrong with a unit, as the caller gets to know it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskFailure {
    /// The error's type, by Python's name for it: `ValueError`, `WorkerLostError`.
    pub kind: String,
    /// What it says.
    pub message: String,
    /// When in the life of the item, if it was one item.
    pub stage: Option<Stage>,
    /// In which function, file or process.
    pub location: String,
    /// The process it happened in; 0 if in none.
    pub pid: u32,
    /// Which item, if it was one.
    pub item: Option<u64>,
    /// The item's arguments in words.
    pub input: String,
}

/// What becomes of a unit whose worker died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It fails.
    Fails,
    /// It had been begun, and is handed out again.
    Retried,
    /// It had not been begun, and is handed out again.
    HandedOutAgain,
    /// Its result never comes, and nobody is told.
    NeverComes,
}
