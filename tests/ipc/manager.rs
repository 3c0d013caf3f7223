//! What managers and blocks of shared memory promise, one test a case, under every start method of this machine; and
//! where Python is at hand, whether it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common;
use crate::common::programs::{Ran, at_once, methods, plan, run, same_in_python};
use poolscope::plan::{Action, StartMethod};
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Birth, Deed, Event, Exit, ObjectId, Role, What};

/// The manager of the programs: their first object.
const MANAGER: ObjectId = ObjectId(0);

/// What was done with an object: when, by whom, and what.
fn deeds(ran: &Ran, of: ObjectId) -> Vec<(u64, ActorId, Deed)> {
    let deed = |event: &Event| match event.what {
        What::Used { object, deed, .. } if object == of => Some((event.at_ns, event.by, deed)),
        _ => None,
    };
    ran.told.events.iter().filter_map(deed).collect()
}

/// The number after a label in what was printed.
fn number(ran: &Ran, label: &str) -> u64 {
    let lines = ran.lines();
    let rest = lines.iter().find_map(|line| line.strip_prefix(label)).expect("it is printed");
    rest.trim().parse().expect("a number")
}

/// The requests of each client: how far each came, by its lane and number.
fn trips(ran: &Ran) -> BTreeMap<(u16, u32), [Option<u64>; 4]> {
    let mut trips: BTreeMap<(u16, u32), [Option<u64>; 4]> = BTreeMap::new();
    for (at_ns, _, deed) in deeds(ran, MANAGER) {
        let (station, lane, message) = match deed {
            Deed::Put { lane, message, .. } => (0, lane, message),
            Deed::Got { lane, message, .. } => (1, lane, message),
            Deed::Served { lane, message, .. } => (2, lane, message),
            Deed::Answered { lane, message, .. } => (3, lane, message),
            _ => continue,
        };
        let before = trips.entry((lane, message)).or_default()[station].replace(at_ns);
        assert_eq!(before, None, "request {message} of client {lane} passes every station once");
    }
    trips
}

#[test]
fn j02_updates_through_proxies_are_lost_and_every_one_costs_two_round_trips() {
    at_once(|start| {
        let ran = run("manager-dict", start, &[("processes", 3), ("updates", 200)]);
        let way = start.name();
        assert_eq!(number(&ran, "in the value:"), 600, "{way}: under its lock none is lost");
        let kept = number(&ran, "in the dict:");
        assert!((1..=600).contains(&kept), "{way}: {kept}");
        let trips = trips(&ran);
        for lane in 1..=3 {
            assert_eq!(trips.keys().filter(|(of, _)| *of == lane).count(), 400, "{way}");
        }
        assert_eq!(ran.lines().iter().filter(|line| *line == "round trips: 400").count(), 3, "{way}");
        for (request, stations) in &trips {
            let all: Vec<u64> = stations.iter().flatten().copied().collect();
            assert_eq!(all.len(), 4, "{way}: {request:?} came only so far: {stations:?}");
            assert!(all.is_sorted(), "{way}: {request:?} {all:?}");
        }
        let updates: Vec<(i32, i32)> = deeds(&ran, MANAGER)
            .iter()
            .filter_map(
                |(_, _, deed)| if let Deed::Updated { read, wrote, .. } = deed { Some((*read, *wrote)) } else { None },
            )
            .collect();
        assert_eq!(updates.len(), 600, "{way}");
        assert!(updates.iter().all(|(read, wrote)| *wrote == read + 1), "{way}");
        // What was lost was read by two: nobody invents it.
        let read: BTreeSet<i32> = updates.iter().map(|(read, _)| *read).collect();
        assert!(kept as usize <= read.len(), "{way}: {kept} of {}", read.len());
        assert!(read.len() == 600 || kept < 600, "{way}: a number that two read is an update lost");
    });
}

