//! Programs whose processes share something: chosen on their tab, and seen in words.

use egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use poolscope::plan::Plan;
use poolscope::program::TOPICS;
use poolscope::trace::{
    ActorId, Awaited, Birth, Deed, Event, Made, ObjectId, ObjectKind, Outcome, Role as ActorRole, What, Wish,
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
