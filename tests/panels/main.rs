//! The window without a display: its controls found by their accessible names, as a screen reader
//! finds them.
#![cfg(feature = "gui")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says why")]

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use poolscope::gui::app::App;
use poolscope::plan::Executor;

mod ipc;

type Window<'a> = Harness<'a, Option<App>>;

/// A window of the smallest size that is promised to be usable.
fn window<'a>() -> Window<'a> {
    let mut window = Harness::builder().with_size([1366.0, 768.0]).build_ui_state(
        |ui, app: &mut Option<App>| {
            let ctx = ui.ctx().clone();
            let app = app.get_or_insert_with(|| App::new(&ctx));
            app.advance(&ctx);
            app.draw(ui);
        },
        None,
    );
    window.run_steps(3);
    window
}

fn app<'w>(window: &'w Window<'_>) -> &'w App {
    window.state().as_ref().expect("the window was drawn")
}

fn press(window: &mut Window<'_>, role: Role, name: &str) {
    // Some settings lie below the edge until they are scrolled to.
    window.get_by_role_and_label(role, name).scroll_to_me();
    window.run_steps(4);
    window.get_by_role_and_label(role, name).click();
    window.run_steps(3);
}

/// The same for what may have to be scrolled to.
fn press_anywhere(window: &mut Window<'_>, role: Role, name: &str) {
    window.get_by_role_and_label(role, name).click_accesskit();
    window.run_steps(3);
}

fn set(window: &mut Window<'_>, name: &str, value: f64) {
    window.get_by_role_and_label(Role::Slider, name).set_value_accesskit(value);
    window.run_steps(3);
}

/// Chooses an entry of a list.
fn choose(window: &mut Window<'_>, list: &str, entry: &str) {
    press(window, Role::ComboBox, list);
    window.get_by_label(entry).click();
    window.run_steps(3);
}

#[test]
fn the_first_choice_is_a_sound_experiment() {
    let window = window();
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.workload.as_str(), plan.preset.as_deref()), ("primes", Some("workout")));
    assert_eq!((plan.with, plan.chunksize, plan.repeats), (Executor::Processes, None, 3));
    plan.check().expect("it can run");
    assert!(!window.get_by_role_and_label(Role::Button, "Run").accesskit_node().is_disabled());
}

#[test]
fn sliders_and_lists_set_the_plan() {
    let mut window = window();
    set(&mut window, "Workers", 2.0);
    set(&mut window, "Chunksize", 63.0);
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.workers, plan.chunksize), (2, Some(63)));
    window.get_by_label("1,000 items → 16 units, the last has 55");

    press(&mut window, Role::Button, "Default chunksize");
    assert_eq!(app(&window).experiment().plan.chunksize, None);
    press(&mut window, Role::Button, "Threads");
    assert_eq!(app(&window).experiment().plan.with, Executor::Threads);
    choose(&mut window, "Workload", "Squares");
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.workload.as_str(), plan.preset.as_deref()), ("squares", Some("count-up")));
}

#[test]
fn a_small_preset_says_that_it_is_too_small() {
    let mut window = window();
    choose(&mut window, "Preset", "small-4");
    window.get_by_label_contains("far too small to share");
}

#[test]
fn run_says_why_it_cannot() {
    let mut window = window();
    window.state_mut().as_mut().expect("drawn").experiment_mut().plan.items = Some(7);
    window.run_steps(3);
    assert!(window.get_by_role_and_label(Role::Button, "Run").accesskit_node().is_disabled());
    window.get_by_label_contains("is a fixed list of 1000 items. Leave items out.");
}

