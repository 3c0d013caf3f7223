//! The stage's cards, roads and tokens as shapes.

use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::buffer_paint;
use super::cards::{Chip, Parent, Status, Tone};
use super::layout::{Scene, Titled};
use super::road::{Lane, Token, Traffic};
use super::worker_paint::worker;
use crate::gui::panels::draw::Ink;
use crate::trace::Medium;

/// Everything but what can be hovered alone.
pub fn scene(ink: &Ink<'_>, scene: &Scene, pace_ns: u64, selected: Option<u32>) {
    let theme = ink.theme;
    if let Some(process) = &scene.process {
        ink.card(process.space, 10, theme.canvas(), theme.border());
        let line = process
            .space
            .shrink2(vec2(10.0 * theme.scale(), 0.0))
            .with_max_y(process.space.top() + 22.0 * theme.scale());
        if !scene.tight {
            ink.text_in(line, Align2::LEFT_CENTER, &process.title, theme.small(), theme.faint());
        }
    }
    for lane in &scene.lanes {
        road(ink, lane);
    }
    for lane in &scene.lanes {
        traffic(ink, scene, lane, pace_ns, selected);
    }
    let per_mark = scene.messages_per_mark().map(|count| format!(" · 1 mark = {count} messages"));
    for (label, more) in [(&scene.task_label, per_mark.as_deref()), (&scene.result_label, None)] {
        if let Some((at, words)) = label.as_ref().filter(|_| !scene.tight) {
            road_label(ink, *at, &(words.clone() + more.unwrap_or_default()), scene);
        }
    }
    if let Some(card) = &scene.parent {
        parent(ink, card, selected);
    }
    if let Some(server) = &scene.fork_server {
        titled(ink, server);
    }
    for card in &scene.workers {
        worker(ink, card, selected);
    }
    if let Some(more) = &scene.more {
        titled(ink, more);
    }
    if let Some(band) = &scene.buffer {
        buffer_paint::band(ink, band, selected);
    }
}

/// The words above and below the roads may lie over the free canvas between the cards, not over them.
fn road_label(ink: &Ink<'_>, at: Pos2, words: &str, scene: &Scene) {
    let theme = ink.theme;
    let right = scene.process.as_ref().map(|frame| frame.space.right() - 10.0);
    let right = right.or(scene.workers.first().map(|card| card.space.right())).unwrap_or(at.x);
    let left = scene.parent.as_ref().map_or(at.x, |card| card.space.right() + 8.0);
    let galley = ink.painter.layout_no_wrap(words.to_owned(), theme.small(), theme.faint());
    let x = (at.x - galley.size().x / 2.0).max(left).min((right - galley.size().x).max(left));
    let space = Rect::from_min_max(pos2(x, at.y - 10.0 * theme.scale()), pos2(right, at.y + 10.0 * theme.scale()));
    ink.text_in(space, Align2::LEFT_CENTER, words, theme.small(), theme.faint());
}

/// A pipe is a tube with walls; a queue of references is a dotted line. Chevrons say the direction.
fn road(ink: &Ink<'_>, lane: &Lane) {
    let theme = ink.theme;
    let wide = lane.tube;
    let points = lane.road.points(0.0, 1.0);
    match lane.medium {
        Medium::Pipe => {
            ink.painter.add(Shape::line(points.clone(), Stroke::new(wide, theme.border())));
            if !lane.task {
                ink.painter
                    .add(Shape::line(points, Stroke::new(wide - theme.line(2.0).min(wide * 0.5), theme.canvas())));
            }
            if lane.full > 0.0 {
                let colour = theme.worker(lane.worker).gamma_multiply(0.8);
                let filled = lane.road.points(1.0 - lane.full, 1.0);
                ink.painter.add(Shape::line(filled, Stroke::new(wide * 0.6, colour)));
            }
        }
        Medium::Memory => {
            let stroke = Stroke::new(theme.line(1.5), theme.border());
            ink.painter.extend(Shape::dashed_line(&points, stroke, 5.0, 4.0));
        }
    }
    if !matches!(lane.traffic, Traffic::Ribbon { .. }) {
        for t in [0.2, 0.5, 0.8] {
            chevron(ink, lane.road.at(t), lane.road.along(t), theme.faint());
        }
    }
}

