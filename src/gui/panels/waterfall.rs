//! "Where did the rest go?": the bars from ideal to measured speedup.
//!
//! As on the timeline, full is computing, hatched is overhead, a dashed box is waiting.

use egui::{Align2, CornerRadius, Rangef, Rect, RectAlign, Role, Sense, Stroke, Tooltip, Ui, pos2, vec2};

use super::draw::{self, Ink};
use super::parts::{ends, heading, note};
use crate::gui::experiment::{Experiment, Measurement};
use crate::gui::theme::Theme;
use crate::gui::words::duration;
use crate::model::waterfall::{Kind, Part, Row, Waterfall};
use crate::plan::Executor;

/// The least width of a bar: what is lost to nothing is a hair line.
const HAIR: f32 = 1.0;

/// Draws the bars of what was measured with the current settings; nothing if there is nothing yet.
pub fn panel(experiment: &Experiment, theme: Theme, ui: &mut Ui) {
    let Some((measured, _)) = experiment.point().filter(|(measured, _)| measured.plan.with != Executor::Sequential)
    else {
        return;
    };
    ui.separator();
    let times = match &measured.times {
        Ok(times) => times,
        Err(missing) => {
            heading(ui, theme, "Where did the rest go?");
            note(ui, theme, missing.to_string());
            return;
        }
    };
    let Some(fall) = experiment.baseline().and_then(|baseline| times.against(baseline.median_ns())) else { return };
    let of = format!("of {:.2}×", fall.ideal);
    ends(ui, |ui| heading(ui, theme, "Where did the rest go?"), |ui| note(ui, theme, of));
    bars(&fall, measured, theme, ui);
    if fall.summed {
        let limit = crate::chunk::grouped(crate::trace::DETAIL_UNITS.into());
        note(ui, theme, format!("Past {limit} units only computing is told: all else there is unexplained."));
    }
}

fn bars(fall: &Waterfall, measured: &Measurement, theme: Theme, ui: &mut Ui) {
    let rows = fall.rows();
    let size = vec2(ui.available_width(), theme.side(ROW) * rows.len() as f32);
    let (space, response) = ui.allocate_exact_size(size, Sense::hover());
    let layout = Layout::new(&rows, space, column_widths(&rows, theme, ui));
    let pointer = response.hover_pos().and_then(|at| layout.row_at(at.y));
    if ui.is_rect_visible(space) {
        let ink = Ink::new(ui.painter(), theme);
        if let Some(place) = pointer.and_then(|index| layout.rows.get(index)) {
            let back = place.space.expand2(vec2(theme.length(4.0), 0.0));
            ink.painter.rect_filled(back, CornerRadius::same(4), theme.card());
        }
        for (row, place) in rows.iter().zip(&layout.rows) {
            paint(&ink, row, place, measured.plan.with);
        }
        for joint in &layout.joints {
            ink.painter.vline(joint.x, joint.y, Stroke::new(theme.line(1.0), theme.border()));
        }
    }
    draw::name(&response, Role::Image, &in_words(fall, measured));
    if let Some((row, place)) = pointer.and_then(|index| Some((rows.get(index)?, layout.rows.get(index)?))) {
        // Beside the row: below it are the others.
        let mut tooltip = Tooltip::for_enabled(&response).gap(theme.length(10.0));
        tooltip.popup = tooltip.popup.anchor(place.space).align(RectAlign::LEFT);
        tooltip.show(|ui| ui.label(explained(row, fall, measured)));
    }
}

/// The height of a row.
const ROW: f32 = 20.0;

/// How wide the longest name and the longest number are.
fn column_widths(rows: &[Row], theme: Theme, ui: &Ui) -> (f32, f32) {
    let width = |text: &str| ui.painter().layout_no_wrap(text.to_owned(), theme.strong_small(), theme.text()).size().x;
    let widest = |widths: Vec<f32>| widths.into_iter().fold(0.0, f32::max).ceil();
    let names = rows.iter().map(|row| width(row.name())).collect();
    let numbers = rows.iter().map(|row| width(&row.number)).collect();
    (widest(names), widest(numbers))
}

/// Where everything is.
struct Layout {
    rows: Vec<Place>,
    /// From the end of one bar down to the next.
    joints: Vec<Joint>,
}

/// Where a row is.
struct Place {
    space: Rect,
    bar: Rect,
}

/// A line between two bars.
struct Joint {
    x: f32,
    y: Rangef,
}

