//! Below the bars of a row, the locks that its actor held: a thin line, and a ticked one while others waited.

use egui::{Rangef, Rect};

use super::axis::Axis;
use crate::model::Run;
use crate::model::objects::Object;
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

/// The locks that an actor held, each in a line of its own while there is room between the bars and the next row.
/// The cost follows pixels: a lock that is taken a thousand times within one is held in it.
pub fn of(run: &Run, actor: ActorId, axis: &Axis, now_ns: u64, room: Rangef) -> Vec<Hold> {
    let is_lock = |object: &&Object| matches!(object.kind, ObjectKind::Lock | ObjectKind::RLock);
    let mut locks: Vec<&Object> = run.objects().iter().filter(is_lock).collect();
    locks.retain(|lock| lock.permits.owners().any(|owner| owner == actor));
    let lines = (((room.span() - 0.5) / (LINE + 1.0)) as usize).max(1);
    let mut holds = Vec::new();
    for (number, lock) in locks.into_iter().enumerate() {
        let top = room.min + 1.0 + (number.min(lines - 1)) as f32 * (LINE + 1.0);
        line(run, actor, lock, axis, now_ns, Rangef::new(top, top + LINE), &mut holds);
    }
    holds
}

fn line(run: &Run, actor: ActorId, lock: &Object, axis: &Axis, now_ns: u64, y: Rangef, holds: &mut Vec<Hold>) {
    let first = holds.len();
    let end = axis.x(now_ns).min(axis.right);
    let mut x = axis.left.floor();
    while x < end {
        let right = (x + 1.0).min(end);
        let (from_ns, to_ns) = (axis.at(x), axis.at(right).min(now_ns));
        if lock.permits.held_within(lock.kind, actor, from_ns, to_ns) {
            let blocking = others_wait(run, actor, lock.id, from_ns, to_ns);
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

/// Whether somebody else waited for a lock within a stretch.
fn others_wait(run: &Run, holder: ActorId, lock: ObjectId, from_ns: u64, to_ns: u64) -> bool {
    run.actors.iter().filter(|actor| actor.id != holder).any(|actor| {
        let waits = run.waits_of(actor.id);
        let begun = waits.partition_point(|wait| wait.from_ns <= to_ns);
        waits[..begun].last().is_some_and(|wait| wait.to_ns > from_ns && wait.object() == Some(lock))
    })
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
        let holds = of(run, ActorId(3), &axis, run.last_ns, Rangef::new(30.0, 36.0));
        let told: Vec<(f32, f32, bool)> =
            holds.iter().map(|hold| (hold.space.left().round(), hold.space.right().round(), hold.blocking)).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!((told[0].0 - 510.0).abs() <= 1.0 && (told[0].1 - 600.0).abs() <= 1.0 && !told[0].2, "{told:?}");
        assert!((told[1].0 - 600.0).abs() <= 1.0 && (told[1].1 - 1100.0).abs() <= 1.0 && told[1].2, "{told:?}");
        assert_eq!(holds[1].words(), "holds b, and others wait for it");
        assert!(holds.iter().all(|hold| hold.space.top() >= 30.0 && hold.space.bottom() <= 36.0));
        assert_eq!(run.object(B).map(|lock| lock.name.as_str()), Some("b"));
        assert!(of(run, ActorId(1), &axis, run.last_ns, Rangef::new(30.0, 36.0)).is_empty());
    }
}
