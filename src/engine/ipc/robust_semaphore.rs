//! The robust variants of `Semaphore(n)` and `BoundedSemaphore(n)`: each permit is a slot on which stands who has it.
//! So the permits of a dead holder come back, those that it held and no others, and whoever takes one of them next
//! learns that what it stands for may be half-done.
//!
//! Cost: a look at every permit; so it is for some, not for thousands.
//!
//! Traps: permits have owners here, though anybody may still give one back, as in Python. Who has none gives back
//! another's, if anybody has one: nobody can know whose was meant. A semaphore that is used to count events, given
//! back here and taken there, is better a faithful one: its permits are nobody's.

use std::time::Duration;

use crate::trace::ActorId;

use super::gate::Words;
use super::lock::Taken;
use super::memory::Block;
use super::refusal::Refusal;
use super::slots::Slots;

/// So many permits more than at the beginning there can be, if nobody limits them.
const MORE: u32 = 64;
/// In a slot: there is a permit more than at the beginning.
const ADDED: u64 = 1;
/// In a slot: it is free, and whose name stands there died with it.
const DIED: u64 = 1 << 63;

/// Permits with owners. Zeroed memory is a semaphore of which nothing is taken.
#[derive(Clone, Debug)]
pub struct RobustSemaphore<M = Block> {
    slots: Slots<M>,
    given: usize,
}

impl<M: Words> RobustSemaphore<M> {
    /// How many words it needs, with so many permits.
    pub(super) const fn words_of(permits: u32) -> usize {
        Slots::<M>::words_of((permits + MORE) as usize)
    }

    /// `Semaphore(permits)`, in these words.
    pub fn at(words: M, permits: u32) -> Self {
        Self { slots: Slots::at(words, (permits + MORE) as usize), given: permits as usize }
    }

    /// `BoundedSemaphore(permits)`, in these words.
    pub fn bounded_at(words: M, permits: u32) -> Self {
        Self { slots: Slots::at(words, permits as usize), given: permits as usize }
    }

    /// `get_value()`: the permits that are left.
    pub fn value(&self) -> u32 {
        self.slots.all().enumerate().filter(|&(slot, word)| self.is_free(slot, word)).count() as u32
    }

    /// `acquire(False)`: takes a permit if one is left; then, how many are left now.
    pub fn try_acquire(&self, me: ActorId) -> Option<(u32, Taken)> {
        self.acquire_for(me, Duration::ZERO)
    }

    /// Takes a permit as soon as one is left, if that is so within this time; then, how many are left now.
    pub fn acquire_for(&self, me: ActorId, patience: Duration) -> Option<(u32, Taken)> {
        let take = |slot, word| self.is_free(slot, word).then(|| name(me));
        let before = self.slots.change_within(patience, 0, take)?;
        Some((self.value(), Taken { died: owner(before & !DIED) }))
    }

    /// `release()`: gives a permit back, its own if it has one; then, how many are left now.
    pub fn release(&self, me: ActorId) -> Result<u32, Refusal> {
        let own = |slot, word| (word == name(me)).then(|| self.free(slot));
        let others = |slot, word| is_held(word).then(|| self.free(slot));
        let one_more = |slot, word| self.is_missing(slot, word).then_some(ADDED);
        let given = self.slots.change(0, own).or_else(|| self.slots.change(0, others));
        given.or_else(|| self.slots.change(self.given, one_more)).ok_or_else(Refusal::too_often)?;
        self.slots.ring(1);
        Ok(self.value())
    }

    /// Frees the permits of somebody who is dead; how many they were.
    pub fn recover(&self, dead: ActorId) -> u32 {
        let freed = self.slots.change_all(|_, word| (word == name(dead)).then_some(DIED | word));
        self.slots.ring(freed);
        freed
    }

    /// What the word of a permit that is there is at first.
    fn free(&self, slot: usize) -> u64 {
        if slot < self.given { 0 } else { ADDED }
    }

    fn is_free(&self, slot: usize, word: u64) -> bool {
        word == self.free(slot) || word & DIED != 0
    }

    /// Whether a permit is not there that could be.
    fn is_missing(&self, slot: usize, word: u64) -> bool {
        slot >= self.given && word == 0
    }
}

fn is_held(word: u64) -> bool {
    word > ADDED && word & DIED == 0
}

/// An actor in a slot: 0 and 1 are nobody.
fn name(actor: ActorId) -> u64 {
    u64::from(actor.0) + 2
}

fn owner(word: u64) -> Option<ActorId> {
    word.checked_sub(2).map(|actor| ActorId(actor as u32))
}
