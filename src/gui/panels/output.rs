//! What the run answered, and what its processes printed: each line with who printed it.

use egui::text::{LayoutJob, TextFormat};
use egui::{Frame, Label, Margin, Role, ScrollArea, Sense, Ui};

use super::Look;
use super::draw::name;
use super::parts::{heading, note};
use crate::chunk::grouped;
use crate::gui::theme::Theme;
use crate::gui::words::duration;
use crate::model::{Printed, Run};
use crate::trace::ActorId;
use crate::workload;

/// So many results are told; the digest stands for all of them.
const RESULTS: usize = 200;
/// So many printed lines are kept in sight.
const PRINTED: usize = 2_000;

/// A line of the output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    /// When it was printed, since the run began; empty for a result.
    at: String,
    /// Who printed it, and the number that chooses their colour.
    who: Option<(String, u32)>,
    /// Their process id.
    pid: String,
    text: String,
}

impl Line {
    fn of(run: &Run, printed: &Printed) -> Self {
        let actor = (printed.by != ActorId::OBSERVER).then(|| run.actor(printed.by)).flatten();
        Self {
            at: duration(printed.at_ns.saturating_sub(run.began_ns)),
            who: actor.map(|actor| (actor.title(), run.hue(actor))),
            pid: actor.map_or_else(String::new, |actor| actor.pid.to_string()),
            text: printed.line.clone(),
        }
    }

    /// `Process-1: hello`, with the time and the process id where there is room for columns.
    fn job(&self, theme: Theme, columns: Option<Columns>) -> LayoutJob {
        let format = |color| TextFormat { font_id: theme.code(), color, ..TextFormat::default() };
        let mut job = LayoutJob::default();
        job.wrap.max_width = f32::INFINITY;
        let faint = format(theme.faint());
        if let Some(columns) = columns {
            job.append(&format!("{:>9}  ", self.at), 0.0, faint.clone());
            let (name, hue) = self.who.clone().unwrap_or(("?".to_owned(), 0));
            job.append(&format!("{name:<width$}  ", width = columns.name), 0.0, format(theme.worker_words(hue)));
            job.append(&format!("{:>width$}  ", self.pid, width = columns.pid), 0.0, faint);
        } else if let Some((name, hue)) = &self.who {
            job.append(&format!("{name}: "), 0.0, format(theme.worker_words(*hue)));
        }
        job.append(&self.text, 0.0, format(theme.text()));
        job
    }

    /// The line as it is read aloud.
    fn words(&self) -> String {
        match &self.who {
            Some((name, _)) => format!("{name}, pid {}, at {}: {}", self.pid, self.at, self.text),
            None => self.text.clone(),
        }
    }
}

/// How wide the columns are, in letters.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    pid: usize,
}

/// Draws the latest results by then, and what was printed.
pub fn panel(look: &Look<'_>, ui: &mut Ui) {
    let mut lines = printed(look);
    lines.extend(results(look));
    list(look, &lines, None, ui);
}

/// Draws what the processes of a program printed, in columns: when, who, what.
pub fn transcript(look: &Look<'_>, ui: &mut Ui) {
    let lines = printed(look);
    ui.horizontal(|ui| {
        heading(ui, look.theme, "Output");
        note(ui, look.theme, "time, who, process id, line");
    });
    let longest = lines.iter().filter_map(|line| line.who.as_ref()).map(|(name, _)| name.chars().count()).max();
    let columns = Columns { name: longest.unwrap_or(6).clamp(6, 24), pid: 7 };
    list(look, &lines, Some(columns), ui);
}

