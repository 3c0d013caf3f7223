//! What one frame of the Lab costs with a million events loaded: layout and tessellation, without the
//! graphics card's part.
//!
//! `cargo bench --bench frame` measures, `cargo bench --bench frame -- --quick` only proves that it runs.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and stops where it can't go on")]

use std::time::Instant;

use egui::{Context, Pos2, RawInput, Rect, Vec2};
use poolscope::gui::app::App;
use poolscope::plan::{Executor, Plan, StartMethod};
use poolscope::session::{Options, Report, Session};

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let (units, frames) = if quick { (2_000, 5) } else { (199_999, 200) };
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("units.trace");
    let events = record(units, &trace);

    let ctx = Context::default();
    let mut app = App::new(&ctx);
    let begun = Instant::now();
    app.open(&trace);
    println!("{events} events of {units} units, opened in {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    for (name, playing) in [("resting", false), ("playing", true)] {
        let mut times: Vec<f64> = (0..frames)
            .map(|frame| {
                // Pressing the space bar once begins the replay.
                let key = egui::Event::Key {
                    key: egui::Key::Space,
                    physical_key: None,
                    pressed: true,
                    repeat: false,
                    modifiers: egui::Modifiers::NONE,
                };
                let keys = if playing && frame == 0 { vec![key] } else { Vec::new() };
                draw(&ctx, &mut app, keys)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let (median, worst) = (times[times.len() / 2], times[times.len() * 99 / 100]);
        println!("{name:>8}: a frame takes {median:.2} ms (median), {worst:.2} ms (99th of 100)");
    }
}

/// One frame of a laptop's window, in milliseconds.
fn draw(ctx: &Context, app: &mut App, events: Vec<egui::Event>) -> f64 {
    let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, Vec2::new(1366.0, 768.0)));
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