#[test]
fn j02_how_many_are_lost_is_measured_and_one_process_alone_loses_none() {
    let (mut seen, mut lost) = (BTreeSet::new(), 0);
    for _ in 0..30 {
        let ran = run("manager-dict", methods()[0], &[("processes", 3), ("updates", 60)]);
        let kept = number(&ran, "in the dict:");
        lost += 180 - kept;
        seen.insert(kept);
        if seen.len() > 2 && lost > 0 {
            break;
        }
    }
    assert!(seen.len() > 1 && lost > 0, "never a constant: {seen:?}");
    at_once(|start| {
        let ran = run("manager-dict", start, &[("processes", 1), ("updates", 100)]);
        assert_eq!(number(&ran, "in the dict:"), 100, "{}", start.name());
    });
}

#[test]
fn j01_j03_j04_j07_proxies_keep_their_rules() {
    at_once(|start| {
        let ran = run("manager-rules", start, &[]);
        assert_eq!(
            ran.lines(),
            [
                "a copy was changed: [[1]]",
                "stored again: [[1, 2]]",
                "a proxy in it: [1, 2]",
                "KeyError: 'x'",
                "IndexError: list index out of range",
                "ns.x: 1",
                "AttributeError: 'Namespace' object has no attribute 'y'",
                "Full",
                "got: 1",
                "Empty",
                "RuntimeError: release unlocked lock",
                "acquired: True",
                "acquired again: False",
                "the manager is shut down",
                "BrokenPipeError: [Errno 32] Broken pipe",
                "another manager keeps: 1",
                "it is killed",
                "BrokenPipeError: [Errno 32] Broken pipe",
            ],
            "{}",
            start.name()
        );
        assert_eq!((ran.exit("SyncManager-1"), ran.exit("SyncManager-2")), (Exit::Code(0), Exit::Signal(9)));
        assert_eq!(ran.actor("SyncManager-1").role, Role::Manager);
    });
}

#[test]
fn h11_a_managers_locks_in_the_same_order_are_no_trap_and_python_agrees() {
    at_once(|start| {
        let ran = run("two-locks", start, &[("same-order", 1), ("managed", 1)]);
        for name in ["a", "b"] {
            let lock = ran.run.objects().iter().find(|object| object.name == name).expect("it is told");
            assert_eq!((lock.permits.taken(), lock.holders(u64::MAX).len()), (2, 0), "{}", start.name());
            let turns: BTreeSet<(u64, u64)> =
                lock.permits.turns().map(|(_, from_ns, to_ns)| (from_ns, to_ns)).collect();
            let turns: Vec<(u64, u64)> = turns.into_iter().collect();
            assert!(turns[0].1 <= turns[1].0, "{}: never two at once: {turns:?}", start.name());
        }
    });
    same_in_python("two-locks", &[("same-order", 1), ("managed", 1)]);
}

#[test]
fn j01_j03_j04_python_agrees() {
    same_in_python("manager-rules", &[]);
}

/// Runs the manager's program with updates that never end, and kills the manager when so much time has passed since
/// its first request. Gives what the manager had open, and the events.
fn killed(start: StartMethod, after: Duration) -> (Vec<String>, Vec<Event>) {
    let session = common::session(&plan("manager-dict", start, &[("updates", 5000)]), Options::default());
    let mut events: Vec<Event> = Vec::new();
    let birth = |event: &Event| match &event.what {
        What::ActorBorn(birth) if birth.role == Role::Manager => Some(Birth::clone(birth)),
        _ => None,
    };
    let asks = |event: &Event| matches!(event.what, What::Used { deed: Deed::Answered { lane: 1.., .. }, .. });
    let manager = loop {
        match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
            Report::Events(new) => events.extend(new),
            other => panic!("{other:?}"),
        }
        if let Some(birth) = events.iter().find_map(birth).filter(|_| events.iter().any(asks)) {
            break birth;
        }
    };
    std::thread::sleep(after);
    let open = std::fs::read_dir(format!("/proc/{}/fd", manager.pid)).into_iter().flatten().flatten();
    let open = open.filter_map(|entry| Some(std::fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()));
    let open = open.collect();
    session.order(manager.actor, Action::Kill);
    let mut told = common::listen(&session);
    events.append(&mut told.events);
    (open, events)
}

