//! Programs whose processes share something: chosen on their tab, and seen in words.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use poolscope::plan::Plan;
use poolscope::program::TOPICS;
use poolscope::trace::{
    ActorId, Awaited, Birth, Deed, Event, Exit, Made, ObjectId, ObjectKind, Outcome, Role as ActorRole, What, Wish,
};

use super::{Window, app, press, press_anywhere, set, window, write_events};

#[test]
fn every_subject_is_a_tab_that_lists_its_programs_and_remembers_what_was_chosen() {
    let mut window = window();
    let pool = app(&window).experiment().plan.clone();
    let chosen = |window: &Window<'_>| app(window).experiment().plan.program.clone();
    press(&mut window, Role::Button, "IPC");
    let ipc = TOPICS.iter().find(|topic| topic.title == "IPC").expect("there is such a subject");
    assert_eq!(chosen(&window).as_deref(), ipc.programs.first().map(|program| program.name));
    for program in ipc.programs {
        press_anywhere(&mut window, Role::Button, program.title);
        assert_eq!(chosen(&window).as_deref(), Some(program.name));
        window.get_by_label_contains(program.summary);
        app(&window).experiment().plan.check().expect("it can run");
    }
    let knobbed = ipc.programs.iter().find(|program| !program.knobs.is_empty()).expect("one has a knob");
    let knob = knobbed.knobs[0];
    press_anywhere(&mut window, Role::Button, knobbed.title);
    let value = if knob.default == knob.range.1 { knob.range.0 } else { knob.range.1 };
    set(&mut window, &knob.name.replace('-', " "), value as f64);
    assert_eq!(app(&window).experiment().plan.knobs.get(knob.name), Some(&value));
    press(&mut window, Role::Button, "Process");
    assert_eq!(chosen(&window).as_deref(), Some("five-workers"));
    assert!(app(&window).experiment().plan.knobs.is_empty());
    press(&mut window, Role::Button, "IPC");
    assert_eq!(chosen(&window).as_deref(), Some(knobbed.name));
    assert_eq!(app(&window).experiment().plan.knobs.get(knob.name), Some(&value), "knobs come back with it");
    press(&mut window, Role::Button, "Pool");
    assert_eq!(app(&window).experiment().plan, pool);
}

/// A window on a trace of a program whose parent has two children, with these knobs.
fn opened(program: &str, knobs: &[(&str, u64)], story: impl IntoIterator<Item = (u64, u32, What)>) -> Window<'static> {
    let ms = 1_000_000;
    let knobs = knobs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let plan = Box::new(Plan { program: Some(program.into()), knobs, ..Plan::default() });
    let born = |actor, number| {
        let (parent, name) = (Some(ActorId(1)), Some(format!("Process-{number}")));
        let birth = Birth { parent, name, ..Birth::new(ActorId(actor), ActorRole::Process, number, 100 + actor, ms) };
        What::ActorBorn(Box::new(birth))
    };
    let begin = [
        (0, 1, What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 }),
        (0, 1, What::ActorBorn(Box::new(Birth::new(ActorId(1), ActorRole::Parent, 0, 101, 0)))),
        (2, 1, born(2, 1)),
        (2, 1, born(3, 2)),
        (3, 2, What::ActorReady),
        (3, 3, What::ActorReady),
    ];
    let (outcome, wall_ns, start_ns, digest) = (Outcome::Complete, 100 * ms, 0, String::new());
    let end = [(100, 1, What::RunEnded { outcome, wall_ns, start_ns, digest })];
    let mut events: Vec<Event> = begin
        .into_iter()
        .chain(story)
        .chain(end)
        .map(|(at, by, what)| Event { at_ns: at * ms, by: ActorId(by), what })
        .collect();
    events.sort_by_key(|event| event.at_ns);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("story.trace");
    write_events(&path, events);
    let mut window = window();
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    window
}

/// `name = kind(…)`.
fn made(object: u32, kind: ObjectKind, name: &str, capacity: u64) -> What {
    let (pipe_bytes, initial, lock, robust) = (0, None, None, false);
    let object = ObjectId(object);
    What::ObjectMade(Box::new(Made { object, kind, name: name.into(), capacity, pipe_bytes, initial, lock, robust }))
}

fn used(object: u32, since_ms: u64, deed: Deed) -> What {
    What::Used { object: ObjectId(object), since_ns: since_ms * 1_000_000, deed }
}

