//! Speedup against the measured baseline: the plot, the number, and what the number says.

use std::time::{Duration, Instant};

use egui::{Button, RichText, Ui, WidgetInfo};
use egui_plot::{AxisHints, GridMark, HoverPosition, Line, LineStyle, MarkerShape, Plot, PlotPoints, Points};

use super::parts::{ends, heading, note, tinted};
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::experiment::{Baseline, Experiment, Measurement, same_settings};
use crate::gui::theme::Theme;
use crate::gui::verdict;
use crate::gui::words::duration;
use crate::model::speedup::{Speedup, amdahl, fit_serial_share};
use crate::plan::{Executor, cores};

/// Draws plot, number, sentences and the baseline.
pub fn panel(experiment: &Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    ends(ui, |ui| heading(ui, theme, "Speedup by workers"), |ui| note(ui, theme, "alone = 1×"));
    plot(experiment, theme, ui);
    legend(experiment, theme, ui);
    headline(experiment, theme, ui);
    baseline(experiment, theme, ui, commands);
}

/// The number of the current settings, and what it says.
fn headline(experiment: &Experiment, theme: Theme, ui: &mut Ui) {
    let Some((measured, speedup)) = experiment.point() else {
        let text = if experiment.is_running() { "Measuring…" } else { "Not measured yet with these settings." };
        note(ui, theme, text);
        return;
    };
    let workers = measured.plan.hands();
    let alone = measured.plan.with == Executor::Sequential;
    ui.horizontal(|ui| {
        let colour = if alone { theme.text() } else { theme.executor(measured.plan.with) };
        let number = RichText::new(format!("{:.2}×", speedup.median)).font(theme.headline()).color(colour);
        ui.label(number).on_hover_text(details(measured, speedup));
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            note(ui, theme, spread(speedup, measured.wall_ns.len()));
            let share = if alone {
                "the baseline itself".to_owned()
            } else {
                format!("efficiency {:.0} %", speedup.efficiency(workers) * 100.0)
            };
            note(ui, theme, share).on_hover_text(details(measured, speedup));
        });
    });
    if let Some(prediction) = measured.prediction.filter(|_| !alone) {
        tinted(ui, theme, theme.prediction(), verdict::prediction_against(prediction, speedup));
    }
    if let Some(baseline) = experiment.baseline().filter(|_| !alone)
        && let Some(reason) = verdict::why_slower(measured, speedup, baseline)
    {
        tinted(ui, theme, theme.text(), reason);
    }
}

/// The spread over the repeats, as the speedups of the slowest and the fastest.
fn spread(speedup: Speedup, runs: usize) -> String {
    if runs == 1 {
        return "1 run".to_owned();
    }
    format!("{:.2} to {:.2} over {runs} runs", speedup.low, speedup.high)
}

/// Everything known of a point, a line each.
fn details(measured: &Measurement, speedup: Speedup) -> String {
    let (plan, workers) = (&measured.plan, measured.plan.hands());
    let how = if plan.with == Executor::Processes { format!(", {}", plan.start.name()) } else { String::new() };
    let chunksize = plan.chunksize.map_or("default".to_owned(), grouped);
    let share = measured_share(speedup, workers);
    format!(
        "{}{how} · {workers} worker{} · chunksize {chunksize}\n{:.2}× (median), {}\nefficiency {:.0} %{share}",
        plan.with.name(),
        if workers == 1 { "" } else { "s" },
        speedup.median,
        spread(speedup, measured.wall_ns.len()),
        speedup.efficiency(workers) * 100.0,
    )
}

/// The serial share by Karp and Flatt, on a line of its own, where there is one.
fn measured_share(speedup: Speedup, workers: u32) -> String {
    let share = speedup.karp_flatt(workers);
    share.map_or_else(String::new, |share| format!("\nserial share by Karp and Flatt: {:.1} %", share * 100.0))
}

/// The baseline, how old it is, and measuring it again.
fn baseline(experiment: &Experiment, theme: Theme, ui: &mut Ui, commands: &mut Vec<Command>) {
    let Some(baseline) = experiment.baseline() else { return };
    let age = age(baseline.at.elapsed());
    let words = format!("baseline {}, {age}", duration(baseline.median_ns()));
    ends(
        ui,
        |ui| note(ui, theme, words).on_hover_text(baseline_in_words(baseline, Instant::now())),
        |ui| {
            let again = Button::new(RichText::new("measure again").font(theme.small()));
            if ui.add_enabled(!experiment.is_running(), again).clicked() {
                commands.push(Command::MeasureBaseline);
            }
        },
    );
}

