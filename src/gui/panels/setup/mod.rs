//! The settings of the next run, the prediction, and Run.

mod faults;
pub mod fit;
mod more;
mod pool;
mod program;
mod work;

pub(super) use faults::does;

use std::collections::BTreeMap;

use egui::{Button, ComboBox, DragValue, Response, RichText, Slider, Ui, vec2};

use super::parts::{card, ends, heading, note, rail, row, segments, ticks, tinted};
use crate::gui::command::Command;
use crate::gui::experiment::Experiment;
use crate::gui::theme::Theme;
use crate::plan::{Executor, MAX_REPEATS, Plan, start_methods};
use crate::program::TOPICS;

/// What the settings remember beside the plan.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The program that was chosen last on each subject, and its knobs: what the subject comes back to.
    programs: BTreeMap<&'static str, (String, BTreeMap<String, u64>)>,
    /// What was asked for and can't happen with the chosen executor: it comes back with another.
    aside: fit::Aside,
    /// The fault that is being written.
    draft: faults::Draft,
    /// The chosen program was not chosen by hand: it may be out of sight in its list.
    out_of_sight: bool,
}

/// Draws the settings; they rest while something is being measured.
pub fn panel(experiment: &mut Experiment, view: &mut View, theme: Theme, ui: &mut Ui) {
    let running = experiment.is_running();
    ui.spacing_mut().item_spacing.y = 4.0;
    ui.add_enabled_ui(!running, |ui| {
        let plan = &mut experiment.plan;
        view.aside.give_back(plan);
        choices(plan, view, theme, ui);
        view.aside.take_out(plan);
    });
}

/// All there is to choose; what the executor can't do is still in the plan, and marked.
fn choices(plan: &mut Plan, view: &mut View, theme: Theme, ui: &mut Ui) {
    what(plan, view, theme, ui);
    if plan.program.is_some() {
        program::panel(plan, &mut view.out_of_sight, theme, ui);
        return;
    }
    work::panel(plan, theme, ui);
    let Ok(input) = work::input_of(plan) else { return };
    pool::panel(plan, &input, theme, ui);
    more::panel(plan, &input, &mut view.draft, theme, ui);
    fit::fit(plan, input.len());
}

/// Draws what stays in sight however long the settings are: the prediction, and Run or Stop.
pub fn go(experiment: &mut Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 4.0;
    if experiment.plan.program.is_none() {
        prediction(experiment, theme, ui);
        ui.add_space(3.0);
    }
    if experiment.is_running() {
        stop(experiment, theme, ui, commands);
    } else {
        run(experiment, theme, ui, commands);
    }
}

/// A pool that shares work, or a program about processes themselves or about what they share.
fn what(plan: &mut Plan, view: &mut View, theme: Theme, ui: &mut Ui) {
    let shown = plan.program.as_deref().and_then(program::topic_of).map(|topic| topic.title);
    // A subject without programs would have nothing to show.
    let topics = TOPICS.iter().filter(|topic| !topic.programs.is_empty());
    let tabs: Vec<_> =
        std::iter::once((None, "Pool")).chain(topics.map(|topic| (Some(topic.title), topic.title))).collect();
    let Some(chosen) = segments(ui, theme, shown, &tabs).filter(|chosen| *chosen != shown) else { return };
    leave(plan, view);
    let Some(topic) = TOPICS.iter().find(|topic| Some(topic.title) == chosen) else { return };
    let first = || topic.programs.first().map(|program| (program.name.to_owned(), BTreeMap::new()));
    if let Some((name, knobs)) = view.programs.get(topic.title).cloned().or_else(first) {
        (plan.program, plan.knobs) = (Some(name), knobs);
    }
}

/// Leaves the program that is chosen, if one is: its subject remembers it.
fn leave(plan: &mut Plan, view: &mut View) {
    let topic = plan.program.as_deref().and_then(program::topic_of);
    if let (Some(topic), Some(name)) = (topic, plan.program.take()) {
        view.programs.insert(topic.title, (name, std::mem::take(&mut plan.knobs)));
    }
}

/// Chooses the subject of what was opened: a program with its knobs and its start method, or the pool with the
/// settings that it had.
pub fn follow(plan: &mut Plan, view: &mut View, opened: &Plan) {
    leave(plan, view);
    let Some(name) = opened.program.as_deref().filter(|name| program::topic_of(name).is_some()) else { return };
    plan.program = Some(name.to_owned());
    if start_methods().contains(&opened.start) {
        plan.start = opened.start;
    }
    plan.knobs.clone_from(&opened.knobs);
    // A file may claim anything.
    if plan.check().is_err() {
        plan.knobs.clear();
    }
    view.out_of_sight = true;
}

