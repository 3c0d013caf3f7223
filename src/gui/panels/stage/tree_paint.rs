//! The tree of processes as shapes.

use egui::{Align2, CornerRadius, Rect, Shape, Stroke, pos2, vec2};

use super::cards::Tone;
use super::paint::tone;
use super::tree::{Card, Edge, Tree};
use crate::gui::panels::draw::{Ink, with_short_names};

/// Paints lines, then cards.
pub(super) fn tree(ink: &Ink<'_>, tree: &Tree) {
    for one in &tree.edges {
        edge(ink, one);
    }
    for one in &tree.cards {
        card(ink, one);
    }
}

/// A line while the child lives; dashes before and after.
fn edge(ink: &Ink<'_>, edge: &Edge) {
    let theme = ink.theme;
    let middle = f32::midpoint(edge.from.x, edge.to.x).round() + 0.5;
    let points = [edge.from, pos2(middle, edge.from.y), pos2(middle, edge.to.y), edge.to];
    let colour = if edge.alive { theme.faint() } else { theme.border() };
    let stroke = Stroke::new(theme.line(1.5), colour);
    if edge.alive {
        ink.painter.add(Shape::line(points.to_vec(), stroke));
        ink.arrow_head(edge.to, vec2(1.0, 0.0), 6.0 * theme.scale(), colour);
    } else {
        ink.painter.extend(Shape::dashed_line(&points, stroke, 4.0, 3.0));
    }
}

/// A process, or a thread within the frame of one.
pub(super) fn card(ink: &Ink<'_>, card: &Card) {
    let (theme, scale) = (ink.theme, ink.theme.scale());
    let (space, status) = (card.space, &card.status);
    let colour = theme.worker(card.hue);
    let (fill, border) = match status.tone {
        Tone::Gone => (theme.canvas(), theme.border()),
        Tone::Bad => (theme.bad_back(), theme.bad()),
        Tone::Quiet | Tone::Waits | Tone::Blocked => (theme.card(), theme.border()),
        Tone::Computing | Tone::Overhead => (theme.card(), colour),
    };
    ink.card(space, 7, fill, border);
    let waits = matches!(status.tone, Tone::Waits | Tone::Blocked);
    if waits {
        let colour = if status.tone == Tone::Blocked { theme.waits() } else { theme.faint() };
        ink.dashed_box(space.shrink(0.5), colour);
    }
    let bar = space.with_max_x(space.left() + 5.0 * scale);
    let faded = if status.tone == Tone::Gone { colour.gamma_multiply(0.45) } else { colour };
    ink.painter.rect_filled(bar, CornerRadius { nw: 7, sw: 7, ne: 0, se: 0 }, faded);
    let inner = space.shrink2(vec2(10.0, 4.0) * scale).with_min_x(space.left() + 14.0 * scale);
    let inside = ink.painter.with_clip_rect(space.intersect(ink.painter.clip_rect()));
    let ink = &Ink::new(&inside, theme);
    let state = tone(ink, status, card.hue);
    let line = theme.body().size * 1.3;
    let lines = ((inner.height() + 2.0) / line) as usize;
    let short = with_short_names(&status.words);
    let texts: Vec<&str> = [&status.words, &short].into_iter().chain(&card.brief).map(String::as_str).collect();
    if lines < 2 {
        // Where not both fit in few words, the state comes first: the name is also said by the colour.
        let wide = |words: &str, font| ink.painter.layout_no_wrap(words.to_owned(), font, state).size().x;
        let gap = 8.0 * scale;
        let beside = |title: &String| inner.width() - gap - wide(title, theme.strong());
        // Fewer letters of the name are better than fewer words.
        let rooms = card.titles().each_ref().map(beside);
        let fits = |words: &&str| rooms.into_iter().find(|room| wide(words, theme.small()) <= *room);
        let room = texts.iter().find_map(fits).unwrap_or(rooms[1].max(inner.width() * 0.52));
        let words = ink.fitting(&texts, room, &theme.small());
        let space = inner.with_min_x(inner.right() - room);
        let told = ink.text_in(space, Align2::RIGHT_CENTER, words, theme.small(), state);
        heading(ink, card, inner.with_max_x(told.left() - gap), false);
        return;
    }
    // What it waits for may take several lines: then what it said last gives way.
    let state_font = if waits { theme.small() } else { theme.body() };
    let galley = |words: &str| ink.painter.layout_no_wrap(words.to_owned(), state_font.clone(), state).size().x;
    let long = waits && lines >= 3 && galley(&status.words) > inner.width();
    let more = if long { ((galley(&status.words) / inner.width()) * 1.15).ceil().min(lines as f32 - 1.0) } else { 1.0 };
    let said = card.said.as_ref().filter(|_| lines >= 3 && !long);
    let used = line * if said.is_some() { 3.0 } else { 1.0 + more };
    let top = inner.center().y - used / 2.0;
    let row = |number: f32| Rect::from_x_y_ranges(inner.x_range(), top + number * line..=top + (number + 1.0) * line);
    heading(ink, card, row(0.0), true);
    if long {
        ink.text_wrapped(row(1.0).union(row(more)), more as usize, &texts, &state_font, state);
    } else {
        let words = ink.fitting(&texts, inner.width(), &state_font);
        ink.text_in(row(1.0), Align2::LEFT_CENTER, words, state_font.clone(), state);
    }
    if let Some(said) = said {
        ink.text_in(row(2.0), Align2::LEFT_CENTER, format!("» {said}"), theme.code(), theme.faint());
    }
}

/// The name, a mark for a daemon or a manager and, where there is room, the process id; answers what is left.
fn heading(ink: &Ink<'_>, card: &Card, line: Rect, with_pid: bool) -> Rect {
    let (theme, scale) = (ink.theme, ink.theme.scale());
    let titles = card.titles();
    let title = ink.fitting(&titles.each_ref().map(String::as_str), line.width(), &theme.strong());
    let title = ink.text_in(line, Align2::LEFT_CENTER, title, theme.strong(), theme.text());
    let mut left = title.right() + 6.0 * scale;
    if let Some(tag) = card.tag {
        let galley = ink.painter.layout_no_wrap(tag.to_owned(), theme.small(), theme.faint());
        let at = pos2(left + 4.0 * scale, line.center().y);
        let space = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        if space.right() + 6.0 * scale <= line.right() {
            let frame = space.expand2(vec2(4.0, 0.0) * scale);
            let stroke = Stroke::new(theme.line(1.0), theme.border());
            ink.painter.rect_stroke(frame, CornerRadius::same(4), stroke, egui::StrokeKind::Inside);
            ink.painter.galley(space.min, galley, theme.faint());
            left = frame.right() + 6.0 * scale;
        }
    }
    let rest = line.with_min_x(left.min(line.right()));
    if with_pid {
        let galley = ink.painter.layout_no_wrap(card.pid.clone(), theme.small(), theme.faint());
        if galley.size().x <= rest.width() {
            let space = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), line);
            ink.painter.galley(space.min, galley, theme.faint());
        }
    }
    rest
}
