//! What all objects here are made of: a word that whoever uses it changes by a rule, and at which those sleep whose
//! rule does not allow a change yet.
//!
//! ```text
//! 63             32 31              0
//! │  who sleeps   │     state      │      both change together, by one compare-and-swap
//! ```
//!
//! Because both halves are one word, nobody can fall asleep between another's change and his look for sleepers: a
//! wake-up is never lost between the living. A process that is killed may take one along, between its change and its
//! call that wakes, or between being woken and taking what it was woken for. So nobody sleeps for ever at a stretch:
//! whoever waits comes back after a while and tries again. A killed sleeper stays counted; that costs those who
//! change the word a system call each, and nothing else.
//!
//! Cost: a change that the rule allows is one atomic operation and no system call while nobody sleeps. Before it falls
//! asleep, whoever must wait [looks on](super::look_on) for a moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::sys;

use super::look_on::look_on;
use super::memory::Block;

/// A word that several threads or processes change. There is a second one for the tests, which tries every order in
/// which they can.
pub trait Word {
    /// What it is.
    fn load(&self) -> u64;
    /// Becomes this, if it is still what was seen; else the answer is what it is now.
    fn replace(&self, seen: u64, new: u64) -> Result<(), u64>;
    /// Whether it was this, and is that now.
    fn alter(&self, from: u64, to: u64) -> bool {
        loop {
            match self.replace(from, to) {
                Ok(()) => return true,
                // The exchange may fail for no reason.
                Err(now) if now == from => {}
                Err(_) => return false,
            }
        }
    }
    /// Becomes this.
    fn store(&self, new: u64);
    /// What it is, in no order with other words: as C reads an `int`.
    fn peek(&self) -> u64 {
        self.load()
    }
    /// Becomes this, in no order with other words.
    fn poke(&self, new: u64) {
        self.store(new);
    }
    /// Looks on for a moment whether it is still this, if that is worth it; what it is then.
    fn watch(&self, seen: u64) -> u64 {
        seen
    }
    /// Sleeps while the low half is that of `seen`, at most so long; may wake without a reason.
    fn park(&self, seen: u64, patience: Duration);
    /// Wakes at most so many of those who sleep.
    fn unpark(&self, count: u32);
}

impl Word for AtomicU64 {
    #[inline]
    fn load(&self) -> u64 {
        self.load(Ordering::Acquire)
    }

    #[inline]
    fn replace(&self, seen: u64, new: u64) -> Result<(), u64> {
        self.compare_exchange_weak(seen, new, Ordering::AcqRel, Ordering::Acquire).map(drop)
    }

    #[inline]
    fn store(&self, new: u64) {
        self.store(new, Ordering::Release);
    }

    #[inline]
    fn peek(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    #[inline]
    fn poke(&self, new: u64) {
        self.store(new, Ordering::Relaxed);
    }

    fn watch(&self, seen: u64) -> u64 {
        look_on(|| Some(Word::load(self)).filter(|now| *now != seen)).unwrap_or(seen)
    }

    fn park(&self, seen: u64, patience: Duration) {
        sys::park(self, seen, patience);
    }

    fn unpark(&self, count: u32) {
        sys::unpark(self, count);
    }
}

/// Some words that belong together.
pub trait Words {
    /// What they are.
    type Word: Word;

    /// The word of this number.
    fn word(&self, number: usize) -> &Self::Word;
}

impl Words for Block {
    type Word = AtomicU64;

    #[inline]
    fn word(&self, number: usize) -> &AtomicU64 {
        &self[number]
    }
}

/// One sleeper, in the upper half.
const SLEEPER: u64 = 1 << 32;
/// The upper half.
const UPPER: u64 = !(u32::MAX as u64);

/// A change that took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The state before.
    pub(super) from: u32,
    /// The state after.
    pub(super) to: u32,
    /// Whether anybody sleeps.
    sleepers: bool,
}

/// A word used as a gate.
#[derive(Debug)]
pub(super) struct Gate<'w, W>(pub(super) &'w W);

impl<W: Word> Gate<'_, W> {
    /// The state now.
    pub(super) fn state(&self) -> u32 {
        self.0.load() as u32
    }

    /// Changes the state, if the rule allows it now.
    pub(super) fn change(&self, rule: impl Fn(u32) -> Option<u32>) -> Option<Change> {
        self.change_within(Duration::ZERO, rule)
    }

    /// Changes the state as soon as the rule allows it, if that is so within this time.
    pub(super) fn change_within(&self, patience: Duration, rule: impl Fn(u32) -> Option<u32>) -> Option<Change> {
        self.change_from(self.0.load(), patience, rule)
    }

    /// The same where the word is most likely this one, and the rule changes it then: without a look before, another
    /// process's core has to hand the word over only once.
    #[inline]
    pub(super) fn change_from(
        &self,
        likely: u64,
        patience: Duration,
        rule: impl Fn(u32) -> Option<u32>,
    ) -> Option<Change> {
        match rule(likely as u32) {
            Some(to) if to != likely as u32 => match self.0.replace(likely, likely & UPPER | u64::from(to)) {
                Ok(()) => Some(Change { from: likely as u32, to, sleepers: likely >= SLEEPER }),
                Err(now) => self.change_when_allowed(now, patience, rule),
            },
            _ => self.change_when_allowed(self.0.load(), patience, rule),
        }
    }

    /// Not in line: there is time enough for a call where somebody waits.
    #[inline(never)]
    fn change_when_allowed(
        &self,
        mut seen: u64,
        patience: Duration,
        rule: impl Fn(u32) -> Option<u32>,
    ) -> Option<Change> {
        let mut began = None;
        // Whether this one has looked on, and is among the sleepers that are counted.
        let (mut watched, mut counted) = (false, false);
        loop {
            let from = seen as u32;
            let others = if counted { seen - SLEEPER } else { seen };
            if let Some(to) = rule(from) {
                let new = others & UPPER | u64::from(to);
                match if new == seen { Ok(()) } else { self.0.replace(seen, new) } {
                    Ok(()) => return Some(Change { from, to, sleepers: others >= SLEEPER }),
                    Err(now) => seen = now,
                }
                continue;
            }
            let waited =
                if patience.is_zero() { Duration::ZERO } else { began.get_or_insert_with(Instant::now).elapsed() };
            if waited >= patience {
                // In one with a last look: had somebody woken this one, it would have seen why.
                match if counted { self.0.replace(seen, others) } else { Ok(()) } {
                    Ok(()) => return None,
                    Err(now) => seen = now,
                }
            } else if counted {
                self.0.park(seen, patience.saturating_sub(waited));
                seen = self.0.load();
            } else if !watched {
                (seen, watched) = (self.0.watch(seen), true);
            } else {
                match self.0.replace(seen, seen + SLEEPER) {
                    Ok(()) => (seen, counted) = (seen + SLEEPER, true),
                    Err(now) => seen = now,
                }
            }
        }
    }

    /// After a change: wakes at most so many of those who sleep.
    pub(super) fn wake(&self, change: Change, count: u32) {
        if change.sleepers {
            self.0.unpark(count);
        }
    }
}