#[test]
fn g12_and_j04_when_the_manager_is_killed_every_client_learns_it_within_a_second_and_j06_it_listens_nowhere() {
    let rounds = std::env::var("POOLSCOPE_MANAGER_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    for round in 0..rounds {
        let start = methods()[round % methods().len()];
        // A time that is different in every round, and no round number.
        let after = Duration::from_micros(round as u64 * 7919 % 50_000);
        let (open, events) = killed(start, after);
        let way = format!("round {round}, {after:?} by {}", start.name());
        assert!(!open.iter().any(|end| end.starts_with("socket:")), "{way}: {open:?}");
        let clients: Vec<ActorId> = events
            .iter()
            .filter_map(|event| match &event.what {
                What::ActorBorn(birth) if birth.role == Role::Process => Some(birth.actor),
                _ => None,
            })
            .collect();
        let sent = events.iter().find(|event| matches!(event.what, What::SignalSent { .. })).expect("it was killed");
        let exits = events.iter().filter_map(|event| match event.what {
            What::ActorExited { actor, exit } => Some((actor, (event.at_ns, exit))),
            _ => None,
        });
        let exits: BTreeMap<ActorId, (u64, Exit)> = exits.collect();
        assert!(!clients.is_empty(), "{way}");
        for client in clients {
            let &(at_ns, exit) = exits.get(&client).unwrap_or_else(|| panic!("{way}: {client:?} has no end"));
            // Whoever had not updated the last time was told by an error; others shared no manager.
            assert!(exit == Exit::Code(1) || exit == Exit::Code(0), "{way}: {exit:?}");
            let late_ms = at_ns.saturating_sub(sent.at_ns) / 1_000_000;
            assert!(exit == Exit::Code(0) || late_ms < 1000, "{way}: {late_ms} ms");
        }
        let raised = exits.values().filter(|(_, exit)| *exit == Exit::Code(1)).count();
        assert!(raised > 0, "{way}: nobody was asking any more; the test must kill earlier");
        assert!(
            !events.iter().any(|event| matches!(
                &event.what,
                What::RunEnded { outcome: poolscope::trace::Outcome::Complete, .. }
            )),
            "{way}"
        );
    }
}

/// What the program about the rules of shared memory prints, but for the block that is too large.
const BLOCK_RULES: [&str; 19] = [
    "FileExistsError: [Errno 17] File exists: '/rules'",
    "FileNotFoundError: [Errno 2] No such file or directory: '/nope'",
    "ValueError: 'size' must be a positive number different from zero",
    "ValueError: 'size' must be a positive integer",
    "the child sees: 7",
    "FileNotFoundError: [Errno 2] No such file or directory: '/nope'",
    "the child sees: 7",
    "the parent sees: 8",
    "the parent sees: 9",
    "attached again: 7",
    "FileNotFoundError: [Errno 2] No such file or directory: '/rules'",
    "after unlink: 7",
    "list: [1, 'abc', None, True]",
    "ValueError: bytes/str item exceeds available storage",
    "IndexError: index out of range",
    "IndexError: assignment index out of range",
    "the child's list: [1, 'xyz', None, True]",
    "list: [-5, 'xyz', None, True]",
    "MemoryError: there is no room for 'huge': it wants 1099511627776 bytes, and the room for it has 128",
];

#[test]
fn i05_i06_i07_i08_blocks_keep_their_rules() {
    at_once(|start| {
        let ran = run("shared-memory-rules", start, &[]);
        assert_eq!(ran.lines(), BLOCK_RULES, "{}", start.name());
        // I07: one who had attached ended, one was killed; the block was still there.
        assert_eq!((ran.exit("Process-1"), ran.exit("Process-2")), (Exit::Code(0), Exit::Signal(9)));
    });
}

