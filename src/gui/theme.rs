//! Meaning → colour and size. State says what a thing means; only this file says how it looks.
//!
//! Worker colours are Okabe and Ito's palette, which colour-blind students can tell apart ("Color
//! Universal Design", 2008). No meaning is carried by colour alone: a hatch, a shape or a word stands
//! beside it.

#![allow(clippy::disallowed_methods, reason = "the one place where colours are made")]

use egui::style::{HandleShape, Selection, WidgetVisuals, Widgets};
use egui::{Color32, CornerRadius, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals, vec2};

use super::fonts;
use crate::plan::Executor;

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
        self.pick(0x7B_E3B4, 0x08_7045)
    }

    /// Speedup that was lost; a hatch and a sign stand beside it.
    pub fn lost(self) -> Color32 {
        self.pick(0xF2_8C4B, 0xA8_4400)
    }

    /// The student's prediction, the playhead.
    pub fn prediction(self) -> Color32 {
        self.pick(0xFF_D166, 0x8A_5A00)
    }

    /// Failed, killed, damaged.
    pub fn bad(self) -> Color32 {
        self.pick(0xFF_8A80, 0xB3_261E)
    }

    /// A lock that is held while nobody waits for it. These three as in Tracy; a word stands beside each.
    pub fn held(self) -> Color32 {
        self.good()
    }

    /// A lock that is held while others wait for it.
    pub fn blocking(self) -> Color32 {
        self.prediction()
    }

    /// Whoever waits.
    pub fn waits(self) -> Color32 {
        self.bad()
    }

    /// Behind what the pointer is on.
    pub fn hovered(self) -> Color32 {
        self.pick(0x2D_3643, 0xD8_DFE8)
    }

    /// A hole in a panel: the code, the output.
    pub fn sunken(self) -> Color32 {
        self.pick(0x10_1318, 0xFF_FFFF)
    }

    /// Behind a sentence about something that went wrong.
    pub fn bad_back(self) -> Color32 {
        self.pick(0x3A_1F22, 0xFB_E3E1)
    }

    /// Behind a sentence that one should know.
    pub fn note_back(self) -> Color32 {
        self.pick(0x35_2D1A, 0xFB_F0D9)
    }

    /// The colour of an executor's points; its shape stands beside it.
    pub fn executor(self, executor: Executor) -> Color32 {
        match executor {
            Executor::Sequential => self.faint(),
            Executor::Threads => self.pick(0x56_B4E9, 0x00_5F95),
            Executor::GilThreads => self.pick(0xE6_9F00, 0x8A_5A00),
            Executor::Processes => self.good(),
            Executor::Hybrid => self.pick(0xCC_79A7, 0x9A_3F72),
        }
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

    /// Text on the colour of this worker, or of the parent: black or white, whichever is easier to read.
    pub fn on_actor(self, number: u32) -> Color32 {
        if luminance(self.worker(number)) > 0.18 { Color32::BLACK } else { Color32::WHITE }
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
        FontId::new(26.0 * self.scale(), fonts::strong())
    }

    /// The type of a heading, and of a value that matters.
    pub fn strong(self) -> FontId {
        FontId::new(14.0 * self.scale(), fonts::strong())
    }

    /// The type of a name among labels: a row's, a token's.
    pub fn strong_small(self) -> FontId {
        FontId::new(12.5 * self.scale(), fonts::strong())
    }

    /// The type of the program's name.
    pub fn wordmark(self) -> FontId {
        FontId::new(17.0 * self.scale(), fonts::strong())
    }

    /// The type of code and output.
    pub fn code(self) -> FontId {
        FontId::monospace(12.5 * self.scale())
    }

    /// A length in points, larger on a projector.
    pub fn length(self, points: f32) -> f32 {
        (points * self.scale()).round()
    }

    /// The width of a side of the window; it grows less than the type, for the centre's sake.
    pub fn side(self, points: f32) -> f32 {
        if self.projector { (points * 1.22).round() } else { points }
    }

    /// Makes every widget of the window look like this.
    pub fn apply(self, ctx: &egui::Context) {
        ctx.set_theme(if self.dark { egui::Theme::Dark } else { egui::Theme::Light });
        ctx.all_styles_mut(|style| self.style(style));
    }

    fn style(self, style: &mut Style) {
        style.text_styles = [
            (TextStyle::Body, self.body()),
            (TextStyle::Button, self.body()),
            (TextStyle::Small, self.small()),
            (TextStyle::Heading, self.strong()),
            (TextStyle::Monospace, self.code()),
        ]
        .into();
        style.visuals = self.visuals();
        style.animation_time = 0.0;
        style.interaction.selectable_labels = false;
        let spacing = &mut style.spacing;
        spacing.item_spacing = vec2(8.0, 6.0);
        spacing.button_padding = vec2(self.length(9.0), self.length(4.0));
        spacing.interact_size = vec2(self.length(32.0), self.length(26.0));
        spacing.slider_rail_height = self.line(4.0);
        spacing.icon_width = self.length(14.0);
        spacing.combo_height = self.length(320.0);
        spacing.tooltip_width = self.length(320.0);
        spacing.menu_margin = Margin::same(4);
    }

    fn visuals(self) -> Visuals {
        let widget = |fill: Color32, edge: Color32, ink: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(self.line(1.0), edge),
            corner_radius: CornerRadius::same(5),
            fg_stroke: Stroke::new(self.line(1.5), ink),
            expansion: 0.0,
        };
        let shadow = Shadow { offset: [0, 4], blur: 16, spread: 0, color: Color32::from_black_alpha(70) };
        Visuals {
            widgets: Widgets {
                noninteractive: widget(self.panel(), self.border(), self.text()),
                inactive: WidgetVisuals { bg_fill: self.border(), ..widget(self.card(), self.border(), self.text()) },
                hovered: widget(self.hovered(), self.faint(), self.text()),
                // Also what has the keyboard's focus: the edge must be seen from afar.
                active: WidgetVisuals {
                    bg_stroke: Stroke::new(self.line(2.0), self.accent()),
                    ..widget(self.hovered(), self.accent(), self.text())
                },
                open: widget(self.hovered(), self.accent(), self.text()),
            },
            selection: Selection { bg_fill: self.accent(), stroke: Stroke::new(self.line(1.0), self.on_accent()) },
            weak_text_color: Some(self.faint()),
            hyperlink_color: self.accent(),
            faint_bg_color: self.card(),
            extreme_bg_color: self.sunken(),
            code_bg_color: self.card(),
            warn_fg_color: self.prediction(),
            error_fg_color: self.bad(),
            window_fill: self.panel(),
            window_stroke: Stroke::new(self.line(1.0), self.border()),
            window_shadow: shadow,
            popup_shadow: shadow,
            panel_fill: self.panel(),
            slider_trailing_fill: true,
            handle_shape: HandleShape::Circle,
            ..if self.dark { Visuals::dark() } else { Visuals::light() }
        }
    }
}

