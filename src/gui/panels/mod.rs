//! The panels of the Lab, a file or folder each.
//!
//! A panel is `fn panel(model, view state, theme, ui, commands)`: it reads the model, keeps only its own
//! view state, and pushes [`Command`](super::command::Command)s, which `App` carries out after all
//! panels are drawn.

pub mod banner;
pub mod dialog;
pub mod output;
mod parts;
pub mod processes;
pub mod python;
pub mod setup;
pub mod speedup;
pub mod status_bar;
pub mod top_bar;
pub mod welcome;

pub(super) use parts::{scrolled, side};

use super::theme::Theme;
use crate::model::{Model, Run};

/// A moment of a run, as every view of the centre looks at it.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The run that is shown.
    pub run: &'a Run,
    /// The trace it belongs to.
    pub model: &'a Model,
    /// The moment, on the machine's clock: the run's begin and the playhead.
    pub at_ns: u64,
    /// The unit that is pointed at.
    pub selected_unit: Option<u32>,
    /// How it looks.
    pub theme: Theme,
}
