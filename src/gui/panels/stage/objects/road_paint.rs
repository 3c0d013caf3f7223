//! A road of messages as shapes: the buffers of those who write, the pipe as a tube with walls, its reader.

use egui::{Align2, Color32, CornerRadius, Rangef, Rect, Stroke, StrokeKind, pos2, vec2};

use super::icon;
use super::road::{RoadParts, Traffic};
use super::seen::{Road, Who};
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::words::bytes;

/// The three stations, what is in them, and their figures.
pub(super) fn road(ink: &Ink<'_>, road: &Road, parts: &RoadParts) {
    let theme = ink.theme;
    links(ink, parts);
    station(ink, parts.writer, parts.waits[0].then_some(theme.waits()));
    for (bar, hue) in &parts.bars {
        ink.painter.rect_filled(*bar, CornerRadius::same(2), theme.worker(*hue));
    }
    // Of one buffer there is room to say whose it is.
    let mut full = road.buffers.iter().zip(&parts.bars).filter(|((_, messages, _), _)| *messages > 0);
    if let (Some(((who, ..), (bar, _))), None) = (full.next(), full.next()) {
        let name = ink.painter.layout_no_wrap(who.short(), theme.strong_small(), theme.text());
        let is_inside = name.size().x + 8.0 <= bar.width() && bar.height() >= theme.small().size;
        let colour = if is_inside { theme.on_actor(who.hue) } else { theme.text() };
        let left = if is_inside { bar.left() + 4.0 } else { bar.right() + 3.0 };
        let place = Rect::from_x_y_ranges(left..=parts.writer.right(), parts.writer.y_range());
        if name.size().x <= place.width() {
            ink.text_in(place, Align2::LEFT_CENTER, who.short(), theme.strong_small(), colour);
        }
    }
    let (writing, reading) = (parts.waits[0].then_some(theme.waits()), parts.waits[1].then_some(theme.faint()));
    let writers_named = road.fed || ends(ink, &road.ends.0, parts.writer, writing);
    pipe(ink, road, parts);
    station(ink, parts.reader, reading);
    let readers_named = ends(ink, &road.ends.1, parts.reader, reading);
    let Some([left, middle, right]) = parts.captions else { return };
    // A queue has a buffer to tell of; a pipe has two ends.
    let (messages, size) = road.buffered();
    let (size, count) = (bytes(size), grouped(messages.into()));
    let (whole, fill, in_pipe) = (format!("{count} · {size}"), road.fill(), bytes(road.pipe_bytes));
    let (end, other) = match &*road.label {
        "" => (String::new(), String::new()),
        label => (format!("end {label}"), format!("end {}", if label == "0" { "1" } else { "0" })),
    };
    // Who is not named in the box is named below it.
    let told = |who: &[Who], is_named: bool, end: &str, noun: &str| {
        let many = if who.len() > 1 { "s" } else { "" };
        let what = if end.is_empty() { format!("{noun}{many}") } else { end.to_owned() };
        let names = who.iter().map(Who::short).collect::<Vec<_>>().join(", ");
        let count = if end.is_empty() { format!("{} {noun}s", who.len()) } else { format!("{end}: {}", who.len()) };
        match is_named || who.is_empty() {
            true => vec![what],
            false if end.is_empty() => vec![names, count],
            false => vec![format!("{end}: {names}"), names, count],
        }
    };
    let writers = match (road.fed, messages) {
        (true, 0) => vec!["buffer empty".to_owned(), "empty".to_owned()],
        (true, _) => vec![whole, size, count],
        (false, _) => told(&road.ends.0, writers_named, &end, "writer"),
    };
    let readers = told(&road.ends.1, readers_named, &other, "reader");
    caption(ink, left, &writers, parts.waits[0].then_some(theme.waits()));
    caption(ink, middle, &[fill, in_pipe], None);
    caption(ink, right, &readers, None);
}

/// Which way it goes.
fn links(ink: &Ink<'_>, parts: &RoadParts) {
    let (theme, y) = (ink.theme, parts.pipe.center().y);
    for (from, to) in [(parts.writer.right(), parts.pipe.left()), (parts.pipe.right(), parts.reader.left())] {
        ink.painter.hline(from..=to - 2.0, y, Stroke::new(theme.line(1.5), theme.faint()));
        ink.arrow_head(pos2(to - 1.0, y), vec2(1.0, 0.0), 6.0 * theme.scale(), theme.faint());
    }
}

/// A box; dashed while somebody waits there.
pub(super) fn station(ink: &Ink<'_>, space: Rect, waits: Option<Color32>) {
    let theme = ink.theme;
    ink.painter.rect_filled(space, CornerRadius::same(4), theme.sunken());
    if let Some(colour) = waits {
        ink.dashed_box(space.shrink(0.5), colour);
    } else {
        let stroke = Stroke::new(theme.line(1.0), theme.border());
        ink.painter.rect_stroke(space, CornerRadius::same(4), stroke, StrokeKind::Inside);
    }
}

