//! `Condition()`: a lock of its own, and a place where one waits to be notified.
//!
//! Cost: a few writes to wait, a look at every place to notify, and a system call for each who is woken.
//!
//! Traps: to be notified says nothing of what one waits for; one looks again (`wait_for`). Python's `notify` counts
//! on everybody it woke to say so: when one of them was killed it waits for ever (gh-75158). Here each who waits has a
//! place with its name, nobody is counted on, and what a dead one was notified of goes on to the next
//! ([`Condition::forget`]).

use std::time::{Duration, Instant};

use crate::trace::ActorId;

use super::gate::{Word, Words};
use super::memory::Block;

/// The word with the number of the last who came to wait.
const LAST: usize = 0;
/// At most so many wait at the same time.
pub(super) const PLACES: usize = 63;
/// In the low half of a place: it was notified. The other bits there are its number, which is never 0.
const WOKEN: u64 = 1;

/// A condition, without its lock, which whoever calls this must have. Zeroed memory is one for which nobody waits.
#[derive(Clone, Debug)]
pub struct Condition<M = Block> {
    words: M,
    places: usize,
}

/// Somebody who waits.
#[derive(Debug)]
pub struct Waiting {
    place: usize,
    word: u64,
}

impl<M: Words> Condition<M> {
    /// The condition in these words.
    pub fn at(words: M) -> Self {
        Self { words, places: PLACES }
    }

    /// A condition for which fewer can wait.
    #[cfg(test)]
    pub(super) fn at_places(words: M, places: usize) -> Self {
        Self { words, places }
    }

    /// Takes a place among those who wait; `None`: all places are taken. The lock is to be given back next.
    pub fn enter(&self, me: ActorId) -> Option<Waiting> {
        let number = (self.words.word(LAST).load() as u32).wrapping_add(1) & u32::MAX >> 1;
        let number = number.max(1);
        self.words.word(LAST).store(number.into());
        let word = u64::from(me.0) << 32 | u64::from(number) << 1;
        let place = (1..=self.places).find(|&place| self.alter(place, 0, word))?;
        Some(Waiting { place, word })
    }

    /// Whether it is notified within this time; then it has left its place.
    pub fn woken(&self, waiting: &Waiting, patience: Duration) -> bool {
        let began = Instant::now();
        let place = self.words.word(waiting.place);
        loop {
            if place.load() != waiting.word {
                self.alter(waiting.place, waiting.word | WOKEN, 0);
                return true;
            }
            let waited = began.elapsed();
            if waited >= patience {
                return false;
            }
            place.park(waiting.word, patience.saturating_sub(waited));
        }
    }

    /// Leaves its place; whether it was notified at last.
    pub fn leave(&self, waiting: &Waiting) -> bool {
        !self.alter(waiting.place, waiting.word, 0) && self.woken(waiting, Duration::ZERO)
    }

    /// `notify(count)`: wakes at most so many, who waited longest; how many.
    pub fn notify(&self, count: u32) -> u32 {
        let mut woken = 0;
        while woken < count {
            let last = self.words.word(LAST).load() as u32;
            let waits = |word: u64| word != 0 && word & WOKEN == 0;
            let age = |word: u64| last.wrapping_sub(word as u32 >> 1) & u32::MAX >> 1;
            let words = (1..=self.places).map(|place| (place, self.words.word(place).load()));
            let Some((place, word)) = words.filter(|&(_, word)| waits(word)).max_by_key(|&(_, word)| age(word)) else {
                break;
            };
            if self.alter(place, word, word | WOKEN) {
                self.words.word(place).unpark(1);
                woken += 1;
            }
        }
        woken
    }

    /// Gives up the place of somebody who is dead. What it was notified of, and did not live to see, goes on to the
    /// next: first, so that it is not lost if this one is killed, too, before it gave up the place. Whoever comes after
    /// it may then notify one more, who looks, and waits on.
    pub fn forget(&self, dead: ActorId) {
        for place in 1..=self.places {
            let word = self.words.word(place).load();
            if word == 0 || (word >> 32) as u32 != dead.0 || self.alter(place, word & !WOKEN, 0) {
                continue;
            }
            // Another may bury the same one: the place may be somebody else's by now.
            let woken = word | WOKEN;
            if self.words.word(place).load() == woken {
                self.notify(1);
                self.alter(place, woken, 0);
            }
        }
    }

    /// Whether a place was like this, and is like that now.
    fn alter(&self, place: usize, from: u64, to: u64) -> bool {
        self.words.word(place).alter(from, to)
    }
}
