//! From the model to what is seen: every object of a run at a moment.

use super::seen::{Cell, Cells, Client, Face, Gate, Holder, Road, Seen, Waiter, Who};
use super::sight::{Cycle, Sight, Wait};
use crate::model::objects::Object;
use crate::model::objects::trips::Stage;
use crate::model::{Run, State};
use crate::trace::{ActorId, Awaited, ObjectId, ObjectKind};

/// So many messages of a pipe are told one by one.
const MOST_TOKENS: u64 = 64;
/// So many cells of an array are looked at.
const MOST_CELLS: u64 = 256;
/// So many writes back it is asked whether the last one overwrote an update.
const LOOK_BACK: usize = 16;

impl Sight {
    /// What is seen of a run at a moment; `None` where its processes share nothing.
    pub fn of(run: &Run, at_ns: u64) -> Option<Self> {
        if run.objects().is_empty() {
            return None;
        }
        // The lock of another object is told with that; what is not made yet is not there.
        let shown = run.objects().iter().filter(|object| object.of.is_none() && object.made_ns <= at_ns);
        let objects = shown.map(|object| seen(run, object, at_ns)).collect();
        let waits = run.waits_at(at_ns).map(|wait| Wait {
            who: who(run, wait.actor),
            on: wait.on,
            for_ns: wait.length_ns(at_ns),
            words: format!("waits {}", run.wish_in_words(wait, at_ns)),
        });
        Some(Self { objects, waits: waits.collect(), cycle: cycle(run, at_ns) })
    }
}

/// An actor as it is called and coloured.
pub fn who(run: &Run, id: ActorId) -> Who {
    Who { id, hue: run.actor(id).map_or(0, |actor| run.hue(actor)), title: run.title_of(id) }
}

fn cycle(run: &Run, at_ns: u64) -> Option<Cycle> {
    let deadlock = run.deadlock_at(at_ns)?;
    let actors: Vec<ActorId> = deadlock.links.iter().map(|link| link.actor).collect();
    let waits = actors.iter().filter_map(|&actor| run.wait_of(actor, at_ns));
    let object = |id: ObjectId| run.object(id).and_then(|object| object.of).unwrap_or(id);
    let objects = waits.filter_map(crate::model::Wait::object).map(object).collect();
    Some(Cycle { actors, objects })
}

/// An object at a moment.
pub fn seen(run: &Run, object: &Object, at_ns: u64) -> Seen {
    let own_lock = object.lock.and_then(|lock| run.object(lock));
    let on = [Some(object.id), object.lock];
    let waits = on.into_iter().flatten().flat_map(|id| run.waiters(id, at_ns));
    let waiter = |wait: &crate::model::Wait| Waiter {
        who: who(run, wait.actor),
        wish: wait.wish,
        for_ns: wait.length_ns(at_ns),
        lane: wait.lane,
    };
    let mut waiters: Vec<Waiter> = waits.map(waiter).collect();
    waiters.sort_by_key(|waiter| std::cmp::Reverse(waiter.for_ns));
    let face = match object.kind {
        ObjectKind::Pipe | ObjectKind::SimpleQueue | ObjectKind::Queue | ObjectKind::JoinableQueue => {
            let lanes = if object.kind == ObjectKind::Pipe && object.capacity > 1 { 0..2 } else { first_lane(object) };
            Face::Roads(lanes.map(|lane| road(run, object, lane, at_ns)).collect())
        }
        ObjectKind::Lock | ObjectKind::RLock | ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            Face::Gate(gate(run, object, at_ns))
        }
        ObjectKind::Event => Face::Flag { set: object.flags.is_set(at_ns) },
        ObjectKind::Condition => Face::Bell,
        ObjectKind::Barrier => {
            let passed = object.flags.passed.by(at_ns).len() as u64 / object.capacity.max(1);
            let parties = object.capacity.min(u64::from(u32::MAX)) as u32;
            Face::Barrier { parties, broken: object.flags.is_broken(at_ns), passed }
        }
        ObjectKind::Value | ObjectKind::Array => Face::Cells(cells(run, object, own_lock, at_ns)),
        ObjectKind::Block => Face::Block { bytes: object.capacity },
        ObjectKind::Manager => Face::Served(clients(run, object, at_ns)),
    };
    Seen { id: object.id, kind: object.kind, name: object.name.clone(), robust: object.robust, face, waiters }
}

/// A pipe of one direction may be written at either end.
fn first_lane(object: &Object) -> std::ops::Range<u16> {
    let lane = object.stations.roads.keys().next().copied();
    let lane = lane.unwrap_or(u16::from(object.kind == ObjectKind::Pipe));
    lane..lane + 1
}

