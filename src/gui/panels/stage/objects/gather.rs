//! From the model to what is seen: every object of a run at a moment.

use super::block::Block;
use super::cells::{Cell, Cells};
use super::seen::{Face, Gate, Holder, Road, Seen, Waiter, Who};
use super::served::Served;
use super::sight::{Cycle, Sight, Wait};
use crate::gui::panels::stage::tree::holds_up;
use crate::model::deadlock::Link;
use crate::model::objects::Object;
use crate::model::objects::cells::Write;
use crate::model::objects::stations::Letter;
use crate::model::{Run, State};
use crate::trace::{ActorId, Awaited, ObjectId, ObjectKind};

/// So many messages of a pipe are told one by one.
const MOST_TOKENS: u64 = 64;
/// So many of those who used a road are named.
const MOST_USERS: usize = 64;
/// So many cells of an array are looked at.
const MOST_CELLS: u64 = 4096;
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
        let objects: Vec<Seen> = shown.map(|object| seen(run, object, at_ns)).collect();
        let serving = objects.iter().filter_map(|seen| {
            let Face::Served(served) = &seen.face else { return None };
            Some((served.server.as_ref()?.id, served.doing()))
        });
        let serving = serving.collect();
        let waits = run.waits_at(at_ns).map(|wait| Wait {
            who: who(run, wait.actor),
            on: wait.on,
            for_ns: wait.length_ns(at_ns),
            words: format!("waits {}", run.wish_in_words(wait, at_ns)),
            brief: format!("waits: {}", awaited(run, wait)),
            held_up: holds_up(run.aim(wait).0),
        });
        Some(Self { waits: waits.collect(), cycle: cycle(run, at_ns), serving, objects })
    }
}

/// The name of what is waited for.
fn awaited(run: &Run, wait: &crate::model::Wait) -> String {
    match wait.on {
        Awaited::Actor(actor) => run.title_of(actor),
        Awaited::Object(id) => run.object(id).map_or_else(|| format!("object {}", id.0), |object| object.name.clone()),
    }
}

/// An actor as it is called and coloured.
pub fn who(run: &Run, id: ActorId) -> Who {
    Who { id, hue: run.actor(id).map_or(0, |actor| run.hue(actor)), title: run.title_of(id) }
}

/// Everybody who can never go on, and what they wait for.
fn cycle(run: &Run, at_ns: u64) -> Option<Cycle> {
    let links: Vec<&Link> = run.deadlocks_at(at_ns).flat_map(|deadlock| deadlock.links_at(at_ns)).collect();
    if links.is_empty() {
        return None;
    }
    let owner = |id: ObjectId| run.objects().iter().find(|object| object.lock == Some(id)).map(|object| object.id);
    let objects = links.iter().filter_map(|link| link.object).map(|id| owner(id).unwrap_or(id)).collect();
    Some(Cycle { actors: links.iter().map(|link| link.actor).collect(), objects })
}

/// An object at a moment.
pub fn seen(run: &Run, object: &Object, at_ns: u64) -> Seen {
    let own_lock = object.lock.and_then(|lock| run.object(lock));
    let on = [Some(object.id), object.lock];
    let waits = on.into_iter().flatten().flat_map(|id| run.waiters(id, at_ns));
    let waiter = |wait: &crate::model::Wait| {
        let (wish, lane) = run.aim(wait);
        Waiter { who: who(run, wait.actor), wish, for_ns: wait.length_ns(at_ns), lane }
    };
    let mut waiters: Vec<Waiter> = waits.map(waiter).collect();
    waiters.sort_by_key(|waiter| std::cmp::Reverse(waiter.for_ns));
    let face = match object.kind {
        ObjectKind::Pipe | ObjectKind::SimpleQueue | ObjectKind::Queue | ObjectKind::JoinableQueue => {
            let lanes = if object.kind == ObjectKind::Pipe && object.capacity > 1 { 0..=1 } else { first_lane(object) };
            Face::Roads(lanes.map(|lane| road(run, object, lane, at_ns)).collect())
        }
        ObjectKind::Lock | ObjectKind::RLock | ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            Face::Gate(gate(run, object, at_ns))
        }
        ObjectKind::Event => Face::Flag { set: object.flags.is_set(at_ns) },
        ObjectKind::Condition => Face::Bell { lock: own_lock.map(|lock| gate(run, lock, at_ns)) },
        ObjectKind::Barrier => {
            let (passed, going) = object.flags.openings(object.capacity, at_ns);
            let parties = object.capacity.min(u64::from(u32::MAX)) as u32;
            Face::Barrier { parties, broken: object.flags.is_broken(at_ns), passed, going: going as u32 }
        }
        ObjectKind::Value | ObjectKind::Array => Face::Cells(cells(run, object, own_lock, at_ns)),
        ObjectKind::Block => Face::Block(Block::of(run, object, at_ns)),
        ObjectKind::Manager => Face::Served(Served::of(run, object, at_ns)),
    };
    Seen { id: object.id, kind: object.kind, name: object.name.clone(), robust: object.robust, face, waiters }
}

