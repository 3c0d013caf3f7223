//! Every family of objects, laid out as numbers.

use egui::{Rect, pos2, vec2};

use super::arrows::Says;
use super::block::Block;
use super::cells::{Cell, Cells};
use super::layout::{Placed, Scene};
use super::road::Traffic;
use super::seen::*;
use super::served::{Client, Served};
use super::sight::{Cycle, Sight, Wait};
use crate::gui::panels::fixture::{BEGAN_NS, program};
use crate::gui::panels::stage::setting::Setting;
use crate::model::objects::cells::Known;
use crate::model::objects::trips::Stage;
use crate::trace::{ActorId, Awaited, ObjectId, ObjectKind, Wish};

const MS: u64 = 1_000_000;

fn who(id: u32) -> Who {
    Who { id: ActorId(id), hue: id, title: format!("Process-{}", id - 1) }
}

fn waiter(id: u32, wish: Wish) -> Waiter {
    Waiter { who: who(id), wish, for_ns: 1_200 * MS, lane: 0 }
}

fn holder(id: u32) -> Holder {
    Holder { who: who(id), for_ns: 300 * MS, times: 1, dead: false }
}

fn seen(id: u32, kind: ObjectKind, face: Face) -> Seen {
    Seen { id: ObjectId(id), kind, name: format!("thing{id}"), robust: false, face, waiters: Vec::new() }
}

fn lock(id: u32, holders: Vec<Holder>) -> Seen {
    let left = u32::from(holders.is_empty());
    seen(id, ObjectKind::Lock, Face::Gate(Gate { permits: 1, left, holders, ..Gate::default() }))
}

fn queue(id: u32, in_pipe: u32) -> Seen {
    let road = Road {
        fed: true,
        buffers: vec![(who(2), 3, 70_000)],
        in_pipe,
        pipe_bytes: 44_236,
        pipe_capacity: 65_536,
        tokens: (0..in_pipe.min(64)).map(|number| (number, 500)).collect(),
        places: Some((2, 3)),
        put: 9,
        got: 4,
        ..Road::default()
    };
    seen(id, ObjectKind::Queue, Face::Roads(vec![road]))
}

/// One of every family.
fn all() -> Vec<Seen> {
    let semaphore = Gate { permits: 3, left: 1, holders: vec![holder(2), holder(3)], counts: true, ..Gate::default() };
    let value = Cells {
        cells: vec![Cell { value: 32_366, ..Cell::default() }],
        length: 1,
        updates: 80_000,
        overwritten: 47_634,
        lock: Some(Gate::default()),
        ..Cells::default()
    };
    let array = Cells { cells: vec![Cell::default(); 40], length: 40, ..Cells::default() };
    let client = Client {
        lane: 0,
        who: Some(who(2)),
        under_way: Some((Stage::Waiting, 7_000)),
        trips: 41,
        last_ns: Some(90_000),
    };
    let served = Served {
        server: Some(who(5)),
        clients: vec![client.clone(), Client { lane: 1, ..client }],
        updates: Cells::default(),
    };
    let block = Block {
        bytes: Some(10),
        room: 64,
        is_made: true,
        made_by: Some(who(2)),
        users: vec![who(2)],
        ..Block::default()
    };
    let duplex = Road { pipe_capacity: 65_536, ..Road::default() };
    vec![
        queue(0, 2),
        seen(1, ObjectKind::Pipe, Face::Roads(vec![duplex.clone(), Road { lane: 1, ..duplex }])),
        lock(2, vec![holder(2)]),
        seen(3, ObjectKind::Semaphore, Face::Gate(semaphore)),
        seen(4, ObjectKind::Event, Face::Flag { set: true }),
        seen(5, ObjectKind::Condition, Face::Bell { lock: None }),
        seen(6, ObjectKind::Barrier, Face::Barrier { parties: 3, broken: false, passed: 1, going: 0 }),
        seen(7, ObjectKind::Value, Face::Cells(value)),
        seen(8, ObjectKind::Array, Face::Cells(array)),
        seen(9, ObjectKind::Block, Face::Block(block)),
        seen(10, ObjectKind::Manager, Face::Served(served)),
    ]
}

fn setting(width: f32, height: f32, scale: f32) -> Setting {
    let area = Rect::from_min_size(pos2(280.0, 60.0), vec2(width, height));
    Setting { area, scale, type_size: 12.5 * scale, at_ns: BEGAN_NS + 20 * MS, ..Setting::default() }
}

fn scene(sight: &Sight, setting: &Setting) -> Scene {
    let model = program();
    Scene::of(model.last_run().expect("a run"), sight, setting)
}

fn sight(objects: Vec<Seen>) -> Sight {
    Sight { objects, ..Sight::default() }
}

fn one(seen: Seen) -> Placed {
    scene(&sight(vec![seen]), &setting(744.0, 240.0, 1.0)).objects.remove(0)
}

