//! The timeline's controls, found by their accessible names.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::gui::panels::fixture::{BEGAN_NS, small};
use crate::gui::theme::Theme;
use crate::model::Model;

struct State {
    model: Model,
    playhead: Playhead,
    view: View,
    selected: Option<u32>,
}

fn harness() -> Harness<'static, State> {
    let state = State { model: small(), playhead: Playhead::default(), view: View::default(), selected: None };
    Harness::builder().with_size(vec2(900.0, 340.0)).with_context_setup(crate::gui::fonts::install).build_ui_state(
        |ui, state: &mut State| {
            let Some(run) = state.model.last_run() else { return };
            let look = Look {
                model: &state.model,
                run,
                at_ns: run.began_ns + state.playhead.at_ns,
                live: false,
                selected_unit: state.selected,
                theme: Theme::default(),
            };
            let mut commands = Vec::new();
            panel(&look, &mut state.playhead, &mut state.view, ui, &mut commands);
            for command in commands {
                if let Command::SelectUnit(unit) = command {
                    state.selected = unit;
                }
            }
        },
        state,
    )
}

fn click(harness: &mut Harness<'static, State>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
}

#[test]
fn the_transport_moves_the_playhead() {
    let mut harness = harness();
    let length_ns = harness.state().model.last_run().expect("there is a run").length_ns();
    click(&mut harness, "Last moment");
    assert_eq!(harness.state().playhead.at_ns, length_ns);
    click(&mut harness, "Previous event");
    let before_ns = harness.state().playhead.at_ns;
    assert!(before_ns < length_ns && before_ns > 0);
    click(&mut harness, "Next event");
    assert_eq!(harness.state().playhead.at_ns, length_ns);
    click(&mut harness, "First moment");
    assert_eq!(harness.state().playhead.at_ns, 0);
    click(&mut harness, "Play");
    assert!(harness.state().playhead.playing);
    click(&mut harness, "Pause");
    assert!(!harness.state().playhead.playing);
}

#[test]
fn every_row_says_in_words_what_it_shows() {
    let mut harness = harness();
    harness.run_steps(2);
    harness.get_by_label_contains("Worker 1, pid 41207: not born yet");
    harness.state_mut().playhead.at_ns = 20_000_000;
    harness.run_steps(2);
    harness.get_by_label_contains("Worker 1, pid 41207: computing");
    harness.get_by_label_contains("Messages in flight:");
    harness.get_by_label_contains("Cores busy:");
}

#[test]
fn a_click_on_a_bar_selects_its_unit_and_on_the_axis_moves_the_cursor() {
    let mut harness = harness();
    harness.run_steps(2);
    let (rows, axis) = (
        harness.get_by_label_contains("Worker 2, pid 41208").rect(),
        harness.get_by_label_contains("Time axis").rect(),
    );
    let click_at = |harness: &mut Harness<'static, State>, place| {
        harness.hover_at(place);
        harness.run_steps(1);
        harness.drag_at(place);
        harness.run_steps(1);
        harness.drop_at(place);
        harness.run_steps(2);
    };
    click_at(&mut harness, rows.center());
    let unit = harness.state().selected.expect("a bar lies in the middle of the row");
    let run = harness.state().model.last_run().expect("there is a run");
    assert_eq!(run.units.get(unit).and_then(|unit| unit.worker), Some(ActorId(3)));
    click_at(&mut harness, axis.center());
    let (at_ns, run) = (harness.state().playhead.at_ns, harness.state().model.last_run().expect("there is a run"));
    let middle_ns = whole(run).length_ns / 2;
    assert!(at_ns.abs_diff(middle_ns) < middle_ns / 50, "{at_ns} is the middle of the axis");
    assert!(run.began_ns == BEGAN_NS);
}

#[test]
fn follow_is_a_switch_and_a_hand_that_leaves_the_cursor_turns_it_off() {
    let mut harness = harness();
    harness.run_steps(1);
    click(&mut harness, "Follow");
    assert!(!harness.state().view.follow);
    click(&mut harness, "Follow");
    let run = harness.state().model.last_run().expect("there is a run").clone();
    let view = &mut harness.state_mut().view;
    view.choose(Window { from_ns: 50_000_000, length_ns: 10_000_000 }, 55_000_000, &run);
    assert!(view.follow);
    view.choose(Window { from_ns: 50_000_000, length_ns: 10_000_000 }, 0, &run);
    assert!(!view.follow && !view.is_fit());
    click(&mut harness, "Fit");
    assert!(harness.state().view.is_fit());
}

#[test]
fn a_zoom_keeps_the_time_under_the_pointer_and_a_drag_pans() {
    let mut harness = harness();
    harness.run_steps(2);
    let rows = harness.get_by_label_contains("Worker 2, pid 41208").rect();
    harness.hover_at(rows.center());
    harness.run_steps(2);
    harness.event(egui::Event::Zoom(2.0));
    harness.run_steps(3);
    let window = harness.state().view.window.expect("it is zoomed");
    let whole = whole(harness.state().model.last_run().expect("there is a run"));
    assert!(window.length_ns.abs_diff(whole.length_ns / 2) < whole.length_ns / 100, "{window:?} of {whole:?}");
    let middle_ns = window.from_ns + window.length_ns / 2;
    assert!(middle_ns.abs_diff(whole.length_ns / 2) < whole.length_ns / 100, "{window:?} of {whole:?}");

    harness.drag_at(rows.center());
    harness.run_steps(1);
    harness.hover_at(rows.center() + vec2(100.0, 0.0));
    harness.run_steps(2);
    harness.drop_at(rows.center() + vec2(100.0, 0.0));
    harness.run_steps(2);
    let panned = harness.state().view.window.expect("it is still zoomed");
    assert!(panned.from_ns < window.from_ns && panned.length_ns == window.length_ns, "{panned:?}");
    assert_eq!(harness.state().playhead.at_ns, 0, "a drag on the rows is not for the cursor");
}
