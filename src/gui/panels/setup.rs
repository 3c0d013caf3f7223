//! The settings of the next run, the prediction, and Run.

use egui::{Button, ComboBox, DragValue, RichText, Slider, SliderClamping, Ui, vec2};

use super::parts::{card, ends, heading, log_place, note, rail, row, segments, ticks, tinted};
use crate::chunk::{Cut, default_chunksize, grouped};
use crate::gui::command::Command;
use crate::gui::experiment::Experiment;
use crate::gui::theme::Theme;
use crate::plan::{Executor, MAX_ITEMS, MAX_REPEATS, MAX_WORKERS, Plan, cores, start_methods};
use crate::workload::{self, Input, REGISTRY};

/// Draws the settings; they rest while something is being measured.
pub fn panel(experiment: &mut Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    let running = experiment.is_running();
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.add_enabled_ui(!running, |ui| {
        heading(ui, theme, "Experiment");
        let plan = &mut experiment.plan;
        work(plan, theme, ui);
        ui.add_space(2.0);
        who(plan, theme, ui);
        workers(plan, theme, ui);
        if let Ok(input) = input_of(plan) {
            chunksize(plan, &input, theme, ui);
        }
    });
    ui.add_space(4.0);
    prediction(experiment, theme, ui);
    ui.add_space(4.0);
    if experiment.is_running() {
        stop(experiment, theme, ui, commands);
    } else {
        run(experiment, theme, ui, commands);
    }
}

fn input_of(plan: &Plan) -> Result<Input, crate::plan::PlanError> {
    workload::find(&plan.workload)?.input(plan.preset.as_deref(), plan.items)
}

/// What is computed: workload, preset, and how many items where that is free.
fn work(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let Ok(chosen) = workload::find(&plan.workload) else { return };
    row(ui, theme, "Workload", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("workload").selected_text(chosen.title()).width(width).truncate();
        let response = combo.show_ui(ui, |ui| {
            for workload in REGISTRY {
                let is_chosen = workload.name() == plan.workload;
                let choice = ui.selectable_label(is_chosen, workload.title()).on_hover_text(workload.why());
                if choice.clicked() && !is_chosen {
                    workload.name().clone_into(&mut plan.workload);
                    plan.preset = workload.presets().first().map(|preset| preset.name.to_owned());
                    (plan.items, plan.chunksize) = (None, None);
                }
            }
        });
        response.response.on_hover_text(chosen.why())
    });
    let Ok(Input { workload, preset }) = input_of(plan) else { return };
    row(ui, theme, "Preset", |ui| {
        let width = ui.available_width();
        let combo = ComboBox::from_id_salt("preset").selected_text(preset.name).width(width).truncate();
        let response = combo.show_ui(ui, |ui| {
            for offered in workload.presets() {
                let is_chosen = offered.name == preset.name;
                let choice = ui.selectable_label(is_chosen, offered.name).on_hover_text(offered.summary);
                if choice.clicked() && !is_chosen {
                    plan.preset = Some(offered.name.to_owned());
                    (plan.items, plan.chunksize) = (None, None);
                }
            }
        });
        response.response
    });
    if preset.free_items {
        row(ui, theme, "Items", |ui| {
            let mut items = preset.items;
            let response = ui.add(
                DragValue::new(&mut items)
                    .range(1..=MAX_ITEMS)
                    .speed((preset.items as f64 / 100.0).max(1.0))
                    .custom_formatter(|value, _| grouped(value as u64))
                    .custom_parser(|text| text.replace([',', ' ', '_'], "").parse().ok()),
            );
            if response.changed() {
                plan.items = Some(items);
                plan.chunksize = plan.chunksize.map(|size| size.min(items));
            }
            response
        });
    }
    note(ui, theme, preset.summary);
}

/// Who computes, and how worker processes start.
fn who(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let choices =
        [(Executor::Sequential, "Sequential"), (Executor::Threads, "Threads"), (Executor::Processes, "Processes")];
    if let Some(chosen) = segments(ui, theme, plan.with, &choices) {
        plan.with = chosen;
    }
    let with_processes = plan.with == Executor::Processes;
    ui.add_enabled_ui(with_processes, |ui| {
        let response = row(ui, theme, "Start method", |ui| {
            let width = ui.available_width();
            let combo = ComboBox::from_id_salt("start").selected_text(plan.start.name()).width(width);
            let response = combo.show_ui(ui, |ui| {
                for &offered in start_methods() {
                    ui.selectable_value(&mut plan.start, offered, offered.name());
                }
            });
            response.response
        });
        response.on_disabled_hover_text("Only processes have a start method.");
    });
}

