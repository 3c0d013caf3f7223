//! What one must know about what is shown: that it failed, and why; that it holds sums only; which of
//! several runs it is.

use egui::text::LayoutJob;
use egui::{Button, Color32, ComboBox, Frame, Label, Margin, RichText, Ui};

use super::Look;
use super::draw::{name, with_short_names};
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::source::Source;
use crate::gui::theme::Theme;
use crate::gui::words::duration;
use crate::model::{Model, Run};
use crate::plan::{Call, Executor};
use crate::trace::{Fate, Outcome, Role};

/// Draws a strip a sentence; `message` is about the last thing that could not be done.
pub fn panel(
    source: &Source,
    look: Option<&Look<'_>>,
    message: Option<&str>,
    theme: Theme,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    let run = look.map(|look| look.run);
    if let Some(message) = message {
        strip(theme.bad_back(), theme.bad(), "✕", message, ui, theme, |ui| {
            if ui.button("Dismiss").clicked() {
                commands.push(Command::Dismiss);
            }
        });
    }
    for (sentence, is_bad) in sentences(source, run) {
        let (back, ink) =
            if is_bad { (theme.bad_back(), theme.bad()) } else { (theme.note_back(), theme.prediction()) };
        strip(back, ink, if is_bad { "✕" } else { "●" }, &sentence, ui, theme, |_| {});
    }
    if let Some(look) = look {
        deadlock(look, ui, commands);
    }
    if let Some(run) = run {
        which(&source.model, run, theme, ui, commands);
    }
}

/// Who waits for whom in a circle, at the moment that is looked at; while it lasts, it can be ended.
fn deadlock(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    let Some(deadlock) = run.deadlocks_at(look.at_ns).next() else { return };
    let time = duration(look.at_ns.saturating_sub(deadlock.since_ns));
    let sentence = format!("{} It has lasted {time}.", run.deadlock_in_words(deadlock, look.at_ns));
    strip(theme.bad_back(), theme.bad(), "✕", &sentence, ui, theme, |ui| {
        if look.live {
            let button = Button::new(RichText::new("■  Stop").font(theme.strong()).color(theme.bad()));
            if ui.add(button).accessible_name("Stop the deadlock").clicked() {
                commands.push(Command::Stop);
            }
        }
    });
}

/// What there is to say of the run that is shown, and whether it is bad.
fn sentences(source: &Source, run: Option<&Run>) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    let ended = run.and_then(|run| run.end.as_ref());
    match ended.map(|end| &end.outcome) {
        Some(Outcome::Failed(sentence)) => found.push((format!("The run failed. {sentence}"), true)),
        Some(Outcome::Raised(sentence)) => found.push((format!("The call raised an error. {sentence}"), true)),
        Some(Outcome::Stopped) => {
            found.push(("The run was stopped: what was done until then is shown.".to_owned(), false));
        }
        Some(Outcome::Complete) | None => {}
    }
    if !matches!(ended.map(|end| &end.outcome), Some(Outcome::Failed(_))) {
        found.extend(source.failure.clone().map(|sentence| (sentence, true)));
    }
    let Some(run) = run else { return found };
    // A trace keeps how the parent ended, but not the sentence that a live session says of it.
    let crashed = run.parent().and_then(|parent| parent.exited).filter(|(_, exit)| !exit.is_success());
    if let (None, None, Some((_, exit))) = (ended, &source.failure, crashed) {
        let threads = run.workers().any(|worker| worker.role == Role::WorkerThread);
        let along = if threads { ", and every thread with it" } else { "" };
        found.push((format!("The parent ended before its time, exit {exit}{along}."), true));
    }
    if let Some(failure) = run.failures.first().filter(|_| ended.is_none()) {
        found.push((format!("Unit {} failed: {}", failure.unit, failure.what.message), true));
    }
    let again = run.lost.iter().filter(|lost| matches!(lost.fate, Fate::Retried | Fate::HandedOutAgain)).count();
    if run.is_complete() && again > 0 {
        let units = if again == 1 { "1 unit was".to_owned() } else { format!("{} units were", grouped(again as u64)) };
        found.push((format!("{units} lost with a worker and handed out again: Errors tells which."), false));
    }
    if let Some(summed_ns) = run.summed_from_ns {
        let unit = grouped(run.detail_units.into());
        let at = duration(summed_ns.saturating_sub(run.began_ns));
        found.push((format!("From unit {unit} (at {at}) on: sums per 10 ms, no single units."), false));
    }
    found
}

fn strip(
    back: Color32,
    ink: Color32,
    mark: &str,
    sentence: &str,
    ui: &mut Ui,
    theme: Theme,
    right: impl FnOnce(&mut Ui),
) {
    Frame::new().fill(back).inner_margin(Margin::symmetric(14, 6)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.label(RichText::new(mark).font(theme.strong()).color(ink));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                right(ui);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let job = |words: &str| {
                        let mut job =
                            LayoutJob::simple(words.to_owned(), theme.body(), theme.text(), ui.available_width());
                        job.wrap.max_rows = 3;
                        job
                    };
                    let fits = !ui.painter().layout_job(job(sentence)).elided;
                    let job = if fits { job(sentence) } else { job(&with_short_names(sentence)) };
                    let label = ui.add(Label::new(job).wrap());
                    name(&label, egui::Role::Label, sentence);
                    label.on_hover_text(sentence);
                });
            });
        });
    });
}