/// A pipe of one direction may be written at either end.
fn first_lane(object: &Object) -> std::ops::RangeInclusive<u16> {
    let lane = object.stations.roads.keys().next().copied();
    let lane = lane.unwrap_or(u16::from(object.kind == ObjectKind::Pipe));
    lane..=lane
}

fn road(run: &Run, object: &Object, lane: u16, at_ns: u64) -> Road {
    let fed = matches!(object.kind, ObjectKind::Queue | ObjectKind::JoinableQueue);
    let is_pipe = object.kind == ObjectKind::Pipe;
    let label = if is_pipe && object.capacity > 1 { format!("{lane}") } else { String::new() };
    let mut told = Road { lane, label, fed, ..Road::default() };
    told.pipe_capacity = object.pipe_bytes.into();
    told.pipe_bytes = run.pipe_fill(object.id, lane, at_ns);
    let whos =
        |ids: &mut dyn Iterator<Item = ActorId>| ids.take(MOST_USERS).map(|id| who(run, id)).collect::<Vec<Who>>();
    if is_pipe {
        // The ends of who has ended are closed.
        let holders = |end| object.stations.holders(end, at_ns).filter(|&id| !is_gone(run, id, at_ns));
        told.ends.0 = whos(&mut holders(lane));
        told.ends.1 = whos(&mut holders(object.reading_end(lane)));
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
    let in_pipe = run.in_pipe(object.id, lane, at_ns).messages;
    told.in_pipe = in_pipe.min(u64::from(u32::MAX)) as u32;
    if in_pipe <= MOST_TOKENS {
        let is_in = |stamp: Option<(u64, ActorId)>| stamp.is_some_and(|(then_ns, _)| then_ns <= at_ns);
        let lies_there = |letter: &&Letter| is_in(letter.fed) && !is_in(letter.got);
        // Messages leave in about the order in which they were heard of.
        let near = road.letters_about(road.got.count(at_ns), road.fed.count(at_ns));
        let mut letters: Vec<&Letter> = near.iter().filter(lies_there).collect();
        // Of very many only the first are known one by one: then there is nothing to be found elsewhere.
        if (letters.len() as u64) < in_pipe && road.summed == 0 {
            letters = road.letters().iter().filter(lies_there).collect();
        }
        letters.sort_by_key(|letter| letter.fed.map(|(fed_ns, _)| fed_ns));
        // A pipe is in order: of what nobody took out, that which was torn came first.
        letters.drain(..letters.len().saturating_sub(in_pipe as usize));
        told.tokens = letters.into_iter().map(|letter| (letter.message, letter.bytes)).collect();
    }
    if !is_pipe {
        told.ends = (whos(&mut road.writers_by(at_ns)), whos(&mut road.readers_by(at_ns)));
    }
    (told.put, told.got) = (road.came.count(at_ns), road.got.count(at_ns));
    told.summed = told.put.saturating_sub(road.letters().len() as u64).min(road.summed);
    told.torn = (road.torn.count(at_ns).min(u64::from(u32::MAX)) as u32, road.torn.sum(at_ns));
    told
}

fn gate(run: &Run, object: &Object, at_ns: u64) -> Gate {
    let holders = object.holders(at_ns).into_iter().map(|holder| {
        let process = run.process_of(holder.actor);
        let gone = |id| is_gone(run, id, at_ns);
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
        taken: object.permits.taken_by(at_ns),
        recovered,
    }
}

/// Whether an actor has ended by then.
pub(super) fn is_gone(run: &Run, id: ActorId, at_ns: u64) -> bool {
    run.actor(id).is_some_and(|actor| matches!(actor.state(at_ns), State::Exited(_) | State::Zombie))
}

fn cells(run: &Run, object: &Object, lock: Option<&Object>, at_ns: u64) -> Cells {
    let length = if object.kind == ObjectKind::Value { 1 } else { object.capacity };
    let count = length.min(MOST_CELLS);
    let known = &object.cells;
    let cell = |last: Option<&Write>| {
        let writer = last.map(|write| (who(run, write.by), at_ns.saturating_sub(write.at_ns)));
        let value = last.map_or_else(|| object.initial.unwrap_or(0), |write| write.wrote);
        Cell { value, writer, clash: false }
    };
    let mut cells: Vec<Cell> = known.lasts(count as u16, at_ns).into_iter().map(cell).collect();
    let by = known.writes().partition_point(|write| write.at_ns <= at_ns);
    let recent = &known.writes()[by.saturating_sub(LOOK_BACK)..by];
    for (place, write) in recent.iter().enumerate() {
        let is_last = recent[place + 1..].iter().all(|later| later.index != write.index);
        let clash = recent[..place].iter().any(|lost| lost.overwritten == Some((write.at_ns, write.by)));
        if let Some(cell) = cells.get_mut(write.index as usize).filter(|_| is_last) {
            cell.clash = clash;
        }
    }
    Cells { cells, length, lock: lock.map(|lock| gate(run, lock, at_ns)), ..Cells::updates_of(run, object, at_ns) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::BEGAN_NS;
    use crate::gui::panels::fixture::ipc::{A, B, QUEUE, READY, TOTAL, ipc};
    use crate::gui::panels::stage::objects::seen::Hold;
    use crate::gui::panels::stage::tree::Card;
    use crate::model::Model;

    fn sight(model: &Model, ms: u64) -> Sight {
        Sight::of(model.last_run().expect("a run"), BEGAN_NS + ms * 1_000_000).expect("something is shared")
    }

    fn at(sight: &Sight, id: ObjectId) -> &Seen {
        sight.objects.iter().find(|seen| seen.id == id).expect("it was made")
    }

    #[test]
    fn a_queue_is_seen_station_by_station_as_time_passes() {
        let model = ipc();
        let road = |ms| {
            let sight = sight(&model, ms);
            let Face::Roads(roads) = &at(&sight, QUEUE).face else { panic!("a queue is a road") };
            roads[0].clone()
        };
        let told = |ms| (road(ms).buffered().0, road(ms).in_pipe, road(ms).got, road(ms).places);
        assert_eq!(told(9), (0, 0, 0, Some((0, 3))));
        assert_eq!(told(11), (1, 0, 0, Some((1, 3))));
        assert_eq!(told(13), (0, 1, 0, Some((1, 3))));
        assert_eq!(told(15), (0, 0, 1, Some((0, 3))));
        assert_eq!(told(30), (1, 1, 1, Some((2, 3))));
        let late = road(30);
        assert_eq!(late.tokens, [(1, 1_000)]);
        assert_eq!((late.buffers[0].0.title.as_str(), late.buffers[0].2), ("Process-1", 40_000));
        assert_eq!(late.fill(), "1000 B of 64 KiB");
    }

    #[test]
    fn what_was_torn_is_no_token_though_nobody_took_it_out() {
        use crate::gui::panels::fixture::ipc::ipc_events;
        use crate::trace::{Deed, Event, What};
        let time = |ms: u64| BEGAN_NS + ms * 1_000_000;
        let mut events = ipc_events();
        let mut say = |ms, by, deed| {
            let what = What::Used { object: QUEUE, since_ns: time(ms), deed };
            events.push(Event { at_ns: time(ms), by: ActorId(by), what });
        };
        let lane = 0;
        say(34, 3, Deed::Torn { lane, bytes: 1_000 });
        say(36, 2, Deed::Fed { lane, message: 2, bytes: 40_000 });
        events.sort_by_key(|event| event.at_ns);
        let model = Model::of(&events);
        let road = |ms| {
            let sight = sight(&model, ms);
            let Face::Roads(roads) = &at(&sight, QUEUE).face else { panic!("a queue is a road") };
            roads[0].clone()
        };
        assert_eq!((road(33).tokens, road(34).tokens), (vec![(1, 1_000)], vec![]));
        assert_eq!((road(36).tokens, road(36).in_pipe), (vec![(2, 40_000)], 1));
    }

    #[test]
    fn an_array_is_as_long_as_it_was_made() {
        use crate::gui::panels::fixture::ipc::ipc_events;
        use crate::trace::{Event, Made, What};
        let (object, kind, name) = (ObjectId(9), ObjectKind::Array, "long".to_owned());
        let (pipe_bytes, initial, lock, robust) = (0, None, None, false);
        for (capacity, looked_at) in [(1_024, 1_024), (60_000, MOST_CELLS)] {
            let what = Made { object, kind, name: name.clone(), capacity, pipe_bytes, initial, lock, robust };
            let what = What::ObjectMade(Box::new(what));
            let mut events = ipc_events();
            events.push(Event { at_ns: BEGAN_NS + 2_000_000, by: ActorId::PARENT, what });
            events.sort_by_key(|event| event.at_ns);
            let sight = sight(&Model::of(&events), 50);
            let Face::Cells(cells) = &at(&sight, object).face else { panic!("an array has cells") };
            assert_eq!((cells.length, cells.cells.len() as u64), (capacity, looked_at));
        }
    }

    #[test]
    fn locks_have_their_owners_and_waiters_and_an_update_that_was_overwritten_is_counted() {
        let model = ipc();
        let hold = |ms, id| {
            let sight = sight(&model, ms);
            let seen = at(&sight, id);
            let Face::Gate(gate) = &seen.face else { panic!("a lock is a gate") };
            gate.hold(seen.waiters.len())
        };
        assert_eq!([hold(39, A), hold(45, A), hold(55, A)], [Hold::Free, Hold::Quiet, Hold::Blocking]);
        assert_eq!(hold(51, B), Hold::Blocking);
        let cells = |ms| {
            let sight = sight(&model, ms);
            let Face::Cells(cells) = &at(&sight, TOTAL).face else { panic!("a value is a cell") };
            cells.clone()
        };
        assert_eq!((cells(31).updates, cells(31).overwritten, cells(31).cells[0].clash), (1, 0, false));
        let after = cells(40);
        assert_eq!((after.updates, after.overwritten, after.cells[0].clash), (2, 1, true));
        assert_eq!((after.cells[0].value, after.cells[0].writer.as_ref().map(|who| who.0.hue)), (1, Some(2)));
        let held = |ms| cells(ms).lock.expect("a value has a lock").holders;
        assert!(!held(80)[0].dead && held(95)[0].dead, "its owner was killed");
        assert!(sight(&model, 80).objects.iter().all(|seen| seen.id != ObjectId(4)), "it is told with its value");
        let event = |ms| at(&sight(&model, ms), READY).words();
        assert_eq!(event(70), "Event ready: clear; waiting: Process-3 8 ms");
        assert_eq!(event(95), "Event ready: clear", "who is dead waits no more");
    }

    #[test]
    fn who_waits_says_so_on_its_card() {
        let model = ipc();
        let run = model.last_run().expect("a run");
        let at_ns = BEGAN_NS + 70_000_000;
        let card = |index: usize| {
            let space = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(200.0, 60.0));
            crate::gui::panels::stage::tree::card(run, &run.actors[index], space, at_ns)
        };
        let mut cards: Vec<Card> = (0..4).map(card).collect();
        sight(&model, 70).tell(&mut cards);
        let told: Vec<&str> = cards.iter().map(|card| card.status.words.as_str()).collect();
        assert_eq!(told[1], "waits for lock b, which Process-2 holds · 20 ms");
        assert_eq!(told[3], "waits for event ready to be set · 8 ms");
        assert_ne!(cards[1].status.tone, cards[3].status.tone, "one is held up, the other waits for news");
    }

    #[test]
    fn what_is_left_of_a_deadlock_while_its_program_is_ended_is_no_news() {
        use crate::gui::panels::fixture::ipc::ipc_events;
        use crate::trace::{Event, Exit, Outcome, What};
        let at = |ms: u64| BEGAN_NS + ms * 1_000_000;
        let mut events = ipc_events();
        events.retain(|event| !matches!(event.what, What::RunEnded { .. }));
        let mut say = |ms: u64, what| events.push(Event { at_ns: at(ms), by: ActorId::PARENT, what });
        say(400, What::Printed { line: "still here".to_owned() });
        say(900, What::ActorExited { actor: ActorId(3), exit: Exit::Signal(9) });
        say(920, What::Printed { line: "the rest follows".to_owned() });
        say(1_200, What::Printed { line: "slowly".to_owned() });
        let live = Model::of(&events);
        let (outcome, wall_ns, start_ns, digest) = (Outcome::Stopped, 1, 0, String::new());
        let ended = What::RunEnded { outcome, wall_ns, start_ns, digest };
        events.push(Event { at_ns: at(1_300), by: ActorId::PARENT, what: ended });
        let told = |model: &Model, ms: u64| {
            let run = model.last_run().expect("a run");
            run.deadlocks_at(at(ms)).map(|deadlock| run.deadlock_in_words(deadlock, at(ms))).collect::<Vec<_>>()
        };
        assert!(told(&live, 500)[0].starts_with("Deadlock: Process-1 waits for lock b"), "{:?}", told(&live, 500));
        assert_eq!(told(&live, 1_190).len(), 1, "nobody ended the program: who is left has to be told of");
        let ended = Model::of(&events);
        assert_eq!((told(&ended, 500).len(), told(&ended, 1_190).len()), (1, 0));
    }
}