/// How many workers: a slider for what makes sense here, a number for the rest.
fn workers(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let alone = plan.with == Executor::Sequential;
    ui.add_enabled_ui(!alone, |ui| {
        let (label, ()) = ends(
            ui,
            |ui| ui.label(RichText::new("Workers").color(theme.faint())),
            |ui| {
                let number = DragValue::new(&mut plan.workers).range(1..=MAX_WORKERS).speed(0.05);
                ui.add(number).accessible_name("Number of workers");
            },
        );
        let most = plan.workers.max(cores().saturating_mul(4).clamp(16, MAX_WORKERS));
        let slider = Slider::new(&mut plan.workers, 1..=most).logarithmic(true).clamping(SliderClamping::Edits);
        let response = rail(ui, theme, slider).labelled_by(label.id);
        let place = |workers: u32| log_place(workers.into(), 1.0, most.into());
        let many = cores();
        let marks = [
            (place(1), "1".to_owned()),
            (place(many), if many == 1 { "1 core".to_owned() } else { format!("{many} = cores") }),
            (place(most), most.to_string()),
        ];
        ticks(ui, theme, &response, if many == 1 { &marks[1..] } else { &marks });
        response.on_disabled_hover_text("Sequential means the parent alone.");
    });
}

/// How many items travel together.
fn chunksize(plan: &mut Plan, input: &Input, theme: Theme, ui: &mut Ui) {
    let items = input.len();
    let default = default_chunksize(items, plan.team());
    let mut size = plan.chunksize.unwrap_or(default).clamp(1, items.max(1));
    let before = size;
    let (label, reset) = ends(
        ui,
        |ui| ui.label(RichText::new("Chunksize").color(theme.faint())),
        |ui| {
            let number = DragValue::new(&mut size).range(1..=items.max(1)).speed(0.2);
            ui.add(number).accessible_name("Items in a chunk");
            let reset = Button::selectable(plan.chunksize.is_none(), RichText::new("default").font(theme.small()))
                .frame_when_inactive(true);
            ui.add(reset).accessible_name("Default chunksize").on_hover_text(
                "What Pool.map chooses: the items in four units for each worker, rounded up to whole items.",
            )
        },
    );
    let slider = Slider::new(&mut size, 1..=items.max(2)).logarithmic(true);
    let response = rail(ui, theme, slider).labelled_by(label.id);
    let size = size.min(items.max(1));
    if size != before {
        plan.chunksize = Some(size);
    }
    if reset.clicked() {
        plan.chunksize = None;
    }
    let high = items.max(2) as f64;
    let marks = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
        .into_iter()
        .filter(|&mark| mark < items)
        .chain([items])
        .map(|mark| (log_place(mark as f64, 1.0, high), grouped(mark)))
        .collect::<Vec<_>>();
    ticks(ui, theme, &response, &marks);
    note(ui, theme, Cut::new(items, plan.chunksize, plan.team()).to_string());
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
                    Some(times) => (format!("{times:.2}×"), theme.prediction()),
                    None => ("none yet".to_owned(), theme.faint()),
                };
                ui.label(RichText::new(word).font(theme.strong()).color(colour));
            },
        );
        let most = f64::from(experiment.plan.team().max(2));
        let mut value = times.unwrap_or(1.0).min(most);
        ui.add_enabled_ui(!locked, |ui| {
            ui.visuals_mut().selection.bg_fill = theme.prediction();
            let response = rail(ui, theme, Slider::new(&mut value, 0.0..=most).step_by(0.05)).labelled_by(label.id);
            if response.changed() {
                experiment.thought = Some(value.max(0.05));
            }
            let place = |value: f64| (value / most) as f32;
            let team = experiment.plan.team();
            let mut marks = vec![(0.0, "0×".to_owned()), (place(1.0), "1× = alone".to_owned())];
            if team > 1 {
                marks.push((1.0, format!("{team}×")));
            }
            ticks(ui, theme, &response, &marks);
        });
        let hint = match (locked, times) {
            (true, Some(_)) => "Locked until a setting changes.",
            (true, None) => "Run without one; a new setting asks again.",
            (false, Some(_)) => "Run locks it.",
            (false, None) => "How many times faster than alone?",
        };
        note(ui, theme, hint);
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
    ui.horizontal(|ui| {
        let (height, often) = (theme.length(38.0), theme.length(70.0));
        let size = vec2(ui.available_width() - often - ui.spacing().item_spacing.x, height);
        let text = RichText::new("▶  Run").font(theme.strong()).color(theme.on_accent());
        let button = Button::new(text).fill(theme.accent());
        let run = ui.add_enabled_ui(problem.is_none(), |ui| ui.add_sized(size, button)).inner;
        if run.accessible_name("Run").on_hover_text("Ctrl+Enter").clicked() {
            commands.push(Command::Run);
        }
        let repeats = &mut experiment.plan.repeats;
        let suffix = if *repeats == 1 { " time" } else { " times" };
        let number = DragValue::new(repeats).range(1..=MAX_REPEATS).speed(0.1).suffix(suffix);
        let number = ui.add_sized(vec2(often, height), number).accessible_name("Repeats");
        number.on_hover_text("How often it is run: the spread over the repeats is shown.");
    });
    match problem {
        Some(problem) => {
            tinted(ui, theme, theme.bad(), problem.to_string());
        }
        None if experiment.baseline().is_none() && experiment.plan.with != Executor::Sequential => {
            note(ui, theme, "The baseline is measured first.")
                .on_hover_text("The same items by one process alone: what the speedup is measured against.");
        }
        None => {}
    }
}
