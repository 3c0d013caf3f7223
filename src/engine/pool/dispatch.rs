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
//!
//! Places, not workers, are what units are handed to: a worker that retires or dies leaves its place to
//! a successor. What a dead worker had comes back with [`Dispatch::hand_out_again`], and leaves before
//! anything new.

use std::collections::VecDeque;

/// How much work lies ready in front of a worker.
pub const COVER_NS: f64 = 2e6;
/// The most units ahead, however small they are.
pub const MAX_AHEAD: u32 = 4096;
/// How much the newest batch counts in a worker's pace.
const NEWEST: f64 = 0.5;

/// A unit for a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handout {
    /// Which.
    pub unit: u32,
    /// Whether a worker had begun it before, and died.
    pub again: bool,
}

/// How the units of a run are handed out.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How many units there are.
    pub units: u32,
    /// How many workers there may be at once.
    pub places: usize,
    /// How many units a worker computes at once: its threads.
    pub hands: u32,
    /// How many units a worker gets in its life.
    pub quota: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Whether a worker is there.
    taken: bool,
    in_flight: u32,
    /// How many more units the worker may be given in its life.
    left: u32,
    /// Nanoseconds a unit, lately.
    pace_ns: Option<f64>,
    /// How many units cover [`COVER_NS`] at this pace. Counted when the pace changes, not for every unit.
    cover: u32,
    /// Since when the units in flight are being worked on.
    since_ns: u64,
}

/// Hands out the units `0..units` in order.
#[derive(Clone, Debug)]
pub struct Dispatch {
    rules: Rules,
    /// The first unit nobody was given yet.
    fresh: u32,
    /// Units that come back from the dead.
    again: VecDeque<Handout>,
    places: Vec<Place>,
    /// How many places are taken.
    workers: u32,
}

impl Dispatch {
    /// Nothing handed out yet, and nobody there.
    pub fn new(rules: Rules) -> Self {
        Self { rules, fresh: 0, again: VecDeque::new(), places: vec![Place::default(); rules.places], workers: 0 }
    }

    /// A new worker takes a place.
    pub fn admit(&mut self, place: usize) {
        self.workers += u32::from(!self.places[place].taken);
        // What the predecessor's units took is what this one's will take, until it shows its own pace.
        let Place { pace_ns, cover, .. } = self.places[place];
        let left = self.rules.quota.unwrap_or(u32::MAX);
        self.places[place] = Place { taken: true, left, pace_ns, cover, ..Place::default() };
    }

    /// The worker at a place is gone.
    pub fn vacate(&mut self, place: usize) {
        self.workers -= u32::from(self.places[place].taken);
        self.places[place].taken = false;
        self.places[place].in_flight = 0;
    }

    /// A unit that was handed out must be computed by somebody else; `again` if it had been begun.
    pub fn hand_out_again(&mut self, unit: u32, again: bool) {
        self.again.push_back(Handout { unit, again });
    }

    /// A unit that was handed out to a worker never left for it, and is settled otherwise.
    pub fn withdraw(&mut self, place: usize) {
        let slot = &mut self.places[place];
        slot.in_flight = slot.in_flight.saturating_sub(1);
        slot.left = slot.left.saturating_add(1);
    }

    /// Nothing more is handed out.
    pub fn cancel(&mut self) {
        self.fresh = self.rules.units;
        self.again.clear();
    }

    /// Units that nobody has.
    pub fn waiting(&self) -> u32 {
        self.rules.units - self.fresh + self.again.len() as u32
    }

    /// Units that somebody has.
    pub fn in_flight(&self) -> u32 {
        self.places.iter().map(|place| place.in_flight).sum()
    }

    /// The next unit for a worker, if it shall have one more now; no fresh one from `horizon` on.
    #[inline]
    pub fn next_for(&mut self, place: usize, now_ns: u64, horizon: u32) -> Option<Handout> {
        let fresh = horizon.min(self.rules.units).saturating_sub(self.fresh);
        let offered = fresh + self.again.len() as u32;
        let slot = &self.places[place];
        if offered == 0
            || !slot.taken
            || slot.left == 0
            || slot.in_flight >= self.rules.hands + self.ahead(slot, offered)
        {
            return None;
        }
        let slot = &mut self.places[place];
        if slot.in_flight == 0 {
            slot.since_ns = now_ns;
        }
        slot.in_flight += 1;
        slot.left -= 1;
        if let Some(handout) = self.again.pop_front() {
            return Some(handout);
        }
        self.fresh += 1;
        Some(Handout { unit: self.fresh - 1, again: false })
    }

    /// How many units may lie behind those a worker computes, when so many could be handed out.
    #[inline]
    fn ahead(&self, slot: &Place, offered: u32) -> u32 {
        let share = offered / (2 * self.workers.max(1) * self.rules.hands);
        slot.cover.clamp(1, MAX_AHEAD).min(share)
    }

