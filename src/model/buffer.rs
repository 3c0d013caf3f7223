//! Where the results of a call lie on their way to its caller: in input order, each arrived, delivered, or
//! still missing. `imap` keeps a result back until all before it were taken; `map` keeps all of them.

use super::Run;
use crate::plan::Call;
use crate::trace::Fate;

/// Where a unit's result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Its unit has not left the parent.
    Waiting,
    /// Its unit is with a worker, or on its way.
    UnderWay,
    /// It lies in the parent.
    Arrived,
    /// The caller has it.
    Delivered,
    /// There is none: its unit failed.
    Failed,
    /// Its worker died; what becomes of it.
    Lost(Fate),
}

impl Slot {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "not handed out yet",
            Self::UnderWay => "missing: with a worker",
            Self::Arrived => "arrived",
            Self::Delivered => "delivered to the caller",
            Self::Failed => "failed",
            Self::Lost(fate) => fate_in_words(fate),
        }
    }
}

/// What becomes of a unit whose worker died.
pub fn fate_in_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Fails => "lost with its worker: it fails",
        Fate::Retried => "lost with its worker: computed again",
        Fate::HandedOutAgain => "lost with its worker, not begun: handed out again",
        Fate::NeverComes => "lost with its worker: its result never comes",
    }
}

/// The results of a call as a whole, at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Buffer {
    /// Results that lie in the parent, or were taken from there.
    pub arrived: u32,
    /// Units that failed.
    pub failed: u32,
    /// Results that the caller has.
    pub delivered: u32,
    /// The unit that the caller waits for while results of later ones are there, and how many those are.
    pub holds_up: Option<(u32, u32)>,
    /// How many units are handed out beyond what the caller has taken, and how many may be.
    pub ahead: Option<(u32, u32)>,
    /// How long after the run began the caller had its first result.
    pub first_ns: Option<u64>,
}

impl Run {
    /// Where the result of a unit is at a moment.
    pub fn slot(&self, unit: u32, at_ns: u64) -> Slot {
        let Some(record) = self.units.get(unit) else { return Slot::Waiting };
        let by_then = |moment: Option<u64>| moment.is_some_and(|moment| moment <= at_ns);
        // First: an error comes back as a reply, too, and next() raises it.
        if by_then(record.failed_ns) {
            return Slot::Failed;
        }
        if by_then(record.delivered_ns) || (by_then(record.arrived_ns) && self.returned_by(at_ns)) {
            return Slot::Delivered;
        }
        if by_then(record.arrived_ns) {
            return Slot::Arrived;
        }
        if let Some((_, fate)) = record.last_lost.filter(|(lost_ns, _)| *lost_ns <= at_ns) {
            // Begun again since: it is with a worker again.
            let again = record.began_ns.filter(|began_ns| *began_ns <= at_ns) > record.last_lost.map(|(at, _)| at);
            return if again { Slot::UnderWay } else { Slot::Lost(fate) };
        }
        if by_then(record.handed_ns) { Slot::UnderWay } else { Slot::Waiting }
    }

    /// Whether a call that gives all results at once has given them by then.
    fn returned_by(&self, at_ns: u64) -> bool {
        self.plan.call.is_at_once() && self.is_complete() && self.end.as_ref().is_some_and(|end| end.at_ns <= at_ns)
    }

    /// How many results the caller had taken one by one by then.
    pub fn delivered_by(&self, at_ns: u64) -> usize {
        self.delivered.partition_point(|(stamp, _)| *stamp <= at_ns)
    }