/// `baseline 1.21 s, measured 40 s ago, same 1,000 items`.
pub(super) fn baseline_in_words(baseline: &Baseline, now: Instant) -> String {
    let items = baseline.plan.check().map_or(0, |checked| checked.cut.items);
    let repeats = match baseline.wall_ns.len() {
        1 => String::new(),
        count => format!(" (median of {count})"),
    };
    format!(
        "baseline {}{repeats}, measured {}, same {} items",
        duration(baseline.median_ns()),
        age(now.saturating_duration_since(baseline.at)),
        grouped(items),
    )
}

/// An age as coarse as it is redrawn: by ten seconds, then by minutes.
fn age(age: Duration) -> String {
    match age.as_secs() {
        0..10 => "just now".to_owned(),
        seconds @ 10..60 => format!("{} s ago", seconds / 10 * 10),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}

/// When an age of so much reads differently.
pub fn age_changes_in(age: Duration) -> Duration {
    let step = if age.as_secs() < 60 { 10 } else { 60 };
    Duration::from_secs(step - age.as_secs() % step)
}

/// The shape of an executor's points, also as a character.
fn shape(executor: Executor) -> (MarkerShape, &'static str) {
    match executor {
        Executor::Sequential => (MarkerShape::Up, "▲"),
        Executor::Threads => (MarkerShape::Square, "■"),
        Executor::GilThreads => (MarkerShape::Diamond, "◆"),
        Executor::Processes => (MarkerShape::Circle, "●"),
        Executor::Hybrid => (MarkerShape::Down, "▼"),
    }
}

/// What the marks of the plot mean, as far as there are any.
fn legend(experiment: &Experiment, theme: Theme, ui: &mut Ui) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let mut entry = |mark: &str, colour, word: &str| {
            ui.label(RichText::new(mark).font(theme.small()).color(colour));
            note(ui, theme, word);
            ui.add_space(6.0);
        };
        for &executor in Executor::ALL {
            if experiment.points().any(|(measured, _)| measured.plan.with == executor) {
                entry(shape(executor).1, theme.executor(executor), executor.name());
            }
        }
        if experiment.prediction().is_some() {
            entry("◇", theme.prediction(), "your prediction");
        }
        entry("- -", theme.faint(), "ideal");
        if let Some(serial) = serial_share(experiment) {
            entry("—", theme.accent(), &format!("Amdahl fit, {:.0} % serial", serial * 100.0));
        }
    });
}

/// The serial share that fits the points of the current settings' kind, from two worker counts on.
fn serial_share(experiment: &Experiment) -> Option<f64> {
    let points: Vec<(u32, f64)> = experiment
        .points()
        .filter(|(measured, _)| is_same_kind(measured, experiment))
        .map(|(measured, speedup)| (measured.plan.hands(), speedup.median))
        .collect();
    if points.len() < 2 { None } else { fit_serial_share(&points) }
}

/// Whether a point differs from the current settings in its number of workers at most.
fn is_same_kind(measured: &Measurement, experiment: &Experiment) -> bool {
    let current = &experiment.plan;
    same_settings(&measured.plan, &crate::plan::Plan { workers: measured.plan.workers, ..current.clone() })
}

/// How far the axes reach: workers, and times faster.
fn extent(experiment: &Experiment) -> (f64, f64) {
    let workers = experiment.points().map(|(measured, _)| measured.plan.hands()).max().unwrap_or(1);
    let workers = workers.max(experiment.plan.hands()).max(cores()).max(2);
    let highest = experiment.points().map(|(_, speedup)| speedup.high).fold(0.0, f64::max);
    let predicted = experiment.prediction().unwrap_or(0.0);
    // With many workers on few cores the ideal line leaves the plot rather than flatten the points.
    let ideal = f64::from(workers.min(cores().max(2)));
    (f64::from(workers), highest.max(predicted).max(ideal).max(1.0))
}

/// Marks at 1, 2, 3, … or, over a longer range, at fewer.
fn marks(most: f64) -> Vec<GridMark> {
    let most = most.floor() as u32;
    let step = (most / 8).next_power_of_two().max(1);
    let count = (0..=most).filter(|value| *value == 1 || value % step == 0);
    count.map(|value| GridMark { value: value.into(), step_size: 1.0 }).collect()
}

