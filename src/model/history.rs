//! What was so from when on: values in order of time, whatever order their news come in.

use std::borrow::Cow;
use std::collections::HashMap;

/// So many values are moved out of the way of late news for nothing, and so many more each news earns: a real run
/// needs the smallest part of that, and no file can ask for more.
const MOVES: u64 = 1 << 30;
const MOVES_EARNED: u64 = 4096;
/// So many late news wait to be put in order, or as many as a sixteenth of those that they go between.
const MOST_LATE: usize = 64;

/// Values with the moment from which on they were so.
#[derive(Clone, Debug)]
pub struct History<T> {
    values: Vec<(u64, T)>,
    /// How many were moved out of the way, beyond what was earned.
    moved: u64,
}

impl<T> Default for History<T> {
    fn default() -> Self {
        Self { values: Vec::new(), moved: 0 }
    }
}

impl<T> History<T> {
    /// From then on it was so.
    pub(super) fn note(&mut self, at_ns: u64, value: T) {
        let mut place = self.values.partition_point(|&(from_ns, _)| from_ns <= at_ns);
        let moves = (self.values.len() - place) as u64;
        let moved = (self.moved + moves).saturating_sub(MOVES_EARNED);
        let mut at_ns = at_ns;
        if moved > MOVES {
            // Only a file of the worst order comes so far: it is kept as if it were new.
            place = self.values.len();
            at_ns = self.values.last().map_or(at_ns, |&(last_ns, _)| last_ns.max(at_ns));
        } else {
            self.moved = moved;
        }
        self.values.insert(place, (at_ns, value));
    }

    /// How it was at a moment; `None` before the first news.
    pub fn at(&self, at_ns: u64) -> Option<&T> {
        self.by(at_ns).last().map(|(_, value)| value)
    }

    /// Everything until a moment, in order.
    pub fn by(&self, at_ns: u64) -> &[(u64, T)] {
        &self.values[..self.values.partition_point(|&(from_ns, _)| from_ns <= at_ns)]
    }

    /// Everything, in order.
    pub fn all(&self) -> &[(u64, T)] {
        &self.values
    }
}

/// Things that happened, each with an amount, such as messages with their bytes: how many by then, and how much.
///
/// Many tell of what they do block by block, so that half of all news may come late. Those wait in a list of their
/// own, which is small and put in order when it is full.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    times_ns: Vec<u64>,
    /// The sum of the amounts up to and with this one.
    sums: Vec<u64>,
    /// Late news that are not yet among those, in any order.
    late: Vec<Late>,
    /// How many lie before the earliest of those.
    before_late: usize,
}

#[derive(Clone, Copy, Debug)]
struct Late {
    at_ns: u64,
    amount: u64,
    /// It did not happen then, as was told before.
    taken_back: bool,
}

impl Tally {
    /// It happened once more.
    pub(super) fn note(&mut self, at_ns: u64, amount: u64) {
        if self.times_ns.last().is_none_or(|&last_ns| last_ns <= at_ns) {
            self.times_ns.push(at_ns);
            // Saturating: a file may claim any amount.
            self.sums.push(self.sums.last().map_or(amount, |sum| sum.saturating_add(amount)));
        } else {
            self.note_late(Late { at_ns, amount, taken_back: false });
        }
    }

    /// What was noted for `at_ns` happened at the earlier moment `earlier_ns`.
    pub(super) fn correct(&mut self, at_ns: u64, earlier_ns: u64, amount: u64) {
        self.note_late(Late { at_ns, amount, taken_back: true });
        self.note_late(Late { at_ns: earlier_ns, amount, taken_back: false });
    }

    fn note_late(&mut self, late: Late) {
        let before = self.times_ns.partition_point(|&time| time < late.at_ns);
        self.before_late = if self.late.is_empty() { before } else { before.min(self.before_late) };
        self.late.push(late);
        if self.late.len() >= MOST_LATE.max((self.times_ns.len() - self.before_late) / 16) {
            self.settle();
        }
    }

