//! Queues: what each of their programs promises, asserted from what was told of it under every start method of this
//! machine; and where Python is at hand, whether it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::common;
use crate::common::Told;
use crate::common::programs::{Ran, at_once, born, ended_at, plan, run, same_in_python, stopped_when, waiting};
use poolscope::model::Model;
use poolscope::trace::{ActorId, Awaited, Deed, Event, ObjectId, Outcome, Role, What, Wish};

/// What happened to the messages of one object.
#[derive(Default)]
struct Traffic {
    /// Who put which, in order.
    put: Vec<(ActorId, u32)>,
    fed: Vec<u32>,
    /// Who got which, in order.
    got: Vec<(ActorId, u32)>,
    torn: u32,
}

/// The traffic of an object, each deed in the order of its time.
fn traffic(ran: &Ran, object: u32) -> Traffic {
    let mut all = Traffic::default();
    let mut events: Vec<_> = ran.told.events.iter().collect();
    events.sort_by_key(|event| event.at_ns);
    for event in events {
        let What::Used { object: used, deed, .. } = &event.what else { continue };
        match *deed {
            _ if used.0 != object => {}
            Deed::Put { message, .. } => all.put.push((event.by, message)),
            Deed::Fed { message, .. } => all.fed.push(message),
            Deed::Got { message, .. } => all.got.push((event.by, message)),
            Deed::Torn { bytes, .. } => all.torn += bytes,
            _ => {}
        }
    }
    all
}

/// Every message was put once, fed once, got once, in this order, and nothing was torn.
fn assert_whole(ran: &Ran, object: u32, messages: usize) -> Traffic {
    let way = ran.start.name();
    let all = traffic(ran, object);
    let numbers = |given: &mut dyn Iterator<Item = u32>| given.collect::<BTreeSet<u32>>();
    let expected: BTreeSet<u32> = (0..messages as u32).collect();
    assert_eq!((all.put.len(), all.fed.len(), all.got.len(), all.torn), (messages, messages, messages, 0), "{way}");
    assert_eq!(numbers(&mut all.put.iter().map(|(_, message)| *message)), expected, "{way}");
    assert_eq!(numbers(&mut all.fed.iter().copied()), expected, "{way}");
    assert_eq!(numbers(&mut all.got.iter().map(|(_, message)| *message)), expected, "{way}");
    let mut stage: HashMap<u32, u8> = HashMap::new();
    let mut events: Vec<_> = ran.told.events.iter().collect();
    events.sort_by_key(|event| event.at_ns);
    for event in events {
        let What::Used { object: used, deed, .. } = &event.what else { continue };
        let (message, at) = match *deed {
            Deed::Put { message, .. } => (message, 0),
            Deed::Fed { message, .. } => (message, 1),
            Deed::Got { message, .. } => (message, 2),
            _ => continue,
        };
        if used.0 == object {
            let next = stage.entry(message).or_default();
            assert_eq!(*next, at, "message {message} by {way}");
            *next += 1;
        }
    }
    all
}

/// The messages of each producer, in its order.
fn by_producer(put: &[(ActorId, u32)]) -> BTreeMap<ActorId, Vec<u32>> {
    let mut all: BTreeMap<ActorId, Vec<u32>> = BTreeMap::new();
    for (by, message) in put {
        all.entry(*by).or_default().push(*message);
    }
    all
}

/// Whether these come in this order, whatever lies between them.
fn is_in_order(part: &[u32], whole: &[u32]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|message| rest.any(|other| other == message))
}

#[test]
fn f01_squares_come_back_in_their_order() {
    at_once(|start| {
        let ran = run("queue-squares", start, &[("items", 20)]);
        let squares: Vec<String> = (0..20).map(|item: u32| (item * item).to_string()).collect();
        assert_eq!(ran.lines(), squares, "{}", start.name());
        // And the sentinel.
        let tasks = assert_whole(&ran, 0, 21);
        let got: Vec<u32> = tasks.got.iter().map(|(_, message)| *message).collect();
        assert_eq!(got, (0..21).collect::<Vec<_>>(), "first in, first out");
        assert_whole(&ran, 1, 20);
    });
    same_in_python("queue-squares", &[]);
}

