//! Below the bars of a row, the locks that its actor held: a thin line, and a ticked one while others waited.

use std::collections::HashMap;

use egui::{Rangef, Rect};

use super::axis::Axis;
use super::rows::Scale;
use crate::model::objects::Object;
use crate::model::{Run, Wait};
use crate::trace::{ActorId, ObjectId, ObjectKind};

/// The height of a line.
const LINE: f32 = 3.0;

/// A time in which a lock was held.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    /// Where.
    pub space: Rect,
    /// The lock.
    pub name: String,
    /// Whether somebody else waited for it.
    pub blocking: bool,
}

impl Hold {
    /// In words.
    pub fn words(&self) -> String {
        format!("holds {}{}", self.name, if self.blocking { ", and others wait for it" } else { "" })
    }
}

/// So many waits of an actor within a pixel are looked at.
const GLANCE: usize = 8;

/// Who waited for each object, pixel by pixel: looked up once for all rows.
#[derive(Clone, Debug, Default)]
pub struct Queues {
    objects: HashMap<ObjectId, usize>,
    columns: Vec<Vec<Waiting>>,
}

/// Who waits within a pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Waiting {
    #[default]
    Nobody,
    One(ActorId),
    Several,
}

impl Queues {
    /// Of a run on an axis. The cost follows pixels, or waits where these are fewer.
    pub fn of(run: &Run, axis: &Axis, now_ns: u64) -> Self {
        let mut queues = Self::default();
        let (left, right) = (axis.left.floor(), axis.x(now_ns).min(axis.right));
        for actor in &run.actors {
            let mut waits = run.waits_of(actor.id);
            let mut x = left;
            while x < right {
                let (from_ns, to_ns) = (axis.at(x), axis.at(x + 1.0));
                waits = from(waits, from_ns);
                let Some(next) = waits.first() else { break };
                if next.from_ns > to_ns {
                    x = (x + 1.0).max(axis.x(next.from_ns).floor());
                    continue;
                }
                let mut known = None;
                for wait in waits.iter().take(GLANCE).take_while(|wait| wait.from_ns <= to_ns) {
                    if let Some(object) = wait.object().filter(|&object| known != Some(object)) {
                        queues.note(object, (x - left) as usize, actor.id);
                        known = Some(object);
                    }
                }
                x += 1.0;
            }
        }
        queues
    }

    fn note(&mut self, object: ObjectId, column: usize, actor: ActorId) {
        let place = *self.objects.entry(object).or_insert(self.columns.len());
        if place == self.columns.len() {
            self.columns.push(Vec::new());
        }
        let columns = &mut self.columns[place];
        if columns.len() <= column {
            columns.resize(column + 1, Waiting::Nobody);
        }
        columns[column] = match columns[column] {
            Waiting::Nobody => Waiting::One(actor),
            Waiting::One(known) if known == actor => Waiting::One(actor),
            _ => Waiting::Several,
        };
    }

    /// Whether somebody else waits for it in that column.
    fn others_wait(&self, object: ObjectId, column: usize, holder: ActorId) -> bool {
        let place = self.objects.get(&object);
        match place.and_then(|&place| self.columns[place].get(column)) {
            None | Some(Waiting::Nobody) => false,
            Some(Waiting::One(actor)) => *actor != holder,
            Some(Waiting::Several) => true,
        }
    }
}

/// The waits that end after a moment, which is soon after those before: first there is a look nearby.
fn from(waits: &[Wait], from_ns: u64) -> &[Wait] {
    let is_over = |wait: &Wait| wait.to_ns <= from_ns;
    let mut near = 1;
    while near < waits.len() && is_over(&waits[near]) {
        near *= 2;
    }
    let near = &waits[..waits.len().min(near + 1)];
    &waits[near.partition_point(is_over)..]
}

/// The locks that an actor held, each in a line of its own while there is room between the bars and the next row.
/// The cost follows pixels: a lock that is taken a thousand times within one is held in it.
pub fn of(run: &Run, actor: ActorId, scale: Scale<'_>, room: Rangef) -> Vec<Hold> {
    let is_lock = |object: &&Object| matches!(object.kind, ObjectKind::Lock | ObjectKind::RLock);
    let mut locks: Vec<&Object> = run.objects().iter().filter(is_lock).collect();
    locks.retain(|lock| lock.permits.owners().any(|owner| owner == actor));
    let lines = (((room.span() - 0.5) / (LINE + 1.0)) as usize).max(1);
    let mut holds = Vec::new();
    for (number, lock) in locks.into_iter().enumerate() {
        let top = room.min + 1.0 + (number.min(lines - 1)) as f32 * (LINE + 1.0);
        line(actor, lock, scale, Rangef::new(top, top + LINE), &mut holds);
    }
    holds
}

fn line(actor: ActorId, lock: &Object, scale: Scale<'_>, y: Rangef, holds: &mut Vec<Hold>) {
    let Scale { axis, now_ns, queues, .. } = scale;
    let first = holds.len();
    let end = axis.x(now_ns).min(axis.right);
    let mut x = axis.left.floor();
    for column in 0.. {
        if x >= end {
            break;
        }
        let right = (x + 1.0).min(end);
        let (from_ns, to_ns) = (axis.at(x), axis.at(right).min(now_ns));
        if lock.permits.held_within(lock.kind, actor, from_ns, to_ns) {
            let blocking = queues.others_wait(lock.id, column, actor);
            let last = holds[first..].last_mut();
            if let Some(last) = last.filter(|last| last.blocking == blocking && last.space.right() >= x - 0.01) {
                last.space.max.x = right;
            } else {
                let space = Rect::from_x_y_ranges(x.max(axis.left)..=right, y);
                holds.push(Hold { space, name: lock.name.clone(), blocking });
            }
        }
        x += 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::BEGAN_NS;
    use crate::gui::panels::fixture::ipc::{B, ipc};

    const MS: u64 = 1_000_000;

    #[test]
    fn a_lock_is_a_line_while_it_is_held_and_ticked_while_others_wait() {
        let model = ipc();
        let run = model.last_run().expect("a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: BEGAN_NS + 100 * MS, left: 100.0, right: 1100.0 };
        let queues = Queues::of(run, &axis, run.last_ns);
        let scale = Scale { axis: &axis, now_ns: run.last_ns, type_size: 12.5, queues: &queues };
        let holds = of(run, ActorId(3), scale, Rangef::new(30.0, 36.0));
        let told: Vec<(f32, f32, bool)> =
            holds.iter().map(|hold| (hold.space.left().round(), hold.space.right().round(), hold.blocking)).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!((told[0].0 - 510.0).abs() <= 1.0 && (told[0].1 - 600.0).abs() <= 1.0 && !told[0].2, "{told:?}");
        assert!((told[1].0 - 600.0).abs() <= 1.0 && (told[1].1 - 1100.0).abs() <= 1.0 && told[1].2, "{told:?}");
        assert_eq!(holds[1].words(), "holds b, and others wait for it");
        assert!(holds.iter().all(|hold| hold.space.top() >= 30.0 && hold.space.bottom() <= 36.0));
        assert_eq!(run.object(B).map(|lock| lock.name.as_str()), Some("b"));
        assert!(of(run, ActorId(1), scale, Rangef::new(30.0, 36.0)).is_empty());
    }
}
