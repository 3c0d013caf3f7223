//! `RLock()`: a lock that its holder may take again; it is free when it was given back as often.
//!
//! Cost: that of a [`Lock`] for the first time, no atomic change for the others.
//!
//! Traps: only the holder may give it back. A [`Condition`](super::Condition), a `Value` and an `Array` have one.

use std::time::Duration;

use crate::trace::ActorId;

use super::gate::{Word, Words};
use super::lock::{COUNT, Lock, Taken};
use super::memory::Block;
use super::refusal::Refusal;

/// Such a lock. Zeroed memory is a free one.
#[derive(Clone, Debug)]
pub struct RLock<M = Block>(Lock<M>);

impl<M: Words> RLock<M> {
    /// The lock in these words.
    pub fn at(words: M) -> Self {
        Self(Lock::at(words))
    }

    /// Who has it.
    pub fn holder(&self) -> Option<ActorId> {
        self.0.holder()
    }

    /// How often its holder has it. Only to be asked by the holder.
    pub fn count(&self) -> u32 {
        self.0.words.word(COUNT).load() as u32
    }

    /// `acquire(False)`; then, how often its holder has it now.
    pub fn try_acquire(&self, me: ActorId) -> Option<(u32, Taken)> {
        self.acquire_for(me, Duration::ZERO)
    }

    /// Takes it as soon as nobody else has it, if that is so within this time; then, how often its holder has it now.
    pub fn acquire_for(&self, me: ActorId, patience: Duration) -> Option<(u32, Taken)> {
        // Most often it is free; who has it is only looked at when it is not.
        let taken = match self.0.try_acquire(me) {
            None if self.holder() == Some(me) => {
                let count = self.count() + 1;
                self.set_count(count);
                return Some((count, Taken { died: None }));
            }
            None => self.0.acquire_for(me, patience)?,
            Some(taken) => taken,
        };
        self.set_count(1);
        Some((1, taken))
    }

    /// `release()`; then, how often its holder still has it.
    pub fn release(&self, me: ActorId) -> Result<u32, Refusal> {
        if self.holder() != Some(me) {
            return Err(Refusal::new("AssertionError", "attempt to release recursive lock not owned by thread"));
        }
        let left = self.count() - 1;
        self.set_count(left);
        if left == 0 {
            self.0.release()?;
        }
        Ok(left)
    }

    /// Frees it, if it is this one who has it, who is dead.
    pub fn recover(&self, dead: ActorId) -> bool {
        self.0.recover(dead)
    }

    /// Gives it back wholly, as whoever waits for a condition does; then, how often it had been taken.
    pub fn release_all(&self, me: ActorId) -> Result<u32, Refusal> {
        let count = self.count();
        for _ in 1..count {
            self.release(me)?;
        }
        self.release(me)?;
        Ok(count)
    }

    /// For who has just taken it: it counts as taken so often.
    pub fn set_count(&self, count: u32) {
        self.0.words.word(COUNT).store(count.into());
    }
}
