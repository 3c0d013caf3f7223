//! The moments at which something changes: where "previous event" and "next event" stop.
//!
//! Every answer is a handful of binary searches, so that stepping costs the same in a run of ten
//! units and in one of a million.

use super::{Actor, Channel, Run};

/// The first moment after `at_ns` at which a span begins or ends, a message leaves or arrives, or somebody does
/// something with what is shared.
pub fn next_event_ns(run: &Run, at_ns: u64) -> Option<u64> {
    let actors = run.actors.iter().filter_map(|actor| after_in_lane(actor, at_ns));
    let channels = run.channels.iter().filter_map(|channel| after_in_channel(channel, at_ns));
    let ends = [Some(run.began_ns), run.end.as_ref().map(|end| end.at_ns)].into_iter().flatten();
    actors.chain(channels).chain(run.moments.after(at_ns)).chain(ends).filter(|&moment| moment > at_ns).min()
}

/// The last such moment before `at_ns`.
pub fn previous_event_ns(run: &Run, at_ns: u64) -> Option<u64> {
    let actors = run.actors.iter().filter_map(|actor| before_in_lane(actor, at_ns));
    let channels = run.channels.iter().filter_map(|channel| before_in_channel(channel, at_ns));
    let ends = [Some(run.began_ns), run.end.as_ref().map(|end| end.at_ns)].into_iter().flatten();
    actors.chain(channels).chain(run.moments.before(at_ns)).chain(ends).filter(|&moment| moment < at_ns).max()
}

fn after_in_lane(actor: &Actor, at_ns: u64) -> Option<u64> {
    let (spans, sums) = (actor.lane.spans(), actor.lane.sums());
    let span = spans.partition_point(|span| span.from_ns <= at_ns);
    let sum = sums.partition_point(|sum| sum.from_ns <= at_ns);
    [
        spans.get(span).map(|next| next.from_ns),
        span.checked_sub(1).map(|this| spans[this].to_ns).filter(|&end| end != u64::MAX),
        sums.get(sum).map(|next| next.from_ns),
        sum.checked_sub(1).map(|this| sums[this].to_ns),
        actor.exited.map(|(exited_ns, _)| exited_ns),
    ]
    .into_iter()
    .flatten()
    .filter(|&moment| moment > at_ns)
    .min()
}

fn before_in_lane(actor: &Actor, at_ns: u64) -> Option<u64> {
    let (spans, sums) = (actor.lane.spans(), actor.lane.sums());
    let span = spans.partition_point(|span| span.from_ns < at_ns).checked_sub(1).map(|index| spans[index]);
    let sum = sums.partition_point(|sum| sum.from_ns < at_ns).checked_sub(1).map(|index| sums[index]);
    [
        span.map(|span| span.from_ns),
        span.map(|span| span.to_ns),
        sum.map(|sum| sum.from_ns),
        sum.map(|sum| sum.to_ns),
        actor.exited.map(|(exited_ns, _)| exited_ns),
    ]
    .into_iter()
    .flatten()
    .filter(|&moment| moment < at_ns)
    .max()
}

fn after_in_channel(channel: &Channel, at_ns: u64) -> Option<u64> {
    let sent = channel.message(channel.sent_by(at_ns)).and_then(|message| message.sent_ns);
    let received = channel.message(channel.received_by(at_ns)).and_then(|message| message.received_ns);
    sent.into_iter().chain(received).filter(|&moment| moment > at_ns).min()
}

