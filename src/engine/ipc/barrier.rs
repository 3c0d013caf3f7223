//! `Barrier(n)`: nobody goes on before so many have come.
//!
//! Cost: one atomic operation for each who comes, and a system call each to sleep and for the last to wake all.
//!
//! Traps, as in Python: whose patience ends breaks it for everybody, until it is reset; who was killed on the way lets
//! the others wait for ever. The robust variant is told of deaths and broken by them. Python's own can also hang when
//! one is killed while it leaves (gh-123899); here nobody counts who leaves.

use std::time::Duration;

use crate::trace::ActorId;

use super::gate::{Gate, Word, Words};
use super::memory::Block;

/// The word with whoever's death broke it last.
const LAST_DEAD: usize = 1;

/// A barrier. Zeroed memory is one at which nobody waits.
#[derive(Clone, Debug)]
pub struct Barrier<M = Block> {
    words: M,
    parties: u8,
}

/// The barrier is broken, or was when it counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// Somebody came to the barrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// As which: 0 came first.
    pub index: u32,
    /// Whether all are there now: then it is this one who opens the barrier.
    pub last: bool,
    at: State,
}

/// All there is to know of a barrier, in 32 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    /// How many have come.
    count: u8,
    /// How often all have passed.
    passes: u32,
    /// How often it was reset while somebody waited.
    resets: u32,
    /// How often all had passed at the last reset.
    reset_at: u32,
    broken: bool,
}

/// What the numbers wrap at. Whoever stands still after its arrival for exactly so many passes of others, of which
/// there are more than the barrier has parties then, would wait for one more.
const PASSES: u32 = (1 << 10) - 1;
const RESETS: u32 = (1 << 3) - 1;
/// Where they lie, above the count.
const PASSES_AT: u32 = 8;
const RESET_AT: u32 = 18;
const RESETS_AT: u32 = 28;
const BROKEN: u32 = 1 << 31;

impl State {
    fn of(word: u32) -> Self {
        Self {
            count: word as u8,
            passes: word >> PASSES_AT & PASSES,
            resets: word >> RESETS_AT & RESETS,
            reset_at: word >> RESET_AT & PASSES,
            broken: word & BROKEN != 0,
        }
    }

    fn word(self) -> u32 {
        let broken = if self.broken { BROKEN } else { 0 };
        u32::from(self.count) | self.passes << PASSES_AT | self.reset_at << RESET_AT | self.resets << RESETS_AT | broken
    }

    /// What became of somebody who came at `then`; `None`: the others are still awaited.
    fn fate(self, then: Self) -> Option<Result<(), Broken>> {
        let passed = if self.resets == then.resets {
            self.passes != then.passes
        } else {
            self.resets == (then.resets + 1) & RESETS && self.reset_at != then.passes
        };
        match (passed, self.broken || self.resets != then.resets) {
            (true, _) => Some(Ok(())),
            (false, true) => Some(Err(Broken)),
            (false, false) => None,
        }
    }
}

impl<M: Words> Barrier<M> {
    /// A barrier for so many parties, at most 255, in these words.
    pub fn at(words: M, parties: u32) -> Self {
        Self { words, parties: u8::try_from(parties).unwrap_or(u8::MAX) }
    }

    /// Comes to the barrier. Who is one too many waits until the others have gone; `None`: not within this time.
    pub fn arrive(&self, patience: Duration) -> Option<Result<Arrival, Broken>> {
        let enter = |word| {
            let state = State::of(word);
            match state {
                State { broken: true, .. } => Some(word),
                State { count, .. } if count < self.parties => Some(State { count: count + 1, ..state }.word()),
                _ => None,
            }
        };
        let change = self.gate().change_within(patience, enter)?;
        let (from, at) = (State::of(change.from), State::of(change.to));
        if from.broken {
            return Some(Err(Broken));
        }
        Some(Ok(Arrival { index: from.count.into(), last: at.count == self.parties, at }))
    }

    /// Lets all go on, as the last who came.
    pub fn open(&self, arrival: &Arrival) -> Result<(), Broken> {
        let open = |word| {
            let state = State::of(word);
            let open = State { count: 0, passes: (state.passes + 1) & PASSES, ..state };
            state.fate(arrival.at).is_none().then(|| open.word())
        };
        let change = self.gate().change(open).ok_or(Broken)?;
        self.gate().wake(change, u32::MAX);
        Ok(())
    }

    /// Waits for the others; `None`: they have not all come within this time.
    pub fn pass(&self, arrival: &Arrival, patience: Duration) -> Option<Result<(), Broken>> {
        let known = |word| State::of(word).fate(arrival.at).map(|_| word);
        let change = self.gate().change_within(patience, known)?;
        State::of(change.to).fate(arrival.at)
    }

    /// Its patience is over: breaks the barrier, unless all have come at last.
    pub fn give_up(&self, arrival: &Arrival) -> Result<(), Broken> {
        let fate = |word| State::of(word).fate(arrival.at);
        let broken = |word| fate(word).is_none().then(|| State { broken: true, ..State::of(word) }.word());
        if let Some(change) = self.gate().change(broken) {
            self.gate().wake(change, u32::MAX);
        }
        fate(self.gate().state()).unwrap_or(Err(Broken))
    }

    /// `abort()`: breaks it for all.
    pub fn abort(&self) {
        if let Some(change) = self.gate().change(|word| Some(State { broken: true, ..State::of(word) }.word())) {
            self.gate().wake(change, u32::MAX);
        }
    }

    /// One of its parties is dead: breaks it, once, however often that death is found; whether this was the time.
    pub fn recover(&self, dead: ActorId) -> bool {
        let (word, name) = (self.words.word(LAST_DEAD), u64::from(dead.0) + 1);
        if word.load() == name {
            return false;
        }
        self.abort();
        // Last: were this one killed before, another would do it again.
        word.store(name);
        true
    }

    /// `reset()`: it is whole again; who waited finds it broken.
    pub fn reset(&self) {
        let reset = |word| {
            let state = State::of(word);
            let whole = State { count: 0, broken: false, ..state };
            let again = State { resets: (state.resets + 1) & RESETS, reset_at: state.passes, ..whole };
            Some(if state.count > 0 { again } else { whole }.word())
        };
        if let Some(change) = self.gate().change(reset) {
            self.gate().wake(change, u32::MAX);
        }
    }

    /// `broken`
    pub fn is_broken(&self) -> bool {
        State::of(self.gate().state()).broken
    }

    /// `n_waiting`
    pub fn waiting(&self) -> u32 {
        let state = State::of(self.gate().state());
        if state.broken { 0 } else { state.count.into() }
    }

    fn gate(&self) -> Gate<'_, M::Word> {
        Gate(self.words.word(0))
    }
}
