//! The bars of the timeline as shapes. Full is computing, hatched is overhead, a dashed box is waiting;
//! whatever else can happen to a process has a shape of its own.

use egui::{Align2, CornerRadius, Mesh, Rangef, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::axis::Axis;
use super::holds::Hold;
use super::lane::{Fill, Mark};
use super::rows::Row;
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::words;
use crate::model::{Run, SpanKind};
use crate::trace::SUM_INTERVAL_NS;

/// The bars of a row.
pub(super) fn row(ink: &Ink<'_>, row: &Row, axis: &Axis, selected: Option<u32>) {
    let theme = ink.theme;
    let colour = theme.worker(row.hue);
    let middle = row.space.center().y.round() + 0.5;
    // Dots where nobody lives yet, or for a while; a line where somebody does.
    let mut gone = axis.left;
    for life in &row.lives {
        if life.min > gone + 2.0 {
            let nobody = [pos2(gone, middle), pos2(life.min.min(axis.right), middle)];
            ink.painter.extend(Shape::dotted_line(&nobody, theme.border(), 6.0 * theme.scale(), 0.8));
        }
        ink.painter.hline(*life, middle, Stroke::new(1.0, theme.border()));
        gone = life.max;
    }
    for mark in &row.marks {
        bar(ink, mark, colour, row.hue);
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
    row.holds.iter().for_each(|one| hold(ink, one));
    signals(ink, row);
    ends(ink, row, axis);
}

/// A line for a lock that is held; while others wait for it, it has ticks.
pub(super) fn hold(ink: &Ink<'_>, hold: &Hold) {
    let theme = ink.theme;
    if hold.blocking {
        ink.painter.rect_filled(hold.space, CornerRadius::ZERO, theme.blocking().gamma_multiply(0.45));
        ink.bars(hold.space, theme.blocking());
    } else {
        let thin = Stroke::new(theme.line(1.5), theme.held());
        ink.painter.hline(hold.space.x_range(), hold.space.center().y, thin);
    }
}

/// Where lives ended: a line, a cross on it where it ended badly, and the exit's name where there is room.
fn ends(ink: &Ink<'_>, row: &Row, axis: &Axis) {
    let (theme, middle) = (ink.theme, row.space.center().y);
    // A crowd of crosses would hide what it stands for.
    let crowd = row.ends.len() > (axis.width() / 12.0) as usize;
    for end in &row.ends {
        let well = end.exit.is_success();
        let colour = if well { theme.faint() } else { theme.bad() };
        if crowd {
            let notch = Rangef::new(row.band.max - row.band.span() * 0.3, row.band.max);
            ink.painter.vline(end.x, notch, Stroke::new(1.0, colour));
            continue;
        }
        ink.painter.vline(end.x, row.band, Stroke::new(theme.line(2.0), colour));
        if !well {
            let (at, half) = (pos2(end.x, middle), 3.5 * theme.scale());
            let stroke = Stroke::new(theme.line(2.0), colour);
            for side in [vec2(half, half), vec2(half, -half)] {
                ink.painter.line_segment([at - side, at + side], stroke);
            }
        }
        if end.named {
            let at = pos2(end.x + if well { 4.0 } else { 7.0 * theme.scale() }, middle);
            let galley = ink.painter.layout_no_wrap(end.name(), theme.small(), colour);
            let space = Align2::LEFT_CENTER.anchor_size(at, galley.size());
            ink.painter.rect_filled(space.expand2(vec2(1.0, 0.0)), CornerRadius::same(2), theme.canvas());
            ink.painter.galley(space.min, galley, colour);
        }
    }
}

/// A signal: a wedge from above with its name beside it.
fn signals(ink: &Ink<'_>, row: &Row) {
    let (theme, colour) = (ink.theme, ink.theme.prediction());
    let size = 4.5 * theme.scale();
    let mut free = f32::NEG_INFINITY;
    for sign in &row.signals {
        let (x, top) = (sign.x as f32, row.band.min - 1.0);
        let wedge = vec![pos2(x - size, top), pos2(x + size, top), pos2(x, top + 1.7 * size)];
        ink.painter.add(Shape::convex_polygon(wedge, colour, Stroke::new(1.0, theme.canvas())));
        let galley = ink.painter.layout_no_wrap(sign.name.clone(), theme.small(), colour);
        // At its left: at its right the life may end, and that has a name too.
        let space = Align2::RIGHT_CENTER.anchor_size(pos2(x - size - 2.0, row.space.center().y), galley.size());
        if space.left() > free {
            // What is written on the bar below ends before it.
            ink.painter.rect_filled(space.expand2(vec2(4.0, 0.0)), CornerRadius::same(2), theme.canvas());
            ink.painter.galley(space.min, galley, colour);
            free = x + size;
        }
    }
}

pub(super) fn bar(ink: &Ink<'_>, mark: &Mark, colour: egui::Color32, number: u32) {
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
        Fill::Overhead(SpanKind::WaitingForGil) => {
            // A hatch of its own, upright: ready to compute, and held back by a lock.
            ink.painter.rect_filled(space, radius, theme.canvas());
            ink.painter.rect_filled(space, radius, theme.prediction().gamma_multiply(if wide { 0.12 } else { 0.6 }));
            if wide {
                ink.bars(space, theme.prediction().gamma_multiply(0.6));
                plate(ink, mark, space);
            }
            written(theme.text());
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
        Fill::Sleeping => {
            // A thin line with ends: there, and at rest.
            let stroke = Stroke::new(theme.line(1.5), colour.gamma_multiply(0.8));
            ink.painter.hline(space.x_range(), space.center().y, stroke);
            for x in [space.left() + 0.5, space.right() - 0.5] {
                ink.painter.vline(x, space.y_range().shrink(space.height() * 0.25), stroke);
            }
            plate(ink, mark, space);
            written(theme.faint());
        }
        Fill::Blocked { held_up: false } => {
            ink.painter.rect_filled(space, radius, theme.canvas());
            if wide {
                ink.dashed_box(space.shrink2(vec2(0.5, 1.0)), theme.faint().gamma_multiply(0.8));
            } else {
                ink.painter.rect_filled(space.shrink2(vec2(0.0, space.height() * 0.3)), radius, theme.border());
            }
            written(theme.faint());
        }
        Fill::Blocked { held_up: true } => {
            // Upright bars in a dashed box: held up by somebody else.
            ink.painter.rect_filled(space, radius, theme.canvas());
            ink.painter.rect_filled(space, radius, theme.waits().gamma_multiply(if wide { 0.12 } else { 0.7 }));
            if wide {
                ink.bars(space.shrink(1.0), theme.waits().gamma_multiply(0.45));
                ink.dashed_box(space.shrink(0.5), theme.waits());
                plate(ink, mark, space);
            }
            written(theme.text());
        }
        Fill::Call { raised } => {
            let edge = if raised { theme.bad() } else { theme.accent() };
            let fill = if raised { theme.bad_back() } else { theme.card() };
            ink.painter.rect_filled(space, radius, fill);
            let stroke = Stroke::new(theme.line(1.0), edge);
            ink.painter.rect_stroke(space, radius, stroke, StrokeKind::Inside);
            written(if raised { theme.bad() } else { theme.text() });
        }
        Fill::Stopped => {
            ink.painter.rect_filled(space, radius, theme.note_back());
            ink.painter.rect_stroke(
                space,
                radius,
                Stroke::new(theme.line(1.0), theme.prediction()),
                StrokeKind::Inside,
            );
            // Two upright bars, as on a pause button, say it without colour.
            for offset in [4.0, 8.0] {
                let x = space.left() + offset * theme.scale();
                if x < space.right() {
                    let bar = space.y_range().shrink(space.height() * 0.25);
                    ink.painter.vline(x, bar, Stroke::new(theme.line(2.0), theme.prediction()));
                }
            }
            written(theme.text());
        }
        Fill::Zombie => {
            ink.painter.rect_filled(space, radius, theme.bad_back());
            ink.dashed_box(space.shrink(0.5), theme.bad());
            written(theme.bad());
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
            if row.hue == 0 && computed <= 0.0 {
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

/// What a mark stands for, exactly.
pub(super) fn tip(row: &Row, mark: &Mark, run: &Run) -> String {
    let since = |at_ns: u64| words::duration(at_ns.saturating_sub(run.began_ns));
    let end_ns = mark.to_ns.min(run.last_ns);
    let what = match (mark.fill, mark.unit) {
        (Fill::Computing, Some(unit)) => format!("computing unit {unit}"),
        (Fill::Computing, None) => "computing".to_owned(),
        (Fill::Overhead(kind), Some(unit)) => format!("{} unit {unit}", kind.word()),
        (Fill::Overhead(kind), None) => kind.word().to_owned(),
        (Fill::Sleeping, _) => SpanKind::Sleeping.word().to_owned(),
        (Fill::Blocked { .. }, _) => {
            format!("blocked: {}", mark.told.clone().unwrap_or_else(|| "it can't go on".to_owned()))
        }
        (Fill::Call { .. }, _) => mark.told.clone().unwrap_or_else(|| SpanKind::Calling.word().to_owned()),
        (Fill::Stopped, _) => "stopped by SIGSTOP, until it is continued".to_owned(),
        (Fill::Zombie, _) => "a zombie: it has ended, and nobody has joined it yet".to_owned(),
        (Fill::Folded { .. }, _) if mark.told.is_some() => mark.told.clone().unwrap_or_default(),
        (Fill::Waiting, _) if row.hue == 0 => "waiting for results".to_owned(),
        (Fill::Waiting, _) => SpanKind::Waiting.word().to_owned(),
        (Fill::Folded { computed, .. }, _) => format!("shorter than a pixel, {:.0} % computing", computed * 100.0),
        (Fill::Summed { computed, units }, _) => {
            format!("{} units as a sum, {:.0} % computing", grouped(units), computed * 100.0)
        }
    };
    let length = words::duration(end_ns.saturating_sub(mark.from_ns));
    format!("{}: {what}\n{} to {} ({length})", row.title, since(mark.from_ns), since(end_ns))
}