fn before_in_channel(channel: &Channel, at_ns: u64) -> Option<u64> {
    let before = at_ns.checked_sub(1)?;
    let last = |passed: usize| passed.checked_sub(1).and_then(|number| channel.message(number));
    let sent = last(channel.sent_by(before)).and_then(|message| message.sent_ns);
    let received = last(channel.received_by(before)).and_then(|message| message.received_ns);
    sent.into_iter().chain(received).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{ActorId, Birth, ChannelId, Content, Event, Medium, Role, What};

    const WORKER: ActorId = ActorId(2);
    const ROAD: ChannelId = ChannelId(1);

    fn event(at_ns: u64, by: ActorId, what: What) -> Event {
        Event { at_ns, by, what }
    }

    fn model() -> Model {
        let born =
            |actor, role, number, asked_ns| What::ActorBorn(Box::new(Birth::new(actor, role, number, 7, asked_ns)));
        let unit = Content::Unit(0);
        let began = What::RunBegan { run: 0, plan: Box::new(Plan::default()), items: 1, chunksize: 1, detail_units: 9 };
        let sent = What::Sent { channel: ROAD, message: 0, content: unit, bytes: 4 };
        let received = What::Received { channel: ROAD, message: 0, content: unit, bytes: 4 };
        let opened = What::ChannelOpened {
            channel: ROAD,
            from: ActorId::PARENT,
            to: WORKER,
            medium: Medium::Pipe,
            capacity_bytes: 9,
        };
        Model::of(&[
            event(100, ActorId::PARENT, began),
            event(100, ActorId::PARENT, born(ActorId::PARENT, Role::Parent, 0, 100)),
            event(110, ActorId::PARENT, opened),
            event(130, ActorId::PARENT, born(WORKER, Role::WorkerProcess, 1, 120)),
            event(140, WORKER, What::ActorReady),
            event(145, ActorId::PARENT, sent),
            event(150, WORKER, received),
            event(152, WORKER, What::UnitBegan { unit: 0, core: None }),
            event(160, WORKER, What::UnitEnded { unit: 0, core: None }),
        ])
    }

    #[test]
    fn stepping_forward_visits_every_change_once_and_in_order() {
        let model = model();
        let run = model.last_run().expect("it began");
        let mut at_ns = 0;
        let mut visited = Vec::new();
        while let Some(next) = next_event_ns(run, at_ns) {
            visited.push(next);
            at_ns = next;
        }
        assert_eq!(visited, [100, 120, 130, 140, 145, 150, 152, 160]);
    }

    #[test]
    fn stepping_back_visits_the_same_moments() {
        let model = model();
        let run = model.last_run().expect("it began");
        let mut at_ns = 1_000;
        let mut visited = Vec::new();
        while let Some(previous) = previous_event_ns(run, at_ns) {
            visited.push(previous);
            at_ns = previous;
        }
        assert_eq!(visited, [160, 152, 150, 145, 140, 130, 120, 100]);
    }

    #[test]
    fn what_is_done_with_something_shared_is_a_stop_too() {
        use crate::trace::{Awaited, Deed, Made, ObjectId, ObjectKind, Wish};
        let (object, kind, name) = (ObjectId(0), ObjectKind::Lock, "a".to_owned());
        let (capacity, pipe_bytes, initial, lock, robust) = (1, 0, None, None, false);
        let made = Made { object, kind, name, capacity, pipe_bytes, initial, lock, robust };
        let plan = Box::new(Plan { program: Some("by-hand".to_owned()), ..Plan::default() });
        let used = |since_ns, deed| What::Used { object, since_ns, deed };
        let waits = What::Waits { wish: Wish::Acquire, on: Awaited::Object(object), lane: 0, for_ever: true };
        let born = What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 7, 100)));
        let called = What::Called { call: "p.start()".to_owned(), since_ns: 170, answer: String::new(), raised: false };
        let model = Model::of(&[
            event(100, ActorId::PARENT, What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 }),
            event(100, ActorId::PARENT, born),
            event(110, ActorId::PARENT, What::ObjectMade(Box::new(made))),
            event(120, ActorId::PARENT, waits),
            event(150, ActorId::PARENT, used(119, Deed::Acquired { left: 0 })),
            event(160, ActorId::PARENT, What::Printed { line: "mine".to_owned() }),
            // It is heard of late.
            event(155, ActorId::PARENT, used(155, Deed::Released { left: 1 })),
            event(180, ActorId::PARENT, called),
        ]);
        let run = model.last_run().expect("it began");
        let forth: Vec<u64> = std::iter::successors(Some(0), |&at_ns| next_event_ns(run, at_ns)).skip(1).collect();
        assert_eq!(forth, [100, 110, 120, 150, 155, 160, 170, 180]);
        let back: Vec<u64> = std::iter::successors(Some(900), |&at_ns| previous_event_ns(run, at_ns)).skip(1).collect();
        assert_eq!(back, forth.into_iter().rev().collect::<Vec<_>>());
    }
}
