//! Which unit goes where, and when: a pure state machine, driven by real workers and by tests.
//!
//! Every worker has a channel of its own, so a unit that was handed out can't be taken back. Two
//! wishes pull against each other:
//!
//! - a worker must never wait for the parent while units remain, so units are sent ahead;
//! - what lies behind a slow unit waits for it, so near the end nothing may be sent ahead.
//!
//! The look-ahead is therefore measured in time: as many units as a worker computes in
//! [`COVER_NS`], which is what the parent may need to wake up on a busy machine. It shrinks with what
//! is left, down to none when fewer than two units a worker remain.

/// How much work lies ready in front of a worker.
pub const COVER_NS: f64 = 2e6;
/// The most units ahead, however small they are.
pub const MAX_AHEAD: u32 = 4096;
/// How much the newest batch counts in a worker's pace.
const NEWEST: f64 = 0.5;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    in_flight: u32,
    /// Nanoseconds a unit, lately.
    pace_ns: Option<f64>,
    /// Since when the units in flight are being worked on.
    since_ns: u64,
}

/// Hands out the units `0..units` in order.
#[derive(Clone, Debug)]
pub struct Dispatch {
    next: u32,
    units: u32,
    slots: Vec<Slot>,
}

impl Dispatch {
    /// Nothing handed out yet.
    pub fn new(units: u32, workers: usize) -> Self {
        Self { next: 0, units, slots: vec![Slot::default(); workers] }
    }

    /// Units nobody was given yet.
    pub fn waiting(&self) -> u32 {
        self.units - self.next
    }

    /// The next unit for a worker, if it shall have one more now.
    pub fn next_for(&mut self, worker: usize, now_ns: u64) -> Option<u32> {
        let slot = &self.slots[worker];
        if self.waiting() == 0 || slot.in_flight > self.ahead(slot) {
            return None;
        }
        let slot = &mut self.slots[worker];
        if slot.in_flight == 0 {
            slot.since_ns = now_ns;
        }
        slot.in_flight += 1;
        self.next += 1;
        Some(self.next - 1)
    }

    /// How many units may lie behind the one a worker computes.
    fn ahead(&self, slot: &Slot) -> u32 {
        let cover = slot.pace_ns.map_or(1.0, |pace| (COVER_NS / pace.max(1.0)).ceil()) as u32;
        let share = self.waiting() / (2 * self.slots.len().max(1) as u32);
        cover.clamp(1, MAX_AHEAD).min(share)
    }

    /// A worker answered so many units.
    pub fn answered(&mut self, worker: usize, units: u32, now_ns: u64) {
        let slot = &mut self.slots[worker];
        if units > 0 {
            let pace = now_ns.saturating_sub(slot.since_ns) as f64 / f64::from(units);
            slot.pace_ns = Some(slot.pace_ns.map_or(pace, |known| known + NEWEST * (pace - known)));
            slot.since_ns = now_ns;
            slot.in_flight = slot.in_flight.saturating_sub(units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a whole map on workers that take `cost_ns(unit)` and a parent that reacts after `lag_ns`.
    /// Gives who computed which unit, each worker's end, and the time workers waited while units remained.
    fn play(units: u32, workers: usize, lag_ns: u64, cost_ns: impl Fn(u32) -> u64) -> (Vec<usize>, Vec<u64>, u64) {
        let mut dispatch = Dispatch::new(units, workers);
        let mut who = vec![usize::MAX; units as usize];
        let mut queues = vec![std::collections::VecDeque::<u32>::new(); workers];
        let mut free_at = vec![0_u64; workers];
        let mut answers: Vec<(u64, usize)> = Vec::new();
        let (mut now, mut starved) = (0, 0);
        loop {
            for worker in 0..workers {
                while let Some(unit) = dispatch.next_for(worker, now) {
                    assert_eq!(std::mem::replace(&mut who[unit as usize], worker), usize::MAX, "unit {unit} twice");
                    queues[worker].push_back(unit);
                    let begins = free_at[worker].max(now);
                    if free_at[worker] > 0 {
                        starved += begins - free_at[worker];
                    }
                    free_at[worker] = begins + cost_ns(unit);
                    answers.push((free_at[worker] + lag_ns, worker));
                }
            }
            answers.sort_unstable();
            if answers.is_empty() {
                break;
            }
            let (at, worker) = answers.remove(0);
            now = at;
            queues[worker].pop_front();
            dispatch.answered(worker, 1, now);
        }
        (who, free_at, starved)
    }

    #[test]
    fn every_unit_is_handed_out_once() {
        for workers in [1, 2, 3, 8] {
            for units in [0, 1, 2, 7, 16, 1000] {
                let (who, ..) = play(units, workers, 70_000, |unit| 1_000 + u64::from(unit % 7) * 900);
                assert!(who.iter().all(|&worker| worker < workers), "{workers} workers, {units} units");
            }
        }
    }

    #[test]
    fn workers_do_not_wait_while_units_remain() {
        // 10 µs a unit and a parent that needs 70 µs: in lockstep, seven eighths of the time were lost.
        let (_, ends, starved) = play(100_000, 2, 70_000, |_| 10_000);
        let busy: u64 = 100_000 * 10_000;
        assert!(starved < busy / 100, "workers waited {starved} ns of {busy}");
        assert!(ends[0].abs_diff(ends[1]) < 200_000, "{ends:?}");
    }

    #[test]
    fn near_the_end_nothing_lies_behind_a_slow_unit() {
        // Four long units at the end, as in a sorted list: nobody may get two while another has none.
        let (who, ..) = play(20, 4, 70_000, |unit| if unit >= 16 { 500_000_000 } else { 20_000_000 });
        let mut last: Vec<usize> = who[16..].to_vec();
        last.sort_unstable();
        assert_eq!(last, [0, 1, 2, 3]);
    }

    #[test]
    fn the_look_ahead_follows_the_pace() {
        let mut dispatch = Dispatch::new(1_000_000, 1);
        let burst = |dispatch: &mut Dispatch, now| std::iter::from_fn(|| dispatch.next_for(0, now)).count() as u32;
        assert_eq!(burst(&mut dispatch, 0), 2, "one to compute, one ahead, until the pace is known");
        dispatch.answered(0, 2, 2_000);
        assert_eq!(burst(&mut dispatch, 2_000), 1 + 2_000, "2 ms of units of 1 µs");
        let slow = 3_000_000_000;
        dispatch.answered(0, 2_001, slow);
        dispatch.answered(0, 0, slow);
        assert!(burst(&mut dispatch, slow) <= 4, "units became long");
    }
}