#[test]
fn a_prediction_is_locked_by_its_run_and_asked_anew_for_another_setting() {
    let mut window = window();
    set(&mut window, "Workers", 4.0);
    set(&mut window, "Your prediction", 1.8);
    let experiment = window.state_mut().as_mut().expect("drawn").experiment_mut();
    assert_eq!(experiment.prediction(), Some(1.8));
    experiment.begin().expect("a sound plan");
    window.run_steps(3);
    let is_locked = |window: &Window<'_>| {
        window.get_by_role_and_label(Role::Slider, "Your prediction").accesskit_node().is_disabled()
    };
    assert!(is_locked(&window), "while it runs");
    window.get_by_role_and_label(Role::Button, "Stop");

    window.state_mut().as_mut().expect("drawn").experiment_mut().abandon();
    window.run_steps(3);
    assert!(is_locked(&window), "and after it");
    set(&mut window, "Your prediction", 1.1);
    assert_eq!(app(&window).experiment().prediction(), Some(1.8));

    set(&mut window, "Workers", 3.0);
    assert!(!is_locked(&window), "another setting is another question");
}

#[test]
fn the_look_is_two_switches() {
    let mut window = window();
    let is_dark = |window: &Window<'_>| window.ctx.global_style().visuals.dark_mode;
    let type_size = |window: &Window<'_>| egui::TextStyle::Body.resolve(&window.ctx.global_style()).size;
    assert!(is_dark(&window));
    press(&mut window, Role::Button, "Light theme");
    assert!(!is_dark(&window));
    let before = type_size(&window);
    press(&mut window, Role::Button, "Projector size");
    assert!(type_size(&window) > before * 1.3);
}

#[test]
fn python_follows_the_settings_and_copies() {
    let mut window = window();
    press(&mut window, Role::Button, "Threads");
    window.get_by_role_and_label(Role::Button, "Copy the Python program").click();
    window.step();
    let copied = window.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    assert!(copied.expect("something was copied").contains("with ThreadPool(processes="));
}

#[test]
fn a_file_that_is_no_trace_is_refused_in_a_sentence() {
    let mut window = window();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("holiday.jpg");
    std::fs::write(&path, "not a trace").expect("a file");
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    window.get_by_label_contains("holiday.jpg");
    press(&mut window, Role::Button, "Dismiss");
    assert!(window.query_by_label_contains("holiday.jpg").is_none());
}

/// Whether a control of this role and name can be used.
fn is_enabled(window: &Window<'_>, role: Role, name: &str) -> bool {
    !window.get_by_role_and_label(role, name).accesskit_node().is_disabled()
}

#[test]
fn the_executor_is_one_word_of_the_plan() {
    use poolscope::plan::Plan;
    let mut window = window();
    let before = app(&window).experiment().plan.clone();
    for (word, with) in [
        ("Sequential", Executor::Sequential),
        ("Threads", Executor::Threads),
        ("Threads + emulated GIL", Executor::GilThreads),
        ("Hybrid", Executor::Hybrid),
        ("Processes", Executor::Processes),
    ] {
        press(&mut window, Role::Button, word);
        assert_eq!(app(&window).experiment().plan, Plan { with, ..before.clone() });
    }
    assert!(window.query_by_label("Threads per process").is_none(), "only hybrid has them");
    press(&mut window, Role::Button, "Hybrid");
    window.get_by_label("Threads per process");
}

#[test]
fn what_a_call_has_no_use_for_is_disabled_and_cleared() {
    use poolscope::plan::Call;
    let mut window = window();
    window.get_by_label("More of Pool").click();
    window.run_steps(3);
    assert!(!is_enabled(&window, Role::CheckBox, "timeout") && !is_enabled(&window, Role::CheckBox, "buffersize"));
    assert!(is_enabled(&window, Role::CheckBox, "maxtasksperchild"));
    choose(&mut window, "Call", "imap");
    for name in ["timeout", "buffersize", "maxtasksperchild"] {
        press(&mut window, Role::CheckBox, name);
    }
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.call, plan.timeout_ms, plan.buffersize), (Call::Imap, Some(200), Some(8)));
    assert_eq!(plan.maxtasksperchild, Some(4));
    window.get_by_label("1,000 items → 1,000 units");
    choose(&mut window, "Call", "apply_async");
    assert!(!is_enabled(&window, Role::Slider, "Chunksize"));
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.timeout_ms, plan.buffersize, plan.maxtasksperchild), (Some(200), None, Some(4)));
    plan.check().expect("whatever was chosen before, it can run");
    press(&mut window, Role::Button, "Threads");
    assert!(!is_enabled(&window, Role::CheckBox, "maxtasksperchild"), "a pool of threads has none");
}