fn plot(experiment: &Experiment, theme: Theme, ui: &mut Ui) {
    let (workers, times) = extent(experiment);
    let texts: Vec<String> = experiment.points().map(|(measured, speedup)| details(measured, speedup)).collect();
    let hover = move |position: &HoverPosition<'_>| match position {
        HoverPosition::NearDataPoint { plot_name, .. } => {
            plot_name.parse::<usize>().ok().and_then(|index| texts.get(index).cloned())
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    let axis = |axis: AxisHints<'static>| axis.tick_label_color(theme.faint()).tick_label_font(theme.small());
    let whole = |mark: GridMark| format!("{}", mark.value);
    let worker = move |mark: GridMark| if mark.value < 1.0 { String::new() } else { whole(mark) };
    let response = Plot::new("speedup")
        .height(theme.length(150.0))
        .default_x_bounds(0.0, workers + 0.4)
        .default_y_bounds(0.0, times * 1.12)
        .reset()
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .show_background(false)
        .show_crosshair(false)
        .grid_color(theme.border())
        .custom_x_axes(vec![axis(AxisHints::new_x()).formatter(move |mark, _| worker(mark))])
        .custom_y_axes(vec![axis(AxisHints::new_y()).formatter(move |mark, _| format!("{}×", whole(mark)))])
        .x_grid_spacer(move |_| marks(workers))
        .y_grid_spacer(move |_| marks(times * 1.12))
        .label_formatter(hover)
        .show(ui, |plot| {
            let ideal = Line::new("ideal", PlotPoints::from(vec![[0.0, 0.0], [workers + 0.4, workers + 0.4]]));
            let dashed = LineStyle::Dashed { length: 6.0 };
            plot.line(ideal.color(theme.faint()).width(theme.line(1.0)).style(dashed).allow_hover(false));
            if let Some(serial) = serial_share(experiment) {
                let curve = (0..=40).map(|step| 1.0 + (workers - 0.6) * f64::from(step) / 40.0);
                let curve: Vec<[f64; 2]> = curve.map(|p| [p, amdahl(serial, p)]).collect();
                plot.line(Line::new("fit", curve).color(theme.accent()).width(theme.line(1.5)).allow_hover(false));
            }
            for (index, (measured, speedup)) in experiment.points().enumerate() {
                let (at, colour) = (f64::from(measured.plan.hands()), theme.executor(measured.plan.with));
                let bar = Line::new(format!("spread {index}"), vec![[at, speedup.low], [at, speedup.high]]);
                plot.line(bar.color(colour).width(theme.line(2.0)).allow_hover(false));
                let same_kind = is_same_kind(measured, experiment) || measured.plan.with != experiment.plan.with;
                let point = Points::new(index.to_string(), vec![[at, speedup.median]]).color(colour).filled(same_kind);
                plot.points(point.shape(shape(measured.plan.with).0).radius(theme.line(5.0)));
            }
            if let Some(prediction) = experiment.prediction()
                && experiment.plan.with != Executor::Sequential
            {
                let at = f64::from(experiment.plan.hands());
                let diamond = Points::new("prediction", vec![[at, prediction]]).color(theme.prediction());
                plot.points(
                    diamond.shape(MarkerShape::Diamond).filled(false).radius(theme.line(7.0)).allow_hover(false),
                );
                let text =
                    RichText::new(format!("you: {prediction:.2}×  ")).color(theme.prediction()).font(theme.small());
                let text =
                    egui_plot::Text::new("you", [at, prediction].into(), text).anchor(egui::Align2::RIGHT_BOTTOM);
                plot.text(text.color(theme.prediction()));
            }
        })
        .response;
    let words = in_words(experiment);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &words));
}

/// The plot for those who can't see it.
fn in_words(experiment: &Experiment) -> String {
    let points: Vec<String> = experiment
        .points()
        .map(|(measured, speedup)| {
            format!("{} with {} workers: {:.2}×", measured.plan.with.name(), measured.plan.hands(), speedup.median)
        })
        .collect();
    if points.is_empty() {
        "Speedup plot: nothing measured yet".to_owned()
    } else {
        format!("Speedup plot: {}", points.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_as_coarse_as_it_is_redrawn() {
        let seconds = Duration::from_secs;
        for (at, words, next) in
            [(0, "just now", 10), (9, "just now", 1), (47, "40 s ago", 3), (61, "1 min ago", 59), (7300, "2 h ago", 20)]
        {
            assert_eq!((age(seconds(at)).as_str(), age_changes_in(seconds(at))), (words, seconds(next)));
        }
    }

    #[test]
    fn marks_are_few_and_whole() {
        let values = |most| marks(most).iter().map(|mark| mark.value as u32).collect::<Vec<_>>();
        assert_eq!(values(2.2), [0, 1, 2], "a mark above the plot would lie on its heading");
        assert_eq!(values(64.0), [0, 1, 8, 16, 24, 32, 40, 48, 56, 64]);
    }
}
