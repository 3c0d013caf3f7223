//! The card of a worker as shapes.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, vec2};

use super::cards::Tone;
use super::paint::{pair, progress, tone};
use super::worker::Worker;
use crate::gui::panels::draw::{Ink, about_width};

/// Paints a worker: its name and life, its state, its unit's progress or its threads.
pub(super) fn worker(ink: &Ink<'_>, card: &Worker, selected: Option<u32>) {
    let (theme, scale) = (ink.theme, ink.theme.scale());
    let (space, status) = (card.space, &card.status);
    let colour = theme.worker(card.hue);
    let chosen = status.unit.is_some() && status.unit == selected;
    let (quiet, gone) =
        (matches!(status.tone, Tone::Quiet | Tone::Waits | Tone::Blocked | Tone::Gone), status.tone == Tone::Gone);
    let (fill, edge) = match status.tone {
        Tone::Gone => (theme.canvas(), theme.border()),
        Tone::Bad => (theme.bad_back(), theme.bad()),
        _ => (theme.card(), if quiet { theme.border() } else { colour }),
    };
    ink.card(space, 7, fill, edge);
    let bar = space.with_max_x(space.left() + 5.0 * scale);
    let round = CornerRadius { nw: 7, sw: 7, ne: 0, se: 0 };
    ink.painter.rect_filled(bar, round, if gone { colour.gamma_multiply(0.45) } else { colour });
    if chosen {
        let stroke = Stroke::new(theme.line(2.0), theme.text());
        ink.painter.rect_stroke(space.expand(1.0), CornerRadius::same(8), stroke, StrokeKind::Outside);
    }
    let inner = space.shrink2(vec2(13.0, 5.0) * scale).with_min_x(space.left() + 16.0 * scale);
    let colour_of_state = tone(ink, status, card.hue);
    if space.height() < 46.0 * scale {
        low(ink, card, inner);
        return;
    }
    let (line, track_height) = (theme.body().size * 1.3, 4.0 * scale);
    let mut top = inner.center().y - (2.0 * line + track_height + 3.0) / 2.0;
    let first = Rect::from_x_y_ranges(inner.x_range(), top..=top + line);
    top += line;
    let second = Rect::from_x_y_ranges(inner.x_range(), top..=top + line);
    let track = Rect::from_x_y_ranges(inner.x_range(), top + line + 3.0..=top + line + 3.0 + track_height);
    let cpu = status.cpu.as_ref().map(|cpu| format!("{cpu} · {}", card.pid));
    let life = card.life.as_ref().map(|life| format!("{life} · {}", card.pid));
    pair(
        ink,
        first,
        (&card.title, theme.strong(), theme.text()),
        &[life, card.life.clone(), cpu, Some(card.pid.clone())],
    );
    if !card.threads.is_empty() {
        threads(ink, card, second.with_max_y(track.bottom()));
        return;
    }
    let mut rest = second;
    if let Some((before, well)) = &card.before {
        // News: it outweighs how long the unit has been computed.
        let colour = if *well { theme.faint() } else { theme.bad() };
        let width = |words: &str, font| ink.painter.layout_no_wrap(words.to_owned(), font, colour).size().x;
        let room = second.width() - width(&status.words, theme.body()) - 8.0 * scale;
        let words = [format!("before: exited {before}"), format!("before: {before}"), before.clone()];
        let fitting = words.iter().find(|words| width(words, theme.small()) <= room).unwrap_or(before);
        let told = ink.text_in(second, Align2::RIGHT_CENTER, fitting.as_str(), theme.small(), colour);
        rest.max.x = told.left() - 8.0 * scale;
        ink.text_in(rest, Align2::LEFT_CENTER, status.words.as_str(), theme.body(), colour_of_state);
    } else {
        let times = [status.time(), status.elapsed.clone()];
        pair(ink, second, (&status.words, theme.body(), colour_of_state), &times);
    }
    progress(ink, status, track, colour);
}

/// A card with room for one line.
fn low(ink: &Ink<'_>, card: &Worker, inner: Rect) {
    let (theme, scale, space) = (ink.theme, ink.theme.scale(), card.space);
    let track = Rect::from_min_max(
        egui::pos2(inner.left(), space.bottom() - 3.0 * scale),
        egui::pos2(inner.right(), space.bottom()),
    );
    let title = ink.text_in(inner, Align2::LEFT_CENTER, &card.title, theme.strong_small(), theme.text());
    let rest = inner.with_min_x(title.right() + 10.0 * scale);
    let (words, colour) = match &card.before {
        Some((before, false)) => (format!("before: {before}"), theme.bad()),
        _ => (card.status.words.clone(), tone(ink, &card.status, card.hue)),
    };
    ink.text_in(rest, Align2::RIGHT_CENTER, words, theme.small(), colour);
    progress(ink, &card.status, track.shrink2(vec2(0.0, 0.5)), theme.worker(card.hue));
}

/// A box for each thread: full while it computes, hatched while it waits for a lock, dashed at rest.
fn threads(ink: &Ink<'_>, card: &Worker, space: Rect) {
    let (theme, colour) = (ink.theme, ink.theme.worker(card.hue));
    let count = card.threads.len().max(1) as f32;
    let pitch = space.width() / count;
    for (index, thread) in card.threads.iter().enumerate() {
        let left = space.left() + index as f32 * pitch;
        let cell = Rect::from_x_y_ranges(left..=left + pitch - 3.0, space.y_range().shrink(2.0));
        let round = CornerRadius::same(3);
        let mut written = theme.faint();
        match thread.status.tone {
            Tone::Computing => {
                ink.painter.rect_filled(cell, round, colour);
                written = theme.on_worker();
            }
            Tone::Overhead => {
                ink.painter.rect_filled(cell, round, colour.gamma_multiply(0.16));
                ink.hatch(cell, colour.gamma_multiply(0.4));
                written = theme.text();
            }
            Tone::Bad => {
                ink.painter.rect_filled(cell, round, theme.bad_back());
                written = theme.bad();
            }
            Tone::Quiet | Tone::Waits | Tone::Blocked | Tone::Gone => {
                ink.dashed_box(cell.shrink(0.5), theme.faint().gamma_multiply(0.7));
            }
        }
        let size = theme.small().size;
        let full = format!("thread {}: {}", thread.number, thread.brief);
        let words =
            [full.as_str(), thread.brief.as_str()].into_iter().find(|words| about_width(words, size) <= cell.width());
        ink.text_in(
            cell.shrink2(vec2(2.0, 0.0)),
            Align2::CENTER_CENTER,
            words.unwrap_or(&thread.brief),
            theme.small(),
            written,
        );
    }
}
