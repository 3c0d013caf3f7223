//! How the stage is looked at, whatever is on it.

use egui::Rect;

/// Where it is, how large, when, and from where on.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The area to fill.
    pub area: Rect,
    /// Sizes are times this.
    pub scale: f32,
    /// The type size of small text.
    pub type_size: f32,
    /// The moment.
    pub at_ns: u64,
    /// Nanoseconds of the run that pass in a second of the viewer; 0 at rest.
    pub pace_ns: u64,
    /// The first worker or process to show, where not all of them fit.
    pub first: usize,
    /// The first object to show, where not all of them fit.
    pub first_object: usize,
}

impl Default for Setting {
    fn default() -> Self {
        Self { area: Rect::ZERO, scale: 1.0, type_size: 12.5, at_ns: 0, pace_ns: 0, first: 0, first_object: 0 }
    }
}

impl Setting {
    /// The height of a line of small text.
    pub fn line(&self) -> f32 {
        (self.type_size * 1.4).round()
    }

    /// Above and below what stands in a card.
    pub fn pad(&self) -> f32 {
        (4.0 * self.scale).round()
    }
}