fn list(look: &Look<'_>, lines: &[Line], columns: Option<Columns>, ui: &mut Ui) {
    let theme = look.theme;
    if lines.is_empty() {
        note(ui, theme, "Nothing yet at this moment.");
        return;
    }
    Frame::new().fill(theme.sunken()).corner_radius(5).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let row = ui.fonts_mut(|fonts| fonts.row_height(&theme.code()));
        ui.set_min_width(ui.available_width());
        ScrollArea::both()
            .id_salt("output")
            .max_height((ui.available_height() - 12.0).max(row * 4.0))
            .auto_shrink([false, columns.is_none()])
            .stick_to_bottom(true)
            .show_rows(ui, row, lines.len(), |ui, visible| {
                for (index, line) in visible.clone().zip(&lines[visible]) {
                    let label = ui.add(Label::new(line.job(theme, columns)).extend().selectable(true));
                    if line.who.is_some() {
                        let whole = ui.interact(label.rect, ui.scope_id().with(("line", index)), Sense::hover());
                        name(&whole, Role::ListItem, &line.words());
                        whole.on_hover_text(line.words());
                    }
                }
            });
    });
}

/// The last lines that were printed by then.
fn printed(look: &Look<'_>) -> Vec<Line> {
    let run = look.run;
    // Between processes lines may come in any order, but not far from it.
    let by_then = run.printed.iter().filter(|printed| printed.at_ns <= look.at_ns);
    let mut lines: Vec<&Printed> = by_then.rev().take(PRINTED).collect();
    lines.sort_by_key(|printed| printed.at_ns);
    lines.into_iter().map(|printed| Line::of(run, printed)).collect()
}

/// The last results by then.
fn results(look: &Look<'_>) -> Vec<Line> {
    let (run, plan) = (look.run, &look.run.plan);
    if plan.program.is_some() {
        return Vec::new();
    }
    let input = workload::find(&plan.workload).and_then(|found| found.input(plan.preset.as_deref(), plan.items));
    let Ok(input) = input else { return Vec::new() };
    let has_arrived =
        |unit: u32| run.units.get(unit).and_then(|unit| unit.arrived_ns).is_none_or(|arrived| arrived <= look.at_ns);
    let mut told = Vec::new();
    // From the newest back, until there is enough of it.
    for (unit, payload) in run.results.iter().rev().filter(|(unit, _)| has_arrived(*unit)) {
        let first = run.cut.range(*unit).start;
        let unit_lines = input.tell(first, payload).unwrap_or_else(|error| vec![error.to_string()]);
        told.extend(unit_lines.into_iter().rev());
        if told.len() >= RESULTS {
            told.truncate(RESULTS);
            told.push(format!("… the last {} results", grouped(RESULTS as u64)));
            break;
        }
    }
    told.into_iter().rev().map(|text| Line { text, ..Line::default() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;
    use crate::gui::panels::fixture::program;
    use crate::model::Model;

    fn look(model: &Model, at_ns: u64) -> Look<'_> {
        let run = model.last_run().expect("a run");
        Look { model, run, at_ns, live: false, selected_unit: None, theme: Theme::default() }
    }

    #[test]
    fn results_are_told_once_they_have_arrived() {
        let model = fixture::two_workers();
        let run = model.last_run().expect("a run");
        let told = |at_ns| results(&look(&model, at_ns));
        assert!(told(run.began_ns).is_empty());
        let all = told(run.last_ns);
        assert_eq!(all.len(), 4);
        assert_eq!(all[0].text, "10000019 is prime");
        assert_eq!(told(run.began_ns + 50_000_000).len(), 2);
    }

    #[test]
    fn a_printed_line_says_who_printed_it_and_when() {
        let model = program();
        let run = model.last_run().expect("a run");
        let told: Vec<String> = printed(&look(&model, run.last_ns)).iter().map(Line::words).collect();
        assert_eq!(
            told,
            [
                "Process-1, pid 41207, at 10 ms: hello from Process-1",
                "Process-1:1, pid 41209, at 12 ms: hello from a grandchild"
            ]
        );
        assert_eq!(printed(&look(&model, run.began_ns + 11_000_000)).len(), 1);
        assert!(results(&look(&model, run.last_ns)).is_empty(), "a program has no items");
        let line = &printed(&look(&model, run.last_ns))[0];
        assert_eq!(line.job(Theme::default(), None).text, "Process-1: hello from Process-1");
    }
}