#[test]
fn what_an_executor_cannot_do_is_marked_and_comes_back() {
    let mut window = window();
    window.get_by_label("More of Pool").click();
    window.run_steps(3);
    press(&mut window, Role::CheckBox, "maxtasksperchild");
    press_anywhere(&mut window, Role::Button, "Add the fault");
    press_anywhere(&mut window, Role::ComboBox, "When it happens");
    window.get_by_label("at a time").click_accesskit();
    window.run_steps(3);
    press_anywhere(&mut window, Role::Button, "Add the fault");
    let asked = app(&window).experiment().plan.clone();
    assert_eq!((asked.maxtasksperchild, asked.faults.len()), (Some(4), 2));

    press_anywhere(&mut window, Role::Button, "Threads");
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.maxtasksperchild, plan.faults.len()), (None, 1));
    plan.check().expect("what is left can run");
    window.get_by_label("kill@worker:1:100ms");
    window.get_by_label_contains("Left out with threads: A thread can't be reached alone");
    assert!(is_enabled(&window, Role::Button, "Run") && !is_enabled(&window, Role::CheckBox, "maxtasksperchild"));
    assert!(!is_enabled(&window, Role::Button, "Add the fault"), "another can't be added either");
    assert!(is_enabled(&window, Role::ComboBox, "Lost worker"), "a thread that exits is lost alone");

    press_anywhere(&mut window, Role::Button, "Sequential");
    app(&window).experiment().plan.check().expect("what is left can run");
    press_anywhere(&mut window, Role::Button, "Process");
    assert_eq!(app(&window).experiment().plan.faults, [], "a program has no workers of a pool");
    assert!(is_enabled(&window, Role::Button, "Run"));
    press_anywhere(&mut window, Role::Button, "Pool");
    press_anywhere(&mut window, Role::Button, "Processes");
    assert_eq!(app(&window).experiment().plan, asked, "nothing is forgotten");
}

#[test]
fn a_fault_is_added_and_taken_back() {
    use poolscope::plan::LossPolicy;
    let mut window = window();
    window.get_by_label("More of Pool").click();
    window.run_steps(3);
    press_anywhere(&mut window, Role::Button, "Add the fault");
    let faults = |window: &Window<'_>| app(window).experiment().plan.faults.clone();
    assert_eq!(faults(&window).iter().map(ToString::to_string).collect::<Vec<_>>(), ["kill@call:3"]);
    window.get_by_label("kill@call:3");
    assert!(!is_enabled(&window, Role::Button, "Add the fault"), "the same once more would change nothing");
    press_anywhere(&mut window, Role::ComboBox, "When it happens");
    window.get_by_label("at a time").click_accesskit();
    window.run_steps(3);
    press_anywhere(&mut window, Role::Button, "Add the fault");
    assert_eq!(faults(&window)[1].to_string(), "kill@worker:1:100ms");
    press_anywhere(&mut window, Role::Button, "Remove the fault kill@call:3");
    assert_eq!(faults(&window).len(), 1);
    press_anywhere(&mut window, Role::ComboBox, "Lost worker");
    window.get_by_label("retry").click_accesskit();
    window.run_steps(3);
    window.get_by_label_contains("Its unit is computed again, three times at most");
    assert_eq!(app(&window).experiment().plan.policy, LossPolicy::Retry);
}