#[test]
fn f01_several_producers_are_each_in_order_and_every_item_is_taken_once() {
    at_once(|start| {
        let knobs = [("producers", 3), ("consumers", 2), ("items", 20), ("maxsize", 4), ("work-ms", 2)];
        let ran = run("producers-consumers", start, &knobs);
        let all = assert_whole(&ran, 0, 3 * 20 + 2);
        let producers = by_producer(&all.put);
        assert_eq!(producers.len(), 4, "three, and the parent with its sentinels");
        for consumer in all.got.iter().map(|(by, _)| *by).collect::<BTreeSet<_>>() {
            let taken: Vec<u32> =
                all.got.iter().filter(|(by, _)| *by == consumer).map(|(_, message)| *message).collect();
            for (producer, put) in &producers {
                let of_it: Vec<u32> = taken.iter().copied().filter(|message| put.contains(message)).collect();
                assert!(is_in_order(&of_it, put), "{producer:?} by {}: {of_it:?}", start.name());
            }
        }
    });
    same_in_python("producers-consumers", &[("work-ms", 5)]);
}

#[test]
fn f04_a_queue_never_holds_more_than_its_maxsize() {
    at_once(|start| {
        let knobs = [("producers", 2), ("consumers", 1), ("items", 15), ("maxsize", 3), ("work-ms", 3)];
        let ran = run("producers-consumers", start, &knobs);
        let (mut fed_ns, mut changes) = (HashMap::new(), Vec::new());
        for event in &ran.told.events {
            if let What::Used { deed: Deed::Fed { message, .. }, .. } = event.what {
                fed_ns.insert(message, event.at_ns);
            }
        }
        for event in &ran.told.events {
            match event.what {
                // It had its place before it was told.
                What::Used { deed: Deed::Put { .. }, .. } => changes.push((event.at_ns, 1)),
                // Its place was not free before somebody asked for it, nor before it was in the pipe.
                What::Used { deed: Deed::Got { message, .. }, since_ns, .. } => {
                    changes.push((since_ns.max(fed_ns[&message]), -1));
                }
                _ => {}
            }
        }
        changes.sort_unstable();
        let (mut held, mut most) = (0, 0);
        for (_, change) in changes {
            held += change;
            most = most.max(held);
        }
        assert!((1..=3).contains(&most), "{most} by {}", start.name());
        let waited = ran.told.events.iter().any(|event| matches!(event.what, What::Waits { wish: Wish::Put, .. }));
        assert!(waited, "with so slow a consumer somebody waits for a place, by {}", start.name());
    });
}

#[test]
fn lines_of_many_workers_arrive_whole_in_one_file() {
    at_once(|start| {
        let ran = run("queue-logging", start, &[("workers", 6), ("lines", 60)]);
        assert_eq!(ran.lines(), ["lines in the file: 360", "torn or out of order: 0"], "{}", start.name());
        assert_whole(&ran, 0, 361);
    });
    same_in_python("queue-logging", &[]);
}

#[test]
fn f11_join_returns_after_the_last_task_is_done() {
    at_once(|start| {
        let ran = run("task-done", start, &[("work-ms", 30)]);
        assert_whole(&ran, 0, 14);
        let mut left = Vec::new();
        let (mut joined, mut done) = (Vec::new(), Vec::new());
        for event in &ran.told.events {
            match event.what {
                What::Used { deed: Deed::TaskDone { left: now }, since_ns, .. } => {
                    left.push(now);
                    done.push(since_ns);
                }
                What::Used { deed: Deed::Joined, .. } if event.by == ActorId::PARENT => joined.push(event.at_ns),
                _ => {}
            }
        }
        left.sort_unstable();
        // Sentinels are tasks, too, which nobody says are done.
        assert_eq!(left, (0..10).collect::<Vec<_>>(), "each task is done once, by {}", start.name());
        assert!(joined[0] >= *done.iter().max().expect("tasks"), "after the last, by {}", start.name());
    });
    same_in_python("task-done", &[("work-ms", 20)]);
}

#[test]
fn f03_with_more_than_the_pipe_holds_a_process_that_is_joined_first_never_ends() {
    at_once(|start| {
        // The parent, the child, and its feeder.
        let told = stopped_when(plan("join-before-drain", start, &[]), |events| waiting(events).len() == 3);
        let (model, way) = (Model::of(&told.events), start.name());
        let run = &model.runs[0];
        let queue = Awaited::Object(ObjectId(0));
        let waits = |by: &dyn Fn(ActorId) -> bool| -> Vec<(Wish, Awaited)> {
            let of = told.events.iter().filter(|event| by(event.by));
            let waits = of.filter_map(|event| match event.what {
                What::Waits { wish, on, .. } => Some((wish, on)),
                _ => None,
            });
            waits.collect()
        };
        let child = run.actors.iter().find(|actor| actor.role == Role::Process).expect("a child").id;
        let feeder = run.actors.iter().find(|actor| actor.name.as_deref() == Some("QueueFeederThread"));
        let feeder = feeder.expect("its feeder").id;
        assert_eq!(waits(&|by| by == ActorId::PARENT), [(Wish::End, Awaited::Actor(child))], "{way}");
        assert_eq!(waits(&|by| by == child), [(Wish::Feed, queue)], "{way}");
        assert_eq!(waits(&|by| by == feeder), [(Wish::Send, queue)], "{way}");
    });
}