/// How light an opaque colour is, by WCAG 2.1.
fn luminance(colour: Color32) -> f32 {
    let [r, g, b, _] = egui::Rgba::from(colour).to_array();
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast of two opaque colours by WCAG 2.1.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn everything_that_is_read_has_contrast() {
        for dark in [true, false] {
            let theme = Theme { dark, projector: false };
            let meanings = [theme.good(), theme.lost(), theme.prediction(), theme.bad(), theme.accent()];
            let inks = || [theme.text(), theme.faint()].into_iter().chain(meanings);
            for back in [theme.canvas(), theme.panel(), theme.card(), theme.sunken()] {
                for ink in inks() {
                    assert!(contrast(ink, back) >= 4.5, "{ink:?} on {back:?}: {}", contrast(ink, back));
                }
            }
            assert!(contrast(theme.on_accent(), theme.accent()) >= 4.5);
            assert!(contrast(theme.bad(), theme.bad_back()) >= 4.5);
            assert!(contrast(theme.text(), theme.note_back()) >= 4.5);
            for number in 0..=7 {
                assert!(contrast(theme.on_actor(number), theme.worker(number)) >= 4.5, "on {number}");
            }
            for number in 1..=7 {
                assert!(contrast(theme.on_worker(), theme.worker(number)) >= 3.0, "worker {number}");
                assert!(contrast(theme.worker_words(number), theme.card()) >= 4.5, "worker {number} as type");
            }
        }
    }
}