/// How often something with these words is on the screen.
fn told(window: &Window<'_>, words: &str) -> usize {
    window.query_all_by_label_contains(words).count()
}

/// Steps forward, from event to event, until the cursor is there.
fn step_to(window: &mut Window<'_>, ms: u64) {
    for _ in 0..100 {
        if app(window).playhead().at_ns >= ms * 1_000_000 {
            break;
        }
        window.key_press(egui::Key::ArrowRight);
        window.run_steps(2);
    }
    assert_eq!(app(window).playhead().at_ns, ms * 1_000_000, "it stops there");
}

#[test]
fn of_a_block_it_is_told_who_wrote_which_bytes_and_who_has_it() {
    let (from, count) = (2, 3);
    let mut window = opened(
        "shared-memory-rules",
        &[],
        [
            (1, 1, made(0, ObjectKind::Block, "b", 64)),
            (4, 1, used(0, 4, Deed::Created { bytes: 10 })),
            (5, 1, used(0, 5, Deed::WroteBytes { from: 0, count: 10 })),
            (10, 2, used(0, 10, Deed::Attached)),
            (12, 2, used(0, 12, Deed::WroteBytes { from, count })),
            (20, 3, used(0, 20, Deed::Attached)),
            (22, 3, used(0, 21, Deed::ReadBytes { from: 4, count: 1 })),
            (30, 2, used(0, 30, Deed::Closed { end: 0 })),
            (40, 1, used(0, 40, Deed::Unlinked)),
        ],
    );
    step_to(&mut window, 1);
    assert_eq!(told(&window, "SharedMemory b: not made yet, room for 64 B"), 2, "on the stage and in the table");
    step_to(&mut window, 22);
    let words = "SharedMemory b: 10 B, made by Parent · open in Parent, Process-1, Process-2, bytes 0–1 by Parent, \
                 17 ms ago, bytes 2–4 by Process-1, 10 ms ago, bytes 5–9 by Parent, 17 ms ago, \
                 last: Process-2 read byte 4 · 0 ns ago";
    assert_eq!(told(&window, words), 2);
    step_to(&mut window, 40);
    assert_eq!(told(&window, "10 B, name unlinked, made by Parent · open in Parent, Process-2"), 2);
}

#[test]
fn cells_of_an_array_name_who_wrote_them() {
    let write = |index, value| used(0, 4, Deed::Wrote { index, value });
    let mut window = opened(
        "shared-array",
        &[],
        [(1, 1, made(0, ObjectKind::Array, "sums", 4)), (5, 2, write(0, 7)), (6, 2, write(1, 8)), (9, 3, write(3, 9))],
    );
    step_to(&mut window, 9);
    let words = "Array sums: 7, 8, 0, 9; cells 0–1 by Process-1, 3 ms ago, cell 3 by Process-2, 0 ns ago";
    assert_eq!(told(&window, words), 2);
}

#[test]
fn a_manager_has_a_queue_of_requests_and_tells_whom_it_serves() {
    let (bytes, message) = (90, 0);
    let request = |lane, deed: fn(u16, u32, u32) -> Deed| used(0, 4, deed(lane, message, bytes));
    let put = |lane, message, bytes| Deed::Put { lane, message, bytes };
    let got = |lane, message, bytes| Deed::Got { lane, message, bytes };
    let served = |lane, message, bytes| Deed::Served { lane, message, bytes };
    let answered = |lane, message, bytes| Deed::Answered { lane, message, bytes };
    let serves = What::ActorBorn(Box::new(Birth {
        parent: Some(ActorId(1)),
        name: Some("Process-3".into()),
        ..Birth::new(ActorId(4), ActorRole::Manager, 3, 104, 2_000_000)
    }));
    let mut window = opened(
        "manager-dict",
        &[],
        [
            (1, 1, made(0, ObjectKind::Manager, "m", 2)),
            (3, 1, serves),
            (4, 4, What::ActorReady),
            (10, 2, request(0, put)),
            (12, 3, request(1, put)),
            (20, 4, request(0, got)),
            (30, 4, request(0, served)),
            (31, 4, request(1, got)),
            (40, 2, request(0, answered)),
            (41, 4, request(1, served)),
            (50, 3, request(1, answered)),
        ],
    );
    let mut at = |ms, words: &str| {
        step_to(&mut window, ms);
        assert_eq!(told(&window, &format!("Manager m: {words}")), 2, "{words}");
    };
    at(12, "0 round trips, 2 requests wait");
    at(20, "0 round trips, 1 request waits, serves Process-1");
    at(31, "0 round trips, serves Process-2, 1 answer on its way");
    at(50, "2 round trips");
    window.key_press(egui::Key::ArrowLeft);
    window.run_steps(2);
    window.key_press(egui::Key::ArrowLeft);
    window.run_steps(2);
    assert_eq!(app(&window).playhead().at_ns, 40_000_000);
    window.get_by_label_contains("Process-3, pid 104, manager: serves Process-2");
}