/// How processes start.
fn start(plan: &mut Plan, theme: Theme, ui: &mut Ui) -> Response {
    row(ui, theme, "Start method", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("start").selected_text(plan.start.name()).width(width);
        let response = combo.show_ui(ui, |ui| {
            for &offered in start_methods() {
                ui.selectable_value(&mut plan.start, offered, offered.name());
            }
        });
        response.response
    })
}

/// The prediction: free until the run that tests it.
fn prediction(experiment: &mut Experiment, theme: Theme, ui: &mut Ui) {
    card(theme).show(ui, |ui| {
        ui.set_width(ui.available_width());
        if experiment.plan.with == Executor::Sequential {
            heading(ui, theme, "Your prediction");
            note(ui, theme, "Sequential is what the others are measured against: 1× by definition.");
            return;
        }
        let locked = experiment.is_locked();
        let times = experiment.prediction();
        let (label, ()) = ends(
            ui,
            |ui| heading(ui, theme, "Your prediction"),
            |ui| {
                let (word, colour) = match times {
                    Some(times) if locked => (format!("locked: {times:.2}×"), theme.prediction()),
                    Some(times) => (format!("{times:.2}×"), theme.prediction()),
                    None if locked => ("none".to_owned(), theme.faint()),
                    None => ("how many ×?".to_owned(), theme.faint()),
                };
                ui.label(RichText::new(word).font(theme.strong()).color(colour));
            },
        );
        let most = f64::from(experiment.plan.hands().max(2));
        let mut value = times.unwrap_or(1.0).min(most);
        ui.add_enabled_ui(!locked, |ui| {
            ui.visuals_mut().selection.bg_fill = theme.prediction();
            let response = rail(ui, theme, Slider::new(&mut value, 0.0..=most).step_by(0.05)).labelled_by(label.id);
            if response.changed() {
                experiment.thought = Some(value.max(0.05));
            }
            let place = |value: f64| (value / most) as f32;
            let team = experiment.plan.hands();
            let mut marks = vec![(place(1.0), "1× = alone".to_owned()), (0.0, "0×".to_owned())];
            if team > 1 {
                marks.push((1.0, format!("{team}×")));
            }
            ticks(ui, theme, &response, &marks);
            let hint = match (locked, times) {
                (true, Some(_)) => "Locked until a setting changes.",
                (true, None) => "Run without one; change a setting to predict.",
                (false, Some(_)) => "Run locks it.",
                (false, None) => "How many times faster than alone will it be?",
            };
            response.on_hover_text(hint).on_disabled_hover_text(hint);
        });
    });
}

/// Stop, and what it would stop.
fn stop(experiment: &Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    let size = vec2(ui.available_width(), theme.length(38.0));
    let text = RichText::new("■  Stop").font(theme.strong()).color(theme.bad());
    let button = Button::new(text).fill(theme.bad_back());
    if ui.add_sized(size, button).accessible_name("Stop").clicked() {
        commands.push(Command::Stop);
    }
    let doing = if experiment.is_baseline_running() { "Measuring the baseline first…" } else { "Running…" };
    tinted(ui, theme, theme.prediction(), doing);
}

/// Run and how often, with the reason beside it where it can't be pressed.
fn run(experiment: &mut Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    let problem = experiment.plan.check().err();
    let is_program = experiment.plan.program.is_some();
    ui.horizontal(|ui| {
        let (height, often) = (theme.length(36.0), theme.length(70.0));
        let beside = if is_program { 0.0 } else { often + ui.spacing().item_spacing.x };
        let size = vec2(ui.available_width() - beside, height);
        let text = RichText::new("▶  Run").font(theme.strong()).color(theme.on_accent());
        let button = Button::new(text).fill(theme.accent());
        let run = ui.add_enabled_ui(problem.is_none(), |ui| ui.add_sized(size, button)).inner;
        let baseline_first =
            !is_program && experiment.baseline().is_none() && experiment.plan.with != Executor::Sequential;
        let tip = if baseline_first {
            "Ctrl+Enter. First the baseline: the same items by one process alone, what the speedup is measured against."
        } else {
            "Ctrl+Enter"
        };
        if run.accessible_name("Run").on_hover_text(tip).clicked() {
            commands.push(Command::Run);
        }
        if is_program {
            return;
        }
        let repeats = &mut experiment.plan.repeats;
        let suffix = if *repeats == 1 { " time" } else { " times" };
        let number = DragValue::new(repeats).range(1..=MAX_REPEATS).speed(0.1).suffix(suffix);
        let number = ui.add_sized(vec2(often, height), number).accessible_name("Repeats");
        number.on_hover_text("How often it is run: the spread over the repeats is shown.");
    });
    if let Some(problem) = problem {
        tinted(ui, theme, theme.bad(), problem.to_string());
    }
}
