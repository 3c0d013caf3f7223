//! Locks and semaphores: who held them when, what was left, and what waiting for them cost.

use std::collections::BTreeMap;

use super::super::history::{History, Tally};
use crate::trace::{ActorId, ObjectKind};

/// Somebody who holds a lock, or permits, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub actor: ActorId,
    /// Since when without a break.
    pub since_ns: u64,
    /// How many permits; of an `RLock`, how often.
    pub held: u32,
}

/// What became of a lock or a semaphore.
#[derive(Clone, Debug, Default)]
pub struct Permits {
    /// Of each that ever had it: how much it had from when on, and since when without a break.
    held: BTreeMap<ActorId, History<(u32, u64)>>,
    /// When somebody gave back what he did not have.
    foreign: History<()>,
    /// When it was taken, and given back.
    took: Tally,
    gave: Tally,
    /// Dead owners whose permit was taken back: when, and whose it was.
    pub recovered: History<ActorId>,
    /// How long it was held, all in all, by those who gave it back.
    pub held_ns: u64,
    /// How long it was waited for, by those who got it.
    pub waited_ns: u64,
    /// How long at most.
    pub longest_ns: u64,
    /// How often somebody gave up.
    pub gave_up: u64,
}

impl Permits {
    fn last(&self, by: ActorId) -> (u32, u64) {
        self.held.get(&by).and_then(|held| held.all().last()).map_or((0, 0), |&(_, last)| last)
    }

    pub(super) fn acquire(&mut self, kind: ObjectKind, by: ActorId, (since_ns, at_ns): (u64, u64), left: u32) {
        let (held, from_ns) = self.last(by);
        let now = if kind == ObjectKind::RLock { left.max(1) } else { held.saturating_add(1) };
        let from_ns = if held == 0 { at_ns } else { from_ns };
        self.held.entry(by).or_default().note(at_ns, (now, from_ns));
        self.took.note(at_ns, 1);
        // Saturating: a file may claim any time.
        let waited_ns = at_ns.saturating_sub(since_ns);
        self.waited_ns = self.waited_ns.saturating_add(waited_ns);
        self.longest_ns = self.longest_ns.max(waited_ns);
    }

    pub(super) fn release(&mut self, kind: ObjectKind, by: ActorId, at_ns: u64, left: u32) {
        let (held, from_ns) = self.last(by);
        self.gave.note(at_ns, 1);
        if held == 0 {
            return self.foreign.note(at_ns, ());
        }
        let now = if kind == ObjectKind::RLock { left } else { held - 1 };
        if now == 0 {
            self.held_ns = self.held_ns.saturating_add(at_ns.saturating_sub(from_ns));
        }
        self.held.entry(by).or_default().note(at_ns, (now, from_ns));
    }

    /// What a dead owner had is free again.
    pub(super) fn recover(&mut self, owner: ActorId, at_ns: u64) {
        self.recovered.note(at_ns, owner);
        if let Some(held) = self.held.get_mut(&owner) {
            held.note(at_ns, (0, at_ns));
        }
    }

    /// Who holds it at a moment, the longest holder first. Of a semaphore that is given back by others than
    /// those who took it, nobody can say.
    pub fn holders(&self, kind: ObjectKind, at_ns: u64) -> Vec<Holder> {
        let given_away = self.foreign.by(at_ns).last().map(|&(foreign_ns, ())| foreign_ns);
        let is_lock = matches!(kind, ObjectKind::Lock | ObjectKind::RLock);
        if given_away.is_some() && !is_lock {
            return Vec::new();
        }
        let held = self.held.iter().filter_map(|(&actor, held)| {
            let &(held, since_ns) = held.at(at_ns)?;
            // Another process may release a lock; what was taken before that is not held any more.
            let is_held = held > 0 && given_away.is_none_or(|given_ns| given_ns < since_ns);
            is_held.then_some(Holder { actor, since_ns, held })
        });
        let mut holders: Vec<Holder> = held.collect();
        holders.sort_by_key(|holder| holder.since_ns);
        if is_lock {
            // Nobody else can have it: whoever had it before is dead, and it was taken from him.
            holders.drain(..holders.len().saturating_sub(1));
        }
        holders
    }

    /// Whether somebody held it at any time within a stretch.
    pub fn held_within(&self, kind: ObjectKind, actor: ActorId, from_ns: u64, to_ns: u64) -> bool {
        let given_away = self.foreign.by(to_ns).last().map(|&(foreign_ns, ())| foreign_ns);
        let is_lock = matches!(kind, ObjectKind::Lock | ObjectKind::RLock);
        if given_away.is_some() && !is_lock {
            return false;
        }
        let Some(held) = self.held.get(&actor).map(|held| held.by(to_ns)) else { return false };
        let before = held.partition_point(|&(at_ns, _)| at_ns <= from_ns).saturating_sub(1);
        // The last turn is the last to have begun.
        let last = held[before..].iter().rev().find(|(_, (held, _))| *held > 0);
        last.is_some_and(|&(_, (_, since_ns))| given_away.is_none_or(|given_ns| given_ns < since_ns))
    }

