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
    /// What each of them added, if it was always the same.
    step: Option<i64>,
    /// Whether they did not all add the same.
    mixed: bool,
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
                let step = write.wrote.wrapping_sub(read);
                self.mixed |= *self.step.get_or_insert(step) != step || write.index > 0;
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

    /// How many updates are not in the final number, if that is certain: where all of them added the same to one
    /// number, and nobody wrote anything else, it is what is missing in it.
    pub fn lost(&self, initial: i64) -> Option<u64> {
        let step = i128::from(self.step.filter(|&step| step != 0 && !self.mixed && self.plain == 0)?);
        let written = self.last(0, u64::MAX)?;
        // Who read it afterwards saw what really was there.
        let read = self.reads.all().last().filter(|&&(at_ns, (_, index, _))| at_ns > written.at_ns && index == 0);
        let last = read.map_or(written.wrote, |&(_, (_, _, value))| value);
        let kept = (i128::from(last) - i128::from(initial)) / step;
        u64::try_from(i128::from(self.updates) - kept).ok()
    }

    /// How many updates had been overwritten by then, as far as that is known.
    pub fn overwritten(&self, at_ns: u64) -> u64 {
        self.overwritten_ns.partition_point(|&overwritten_ns| overwritten_ns <= at_ns) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ActorId = ActorId(2);
    const B: ActorId = ActorId(3);

    /// `v.value += 1`, from when until when, by whom, from which number.
    fn update(cells: &mut Cells, by: ActorId, (since_ns, at_ns): (u64, u64), read: i64) {
        cells.write(Write { index: 0, at_ns, by, read: Some((read, since_ns)), wrote: read + 1, overwritten: None });
    }

    #[test]
    fn what_was_computed_without_an_update_overwrites_it_and_all_that_was_built_on_it() {
        // A reads 5, B makes 6, 7 and 8 of it, A writes 6; B goes on from there.
        let updates = [(A, (10, 50), 5), (B, (20, 25), 5), (B, (26, 30), 6), (B, (31, 40), 7), (B, (60, 70), 6)];
        for order in [[0, 1, 2, 3, 4], [1, 2, 3, 0, 4], [4, 3, 2, 1, 0]] {
            let mut cells = Cells::default();
            for place in order {
                let (by, times_ns, read) = updates[place];
                update(&mut cells, by, times_ns, read);
            }
            cells.settle();
            let lost: Vec<u64> =
                cells.writes().iter().filter(|write| write.overwritten.is_some()).map(|write| write.at_ns).collect();
            assert_eq!(lost, [25, 30, 40], "{order:?}");
            assert!(cells.writes()[0].overwritten == Some((50, A)), "it is known when and by whom");
            assert_eq!([49, 50, 99].map(|at_ns| cells.overwritten(at_ns)), [0, 3, 3]);
            assert_eq!((cells.updates, cells.lost(5)), (5, Some(3)), "5 updates made 7 of 5");
            let value = |at_ns| cells.last(0, at_ns).map(|write| (write.wrote, write.by));
            assert_eq!([19, 25, 45, 50].map(value), [None, Some((6, B)), Some((8, B)), Some((6, A))]);
        }
    }

    #[test]
    fn under_a_lock_nothing_is_overwritten() {
        let mut cells = Cells::default();
        for number in 0..10_000 {
            let by = if number % 3 == 0 { A } else { B };
            update(&mut cells, by, (number * 10, number * 10 + 5), number.cast_signed());
        }
        cells.settle();
        assert_eq!((cells.overwritten(u64::MAX), cells.lost(0)), (0, Some(0)));
    }

    #[test]
    fn beyond_the_detail_the_loss_is_known_from_the_sums() {
        let mut cells = Cells::default();
        for number in 0..MOST_WRITES as u64 + 1000 {
            update(&mut cells, A, (number * 10, number * 10 + 5), (number / 2).cast_signed());
        }
        assert_eq!((cells.writes().len(), cells.summed), (MOST_WRITES, 1000));
        let last = i64::midpoint(MOST_WRITES as i64, 999) + 1;
        assert_eq!(cells.last(0, u64::MAX).map(|write| write.wrote), Some(last));
        assert_eq!(cells.lost(0), Some(MOST_WRITES as u64 + 1000 - last.cast_unsigned()));
        cells.read(B, u64::MAX, 0, 100);
        assert_eq!(cells.lost(0), Some(MOST_WRITES as u64 + 900), "who read it last saw what was there");
    }

    #[test]
    fn cells_of_an_array_are_told_apart() {
        let mut cells = Cells::default();
        let write = |index, at_ns, read, wrote| Write { index, at_ns, by: A, read, wrote, overwritten: None };
        cells.write(write(1, 10, None, 7));
        cells.write(write(0, 20, Some((0, 19)), 1));
        cells.settle();
        cells.write(write(1, 30, Some((7, 29)), 8));
        assert_eq!([0, 1, 2].map(|index| cells.last(index, 25).map(|write| write.wrote)), [Some(1), Some(7), None]);
        assert_eq!(cells.last(1, 30).map(|write| write.wrote), Some(8));
        assert_eq!((cells.updates, cells.plain, cells.lost(0)), (2, 1, None));
    }
}