#[test]
fn a_program_is_chosen_with_its_knobs_and_nothing_is_predicted() {
    let mut window = window();
    let pool = app(&window).experiment().plan.clone();
    press(&mut window, Role::Button, "Process");
    assert_eq!(app(&window).experiment().plan.program.as_deref(), Some("five-workers"));
    window.get_by_label_contains("Several processes print their number.");
    assert!(window.query_by_label("Your prediction").is_none() && window.query_by_label("Repeats").is_none());
    window.get_by_label("Calls of the library");
    set(&mut window, "workers", 3.0);
    assert_eq!(app(&window).experiment().plan.knobs.get("workers"), Some(&3));
    press_anywhere(&mut window, Role::Button, "Zombies");
    let plan = &app(&window).experiment().plan;
    assert_eq!((plan.program.as_deref(), plan.knobs.len()), (Some("zombie"), 0));
    plan.check().expect("it can run");
    assert!(is_enabled(&window, Role::Button, "Run"));
    press(&mut window, Role::Button, "Pool");
    assert_eq!(app(&window).experiment().plan, pool, "the pool is as it was left");
    press(&mut window, Role::Button, "Process");
    assert_eq!(app(&window).experiment().plan.program.as_deref(), Some("zombie"));
}

/// What was computed, what was lost and what failed: on the stage, in the errors, and a click leads from
/// there to the unit.
#[test]
fn errors_are_listed_and_lead_to_their_units() {
    use poolscope::trace::{Fate, TaskFailure, What};
    let failure = TaskFailure { kind: "ValueError".into(), message: "too large".into(), ..TaskFailure::default() };
    let mut window = window_on(&[
        (20, 2, What::UnitLost { unit: 0, fate: Fate::Retried }),
        (30, 3, What::UnitFailed { unit: 1, failure: Box::new(failure) }),
    ]);
    window.key_press(egui::Key::End);
    window.run_steps(3);
    window.get_by_label("Unit 1: failed");
    press(&mut window, Role::Button, "Errors: 2");
    window.get_by_label_contains("Unit 0: Worker lost: lost with its worker: computed again (Worker 1 (pid 102)");
    window.get_by_label_contains("Unit 1: ValueError: too large (Worker 2 (pid 103))").click();
    window.run_steps(3);
    window.get_by_label("Unit 1");
    window.get_by_label("failed: too large");
}

#[test]
fn a_recording_cannot_be_changed_and_says_so() {
    let mut window = window_on(&[]);
    window.key_press(egui::Key::End);
    window.run_steps(3);
    window
        .get_by(move |node| {
            node.role() == Role::Button && node.label().is_some_and(|label| label.starts_with("Worker 2, pid 103"))
        })
        .click();
    window.run_steps(3);
    for name in ["Stop it", "Continue", "Terminate", "Kill", "Crash: null pointer", "Hang: never answer"] {
        assert!(!is_enabled(&window, Role::Button, name), "{name}");
    }
    window.get_by_label_contains("A recording can't be changed");
}

/// Two workers and two units, from 0 to 90 ms, and what else happened: (at ms, by, what).
fn window_on<'a>(more: &[(u64, u32, poolscope::trace::What)]) -> Window<'a> {
    use poolscope::plan::Plan;
    use poolscope::trace::{ActorId, Birth, Event, Outcome, Role, What};
    let ms = 1_000_000;
    let plan = Box::new(Plan { workers: 2, ..Plan::default() });
    let born =
        |actor, role, number| What::ActorBorn(Box::new(Birth::new(ActorId(actor), role, number, 100 + actor, 0)));
    let mut story = vec![
        (0, 1, What::RunBegan { run: 0, plan, items: 2, chunksize: 1, detail_units: 9 }),
        (0, 1, born(1, Role::Parent, 0)),
        (1, 1, born(2, Role::WorkerProcess, 1)),
        (1, 1, born(3, Role::WorkerProcess, 2)),
        (2, 2, What::ActorReady),
        (2, 3, What::ActorReady),
        (10, 2, What::UnitBegan { unit: 0, core: None }),
        (10, 3, What::UnitBegan { unit: 1, core: None }),
    ];
    story.extend(more.iter().cloned());
    story.push((80, 2, What::UnitEnded { unit: 0, core: None }));
    let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 90 * ms, start_ns: 0, digest: String::new() };
    story.push((90, 1, end));
    let events = story.into_iter().map(|(at, by, what)| Event { at_ns: at * ms, by: ActorId(by), what });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.trace");
    write_events(&path, events);
    let mut window = window();
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    window
}