#[test]
fn objects_stand_between_the_parent_and_the_others_at_every_size() {
    for (width, height, scale) in [(744.0, 240.0, 1.0), (560.0, 190.0, 1.35), (978.0, 420.0, 1.0), (744.0, 150.0, 1.0)]
    {
        let setting = setting(width, height, scale);
        let scene = scene(&sight(all()), &setting);
        let area = setting.area.expand(1.0);
        let (left, right) = scene.crew.cards.split_at(scene.crew.left);
        assert_eq!((left.len(), left[0].title.as_str()), (1, "Parent"));
        assert!(!right.is_empty() && !scene.objects.is_empty());
        for placed in &scene.objects {
            assert!(area.contains_rect(placed.space), "{}", placed.seen.name);
            assert!(left.iter().all(|card| card.space.right() + 20.0 < placed.space.left()));
            assert!(right.iter().all(|card| placed.space.right() + 20.0 < card.space.left()));
            assert!(placed.space.contains_rect(placed.heading), "{} at {width}×{height}", placed.seen.name);
            let lines = [placed.line, placed.waiting];
            assert!(lines.into_iter().flatten().all(|line| placed.space.contains_rect(line)), "{}", placed.seen.name);
        }
        assert!(scene.objects.windows(2).all(|pair| pair[0].space.bottom() < pair[1].space.top()));
        assert!(scene.crew.cards.iter().all(|card| area.contains_rect(card.space)));
        assert_eq!(scene.all.0, 11, "the others are a turn of the wheel away");
    }
}

#[test]
fn every_family_has_its_parts_inside_its_card() {
    for seen in all() {
        let name = format!("{:?}", seen.kind);
        let placed = one(seen);
        let parts = &placed.parts;
        let roads = parts.roads.iter().flat_map(|road| [road.writer, road.pipe, road.reader, road.fill]);
        let slots = parts.slots.iter().map(|slot| slot.space);
        let more = parts.more_cells.iter().map(|(space, _)| *space);
        let all =
            roads.chain(slots).chain(more).chain(parts.cells.iter().copied()).chain(parts.lock).chain(parts.strip);
        let counter = parts.counter.iter().flat_map(|counter| counter.places.into_iter().chain(counter.captions));
        let all = all.chain(counter);
        assert!(
            all.chain(parts.clients.iter().copied()).all(|part| placed.space.contains_rect(part)),
            "{name}: {parts:?}"
        );
        let drawn = (parts.roads.len(), parts.slots.len(), parts.cells.len(), parts.clients.len());
        let expected = match placed.seen.kind {
            ObjectKind::Queue => (1, 0, 0, 0),
            ObjectKind::Pipe => (2, 0, 0, 0),
            ObjectKind::Semaphore | ObjectKind::Barrier => (0, 3, 0, 0),
            ObjectKind::Value => (0, 0, 1, 0),
            ObjectKind::Array => (0, 0, drawn.2, 0),
            ObjectKind::Manager => (0, 0, 0, 2),
            _ => (0, 0, 0, 0),
        };
        assert_eq!(drawn, expected, "{name}");
        assert_eq!(
            parts.more_cells.map_or(0, |(_, hidden)| hidden) + parts.cells.len() as u64,
            match placed.seen.kind {
                ObjectKind::Value => 1,
                ObjectKind::Array => 40,
                _ => 0,
            }
        );
    }
}

#[test]
fn a_semaphore_has_a_slot_for_each_permit_in_its_holders_colours() {
    let slots = one(all().remove(3)).parts.slots;
    assert_eq!(slots.iter().map(|slot| slot.hue).collect::<Vec<_>>(), [Some(2), Some(3), None]);
    assert!(slots.windows(2).all(|pair| pair[0].space.right() < pair[1].space.left()));
    let mut barrier = all().remove(6);
    barrier.waiters = vec![waiter(4, Wish::Pass), waiter(2, Wish::Pass)];
    let words = barrier.words();
    assert!(words.starts_with("Barrier thing6: 2 of 3 arrived; waiting: Process-3 1.2 s"), "{words}");
    assert_eq!(one(barrier).parts.slots.iter().map(|slot| slot.hue).collect::<Vec<_>>(), [Some(4), Some(2), None]);
}

#[test]
fn a_queue_is_three_stations_with_its_messages_as_tokens_while_they_are_few() {
    let placed = one(queue(0, 2));
    let road = &placed.parts.roads[0];
    assert!(road.captions.is_some() && placed.line.is_some());
    assert!(matches!(&road.traffic, Traffic::Tokens(tokens) if tokens.len() == 2));
    assert!(road.bars.len() == 1 && road.bars[0].1 == 2);
    assert!(!road.waits[0] && !road.waits[1]);
    assert!(matches!(one(queue(0, 300)).parts.roads[0].traffic, Traffic::Count(300)));
    let mut full = queue(0, 2);
    full.waiters = vec![waiter(2, Wish::Put), waiter(3, Wish::Receive)];
    assert_eq!(one(full.clone()).parts.roads[0].waits, [true, true]);
    assert!(
        full.words().contains("feeder buffer 3 messages, 68.4 KiB, pipe 2 messages, 43.2 KiB of 64 KiB"),
        "{}",
        full.words()
    );
    assert!(full.words().contains("2 of 3 places taken"), "{}", full.words());
}

