//! Meaning → colour and size. State says what a thing means; only this file says how it looks.
//!
//! Worker colours are Okabe and Ito's palette, which colour-blind students can tell apart ("Color
//! Universal Design", 2008). No meaning is carried by colour alone: a hatch, a shape or a word stands
//! beside it.

#![allow(clippy::disallowed_methods, reason = "the one place where colours are made")]

use egui::{Color32, FontId};

/// How the window looks: two switches in the top bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Theme {
    /// Dark on a laptop, light on a weak projector.
    pub dark: bool,
    /// `A+`: larger type and thicker lines, for the last row.
    pub projector: bool,
}

impl Default for Theme {
    fn default() -> Self {
        Self { dark: true, projector: false }
    }
}

/// Okabe and Ito's colours for workers 1, 2, 3, …; they repeat after seven.
const WORKERS: [Color32; 7] = [
    Color32::from_rgb(0x56, 0xB4, 0xE9), // sky blue
    Color32::from_rgb(0xE6, 0x9F, 0x00), // orange
    Color32::from_rgb(0x00, 0x9E, 0x73), // bluish green
    Color32::from_rgb(0xCC, 0x79, 0xA7), // reddish purple
    Color32::from_rgb(0xF0, 0xE4, 0x42), // yellow
    Color32::from_rgb(0x00, 0x72, 0xB2), // blue
    Color32::from_rgb(0xD5, 0x5E, 0x00), // vermillion
];

impl Theme {
    fn pick(self, dark: u32, light: u32) -> Color32 {
        let [_, r, g, b] = if self.dark { dark } else { light }.to_be_bytes();
        Color32::from_rgb(r, g, b)
    }

    /// Behind the stage and the timeline.
    pub fn canvas(self) -> Color32 {
        self.pick(0x14_181D, 0xFF_FFFF)
    }

    /// Behind controls.
    pub fn panel(self) -> Color32 {
        self.pick(0x1B_2027, 0xF3_F5F8)
    }

    /// A card, a field, a box that lies on a panel.
    pub fn card(self) -> Color32 {
        self.pick(0x22_2832, 0xE6_EAF0)
    }

    /// Between things.
    pub fn border(self) -> Color32 {
        self.pick(0x39_4250, 0xC3_CAD4)
    }

    /// What is read.
    pub fn text(self) -> Color32 {
        self.pick(0xEC_EFF4, 0x14_181D)
    }

    /// What is read second: labels, units, axes. At least 4.5:1 against every background above.
    pub fn faint(self) -> Color32 {
        self.pick(0xA3_ADBB, 0x4E_5866)
    }

    /// What can be pressed, and what is chosen.
    pub fn accent(self) -> Color32 {
        self.pick(0x4D_9FFF, 0x15_5FC4)
    }

    /// Text on [`Self::accent`].
    pub fn on_accent(self) -> Color32 {
        self.pick(0x06_1220, 0xFF_FFFF)
    }

    /// Measured and well.
    pub fn good(self) -> Color32 {
        self.pick(0x7B_E3B4, 0x0B_7A4B)
    }

    /// The student's prediction, the playhead.
    pub fn prediction(self) -> Color32 {
        self.pick(0xFF_D166, 0x8A_5A00)
    }

    /// Failed, killed, damaged.
    pub fn bad(self) -> Color32 {
        self.pick(0xFF_8A80, 0xB3_261E)
    }

    /// The colour of a worker; the parent and the fork server (number 0) are neutral.
    pub fn worker(self, number: u32) -> Color32 {
        match number.checked_sub(1) {
            None => self.pick(0xC3_CAD4, 0x5B_6675),
            Some(index) => {
                let colour = WORKERS[index as usize % WORKERS.len()];
                // On white, the light ones need more ink.
                if self.dark { colour } else { colour.lerp_to_gamma(Color32::BLACK, 0.12) }
            }
        }
    }

    /// Text on a worker's colour.
    pub fn on_worker(self) -> Color32 {
        Color32::from_rgb(0x0B, 0x0E, 0x12)
    }

    /// Every size is this many times the laptop's.
    pub fn scale(self) -> f32 {
        if self.projector { 1.35 } else { 1.0 }
    }

    /// Line widths.
    pub fn line(self, width: f32) -> f32 {
        if self.projector { width * 1.6 } else { width }
    }

    /// The type of running text.
    pub fn body(self) -> FontId {
        FontId::proportional(14.0 * self.scale())
    }

    /// The type of labels and axes; the smallest there is.
    pub fn small(self) -> FontId {
        FontId::proportional(12.5 * self.scale())
    }

    /// The type of the one number a view is about.
    pub fn headline(self) -> FontId {
        FontId::proportional(26.0 * self.scale())
    }

    /// A pixel that this worker computed: 0, which never escapes, is the darkest; the rest brighten by
    /// how long it took, and the worker's hue stays readable throughout.
    pub fn shade(self, number: u32, shade: u8) -> Color32 {
        let depth = if shade == 0 { 0.0 } else { 0.25 + 0.75 * f32::from(shade).ln_1p() / 256_f32.ln() };
        Color32::from_rgb(0x0B, 0x0E, 0x12).lerp_to_gamma(self.worker(number), 0.12 + 0.88 * depth.min(1.0))
    }

    /// A worker's colour as type, which needs more contrast than a bar.
    pub fn worker_words(self, number: u32) -> Color32 {
        self.worker(number).lerp_to_gamma(self.text(), if self.dark { 0.3 } else { 0.6 })
    }
}
