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

use super::gate::{Gate, Word, Words};
use super::memory::Block;
use super::refusal::Refusal;

/// The word with the holder.
const HOLDER: usize = 0;
/// The word with the holder that died.
const DIED: usize = 1;
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
        named(self.gate().state())
    }

    /// `acquire(False)`: takes it if it is free.
    pub fn try_acquire(&self, me: ActorId) -> Option<Taken> {
        self.acquire_for(me, Duration::ZERO)
    }

    /// Takes it as soon as it is free, if that is so within this time.
    pub fn acquire_for(&self, me: ActorId, patience: Duration) -> Option<Taken> {
        self.gate().change_within(patience, |holder| (holder == 0).then(|| name(me)))?;
        let died = self.words.word(DIED);
        let who = died.load();
        if who != 0 {
            // Only the holder writes here, and those who recover it from its holder.
            died.store(0);
        }
        Some(Taken { died: named(who as u32) })
    }

    /// `release()`, by whomever.
    pub fn release(&self) -> Result<(), Refusal> {
        self.free(|holder| holder != 0).ok_or_else(Refusal::too_often)
    }

    /// Frees it, if it is this one who has it, who is dead.
    pub fn recover(&self, dead: ActorId) -> bool {
        if self.holder() != Some(dead) {
            return false;
        }
        // Said first: the next holder may be there at once.
        self.words.word(DIED).store(name(dead).into());
        self.words.word(COUNT).store(0);
        self.free(|holder| holder == name(dead)).is_some()
    }

    pub(super) fn free(&self, may: impl Fn(u32) -> bool) -> Option<()> {
        let change = self.gate().change(|holder| may(holder).then_some(0))?;
        self.gate().wake(change, 1);
        Some(())
    }

    fn gate(&self) -> Gate<'_, M::Word> {
        Gate(self.words.word(HOLDER))
    }
}

/// An actor as a state: 0 is nobody.
fn name(actor: ActorId) -> u32 {
    actor.0.wrapping_add(1)
}

fn named(state: u32) -> Option<ActorId> {
    state.checked_sub(1).map(ActorId)
}
