//! One line: how the run ended, what watching cost, what went wrong beside it, and the baseline's age.

use std::time::Instant;

use egui::{Align, Color32, Label, Layout, RichText, Ui};

use super::parts::note;
use super::speedup::baseline_in_words;
use crate::chunk::grouped;
use crate::gui::experiment::Experiment;
use crate::gui::source::Source;
use crate::gui::theme::Theme;
use crate::gui::words::duration;
use crate::model::{Model, Run};
use crate::trace::Outcome;

/// Draws the line.
pub fn panel(source: &Source, run: Option<&Run>, experiment: &Experiment, theme: Theme, ui: &mut Ui) {
    ui.horizontal_centered(|ui| {
        let (mark, colour, words) = state(source, run, experiment, theme);
        ui.label(RichText::new(format!("{mark} {words}")).font(theme.small()).color(colour));
        if source.model.events > 0 {
            note(ui, theme, figures(&source.model));
        }
        if let Some(warning) = source.warnings.last() {
            let text = RichText::new(format!("● {warning}")).font(theme.small()).color(theme.prediction());
            ui.add(Label::new(text).truncate()).on_hover_text(source.warnings.join("\n"));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(baseline) = experiment.baseline() {
                let text = RichText::new(baseline_in_words(baseline, Instant::now())).font(theme.small());
                ui.add(Label::new(text.color(theme.faint())).truncate());
            }
        });
    });
}

/// A mark, its colour, and how it stands.
fn state(source: &Source, run: Option<&Run>, experiment: &Experiment, theme: Theme) -> (&'static str, Color32, String) {
    if source.is_live() {
        let words = match run {
            _ if experiment.is_baseline_running() => "measuring the baseline: one process alone…".to_owned(),
            Some(run) => format!("run {} of {}…", run.number + 1, run.plan.repeats),
            None => "starting…".to_owned(),
        };
        return ("●", theme.prediction(), words);
    }
    let Some(run) = run else { return ("○", theme.faint(), "ready".to_owned()) };
    let number = run.number + 1;
    let (mark, colour, words) = match run.end.as_ref().map(|end| (&end.outcome, end.wall_ns)) {
        Some((Outcome::Complete, wall_ns)) => {
            ("●", theme.good(), format!("run {number} finished in {}", duration(wall_ns)))
        }
        Some((Outcome::Raised(_), _)) => ("✕", theme.bad(), format!("run {number} raised an error")),
        Some((Outcome::Stopped, _)) => ("■", theme.prediction(), format!("run {number} was stopped")),
        Some((Outcome::Failed(_), _)) => ("✕", theme.bad(), format!("run {number} failed")),
        None => ("✕", theme.bad(), format!("run {number} has no end")),
    };
    match source.file.as_deref().and_then(std::path::Path::file_name) {
        Some(name) => (mark, colour, format!("{words} · recorded in {}", name.to_string_lossy())),
        None => (mark, colour, words),
    }
}

/// `2,148 events, 0 lost · this window used 4 % of one core`.
fn figures(model: &Model) -> String {
    let busiest = model.observer.iter().map(|usage| usage.cpu_permille).max();
    let cost =
        busiest.map_or_else(String::new, |busy| format!(" · this window used up to {} % of one core", busy / 10));
    format!("· {} events, {} lost{cost}", grouped(model.events), grouped(model.events_lost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;

    #[test]
    fn the_line_says_how_it_ended() {
        let theme = Theme::default();
        let experiment = Experiment::new();
        let mut source = Source::of(fixture::two_workers());
        let words = |source: &Source| state(source, source.model.last_run(), &experiment, theme).2;
        assert_eq!(words(&source), "run 1 finished in 90 ms");
        source.file = Some("/somewhere/lesson.trace".into());
        assert_eq!(words(&source), "run 1 finished in 90 ms · recorded in lesson.trace");
        assert_eq!(words(&Source::default()), "ready");
        assert!(figures(&source.model).ends_with("events, 0 lost"), "{}", figures(&source.model));
    }
}
