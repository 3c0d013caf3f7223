//! What was so from when on: values in order of time, whatever order their news come in.

/// News may come late by so many others; what comes later still is put behind them.
const MOST_LATE: usize = 4096;

/// Where among `times`, which are in order, the news of `at_ns` belong: searched from the end, where they mostly
/// belong, and not further back than a file of any order could make dear.
pub(super) fn place(count: usize, at_ns: u64, time: impl Fn(usize) -> u64) -> usize {
    let mut place = count;
    while place > 0 && count - place < MOST_LATE && time(place - 1) > at_ns {
        place -= 1;
    }
    place
}

/// Values with the moment from which on they were so.
#[derive(Clone, Debug)]
pub struct History<T>(Vec<(u64, T)>);

impl<T> Default for History<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> History<T> {
    /// From then on it was so.
    pub(super) fn note(&mut self, at_ns: u64, value: T) {
        let place = place(self.0.len(), at_ns, |place| self.0[place].0);
        // What came far too late keeps the order all the same.
        let at_ns = place.checked_sub(1).map_or(at_ns, |before| self.0[before].0.max(at_ns));
        self.0.insert(place, (at_ns, value));
    }

    /// How it was at a moment; `None` before the first news.
    pub fn at(&self, at_ns: u64) -> Option<&T> {
        self.by(at_ns).last().map(|(_, value)| value)
    }

    /// Everything until a moment, in order.
    pub fn by(&self, at_ns: u64) -> &[(u64, T)] {
        &self.0[..self.0.partition_point(|&(from_ns, _)| from_ns <= at_ns)]
    }

    /// Everything, in order.
    pub fn all(&self) -> &[(u64, T)] {
        &self.0
    }
}

/// Things that happened, each with an amount, such as messages with their bytes: how many by then, and how much.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    times_ns: Vec<u64>,
    /// The sum of the amounts up to and with this one.
    sums: Vec<u64>,
}

impl Tally {
    /// It happened once more.
    pub(super) fn note(&mut self, at_ns: u64, amount: u64) {
        let place = place(self.times_ns.len(), at_ns, |place| self.times_ns[place]);
        let at_ns = place.checked_sub(1).map_or(at_ns, |before| self.times_ns[before].max(at_ns));
        let before = place.checked_sub(1).map_or(0, |before| self.sums[before]);
        self.times_ns.insert(place, at_ns);
        // Saturating: a file may claim any amount.
        self.sums.insert(place, before.saturating_add(amount));
        for sum in &mut self.sums[place + 1..] {
            *sum = sum.saturating_add(amount);
        }
    }

    /// What was noted for `at_ns` happened at the earlier moment `earlier_ns`.
    pub(super) fn correct(&mut self, at_ns: u64, earlier_ns: u64, amount: u64) {
        let after = self.times_ns.partition_point(|&time| time <= at_ns);
        let Some(place) = after.checked_sub(1).filter(|&place| self.times_ns[place] == at_ns) else { return };
        self.times_ns.remove(place);
        self.sums.remove(place);
        for sum in &mut self.sums[place..] {
            *sum = sum.saturating_sub(amount);
        }
        self.note(earlier_ns, amount);
    }

    /// How many times by then.
    pub fn count(&self, at_ns: u64) -> u64 {
        self.times_ns.partition_point(|&time| time <= at_ns) as u64
    }

    /// How much by then.
    pub fn sum(&self, at_ns: u64) -> u64 {
        let count = self.times_ns.partition_point(|&time| time <= at_ns);
        count.checked_sub(1).map_or(0, |last| self.sums[last])
    }

    /// How many times in all.
    pub fn total(&self) -> u64 {
        self.times_ns.len() as u64
    }

    /// How much in all.
    pub fn total_sum(&self) -> u64 {
        self.sums.last().copied().unwrap_or(0)
    }

    /// When it happened, in order.
    pub fn times_ns(&self) -> &[u64] {
        &self.times_ns
    }

    /// The most that had come and not left at any one moment: how many, and how much.
    pub fn most_between(&self, left: &Self) -> (u64, u64) {
        let (mut most, mut gone) = ((0, 0), 0);
        for (place, &time_ns) in self.times_ns.iter().enumerate() {
            while left.times_ns.get(gone).is_some_and(|&left_ns| left_ns <= time_ns) {
                gone += 1;
            }
            let out = gone.checked_sub(1).map_or(0, |last| left.sums[last]);
            most.0 = most.0.max((place + 1).saturating_sub(gone) as u64);
            most.1 = most.1.max(self.sums[place].saturating_sub(out));
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_file_in_the_worst_order_is_not_sorted_to_the_last() {
        let mut history = History::default();
        for number in (0..20_000_u64).rev() {
            history.note(number, number);
        }
        assert!(history.all().is_sorted_by_key(|&(at_ns, _)| at_ns));
        assert_eq!(history.all().len(), 20_000);
    }
}