impl Layout {
    /// Names on the left, numbers on the right, bars on one scale from 0 between them.
    fn new(rows: &[Row], space: Rect, (names, numbers): (f32, f32)) -> Self {
        let height = space.height() / rows.len().max(1) as f32;
        let gap = height * 0.5;
        let left = space.left() + names + gap;
        let width = (space.right() - numbers - gap - left).max(HAIR);
        let most = rows.iter().map(|row| row.to).fold(f64::MIN_POSITIVE, f64::max);
        let x = |times: f64| left + (times / most) as f32 * width;
        let mut places = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let top = space.top() + index as f32 * height;
            let space = Rect::from_x_y_ranges(space.x_range(), top..=top + height);
            let (from, to) = (x(row.from), x(row.to));
            // Within the scale, however little it is.
            let from = from.min(left + width - HAIR);
            let bar = Rect::from_x_y_ranges(from..=to.max(from + HAIR), space.y_range().shrink(height * 0.17));
            places.push(Place { space, bar });
        }
        let mut level = rows.first().map_or(0.0, |row| row.to);
        let mut joints = Vec::new();
        for (pair, row) in places.windows(2).zip(rows.iter().skip(1)) {
            let y = Rangef::new(pair[0].bar.bottom(), pair[1].bar.top());
            joints.push(Joint { x: x(level), y });
            level = match row.kind {
                Kind::Lost(_) if (row.from - level).abs() < (row.to - level).abs() => row.to,
                _ => row.from,
            };
        }
        Self { rows: places, joints }
    }

    /// Which row is at this height.
    fn row_at(&self, y: f32) -> Option<usize> {
        self.rows.iter().position(|row| row.space.y_range().contains(y))
    }
}

fn paint(ink: &Ink<'_>, row: &Row, place: &Place, with: Executor) {
    let theme = ink.theme;
    let bar = place.bar;
    let is_gain = row.number.starts_with('+');
    let is_nothing = row.number == "0.00";
    let lost = match is_gain {
        true => theme.good(),
        false if is_nothing => theme.faint(),
        false => theme.lost(),
    };
    let round = CornerRadius::same(2);
    match row.kind {
        Kind::Ideal => _ = ink.painter.rect_filled(bar, round, theme.worker(0).gamma_multiply(0.6)),
        Kind::Measured => _ = ink.painter.rect_filled(bar, round, theme.executor(with)),
        Kind::Lost(_) if bar.width() < theme.length(4.0) => _ = ink.painter.rect_filled(bar, 0.0, lost),
        Kind::Lost(Part::Starting | Part::Messages) => {
            ink.painter.rect_filled(bar, round, lost.gamma_multiply(0.3));
            ink.hatch(bar, lost);
        }
        Kind::Lost(Part::Waiting | Part::Gil | Part::Uneven) => {
            ink.painter.rect_filled(bar, 0.0, lost.gamma_multiply(0.2));
            ink.dashed_box(bar.shrink(0.5), lost);
        }
        Kind::Lost(Part::Unexplained) => ink.dashed_box(bar.shrink(0.5), theme.faint()),
        Kind::Lost(Part::Busy) => _ = ink.painter.rect_filled(bar, round, lost),
    }
    let (middle, space) = (place.space.center().y, place.space);
    let (font, name_ink, number_ink) = match row.kind {
        Kind::Measured => (theme.strong_small(), theme.text(), theme.executor(with)),
        Kind::Ideal => (theme.small(), theme.faint(), theme.text()),
        Kind::Lost(_) => (theme.small(), theme.faint(), if is_nothing { theme.faint() } else { theme.text() }),
    };
    ink.text(pos2(space.left(), middle), Align2::LEFT_CENTER, row.name(), font.clone(), name_ink);
    ink.text(pos2(space.right(), middle), Align2::RIGHT_CENTER, &row.number, font, number_ink);
}

/// A row with its time, and what it means.
fn explained(row: &Row, fall: &Waterfall, measured: &Measurement) -> String {
    let time = duration(row.ns.unsigned_abs());
    let time = match row.kind {
        Kind::Ideal => time,
        Kind::Lost(_) if row.ns < 0 => format!("{time} less per worker"),
        Kind::Lost(_) => format!("{time} per worker"),
        Kind::Measured => format!("{time}, {}", which(fall, measured)),
    };
    format!("{} {}× · {time}\n{}", row.name(), row.number, row.meaning())
}

/// Which run it is that is explained.
fn which(fall: &Waterfall, measured: &Measurement) -> String {
    match measured.wall_ns.len() {
        1 => "one run".to_owned(),
        count => format!("run {}, the median of {count}", fall.run.saturating_add(1)),
    }
}

/// The bars for those who can't see them.
fn in_words(fall: &Waterfall, measured: &Measurement) -> String {
    let rows = fall.rows();
    let row = |row: &Row| format!("{} {}× ({})", row.name(), row.number, duration(row.ns.unsigned_abs()));
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!("From ideal to measured speedup, {}: {}", which(fall, measured), rows.join("; "))
}

#[cfg(test)]
mod tests;