/// Those at an end by their names, or by their colours and numbers where there is no room; and an hourglass. Answers
/// whether they are named.
fn ends(ink: &Ink<'_>, who: &[Who], space: Rect, waits: Option<Color32>) -> bool {
    let (theme, scale) = (ink.theme, ink.theme.scale());
    let (side, gap) = ((space.height() * 0.5).min(12.0 * scale), 3.0);
    let names: Vec<_> = who
        .iter()
        .map(|one| ink.painter.layout_no_wrap(one.short(), theme.strong_small(), theme.on_actor(one.hue)))
        .collect();
    let named: f32 = names.iter().map(|name| name.size().x + 6.0 * scale + gap).sum::<f32>() - gap;
    let is_named = named <= space.width() - 4.0 && space.height() >= theme.small().size + 2.0;
    // That somebody waits is also said below: names come first.
    let with_glass = side + gap + 1.0;
    let waits = waits.filter(|_| !is_named || named + with_glass <= space.width() - 4.0);
    let glass = if waits.is_some() { with_glass } else { 0.0 };
    let fit = ((space.width() - glass - 4.0) / (side + gap)) as usize;
    let shown = if is_named { who.len() } else { who.len().min(fit).min(6) };
    let wide = glass + if is_named { named } else { shown as f32 * (side + gap) - gap };
    let mut left = space.center().x - wide / 2.0;
    if let Some(colour) = waits {
        let glass = Rect::from_min_size(pos2(left, space.center().y - side / 2.0), vec2(side, side));
        icon::hourglass(ink, glass, colour);
        left += side + gap + 1.0;
    }
    for (one, name) in who.iter().zip(names).take(shown) {
        let size = if is_named {
            vec2(name.size().x + 6.0 * scale, name.size().y.min(space.height() - 4.0))
        } else {
            vec2(side, side)
        };
        let chip = Rect::from_min_size(pos2(left, space.center().y - size.y / 2.0), size);
        ink.painter.rect_filled(chip, CornerRadius::same(3), theme.worker(one.hue));
        let name = if is_named {
            name
        } else {
            ink.painter.layout_no_wrap(one.mark(), theme.strong_small(), theme.on_actor(one.hue))
        };
        if name.size().x <= chip.width() {
            let place = Align2::CENTER_CENTER.align_size_within_rect(name.size(), chip);
            ink.painter.galley(place.min, name, theme.on_actor(one.hue));
        }
        left += size.x + gap;
    }
    is_named
}

fn pipe(ink: &Ink<'_>, road: &Road, parts: &RoadParts) {
    let theme = ink.theme;
    let space = parts.pipe;
    ink.painter.rect_filled(space, CornerRadius::ZERO, theme.sunken());
    let full = road.pipe_capacity > 0 && road.pipe_bytes * 20 >= road.pipe_capacity * 19;
    let colour = if full { theme.blocking() } else { theme.accent() };
    // Filled from the reader's end, where the next message is.
    let fill = parts.fill.translate(vec2(space.right() - 2.0 - parts.fill.right(), 0.0));
    ink.painter.rect_filled(fill, CornerRadius::ZERO, colour.gamma_multiply(0.22));
    if full {
        ink.hatch(fill, colour.gamma_multiply(0.35));
    }
    match &parts.traffic {
        Traffic::Tokens(tokens) => {
            for (token, number) in tokens {
                ink.painter.rect_filled(*token, CornerRadius::same(3), colour);
                let label = number.to_string();
                if token.width() > theme.small().size * (0.65 * label.len() as f32 + 0.4) {
                    ink.text(token.center(), Align2::CENTER_CENTER, label, theme.strong_small(), theme.on_accent());
                }
            }
        }
        Traffic::Lines(lines) => {
            for x in lines {
                ink.painter.vline(*x, space.y_range().shrink(4.0), Stroke::new(1.0, colour));
            }
        }
        Traffic::Count(count) => {
            let words = format!("{} messages", grouped((*count).into()));
            ink.text_in(space.shrink(3.0), Align2::CENTER_CENTER, words, theme.strong_small(), theme.text());
        }
    }
    // Walls above and below, open at both ends.
    let wall = Stroke::new(theme.line(2.0), theme.faint());
    for y in [space.top() + 0.5, space.bottom() - 0.5] {
        ink.painter.hline(Rangef::new(space.left(), space.right()), y, wall);
    }
}

/// The longest of these words that fits.
pub(super) fn caption(ink: &Ink<'_>, space: Rect, words: &[String], waits: Option<Color32>) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = ink.fitting(&words, space.width(), &ink.theme.small());
    let colour = waits.unwrap_or(ink.theme.faint());
    ink.text_in(space, Align2::CENTER_CENTER, words, ink.theme.small(), colour);
}
