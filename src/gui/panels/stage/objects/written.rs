//! Cells of shared memory as shapes: each with its number, who wrote it and how long ago, and the lock of all.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, pos2, vec2};

use super::cells::{Cell, Cells, grouped_signed};
use super::layout::Placed;
use super::paint::hold_colour;
use super::seen::Hold;
use super::told::gate_told;
use super::{icon, strip};
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::words::duration;

/// The cells in sight, the strip of all of them where they are many, and their lock.
pub(super) fn cells(ink: &Ink<'_>, cells: &Cells, placed: &Placed) {
    let (theme, parts) = (ink.theme, &placed.parts);
    let is_one = cells.cells.len() == 1;
    for (cell, space) in cells.cells.iter().zip(&parts.cells) {
        self::cell(ink, cell, *space, !is_one);
    }
    if let Some((space, count)) = parts.more_cells {
        ink.text_in(space, Align2::CENTER_CENTER, format!("+ {}", grouped(count)), theme.small(), theme.faint());
    }
    if let Some(space) = parts.strip {
        strip::draw(ink, space, &cells.written(), cells.length);
    }
    // Of one cell there is room to say who wrote it.
    if let ([cell], [space]) = (&cells.cells[..], &parts.cells[..])
        && let Some((who, ago_ns)) = &cell.writer
    {
        let rest = Rect::from_x_y_ranges(space.right() + 8.0..=placed.heading.right(), space.y_range());
        let ago = duration(*ago_ns);
        let words = [
            format!("written by {} {ago} ago", who.title),
            format!("by {}, {ago} ago", who.title),
            format!("by {}", who.title),
        ];
        let words = words.each_ref().map(String::as_str);
        ink.text_or_shorter(rest, Align2::LEFT_CENTER, &words, theme.small(), theme.faint());
    }
    if let (Some(line), Some(lock)) = (parts.lock, &cells.lock) {
        let hold = lock.hold(placed.seen.waiters.len());
        let side = line.height() * 0.72;
        let picture = Rect::from_center_size(pos2(line.left() + side / 2.0, line.center().y), vec2(side, side));
        icon::padlock(ink, picture, hold);
        let rest = line.with_min_x(picture.right() + 5.0);
        let state = gate_told(theme, lock, placed.seen.waiters.len()).0;
        let words =
            if hold == Hold::Free { format!("its lock is free, {state}") } else { format!("its lock: {state}") };
        let brief = words.split(", ").next().unwrap_or(&words);
        ink.text_or_shorter(rest, Align2::LEFT_CENTER, &[&words, brief], theme.small(), hold_colour(theme, hold));
    }
}

/// A number, and below it whose it is, if it says so itself and there is room.
fn cell(ink: &Ink<'_>, cell: &Cell, space: Rect, says: bool) {
    let theme = ink.theme;
    let colour = cell.writer.as_ref().map_or(theme.border(), |(who, _)| theme.worker(who.hue));
    ink.painter.rect_filled(space, CornerRadius::same(4), theme.sunken());
    let stroke = Stroke::new(theme.line(1.5), if cell.clash { theme.lost() } else { colour });
    ink.painter.rect_stroke(space, CornerRadius::same(4), stroke, StrokeKind::Inside);
    if cell.clash {
        ink.hatch(space.shrink(2.0), theme.lost().gamma_multiply(0.45));
    }
    let (line, number) = (theme.small().size * 1.3, grouped_signed(cell.value));
    let writer = cell.writer.as_ref().filter(|_| says && space.height() >= 2.0 * line);
    let Some((who, ago_ns)) = writer else {
        // Whose the number is, as an edge below it.
        let edge = space.with_min_y(space.bottom() - 4.0);
        ink.painter.rect_filled(edge, CornerRadius { nw: 0, ne: 0, sw: 4, se: 4 }, colour);
        ink.text_in(space.shrink(2.0), Align2::CENTER_CENTER, number, theme.strong_small(), theme.text());
        return;
    };
    let lines = if space.height() >= 3.0 * line { 2.0 } else { 1.0 };
    let (upper, lower) = space.split_top_bottom_at_y(space.bottom() - lines * line - 1.0);
    ink.text_in(upper.shrink2(vec2(2.0, 0.0)), Align2::CENTER_CENTER, number, theme.strong_small(), theme.text());
    ink.painter.rect_filled(lower, CornerRadius { nw: 0, ne: 0, sw: 4, se: 4 }, colour);
    let (name, ago) = (who.short(), duration(*ago_ns));
    let (font, colour) = (theme.strong_small(), theme.on_actor(who.hue));
    let put = |space: Rect, words: &str| {
        ink.text_in(space.shrink2(vec2(2.0, 0.0)), Align2::CENTER_CENTER, words, font.clone(), colour);
    };
    // A time without its unit would be another time.
    let ago = ink.fitting(&[&ago, ""], lower.width() - 4.0, &font);
    if lines > 1.0 {
        let (first, second) = lower.split_top_bottom_at_y(lower.center().y);
        put(first, &name);
        put(second, ago);
    } else {
        let both = format!("{name} · {ago}");
        put(lower, ink.fitting(&[&both, &name], lower.width() - 4.0, &font));
    }
}
