//! The window without a display: its controls found by their accessible names, as a screen reader
//! finds them.
#![cfg(feature = "gui")]
#![allow(clippy::expect_used, reason = "a test that cannot go on says why")]

use egui::accesskit::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use poolscope::gui::app::App;
use poolscope::plan::Executor;

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
    window.get_by_role_and_label(role, name).click();
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
    use poolscope::trace::file::TraceWriter;
    use poolscope::trace::{ActorId, Birth, Event, Outcome, Role, What, codec};
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
    let mut blocks = Vec::new();
    for (at, what) in story {
        codec::write_event(&Event { at_ns: at * ms, by: actor, what }, &mut blocks);
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
