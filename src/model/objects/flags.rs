//! Events, conditions and barriers: what was set, who was woken, who passed.

use super::super::history::History;
use crate::trace::ActorId;

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
}
