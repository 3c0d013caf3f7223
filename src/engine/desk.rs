//! What the ways of computing share during one run: the plan, the trace, the results.

use crate::plan::CheckedPlan;
use crate::sys;
use crate::trace::codec::Words;
use crate::trace::{DETAIL_UNITS, Doing, Outcome, What};

use super::observer::Interrupt;
use super::pool::collect::{Collector, Unexpected};
use super::pool::dispatch::Dispatch;
use super::scribe::Scribe;

/// Results of so many items travel to the screen as text, and all of those that are a picture.
const SHOWN_ITEMS: u64 = 64;
/// A result larger than this is only shown if it is a picture.
const SHOWN_BYTES: usize = 4096;

/// How computing came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every result is here.
    Complete,
    /// Somebody wanted it to end.
    Interrupted(Interrupt),
    /// It can't go on, and why.
    Failed(String),
}

impl From<Unexpected> for End {
    fn from(error: Unexpected) -> Self {
        Self::Failed(format!("A worker sent {error}. This is a fault in Poolscope; please report it."))
    }
}

/// Memory for all rings of a run.
const RINGS_BYTES: usize = 32 << 20;
/// The fewest and the most events a ring holds.
const RING_SLOTS: (usize, usize) = (1024, 262_144);
/// Events an actor records for one unit: received, began, ended, sent, and its share of a write.
const EVENTS_PER_UNIT: usize = 5;

/// What the ways of computing share: the plan, the trace, the results.
pub(super) struct Desk<'a> {
    pub(super) checked: &'a CheckedPlan,
    pub(super) scribe: &'a mut Scribe,
    /// Units from this one on are recorded as sums.
    pub(super) detail_units: u32,
    /// When the run began.
    pub(super) began_ns: u64,
    /// Until every worker was ready.
    pub(super) start_ns: u64,
    /// When the last result came.
    completed_ns: Option<u64>,
    collector: Collector,
}

impl<'a> Desk<'a> {
    /// Nothing is computed yet.
    pub(super) fn new(checked: &'a CheckedPlan, scribe: &'a mut Scribe, began_ns: u64) -> Self {
        let detail_units = if checked.plan.tracing { DETAIL_UNITS } else { 0 };
        let collector = Collector::new(checked.cut.units());
        Self { checked, scribe, detail_units, began_ns, start_ns: 0, completed_ns: None, collector }
    }

    /// Takes the result of a unit into its place.
    pub(super) fn take(&mut self, unit: u32, payload: &[u8]) -> Result<(), Unexpected> {
        self.collector.take(unit, payload)?;
        if self.collector.is_complete() {
            self.completed_ns = Some(sys::now_ns());
        }
        let picture = self.checked.input.workload.is_picture();
        let first = self.checked.cut.range(unit).start;
        if picture || (first < SHOWN_ITEMS && payload.len() <= SHOWN_BYTES) {
            self.scribe.say(What::ResultArrived { unit, payload: payload.to_vec() });
        }
        Ok(())
    }

    /// How many events the ring of one actor shall hold: twice what it will record, within its share
    /// of the memory for all.
    pub(super) fn ring_slots(&self) -> usize {
        let actors = self.checked.plan.team().max(1) as usize;
        let units = self.checked.cut.units().min(self.detail_units) as usize;
        let share = RINGS_BYTES / actors / size_of::<Words>();
        let most = share.clamp(RING_SLOTS.0, RING_SLOTS.1);
        (2 * EVENTS_PER_UNIT * units.div_ceil(actors)).clamp(RING_SLOTS.0, most)
    }

    /// Whether every result is here.
    pub(super) fn is_complete(&self) -> bool {
        self.collector.is_complete()
    }

    /// When the last result came, once it has.
    pub(super) fn completed_ns(&self) -> Option<u64> {
        self.completed_ns
    }

    /// Notes what the parent did between waking up and sleeping again, while things are told in detail.
    pub(super) fn note_dispatch(&mut self, dispatch: &Dispatch, awake_ns: u64) {
        if self.checked.cut.units() - dispatch.waiting() <= self.detail_units {
            self.scribe.say(What::Did { doing: Doing::Dispatch, since_ns: awake_ns });
        }
    }

    /// Everything the parent does at every tick, but for the rings.
    pub(super) fn interrupt(&mut self) -> Option<End> {
        self.scribe.push_out();
        self.scribe.observer().interrupt().map(End::Interrupted)
    }

    /// Says that computing has ended; what follows is clearing away.
    pub(super) fn conclude(&mut self, end: &End) {
        let ended_ns = self.completed_ns.unwrap_or_else(sys::now_ns);
        let outcome = match end {
            End::Complete => Outcome::Complete,
            End::Interrupted(_) => Outcome::Stopped,
            End::Failed(why) => Outcome::Failed(why.clone()),
        };
        let digest = if *end == End::Complete { self.collector.digest() } else { String::new() };
        let (wall_ns, start_ns) = (ended_ns - self.began_ns, self.start_ns);
        self.scribe.say_at(ended_ns, What::RunEnded { outcome, wall_ns, start_ns, digest });
    }
}
