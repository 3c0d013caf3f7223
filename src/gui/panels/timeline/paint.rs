//! The timeline's rectangles, lines and labels as shapes.

use std::sync::Arc;

use egui::{Align2, CornerRadius, Galley, Mesh, Rangef, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::axis::Axis;
use super::lane::{Fill, Mark};
use super::layout::{Arrow, Regions, Row};
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::words;
use crate::model::{Run, SpanKind};
use crate::trace::{Exit, SUM_INTERVAL_NS};

/// The ticks, with hair lines through rows, curve and cores.
pub fn axis(ink: &Ink<'_>, axis: &Axis, regions: &Regions, began_ns: u64, at_ns: u64) {
    let flag = flag(ink, axis, regions, at_ns, began_ns).map(|(_, space)| space);
    let (theme, size) = (ink.theme, ink.theme.small().size);
    let hair = Stroke::new(1.0, theme.border().gamma_multiply(0.5));
    for tick in axis.ticks(began_ns, size * 5.6) {
        let x = tick.x.round() + 0.5;
        ink.painter.vline(x, Rangef::new(regions.axis.bottom() - 3.0, regions.cores.bottom()), hair);
        // The last label may not leave the panel.
        let anchor = if x + size * 3.0 > axis.right + 8.0 { Align2::RIGHT_CENTER } else { Align2::CENTER_CENTER };
        let anchor = if x - size * 1.5 < axis.left { Align2::LEFT_CENTER } else { anchor };
        let galley = ink.painter.layout_no_wrap(tick.label, theme.small(), theme.faint());
        let place = anchor.anchor_size(pos2(x, regions.axis.center().y - 2.0), galley.size());
        // The cursor's flag says the time there better.
        if flag.is_none_or(|flag| !flag.expand(3.0).intersects(place)) {
            ink.painter.galley(place.min, galley, theme.faint());
        }
    }
    ink.painter.hline(axis.left..=axis.right, regions.axis.bottom(), Stroke::new(1.0, theme.border()));
}

/// The name of a row, with a line below it.
pub fn row_name(ink: &Ink<'_>, row: &Row, names: Rangef, last: bool) {
    let theme = ink.theme;
    let scale = theme.scale();
    let (middle, swatch) = (row.space.center().y, 4.0 * scale);
    let colour = theme.worker(row.number);
    let bar = Rect::from_x_y_ranges(names.min..=names.min + swatch, row.band);
    ink.painter.rect_filled(bar, CornerRadius::same(2), colour);
    let left = names.min + swatch + 6.0 * scale;
    let title = ink.text(pos2(left, middle), Align2::LEFT_CENTER, &row.title, theme.strong_small(), theme.text());
    let rest = Rect::from_x_y_ranges(title.right() + 6.0 * scale..=names.max, row.space.y_range());
    let pid = row.pid.trim_start_matches("pid ");
    if rest.width() > 0.0 {
        ink.text_in(rest, Align2::RIGHT_CENTER, pid, theme.small(), theme.faint());
    }
    if !last {
        let hair = Stroke::new(1.0, theme.border().gamma_multiply(0.5));
        ink.painter.hline(names.min..=row.space.right(), row.space.bottom() - 0.5, hair);
    }
}

/// A heading in the column of names, with a line of figures.
pub fn heading(ink: &Ink<'_>, regions: &Regions, beside: Rect, title: &str, figures: &str) {
    let theme = ink.theme;
    let space = Rect::from_x_y_ranges(regions.names, beside.y_range());
    let line = theme.small().size * 1.25;
    let title_space = space.with_max_y(space.top() + line);
    ink.text_in(title_space, Align2::LEFT_CENTER, title, theme.strong_small(), theme.text());
    if space.height() >= 2.0 * line - 2.0 {
        ink.text_in(title_space.translate(vec2(0.0, line)), Align2::LEFT_CENTER, figures, theme.small(), theme.faint());
    }
}

/// The bars of a row.
pub fn row(ink: &Ink<'_>, row: &Row, axis: &Axis, selected: Option<u32>) {
    let theme = ink.theme;
    let colour = theme.worker(row.number);
    let middle = row.space.center().y.round() + 0.5;
    let life = Rangef::new(row.asked_x.max(axis.left), row.exit.map_or(axis.right, |(x, _)| x).min(axis.right));
    if row.asked_x > axis.left {
        let unborn = [pos2(axis.left, middle), pos2(row.asked_x.min(axis.right), middle)];
        ink.painter.extend(Shape::dotted_line(&unborn, theme.border(), 6.0 * theme.scale(), 0.8));
    }
    if life.span() > 0.0 {
        ink.painter.hline(life, middle, Stroke::new(1.0, theme.border()));
    }
    for mark in &row.marks {
        bar(ink, mark, colour, row.number);
    }
    // Columns over bars: what happens between two units is seen, however short.
    columns(ink, row, colour);
    if let Some(x) = row.summed_x {
        let words = format!("sums per {}", words::duration(SUM_INTERVAL_NS));
        let space = Rect::from_x_y_ranges(x..=axis.right, row.band);
        ink.painter.rect_filled(space, CornerRadius::ZERO, theme.canvas());
        ink.painter.vline(x, row.band, Stroke::new(theme.line(1.0), theme.faint()));
        ink.text_in(space.with_min_x(x + 6.0), Align2::LEFT_CENTER, words, theme.small(), theme.faint());
    }
    for mark in row.marks.iter().filter(|mark| mark.unit.is_some() && mark.unit == selected) {
        let stroke = Stroke::new(theme.line(2.0), theme.text());
        ink.painter.rect_stroke(mark.space.expand(1.0), CornerRadius::same(4), stroke, StrokeKind::Outside);
    }
    if let Some((x, exit)) = row.exit.filter(|(x, _)| *x >= axis.left && *x <= axis.right + 1.0) {
        let colour = if exit.is_success() { theme.faint() } else { theme.bad() };
        ink.painter.vline(x, row.band, Stroke::new(theme.line(2.0), colour));
        let words = match exit {
            Exit::Code(code) => format!("exit {code}"),
            exit => exit.to_string(),
        };
        let width = crate::gui::panels::draw::about_width(&words, theme.small().size);
        let right = pos2(x + 4.0, row.space.center().y);
        if x + width + 4.0 <= axis.right + 8.0 {
            ink.text(right, Align2::LEFT_CENTER, words, theme.small(), colour);
        }
    }
}

fn bar(ink: &Ink<'_>, mark: &Mark, colour: egui::Color32, number: u32) {
    let theme = ink.theme;
    let wide = mark.space.width() >= 5.0;
    // One pixel of air at the right keeps neighbours apart.
    let space = if wide { mark.space.with_max_x(mark.space.right() - 1.0) } else { mark.space };
    let radius = CornerRadius::same(if wide { 3 } else { 0 });
    let written = |colour| {
        if let Some(label) = &mark.label {
            let font = if mark.fill == Fill::Computing { theme.strong_small() } else { theme.small() };
            ink.text_in(space, Align2::CENTER_CENTER, label.as_str(), font, colour);
        }
    };
    match mark.fill {
        Fill::Computing => {
            ink.painter.rect_filled(space, radius, colour);
            written(theme.on_worker());
        }
        Fill::Overhead(_) => {
            ink.painter.rect_filled(space, radius, theme.canvas());
            ink.painter.rect_filled(space, radius, colour.gamma_multiply(if wide { 0.16 } else { 0.6 }));
            if wide {
                ink.hatch(space, colour.gamma_multiply(0.55));
                plate(ink, mark, space);
            }
            written(theme.text());
        }
        Fill::Waiting => {
            // The parent waits most of the time, and well so: its waits are no boxes.
            if number > 0 {
                ink.painter.rect_filled(space, radius, theme.canvas());
                ink.dashed_box(space.shrink2(vec2(1.0, 0.5)), theme.faint().gamma_multiply(0.7));
            }
            if number == 0 {
                plate(ink, mark, space);
            }
            written(theme.faint());
        }
        Fill::Summed { computed, .. } => {
            ink.painter.rect_filled(space, CornerRadius::ZERO, colour.gamma_multiply(0.18));
            let top = space.bottom() - space.height() * computed;
            ink.painter.rect_filled(space.with_min_y(top), CornerRadius::ZERO, colour.gamma_multiply(0.6));
            written(theme.text());
        }
        Fill::Folded { .. } => {}
    }
}

/// A quiet ground behind a word on a hatch.
fn plate(ink: &Ink<'_>, mark: &Mark, space: Rect) {
    if let Some(label) = &mark.label {
        let size = ink.theme.small().size;
        let width = crate::gui::panels::draw::about_width(label, size);
        let ground = Rect::from_center_size(space.center(), vec2(width, size * 1.1)).intersect(space);
        ink.painter.rect_filled(ground, CornerRadius::same(2), ink.theme.canvas().gamma_multiply(0.85));
    }
}

fn columns(ink: &Ink<'_>, row: &Row, colour: egui::Color32) {
    let mut mesh = Mesh::default();
    for mark in &row.marks {
        if let Fill::Folded { computed, overhead } = mark.fill {
            mesh.add_colored_rect(mark.space, ink.theme.canvas());
            if row.number == 0 && computed <= 0.0 {
                // The parent's short work: a tick, the brighter the busier.
                mesh.add_colored_rect(mark.space, colour.gamma_multiply(0.4 + 0.6 * overhead));
                continue;
            }
            let height = |share: f32| mark.space.bottom() - mark.space.height() * share.min(1.0);
            let (top, middle) = (height(computed + overhead), height(computed));
            mesh.add_colored_rect(mark.space.with_min_y(top).with_max_y(middle), colour.gamma_multiply(0.4));
            mesh.add_colored_rect(mark.space.with_min_y(middle), colour);
        }
    }
    ink.painter.add(Shape::mesh(mesh));
}

/// Arrows of messages; those of the selected unit stand out.
pub fn arrows(ink: &Ink<'_>, arrows: &[Arrow], selected: bool) {
    let theme = ink.theme;
    let colour = if selected { theme.text() } else { theme.faint().gamma_multiply(0.8) };
    let (width, head) = if selected { (1.8, 7.0) } else { (1.0, 4.5) };
    let (stroke, head) = (Stroke::new(theme.line(width), colour), head * theme.scale());
    for arrow in arrows {
        let Some(to) = arrow.to else {
            ink.painter.circle_filled(arrow.from, head * 0.4, colour);
            continue;
        };
        if selected {
            // A dark seam keeps the line readable over bars of any colour.
            let seam = Stroke::new(stroke.width + 2.5, theme.canvas());
            ink.painter.line_segment([arrow.from, to], seam);
        }
        ink.painter.line_segment([arrow.from, to], stroke);
        ink.arrow_head(to, to - arrow.from, head, colour);
    }
}

/// Says why there are no arrows.
pub fn too_many_arrows(ink: &Ink<'_>, regions: &Regions) {
    let at = regions.rows.right_top() + vec2(-6.0, 3.0);
    let words = "too many messages for arrows: zoom in";
    let galley = ink.painter.layout_no_wrap(words.to_owned(), ink.theme.small(), ink.theme.text());
    let space = Align2::RIGHT_TOP.anchor_size(at, galley.size());
    ink.card(space.expand(4.0), 4, ink.theme.card(), ink.theme.border());
    ink.painter.galley(space.min, galley, ink.theme.text());
}

/// The cursor's flag, if the cursor is in sight: its words and where they lie.
fn flag(ink: &Ink<'_>, axis: &Axis, regions: &Regions, at_ns: u64, began_ns: u64) -> Option<(Arc<Galley>, Rect)> {
    let x = axis.x(at_ns);
    if x < axis.left - 0.5 || x > axis.right + 0.5 {
        return None;
    }
    let words = words::duration(at_ns.saturating_sub(began_ns));
    let galley = ink.painter.layout_no_wrap(words, ink.theme.strong_small(), ink.theme.canvas());
    let size = galley.size() + vec2(12.0, 2.0) * ink.theme.scale();
    let middle = x.clamp(axis.left + size.x / 2.0 - 4.0, axis.right + 8.0 - size.x / 2.0);
    Some((galley, Rect::from_center_size(pos2(middle, regions.axis.center().y - 2.0), size)))
}

/// The cursor: a line through everything and a flag with its time.
pub fn playhead(ink: &Ink<'_>, axis: &Axis, regions: &Regions, at_ns: u64, began_ns: u64) {
    let theme = ink.theme;
    let Some((galley, flag)) = flag(ink, axis, regions, at_ns, began_ns) else { return };
    let (x, colour) = (axis.x(at_ns).round() + 0.5, theme.prediction());
    ink.painter.vline(x, Rangef::new(flag.bottom(), regions.cores.bottom()), Stroke::new(theme.line(1.5), colour));
    ink.painter.rect_filled(flag, CornerRadius::same(4), colour);
    ink.painter.galley(flag.center() - galley.size() / 2.0, galley, theme.canvas());
}

/// What a mark stands for, exactly.
pub fn tip(row: &Row, mark: &Mark, run: &Run) -> String {
    let since = |at_ns: u64| words::duration(at_ns.saturating_sub(run.began_ns));
    let end_ns = mark.to_ns.min(run.last_ns);
    let what = match (mark.fill, mark.unit) {
        (Fill::Computing, Some(unit)) => format!("computing unit {unit}"),
        (Fill::Computing, None) => "computing".to_owned(),
        (Fill::Overhead(kind), Some(unit)) => format!("{} unit {unit}", kind.word()),
        (Fill::Overhead(kind), None) => kind.word().to_owned(),
        (Fill::Waiting, _) if row.number == 0 => "waiting for results".to_owned(),
        (Fill::Waiting, _) => SpanKind::Waiting.word().to_owned(),
        (Fill::Folded { computed, .. }, _) => format!("shorter than a pixel, {:.0} % computing", computed * 100.0),
        (Fill::Summed { computed, units }, _) => {
            format!("{} units as a sum, {:.0} % computing", grouped(units), computed * 100.0)
        }
    };
    let length = words::duration(end_ns.saturating_sub(mark.from_ns));
    format!("{}: {what}\n{} to {} ({length})", row.title, since(mark.from_ns), since(end_ns))
}