fn road(run: &Run, object: &Object, lane: u16, at_ns: u64) -> Road {
    let fed = matches!(object.kind, ObjectKind::Queue | ObjectKind::JoinableQueue);
    let is_pipe = object.kind == ObjectKind::Pipe;
    let label = if is_pipe && object.capacity > 1 { format!("{lane} → {}", 1 - lane.min(1)) } else { String::new() };
    let mut told = Road { lane, label, fed, ..Road::default() };
    told.pipe_capacity = object.pipe_bytes.into();
    told.pipe_bytes = run.pipe_fill(object.id, lane, at_ns);
    let whos = |ids: &mut dyn Iterator<Item = ActorId>| ids.map(|id| who(run, id)).collect::<Vec<Who>>();
    if is_pipe {
        told.ends.0 = whos(&mut object.stations.holders(lane, at_ns));
        told.ends.1 = whos(&mut object.stations.holders(object.reading_end(lane), at_ns));
    }
    let known = object.stations.road(lane);
    if object.kind == ObjectKind::JoinableQueue {
        told.unfinished = Some(object.stations.unfinished(at_ns));
    }
    let under_way = known.map_or(0, |road| road.under_way(at_ns).messages);
    if fed && object.capacity > 0 {
        told.places = Some((under_way, object.capacity));
    }
    let Some(road) = known else { return told };
    for producer in road.producers() {
        let load = road.in_buffer_of(producer, at_ns);
        told.buffers.push((who(run, producer), load.messages.min(u64::from(u32::MAX)) as u32, load.bytes));
    }
    let in_pipe = road.in_pipe(at_ns).messages;
    told.in_pipe = in_pipe.min(u64::from(u32::MAX)) as u32;
    if in_pipe <= MOST_TOKENS {
        let is_in = |stamp: Option<(u64, ActorId)>| stamp.is_some_and(|(then_ns, _)| then_ns <= at_ns);
        let letters = road.letters().iter().filter(|letter| is_in(letter.fed) && !is_in(letter.got));
        let mut letters: Vec<_> = letters.collect();
        letters.sort_by_key(|letter| letter.fed.map(|(fed_ns, _)| fed_ns));
        told.tokens = letters.into_iter().map(|letter| (letter.message, letter.bytes)).collect();
    }
    if !is_pipe {
        told.ends = (whos(&mut road.writers.iter().copied()), whos(&mut road.readers.iter().copied()));
    }
    (told.put, told.got) = (road.came.count(at_ns), road.got.count(at_ns));
    told.torn = (road.torn.count(at_ns).min(u64::from(u32::MAX)) as u32, road.torn.sum(at_ns));
    told
}

fn gate(run: &Run, object: &Object, at_ns: u64) -> Gate {
    let holders = object.holders(at_ns).into_iter().map(|holder| {
        let process = run.process_of(holder.actor);
        let gone = |id| run.actor(id).is_some_and(|actor| is_gone(actor.state(at_ns)));
        Holder {
            who: who(run, holder.actor),
            for_ns: at_ns.saturating_sub(holder.since_ns),
            times: holder.held,
            dead: gone(process) || gone(holder.actor),
        }
    });
    let recovered = object.permits.recovered.at(at_ns).map(|&owner| run.title_of(owner));
    Gate {
        permits: object.capacity.min(u64::from(u32::MAX)) as u32,
        left: object.free(at_ns).min(u64::from(u32::MAX)) as u32,
        holders: holders.collect(),
        counts: matches!(object.kind, ObjectKind::Semaphore | ObjectKind::BoundedSemaphore),
        taken: object.permits.taken,
        recovered,
    }
}

fn is_gone(state: State) -> bool {
    matches!(state, State::Exited(_) | State::Zombie)
}

fn cells(run: &Run, object: &Object, lock: Option<&Object>, at_ns: u64) -> Cells {
    let count = if object.kind == ObjectKind::Value { 1 } else { object.capacity.min(MOST_CELLS) };
    let known = &object.cells;
    let cell = |index: u16| {
        let last = known.last(index, at_ns);
        let writer = last.map(|write| (who(run, write.by), at_ns.saturating_sub(write.at_ns)));
        Cell { value: object.value(index, at_ns), writer, clash: false }
    };
    let mut cells: Vec<Cell> = (0..count as u16).map(cell).collect();
    let by = known.writes().partition_point(|write| write.at_ns <= at_ns);
    let recent = &known.writes()[by.saturating_sub(LOOK_BACK)..by];
    for (place, write) in recent.iter().enumerate() {
        let is_last = recent[place + 1..].iter().all(|later| later.index != write.index);
        let clash = recent[..place].iter().any(|lost| lost.overwritten == Some((write.at_ns, write.by)));
        if let Some(cell) = cells.get_mut(write.index as usize).filter(|_| is_last) {
            cell.clash = clash;
        }
    }
    let updates =
        if known.plain == 0 { by } else { known.writes()[..by].iter().filter(|write| write.read.is_some()).count() };
    let summed = if by == known.writes().len() { known.summed } else { 0 };
    Cells {
        cells,
        updates: updates as u64 + summed,
        overwritten: known.overwritten(at_ns),
        lock: lock.map(|lock| gate(run, lock, at_ns)),
    }
}

fn clients(run: &Run, object: &Object, at_ns: u64) -> Vec<Client> {
    let waits_there = |lane: u16| {
        let waits = |id: ActorId| run.waits_of(id).iter().take(256);
        let is_it = |wait: &crate::model::Wait| wait.on == Awaited::Object(object.id) && wait.lane == lane;
        run.actors.iter().map(|actor| actor.id).find(|&id| waits(id).any(is_it))
    };
    let of_end = |lane: u16| object.stations.ends.keys().find(|(end, _)| *end == lane + 1).map(|&(_, actor)| actor);
    let client = |lane: u16| {
        let under_way = object.trips.at(lane, at_ns);
        let trips = object.trips.of(lane);
        let trips = &trips[..trips.partition_point(|trip| trip.asked_ns <= at_ns)];
        let took = |trip: &crate::model::objects::trips::Trip| {
            trip.answered_ns.filter(|&answered_ns| answered_ns <= at_ns).map(|ns| ns.saturating_sub(trip.asked_ns))
        };
        Client {
            lane,
            who: of_end(lane).or_else(|| waits_there(lane)).map(|id| who(run, id)),
            waiting: u32::from(under_way.is_some_and(|(_, stage)| stage == Stage::Waiting)),
            trips: object.trips.made_by(lane, at_ns),
            last_ns: trips.iter().rev().find_map(took),
        }
    };
    object.trips.clients().map(client).collect()
}
