//! What the ways of computing share during one run: the plan, the trace, the results, and the program that
//! called the pool.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::plan::CheckedPlan;
use crate::sys;
use crate::trace::codec::Words;
use crate::trace::{ActorId, DETAIL_UNITS, Doing, MOST_FAILURES, Outcome, TaskFailure, What};

use super::faults::Faults;
use super::observer::Interrupt;
use super::pool::caller::{Caller, Handed, LOOK_AHEAD};
use super::pool::collect::{Collector, Unexpected};
use super::pool::dispatch::Dispatch;
use super::pool::narrator::{self, Narrator};
use super::scribe::{Scribe, TICK_NS};

/// Results of so many items travel to the screen as text, and all of those that are a picture.
const SHOWN_ITEMS: u64 = 64;
/// A result larger than this is only shown if it is a picture.
const SHOWN_BYTES: usize = 4096;

/// How computing came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every result is here.
    Complete,
    /// Everything that could be done is done, and the caller got an error.
    Raised(String),
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
    /// What goes wrong on purpose.
    pub(super) faults: Faults,
    /// Units from this one on are recorded as sums.
    pub(super) detail_units: u32,
    /// Whether the results are a picture: then all of them travel to the screen.
    is_picture: bool,
    /// When the run began.
    pub(super) began_ns: u64,
    /// Until every worker was ready.
    pub(super) start_ns: u64,
    /// When the last result came.
    completed_ns: Option<u64>,
    collector: Collector,
    caller: Caller,
    narrator: Narrator,
    /// Failures by unit, as far as they are told one by one.
    failures: BTreeMap<u32, TaskFailure>,
    /// The one that arrived first is the one that is raised.
    first_failed: Option<u32>,
}

impl<'a> Desk<'a> {
    /// Nothing is computed yet.
    pub(super) fn new(checked: &'a CheckedPlan, scribe: &'a mut Scribe, began_ns: u64) -> Self {
        let plan = &checked.plan;
        let detail_units = if plan.tracing { DETAIL_UNITS } else { 0 };
        let look_ahead = plan.buffersize.unwrap_or_else(|| LOOK_AHEAD.saturating_mul(plan.hands()));
        let completed_ns = (checked.cut.units() == 0).then_some(began_ns);
        Self {
            checked,
            scribe,
            faults: Faults::of_items(&plan.faults),
            detail_units,
            is_picture: checked.input.workload.is_picture(),
            began_ns,
            start_ns: 0,
            completed_ns,
            collector: Collector::new(checked.cut.units()),
            caller: Caller::new(plan.call, checked.cut.chunksize, look_ahead),
            narrator: Narrator::new(checked, began_ns),
            failures: BTreeMap::new(),
            first_failed: None,
        }
    }

    /// Takes the result of a unit into its place.
    pub(super) fn take(&mut self, unit: u32, payload: &[u8]) -> Result<(), Unexpected> {
        let in_order = self.collector.take(unit, payload)?;
        let first = self.checked.cut.range(unit).start;
        if self.is_picture || (first < SHOWN_ITEMS && payload.len() <= SHOWN_BYTES) {
            self.scribe.say(What::ResultArrived { unit, payload: payload.to_vec() });
        }
        self.settled(unit, in_order);
        Ok(())
    }

    /// Notes that a unit has no result; `by` is where it went wrong.
    pub(super) fn fail(&mut self, unit: u32, by: ActorId, mut failure: TaskFailure) -> Result<(), Unexpected> {
        let in_order = self.collector.fail(unit)?;
        if let Some(item) = failure.item {
            failure.input = self.checked.input.tell_item(item);
        }
        self.first_failed.get_or_insert(unit);
        if self.collector.failed() as usize <= MOST_FAILURES {
            self.failures.insert(unit, failure.clone());
            self.scribe.say_for(by, sys::now_ns(), What::UnitFailed { unit, failure: Box::new(failure) });
        }
        self.settled(unit, in_order);
        Ok(())
    }