#[test]
fn who_made_attached_to_and_wrote_which_bytes_of_a_block_is_told_whatever_it_is_called_there() {
    at_once(|start| {
        let ran = run("shared-memory-rules", start, &[("huge", 0)]);
        let (parent, way) = (ActorId::PARENT, start.name());
        let mut told = deeds(&ran, ObjectId(0));
        told.sort_by_key(|(at_ns, ..)| *at_ns);
        let told: Vec<(bool, Deed)> = told.into_iter().map(|(_, by, deed)| (by == parent, deed)).collect();
        let one = |from| (from, 1);
        let wrote = |(from, count)| Deed::WroteBytes { from, count };
        let read = |(from, count)| Deed::ReadBytes { from, count };
        let child = |byte| [Deed::Attached, read(one(0)), wrote(one(byte))].map(|deed| (false, deed));
        let mut expected = vec![(true, Deed::Created { bytes: 10 }), (true, wrote(one(0)))];
        expected.extend(child(1).into_iter().chain(child(2)));
        let rest = [read(one(1)), read(one(2)), Deed::Attached, read(one(0)), Deed::Unlinked, read(one(0))];
        expected.extend(rest.map(|deed| (true, deed)));
        assert_eq!(told, expected, "{way}");
        assert_eq!(deeds(&ran, ObjectId(1)), [], "{way}: by this variable another block was used");
        let list = deeds(&ran, ObjectId(2));
        let bytes = |deed: &Deed| if let Deed::Created { bytes } = deed { Some(*bytes) } else { None };
        let size = list.iter().find_map(|(_, _, deed)| bytes(deed)).expect("it is made");
        // Its length; a number; a text with its head.
        let item = wrote((8 + 24, 24));
        assert!(list.iter().any(|(_, _, deed)| *deed == wrote((0, size))), "{way}: {list:?}");
        assert!(list.iter().any(|(_, _, deed)| *deed == item), "{way}: {list:?}");
    });
}

#[test]
fn i05_i08_python_agrees() {
    same_in_python("shared-memory-rules", &[("huge", 0)]);
}

#[cfg(target_os = "linux")]
#[test]
fn i09_shared_memory_has_no_name_while_it_is_used_and_nothing_is_left_of_it() {
    let names = || {
        let entries = std::fs::read_dir("/dev/shm").into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    at_once(|start| {
        let session = common::session(&plan("pickling-tax", start, &[("max-bytes", 1 << 20)]), Options::default());
        let mut ours: Vec<String> = Vec::new();
        loop {
            match session.reports().recv_timeout(common::DEADLINE).expect("it goes on") {
                Report::Ended(ending) => break assert_eq!(ending.error, None, "{}", start.name()),
                _ => ours.extend(names().into_iter().filter(|name| name.contains("poolscope") || name == "block")),
            }
        }
        assert_eq!(ours, Vec::<String>::new(), "{}", start.name());
    });
}

#[test]
fn the_tax_is_measured_for_every_way_and_size_and_an_index_carries_no_bytes() {
    const BLOCK: ObjectId = ObjectId(1);
    at_once(|start| {
        let ran = run("pickling-tax", start, &[("max-bytes", 1 << 20)]);
        let way = start.name();
        let table: Vec<String> = ran.lines();
        assert_eq!(table.len(), 4, "{way}: {table:?}");
        for (line, bytes) in table.iter().zip([1, 1024, 65_536, 1_048_576]) {
            assert!(line.starts_with(&format!("{bytes} bytes: pipe ")), "{way}: {line}");
            assert_eq!(line.matches("MB/s").count(), 4, "{way}: {line}");
        }
        // A message of a mebibyte passed the pipe and the queue ten times each; by memory and index only numbers did.
        let large = |object| {
            let fed = deeds(&ran, ObjectId(object)).into_iter();
            fed.filter(|(_, _, deed)| matches!(deed, Deed::Got { bytes: 1_048_576.., .. })).count()
        };
        assert_eq!((large(0), large(2)), (10, 10), "{way}");
        let wrote =
            deeds(&ran, BLOCK).into_iter().filter(|(_, _, deed)| matches!(deed, Deed::WroteBytes { .. })).count();
        let read = deeds(&ran, BLOCK).into_iter().filter(|(_, _, deed)| matches!(deed, Deed::ReadBytes { .. })).count();
        assert_eq!((wrote, read), (260, 260), "{way}");
    });
}
