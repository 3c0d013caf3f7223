//! Numbers in shared memory: what is there at a moment, who wrote it, and which updates were overwritten.
//!
//! `v.value += 1` reads a number and writes another. If somebody else wrote in between, that one's update is
//! gone: the next number was computed without it. So in the order of the writes, an update was kept if a later
//! one that was kept had read what it wrote, or if it is the last.
//!
//! ```text
//! A reads 5 ──────────────────────── A writes 6     ◄ computed from 5
//!      B reads 5 ── B writes 6 ── B reads 6, writes 7     ◄ both overwritten by A
//! ```

use super::super::history::{self, History};
use crate::trace::ActorId;

/// So many writes of an object are known one by one; of more there are only sums.
const MOST_WRITES: usize = 200_000;
/// So much looking back is for nothing, and so much more every write earns.
const LOOKS: u64 = 1 << 20;
const LOOKS_EARNED: u64 = 16;
/// So many new writes are looked through at once, or as many as a quarter of those that were before.
const MOST_OPEN: usize = 4096;

/// A number that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Which cell.
    pub index: u16,
    /// When.
    pub at_ns: u64,
    /// By whom.
    pub by: ActorId,
    /// What it was computed from, and when that was read.
    pub read: Option<(i64, u64)>,
    /// What was written.
    pub wrote: i64,
    /// When, and by whom, a number was written that was computed without this one.
    pub overwritten: Option<(u64, ActorId)>,
}

/// What became of numbers in shared memory.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// By time.
    writes: Vec<Write>,
    /// By cell: the places of its writes.
    by_cell: std::collections::BTreeMap<u16, Vec<u32>>,
    /// The writes that were looked through, and when something of them was overwritten: the number of times by then.
    settled: usize,
    /// Overwritten updates by the time when it happened.
    overwritten_ns: Vec<u64>,
    /// What was read, as whoever read it said: by time, with the cell.
    pub reads: History<(ActorId, u16, i64)>,
    /// Updates in all.
    pub updates: u64,
    /// The sum of what they added.
    pub added: i128,
    /// Writes without reading before.
    pub plain: u64,
    /// Writes that are not known one by one.
    pub summed: u64,
    /// The last of those.
    last_summed: Option<Write>,
}

impl Cells {
    pub(super) fn read(&mut self, by: ActorId, at_ns: u64, index: u16, value: i64) {
        if self.reads.all().len() < MOST_WRITES {
            self.reads.note(at_ns, (by, index, value));
        }
    }

    pub(super) fn write(&mut self, write: Write) {
        match write.read {
            Some((read, _)) => {
                self.updates += 1;
                self.added = self.added.saturating_add(i128::from(write.wrote) - i128::from(read));
            }
            None => self.plain += 1,
        }
        if self.writes.len() >= MOST_WRITES {
            self.summed += 1;
            if self.last_summed.is_none_or(|last| last.at_ns <= write.at_ns) {
                self.last_summed = Some(write);
            }
            return;
        }
        let place = history::place(self.writes.len(), write.at_ns, |place| self.writes[place].at_ns);
        self.settled = self.settled.min(place);
        self.writes.insert(place, write);
        if self.writes.len() - self.settled >= MOST_OPEN.max(self.writes.len() / 4) {
            self.settle();
        }
    }

    /// Finds out which updates were overwritten, as far as that is known now.
    pub(crate) fn settle(&mut self) {
        if self.settled == self.writes.len() && self.by_cell_count() == self.writes.len() {
            return;
        }
        self.by_cell.clear();
        self.overwritten_ns.clear();
        let mut looks = LOOKS;
        // Of each cell, the writes that the number in it was computed from, one from the other.
        let mut kept: std::collections::BTreeMap<u16, Vec<u32>> = std::collections::BTreeMap::new();
        for place in 0..self.writes.len() {
            let write = self.writes[place];
            self.writes[place].overwritten = None;
            self.by_cell.entry(write.index).or_default().push(place as u32);
            let chain = kept.entry(write.index).or_default();
            looks = looks.saturating_add(LOOKS_EARNED);
            if let Some((read, _)) = write.read {
                let mut from = chain.len();
                while from > 0 && looks > 0 && self.writes[chain[from - 1] as usize].wrote != read {
                    from -= 1;
                    looks -= 1;
                }
                let is_found = from > 0 && looks > 0;
                // Computed from what was there at first, or from a write that is not known.
                let is_first = from == 0
                    && chain
                        .first()
                        .is_some_and(|&first| self.writes[first as usize].read.is_some_and(|first| first.0 == read));
                if is_found || is_first {
                    for lost in chain.drain(from..) {
                        self.writes[lost as usize].overwritten = Some((write.at_ns, write.by));
                        self.overwritten_ns.push(write.at_ns);
                    }
                }
            }
            chain.push(place as u32);
        }
        self.settled = self.writes.len();
    }

    fn by_cell_count(&self) -> usize {
        self.by_cell.values().map(Vec::len).sum()
    }

    /// Every write that is known one by one, by time.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// The last write into a cell by then.
    pub fn last(&self, index: u16, at_ns: u64) -> Option<&Write> {
        if let Some(last) = self.last_summed.as_ref().filter(|last| last.at_ns <= at_ns && last.index == index) {
            return Some(last);
        }
        let by = self.writes.partition_point(|write| write.at_ns <= at_ns);
        // New ones are few, and of any cell.
        let settled = by.min(self.settled);
        let fresh = self.writes[settled..by].iter().rev().find(|write| write.index == index);
        fresh.or_else(|| {
            let places = self.by_cell.get(&index)?;
            let by = places.partition_point(|&place| (place as usize) < settled);
            self.writes.get(*places[..by].last()? as usize)
        })
    }

    /// How many updates had been overwritten by then, as far as that is known.
    pub fn overwritten(&self, at_ns: u64) -> u64 {
        self.overwritten_ns.partition_point(|&overwritten_ns| overwritten_ns <= at_ns) as u64
    }
}