/// The tree, the calls and the lines of a program, in words.
#[test]
fn a_program_tells_who_printed_what_and_who_called() {
    use poolscope::plan::Plan;
    use poolscope::trace::{ActorId, Birth, Event, Exit, Outcome, Role as ActorRole, What};
    let ms = 1_000_000;
    let plan = Box::new(Plan { program: Some("five-workers".into()), ..Plan::default() });
    let child = Birth {
        parent: Some(ActorId(1)),
        name: Some("Process-1".into()),
        daemon: true,
        ..Birth::new(ActorId(2), ActorRole::Process, 1, 102, ms)
    };
    let (call, answer, raised) = ("p1.join(0.5)".to_owned(), "None".to_owned(), false);
    let outcome = Outcome::Complete;
    let story = [
        (0, 1, What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 }),
        (0, 1, What::ActorBorn(Box::new(Birth::new(ActorId(1), ActorRole::Parent, 0, 101, 0)))),
        (2, 1, What::ActorBorn(Box::new(child))),
        (3, 2, What::ActorReady),
        (5, 2, What::Printed { line: "hello".into() }),
        (30, 1, What::Unreaped { actor: ActorId(2) }),
        (60, 1, What::ActorExited { actor: ActorId(2), exit: Exit::Code(7) }),
        (60, 1, What::Called { call, since_ns: 40 * ms, answer, raised }),
        (90, 1, What::RunEnded { outcome, wall_ns: 90 * ms, start_ns: 0, digest: String::new() }),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("program.trace");
    write_events(&path, story.into_iter().map(|(at, by, what)| Event { at_ns: at * ms, by: ActorId(by), what }));
    let mut window = window();
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    press(&mut window, Role::Button, "Parent: p1.join(0.5) → None, from 40 ms, 20 ms long");
    assert_eq!(app(&window).playhead().at_ns, 40 * ms, "a call leads to its moment");
    window.get_by_role_and_label(
        Role::Button,
        "Process-1, pid 102, daemon: zombie: nobody joined it yet; it printed: hello",
    );
    window.get_by_role_and_label(Role::Button, "Parent, pid 101: in p1.join(0.5)");
    window.get_by_label("Process-1, pid 102, at 5 ms: hello");
    window.key_press(egui::Key::End);
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "Process-1, pid 102, daemon: exited 7; it printed: hello");
}

/// A trace is opened at its begin; Space, arrows, Home and End move the one time cursor.
#[test]
fn keys_move_the_time_cursor_of_a_trace() {
    let mut window = window();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.trace");
    write_trace(&path);
    window.state_mut().as_mut().expect("drawn").open(&path);
    window.run_steps(3);
    window.get_by_label_contains("run 1 finished in 90 ms · recorded in run.trace");
    let at = |window: &Window<'_>| app(window).playhead().at_ns;
    let mut key = |key| {
        window.key_press(key);
        window.run_steps(3);
        at(&window)
    };
    assert_eq!(key(egui::Key::End), 90_000_000);
    assert_eq!(key(egui::Key::ArrowLeft), 50_000_000, "where the unit ended");
    assert_eq!(key(egui::Key::ArrowLeft), 10_000_000, "where it began");
    assert_eq!(key(egui::Key::ArrowRight), 50_000_000);
    assert_eq!(key(egui::Key::Home), 0);
    key(egui::Key::Num0);
    let played = key(egui::Key::Space);
    assert!(played > 0, "it plays");
    let paused = key(egui::Key::Space);
    window.run_steps(3);
    assert_eq!(at(&window), paused, "and it rests");
}

/// One process computes one unit from 10 to 50 ms of a run of 90 ms.
fn write_trace(path: &std::path::Path) {
    use poolscope::plan::Plan;
    use poolscope::trace::{ActorId, Birth, Event, Outcome, Role, What};
    let ms = 1_000_000;
    let plan = Box::new(Plan { with: Executor::Sequential, ..Plan::default() });
    let (actor, role) = (ActorId::PARENT, Role::Parent);
    let story = [
        (0, What::RunBegan { run: 0, plan, items: 1, chunksize: 1, detail_units: 9 }),
        (0, What::ActorBorn(Box::new(Birth::new(actor, role, 0, 7, 0)))),
        (10, What::UnitBegan { unit: 0, core: None }),
        (50, What::UnitEnded { unit: 0, core: None }),
        (90, What::RunEnded { outcome: Outcome::Complete, wall_ns: 90 * ms, start_ns: 0, digest: String::new() }),
    ];
    write_events(path, story.into_iter().map(|(at, what)| Event { at_ns: at * ms, by: actor, what }));
}