/// Which run it is, and the others of the trace.
fn which(model: &Model, run: &Run, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    Frame::new().fill(theme.canvas()).inner_margin(Margin::symmetric(14, 5)).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.horizontal(|ui| {
            let several = model.runs.len() > 1;
            let layout = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(layout, |ui| {
                if several {
                    choice(model, run, theme, ui, commands);
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let text = RichText::new(settings(run)).font(theme.small()).color(theme.faint());
                    ui.add(Label::new(text).truncate());
                });
            });
        });
    });
}

/// `Prime check · workout · processes × 2, forkserver · 1,000 items → 8 units`.
fn settings(run: &Run) -> String {
    let plan = &run.plan;
    if let Some(name) = &plan.program {
        let known = crate::program::named(name);
        let title = known.map_or(name.as_str(), |program| program.title);
        let knobs = plan.knobs.iter().map(|(knob, value)| format!(" · {} {}", knob.replace('-', " "), grouped(*value)));
        return format!("{title} · {}{}", plan.start.name(), knobs.collect::<String>());
    }
    let call = match plan.call {
        Call::Map => String::new(),
        call => format!(" · {}", call.python()),
    };
    let title = crate::workload::find(&plan.workload).map_or(plan.workload.as_str(), |workload| workload.title());
    let preset = plan.preset.as_deref().map(|preset| format!(" · {preset}")).unwrap_or_default();
    let how = match plan.with {
        Executor::Sequential => "sequential".to_owned(),
        Executor::Threads => format!("{} threads", plan.workers),
        Executor::GilThreads => format!("{} threads, GIL emulated", plan.workers),
        Executor::Hybrid => format!("{} processes × {} threads, {}", plan.workers, plan.threads, plan.start.name()),
        Executor::Processes => format!("{} processes, {}", plan.workers, plan.start.name()),
    };
    format!("{title}{preset}{call} · {how} · {}", run.cut)
}

fn choice(model: &Model, shown: &Run, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    let word = |run: &Run| {
        let of = run.plan.repeats.max(model.runs.len() as u32);
        let took = run.end.as_ref().map_or("running".to_owned(), |end| duration(end.wall_ns));
        format!("run {} of {of}: {took}", run.number + 1)
    };
    let mut button = |ui: &mut Ui, index: usize, text: String, is_shown: bool| {
        let button = Button::selectable(is_shown, RichText::new(text).font(theme.small())).frame_when_inactive(true);
        if ui.add(button).accessible_name(format!("Show run {}", index + 1)).clicked() {
            commands.push(Command::ShowRun(index));
        }
    };
    if model.runs.len() <= 5 {
        for (index, run) in model.runs.iter().enumerate().rev() {
            let is_shown = run.number == shown.number;
            let text = if is_shown { word(run) } else { format!("{}", run.number + 1) };
            button(ui, index, text, is_shown);
        }
        return;
    }
    ComboBox::from_id_salt("shown run")
        .selected_text(RichText::new(word(shown)).font(theme.small()))
        .width(theme.length(150.0))
        .show_ui(ui, |ui| {
            for (index, run) in model.runs.iter().enumerate() {
                button(ui, index, word(run), run.number == shown.number);
            }
        })
        .response
        .accessible_name("Shown run");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;

    #[test]
    fn a_failed_run_is_told_once_and_in_its_own_words() {
        let mut model = fixture::two_workers();
        let end = model.runs[0].end.as_mut().expect("it ended");
        end.outcome = Outcome::Failed("Worker 2 was killed. Press Run to try again.".to_owned());
        model.runs[0].summed_from_ns = Some(model.runs[0].began_ns + 83_000_000);
        let mut source = Source::of(Model::new());
        source.failure = Some("The engine ended abruptly.".to_owned());
        let told = sentences(&source, model.last_run());
        assert_eq!(told[0], ("The run failed. Worker 2 was killed. Press Run to try again.".to_owned(), true));
        assert_eq!(told[1].0, "From unit 100 (at 83 ms) on: sums per 10 ms, no single units.");
        assert_eq!(told.len(), 2);
        assert_eq!(sentences(&source, None).len(), 1, "no run at all: the engine's end is the reason");
        assert_eq!(settings(&model.runs[0]), "Prime check · small-4 · 2 processes, spawn · 4 items → 4 units");
    }

    #[test]
    fn a_deadlock_is_named_and_can_be_stopped_while_it_lasts() {
        use egui_kittest::kittest::Queryable as _;
        let pressed = |at_ms: u64, live: bool| {
            let draw = move |ui: &mut Ui, commands: &mut Vec<Command>| {
                let source = Source::of(crate::gui::panels::fixture::ipc::deadlocked());
                let Some(run) = source.model.last_run() else { return };
                let at_ns = run.began_ns + at_ms * 1_000_000;
                let (model, theme) = (&source.model, Theme::default());
                let look = Look { model, run, at_ns, live, selected_unit: None, theme };
                panel(&source, Some(&look), None, theme, ui, commands);
            };
            let builder = egui_kittest::Harness::builder().with_size([760.0, 160.0]);
            let mut harness = builder.with_context_setup(crate::gui::fonts::install).build_ui_state(draw, Vec::new());
            harness.run_steps(2);
            let named = harness.query_by_label_contains("Deadlock: Process-1 waits for lock b").is_some();
            if let Some(stop) = harness.query_by_label("Stop the deadlock") {
                stop.click();
            }
            harness.run_steps(2);
            (named, harness.state().contains(&Command::Stop))
        };
        assert_eq!(pressed(40, true), (false, false), "nobody waits yet");
        assert_eq!(pressed(800, true), (true, true));
        assert_eq!(pressed(800, false), (true, false), "a recording is told of, and can't be stopped");
    }
}