#[test]
fn f03_the_edge_is_what_the_pipe_really_holds() {
    at_once(|start| {
        let capacity = u64::from(poolscope::sys::pipe().expect("a pipe").1.capacity_bytes());
        // What a message has beside its bytes: its header, and the mark that they are bytes.
        let most = capacity - 17;
        let ran = run("join-before-drain", start, &[("bytes", most)]);
        assert_eq!(ran.lines(), ["joined".to_owned(), format!("bytes: {most}")], "{}", start.name());
        let one_more = ended_at(700, plan("join-before-drain", start, &[("bytes", most + 1)]));
        let (model, _) = common::run(&one_more);
        let outcome = &model.runs[0].end.as_ref().expect("it ended").outcome;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        let ran = run("join-before-drain", start, &[("bytes", 1 << 20), ("read-first", 1)]);
        assert_eq!(ran.lines(), ["bytes: 1048576", "joined"], "{}", start.name());
    });
    same_in_python("join-before-drain", &[("read-first", 1)]);
    same_in_python("join-before-drain", &[("bytes", 10_000)]);
}

#[test]
fn f04_to_f07_f10_f12_f13_the_rules_of_queues_hold() {
    at_once(|start| {
        let ran = run("queue-rules", start, &[]);
        let way = start.name();
        // The traceback of the feeder that could not pickle something is its own.
        let lines: Vec<String> = ran.lines().into_iter().filter(|line| !line.contains("raceback")).collect();
        let expected = [
            "Empty",
            "Empty",
            "Full",
            "Full",
            "full(): True",
            "qsize(): 1",
            "got: 1",
            "full(): False",
            "qsize(): 0",
            "PicklingError: Can't pickle <lambda>: it has no importable name",
            "the good item: 2",
            "joined, though nobody reads",
            "whoever put into the full pipe waits: True",
            "bytes: 1000000",
            "empty(): True",
            "OSError: handle is closed",
            "all tasks are done",
            "ValueError: task_done() called too many times",
            "AssertionError: Queue q not closed",
            "ValueError: Queue q is closed",
            "ValueError: Queue q is closed",
            "OSError: handle is closed",
            "empty() of a queue that was never used: True",
        ];
        assert_eq!(lines, expected, "{way}");
        let gave_up: Vec<(Wish, u64)> = ran
            .told
            .events
            .iter()
            .filter_map(|event| match event.what {
                What::Used { deed: Deed::GaveUp { wish }, since_ns, .. } => Some((wish, event.at_ns - since_ns)),
                _ => None,
            })
            .collect();
        let wishes: Vec<Wish> = gave_up.iter().map(|(wish, _)| *wish).collect();
        assert_eq!(wishes, [Wish::Receive, Wish::Receive, Wish::Put, Wish::Put], "{way}");
        for (place, (wish, took_ns)) in gave_up.iter().enumerate() {
            let took_ms = took_ns / 1_000_000;
            let (least, most) = if place % 2 == 0 { (0, 100) } else { (300, 400) };
            // A busy machine may be late, never early.
            assert!((least..most + 1000).contains(&took_ms), "{wish:?} took {took_ms} ms by {way}");
        }
        // Whoever puts into a full SimpleQueue waits by itself: it has no feeder.
        let simple = Awaited::Object(ObjectId(2));
        let waits = ran.told.events.iter().filter_map(|event| match event.what {
            What::Waits { wish: Wish::Send, on, .. } if on == simple => Some(event.by),
            _ => None,
        });
        assert_eq!(waits.collect::<Vec<_>>(), [ran.actor("Process-3").id], "{way}");
        // Of what the second child left in its buffer, nothing whole arrived.
        let lost = traffic(&ran, 3);
        assert_eq!((lost.put.len(), lost.fed.len(), lost.got.len()), (1, 0, 0), "{way}");
    });
}

#[test]
fn f04_python_agrees() {
    same_in_python("queue-rules", &[]);
}

#[test]
fn f02_just_after_put_a_queue_may_still_be_empty() {
    at_once(|start| {
        let ran = run("empty-after-put", start, &[]);
        println!("{}: {}", start.name(), ran.lines()[0]);
        assert!(ran.lines()[0].ends_with(" of 200"), "{}", start.name());
        assert_whole(&ran, 0, 200);
    });
}

