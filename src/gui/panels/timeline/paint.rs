//! What surrounds the bars of the timeline, as shapes: ticks, names, headings, arrows, the cursor.

use std::sync::Arc;

use egui::{Align2, CornerRadius, Galley, Rangef, Rect, Stroke, pos2, vec2};

use super::axis::Axis;
use super::layout::{Arrow, Regions};
use super::rows::Row;
use crate::gui::panels::draw::Ink;
use crate::gui::words;

/// The ticks, with hair lines through rows, curve and cores.
pub fn axis(ink: &Ink<'_>, axis: &Axis, regions: &Regions, began_ns: u64, at_ns: u64) {
    let flag = flag(ink, axis, regions, at_ns, began_ns).map(|(_, space)| space);
    let (theme, size) = (ink.theme, ink.theme.small().size);
    let hair = Stroke::new(1.0, theme.border().gamma_multiply(0.5));
    let mut free = f32::NEG_INFINITY;
    for tick in axis.ticks(began_ns, size * 5.6) {
        let x = tick.x.round() + 0.5;
        ink.painter.vline(x, Rangef::new(regions.axis.bottom() - 3.0, regions.cores.bottom()), hair);
        // The last label may not leave the panel.
        let anchor = if x + size * 3.0 > axis.right + 8.0 { Align2::RIGHT_CENTER } else { Align2::CENTER_CENTER };
        let anchor = if x - size * 1.5 < axis.left { Align2::LEFT_CENTER } else { anchor };
        let galley = ink.painter.layout_no_wrap(tick.label, theme.small(), theme.faint());
        let place = anchor.anchor_size(pos2(x, regions.axis.center().y - 2.0), galley.size());
        // The cursor's flag says the time there better.
        if flag.is_none_or(|flag| !flag.expand(3.0).intersects(place)) && place.left() > free {
            free = place.right() + 4.0;
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
    let colour = theme.worker(row.hue);
    let indent = names.min + (row.depth.min(6) as f32 * 9.0 * scale).min(names.span() * 0.4);
    if row.depth > 0 {
        // An elbow from the one above.
        let (x, hair) = (indent - 5.0 * scale, Stroke::new(theme.line(1.0), theme.border()));
        ink.painter.vline(x, Rangef::new(row.space.top(), middle), hair);
        ink.painter.hline(x..=indent - 1.0, middle, hair);
    }
    let bar = Rect::from_x_y_ranges(indent..=indent + swatch, row.band);
    ink.painter.rect_filled(bar, CornerRadius::same(2), colour);
    let left = indent + swatch + 6.0 * scale;
    let room = Rect::from_x_y_ranges(left..=names.max, row.space.y_range());
    let title = ink.text_in(room, Align2::LEFT_CENTER, row.title.as_str(), theme.strong_small(), theme.text());
    debug_assert!((title.center().y - middle).abs() < 2.0);
    let rest = Rect::from_x_y_ranges(title.right() + 6.0 * scale..=names.max, row.space.y_range());
    let pid = row.pid.trim_start_matches("pid ");
    // Half a number would be another number.
    let galley = ink.painter.layout_no_wrap(pid.to_owned(), theme.small(), theme.faint());
    if galley.size().x <= rest.width() {
        let place = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), rest);
        ink.painter.galley(place.min, galley, theme.faint());
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
