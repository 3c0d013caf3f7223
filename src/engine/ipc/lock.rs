//! `Lock()`: one permit, on which stands who has it.
//!
//! Cost: one atomic operation while nobody else has it; a system call for whoever sleeps, and for whoever gives back
//! while somebody does.
//!
//! Traps, as in Python: taking it twice waits for ever on oneself; anybody may give back what another took; a lock
//! whose holder was killed stays taken for ever. The robust variant is told of deaths ([`Lock::recover`]) and is free
//! again; its next holder learns that what the lock guards may be half-done.

use std::time::Duration;

use crate::trace::ActorId;

use super::gate::{Gate, Words};
use super::memory::Block;
use super::refusal::Refusal;

/// The word with the holder.
const HOLDER: usize = 0;
/// Nobody has it, and nobody sleeps.
const FREE: u64 = 0;
/// In its state: it is free, and whose name stands there died with it.
const DIED: u32 = 1 << 31;
/// The word for a count of the holder's own; see [`RLock`](super::RLock).
pub(super) const COUNT: usize = 2;

/// A lock. Zeroed memory is a free one.
#[derive(Clone, Debug)]
pub struct Lock<M = Block> {
    pub(super) words: M,
}

/// A lock was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who had it last, if it died with it.
    pub died: Option<ActorId>,
}

impl<M: Words> Lock<M> {
    /// The lock in these words.
    pub fn at(words: M) -> Self {
        Self { words }
    }

    /// Who has it.
    pub fn holder(&self) -> Option<ActorId> {
        let state = self.gate().state();
        if is_free(state) { None } else { named(state) }
    }

    /// `acquire(False)`: takes it if it is free.
    pub fn try_acquire(&self, me: ActorId) -> Option<Taken> {
        self.acquire_for(me, Duration::ZERO)
    }

    /// Takes it as soon as it is free, if that is so within this time.
    pub fn acquire_for(&self, me: ActorId, patience: Duration) -> Option<Taken> {
        let change = self.gate().change_from(FREE, patience, |state| is_free(state).then(|| name(me)))?;
        Some(Taken { died: named(change.from & !DIED) })
    }

    /// `release()`, by whomever.
    pub fn release(&self) -> Result<(), Refusal> {
        self.free(|state| (!is_free(state)).then_some(0)).ok_or_else(Refusal::too_often)
    }

    /// Frees it, if it is this one who has it, who is dead.
    pub fn recover(&self, dead: ActorId) -> bool {
        // In one: whoever takes it next is told, and nobody who took it from a living one is.
        self.free(|state| (state == name(dead)).then_some(DIED | state)).is_some()
    }

    fn free(&self, rule: impl Fn(u32) -> Option<u32>) -> Option<()> {
        let change = self.gate().change(rule)?;
        self.gate().wake(change, 1);
        Some(())
    }

    fn gate(&self) -> Gate<'_, M::Word> {
        Gate(self.words.word(HOLDER))
    }
}

fn is_free(state: u32) -> bool {
    state == 0 || state & DIED != 0
}

/// An actor as a state: 0 is nobody.
fn name(actor: ActorId) -> u32 {
    actor.0.wrapping_add(1) & !DIED
}

fn named(state: u32) -> Option<ActorId> {
    state.checked_sub(1).map(ActorId)
}