    /// A worker answered so many units.
    pub fn answered(&mut self, place: usize, units: u32, now_ns: u64) {
        let slot = &mut self.places[place];
        if units > 0 {
            let pace = now_ns.saturating_sub(slot.since_ns) as f64 / f64::from(units);
            let pace = slot.pace_ns.map_or(pace, |known| known + NEWEST * (pace - known));
            slot.pace_ns = Some(pace);
            slot.cover = (COVER_NS / pace.max(1.0)).ceil() as u32;
            slot.since_ns = now_ns;
            slot.in_flight = slot.in_flight.saturating_sub(units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A dispatch whose places are all taken.
    fn dispatch(units: u32, workers: usize) -> Dispatch {
        let mut dispatch = Dispatch::new(Rules { units, places: workers, hands: 1, quota: None });
        (0..workers).for_each(|place| dispatch.admit(place));
        dispatch
    }

    fn next(dispatch: &mut Dispatch, place: usize) -> Option<u32> {
        dispatch.next_for(place, 0, u32::MAX).map(|handout| handout.unit)
    }

    /// Plays a whole map on workers that take `cost_ns(unit)` and a parent that reacts after `lag_ns`.
    /// Gives who computed which unit, each worker's end, and the time workers waited while units remained.
    fn play(units: u32, workers: usize, lag_ns: u64, cost_ns: impl Fn(u32) -> u64) -> (Vec<usize>, Vec<u64>, u64) {
        let mut dispatch = dispatch(units, workers);
        let mut who = vec![usize::MAX; units as usize];
        let mut queues = vec![VecDeque::<u32>::new(); workers];
        let mut free_at = vec![0_u64; workers];
        let mut answers: Vec<(u64, usize)> = Vec::new();
        let (mut now, mut starved) = (0, 0);
        loop {
            for worker in 0..workers {
                while let Some(Handout { unit, .. }) = dispatch.next_for(worker, now, u32::MAX) {
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
        let mut dispatch = dispatch(1_000_000, 1);
        let burst =
            |dispatch: &mut Dispatch, now| std::iter::from_fn(|| dispatch.next_for(0, now, u32::MAX)).count() as u32;
        assert_eq!(burst(&mut dispatch, 0), 2, "one to compute, one ahead, until the pace is known");
        dispatch.answered(0, 2, 2_000);
        assert_eq!(burst(&mut dispatch, 2_000), 1 + 2_000, "2 ms of units of 1 µs");
        let slow = 3_000_000_000;
        dispatch.answered(0, 2_001, slow);
        dispatch.answered(0, 0, slow);
        assert!(burst(&mut dispatch, slow) <= 4, "units became long");
    }

    #[test]
    fn beyond_the_horizon_nothing_new_leaves_and_nobody_is_starved() {
        let mut dispatch = dispatch(100, 2);
        let taken: Vec<Option<Handout>> = [0, 1, 0, 1].map(|place| dispatch.next_for(place, 0, 2)).into();
        assert_eq!(taken.iter().flatten().map(|handout| handout.unit).collect::<Vec<_>>(), [0, 1]);
        dispatch.hand_out_again(1, true);
        dispatch.answered(1, 1, 5);
        assert_eq!(dispatch.next_for(1, 5, 2), Some(Handout { unit: 1, again: true }), "what comes back may leave");
        assert_eq!(dispatch.next_for(1, 5, 3), None, "its hands are full");
    }

    #[test]
    fn a_worker_gets_its_quota_and_its_successor_another() {
        let mut dispatch = Dispatch::new(Rules { units: 10, places: 1, hands: 1, quota: Some(3) });
        assert_eq!(next(&mut dispatch, 0), None, "nobody is there");
        let mut lives = Vec::new();
        while dispatch.waiting() > 0 {
            dispatch.admit(0);
            let mut life = 0;
            while let Some(unit) = next(&mut dispatch, 0) {
                assert_eq!(unit, lives.iter().sum::<u32>() + life);
                dispatch.answered(0, 1, 1);
                life += 1;
            }
            dispatch.vacate(0);
            lives.push(life);
        }
        assert_eq!(lives, [3, 3, 3, 1]);
    }

    #[test]
    fn what_a_dead_worker_had_goes_to_the_others_first() {
        let mut dispatch = dispatch(100, 2);
        let had: Vec<u32> = std::iter::from_fn(|| next(&mut dispatch, 0)).collect();
        dispatch.vacate(0);
        for &unit in &had {
            dispatch.hand_out_again(unit, false);
        }
        assert_eq!(next(&mut dispatch, 0), None);
        assert_eq!(next(&mut dispatch, 1), Some(had[0]));
        assert_eq!(dispatch.in_flight(), 1);
    }

    #[test]
    fn threads_of_a_worker_each_have_a_unit() {
        let mut dispatch = Dispatch::new(Rules { units: 4, places: 1, hands: 4, quota: None });
        dispatch.admit(0);
        assert_eq!(std::iter::from_fn(|| next(&mut dispatch, 0)).count(), 4);
    }
}