/// Process 1 asks a manager and is killed; process 2 asks it, and it is killed itself.
#[test]
fn nothing_waits_for_or_by_somebody_who_has_ended() {
    let put = |lane, message| Deed::Put { lane, message, bytes: 90 };
    let killed = |actor| What::ActorExited { actor: ActorId(actor), exit: Exit::Signal(9) };
    // Before it is known that its manager was killed.
    let (call, answer) = ("m['a']".into(), "BrokenPipeError: [Errno 32] Broken pipe".into());
    let raised = What::Called { since_ns: 41_000_000, call, answer, raised: true };
    let name = Some("Process-3".into());
    let birth = Birth { parent: Some(ActorId(1)), name, ..Birth::new(ActorId(4), ActorRole::Manager, 3, 104, 2) };
    let mut window = opened(
        "manager-rules",
        &[],
        [
            (1, 1, made(0, ObjectKind::Manager, "m", 2)),
            (3, 1, What::ActorBorn(Box::new(birth))),
            (4, 4, What::ActorReady),
            (10, 2, used(0, 10, put(0, 0))),
            (11, 4, used(0, 11, Deed::Got { lane: 0, message: 0, bytes: 90 })),
            (12, 4, used(0, 11, Deed::Served { lane: 0, message: 0, bytes: 9 })),
            (13, 2, used(0, 10, Deed::Answered { lane: 0, message: 0, bytes: 9 })),
            (20, 2, used(0, 20, put(0, 1))),
            (30, 1, killed(2)),
            (40, 3, used(0, 40, put(1, 0))),
            (42, 1, used(0, 42, put(2, 0))),
            (45, 1, raised),
            (50, 1, killed(4)),
        ],
    );
    for (ms, words) in [
        (20, "1 round trip, 1 request waits"),
        (42, "1 round trip, 2 requests wait"),
        (45, "1 round trip, 1 request waits"),
    ] {
        step_to(&mut window, ms);
        assert_eq!(told(&window, &format!("Manager m: {words}")), 2, "at {ms} ms");
    }
    step_to(&mut window, 50);
    assert_eq!((told(&window, "Manager m: 1 round trip"), told(&window, "request waits")), (2, 0));
    let mut window = opened(
        "two-writers",
        &[],
        [
            (1, 1, made(0, ObjectKind::Pipe, "pipe", 1)),
            (4, 1, used(0, 4, Deed::Holds { end: 0 })),
            (5, 2, used(0, 5, Deed::Holds { end: 1 })),
            (6, 3, used(0, 6, Deed::Holds { end: 1 })),
            (20, 1, killed(2)),
            (30, 1, killed(3)),
        ],
    );
    for (ms, writers) in [(6, ", written by Process-1, Process-2"), (20, ", written by Process-2"), (30, "")] {
        step_to(&mut window, ms);
        let words = format!("Pipe pipe: pipe 0 messages, 0 B, 0 put, 0 taken{writers}, read by Parent");
        assert_eq!(told(&window, &words), 2, "at {ms} ms");
    }
}