fn chevron(ink: &Ink<'_>, at: Pos2, along: egui::Vec2, colour: Color32) {
    let size = 3.2 * ink.theme.scale();
    let side = vec2(-along.y, along.x) * size;
    let points = vec![at - along * size * 0.5 + side, at + along * size * 0.6, at - along * size * 0.5 - side];
    ink.painter.add(Shape::line(points, Stroke::new(ink.theme.line(1.2), colour)));
}

fn traffic(ink: &Ink<'_>, scene: &Scene, lane: &Lane, pace_ns: u64, selected: Option<u32>) {
    let theme = ink.theme;
    let colour = if lane.task { theme.worker(0) } else { theme.worker(lane.worker) };
    match &lane.traffic {
        Traffic::Tokens(tokens) => {
            // The last of the queue first, so that the next one to be read lies on top.
            for one in tokens.iter().rev() {
                token(ink, lane, one, one.unit.is_some() && one.unit == selected);
            }
            // Sizes where the rows leave room for a line.
            if scene.workers.first().is_some_and(|card| card.space.height() >= 46.0 * theme.scale()) {
                sizes(ink, lane, tokens);
            }
        }
        Traffic::Marks(count) => {
            let half = theme.line(4.0);
            for mark in 0..*count {
                let t = (mark as f32 + 0.5) / *count as f32;
                let (at, along) = (lane.road.at(t), lane.road.along(t));
                let side = vec2(-along.y, along.x) * half;
                ink.painter.line_segment([at - side, at + side], Stroke::new(theme.line(1.2), colour));
            }
        }
        Traffic::Ribbon { count, .. } => {
            let most = scene.busiest().unwrap_or(1).max(1);
            let width = (2.0 + 10.0 * *count as f32 / most as f32) * theme.scale();
            ink.painter.add(Shape::line(lane.road.points(0.0, 1.0), Stroke::new(width, colour.gamma_multiply(0.75))));
            let marks = count / scene.messages_per_mark().unwrap_or(1).max(1);
            for mark in 0..marks {
                let t = (mark as f32 + 0.5) / marks as f32;
                chevron(ink, lane.road.at(t), lane.road.along(t), theme.canvas());
            }
        }
    }
    if let Some(words) = lane.traffic.words(pace_ns).filter(|_| lane.task) {
        count(ink, lane, &words);
    }
}

/// The count of a lane, written on it.
fn count(ink: &Ink<'_>, lane: &Lane, words: &str) {
    let theme = ink.theme;
    let galley = ink.painter.layout_no_wrap(words.to_owned(), theme.small(), theme.text());
    let ground = Rect::from_center_size(lane.road.at(0.5), galley.size() + vec2(10.0, 1.0));
    ink.card(ground, 4, theme.canvas(), theme.border());
    ink.painter.galley(ground.center() - galley.size() / 2.0, galley, theme.text());
}

/// A task is square and neutral, a result round and in its worker's colour.
fn token(ink: &Ink<'_>, lane: &Lane, token: &Token, selected: bool) {
    let theme = ink.theme;
    let radius = CornerRadius::same(if lane.task { 3 } else { (token.space.height() / 2.0) as u8 });
    let fill = match (token.unit, lane.task) {
        (None, _) => theme.card(),
        (Some(_), true) => theme.worker(0),
        (Some(_), false) => theme.worker(lane.worker),
    };
    ink.painter.rect_filled(token.space.expand(1.5), radius, theme.canvas());
    ink.painter.rect_filled(token.space, radius, fill);
    if token.unit.is_none() {
        let stroke = Stroke::new(theme.line(1.0), theme.worker(lane.worker));
        ink.painter.rect_stroke(token.space, radius, stroke, StrokeKind::Inside);
    }
    if selected {
        let stroke = Stroke::new(theme.line(2.0), theme.text());
        ink.painter.rect_stroke(token.space.expand(1.5), radius, stroke, StrokeKind::Outside);
    }
    let colour = if token.unit.is_some() { on(ink, fill) } else { theme.text() };
    ink.text(token.space.center(), Align2::CENTER_CENTER, &token.label, theme.strong_small(), colour);
}