    /// The results of the call at a moment.
    pub fn buffer(&self, at_ns: u64) -> Buffer {
        let failures = &self.failures[..self.failures.partition_point(|failure| failure.at_ns <= at_ns)];
        let replied = |unit: u32| self.units.get(unit).is_some_and(|record| record.arrived_ns.is_some());
        let failed = failures.len() as u32;
        let errors = failures.iter().filter(|failure| replied(failure.unit)).count() as u32;
        let arrived = (self.arrived_by(at_ns) as u32).saturating_sub(errors);
        let taken = self.delivered_by(at_ns) as u32;
        let delivered = if self.returned_by(at_ns) { arrived } else { taken };
        let first_ns = match self.delivered.first() {
            Some((first_ns, _)) => Some(*first_ns),
            None if self.returned_by(u64::MAX) => self.end.as_ref().map(|end| end.at_ns),
            None => None,
        };
        let units = self.cut.units().min(self.detail_units);
        let kept = arrived.saturating_sub(delivered);
        let holds_up = (kept > 0 && self.plan.call != Call::ImapUnordered).then(|| {
            let at_once = self.plan.call.is_at_once();
            let is_passed = |slot| matches!(slot, Slot::Delivered | Slot::Failed) || (at_once && slot == Slot::Arrived);
            // Taken in order, so that the next one is not before their number.
            let from = if at_once { 0 } else { taken.saturating_sub(self.failures.len() as u32) };
            (from..units).find(|&unit| !is_passed(self.slot(unit, at_ns)))
        });
        // One that has arrived is just about to be taken.
        let holds_up = holds_up.flatten().filter(|&unit| self.slot(unit, at_ns) != Slot::Arrived);
        let holds_up = holds_up.map(|unit| (unit, kept));
        let ahead = self.plan.buffersize.filter(|_| self.plan.call.is_iterator()).map(|most| {
            let out = units.saturating_sub(self.waiting_units(at_ns));
            (out.saturating_sub(taken), most)
        });
        Buffer {
            arrived,
            failed,
            delivered,
            holds_up,
            ahead,
            first_ns: first_ns.map(|at| at.saturating_sub(self.began_ns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{ActorId, ChannelId, Content, Event, Medium, Outcome, TaskFailure, What};

    const WORKER: ActorId = ActorId(2);

    /// Four units go out at 1, 2, 3, 4; their results come back at the times given, and the caller takes
    /// them at others.
    fn model(call: Call, arrive: [u64; 4], taken: &[(u64, u32)], more: Vec<Event>) -> Model {
        let plan = Box::new(Plan { call, buffersize: call.is_iterator().then_some(4), ..Plan::default() });
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let mut events =
            vec![event(0, ActorId::PARENT, What::RunBegan { run: 0, plan, items: 4, chunksize: 1, detail_units: 9 })];
        for (channel, from, to) in [(0, ActorId::PARENT, WORKER), (1, WORKER, ActorId::PARENT)] {
            let channel = ChannelId(channel);
            let opened = What::ChannelOpened { channel, from, to, medium: Medium::Pipe, capacity_bytes: 0 };
            events.push(event(0, ActorId::PARENT, opened));
        }
        for unit in 0..4 {
            let (content, bytes, message) = (Content::Unit(unit), 1, unit);
            let sent = What::Sent { channel: ChannelId(0), message, content, bytes };
            events.push(event(1 + u64::from(unit), ActorId::PARENT, sent));
        }
        let mut back: Vec<(u64, u32)> = arrive.into_iter().zip(0..).filter(|(at, _)| *at > 0).collect();
        back.sort_unstable();
        for (message, (at_ns, unit)) in (0..).zip(back) {
            let received = What::Received { channel: ChannelId(1), message, content: Content::Unit(unit), bytes: 1 };
            events.push(event(at_ns, ActorId::PARENT, received));
        }
        events.extend(taken.iter().map(|&(at_ns, unit)| event(at_ns, ActorId::PARENT, What::Delivered { unit })));
        events.extend(more);
        Model::of(&events)
    }

    #[test]
    fn a_late_result_holds_up_those_behind_it() {
        let model = model(Call::Imap, [40, 10, 20, 50], &[(40, 0), (41, 1), (42, 2), (50, 3)], Vec::new());
        let run = &model.runs[0];
        let slots = |at_ns| [0, 1, 2, 3].map(|unit| run.slot(unit, at_ns));
        assert_eq!(slots(2), [Slot::UnderWay, Slot::UnderWay, Slot::Waiting, Slot::Waiting]);
        assert_eq!(slots(30), [Slot::UnderWay, Slot::Arrived, Slot::Arrived, Slot::UnderWay]);
        let buffer = run.buffer(30);
        assert_eq!((buffer.arrived, buffer.delivered, buffer.holds_up), (2, 0, Some((0, 2))));
        assert_eq!((buffer.ahead, buffer.first_ns), (Some((4, 4)), Some(40)));
        assert_eq!(slots(41), [Slot::Delivered, Slot::Delivered, Slot::Arrived, Slot::UnderWay]);
        assert_eq!(run.buffer(41).holds_up, None, "the next one is there");
        assert_eq!(
            run.buffer(45),
            Buffer { arrived: 3, failed: 0, delivered: 3, holds_up: None, ahead: Some((1, 4)), first_ns: Some(40) }
        );
    }

    #[test]
    fn map_gives_all_at_once_and_unordered_waits_for_nobody() {
        let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 60, start_ns: 0, digest: "0".to_owned() };
        let end = Event { at_ns: 60, by: ActorId::PARENT, what: end };
        let model_of = |call| model(call, [40, 10, 20, 50], &[], vec![end.clone()]);
        let map = model_of(Call::Map);
        assert_eq!(map.runs[0].buffer(45).holds_up, Some((3, 3)));
        assert_eq!(map.runs[0].slot(1, 59), Slot::Arrived);
        assert_eq!((map.runs[0].slot(1, 60), map.runs[0].buffer(60).delivered), (Slot::Delivered, 4));
        assert_eq!(map.runs[0].buffer(0).first_ns, Some(60));
        let unordered = model(Call::ImapUnordered, [40, 10, 20, 50], &[(10, 1)], Vec::new());
        assert_eq!(unordered.runs[0].buffer(30).holds_up, None);
        assert_eq!(unordered.runs[0].buffer(30).first_ns, Some(10));
    }

    #[test]
    fn what_failed_or_was_lost_says_so() {
        let by = WORKER;
        let more = vec![
            Event { at_ns: 5, by, what: What::UnitFailed { unit: 0, failure: Box::new(TaskFailure::default()) } },
            Event { at_ns: 6, by, what: What::UnitLost { unit: 1, fate: Fate::NeverComes } },
            Event { at_ns: 6, by, what: What::UnitLost { unit: 2, fate: Fate::Retried } },
            Event { at_ns: 8, by, what: What::UnitBegan { unit: 2, core: None } },
        ];
        let model = model(Call::Imap, [0, 0, 30, 9], &[], more);
        let run = &model.runs[0];
        let slots = |at_ns| [0, 1, 2, 3].map(|unit| run.slot(unit, at_ns));
        assert_eq!(slots(5)[..2], [Slot::Failed, Slot::UnderWay]);
        assert_eq!(slots(7)[1..], [Slot::Lost(Fate::NeverComes), Slot::Lost(Fate::Retried), Slot::UnderWay]);
        assert_eq!(slots(20)[2..], [Slot::UnderWay, Slot::Arrived]);
        assert_eq!(run.buffer(20).holds_up, Some((1, 1)), "it never comes");
    }
}