#[test]
fn nobody_is_at_a_queue_before_its_first_use_and_permits_are_counted_as_they_are() {
    let (lane, message, bytes) = (0, 0, 90);
    let waits = What::Waits { wish: Wish::Acquire, on: Awaited::Object(ObjectId(1)), lane, for_ever: true };
    let mut window = opened(
        "queue-rules",
        &[],
        [
            (1, 1, made(0, ObjectKind::SimpleQueue, "simple", 0)),
            (1, 1, made(1, ObjectKind::Semaphore, "items", 0)),
            (1, 1, made(2, ObjectKind::Array, "long", 1_024)),
            (10, 2, used(0, 9, Deed::Fed { lane, message, bytes })),
            (11, 3, waits),
            (20, 1, used(0, 19, Deed::Got { lane, message, bytes })),
            (30, 2, used(1, 30, Deed::Released { left: 1 })),
        ],
    );
    assert_eq!(told(&window, "SimpleQueue simple"), 0, "it is not made yet");
    let mut at = |ms, words: &str| {
        step_to(&mut window, ms);
        assert_eq!(told(&window, words), 2, "{words}");
    };
    let queue = "SimpleQueue simple: pipe 0 messages, 0 B";
    at(3, &format!("{queue}, 0 put, 0 taken"));
    at(10, "SimpleQueue simple: pipe 1 message, 90 B, 1 put, 0 taken, written by Process-1");
    at(11, "Semaphore items: 0 permits free; waiting: Process-2");
    at(20, &format!("{queue}, 1 put, 1 taken, written by Process-1, read by Parent"));
    at(30, "Semaphore items: 1 permit free; waiting: Process-2");
}

#[test]
fn a_pipe_names_those_at_its_ends_and_a_barrier_that_opened_those_who_still_wake() {
    let (lane, message, bytes) = (1, 0, 90);
    let wait = What::Waits { wish: Wish::Pass, on: Awaited::Object(ObjectId(1)), lane: 0, for_ever: true };
    let mut window = opened(
        "ping-pong",
        &[],
        [
            (1, 1, made(0, ObjectKind::Pipe, "pipe", 1)),
            (1, 1, made(1, ObjectKind::Barrier, "start", 2)),
            (4, 1, used(0, 4, Deed::Holds { end: 0 })),
            (5, 2, used(0, 5, Deed::Holds { end: 1 })),
            (6, 2, used(0, 6, Deed::Fed { lane, message, bytes })),
            (10, 2, wait),
            (20, 3, used(1, 20, Deed::Passed { index: 1 })),
            (30, 2, used(1, 10, Deed::Passed { index: 0 })),
        ],
    );
    step_to(&mut window, 6);
    let words = "Pipe pipe: pipe 1 message, 90 B, 1 put, 0 taken, written by Process-1, read by Parent";
    assert_eq!(told(&window, words), 2);
    step_to(&mut window, 10);
    assert_eq!(told(&window, "Barrier start: 1 of 2 arrived; waiting: Process-1"), 2);
    step_to(&mut window, 20);
    assert_eq!(told(&window, "Barrier start: open, 1 of 2 still wake up; waiting: Process-1"), 2);
    step_to(&mut window, 30);
    assert_eq!(told(&window, "Barrier start: 0 of 2 arrived"), 2);
}

#[test]
fn a_trace_opens_with_its_program_and_its_knobs_chosen() {
    let mut window = opened("lost-updates", &[("processes", 3)], []);
    let plan = app(&window).experiment().plan.clone();
    assert_eq!((plan.program.as_deref(), plan.knobs.get("processes")), (Some("lost-updates"), Some(&3)));
    window.get_by_label("Lost updates");
    window.get_by_label_contains("processes: value");
    // The pool has the settings that it had.
    press(&mut window, Role::Button, "Pool");
    assert_eq!(app(&window).experiment().plan.program, None);
    press(&mut window, Role::Button, "IPC");
    assert_eq!(app(&window).experiment().plan.knobs.get("processes"), Some(&3), "and the subject remembers it");
    let window = opened("lost-updates", &[("processes", 3_000_000)], []);
    let plan = &app(&window).experiment().plan;
    assert!(plan.program.is_some() && plan.knobs.is_empty(), "a file may claim anything");
    let unknown = opened("never-heard-of", &[], []);
    assert_eq!(app(&unknown).experiment().plan.program, None);
}

