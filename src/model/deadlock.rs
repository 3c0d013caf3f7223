//! Deadlocks: who waits for whom, and for ever.

use super::Run;
use crate::trace::ActorId;

/// Processes that wait for each other, so that none can ever go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// Since when: the last of them began to wait.
    pub since_ns: u64,
    /// Until when; `u64::MAX` while it lasts.
    pub until_ns: u64,
    /// Who waits for whom, in the order of a walk around.
    pub links: Vec<Link>,
    /// Others that wait, directly or not, for those: they can't go on either.
    pub victims: Vec<ActorId>,
}

/// One who waits in a deadlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Who.
    pub actor: ActorId,
    /// What for: `for lock b, which Process-2 holds`.
    pub wish: String,
    /// For whom.
    pub helpers: Vec<ActorId>,
    /// The owner that died with what is waited for, if it is that.
    pub dead_owner: Option<ActorId>,
}

impl Run {
    /// Every deadlock so far, in the order in which they were known.
    pub fn deadlocks(&self) -> &[Deadlock] {
        &self.deadlocks
    }

    /// The deadlock at a moment.
    pub fn deadlock_at(&self, at_ns: u64) -> Option<&Deadlock> {
        self.deadlocks.iter().find(|deadlock| deadlock.since_ns <= at_ns && at_ns < deadlock.until_ns)
    }

    /// A deadlock in a sentence.
    pub fn deadlock_in_words(&self, deadlock: &Deadlock) -> String {
        let links: Vec<String> =
            deadlock.links.iter().map(|link| format!("{} waits {}", self.title_of(link.actor), link.wish)).collect();
        format!("Deadlock: {}.", links.join("; "))
    }
}