#[test]
fn a_lock_stands_in_one_of_four_ways_and_says_so() {
    let gate = |seen: &Seen| if let Face::Gate(gate) = &seen.face { gate.clone() } else { Gate::default() };
    let (free, held) = (lock(0, vec![]), lock(0, vec![holder(2)]));
    let dead = lock(0, vec![Holder { dead: true, ..holder(2) }]);
    assert_eq!(
        [gate(&free).hold(0), gate(&held).hold(0), gate(&held).hold(2), gate(&dead).hold(1)],
        [Hold::Free, Hold::Quiet, Hold::Blocking, Hold::Orphaned]
    );
    assert_eq!([free.state(), held.state(), dead.state()], ["free", "held by Process-1", "Process-1 died with it"]);
}

#[test]
fn lost_updates_are_counted_and_that_none_was_lost_is_said_too() {
    let cells = |updates, overwritten| Cells { updates, overwritten, ..Cells::default() }.verdict();
    assert_eq!(cells(80_000, 47_634).as_deref(), Some("47,634 of 80,000 updates overwritten"));
    assert_eq!(cells(80_000, 0).as_deref(), Some("80,000 updates: no update was lost this time"));
    assert_eq!(cells(0, 0), None);
    let midway = |overwritten, known| Cells { updates: 2_000, overwritten, known, ..Cells::default() }.verdict();
    assert_eq!(midway(0, Known::SoFar).as_deref(), Some("2,000 updates: none lost so far"));
    assert_eq!(midway(0, Known::First).as_deref(), Some("none of the first 2,000 updates lost"));
    assert_eq!(midway(7, Known::First).as_deref(), Some("7 of the first 2,000 updates overwritten"));
}

#[test]
fn a_deadlock_is_a_circle_of_arrows_from_card_to_card() {
    let (mut a, mut b) = (lock(0, vec![holder(2)]), lock(1, vec![holder(3)]));
    (a.waiters, b.waiters) = (vec![waiter(3, Wish::Acquire)], vec![waiter(2, Wish::Acquire)]);
    let wait = |id, object| Wait {
        who: who(id),
        on: Awaited::Object(ObjectId(object)),
        for_ns: 1_200 * MS,
        words: format!("waits for lock {object}"),
        brief: String::new(),
        held_up: true,
    };
    let on_end = Wait {
        who: who(1 + 1),
        on: Awaited::Actor(ActorId(1)),
        for_ns: 1,
        words: String::new(),
        brief: String::new(),
        held_up: false,
    };
    let cycle = Some(Cycle { actors: vec![ActorId(2), ActorId(3)], objects: vec![ObjectId(0), ObjectId(1)] });
    let sight = Sight { objects: vec![a, b], waits: vec![wait(2, 1), wait(3, 0)], cycle, ..Sight::default() };
    let shown = scene(&sight, &setting(744.0, 240.0, 1.0));
    assert_eq!(shown.arrows.len(), 4);
    assert!(shown.arrows.iter().all(|arrow| arrow.in_cycle));
    for arrow in &shown.arrows {
        let (from, to) = (arrow.points[0], arrow.points[arrow.points.len() - 1]);
        let on_edge = |at: egui::Pos2, space: Rect| {
            space.y_range().contains(at.y) && ((space.left() - at.x).abs() < 0.1 || (space.right() - at.x).abs() < 0.1)
        };
        let card = |at| shown.crew.cards.iter().any(|card| on_edge(at, card.space));
        let thing = |at| shown.objects.iter().any(|placed| on_edge(at, placed.space));
        match arrow.says {
            Says::Waits | Says::Listens => assert!(card(from) && thing(to), "{}", arrow.words),
            Says::Held | Says::HeldByDead => assert!(thing(from) && card(to), "{}", arrow.words),
        }
    }
    let told = &shown.crew.card(ActorId(2)).expect("in sight").status.words;
    assert_eq!(told, "waits for lock 1 · 1.2 s");
    // The ends on one edge are apart and in the order of the other ends, so that no two lines cross there.
    let mut heights: Vec<f32> = shown.arrows.iter().map(|arrow| arrow.points[0].y).collect();
    heights.sort_by(f32::total_cmp);
    assert!(heights.windows(2).all(|pair| pair[0] + 2.0 < pair[1]), "{heights:?}");

    let ends = Sight { waits: vec![on_end], ..Sight::default() };
    let shown = scene(&ends, &setting(744.0, 240.0, 1.0));
    assert_eq!(shown.arrows[0].words, "Process-1 waits for the end of Parent");
    assert!(shown.arrows[0].points.iter().any(|at| at.y < 65.0), "it passes above the objects");
}

#[test]
fn nothing_moves_because_somebody_waits() {
    let mut busy = all();
    for (number, seen) in busy.iter_mut().enumerate() {
        seen.waiters = (2..4).map(|id| waiter(id, if number == 0 { Wish::Put } else { Wish::Acquire })).collect();
    }
    let setting = setting(744.0, 420.0, 1.0);
    let places =
        |objects| scene(&sight(objects), &setting).objects.iter().map(|placed| placed.space).collect::<Vec<_>>();
    assert_eq!(places(all()), places(busy));
}
