//! One session from its start to its end: every event into a model, every warning to the user.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;

use crate::model::Model;
use crate::plan::CheckedPlan;
use crate::session::{Ending, Options, Report, Session, StartError};
use crate::sys;
use crate::trace::What;

use super::progress::Progress;

/// How soon it is noticed that somebody wants this to end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What is known once a session is over.
pub(super) struct Watched {
    /// All that happened.
    pub(super) model: Model,
    /// Why it ended before its time, if it did.
    pub(super) error: Option<String>,
    /// Where the trace was kept, or in a sentence why it was not; `None` if none was asked for.
    pub(super) recording: Option<Result<PathBuf, String>>,
}

/// Runs a plan to its end, or until somebody interrupts: then it is stopped in order, and what is known is
/// given. The calling thread lives as long as the session, as a session needs.
pub(super) fn watch(label: &'static str, checked: &CheckedPlan, trace: Option<&Path>) -> Result<Watched, StartError> {
    // Who opens the trace in the window wants to see the cores; without a trace nobody would.
    let options = Options { trace: trace.map(Path::to_owned), sample: trace.is_some(), ..Options::default() };
    let session = Session::start(&checked.plan, options)?;
    let progress = Progress::new(label, checked);
    let mut model = Model::new();
    let mut stopping = false;
    let mut warned = (0, 0);
    loop {
        if !stopping && sys::interrupted().is_some() {
            stopping = true;
            session.stop();
            progress.aside("Stopping the run. Press Ctrl-C again to end at once.");
        }
        let report = match session.reports().recv_timeout(LOOK_EVERY) {
            Ok(report) => report,
            Err(RecvTimeoutError::Timeout) => {
                // That nothing comes tells something, too: who waits still waits.
                model.pass_time(sys::now_ns());
                warn(&model, &mut warned, &progress);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        match report {
            Report::Events(events) => {
                for event in &events {
                    // What a program prints is part of its story, and told there.
                    if let What::Printed { line } = &event.what
                        && checked.program.is_none()
                    {
                        progress.aside(line);
                    }
                    model.apply(event);
                }
                progress.update(&model);
                warn(&model, &mut warned, &progress);
            }
            Report::Warning(warning) => progress.aside(&format!("warning: {warning}")),
            Report::Ended(Ending { error, recording }) => return Ok(Watched { model, error, recording }),
        }
    }
    let recording = trace.map(|path| Err(format!("{} is not complete.", path.display())));
    Ok(Watched { model, error: Some("The run ended without saying how.".to_owned()), recording })
}

/// Says once of each deadlock that it is there, as soon as it is known. `warned` is of which run how many were told.
fn warn(model: &Model, warned: &mut (u32, usize), progress: &Progress) {
    let Some(run) = model.last_run() else { return };
    if warned.0 != run.number {
        *warned = (run.number, 0);
    }
    for deadlock in run.deadlocks().iter().skip(warned.1) {
        progress.aside(&run.deadlock_in_words(deadlock, run.last_ns));
    }
    warned.1 = run.deadlocks().len();
}
