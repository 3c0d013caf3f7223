//! Events, conditions and barriers: what was set, who was woken, who passed.

use super::super::history::History;
use crate::trace::{ActorId, Wish};

/// What became of an event, a condition or a barrier.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Whether an event was set, from when on, and by whom.
    pub set: History<(bool, ActorId)>,
    /// Who saw an event set.
    pub saw: History<ActorId>,
    /// Who notified a condition, and how many that woke.
    pub notified: History<(ActorId, u32)>,
    /// Who was woken.
    pub woke: History<ActorId>,
    /// Who passed a barrier, and with which number.
    pub passed: History<(ActorId, u32)>,
    /// Whether a barrier was broken, from when on, and by whom.
    pub broken: History<(bool, ActorId)>,
    /// Who gave up waiting.
    pub gave_up: History<ActorId>,
}

impl Flags {
    /// Whether an event is set at a moment.
    pub fn is_set(&self, at_ns: u64) -> bool {
        self.set.at(at_ns).is_some_and(|&(set, _)| set)
    }

    /// Whether a barrier is broken at a moment.
    pub fn is_broken(&self, at_ns: u64) -> bool {
        self.broken.at(at_ns).is_some_and(|&(broken, _)| broken)
    }

    /// How often a barrier of so many parties had opened by then, and how many have gone on since it opened last, if
    /// not all of them have: the last one to come goes on at once, who sleeps needs time to wake.
    pub fn openings(&self, parties: u64, at_ns: u64) -> (u64, u64) {
        let parties = parties.max(1);
        let reset = self.broken.by(at_ns).iter().rev().find(|(_, (broken, _))| !broken).map_or(0, |&(ns, _)| ns);
        let passed = self.passed.by(at_ns);
        let before = passed.partition_point(|&(passed_ns, _)| passed_ns < reset) as u64;
        let since = passed.len() as u64 - before;
        (before.div_ceil(parties) + since.div_ceil(parties), since % parties)
    }

    /// Whether those who wait since a moment were called since: the event was set, also if it was cleared at once;
    /// the condition was notified, and not all who were woken by that have said so; the barrier was passed, or
    /// broken.
    pub fn was_called(&self, wish: Wish, from_ns: u64, at_ns: u64) -> bool {
        match wish {
            Wish::Set => since(&self.set, from_ns, at_ns).any(|&(set, _)| set),
            Wish::Notify => {
                let woken: u64 = since(&self.notified, from_ns, at_ns).map(|&(_, woken)| u64::from(woken)).sum();
                woken > since(&self.woke, from_ns, at_ns).count() as u64
            }
            Wish::Pass => {
                since(&self.passed, from_ns, at_ns).next().is_some()
                    || since(&self.broken, from_ns, at_ns).any(|&(broken, _)| broken)
            }
            _ => false,
        }
    }
}

/// What was noted from a moment until another.
fn since<T>(history: &History<T>, from_ns: u64, at_ns: u64) -> impl Iterator<Item = &T> {
    history.by(at_ns).iter().rev().take_while(move |&&(noted_ns, _)| noted_ns >= from_ns).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_barrier_opens_when_the_first_goes_on_and_a_reset_begins_anew() {
        let mut flags = Flags::default();
        for (at_ns, index) in [(10, 2), (12, 0), (15, 1), (20, 2)] {
            flags.passed.note(at_ns, (ActorId(2), index));
        }
        flags.broken.note(30, (true, ActorId(2)));
        flags.broken.note(40, (false, ActorId(2)));
        flags.passed.note(50, (ActorId(2), 2));
        let told = [9, 10, 14, 15, 20, 45, 50].map(|at_ns| flags.openings(3, at_ns));
        assert_eq!(told, [(0, 0), (1, 1), (1, 2), (1, 0), (2, 1), (2, 0), (3, 1)]);
    }
}