    /// Puts the late news in order.
    fn settle(&mut self) {
        let mut taken_back: HashMap<(u64, u64), usize> = HashMap::new();
        for late in self.late.iter().filter(|late| late.taken_back) {
            *taken_back.entry((late.at_ns, late.amount)).or_default() += 1;
        }
        // What lies before all of them stays as it is.
        let kept = self.before_late.min(self.times_ns.len());
        let first = kept.checked_sub(1).map_or(0, |last| self.sums[last]);
        let mut before = first;
        let told = self.times_ns[kept..].iter().zip(&self.sums[kept..]).map(|(&at_ns, &sum)| {
            let amount = sum.saturating_sub(std::mem::replace(&mut before, sum));
            (at_ns, amount)
        });
        let mut told: Vec<(u64, u64)> = told.collect();
        told.extend(self.late.drain(..).filter(|late| !late.taken_back).map(|late| (late.at_ns, late.amount)));
        // Those in order are one run of a stable sort, which is quick then.
        told.sort_by_key(|&(at_ns, _)| at_ns);
        self.times_ns.truncate(kept);
        self.sums.truncate(kept);
        let mut sum = first;
        for (at_ns, amount) in told {
            if let Some(count) = taken_back.get_mut(&(at_ns, amount)).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            sum = sum.saturating_add(amount);
            self.times_ns.push(at_ns);
            self.sums.push(sum);
        }
    }

