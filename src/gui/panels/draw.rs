//! The strokes that all drawn panels share: text that fits, hatches, dashes, arrowheads.

use egui::epaint::text::{LayoutJob, TextWrapping};
use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Response, Role, Shape, Stroke, Vec2, WidgetInfo, vec2,
};

use crate::gui::theme::Theme;

/// About how wide a line of text is, for layouts, which have no fonts: a little more than Inter is.
pub fn about_width(text: &str, size: f32) -> f32 {
    let width = |letter: char| match letter {
        ' ' | '.' | ',' | ':' | 'i' | 'l' | 'j' | 'f' | 't' | 'r' | '·' => 0.34,
        'm' | 'w' => 0.86,
        '0'..='9' | 'A'..='Z' => 0.65,
        _ => 0.59,
    };
    text.chars().map(width).sum::<f32>() * size
}

/// Whether a line of text fits into a width with a little air on both sides.
pub fn fits(text: &str, size: f32, width: f32) -> bool {
    about_width(text, size) + 0.6 * size <= width
}

/// The same words where there is little room: `P-2` for `Process-2`.
pub fn with_short_names(words: &str) -> String {
    words.replace("Process-", "P-")
}

/// Says in words what a painted region shows: to screen readers, and to tests.
pub fn name(response: &Response, role: Role, words: &str) {
    response.widget_info(|| WidgetInfo::labeled(role, true, words));
}

/// A painter that knows the theme.
#[derive(Clone, Copy)]
pub struct Ink<'a> {
    /// Where it paints.
    pub painter: &'a Painter,
    /// How it looks.
    pub theme: Theme,
}

impl<'a> Ink<'a> {
    /// Ink for a painter.
    pub fn new(painter: &'a Painter, theme: Theme) -> Self {
        Self { painter, theme }
    }

    /// Text at an anchor; answers where it lies.
    pub fn text(&self, at: Pos2, anchor: Align2, text: impl ToString, font: FontId, colour: Color32) -> Rect {
        self.painter.text(at, anchor, text, font, colour)
    }

    /// Text inside a box, cut off with `…` where it does not fit; answers where it lies.
    pub fn text_in(&self, space: Rect, anchor: Align2, text: impl Into<String>, font: FontId, colour: Color32) -> Rect {
        let mut job = LayoutJob::simple_singleline(text.into(), font, colour);
        job.wrap = TextWrapping::truncate_at_width(space.width());
        let galley = self.painter.layout_job(job);
        let place = anchor.align_size_within_rect(galley.size(), space);
        self.painter.galley(place.min, galley, colour);
        place
    }

    /// The first of these texts that fits into a width, else the last one.
    pub fn fitting<'t>(&self, texts: &[&'t str], width: f32, font: &FontId) -> &'t str {
        let wide = |text: &str| self.painter.layout_no_wrap(text.to_owned(), font.clone(), self.theme.text()).size().x;
        texts.iter().find(|text| wide(text) <= width).or(texts.last()).copied().unwrap_or_default()
    }

    /// The first of these texts that fits into a box, with short names if they are too long with the whole ones; the
    /// last one is cut off. Answers where it lies.
    pub fn text_or_shorter(&self, space: Rect, anchor: Align2, texts: &[&str], font: FontId, colour: Color32) -> Rect {
        let short: Vec<String> = texts.iter().map(|text| with_short_names(text)).collect();
        let all: Vec<&str> = texts.iter().zip(&short).flat_map(|(text, short)| [*text, short.as_str()]).collect();
        self.text_in(space, anchor, self.fitting(&all, space.width(), &font), font, colour)
    }

    /// The first of these texts that fits into a box in so many lines, at its left; the last one is cut off with
    /// `…` if it does not fit either.
    pub fn text_wrapped(&self, space: Rect, lines: usize, texts: &[&str], font: &FontId, colour: Color32) {
        let galley = |text: &str| {
            let mut job = LayoutJob::simple(text.to_owned(), font.clone(), colour, space.width());
            job.wrap.max_rows = lines;
            self.painter.layout_job(job)
        };
        let Some((last, others)) = texts.split_last() else { return };
        let fitting = others.iter().map(|text| galley(text)).find(|galley| !galley.elided);
        let galley = fitting.unwrap_or_else(|| galley(last));
        let place = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), space);
        self.painter.galley(place.min, galley, colour);
    }

    /// Slanted lines inside a box: overhead.
    pub fn hatch(&self, space: Rect, colour: Color32) {
        let visible = space.intersect(self.painter.clip_rect());
        if !visible.is_positive() {
            return;
        }
        let (step, height) = (5.0 * self.theme.scale(), space.height());
        let stroke = Stroke::new(self.theme.line(1.0), colour);
        // Every line is x = foot + rise; its feet lie on one grid, so that neighbours line up.
        let mut foot = ((visible.left() - height) / step).floor() * step;
        while foot < visible.right() {
            let rise = |x: f32| space.bottom() - (x - foot).clamp(0.0, height);
            let (left, right) = (foot.max(space.left()), (foot + height).min(space.right()));
            if left < right {
                let ends = [Pos2::new(left, rise(left)), Pos2::new(right, rise(right))];
                self.painter.add(Shape::line_segment(ends, stroke));
            }
            foot += step;
        }
    }

    /// Upright lines inside a box: held back by a lock.
    pub fn bars(&self, space: Rect, colour: Color32) {
        let visible = space.intersect(self.painter.clip_rect());
        let (step, stroke) = (4.0 * self.theme.scale(), Stroke::new(self.theme.line(1.0), colour));
        let mut x = (visible.left() / step).ceil() * step;
        while x < visible.right() {
            self.painter.vline(x, space.y_range(), stroke);
            x += step;
        }
    }

    /// A dashed outline: waiting.
    pub fn dashed_box(&self, space: Rect, colour: Color32) {
        let stroke = Stroke::new(self.theme.line(1.0), colour);
        let corners =
            [space.left_top(), space.right_top(), space.right_bottom(), space.left_bottom(), space.left_top()];
        self.painter.extend(Shape::dashed_line(&corners, stroke, 4.0, 3.0));
    }

    /// A filled box with a border.
    pub fn card(&self, space: Rect, radius: u8, fill: Color32, border: Color32) {
        let stroke = Stroke::new(self.theme.line(1.0), border);
        self.painter.rect(space, CornerRadius::same(radius), fill, stroke, egui::StrokeKind::Inside);
    }

    /// An arrowhead with its point at `tip`, flying along `along`.
    pub fn arrow_head(&self, tip: Pos2, along: Vec2, size: f32, colour: Color32) {
        let along = along.normalized();
        let (back, side) = (tip - along * size, vec2(-along.y, along.x) * size * 0.45);
        self.painter.add(Shape::convex_polygon(vec![tip, back + side, back - side], colour, Stroke::NONE));
    }
}
