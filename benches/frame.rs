//! What one frame of the Lab costs: layout and tessellation, without the graphics card's part. Once with a million
//! events of a pool, once with a program whose processes had to wait for a lock a hundred thousand times.
//!
//! `cargo bench --bench frame` measures, `cargo bench --bench frame -- --quick` only proves that it runs.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and stops where it can't go on")]

use std::time::Instant;

use egui::{Context, Pos2, RawInput, Rect, Vec2};
use poolscope::gui::app::App;
use poolscope::plan::{Executor, Plan, StartMethod};
use poolscope::session::{Options, Report, Session};
use poolscope::trace::codec;
use poolscope::trace::file::TraceWriter;
use poolscope::trace::{ActorId, Awaited, Birth, Deed, Event, Made, ObjectId, ObjectKind, Outcome, Role, What, Wish};

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (units, frames) = if quick { (2_000, 5) } else { (199_999, 200) };
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("units.trace");
    let events = record(units, &trace);

    let (mut app, ctx) = opened(&trace, &format!("{events} events of {units} units"));
    measure(&mut app, &ctx, frames);

    let turns = if quick { 1_000 } else { 100_000 };
    let trace = folder.path().join("lock.trace");
    let events = contended(turns, &trace);
    let (mut app, ctx) = opened(&trace, &format!("{events} events of {turns} waits and {} writes", 2 * turns));
    measure(&mut app, &ctx, frames);
}

/// A window that shows a trace.
fn opened(trace: &std::path::Path, what: &str) -> (App, Context) {
    let ctx = Context::default();
    let mut app = App::new(&ctx);
    let begun = Instant::now();
    app.open(trace);
    println!("{what}, opened in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    (app, ctx)
}

/// The frames of a window at rest, of one that replays, and of one that must lay out everything anew, as in a live
/// run, where something new has come with every frame.
fn measure(app: &mut App, ctx: &Context, frames: usize) {
    for name in ["resting", "playing", "as live"] {
        let mut times: Vec<f64> = (0..frames)
            .map(|frame| {
                // Pressing the space bar once begins the replay, and the end key ends it at the end.
                let key = match (name, frame) {
                    ("playing", 0) => Some(egui::Key::Space),
                    ("as live", 0) => Some(egui::Key::End),
                    _ => None,
                };
                let (physical_key, pressed, repeat, modifiers) = (None, true, false, egui::Modifiers::NONE);
                let key = key.map(|key| egui::Event::Key { key, physical_key, pressed, repeat, modifiers });
                // What was laid out for another size is of no use.
                let wider = if name == "as live" { (frame % 2) as f32 } else { 0.0 };
                draw(ctx, app, key.into_iter().collect(), wider)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!("{name:>8}: a frame takes {median:.2} ms (median), {worst:.2} ms (99th of 100)");
    }
}

/// One frame of a laptop's window, in milliseconds.
fn draw(ctx: &Context, app: &mut App, events: Vec<egui::Event>, wider: f32) -> f64 {
    let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, Vec2::new(1366.0 + wider, 768.0)));
    let input = RawInput { screen_rect, events, focused: true, ..RawInput::default() };
    let begun = Instant::now();
    let output = ctx.run_ui(input, |ui| {
        let ctx = ui.ctx().clone();
        app.advance(&ctx);
        app.draw(ui);
    });
    let meshes = ctx.tessellate(output.shapes, output.pixels_per_point);
    assert!(!meshes.is_empty(), "something is drawn");
    begun.elapsed().as_secs_f64() * 1e3
}

/// Records a run of so many units of one item; gives its number of events.
fn record(units: u64, trace: &std::path::Path) -> usize {
    let plan = Plan {
        workload: "squares".into(),
        items: Some(units),
        chunksize: Some(1),
        with: Executor::Processes,
        start: StartMethod::Spawn,
        workers: 2,
        ..Plan::default()
    };
    let program = Some(env!("CARGO_BIN_EXE_poolscope").into());
    let options = Options { program, trace: Some(trace.to_owned()), ..Options::default() };
    let session = Session::start(&plan, options).expect("the engine starts");
    let mut events = 0;
    while let Ok(report) = session.reports().recv() {
        match report {
            Report::Events(more) => events += more.len(),
            Report::Warning(warning) => println!("{warning}"),
            Report::Ended(_) => break,
        }
    }
    events
}

/// Writes the trace of four processes that take turns with the lock of a value and update it twice each time: each
/// has to wait for every turn of its own. Gives its number of events.
fn contended(turns: u64, trace: &std::path::Path) -> usize {
    let (processes, turn_ns, value, lock) = (4, 10_000, ObjectId(0), ObjectId(1));
    let plan = Box::new(Plan { program: Some("lost-updates".to_owned()), ..Plan::default() });
    let (name, pipe_bytes, robust) = ("total".to_owned(), 0, false);
    let (kind, initial) = (ObjectKind::Value, Some(0));
    let made = Made { object: value, kind, name, capacity: 1, pipe_bytes, initial, lock: Some(lock), robust };
    let mut events = Vec::new();
    let mut tell = |at_ns, by, what| events.push(Event { at_ns, by, what });
    tell(0, ActorId::PARENT, What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 });
    tell(0, ActorId::PARENT, What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 100, 0))));
    tell(1, ActorId::PARENT, What::ObjectMade(Box::new(made)));
    for number in 1..=processes {
        let (actor, parent) = (ActorId(1 + number), Some(ActorId::PARENT));
        let birth = Birth { parent, ..Birth::new(actor, Role::Process, number, 100 + number, 2) };
        tell(2, ActorId::PARENT, What::ActorBorn(Box::new(birth)));
        tell(3, actor, What::ActorReady);
    }
    let used = |object, since_ns, deed| What::Used { object, since_ns, deed };
    for turn in 0..turns {
        let by = ActorId(2 + (turn % u64::from(processes)) as u32);
        let (asked_ns, at_ns) = (turn * turn_ns + 10, (turn + 3) * turn_ns);
        let read = (2 * turn) as i32;
        let waits = What::Waits { wish: Wish::Acquire, on: Awaited::Object(lock), lane: 0, for_ever: true };
        tell(asked_ns, by, waits);
        tell(at_ns, by, used(lock, asked_ns, Deed::Acquired { left: 1 }));
        tell(at_ns + 3_000, by, used(value, at_ns + 1_000, Deed::Updated { index: 0, read, wrote: read + 1 }));
        let again = Deed::Updated { index: 0, read: read + 1, wrote: read + 2 };
        tell(at_ns + 6_000, by, used(value, at_ns + 4_000, again));
        tell(at_ns + 9_000, by, used(lock, at_ns, Deed::Released { left: 0 }));
    }
    let wall_ns = (turns + 4) * turn_ns;
    let (outcome, start_ns, digest) = (Outcome::Complete, 0, String::new());
    tell(wall_ns, ActorId::PARENT, What::RunEnded { outcome, wall_ns, start_ns, digest });
    events.sort_by_key(|event| event.at_ns);
    let mut blocks = Vec::new();
    for event in &events {
        codec::write_event(event, &mut blocks);
    }
    let mut writer = TraceWriter::create(trace).expect("a new file");
    writer.append(&blocks).expect("room for it");
    writer.finish().expect("a free name");
    events.len()
}
