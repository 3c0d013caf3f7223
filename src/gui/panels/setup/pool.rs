//! Who computes, how many, by which method of the pool, and how the items are cut.

use egui::{Button, ComboBox, DragValue, RichText, Slider, SliderClamping, Ui};

use super::fit;
use crate::chunk::grouped;
use crate::gui::panels::parts::{ends, log_place, note, rail, row, segments, ticks, weighted};
use crate::gui::theme::Theme;
use crate::plan::{Call, Executor, MAX_THREADS, MAX_WORKERS, Plan, cores};
use crate::workload::Input;

/// Draws the choices.
pub(super) fn panel(plan: &mut Plan, input: &Input, theme: Theme, ui: &mut Ui) {
    who(plan, theme, ui);
    workers(plan, theme, ui);
    call(plan, theme, ui);
    chunksize(plan, input, theme, ui);
}

/// Who computes, and how worker processes start. One word of the plan changes, and nothing else.
fn who(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let first =
        [(Executor::Sequential, "Sequential"), (Executor::Threads, "Threads"), (Executor::Processes, "Processes")];
    let second = [(Executor::GilThreads, "Threads + emulated GIL"), (Executor::Hybrid, "Hybrid")];
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        let one = segments(ui, theme, plan.with, &first);
        let other = weighted(ui, theme, plan.with, &second, &[0.74, 0.26]);
        if let Some(chosen) = one.or(other) {
            plan.with = chosen;
        }
    });
    ui.add_enabled_ui(plan.with.has_processes(), |ui| {
        let response = super::start(plan, theme, ui);
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
                if plan.with == Executor::Hybrid {
                    let threads = DragValue::new(&mut plan.threads).range(1..=MAX_THREADS).speed(0.05);
                    let tip = "How many threads each worker process has. Rust threads have no GIL.";
                    ui.add(threads.suffix(" threads each")).accessible_name("Threads per process").on_hover_text(tip);
                    ui.label(RichText::new("×").color(theme.faint()));
                }
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
            (place(many), if many == 1 { "1 core".to_owned() } else { format!("{many} = cores") }),
            (place(1), "1".to_owned()),
            (place(most), most.to_string()),
        ];
        ticks(ui, theme, &response, &marks);
        response.on_disabled_hover_text("Sequential means the parent alone.");
    });
}

/// Which method of the pool is called.
fn call(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let reason = plan.with.no_call();
    ui.add_enabled_ui(reason.is_none(), |ui| {
        let response = row(ui, theme, "Call", |ui| {
            let width = ui.available_width();
            let chosen = RichText::new(format!("pool.{}", plan.call.python())).font(theme.code());
            let combo = ComboBox::from_id_salt("call").selected_text(chosen).width(width);
            let response = combo.show_ui(ui, |ui| {
                for &offered in Call::ALL {
                    let word = RichText::new(offered.python()).font(theme.code());
                    ui.selectable_value(&mut plan.call, offered, word).on_hover_text(summary(offered));
                }
            });
            response.response
        });
        let response = response.on_hover_text(summary(plan.call));
        if let Some(reason) = reason {
            response.on_disabled_hover_text(reason);
        }
    });
}

/// What a method is for, in a sentence.
fn summary(call: Call) -> &'static str {
    match call {
        Call::Map => "All results at once, in input order.",
        Call::Starmap => "As map, with each item's tuple unpacked into arguments.",
        Call::Imap => "Results one by one, in input order: a late one holds up those behind it.",
        Call::ImapUnordered => "Results one by one, as they are done.",
        Call::Apply => "One item, waited for, then the next: nothing is parallel.",
        Call::ApplyAsync => "Every item a job of its own; then each is waited for, in order.",
        Call::MapAsync => "As map, while the caller goes on; get() waits for all of it.",
    }
}

/// How many items travel together.
fn chunksize(plan: &mut Plan, input: &Input, theme: Theme, ui: &mut Ui) {
    let items = input.len();
    let reason = fit::no_chunksize(plan);
    let cut = plan.cut(items);
    let mut size = cut.chunksize.clamp(1, items.max(1));
    let before = size;
    let rail = ui.add_enabled_ui(reason.is_none(), |ui| {
        let (label, reset) = ends(
            ui,
            |ui| ui.label(RichText::new("Chunksize").color(theme.faint())),
            |ui| {
                let number = DragValue::new(&mut size).range(1..=items.max(1)).speed(0.2);
                ui.add(number).accessible_name("Items in a chunk");
                let reset = Button::selectable(plan.chunksize.is_none(), RichText::new("default").font(theme.small()))
                    .frame_when_inactive(true);
                ui.add(reset).accessible_name("Default chunksize").on_hover_text(default_of(plan.call))
            },
        );
        let slider = Slider::new(&mut size, 1..=items.max(2)).logarithmic(true);
        let response = rail(ui, theme, slider).labelled_by(label.id);
        if reset.clicked() {
            plan.chunksize = None;
        }
        response
    });
    let size = size.min(items.max(1));
    if size != before {
        plan.chunksize = Some(size);
    }
    let high = items.max(2) as f64;
    let marks = [items, 1]
        .into_iter()
        .chain([10, 100, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|&mark| mark < items))
        .map(|mark| (log_place(mark as f64, 1.0, high), grouped(mark)))
        .collect::<Vec<_>>();
    ticks(ui, theme, &rail.inner, &marks);
    if let Some(reason) = reason {
        rail.inner.on_disabled_hover_text(reason);
    }
    note(ui, theme, plan.cut(items).to_string());
}

/// Where the default chunksize comes from.
fn default_of(call: Call) -> &'static str {
    if call.is_iterator() {
        "What imap chooses: single items."
    } else {
        "What Pool.map chooses: the items in four units for each worker, rounded up to whole items."
    }
}
