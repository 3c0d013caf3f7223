//! What the workers of a run did with their time, by their lanes.

use super::super::lane::SpanKind;
use super::super::run::{Actor, Run};
use crate::plan::Executor;
use crate::trace::{ActorId, Content, Role};

/// Why nobody can tell where the rest went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// There is nothing to lose.
    #[error("One process alone shares nothing: there is no ideal to fall short of.")]
    Alone,
    /// It did not come to its end.
    #[error("No run came to its end, so there is nothing to explain.")]
    Incomplete,
    /// Nothing was recorded.
    #[error("Tracing was off, so nobody noted where the time went. Turn it on and run again.")]
    TracingOff,
    /// Not everything was recorded.
    #[error("Some events could not be kept, so the parts would be wrong.")]
    EventsLost,
    /// The workers told nothing of what they computed.
    #[error("No worker told what it computed, so nobody knows where the time went.")]
    NothingComputed,
}

/// What the workers of one run did with their time, all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    /// The number of the run in its trace, from 0.
    pub run: u32,
    /// How many compute at once: places of workers, or of their threads.
    pub workers: u32,
    /// From the begin of the run to its last result.
    pub wall_ns: u64,
    /// Whether a part of the run is known as sums only, which tell of computing and nothing else.
    pub summed: bool,
    pub(super) starting_ns: u64,
    pub(super) messages_ns: u64,
    pub(super) waiting_ns: u64,
    pub(super) gil_ns: u64,
    pub(super) uneven_ns: u64,
    pub(super) computing_ns: u64,
}

impl Times {
    /// The times of a complete run.
    pub fn of(run: &Run) -> Result<Self, Missing> {
        let places = run.hands();
        if run.plan.with == Executor::Sequential || places.is_empty() {
            return Err(Missing::Alone);
        }
        let end = run.end.as_ref().filter(|_| run.is_complete()).ok_or(Missing::Incomplete)?;
        if !run.plan.tracing {
            return Err(Missing::TracingOff);
        }
        if run.events_lost > 0 {
            return Err(Missing::EventsLost);
        }
        let window = Window { from_ns: run.began_ns, to_ns: run.began_ns.saturating_add(end.wall_ns) };
        let hands = || places.iter().flatten().copied();
        let busy_until = hands().filter(|hand| hand.units > 0).map(|hand| window.work_ends(hand)).max();
        let mut times = Self {
            run: run.number,
            workers: places.len() as u32,
            wall_ns: end.wall_ns,
            summed: hands().any(|hand| !hand.lane.sums().is_empty()),
            starting_ns: 0,
            messages_ns: 0,
            waiting_ns: 0,
            gil_ns: 0,
            uneven_ns: 0,
            computing_ns: 0,
        };
        for lives in &places {
            times.add_place(run, lives, window, busy_until.unwrap_or(window.to_ns));
        }
        if times.computing_ns == 0 || times.wall_ns == 0 {
            return Err(Missing::NothingComputed);
        }
        Ok(times)
    }

    /// The times of the median run of the complete ones; of an even number, the faster in the middle.
    pub fn of_median<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Result<Self, Missing> {
        let wall_ns = |run: &Run| run.end.as_ref().map_or(0, |end| end.wall_ns);
        let mut complete: Vec<&Run> = runs.into_iter().filter(|run| run.is_complete()).collect();
        complete.sort_by_key(|run| wall_ns(run));
        let middle = complete.len().saturating_sub(1) / 2;
        complete.get(middle).ok_or(Missing::Incomplete).and_then(|run| Self::of(run))
    }

    /// Adds what happened at one place, life after life; the last unit of all was done at `done_ns`. Until
    /// the first is asked for, and from the end of one until the next is asked for, somebody is being started
    /// there; after the last there was nothing left to do.
    fn add_place(&mut self, run: &Run, lives: &[&Actor], window: Window, done_ns: u64) {
        let mut empty_from_ns = window.from_ns;
        for (number, hand) in (1..).zip(lives) {
            let gap_ns = window.shared_ns(empty_from_ns, hand.asked_ns);
            self.starting_ns = self.starting_ns.saturating_add(gap_ns);
            // Who has a successor was not done when he had nothing more to do.
            let rests_from = if number == lives.len() { window.work_ends(hand) } else { u64::MAX };
            self.add(hand, (greeted_ns(run, hand), rests_from), window, done_ns);
            empty_from_ns = hand.exited.map_or(u64::MAX, |(at_ns, _)| at_ns);
        }
        let uneven_ns = window.shared_ns(empty_from_ns, done_ns);
        self.uneven_ns = self.uneven_ns.saturating_add(uneven_ns);
        let after_ns = window.shared_ns(empty_from_ns.max(done_ns), window.to_ns);
        self.messages_ns = self.messages_ns.saturating_add(after_ns);
    }

