//! Who waits for whom: from a process to what it waits for, and from a thing to who has it.

use std::collections::HashMap;

use egui::{Pos2, Rect, pos2};

use super::crew::Crew;
use super::layout::Placed;
use super::seen::{Face, Holder};
use super::sight::Sight;
use crate::gui::panels::stage::road::Road;
use crate::gui::panels::stage::tree::holds_up;
use crate::trace::{ActorId, Awaited, ObjectId};

/// What an arrow says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// A process is held up by what it points at.
    Waits,
    /// A process waits for news from what it points at.
    Listens,
    /// A thing is held by the process it points at.
    Held,
    /// A thing is held by a process that is gone.
    HeldByDead,
}

/// An arrow.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Its line, to its point.
    pub points: Vec<Pos2>,
    /// What it says.
    pub says: Says,
    /// Whether it is part of a deadlock.
    pub in_cycle: bool,
    /// The process's colour.
    pub hue: u32,
    /// The same in words.
    pub words: String,
}

/// An arrow before its ends are placed.
struct Raw {
    actor: ActorId,
    object: usize,
    says: Says,
    hue: u32,
    words: String,
    in_cycle: bool,
}

/// The arrows between cards that are in sight.
pub fn of(sight: &Sight, crew: &Crew, objects: &[Placed], area: Rect) -> Vec<Arrow> {
    let mut raws = Vec::new();
    for (index, placed) in objects.iter().enumerate() {
        let seen = &placed.seen;
        let in_cycle = |actor: ActorId| sight.in_cycle(actor) && sight.in_cycle_object(seen.id);
        for waiter in &seen.waiters {
            let words = format!("{} waits for {}", waiter.who.title, seen.name);
            let (actor, hue) = (waiter.who.id, waiter.who.hue);
            let says = if holds_up(waiter.wish) { Says::Waits } else { Says::Listens };
            raws.push(Raw { actor, object: index, says, hue, words, in_cycle: in_cycle(actor) });
        }
        for holder in holders(&seen.face) {
            let says = if holder.dead { Says::HeldByDead } else { Says::Held };
            let words = format!("{} is held by {}", seen.name, holder.who.title);
            let (actor, hue) = (holder.who.id, holder.who.hue);
            raws.push(Raw { actor, object: index, says, hue, words, in_cycle: in_cycle(actor) });
        }
    }
    let raws: Vec<Raw> = raws.into_iter().filter(|raw| crew.card(raw.actor).is_some()).collect();
    let mut arrows = placed(&raws, crew, objects);
    arrows.extend(over(sight, crew, area));
    arrows
}

fn holders(face: &Face) -> &[Holder] {
    match face {
        Face::Gate(gate) => &gate.holders,
        Face::Bell { lock } => lock.as_ref().map_or(&[], |lock| &lock.holders),
        Face::Cells(cells) => cells.lock.as_ref().map_or(&[], |lock| &lock.holders),
        _ => &[],
    }
}

/// Both ends of each arrow, spread over the edges of their cards in the order of the other ends.
fn placed(raws: &[Raw], crew: &Crew, objects: &[Placed]) -> Vec<Arrow> {
    let card = |raw: &Raw| crew.card(raw.actor).map_or(Rect::NOTHING, |card| card.space);
    let of_card =
        spread(raws.iter().map(|raw| (raw.actor.0 as usize, card(raw), objects[raw.object].space.center().y)));
    let of_object = spread(raws.iter().map(|raw| {
        let side = usize::from(crew.is_left(raw.actor));
        (2 * raw.object + side, objects[raw.object].space, card(raw).center().y)
    }));
    let arrow = |((raw, card_y), object_y): ((&Raw, f32), f32)| {
        let (process, thing) = (card(raw), objects[raw.object].space);
        let (at_card, at_thing) = if crew.is_left(raw.actor) {
            (pos2(process.right(), card_y), pos2(thing.left(), object_y))
        } else {
            (pos2(process.left(), card_y), pos2(thing.right(), object_y))
        };
        let road = match raw.says {
            Says::Waits | Says::Listens => Road { from: at_card, to: at_thing },
            Says::Held | Says::HeldByDead => Road { from: at_thing, to: at_card },
        };
        let (says, in_cycle, hue, words) = (raw.says, raw.in_cycle, raw.hue, raw.words.clone());
        Arrow { points: road.points(0.0, 1.0), says, in_cycle, hue, words }
    };
    raws.iter().zip(of_card).zip(of_object).map(arrow).collect()
}

/// The heights of ends along the edges they share: (edge, its card, height of the other end) each.
fn spread(ends: impl Iterator<Item = (usize, Rect, f32)>) -> Vec<f32> {
    let ends: Vec<(usize, Rect, f32)> = ends.collect();
    let mut edges: HashMap<usize, Vec<usize>> = HashMap::new();
    for (index, (edge, ..)) in ends.iter().enumerate() {
        edges.entry(*edge).or_default().push(index);
    }
    let mut heights = vec![0.0; ends.len()];
    for mut on_edge in edges.into_values() {
        on_edge.sort_by(|&a, &b| ends[a].2.total_cmp(&ends[b].2).then(a.cmp(&b)));
        let count = on_edge.len() as f32;
        for (place, index) in on_edge.into_iter().enumerate() {
            let card = ends[index].1;
            heights[index] = card.top() + card.height() * (place as f32 + 1.0) / (count + 1.0);
        }
    }
    heights
}

/// Waits for another process: around what lies between, along the upper edge.
fn over(sight: &Sight, crew: &Crew, area: Rect) -> Vec<Arrow> {
    let mut arrows = Vec::new();
    for wait in &sight.waits {
        let Awaited::Actor(other) = wait.on else { continue };
        let (Some(from), Some(to)) = (crew.card(wait.who.id), crew.card(other)) else { continue };
        let words = format!("{} waits for the end of {}", wait.who.title, to.title);
        let in_cycle = sight.in_cycle(wait.who.id) && sight.in_cycle(other);
        let (from_left, to_left) = (crew.is_left(wait.who.id), crew.is_left(other));
        let points = match (from_left, to_left) {
            (true, false) => around(from.space.right(), from.space, to.space.left(), to.space, area),
            (false, true) => around(from.space.left(), from.space, to.space.right(), to.space, area),
            (left, _) => beside(from.space, to.space, left),
        };
        arrows.push(Arrow { points, says: Says::Listens, in_cycle, hue: wait.who.hue, words });
    }
    arrows
}

fn around(from_x: f32, from: Rect, to_x: f32, to: Rect, area: Rect) -> Vec<Pos2> {
    let step = (to_x - from_x).signum() * 12.0;
    let (top, out, inn) = (area.top() + 3.0, from_x + step, to_x - step);
    let (start, end) = (from.top() + from.height() * 0.25, to.top() + to.height() * 0.25);
    vec![pos2(from_x, start), pos2(out, start), pos2(out, top), pos2(inn, top), pos2(inn, end), pos2(to_x, end)]
}

/// From a card to another in the same column.
fn beside(from: Rect, to: Rect, left: bool) -> Vec<Pos2> {
    let edge = |card: Rect| if left { card.right() } else { card.left() };
    let out = if left { edge(from).max(edge(to)) + 9.0 } else { edge(from).min(edge(to)) - 9.0 };
    let (start, end) = (from.center().y, to.center().y);
    vec![pos2(edge(from), start), pos2(out, start), pos2(out, end), pos2(edge(to), end)]
}

/// The objects that a cycle runs through.
pub(super) fn is_among(objects: &[ObjectId], id: ObjectId) -> bool {
    objects.contains(&id)
}
