//! `Semaphore(n)` and `BoundedSemaphore(n)`: so many permits, taken and given back by anybody.
//!
//! Cost: one atomic operation while there is a permit; a system call for whoever sleeps, and for whoever gives back
//! while somebody does.
//!
//! Traps, as in Python: a semaphore has no owner. Who gives back what nobody took makes one permit more; only the
//! bounded one refuses. A permit of a process that was killed is gone for ever.

use std::time::Duration;

use super::gate::{Gate, Words};
use super::memory::Block;
use super::refusal::Refusal;

/// `SEM_VALUE_MAX`: more permits than anybody needs.
const MOST: u32 = i32::MAX as u32;

/// Permits. Zeroed memory is a semaphore of which nothing is taken.
#[derive(Clone, Debug)]
pub struct Semaphore<M = Block> {
    words: M,
    given: u32,
    most: u32,
}

impl<M: Words> Semaphore<M> {
    /// `Semaphore(permits)`, in these words.
    pub fn at(words: M, permits: u32) -> Self {
        Self { words, given: permits, most: MOST }
    }

    /// `BoundedSemaphore(permits)`, in these words.
    pub fn bounded_at(words: M, permits: u32) -> Self {
        Self { words, given: permits, most: permits }
    }

    /// Whether there can be a semaphore with so many permits.
    pub fn check(permits: i64) -> Result<(), Refusal> {
        let allowed = (0..=i64::from(MOST)).contains(&permits);
        if allowed { Ok(()) } else { Err(Refusal::new("OSError", "[Errno 22] Invalid argument")) }
    }

    /// `get_value()`: the permits that are left.
    pub fn value(&self) -> u32 {
        self.left(self.gate().state())
    }

    /// `acquire(False)`: takes a permit if one is left; then, how many are left now.
    pub fn try_acquire(&self) -> Option<u32> {
        self.acquire_for(Duration::ZERO)
    }

    /// Takes a permit as soon as one is left, if that is so within this time; then, how many are left now.
    pub fn acquire_for(&self, patience: Duration) -> Option<u32> {
        // What is counted is what was taken, less what was given back beyond that: it may be "less than none".
        let take = |taken: u32| (self.left(taken) > 0).then(|| taken.wrapping_add(1));
        self.gate().change_within(patience, take).map(|change| self.left(change.to))
    }

    /// `release()`: gives a permit back; then, how many are left now.
    pub fn release(&self) -> Result<u32, Refusal> {
        let give = |taken: u32| (self.left(taken) < self.most).then(|| taken.wrapping_sub(1));
        let change = self.gate().change(give).ok_or_else(Refusal::too_often)?;
        self.gate().wake(change, 1);
        Ok(self.left(change.to))
    }

    fn left(&self, taken: u32) -> u32 {
        self.given.wrapping_sub(taken)
    }

    fn gate(&self) -> Gate<'_, M::Word> {
        Gate(self.words.word(0))
    }
}
