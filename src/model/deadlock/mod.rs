//! Deadlocks: who waits for whom, and for ever.
//!
//! ```text
//! waits ─► who could end each of them ─► who can never go on ─► the core of it ─► Deadlock
//!             (helpers)                      (knot)              (core)
//! ```
//!
//! It is looked for while a run is taken in, so that it is known live within a second, and in a replay from the
//! moment on at which the last one began to wait. Only waits that have lasted count: whoever can go on notices
//! that within some milliseconds.

mod core;
mod helpers;
mod knot;

use super::Run;
use crate::trace::{ActorId, ObjectId};
use crate::words;

use knot::Knot;

/// A wait that is shorter may end by itself any moment.
const SETTLED_NS: u64 = 200_000_000;
/// How often it is looked for.
const LOOK_EVERY_NS: u64 = 100_000_000;
/// So long a program takes to end all its processes.
const LAST_MOMENTS_NS: u64 = 1_000_000_000;
/// So many are kept. A file may claim any number.
const MOST_KEPT: usize = 256;
/// So much is looked at in all, and at once, in actors, waits and those who could end them: a real run of hundreds
/// of processes needs the smallest part of that in hours.
const MOST_SPENT: u64 = 1 << 32;
const MOST_AT_ONCE: usize = 1 << 20;

/// Processes that can never go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Why.
    pub why: Why,
    /// Since when: the last of them began to wait.
    pub since_ns: u64,
    /// Until when; `u64::MAX` while it lasts.
    pub until_ns: u64,
    /// Who waits for whom, in the order of a walk around.
    pub links: Vec<Link>,
}

/// Why some can never go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Why {
    /// Each of them waits for another of them.
    Cycle,
    /// The owner of what they wait for is dead, and still has it.
    OwnerDied,
    /// Nobody is left who could do what they wait for.
    NobodyLeft,
}

/// One who waits in a deadlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Who.
    pub actor: ActorId,
    /// What for: `for lock b, which Process-2 holds`.
    pub wish: String,
    /// On which object, if it is one.
    pub object: Option<ObjectId>,
    /// For whom; of a dead owner, for him.
    pub helpers: Vec<ActorId>,
    /// Since when.
    pub from_ns: u64,
}

/// When deadlocks were looked for, and those that were found.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    found: Vec<Deadlock>,
    /// The last time that a wait began or ended, or somebody ended; `None` if all waits since were looked at.
    changed_ns: Option<u64>,
    looked_ns: u64,
    /// When somebody ended last.
    ended_ns: u64,
    /// Until when the run itself told something.
    heard_ns: u64,
    /// What looking has cost so far.
    spent: u64,
    /// Whether it told something since time was last said to have passed.
    heard: bool,
}

impl Watch {
    /// A wait began or ended, or somebody ended.
    pub(super) fn note_change(&mut self, at_ns: u64) {
        self.changed_ns = Some(self.changed_ns.map_or(at_ns, |known| known.max(at_ns)));
    }

    /// Somebody ended.
    pub(super) fn note_exit(&mut self, at_ns: u64) {
        self.ended_ns = self.ended_ns.max(at_ns);
        self.note_change(at_ns);
    }

    /// An actor goes on, or has ended: what it was part of is over.
    pub(super) fn note_end(&mut self, actor: ActorId, at_ns: u64) {
        self.note_change(at_ns);
        let lasting = self.found.iter_mut().filter(|deadlock| deadlock.until_ns == u64::MAX);
        for deadlock in lasting.filter(|deadlock| deadlock.links.iter().any(|link| link.actor == actor)) {
            deadlock.until_ns = at_ns.max(deadlock.since_ns);
        }
    }
}

impl Deadlock {
    /// Who was in it by then: more may come to wait for the same.
    pub fn links_at(&self, at_ns: u64) -> impl Iterator<Item = &Link> {
        self.links.iter().filter(move |link| link.from_ns <= at_ns)
    }
}

impl Run {
    /// Every deadlock so far, in the order in which they were known.
    pub fn deadlocks(&self) -> &[Deadlock] {
        &self.watch.found
    }

