//! The processes beside what they share: the parent left, with its helpers; all others right, threads
//! within the frame of their process.

use egui::{Rect, pos2};

use super::column::{Column, Height};
use crate::gui::panels::stage::tree::{self, Card};
use crate::model::{Run, Who};
use crate::trace::{ActorId, Role};

/// The least and the greatest height of a process's card.
const CARD: (f32, f32) = (26.0, 66.0);
/// The greatest one in the left column, which is narrow: words take more lines there.
const LEFT: f32 = 84.0;
/// The same of a thread's.
const THREAD: (f32, f32) = (21.0, 30.0);
/// So many generations are told apart by how far they stand right.
const DEEPEST: u32 = 3;

/// The processes of a program, in two columns.
#[derive(Clone, Debug, Default)]
pub struct Crew {
    /// The cards in sight.
    pub cards: Vec<Card>,
    /// Frames around processes that have threads.
    pub frames: Vec<Rect>,
    /// The last card in the left column.
    pub left: usize,
    /// How many processes are in the right column, and how many of them can be seen.
    pub right: (usize, usize),
    /// The first of them in sight.
    pub first: usize,
}

/// A process and its threads.
struct Group {
    index: usize,
    depth: u32,
    threads: Vec<usize>,
}

impl Crew {
    /// The cards at a moment.
    pub fn of(run: &Run, (left, right): (Rect, Rect), at_ns: u64, scale: f32, first: usize) -> Self {
        let (own, others): (Vec<Group>, Vec<Group>) = groups(run).into_iter().partition(|group| {
            let role = run.actors[group.index].role;
            group.depth == 0 || matches!(role, Role::Manager | Role::ForkServer)
        });
        let mut crew = Self::default();
        crew.place(run, (&own, LEFT), left, at_ns, scale, 0);
        crew.left = crew.cards.len();
        let (first, shown) = crew.place(run, (&others, CARD.1), right, at_ns, scale, first);
        (crew.first, crew.right) = (first, (others.len(), shown));
        crew
    }

    /// Puts groups under each other; answers the first one in sight and how many are.
    fn place(
        &mut self,
        run: &Run,
        (groups, high): (&[Group], f32),
        space: Rect,
        at_ns: u64,
        scale: f32,
        first: usize,
    ) -> (usize, usize) {
        let gap = 8.0 * scale;
        let height = |group: &Group| {
            let (threads, pad) = (group.threads.len() as f32, if group.threads.is_empty() { 0.0 } else { 6.0 });
            Height {
                least: (CARD.0 + threads * (THREAD.0 + 2.0) + pad) * scale,
                most: (high + threads * (THREAD.1 + 3.0) + pad) * scale,
            }
        };
        let heights: Vec<Height> = groups.iter().map(height).collect();
        let column = Column::of(space, &heights, gap, first);
        for (group, place) in groups[column.first.min(groups.len())..].iter().zip(&column.places) {
            let indent = group.depth.saturating_sub(1).min(DEEPEST) as f32 * 14.0 * scale;
            let place = place.with_min_x(place.left() + indent);
            self.group(run, group, place, at_ns, scale);
        }
        (column.first, column.places.len())
    }

    fn group(&mut self, run: &Run, group: &Group, place: Rect, at_ns: u64, scale: f32) {
        let card = |index: usize, space: Rect| tree::card(run, &run.actors[index], space, at_ns);
        if group.threads.is_empty() {
            self.cards.push(card(group.index, place));
            return;
        }
        self.frames.push(place);
        let inner = place.shrink(3.0 * scale);
        let count = group.threads.len() as f32;
        let share = (inner.height() / (CARD.1 * scale + count * (THREAD.1 + 3.0) * scale)).min(1.0);
        let low = (THREAD.1 * scale * share).max(THREAD.0 * scale);
        let gap = 3.0 * scale * share;
        let head = inner.with_max_y((inner.bottom() - count * (low + gap)).round());
        self.cards.push(card(group.index, head));
        for (row, &thread) in group.threads.iter().enumerate() {
            let top = head.bottom() + gap + row as f32 * (low + gap);
            let space = Rect::from_min_max(
                pos2(inner.left() + 10.0 * scale, top.round()),
                pos2(inner.right(), (top + low).round()),
            );
            self.cards.push(card(thread, space));
        }
    }

    /// The card of an actor, if it is in sight.
    pub fn card(&self, id: ActorId) -> Option<&Card> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// Whether an actor stands left.
    pub fn is_left(&self, id: ActorId) -> bool {
        self.cards[..self.left].iter().any(|card| card.id == id)
    }
}

fn groups(run: &Run) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in run.lines() {
        let Who::One(index) = line.who else { continue };
        let is_thread = run.actors[index].role == Role::ProcessThread;
        match groups.last_mut().filter(|_| is_thread) {
            Some(process) => process.threads.push(index),
            None => groups.push(Group { index, depth: line.depth, threads: Vec::new() }),
        }
    }
    groups
}
