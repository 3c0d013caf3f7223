//! What the program that calls the pool gets to see of its units, by the method it called: a pure state
//! machine.
//!
//! | method | gets a result | an error |
//! |---|---|---|
//! | `map`, `starmap`, `map_async` | with all the others, at the end | the one that arrived first, when every unit has reported (no fail-fast: bpo-23992) |
//! | `imap` | one by one, in input order | in its place; with a chunksize above 1 the iteration ends there |
//! | `imap_unordered` | one by one, as they arrive | likewise, in order of arrival |
//! | `apply`, `apply_async` | each on its own, in order | each on its own |
//!
//! Source: CPython `Lib/multiprocessing/pool.py`: `MapResult`, `IMapIterator`, `IMapUnorderedIterator`,
//! `ApplyResult`. There `imap` with chunks is a plain generator over the chunks, which ends with the first
//! error that passes through it.

use crate::plan::Call;

/// How far `imap` may run ahead of its caller, in units a worker, unless the plan says otherwise.
pub const LOOK_AHEAD: u32 = 64;

/// What the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    /// The results of a unit.
    Results(u32),
    /// The error of a unit.
    Error(u32),
}

/// A program that called the pool.
#[derive(Clone, Debug)]
pub struct Caller {
    call: Call,
    /// Whether a unit may hold several items.
    chunked: bool,
    /// How many units may be handed out beyond those taken.
    look_ahead: u32,
    taken: u32,
    over: bool,
}

impl Caller {
    /// Calls a method with units of so many items.
    pub fn new(call: Call, chunksize: u64, look_ahead: u32) -> Self {
        Self { call, chunked: chunksize > 1, look_ahead, taken: 0, over: false }
    }

    /// Whether it takes what is in order, rather than what has just arrived; `None` if it takes all at once.
    pub fn wants_order(&self) -> Option<bool> {
        match self.call {
            Call::Map | Call::Starmap | Call::MapAsync => None,
            Call::Imap | Call::Apply | Call::ApplyAsync => Some(true),
            Call::ImapUnordered => Some(false),
        }
    }

    /// The next unit in its order has settled. Gives what it takes, if it still takes anything.
    pub fn take(&mut self, unit: u32, failed: bool) -> Option<Handed> {
        if self.over {
            return None;
        }
        self.taken += 1;
        if !failed {
            return Some(Handed::Results(unit));
        }
        self.over = self.call.is_iterator() && self.chunked;
        Some(Handed::Error(unit))
    }

    /// No fresh unit from this one on may be handed out yet.
    pub fn horizon(&self) -> u32 {
        match self.call {
            _ if self.over => 0,
            Call::Imap | Call::ImapUnordered => self.taken.saturating_add(self.look_ahead),
            // It waits for each before it asks for the next.
            Call::Apply => self.taken + 1,
            Call::Map | Call::Starmap | Call::MapAsync | Call::ApplyAsync => u32::MAX,
        }
    }

    /// Whether its iteration ended before the last unit.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How many units it has taken.
    pub fn taken(&self) -> u32 {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items [1, 5, 2], of which the second raises: behaviours measured on CPython 3.13.
    fn iterate(chunksize: u64) -> Vec<Handed> {
        let mut caller = Caller::new(Call::Imap, chunksize, 9);
        let units: &[bool] = if chunksize == 1 { &[false, true, false] } else { &[true, false] };
        (0..).zip(units).filter_map(|(unit, &failed)| caller.take(unit, failed)).collect()
    }

    #[test]
    fn one_by_one_an_iterator_goes_on_after_an_error() {
        assert_eq!(iterate(1), [Handed::Results(0), Handed::Error(1), Handed::Results(2)]);
    }

    #[test]
    fn in_chunks_an_iterator_ends_with_the_first_error() {
        assert_eq!(iterate(2), [Handed::Error(0)]);
        let mut caller = Caller::new(Call::ImapUnordered, 2, 9);
        caller.take(7, true);
        assert_eq!((caller.is_over(), caller.horizon()), (true, 0), "and nothing more is handed out");
    }

    #[test]
    fn how_far_a_call_runs_ahead() {
        let horizons = |call| {
            let mut caller = Caller::new(call, 1, 3);
            let before = caller.horizon();
            caller.take(0, false);
            (before, caller.horizon())
        };
        assert_eq!(horizons(Call::Imap), (3, 4));
        assert_eq!(horizons(Call::Apply), (1, 2));
        assert_eq!(horizons(Call::ApplyAsync), (u32::MAX, u32::MAX));
        assert_eq!(horizons(Call::Map), (u32::MAX, u32::MAX));
    }
}
