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

use super::super::history::{History, Tally};
use crate::trace::ActorId;

/// So many writes of an object are known one by one; of more there are only sums.
const MOST_WRITES: usize = 200_000;
/// So much looking back is for nothing, and so much more every write earns.
const LOOKS: u64 = 1 << 20;
const LOOKS_EARNED: u64 = 16;
/// So many new writes are looked through at once, or as many as a quarter of those that it was done for last.
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

/// Updates, and those of them that are not in the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Losses {
    /// Updates: a number was read, and another written.
    pub updates: u64,
    /// Those of them that somebody overwrote who had not seen them.
    pub overwritten: u64,
    /// Of which updates that is.
    pub known: Known,
}

/// Of which updates it is known how many were overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known {
    /// Of all that there ever were.
    #[default]
    Final,
    /// Of all until a moment: whoever read before may still overwrite some of them.
    SoFar,
    /// Of the first ones only: there are too many to know each.
    First,
}

/// What became of numbers in shared memory.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// By time as far as they were looked through; those behind are new, and in any order: whoever writes tells
    /// of it block by block, later than others who wrote later.
    writes: Vec<Write>,
    /// By cell: the places of its writes.
    by_cell: std::collections::BTreeMap<u16, Vec<u32>>,
    /// Of each cell, the places of the writes that the number in it was computed from, one from the other.
    kept: std::collections::BTreeMap<u16, Vec<u32>>,
    /// How many writes were looked through.
    settled: usize,
    /// The places of what overwrote an update and of that update, in the order in which it was found.
    losses: Vec<(u32, u32)>,
    /// How many writes were looked through the last time.
    at_once: usize,
    /// How much looking back there was, beyond what was earned.
    looked: u64,
    /// What was read, as whoever read it said: by time, with the cell.
    pub reads: History<(ActorId, u16, i64)>,
    /// Updates in all.
    pub updates: u64,
    /// When those were made that are known one by one.
    updates_ns: Tally,
    /// What each of them added, if it was always the same.
    step: Option<i64>,
    /// Whether they did not all add the same.
    mixed: bool,
    /// Writes without reading before.
    pub plain: u64,
    /// Writes that are not known one by one.
    pub summed: u64,
    /// The first and the last of those.
    summed_from_ns: Option<u64>,
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
            self.summed_from_ns = Some(self.summed_from_ns.map_or(write.at_ns, |known| known.min(write.at_ns)));
            if self.last_summed.is_none_or(|last| last.at_ns <= write.at_ns) {
                self.last_summed = Some(write);
            }
            return;
        }
        if write.read.is_some() {
            self.updates_ns.note(write.at_ns, 1);
        }
        self.writes.push(write);
        if self.writes.len() - self.settled >= MOST_OPEN.max(self.at_once / 4) {
            self.settle();
        }
    }

    /// Finds out which updates were overwritten, as far as that is known now: what is new, and what was written
    /// after the first of it, is looked through.
    pub(crate) fn settle(&mut self) {
        let Some(first_ns) = self.writes[self.settled..].iter().map(|write| write.at_ns).min() else { return };
        let first = self.writes[..self.settled].partition_point(|write| write.at_ns <= first_ns);
        self.forget_from(first);
        // Stable: what one told in its order keeps that.
        self.writes[first..].sort_by_key(|write| write.at_ns);
        for place in first..self.writes.len() {
            self.look_at(place);
        }
        (self.settled, self.at_once) = (self.writes.len(), self.writes.len() - first);
    }

    /// As if only the writes before that place had been looked through.
    fn forget_from(&mut self, first: usize) {
        let is_before = |place: &u32| (*place as usize) < first;
        for places in self.by_cell.values_mut() {
            places.truncate(places.partition_point(is_before));
        }
        for chain in self.kept.values_mut() {
            chain.truncate(chain.partition_point(is_before));
        }
        let known = self.losses.partition_point(|(by, _)| is_before(by));
        let mut found_again: Vec<u32> = self.losses.split_off(known).into_iter().map(|(_, lost)| lost).collect();
        found_again.sort_unstable();
        for lost in found_again {
            let write = &mut self.writes[lost as usize];
            write.overwritten = None;
            if is_before(&lost) {
                self.kept.entry(write.index).or_default().push(lost);
            }
        }
        self.settled = first;
    }

    /// Finds out which updates this write overwrote; all before it have been looked at.
    fn look_at(&mut self, place: usize) {
        let write = self.writes[place];
        self.by_cell.entry(write.index).or_default().push(place as u32);
        let chain = self.kept.entry(write.index).or_default();
        self.looked = self.looked.saturating_sub(LOOKS_EARNED);
        if let Some((read, _)) = write.read {
            let mut from = chain.len();
            while from > 0 && self.looked < LOOKS && self.writes[chain[from - 1] as usize].wrote != read {
                from -= 1;
                self.looked += 1;
            }
            let is_found = from > 0 && self.looked < LOOKS;
            // Computed from what was there at first, or from a write that is not known.
            let is_first = from == 0
                && chain
                    .first()
                    .is_some_and(|&first| self.writes[first as usize].read.is_some_and(|first| first.0 == read));
            if is_found || is_first {
                for lost in chain.drain(from..) {
                    self.writes[lost as usize].overwritten = Some((write.at_ns, write.by));
                    self.losses.push((place as u32, lost));
                }
            }
        }
        chain.push(place as u32);
    }

    /// Every write that is known one by one and was looked through, by time.
    pub fn writes(&self) -> &[Write] {
        &self.writes[..self.settled]
    }

    /// The last write into a cell by then.
    pub fn last(&self, index: u16, at_ns: u64) -> Option<&Write> {
        if let Some(last) = self.last_summed.as_ref().filter(|last| last.at_ns <= at_ns && last.index == index) {
            return Some(last);
        }
        let fresh = self.writes[self.settled..].iter().filter(|write| write.index == index && write.at_ns <= at_ns);
        self.last_settled(index, at_ns).into_iter().chain(fresh).max_by_key(|write| write.at_ns)
    }

    fn last_settled(&self, index: u16, at_ns: u64) -> Option<&Write> {
        let places = self.by_cell.get(&index)?;
        let by = places.partition_point(|&place| self.writes[place as usize].at_ns <= at_ns);
        self.writes.get(*places[..by].last()? as usize)
    }

    /// The last write into each of the first so many cells by then.
    pub fn lasts(&self, count: u16, at_ns: u64) -> Vec<Option<&Write>> {
        let mut lasts: Vec<Option<&Write>> = (0..count).map(|index| self.last_settled(index, at_ns)).collect();
        for write in self.writes[self.settled..].iter().chain(&self.last_summed) {
            if let Some(last) = lasts.get_mut(usize::from(write.index))
                && write.at_ns <= at_ns
                && last.is_none_or(|last| last.at_ns <= write.at_ns)
            {
                *last = Some(write);
            }
        }
        lasts
    }

    /// How many updates had been made by then, and how many of them are not in the number; `is_over` says whether
    /// nothing will come any more.
    pub fn losses(&self, initial: i64, at_ns: u64, is_over: bool) -> Losses {
        let is_all = is_over && self.updates_ns.total() == self.updates_ns.count(at_ns);
        let is_all = is_all && self.last_summed.is_none_or(|last| last.at_ns <= at_ns);
        if let Some(overwritten) = self.lost(initial).filter(|_| is_all) {
            return Losses { updates: self.updates, overwritten, known: Known::Final };
        }
        let (updates, overwritten) = (self.updates_ns.count(at_ns), self.overwritten(at_ns));
        let known = match self.summed_from_ns {
            Some(from_ns) if from_ns <= at_ns => Known::First,
            _ if is_all => Known::Final,
            _ => Known::SoFar,
        };
        Losses { updates, overwritten, known }
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
        self.losses.partition_point(|&(by, _)| self.writes[by as usize].at_ns <= at_ns) as u64
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
    fn looking_through_what_is_new_again_and_again_finds_the_same_as_at_once() {
        // Three of whom nobody sees the others' updates, told of in disorder, and of two cells.
        let mut random = 7_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let mut news: Vec<Write> = (0..600_u64)
            .map(|number| {
                let (at_ns, value) = (number * 10 + next(9), (number / 4).cast_signed());
                let read = (next(8) > 0).then_some((value - next(3).cast_signed(), at_ns.saturating_sub(15)));
                let (index, by) = (next(2) as u16, ActorId(2 + next(3) as u32));
                Write { index, at_ns, by, read, wrote: value + 1, overwritten: None }
            })
            .collect();
        for late in (5..600).step_by(3) {
            news.swap(late, late - next(5) as usize);
        }
        let (mut once, mut often) = (Cells::default(), Cells::default());
        for (number, write) in news.iter().enumerate() {
            once.write(*write);
            often.write(*write);
            if number % 7 == 0 {
                often.settle();
            }
        }
        once.settle();
        often.settle();
        assert!(once.overwritten(u64::MAX) > 20, "{}", once.overwritten(u64::MAX));
        assert_eq!(once.writes(), often.writes());
        for at_ns in (0..6_100).step_by(35) {
            assert_eq!(once.overwritten(at_ns), often.overwritten(at_ns), "{at_ns}");
            assert_eq!(once.lasts(2, at_ns), [0, 1].map(|index| often.last(index, at_ns)), "{at_ns}");
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
    fn under_a_lock_nothing_is_overwritten_whatever_order_it_is_told_in() {
        // Eight take turns at 10,000 updates each, and tell of them block by block.
        for block in [10_000, 512] {
            let mut cells = Cells::default();
            for first in (0..10_000).step_by(block) {
                for actor in 0..8 {
                    for number in first..10_000.min(first + block) {
                        let turn = number as u64 * 8 + actor;
                        let by = ActorId(2 + actor as u32);
                        update(&mut cells, by, (turn * 10, turn * 10 + 5), turn.cast_signed());
                    }
                }
            }
            cells.settle();
            assert!(cells.writes().is_sorted_by_key(|write| write.at_ns));
            assert_eq!((cells.writes().len(), cells.overwritten(u64::MAX), cells.lost(0)), (80_000, 0, Some(0)));
            assert_eq!(cells.last(0, 400_004).map(|write| write.wrote), Some(40_000), "the one before is the last");
        }
    }

    #[test]
    fn what_is_told_of_the_middle_and_of_the_end_is_no_more_than_is_known() {
        let mut cells = Cells::default();
        for (by, times_ns, read) in [(A, (10, 50), 0), (B, (20, 25), 0), (B, (60, 70), 1)] {
            update(&mut cells, by, times_ns, read);
        }
        cells.settle();
        let told = |at_ns, is_over| {
            let losses = cells.losses(0, at_ns, is_over);
            (losses.updates, losses.overwritten, losses.known)
        };
        assert_eq!(told(30, true), (1, 0, Known::SoFar), "A will overwrite it");
        assert_eq!(told(99, false), (3, 1, Known::SoFar));
        assert_eq!(told(99, true), (3, 1, Known::Final));
        for number in 0..MOST_WRITES as u64 {
            update(&mut cells, A, (number * 10 + 100, number * 10 + 105), number.cast_signed() + 2);
        }
        cells.settle();
        let (all, first) = (MOST_WRITES as u64 + 3, MOST_WRITES as u64);
        let losses = |is_over| cells.losses(0, u64::MAX, is_over);
        assert_eq!(losses(true), Losses { updates: all, overwritten: 1, known: Known::Final });
        assert_eq!(losses(false), Losses { updates: first, overwritten: 1, known: Known::First });
    }

    #[test]
    fn beyond_the_detail_the_loss_is_known_from_the_sums() {
        let mut cells = Cells::default();
        for number in 0..MOST_WRITES as u64 + 1000 {
            update(&mut cells, A, (number * 10, number * 10 + 5), (number / 2).cast_signed());
        }
        cells.settle();
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
