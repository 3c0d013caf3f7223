//! The panels of the Lab, a file or folder each.
//!
//! A panel is `fn panel(model, view state, theme, ui, commands)`: it reads the model, keeps only its own
//! view state, and pushes [`Command`](super::command::Command)s, which `App` carries out after all
//! panels are drawn. A drawn panel is split into `layout` (model, size and time → plain rectangles,
//! lines and labels, tested as numbers) and `paint` (those → shapes).

pub mod banner;
pub mod calls;
pub mod cores;
pub mod dialog;
pub mod draw;
pub mod errors;
#[cfg(test)]
pub mod fixture;
pub mod in_flight;
pub mod inspector;
pub mod ledger;
pub mod output;
mod parts;
pub mod picture;
pub mod processes;
pub mod python;
pub mod setup;
pub mod shared;
pub mod speedup;
pub mod stage;
pub mod status_bar;
pub mod timeline;
pub mod top_bar;
pub mod waterfall;
pub mod welcome;

pub(super) use parts::{scrolled, side};

use super::theme::Theme;
use crate::model::{Model, Run};

/// What a panel looks at: one run at one moment.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Everything known of the trace.
    pub model: &'a Model,
    /// The run that is shown.
    pub run: &'a Run,
    /// The moment that is shown, on the machine's clock: the run's begin plus the playhead.
    pub at_ns: u64,
    /// Whether the run goes on, so that something can be done to its processes.
    pub live: bool,
    /// The unit that stage, timeline and inspector point at.
    pub selected_unit: Option<u32>,
    /// How the window looks.
    pub theme: Theme,
}