    /// Every unit that has no result yet gets none: for the same reason, which is the pool's.
    pub(super) fn fail_the_rest(&mut self, by: ActorId, failure: &TaskFailure) -> Result<(), Unexpected> {
        // There may be millions, and somebody waits: the first are told one by one, the others are counted.
        let now_ns = sys::now_ns();
        let unsettled = self.collector.unsettled().take(MOST_FAILURES).collect::<Vec<u32>>();
        for unit in unsettled {
            self.fail(unit, by, failure.clone())?;
        }
        self.collector.fail_the_rest();
        self.completed_ns.get_or_insert(now_ns);
        Ok(())
    }

    /// `terminate()`: whatever is not done fails. (In CPython who waits for it waits for ever.)
    pub(super) fn terminate(&mut self) -> Result<(), Unexpected> {
        let failure = TaskFailure {
            kind: "Terminated".to_owned(),
            message: "terminate() was called before this was done".to_owned(),
            location: "the parent".to_owned(),
            ..TaskFailure::default()
        };
        self.fail_the_rest(ActorId::PARENT, &failure)
    }

    /// A unit has settled, and with it those in `in_order` are the next in input order.
    #[inline]
    fn settled(&mut self, unit: u32, in_order: Range<u32>) {
        self.narrator.arrived(self.scribe, self.failures.get(&unit));
        match self.caller.wants_order() {
            None => {}
            Some(false) => self.hand_over(unit),
            Some(true) => in_order.for_each(|unit| self.hand_over(unit)),
        }
        if self.completed_ns.is_none() && (self.collector.is_complete() || self.caller.is_over()) {
            self.completed_ns = Some(sys::now_ns());
        }
    }

    /// The caller gets a unit, if it still takes any.
    fn hand_over(&mut self, unit: u32) {
        let now_ns = sys::now_ns();
        let handed = self.caller.take(unit, self.collector.has_failed(unit));
        if let Some(Handed::Results(unit)) = handed
            && unit < self.detail_units
        {
            self.scribe.say_at(now_ns, What::Delivered { unit });
        }
        if let Some(handed) = handed {
            self.narrator.handed(self.scribe, now_ns, handed, self.failures.get(&unit));
        }
    }

    /// How many events the ring of one actor shall hold: twice what it will record, within its share
    /// of the memory for all.
    pub(super) fn ring_slots(&self) -> usize {
        let plan = &self.checked.plan;
        let actors = plan.hands().max(1) as usize;
        let units = self.checked.cut.units().min(self.detail_units) as usize;
        let each = units.div_ceil(actors).min(plan.maxtasksperchild.map_or(usize::MAX, |most| most as usize));
        let share = RINGS_BYTES / actors / size_of::<Words>();
        let most = share.clamp(RING_SLOTS.0, RING_SLOTS.1);
        (2 * EVENTS_PER_UNIT * each).clamp(RING_SLOTS.0, most)
    }

    /// No fresh unit from this one on may be handed out yet.
    pub(super) fn horizon(&self) -> u32 {
        self.caller.horizon()
    }

    /// Whether the caller has everything it will get.
    pub(super) fn is_complete(&self) -> bool {
        self.completed_ns.is_some()
    }

    /// When the caller had everything, once it has.
    pub(super) fn completed_ns(&self) -> Option<u64> {
        self.completed_ns
    }

    /// The first unit that is still waited for.
    pub(super) fn missing(&self) -> Option<u32> {
        self.collector.missing()
    }

    /// The failure that the caller of `map` gets.
    fn first_failure(&self) -> Option<(u32, &TaskFailure)> {
        let unit = self.first_failed?;
        Some((unit, self.failures.get(&unit)?))
    }