    /// Adds what one worker or thread did: it greeted the parent at `greeted_ns`, and had nothing left to do
    /// from `rests_from` on.
    fn add(&mut self, worker: &Actor, (greeted_ns, rests_from): (u64, u64), window: Window, done_ns: u64) {
        // Saturating: a file may claim any length.
        let add = |total: &mut u64, ns: u64| *total = total.saturating_add(ns);
        for span in worker.lane.spans() {
            let length_ns = window.shared_ns(span.from_ns, span.to_ns);
            match span.kind {
                SpanKind::Computing => add(&mut self.computing_ns, length_ns),
                SpanKind::Waiting => {
                    let starting_ns = window.shared_ns(span.from_ns, span.to_ns.min(greeted_ns));
                    add(&mut self.starting_ns, starting_ns);
                    if span.from_ns < rests_from {
                        add(&mut self.waiting_ns, length_ns - starting_ns);
                        continue;
                    }
                    let rests_from = span.from_ns.max(greeted_ns);
                    let uneven_ns = window.shared_ns(rests_from, span.to_ns.min(done_ns));
                    add(&mut self.uneven_ns, uneven_ns);
                    add(&mut self.messages_ns, length_ns - starting_ns - uneven_ns);
                }
                SpanKind::Starting | SpanKind::Initializing => add(&mut self.starting_ns, length_ns),
                SpanKind::WaitingForGil => add(&mut self.gil_ns, length_ns),
                SpanKind::Sleeping | SpanKind::Calling | SpanKind::Blocked | SpanKind::Stopped => {
                    add(&mut self.waiting_ns, length_ns);
                }
                SpanKind::Receiving | SpanKind::Serializing | SpanKind::Sending | SpanKind::Dispatching => {
                    add(&mut self.messages_ns, length_ns);
                }
            }
        }
        // The last sum is closed after the run's end, but all that it counts was computed before.
        for sum in worker.lane.sums().iter().filter(|sum| sum.from_ns < window.to_ns) {
            add(&mut self.computing_ns, sum.computed_ns);
        }
    }
}

/// When a worker sent its first word to the parent: a thread is ready as soon as it is asked for, but
/// tells so once it has a core. 0 if it never did.
fn greeted_ns(run: &Run, worker: &Actor) -> u64 {
    // A thread of a process that has several does not greet: its process does.
    let speaker = if worker.role == Role::ProcessThread { worker.parent.unwrap_or(worker.id) } else { worker.id };
    let first = run.between(speaker, ActorId::PARENT).and_then(|replies| replies.message(0));
    first.filter(|message| message.content == Content::Setup).and_then(|message| message.sent_ns).unwrap_or(0)
}

/// The time of a run: from its begin to its last result.
#[derive(Clone, Copy)]
struct Window {
    from_ns: u64,
    to_ns: u64,
}

impl Window {
    /// How much of an interval lies within.
    fn shared_ns(self, from_ns: u64, to_ns: u64) -> u64 {
        to_ns.min(self.to_ns).saturating_sub(from_ns.max(self.from_ns))
    }

    /// When a worker had done its last work within.
    fn work_ends(self, worker: &Actor) -> u64 {
        let lane = &worker.lane;
        let is_work = |kind| !matches!(kind, SpanKind::Waiting | SpanKind::Stopped);
        let span = lane.spans().iter().rev().find(|span| span.from_ns < self.to_ns && is_work(span.kind));
        let sum = lane.sums().iter().rev().find(|sum| sum.from_ns < self.to_ns);
        let ends = [span.map(|span| span.to_ns), sum.map(|sum| sum.to_ns)];
        ends.into_iter().flatten().max().unwrap_or(self.from_ns).min(self.to_ns)
    }
}
