//! What a panel wants done. Panels only push commands; `App` carries them out after all are drawn.

use std::path::PathBuf;

use super::theme::Theme;
use crate::plan::Action;
use crate::trace::ActorId;

/// One wish of the user.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Lock the prediction and run the plan (after a baseline, if none holds).
    Run,
    /// Measure the baseline of the current items once more.
    MeasureBaseline,
    /// End the run.
    Stop,
    /// Do something to a worker, or to a process of a program.
    Order(ActorId, Action),
    /// Open a recorded trace.
    Open(PathBuf),
    /// Save the trace that is shown.
    Save(PathBuf),
    /// Show another run of the same trace.
    ShowRun(usize),
    /// Point at a unit: stage, timeline and inspector mark it; `None` lets go.
    SelectUnit(Option<u32>),
    /// Move the time cursor to so many nanoseconds after the run began.
    Seek(u64),
    /// Copy text to the clipboard.
    Copy(String),
    /// Look like this.
    Look(Theme),
    /// The message about what could not be done has been read.
    Dismiss,
}