    /// How the run ends now that the caller has everything.
    pub(super) fn verdict(&self) -> End {
        let Some((unit, failure)) = self.first_failure() else { return End::Complete };
        let (failed, units) = (self.collector.failed(), self.checked.cut.units());
        let what = if failure.item.is_some() { format!(" on input {}", failure.input) } else { String::new() };
        let rest = if self.caller.is_over() {
            format!("The iteration ended there: {} of {units} units were taken", self.caller.taken())
        } else {
            let have = if failed == 1 { "has" } else { "have" };
            let s = if units == 1 { "" } else { "s" };
            format!("{failed} of {units} unit{s} {have} no result")
        };
        let (call, kind, message) = (self.checked.plan.call.python(), &failure.kind, &failure.message);
        End::Raised(format!("pool.{call} raised {kind}: {message} (unit {unit}{what}). {rest}."))
    }

    /// The program makes its call.
    pub(super) fn begin(&mut self) {
        self.narrator.begin(self.scribe);
    }

    /// Notes what the parent did between waking up and sleeping again, while things are told in detail.
    pub(super) fn note_dispatch(&mut self, dispatch: &Dispatch, awake_ns: u64) {
        if self.checked.cut.units().saturating_sub(dispatch.waiting()) <= self.detail_units {
            self.scribe.say(What::Did { doing: Doing::Dispatch, since_ns: awake_ns });
        }
    }

    /// Everything the parent does at every tick, but for the rings.
    pub(super) fn interrupt(&mut self) -> Option<End> {
        self.scribe.push_out();
        self.scribe.observer().interrupt().map(End::Interrupted)
    }

    /// What is due by the clock: a caller whose patience ends, a run that does not end.
    pub(super) fn keep_time(&mut self, now_ns: u64) -> Option<End> {
        self.narrator.keep_time(self.scribe, now_ns);
        let deadline_ms = self.checked.plan.deadline_ms().filter(|ms| now_ns >= self.began_ns + ms * 1_000_000)?;
        let unit = self.missing().map_or_else(String::new, |unit| format!(" Unit {unit} is still waited for."));
        Some(End::Failed(format!("The run was ended at its deadline of {deadline_ms} ms.{unit}")))
    }

    /// How long the parent may sleep before something is due.
    pub(super) fn patience(&self, now_ns: u64) -> Duration {
        let plan = &self.checked.plan;
        let of_run = [plan.deadline_ms(), plan.terminate_after_ms].into_iter().flatten();
        let due = of_run.map(|ms| self.began_ns + ms * 1_000_000).chain(self.narrator.due_ns());
        let next = due.filter(|&due_ns| due_ns > now_ns).map(|due_ns| due_ns - now_ns).min();
        Duration::from_nanos(next.unwrap_or(TICK_NS).clamp(1, TICK_NS))
    }

    /// The parent calls something of the library; `since_ns` is when.
    pub(super) fn say_called(&mut self, since_ns: u64, call: &str, answer: Result<&str, &str>) {
        narrator::say(self.scribe, sys::now_ns(), since_ns, call, answer);
    }

    /// Says that computing has ended; what follows is clearing away.
    pub(super) fn conclude(&mut self, end: &End) {
        let ended_ns = self.completed_ns.unwrap_or_else(sys::now_ns);
        let outcome = match end {
            End::Complete => Outcome::Complete,
            End::Raised(why) => Outcome::Raised(why.clone()),
            End::Interrupted(_) => Outcome::Stopped,
            End::Failed(why) => Outcome::Failed(why.clone()),
        };
        let first = self.first_failed.and_then(|unit| self.failures.get(&unit));
        self.narrator.conclude(self.scribe, ended_ns, end, first);
        let digest = if *end == End::Complete { self.collector.digest() } else { String::new() };
        let (wall_ns, start_ns) = (ended_ns - self.began_ns, self.start_ns);
        self.scribe.say_at(ended_ns, What::RunEnded { outcome, wall_ns, start_ns, digest });
    }
}