/// Two processes take two locks in opposite order; a value loses an update; a message waits in a queue.
fn deadlocked() -> Window<'static> {
    let ms = 1_000_000;
    let plan = Box::new(Plan { program: Some("two-locks".into()), ..Plan::default() });
    let born = |actor, number| {
        let (parent, name) = (Some(ActorId(1)), Some(format!("Process-{number}")));
        What::ActorBorn(Box::new(Birth {
            parent,
            name,
            ..Birth::new(ActorId(actor), ActorRole::Process, number, 100 + actor, ms)
        }))
    };
    let made = |object, kind, name: &str, capacity| {
        What::ObjectMade(Box::new(Made {
            object: ObjectId(object),
            kind,
            name: name.into(),
            capacity,
            pipe_bytes: if kind == ObjectKind::Queue { 65_536 } else { 0 },
            initial: None,
            lock: None,
            robust: false,
        }))
    };
    let used = |object, since_ms: u64, deed| What::Used { object: ObjectId(object), since_ns: since_ms * ms, deed };
    let waits =
        |object| What::Waits { wish: Wish::Acquire, on: Awaited::Object(ObjectId(object)), lane: 0, for_ever: true };
    let (lane, message, bytes) = (0, 0, 1_000);
    let story = [
        (0, 1, What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 }),
        (0, 1, What::ActorBorn(Box::new(Birth::new(ActorId(1), ActorRole::Parent, 0, 101, 0)))),
        (1, 1, made(0, ObjectKind::Lock, "a", 1)),
        (1, 1, made(1, ObjectKind::Lock, "b", 1)),
        (1, 1, made(2, ObjectKind::Queue, "q", 2)),
        (1, 1, made(3, ObjectKind::Value, "total", 1)),
        (2, 1, born(2, 1)),
        (2, 1, born(3, 2)),
        (3, 2, What::ActorReady),
        (3, 3, What::ActorReady),
        (5, 2, used(2, 5, Deed::Put { lane, message, bytes })),
        (6, 2, used(2, 5, Deed::Fed { lane, message, bytes })),
        (10, 2, used(3, 8, Deed::Updated { index: 0, read: 0, wrote: 1 })),
        (11, 3, used(3, 8, Deed::Updated { index: 0, read: 0, wrote: 1 })),
        (20, 2, used(0, 20, Deed::Acquired { left: 0 })),
        (21, 3, used(1, 21, Deed::Acquired { left: 0 })),
        (30, 2, waits(1)),
        (31, 3, waits(0)),
        (400, 1, What::Printed { line: "still here".into() }),
        (600, 1, What::Printed { line: "and still".into() }),
        (
            900,
            1,
            What::RunEnded {
                outcome: Outcome::Failed("Its deadline of 900 ms is over.".into()),
                wall_ns: 900 * ms,
                start_ns: 0,
                digest: String::new(),
            },
        ),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deadlock.trace");
    write_events(&path, story.into_iter().map(|(at, by, what)| Event { at_ns: at * ms, by: ActorId(by), what }));
    let mut window = window();
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    window
}

#[test]
fn a_deadlock_is_named_while_it_lasts_and_every_object_has_words() {
    let mut window = deadlocked();
    assert!(window.query_by_label_contains("Deadlock: ").is_none(), "at its begin nobody waits");
    window.key_press(egui::Key::End);
    window.run_steps(3);
    // Just before its end: there the waits are over.
    window.key_press(egui::Key::ArrowLeft);
    window.run_steps(3);
    window.get_by_label_contains(
        "Deadlock: Process-1 waits for lock b, which Process-2 holds; Process-2 waits for lock a, which Process-1 holds.",
    );
    assert!(window.query_by_label("Stop the deadlock").is_none(), "what was recorded can't be stopped");
    window.get_by_label_contains("Stage: 3 processes and threads share 4 objects: Process-1 waits for lock b");
    // On the stage, and in the table beside it.
    let told = |words: &str| window.query_all_by_label_contains(words).count();
    assert_eq!(told("Lock a: held by Process-1; waiting: Process-2 "), 2);
    assert_eq!(told("Queue q: feeder buffer 0 messages, 0 B, pipe 1 message, 1000 B of 64 KiB, 1 put, 0 taken"), 2);
    assert_eq!(told("Value total: 1; 1 of 2 updates overwritten"), 2);
    window.get_by_label_contains("Process-1, pid 102: waits for lock b, which Process-2 holds · ");
    window.get_by_label("Waits");
    let wait = wait_of_process_2(&window);
    press(&mut window, Role::Button, &wait);
    assert_eq!(app(&window).playhead().at_ns, 31_000_000, "a wait leads to its begin");
}

/// The list's entry for the wait of the second process, whatever its length by now.
fn wait_of_process_2(window: &Window<'_>) -> String {
    use egui_kittest::kittest::NodeT;
    let node = window.get_by(|node| {
        let words = node.label().unwrap_or_default();
        node.role() == Role::Button
            && words.starts_with("Process-2 waits for lock a, which Process-1 holds, from 31 ms")
    });
    node.accesskit_node().label().unwrap_or_default()
}