fn write_events(path: &std::path::Path, events: impl IntoIterator<Item = poolscope::trace::Event>) {
    use poolscope::trace::codec;
    use poolscope::trace::file::TraceWriter;
    let mut blocks = Vec::new();
    for event in events {
        codec::write_event(&event, &mut blocks);
    }
    let mut writer = TraceWriter::create(path).expect("a new file");
    writer.append(&blocks).expect("room for it");
    writer.finish().expect("a free name");
}

/// From ideal to measured, in words that add up, as a screen reader reads them.
#[test]
fn the_rest_of_the_speedup_is_told_in_words() {
    use std::time::Instant;
    let mut window = window();
    let title = "Where did the rest go?";
    assert!(window.query_by_label(title).is_none(), "nothing is measured yet");
    set(&mut window, "Workers", 2.0);
    let experiment = window.state_mut().as_mut().expect("drawn").experiment_mut();
    let shared = experiment.plan.clone();
    let alone = experiment.begin().expect("sound");
    assert_eq!(experiment.ended(&model_of(&alone, 100), Instant::now()), Some(shared.clone()));
    experiment.ended(&model_of(&shared, 80), Instant::now());
    window.run_steps(3);
    window.get_by_label(title);
    window.get_by_role_and_label(
        Role::Image,
        "From ideal to measured speedup, one run: ideal 2.00× (50 ms); starting workers −0.33× (10 ms); messages 0.00× \
         (0 ns); waiting for units 0.00× (0 ns); uneven last units −0.24× (10 ms); busy cores −0.18× (10 ms); \
         unexplained 0.00× (0 ns); measured 1.25× (80 ms)",
    );

    let experiment = window.state_mut().as_mut().expect("drawn").experiment_mut();
    experiment.begin().expect("sound");
    let untold = poolscope::plan::Plan { tracing: false, ..shared };
    experiment.ended(&model_of(&untold, 80), Instant::now());
    window.run_steps(3);
    window.get_by_label_contains("Tracing was off, so nobody noted where the time went.");
}

/// A run of a plan that took so long. Two workers start for 10 ms each; then one computes for 70 ms
/// and the other for 50.
fn model_of(plan: &poolscope::plan::Plan, wall_ms: u64) -> poolscope::model::Model {
    use poolscope::model::Model;
    use poolscope::trace::{ActorId, Birth, Event, Outcome, Role, What};
    let ms = 1_000_000;
    let (run, plan) = (0, Box::new(plan.clone()));
    let outcome = Outcome::Complete;
    let mut story = vec![(0, 1, What::RunBegan { run, plan, items: 2, chunksize: 1, detail_units: 9 })];
    for (number, unit, ends) in [(1, 0, 80), (2, 1, 60)] {
        let (actor, role) = (ActorId(1 + number), Role::WorkerProcess);
        story.push((0, 1, What::ActorBorn(Box::new(Birth::new(actor, role, number, 7, 0)))));
        story.push((10, 1 + number, What::ActorReady));
        story.push((10, 1 + number, What::UnitBegan { unit, core: None }));
        story.push((ends, 1 + number, What::UnitEnded { unit, core: None }));
        let since_ns = ends * ms;
        story.push((ends, 1 + number, What::Did { doing: poolscope::trace::Doing::Send, since_ns }));
    }
    let end = What::RunEnded { outcome, wall_ns: wall_ms * ms, start_ns: 10 * ms, digest: "0".to_owned() };
    story.push((wall_ms, 1, end));
    let events: Vec<Event> =
        story.into_iter().map(|(at, by, what)| Event { at_ns: at * ms, by: ActorId(by), what }).collect();
    Model::of(&events)
}