    /// The same with all news in order.
    fn settled(&self) -> Cow<'_, Self> {
        if self.late.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut settled = self.clone();
        settled.settle();
        Cow::Owned(settled)
    }

    /// How many times by then.
    pub fn count(&self, at_ns: u64) -> u64 {
        let count = self.times_ns.partition_point(|&time| time <= at_ns) as u64;
        let late = self.late.iter().filter(|late| late.at_ns <= at_ns);
        let (come, gone) = late
            .fold((count, 0), |(come, gone), late| if late.taken_back { (come, gone + 1) } else { (come + 1, gone) });
        come.saturating_sub(gone)
    }

    /// How much by then.
    pub fn sum(&self, at_ns: u64) -> u64 {
        let count = self.times_ns.partition_point(|&time| time <= at_ns);
        let mut sum = u128::from(count.checked_sub(1).map_or(0, |last| self.sums[last]));
        let mut gone = 0;
        for late in self.late.iter().filter(|late| late.at_ns <= at_ns) {
            *(if late.taken_back { &mut gone } else { &mut sum }) += u128::from(late.amount);
        }
        u64::try_from(sum.saturating_sub(gone)).unwrap_or(u64::MAX)
    }

    /// The first time since a moment, and how much that was.
    pub(super) fn first_since(&self, at_ns: u64) -> Option<(u64, u64)> {
        let told = self.settled();
        let place = told.times_ns.partition_point(|&time| time < at_ns);
        let before = place.checked_sub(1).map_or(0, |last| told.sums[last]);
        Some((*told.times_ns.get(place)?, told.sums[place].saturating_sub(before)))
    }

    /// When it happened next, after a moment.
    pub fn after(&self, at_ns: u64) -> Option<u64> {
        let next = self.times_ns.get(self.times_ns.partition_point(|&time| time <= at_ns)).copied();
        next.into_iter().chain(self.late_ns().filter(|&late_ns| late_ns > at_ns)).min()
    }

    /// When it happened last, before a moment.
    pub fn before(&self, at_ns: u64) -> Option<u64> {
        let before = self.times_ns.partition_point(|&time| time < at_ns).checked_sub(1);
        let last = before.map(|place| self.times_ns[place]);
        last.into_iter().chain(self.late_ns().filter(|&late_ns| late_ns < at_ns)).max()
    }

    fn late_ns(&self) -> impl Iterator<Item = u64> {
        self.late.iter().filter(|late| !late.taken_back).map(|late| late.at_ns)
    }

    /// How many of the last times by then make up at most so much together.
    pub(super) fn last_within(&self, at_ns: u64, amount: u64) -> u64 {
        let told = self.settled();
        let count = told.times_ns.partition_point(|&time| time <= at_ns);
        let sums = &told.sums[..count];
        let before = sums.last().map_or(0, |sum| sum.saturating_sub(amount));
        // What is before all that is wanted; the sums grow.
        let first = sums.partition_point(|&sum| sum < before);
        let first = if before == 0 { 0 } else { first + 1 };
        count.saturating_sub(first) as u64
    }

    /// How many times in all.
    pub fn total(&self) -> u64 {
        self.count(u64::MAX)
    }

    /// How much in all.
    pub fn total_sum(&self) -> u64 {
        self.sum(u64::MAX)
    }

    /// The most that had come and not left at any one moment: how many, and how much.
    pub fn most_between(&self, left: &Self) -> (u64, u64) {
        let (came, left) = (self.settled(), left.settled());
        let (mut most, mut gone) = ((0, 0), 0);
        for (place, &time_ns) in came.times_ns.iter().enumerate() {
            while left.times_ns.get(gone).is_some_and(|&left_ns| left_ns <= time_ns) {
                gone += 1;
            }
            let out = gone.checked_sub(1).map_or(0, |last| left.sums[last]);
            most.0 = most.0.max((place + 1).saturating_sub(gone) as u64);
            most.1 = most.1.max(came.sums[place].saturating_sub(out));
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_that_make_up_so_much_are_counted_whole() {
        let mut tally = Tally::default();
        for (at_ns, amount) in [(1, 10), (3, 30), (2, 20)] {
            tally.note(at_ns, amount);
        }
        let last: Vec<u64> = [0, 29, 30, 49, 50, 60, 99].map(|amount| tally.last_within(3, amount)).to_vec();
        assert_eq!(last, [0, 0, 1, 1, 2, 3, 3]);
        assert_eq!((tally.last_within(2, 20), tally.last_within(0, 99)), (1, 0));
    }

    #[test]
    fn news_in_any_order_tell_the_same_history() {
        let news = [(10, 'a'), (20, 'b'), (30, 'c'), (40, 'd')];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let (mut history, mut tally) = (History::default(), Tally::default());
            for place in order {
                history.note(news[place].0, news[place].1);
                tally.note(news[place].0, news[place].0);
            }
            assert_eq!(
                [9, 10, 25, 99].map(|at_ns| history.at(at_ns).copied()),
                [None, Some('a'), Some('b'), Some('d')]
            );
            assert_eq!(
                [9, 10, 25, 99].map(|at_ns| (tally.count(at_ns), tally.sum(at_ns))),
                [(0, 0), (1, 10), (2, 30), (4, 100)]
            );
            tally.correct(30, 5, 30);
            assert_eq!([4, 5, 10, 30].map(|at_ns| tally.sum(at_ns)), [0, 30, 40, 60]);
        }
    }

    #[test]
    fn the_most_at_once_is_counted_at_every_moment() {
        let of = |events: &[(u64, u64)]| {
            let mut tally = Tally::default();
            for &(at_ns, amount) in events {
                tally.note(at_ns, amount);
            }
            tally
        };
        let (came, left) = (of(&[(1, 5), (2, 5), (3, 90), (9, 1)]), of(&[(3, 5), (4, 5), (5, 90)]));
        assert_eq!(came.most_between(&left), (2, 95));
        assert_eq!(came.most_between(&Tally::default()), (4, 101));
        assert_eq!(Tally::default().most_between(&left), (0, 0));
    }

    #[test]
    fn news_that_come_block_by_block_keep_their_times() {
        let (mut history, mut tally) = (History::default(), Tally::default());
        for (block, actor) in (0..5).flat_map(|block| (0..8_u64).map(move |actor| (block, actor))) {
            for number in block * 2_000..(block + 1) * 2_000 {
                history.note(number * 8 + actor, actor);
                tally.note(number * 8 + actor, 3);
                assert!(tally.late.len() <= 16_000 / 16, "few of them have to be looked through");
            }
        }
        assert!(history.all().iter().zip(0..).all(|(&(at_ns, actor), time)| at_ns == time && actor == time % 8));
        for at_ns in [0, 1, 79, 4_095, 40_000, 79_999, u64::MAX] {
            let count = at_ns.saturating_add(1).min(80_000);
            assert_eq!((tally.count(at_ns), tally.sum(at_ns)), (count, count * 3));
        }
        assert_eq!(tally.most_between(&Tally::default()), (80_000, 240_000));
    }

    #[test]
    fn a_file_in_the_worst_order_is_not_sorted_to_the_last() {
        let mut history = History::default();
        for number in (0..20_000_u64).rev() {
            history.note(number, number);
        }
        assert!(history.all().is_sorted_by_key(|&(at_ns, _)| at_ns));
        assert_eq!(history.all().len(), 20_000);
    }
}