/// The sizes of messages, between the two roads of a pair; never over a card, nor over one another.
fn sizes(ink: &Ink<'_>, lane: &Lane, tokens: &[Token]) {
    let theme = ink.theme;
    let (left, right) = (lane.road.from.x.min(lane.road.to.x), lane.road.from.x.max(lane.road.to.x));
    let mut taken: Option<Rect> = None;
    for token in tokens {
        let galley = ink.painter.layout_no_wrap(token.bytes.clone(), theme.small(), theme.faint());
        let (half, middle) = (galley.size().x / 2.0 + 4.0, token.space.center().x);
        let x = middle.max(left + half).min(right - half);
        let (at, anchor) = if lane.task {
            (pos2(x, token.space.bottom()), Align2::CENTER_TOP)
        } else {
            (pos2(x, token.space.top()), Align2::CENTER_BOTTOM)
        };
        let place = anchor.anchor_size(at, galley.size());
        if taken.is_none_or(|taken| !taken.expand(3.0).intersects(place)) {
            ink.painter.galley(place.min, galley, theme.faint());
            taken = Some(place);
        }
    }
}

/// Black on the bright colours; on a dark neutral in the light theme, white.
fn on(ink: &Ink<'_>, fill: Color32) -> Color32 {
    let theme = ink.theme;
    if fill == theme.worker(0) && !theme.dark { theme.canvas() } else { theme.on_worker() }
}

pub(super) fn tone(ink: &Ink<'_>, status: &Status, hue: u32) -> Color32 {
    let theme = ink.theme;
    match status.tone {
        Tone::Bad => theme.bad(),
        Tone::Blocked => theme.waits(),
        Tone::Quiet | Tone::Waits | Tone::Gone => theme.faint(),
        Tone::Computing | Tone::Overhead => theme.worker_words(hue),
    }
}

/// Words at the left of a line and, at its right, the longest of the faint ones that fits.
pub(super) fn pair(ink: &Ink<'_>, line: Rect, left: (&str, egui::FontId, Color32), right: &[Option<String>]) {
    let (text, font, colour) = left;
    let (theme, taken) = (ink.theme, ink.text_in(line, Align2::LEFT_CENTER, text, font, colour));
    let rest = line.right() - taken.right() - 8.0 * theme.scale();
    let galley = |words: &String| ink.painter.layout_no_wrap(words.clone(), theme.small(), theme.faint());
    if let Some(galley) = right.iter().flatten().map(galley).find(|galley| galley.size().x <= rest) {
        let place = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), line);
        ink.painter.galley(place.min, galley, theme.faint());
    }
}

/// A bar only where its end is known; a live unit has none.
pub(super) fn progress(ink: &Ink<'_>, status: &Status, track: Rect, colour: Color32) {
    let radius = CornerRadius::same(2);
    if let Some(share) = status.progress {
        ink.painter.rect_filled(track, radius, ink.theme.border());
        ink.painter.rect_filled(track.with_max_x(track.left() + track.width() * share.min(1.0)), radius, colour);
    }
}

