//! `Event()`: a flag that is set and cleared, and that others wait for.
//!
//! Cost: one atomic operation to set, to clear, and to see that it is set; a system call for whoever sleeps, and one
//! to wake all. Python's costs a condition with all its locks.
//!
//! Traps: an event that is set and cleared at once may go by a waiter (gh-95826): it wakes, sees it cleared and sleeps
//! on. Nobody knows how many saw it.

use std::time::Duration;

use super::gate::{Gate, Words};
use super::memory::Block;

/// An event. Zeroed memory is one that is not set.
#[derive(Clone, Debug)]
pub struct Event<M = Block>(M);

impl<M: Words> Event<M> {
    /// The event in these words.
    pub fn at(words: M) -> Self {
        Self(words)
    }

    /// `is_set()`
    pub fn is_set(&self) -> bool {
        self.gate().state() != 0
    }

    /// `set()`: whoever waits goes on. It may be set already.
    pub fn set(&self) {
        if let Some(change) = self.gate().change(|set| (set == 0).then_some(1)) {
            self.gate().wake(change, u32::MAX);
        }
    }

    /// `clear()`
    pub fn clear(&self) {
        self.gate().change(|_| Some(0));
    }

    /// Waits until it is set, if that is so within this time; whether it is.
    pub fn wait(&self, patience: Duration) -> bool {
        self.gate().change_within(patience, |set| (set != 0).then_some(set)).is_some()
    }

    fn gate(&self) -> Gate<'_, M::Word> {
        Gate(self.0.word(0))
    }
}
