//! How often workers may be replaced: a pool whose workers all die at once must give up, and say so.
//!
//! As the supervisors of Erlang/OTP do it: more than so many abnormal ends within so much time, and
//! everything is ended. Python's pool has no such limit: with an initializer that always fails it starts
//! processes for ever, a hundred a second, and tells nobody.

use std::collections::VecDeque;

/// So many abnormal ends within [`WITHIN_NS`] are borne, or [twice as many](Restarts::for_workers) as there are
/// workers, if that is more: all of them may be hit by one thing, twice.
const MOST: usize = 10;
/// The time that is looked back.
pub const WITHIN_NS: u64 = 5_000_000_000;
/// How long to wait before a worker that could not be started is tried again, at first and at most.
const BACK_OFF_NS: (u64, u64) = (20_000_000, 1_000_000_000);

/// The abnormal ends of late.
#[derive(Clone, Debug)]
pub struct Restarts {
    most: usize,
    ends_ns: VecDeque<u64>,
    refused: u32,
    /// Nobody is asked for before, after a refusal.
    retry_ns: Option<u64>,
}

impl Restarts {
    /// For a pool of so many.
    pub fn for_workers(workers: usize) -> Self {
        Self { most: MOST.max(2 * workers), ends_ns: VecDeque::new(), refused: 0, retry_ns: None }
    }

    /// How many abnormal ends are borne within [`WITHIN_NS`].
    pub fn most(&self) -> usize {
        self.most
    }

    /// A worker ended abnormally. False if that was one too many.
    pub fn bear(&mut self, now_ns: u64) -> bool {
        self.ends_ns.push_back(now_ns);
        while self.ends_ns.front().is_some_and(|end_ns| now_ns.saturating_sub(*end_ns) > WITHIN_NS) {
            self.ends_ns.pop_front();
        }
        self.ends_ns.len() <= self.most
    }

    /// The system refused to start a worker: when to try again. Twice as long with every refusal.
    pub fn refused(&mut self, now_ns: u64) -> u64 {
        let (first, most) = BACK_OFF_NS;
        let wait_ns = first.saturating_mul(1 << self.refused.min(20)).min(most);
        self.refused += 1;
        *self.retry_ns.insert(now_ns + wait_ns)
    }

    /// Until when the system is not asked again, if it refused the last time: it would refuse the next worker
    /// for the same reason.
    pub fn waits_until(&self, now_ns: u64) -> Option<u64> {
        self.retry_ns.filter(|&retry_ns| now_ns < retry_ns)
    }

    /// How often the system has refused since it last agreed.
    pub fn refusals(&self) -> u32 {
        self.refused
    }

    /// The system started a worker.
    pub fn agreed(&mut self) {
        self.refused = 0;
        self.retry_ns = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_ends_in_five_seconds_are_borne_and_the_eleventh_is_not() {
        let mut restarts = Restarts::for_workers(2);
        assert!((0..10).all(|number| restarts.bear(number * 1000)));
        assert!(!restarts.bear(WITHIN_NS));
        let mut slow = Restarts::for_workers(2);
        assert!((0..100).all(|number| slow.bear(number * WITHIN_NS / 9)), "nine in five seconds, for a long time");
    }

    #[test]
    fn all_workers_may_be_hit_at_once_and_once_more() {
        let mut restarts = Restarts::for_workers(64);
        assert!((0..128).all(|_| restarts.bear(7)));
        assert!(!restarts.bear(7));
    }

    #[test]
    fn who_is_refused_waits_ever_longer() {
        let mut restarts = Restarts::for_workers(2);
        let waits: Vec<u64> = (0..8).map(|_| restarts.refused(0) / 1_000_000).collect();
        assert_eq!(waits, [20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert_eq!(restarts.waits_until(999_999_999), Some(1_000_000_000));
        assert_eq!(restarts.waits_until(1_000_000_000), None, "it is time");
        restarts.agreed();
        assert_eq!(restarts.waits_until(0), None);
        assert_eq!(restarts.refused(0) / 1_000_000, 20);
    }
}