fn parent(ink: &Ink<'_>, card: &Parent, selected: Option<u32>) {
    let theme = ink.theme;
    ink.card(card.space, 9, theme.card(), theme.border());
    let inside = ink.painter.with_clip_rect(card.space.intersect(ink.painter.clip_rect()));
    let ink = &Ink::new(&inside, theme);
    let [title, pid, state] = card.lines;
    let status = &card.status;
    if let Some(waiting) = &card.compact {
        pair(ink, title, ("Parent", theme.strong(), theme.text()), &[Some(waiting.clone())]);
    } else {
        ink.text_in(title, Align2::LEFT_CENTER, "Parent", theme.strong(), theme.text());
        ink.text_in(pid, Align2::LEFT_CENTER, &card.pid, theme.small(), theme.faint());
        pair(
            ink,
            state,
            (&status.words, theme.small(), tone(ink, status, 0)),
            &[status.time(), status.elapsed.clone()],
        );
    }
    if let Some(bar) = card.bar {
        progress(ink, &card.status, bar, theme.worker(0));
    }
    for (space, words) in [&card.waiting_heading, &card.results_heading] {
        ink.text_in(*space, Align2::LEFT_CENTER, words, theme.small(), theme.faint());
    }
    for one in card.waiting.iter().chain(&card.results) {
        chip(ink, one, card.results.contains(one), selected == Some(one.unit));
    }
    if let Some((space, words)) = &card.more {
        ink.text_in(*space, Align2::LEFT_CENTER, words, theme.small(), theme.faint());
    }
    if let (Some(first), Some(last)) = (card.strip.first(), card.strip.last()) {
        let whole = first.space.union(last.space);
        ink.painter.rect_filled(whole, CornerRadius::ZERO, theme.canvas());
        for column in &card.strip {
            let top = column.space.bottom() - column.space.height() * column.share;
            let colour = column.worker.map_or(theme.border(), |worker| theme.worker(worker));
            ink.painter.rect_filled(column.space.with_min_y(top), CornerRadius::ZERO, colour);
        }
        ink.painter.rect_stroke(whole, CornerRadius::ZERO, Stroke::new(1.0, theme.border()), StrokeKind::Outside);
    }
}

/// A waiting unit is neutral; a result has its worker's colour, and a missing one is an empty frame.
fn chip(ink: &Ink<'_>, chip: &Chip, result: bool, selected: bool) {
    let theme = ink.theme;
    let radius = CornerRadius::same(3);
    let (fill, ink_colour) = match (result, chip.worker) {
        (true, None) => (None, theme.faint()),
        (true, Some(worker)) => (Some(theme.worker(worker)), on(ink, theme.worker(worker))),
        (false, _) => (Some(theme.border()), theme.text()),
    };
    match fill {
        Some(fill) => _ = ink.painter.rect_filled(chip.space, radius, fill),
        None => _ = ink.painter.rect_stroke(chip.space, radius, Stroke::new(1.0, theme.border()), StrokeKind::Inside),
    }
    if fill.is_some() {
        ink.text(chip.space.center(), Align2::CENTER_CENTER, chip.unit, theme.small(), ink_colour);
    }
    if selected {
        let stroke = Stroke::new(theme.line(2.0), theme.text());
        ink.painter.rect_stroke(chip.space, radius, stroke, StrokeKind::Outside);
    }
}

fn titled(ink: &Ink<'_>, card: &Titled) {
    let theme = ink.theme;
    ink.card(card.space, 7, theme.panel(), theme.border());
    let inner = card.space.shrink2(vec2(10.0, 3.0) * theme.scale());
    if inner.height() >= 2.0 * theme.small().size * 1.2 {
        let (upper, lower) = inner.split_top_bottom_at_fraction(0.5);
        ink.text_in(upper, Align2::LEFT_CENTER, &card.title, theme.small(), theme.text());
        ink.text_in(lower, Align2::LEFT_CENTER, &card.line, theme.small(), theme.faint());
    } else {
        let title = ink.text_in(inner, Align2::LEFT_CENTER, &card.title, theme.small(), theme.text());
        let rest = inner.with_min_x(title.right() + 8.0 * theme.scale());
        ink.text_in(rest, Align2::RIGHT_CENTER, &card.line, theme.small(), theme.faint());
    }
}