    /// How often it was taken.
    pub fn taken(&self) -> u64 {
        self.took.total()
    }

    /// How often it had been taken by then.
    pub fn taken_by(&self, at_ns: u64) -> u64 {
        self.took.count(at_ns)
    }

    /// Permits that are left at a moment, of so many at first. (Not as the last one said who did something: two
    /// may do so at once, and be stamped in either order.)
    pub fn left(&self, capacity: u64, at_ns: u64) -> u64 {
        let back = self.recovered.by(at_ns).len() as u64;
        let given = capacity.saturating_add(self.gave.count(at_ns)).saturating_add(back);
        given.saturating_sub(self.took.count(at_ns))
    }

    /// Everybody who ever had it.
    pub fn owners(&self) -> impl Iterator<Item = ActorId> {
        self.held.keys().copied()
    }

    /// Everybody's turns with it: who, from when until when; `u64::MAX` if it was not given back. By actor, and
    /// in order.
    pub fn turns(&self) -> impl Iterator<Item = (ActorId, u64, u64)> {
        self.held.iter().flat_map(|(&actor, held)| {
            let steps = held.all();
            steps.iter().enumerate().filter_map(move |(place, &(at_ns, (held, since_ns)))| {
                let is_end = held == 0 || place + 1 == steps.len();
                is_end.then_some((actor, since_ns, if held == 0 { at_ns } else { u64::MAX }))
            })
        })
    }

    /// Whether anybody gave back what somebody else had taken.
    pub fn was_given_away(&self) -> bool {
        !self.foreign.all().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ActorId = ActorId(2);
    const B: ActorId = ActorId(3);

    fn held(permits: &Permits, kind: ObjectKind, at_ns: u64) -> Vec<(ActorId, u64, u32)> {
        permits.holders(kind, at_ns).into_iter().map(|holder| (holder.actor, holder.since_ns, holder.held)).collect()
    }

    #[test]
    fn a_lock_has_one_holder_and_whoever_releases_it_frees_it() {
        let kind = ObjectKind::Lock;
        let mut lock = Permits::default();
        // B's news come first.
        lock.acquire(kind, B, (5, 20), 0);
        lock.acquire(kind, A, (9, 10), 0);
        lock.release(kind, A, 19, 1);
        assert_eq!(held(&lock, kind, 9), []);
        assert_eq!(held(&lock, kind, 15), [(A, 10, 1)]);
        assert_eq!(held(&lock, kind, 19), []);
        assert_eq!(held(&lock, kind, 99), [(B, 20, 1)]);
        lock.release(kind, A, 100, 1);
        assert_eq!(held(&lock, kind, 99), [(B, 20, 1)]);
        assert_eq!(held(&lock, kind, 100), [], "another may release it");
        lock.acquire(kind, A, (100, 101), 0);
        assert_eq!(held(&lock, kind, 101), [(A, 101, 1)]);
        assert_eq!((lock.taken(), lock.waited_ns, lock.longest_ns, lock.held_ns), (3, 17, 15, 9));
    }

    #[test]
    fn an_rlock_is_held_until_it_was_given_back_as_often_as_taken() {
        let kind = ObjectKind::RLock;
        let mut lock = Permits::default();
        lock.acquire(kind, A, (1, 1), 1);
        lock.acquire(kind, A, (2, 2), 2);
        lock.release(kind, A, 3, 1);
        assert_eq!(held(&lock, kind, 3), [(A, 1, 1)]);
        lock.release(kind, A, 4, 0);
        assert_eq!(held(&lock, kind, 4), []);
        // A condition gives it back at one go.
        lock.acquire(kind, A, (5, 5), 1);
        lock.acquire(kind, A, (6, 6), 2);
        lock.release(kind, A, 7, 0);
        assert_eq!(held(&lock, kind, 7), []);
    }

    #[test]
    fn permits_are_counted_and_their_holders_as_long_as_they_give_back_their_own() {
        let kind = ObjectKind::Semaphore;
        let mut permits = Permits::default();
        permits.acquire(kind, A, (1, 1), 1);
        permits.acquire(kind, A, (2, 2), 0);
        permits.release(kind, A, 3, 1);
        assert_eq!(held(&permits, kind, 2), [(A, 1, 2)]);
        assert_eq!(held(&permits, kind, 3), [(A, 1, 1)]);
        assert_eq!([0, 2, 3].map(|at_ns| permits.left(2, at_ns)), [2, 0, 1]);
        permits.release(kind, B, 4, 2);
        assert_eq!((held(&permits, kind, 4), permits.left(2, 4)), (Vec::new(), 2));
    }

    #[test]
    fn what_is_taken_from_a_dead_owner_is_his_no_more() {
        let kind = ObjectKind::Lock;
        let mut lock = Permits::default();
        lock.acquire(kind, A, (1, 1), 0);
        lock.recover(A, 5);
        assert_eq!(held(&lock, kind, 5), []);
        let mut quiet = Permits::default();
        quiet.acquire(kind, A, (1, 1), 0);
        quiet.acquire(kind, B, (2, 9), 0);
        assert_eq!(held(&quiet, kind, 9), [(B, 9, 1)], "nobody said so, but he has it no more");
    }
}