    /// The deadlocks that last at a moment.
    pub fn deadlocks_at(&self, at_ns: u64) -> impl Iterator<Item = &Deadlock> {
        let lasts = move |deadlock: &&Deadlock| (deadlock.since_ns..deadlock.until_ns).contains(&at_ns);
        self.watch.found.iter().filter(lasts).filter(|deadlock| !self.is_left_over(deadlock))
    }

    /// When a deadlock is ended together with its program, its processes go one after the other. That the last of them
    /// waits for those gone before is no news.
    pub fn is_left_over(&self, late: &Deadlock) -> bool {
        let Some(end) = &self.end else { return false };
        let last_moments_ns = end.at_ns.saturating_sub(LAST_MOMENTS_NS);
        let is_in = |deadlock: &Deadlock, actor: ActorId| deadlock.links.iter().any(|link| link.actor == actor);
        let ended = |known: &&Deadlock| known.until_ns >= last_moments_ns && known.until_ns != u64::MAX;
        let mut ended = self.watch.found.iter().filter(ended);
        ended.any(|known| known != late && late.links.iter().any(|link| is_in(known, link.actor)))
    }

    /// A deadlock in a sentence, as far as it had come by then.
    pub fn deadlock_in_words(&self, deadlock: &Deadlock, at_ns: u64) -> String {
        let links = deadlock.links_at(at_ns);
        let links = links.map(|link| format!("{} waits {}", self.full_title(link.actor), link.wish));
        let links = links.collect::<Vec<_>>().join("; ");
        match deadlock.why {
            Why::Cycle => format!("Deadlock: {links}."),
            Why::OwnerDied => format!("Its owner died: {links}. Nobody will ever give it back."),
            Why::NobodyLeft => format!("This wait never ends: {links}. Nobody is left who could help."),
        }
    }

    /// The run told something at this moment, which is not yet taken in.
    pub(super) fn hear(&mut self, at_ns: u64) {
        if self.watch.changed_ns.is_some() {
            // Until then everything is known, as far as news come in order.
            let now_ns = self.watch.heard_ns.max(at_ns);
            self.look_for_deadlocks(now_ns);
        }
        self.watch.heard_ns = self.watch.heard_ns.max(at_ns);
        self.watch.heard = true;
    }

    /// Time has passed. If the run told nothing since it was last said so, nothing happened.
    pub(super) fn pass_time(&mut self, now_ns: u64) {
        if !std::mem::take(&mut self.watch.heard) {
            self.look_for_deadlocks(now_ns);
        }
    }

    fn look_for_deadlocks(&mut self, now_ns: u64) {
        let Some(changed_ns) = self.watch.changed_ns else { return };
        if self.end.is_some()
            || self.watch.spent > MOST_SPENT
            || now_ns < self.watch.looked_ns.saturating_add(LOOK_EVERY_NS)
        {
            return;
        }
        self.watch.looked_ns = now_ns;
        let settled_ns = now_ns.saturating_sub(SETTLED_NS);
        if changed_ns <= settled_ns {
            self.watch.changed_ns = None;
        }
        let knot = Knot::of(self, (settled_ns, now_ns), MOST_AT_ONCE);
        let (stuck, cost) = (core::cores(self, &knot, now_ns), knot.cost as u64);
        self.watch.spent = self.watch.spent.saturating_add(cost);
        // Where somebody ended just now, the others may be about to: that is how a program is stopped.
        let is_ending = self.watch.ended_ns > settled_ns;
        for new in stuck.into_iter().filter(|new| new.why == Why::Cycle || !is_ending) {
            let is_same = |old: &Deadlock| {
                old.until_ns == u64::MAX
                    && old.links.iter().any(|link| new.links.iter().any(|it| it.actor == link.actor))
            };
            if let Some(old) = self.watch.found.iter_mut().find(|old| is_same(old)) {
                // More have come to wait for the same.
                old.links = new.links;
            } else if self.watch.found.len() < MOST_KEPT {
                self.watch.found.push(new);
            }
        }
    }

    /// Names one after the other.
    fn titles(&self, ids: &[ActorId]) -> String {
        words::list(&ids.iter().map(|&id| self.full_title(id)).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests;
