//! Hand-made traces for the tests of the window.

use crate::model::Model;
use crate::plan::{Plan, StartMethod};
use crate::trace::{ActorId, Birth, ChannelId, Content, Event, Exit, Medium, Outcome, Role, What};

const MS: u64 = 1_000_000;

/// An event of the parent.
pub(super) fn event(at_ns: u64, what: What) -> Event {
    Event { at_ns, by: ActorId::PARENT, what }
}

/// Runs that took so many milliseconds, of nothing.
pub(super) fn model_of_walls(walls_ms: &[u64]) -> Model {
    let mut model = Model::new();
    for (run, wall_ms) in (0..).zip(walls_ms) {
        let plan = Box::new(Plan::default());
        model.apply(&event(0, What::RunBegan { run, plan, items: 0, chunksize: 1, detail_units: 1 }));
        let (wall_ns, start_ns) = (wall_ms * MS, wall_ms * MS / 10);
        let end = What::RunEnded { outcome: Outcome::Complete, wall_ns, start_ns, digest: "0".to_owned() };
        model.apply(&event(wall_ns, end));
    }
    model
}

/// A run of four units by two workers, 100 ms long, from 1 s of the clock on; the second worker is
/// killed at its end.
pub(super) fn two_workers() -> Model {
    Model::of(&two_workers_events())
}

/// The events of [`two_workers`].
pub(super) fn two_workers_events() -> Vec<Event> {
    let at = |ms: u64| 1_000 * MS + ms * MS;
    let plan = Plan { preset: Some("small-4".to_owned()), workers: 2, start: StartMethod::Spawn, ..Plan::default() };
    let mut events = vec![
        event(at(0), What::RunBegan { run: 0, plan: Box::new(plan), items: 4, chunksize: 1, detail_units: 100 }),
        event(at(0), born(ActorId::PARENT, Role::Parent, 0, at(0))),
    ];
    let worker = |number: u32| ActorId(1 + number);
    for number in [1, 2] {
        let asked = at(u64::from(number));
        events.push(event(asked + MS, born(worker(number), Role::WorkerProcess, number, asked)));
        for (channel, from, to) in
            [(number, ActorId::PARENT, worker(number)), (10 + number, worker(number), ActorId::PARENT)]
        {
            let channel = ChannelId(channel);
            events.push(event(
                asked + MS,
                What::ChannelOpened { channel, from, to, medium: Medium::Pipe, capacity_bytes: 65_536 },
            ));
        }
        events.push(Event { at_ns: at(4), by: worker(number), what: What::ActorReady });
    }
    for unit in 0..4_u32 {
        let (number, round) = (1 + unit % 2, unit / 2);
        let (by, begin) = (worker(number), at(10 + 40 * u64::from(round)));
        let content = Content::Unit(unit);
        let there = ChannelId(number);
        let back = ChannelId(10 + number);
        events.push(event(begin, What::Sent { channel: there, message: round, content, bytes: 40 }));
        let mut worker_did = |after_ms: u64, what| events.push(Event { at_ns: begin + after_ms * MS, by, what });
        worker_did(1, What::Received { channel: there, message: round, content, bytes: 40 });
        worker_did(2, What::UnitBegan { unit, core: Some(0) });
        worker_did(30, What::UnitEnded { unit, core: Some(0) });
        worker_did(31, What::Sent { channel: back, message: round, content, bytes: 24 });
        events.push(event(begin + 32 * MS, What::Received { channel: back, message: round, content, bytes: 24 }));
        events.push(event(begin + 32 * MS, What::ResultArrived { unit, payload: vec![u8::from(unit % 2 == 0)] }));
    }
    let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 90 * MS, start_ns: 4 * MS, digest: "0".to_owned() };
    events.push(event(at(90), end));
    for (number, exit) in [(1, Exit::Code(0)), (2, Exit::Signal(9))] {
        events.push(event(at(100), What::ActorExited { actor: worker(number), exit }));
    }
    events
}

fn born(actor: ActorId, role: Role, number: u32, asked_ns: u64) -> What {
    let start = Some(StartMethod::Spawn);
    What::ActorBorn(Box::new(Birth { start, ..Birth::new(actor, role, number, 41_200 + number, asked_ns) }))
}