/// So often a program is tried whose child may be killed too early on a busy machine.
const TRIES: u32 = 10;

/// Whether this actor ever waited for something of an object.
fn has_waited(events: &[Event], name: &str) -> bool {
    let is_object = |event: &Event| matches!(event.what, What::Waits { on: Awaited::Object(_), .. });
    // Of a writer it is its feeder that waits for the pipe, and then itself.
    born(events, name).is_some_and(|by| events.iter().any(|event| event.by == by && is_object(event)))
}

/// Of a run whose first child waited before it was killed: what was told, and the second child.
fn waited_for(way: &str, told: impl Fn() -> Told) -> (Told, ActorId) {
    let told = (0..TRIES).map(|_| told()).find(|told| has_waited(&told.events, "Process-1")).expect("it waits");
    let second = born(&told.events, "Process-2").unwrap_or_else(|| panic!("{way}: no second child"));
    (told, second)
}

#[test]
fn f08_and_f09_whoever_is_killed_at_a_queue_leaves_the_others_waiting_for_ever() {
    at_once(|start| {
        for writer in [0, 1] {
            let way = format!("writer {writer} by {}", start.name());
            let (told, second) = waited_for(&way, || {
                let plan = plan("killed-at-a-queue", start, &[("writer", writer)]);
                stopped_when(plan, |events| born(events, "Process-2").is_some_and(|by| waiting(events).contains(&by)))
            });
            let waits = told.events.iter().filter_map(|event| match event.what {
                What::Waits { wish, .. } if event.by == second => Some(wish),
                _ => None,
            });
            // The one waits for the dead one's lock, the other for its feeder, which waits for it.
            let expected = if writer == 1 { Wish::Feed } else { Wish::Acquire };
            assert_eq!(waits.collect::<Vec<_>>(), [expected], "{way}");
            let got = told.events.iter().any(|event| matches!(event.what, What::Used { deed: Deed::Got { .. }, .. }));
            assert!(!got, "{way}: nobody gets anything");
        }
    });
}

#[test]
fn f08_and_f09_a_robust_queue_goes_on_with_the_next_whole_item() {
    at_once(|start| {
        let recovered = |ran: &Ran| {
            let all = ran.told.events.iter().filter_map(|event| match event.what {
                What::Used { deed: Deed::Recovered { owner }, .. } => Some((event.by, owner)),
                _ => None,
            });
            all.collect::<Vec<_>>()
        };
        let killed = |writer| {
            // The only place there is: it is free again.
            let ran = || run("killed-at-a-queue", start, &[("robust", 1), ("writer", writer), ("maxsize", 1)]);
            let waited = |ran: &Ran| has_waited(&ran.told.events, "Process-1");
            (0..TRIES).map(|_| ran()).find(waited).expect("it waits before it is killed")
        };
        let ran = killed(0);
        assert_eq!(ran.lines(), ["killed, qsize() 0", "Process-2 got: 1"], "{}", start.name());
        assert_eq!(recovered(&ran), [(ActorId::PARENT, ran.actor("Process-1").id)], "{}", start.name());
        let ran = killed(1);
        assert_eq!(ran.lines(), ["killed, qsize() 0", "the parent got: 2"], "{}", start.name());
        assert_eq!(recovered(&ran), [(ActorId::PARENT, ran.actor("Process-1").id)], "{}", start.name());
        let capacity = poolscope::sys::pipe().expect("a pipe").1.capacity_bytes();
        assert_eq!(traffic(&ran, 0).torn, capacity, "what the dead one had written, by {}", start.name());
    });
}

#[test]
#[cfg(target_os = "linux")]
fn f03_a_smaller_pipe_moves_the_edge() {
    const SMALL: u64 = 8192;
    at_once(|start| {
        let ran = run("join-before-drain", start, &[("pipe-bytes", SMALL), ("bytes", SMALL - 17)]);
        assert_eq!(ran.lines(), ["joined".to_owned(), format!("bytes: {}", SMALL - 17)], "{}", start.name());
        let sizes = ran.told.events.iter().filter_map(|event| match &event.what {
            What::ObjectMade(made) => Some(made.pipe_bytes),
            _ => None,
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [SMALL as u32], "{}", start.name());
        let more = plan("join-before-drain", start, &[("pipe-bytes", SMALL), ("bytes", SMALL - 16)]);
        let (model, _) = common::run(&ended_at(700, more));
        let outcome = &model.runs[0].end.as_ref().expect("it ended").outcome;
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    });
}
