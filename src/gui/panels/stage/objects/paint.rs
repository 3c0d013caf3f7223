//! What processes share as shapes. A lock that is held has a closed padlock and a word, and only then a
//! colour; who waits is dashed.

use egui::{Align2, Color32, CornerRadius, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::arrows::{Arrow, Says};
use super::cells::Cells;
use super::layout::{Placed, Scene};
use super::parts::Slot;
use super::seen::{Face, Hold, Waiter};
use super::served::Client;
use super::told::{brief, told, told_briefly};
use super::{counter, icon, road_paint, strip, written};
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::panels::stage::tree_paint;
use crate::gui::theme::Theme;
use crate::gui::words::duration;
use crate::model::objects::trips::Stage;

/// Everything on the stage.
pub(super) fn scene(ink: &Ink<'_>, scene: &Scene) {
    let theme = ink.theme;
    for frame in &scene.crew.frames {
        ink.card(*frame, 9, theme.canvas(), theme.border());
    }
    for placed in &scene.objects {
        object(ink, placed);
    }
    for card in &scene.crew.cards {
        tree_paint::card(ink, card);
    }
    // What stands in a circle lies on top.
    for strong in [false, true] {
        scene.arrows.iter().filter(|arrow| arrow.in_cycle == strong).for_each(|one| arrow(ink, one));
    }
}

/// The colour of a lock by how it stands.
pub(super) fn hold_colour(theme: Theme, hold: Hold) -> Color32 {
    match hold {
        Hold::Free => theme.faint(),
        Hold::Quiet => theme.held(),
        Hold::Blocking => theme.blocking(),
        Hold::Orphaned => theme.bad(),
    }
}

fn arrow(ink: &Ink<'_>, arrow: &Arrow) {
    let (theme, scale) = (ink.theme, ink.theme.scale());
    let colour = match arrow.says {
        _ if arrow.in_cycle => theme.bad(),
        Says::Waits => theme.waits(),
        Says::Listens => theme.faint(),
        Says::Held => theme.worker_words(arrow.hue),
        Says::HeldByDead => theme.bad(),
    };
    let width = if arrow.in_cycle { 3.0 } else { 1.5 };
    let stroke = Stroke::new(theme.line(width), colour);
    if arrow.in_cycle {
        ink.painter.add(Shape::line(arrow.points.clone(), Stroke::new(stroke.width + 3.0, theme.canvas())));
    }
    match arrow.says {
        Says::Held => _ = ink.painter.add(Shape::line(arrow.points.clone(), stroke)),
        Says::Waits | Says::Listens | Says::HeldByDead => {
            ink.painter.extend(Shape::dashed_line(&arrow.points, stroke, 5.0, 3.5));
        }
    }
    let [.., before, tip] = arrow.points[..] else { return };
    if arrow.says == Says::Held {
        ink.painter.circle_filled(arrow.points[0], 3.0 * scale, colour);
    }
    let size = if arrow.in_cycle { 10.0 } else { 7.0 } * scale;
    ink.arrow_head(tip, tip - before, size, colour);
}

fn object(ink: &Ink<'_>, placed: &Placed) {
    let (theme, seen) = (ink.theme, &placed.seen);
    let waiting = seen.waiters.len();
    let state = tint(theme, placed);
    let fill = if matches!(&seen.face, Face::Gate(gate) if gate.hold(waiting) == Hold::Orphaned) {
        theme.bad_back()
    } else {
        theme.panel()
    };
    ink.card(placed.space, 7, fill, if seen.holds_up() { state } else { theme.border() });
    let inside = ink.painter.with_clip_rect(placed.space.intersect(ink.painter.clip_rect()));
    let ink = &Ink::new(&inside, theme);
    heading(ink, placed, state);
    match &seen.face {
        Face::Roads(roads) => {
            for (road, parts) in roads.iter().zip(&placed.parts.roads) {
                road_paint::road(ink, road, parts);
            }
        }
        Face::Cells(cells) => written::cells(ink, cells, placed),
        Face::Block(block) => {
            if let Some(strip) = placed.parts.strip {
                strip::draw(ink, strip, &block.written, block.length());
            }
        }
        Face::Served(served) => {
            if let Some(counter) = &placed.parts.counter {
                counter::draw(ink, served, counter);
            }
            for (client, row) in served.clients.iter().zip(&placed.parts.clients) {
                self::client(ink, client, *row);
            }
        }
        _ => {}
    }
    if let Some(line) = placed.line {
        let (words, colour) = told(theme, placed);
        let brief = told_briefly(placed).unwrap_or_else(|| words.clone());
        ink.text_or_shorter(line, Align2::LEFT_CENTER, &[&words, &brief], theme.small(), colour);
    }
    if let Some(line) = placed.waiting {
        waiters(ink, placed, line);
    }
}

/// The colour of an object's state.
fn tint(theme: Theme, placed: &Placed) -> Color32 {
    let waiting = placed.seen.waiters.len();
    match &placed.seen.face {
        Face::Gate(gate) => hold_colour(theme, gate.hold(waiting)),
        Face::Cells(Cells { lock: Some(lock), .. }) => hold_colour(theme, lock.hold(waiting)),
        Face::Flag { set: true } => theme.held(),
        Face::Barrier { broken: true, .. } => theme.bad(),
        _ if placed.seen.holds_up() => theme.waits(),
        _ => theme.faint(),
    }
}

/// A picture of its kind, its name and kind, and at the right slots or the state in a word.
fn heading(ink: &Ink<'_>, placed: &Placed, state: Color32) {
    let (theme, scale, seen) = (ink.theme, ink.theme.scale(), &placed.seen);
    let line = placed.heading;
    let side = line.height() * 0.82;
    let picture = Rect::from_center_size(pos2(line.left() + side / 2.0, line.center().y), vec2(side, side));
    icon::of(ink, seen, picture, state);
    let mut rest = line.with_min_x(picture.right() + 6.0 * scale);
    if let Some(first) = placed.parts.slots.first() {
        placed.parts.slots.iter().for_each(|one| slot(ink, one));
        rest.max.x = first.space.left() - 6.0 * scale;
    }
    let brief = brief(placed);
    let name = ink.painter.layout_no_wrap(seen.name.clone(), theme.strong_small(), theme.text());
    if !brief.is_empty() {
        let room = rest.with_min_x(rest.left() + name.size().x + 8.0 * scale);
        let colour = match &seen.face {
            Face::Roads(roads) if roads.iter().any(|road| road.torn.0 > 0) => theme.bad(),
            Face::Roads(_) => theme.faint(),
            _ if placed.line.is_some() => state,
            _ => told(theme, placed).1,
        };
        let short = told_briefly(placed).unwrap_or_else(|| brief.clone());
        let taken = ink.text_or_shorter(room, Align2::RIGHT_CENTER, &[&brief, &short], theme.small(), colour);
        rest.max.x = taken.left() - 6.0 * scale;
    }
    let named = ink.text_in(rest, Align2::LEFT_CENTER, seen.name.as_str(), theme.strong_small(), theme.text());
    let kind = match (&seen.face, seen.robust) {
        (Face::Cells(cells), _) if seen.kind == crate::trace::ObjectKind::Array => {
            format!("Array({})", grouped(cells.length))
        }
        (_, true) => format!("robust {}", seen.kind.title()),
        _ => seen.kind.title().to_owned(),
    };
    let rest = rest.with_min_x(named.right() + 5.0 * scale);
    if rest.width() > 24.0 * scale {
        ink.text_in(rest, Align2::LEFT_CENTER, format!("· {kind}"), theme.small(), theme.faint());
    }
}

/// An hourglass and the names of those who wait.
fn waiters(ink: &Ink<'_>, placed: &Placed, line: Rect) {
    let (theme, seen) = (ink.theme, &placed.seen);
    if let Face::Block(block) = &seen.face {
        // Nobody waits at a block: who has it stands there.
        ink.text_or_shorter(line, Align2::LEFT_CENTER, &[&block.users_in_words()], theme.small(), theme.faint());
        return;
    }
    if seen.waiters.is_empty() {
        let locked = matches!(&seen.face, Face::Cells(cells) if cells.lock.is_some());
        if locked || matches!(seen.face, Face::Gate(_) | Face::Flag { .. } | Face::Barrier { .. }) {
            ink.text_in(line, Align2::LEFT_CENTER, "nobody waits", theme.small(), theme.faint());
        }
        return;
    }
    let side = line.height() * 0.6;
    let colour = if seen.holds_up() { theme.waits() } else { theme.faint() };
    let glass = Rect::from_center_size(pos2(line.left() + side / 2.0, line.center().y), vec2(side, side));
    icon::hourglass(ink, glass, colour);
    let told = |waiter: &Waiter| format!("{} {}", waiter.who.title, duration(waiter.for_ns));
    let all = seen.waiters.iter().map(told).collect::<Vec<_>>().join(", ");
    let longest = seen.waiters.first().map_or(0, |waiter| waiter.for_ns);
    let count = format!("{} wait, the longest {}", seen.waiters.len(), duration(longest));
    let rest = line.with_min_x(line.left() + side + 5.0);
    ink.text_or_shorter(rest, Align2::LEFT_CENTER, &[&all, &count], theme.small(), colour);
}

/// A permit or a party: full is taken.
fn slot(ink: &Ink<'_>, slot: &Slot) {
    let (theme, round) = (ink.theme, CornerRadius::same(3));
    if let Some(hue) = slot.hue {
        ink.painter.rect_filled(slot.space, round, theme.worker(hue));
    } else {
        let stroke = Stroke::new(theme.line(1.0), theme.faint());
        ink.painter.rect_stroke(slot.space, round, stroke, StrokeKind::Inside);
    }
}

/// A client of a manager: its name, and where its request is.
fn client(ink: &Ink<'_>, client: &Client, row: Rect) {
    let theme = ink.theme;
    let swatch = Rect::from_center_size(pos2(row.left() + 4.0, row.center().y), vec2(8.0, 8.0));
    let hue = client.who.as_ref().map_or(0, |who| who.hue);
    ink.painter.rect_filled(swatch, CornerRadius::same(2), theme.worker(hue));
    let colour = match client.under_way {
        Some((Stage::Waiting, _)) => theme.waits(),
        Some(_) => theme.text(),
        None => theme.faint(),
    };
    let (title, short) = (client.title(), client.short());
    let named = ink.painter.layout_no_wrap(short.clone(), theme.small(), theme.text()).size().x;
    let room = row.with_min_x(swatch.right() + named + 12.0);
    let words = [client.words(), client.briefly()];
    let words = ink.fitting(&words.each_ref().map(String::as_str), room.width(), &theme.small());
    let right = ink.text_in(room, Align2::RIGHT_CENTER, words, theme.small(), colour);
    let rest = row.with_min_x(swatch.right() + 6.0).with_max_x(right.left() - 6.0);
    let title = ink.fitting(&[&title, &short], rest.width(), &theme.small());
    ink.text_in(rest, Align2::LEFT_CENTER, title, theme.small(), theme.text());
}
