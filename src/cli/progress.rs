//! The bar on a terminal while something runs. Where standard error is no terminal there is none.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::model::Model;
use crate::plan::CheckedPlan;

use super::console;

/// How often the bar is drawn, per second.
const DRAWN_HZ: u8 = 10;

/// A bar over the units of one run after the other.
pub(super) struct Progress {
    bar: ProgressBar,
    label: &'static str,
    repeats: u32,
}

impl Progress {
    /// A bar for what is called `run` or `baseline`.
    pub(super) fn new(label: &'static str, checked: &CheckedPlan) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWN_HZ);
        let bar = ProgressBar::with_draw_target(Some(checked.cut.units().into()), target);
        // Without events, or without units, nobody knows how far a run is, only that it lasts.
        let template = if checked.plan.tracing && checked.program.is_none() {
            "{prefix}  {wide_bar}  {pos} of {len} units  {elapsed_precise}"
        } else {
            "{prefix}  {spinner}  {elapsed_precise}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { bar, label, repeats: checked.plan.repeats }
    }

    /// Shows how far the last run is.
    pub(super) fn update(&self, model: &Model) {
        let Some(run) = model.last_run() else { return };
        self.bar.set_prefix(format!("{} {} of {}", self.label, model.runs.len(), self.repeats));
        self.bar.set_position(run.actors.iter().map(|actor| actor.units).sum());
        self.bar.tick();
    }

    /// Says something without tearing the bar.
    pub(super) fn aside(&self, message: &str) {
        self.bar.suspend(|| console::complain(message));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
