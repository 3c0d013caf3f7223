//! Slots, of which each is free or somebody's. What a slot is stands in one word, so whoever takes it and whose it is
//! then are one change: a process that is killed at any moment has a slot in its name, or none. So what the dead had is
//! found by anybody, at any time, as often as need be: a burial that was left half-done is simply done again.
//!
//! Cost: a look at every slot in turn, and one atomic operation; a system call for whoever sleeps.

use std::time::{Duration, Instant};

use super::gate::{Gate, Word, Words};

/// The word at which those sleep who found nothing. Its state only counts: it says that something has changed.
const BELL: usize = 0;

/// So many slots; what their words mean is up to whoever uses them.
#[derive(Clone, Debug)]
pub(super) struct Slots<M> {
    words: M,
    count: usize,
}

impl<M: Words> Slots<M> {
    /// How many words so many slots need.
    pub(super) const fn words_of(count: usize) -> usize {
        1 + count
    }

    /// Those in these words.
    pub(super) fn at(words: M, count: usize) -> Self {
        Self { words, count }
    }

    /// What the slots are now, one after the other.
    pub(super) fn all(&self) -> impl Iterator<Item = u64> {
        (0..self.count).map(|slot| self.word(slot).load())
    }

    /// Changes the first slot, from this one on and around, for which the rule says what it becomes; what it was.
    pub(super) fn change(&self, first: usize, rule: impl Fn(usize, u64) -> Option<u64>) -> Option<u64> {
        (0..self.count).find_map(|step| self.change_at((first + step) % self.count, &rule))
    }

    /// Changes a slot in this way as soon as there is one, if that is so within this time.
    pub(super) fn change_within(
        &self,
        patience: Duration,
        first: usize,
        rule: impl Fn(usize, u64) -> Option<u64>,
    ) -> Option<u64> {
        let mut began = None;
        loop {
            let rung = self.bell().state();
            let changed = self.change(first, &rule);
            if changed.is_some() || patience.is_zero() {
                return changed;
            }
            let left = patience.saturating_sub(began.get_or_insert_with(Instant::now).elapsed());
            if self.bell().change_within(left, |state| (state != rung).then_some(state)).is_none() {
                return self.change(first, &rule);
            }
        }
    }

    /// Changes every slot for which the rule says what it becomes; how many.
    pub(super) fn change_all(&self, rule: impl Fn(usize, u64) -> Option<u64>) -> u32 {
        (0..self.count).filter(|&slot| self.change_at(slot, &rule).is_some()).count() as u32
    }

    /// Some slots are free: whoever waits for one shall look again.
    pub(super) fn ring(&self, slots: u32) {
        if let Some(change) = self.bell().change(|state| Some(state.wrapping_add(1))) {
            self.bell().wake(change, slots);
        }
    }

    fn change_at(&self, slot: usize, rule: impl Fn(usize, u64) -> Option<u64>) -> Option<u64> {
        loop {
            let seen = self.word(slot).load();
            let new = rule(slot, seen)?;
            if self.word(slot).alter(seen, new) {
                return Some(seen);
            }
        }
    }

    fn word(&self, slot: usize) -> &M::Word {
        self.words.word(BELL + 1 + slot)
    }

    fn bell(&self) -> Gate<'_, M::Word> {
        Gate(self.words.word(BELL))
    }
}
