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
