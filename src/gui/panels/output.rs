//! What the run answered and what its processes printed.

use egui::{Frame, Label, Margin, RichText, ScrollArea, Ui};

use super::Look;
use super::parts::{heading, note};
use crate::chunk::grouped;
use crate::workload;

/// So many lines are kept in sight; the digest stands for all of them.
const LINES: usize = 200;

/// Draws the latest results by then, and what was printed.
pub fn panel(look: &Look<'_>, ui: &mut Ui) {
    let theme = look.theme;
    heading(ui, theme, "Output");
    let lines = lines(look);
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
            .max_height((ui.available_height() - 12.0).max(row * 5.0))
            .auto_shrink([false, true])
            .stick_to_bottom(true)
            .show_rows(ui, row, lines.len(), |ui, visible| {
                for line in &lines[visible] {
                    ui.add(Label::new(RichText::new(line).font(theme.code())).extend().selectable(true));
                }
            });
    });
}

/// The last lines by then, results after what was printed.
fn lines(look: &Look<'_>) -> Vec<String> {
    let run = look.run;
    let printed =
        run.printed.iter().take_while(|printed| printed.at_ns <= look.at_ns).map(|printed| printed.line.clone());
    let mut lines: Vec<String> = printed.collect();
    let plan = &run.plan;
    let input = workload::find(&plan.workload).and_then(|found| found.input(plan.preset.as_deref(), plan.items));
    if let Ok(input) = input {
        let has_arrived = |unit: u32| {
            run.units.get(unit).and_then(|unit| unit.arrived_ns).is_none_or(|arrived| arrived <= look.at_ns)
        };
        let mut told = Vec::new();
        // From the newest back, until there is enough of it.
        for (unit, payload) in run.results.iter().rev().filter(|(unit, _)| has_arrived(*unit)) {
            let first = run.cut.range(*unit).start;
            let unit_lines = input.tell(first, payload).unwrap_or_else(|error| vec![error.to_string()]);
            told.extend(unit_lines.into_iter().rev());
            if told.len() >= LINES {
                told.truncate(LINES);
                told.push(format!("… the last {} results", grouped(LINES as u64)));
                break;
            }
        }
        lines.extend(told.into_iter().rev());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;
    use crate::gui::theme::Theme;

    #[test]
    fn results_are_told_once_they_have_arrived() {
        let model = fixture::two_workers();
        let run = model.last_run().expect("a run");
        let told = |at_ns| {
            lines(&Look { run, model: &model, at_ns, live: false, selected_unit: None, theme: Theme::default() })
        };
        assert!(told(run.began_ns).is_empty());
        let all = told(run.last_ns);
        assert_eq!(all.len(), 4);
        assert_eq!(all[0], "10000019 is prime");
        assert_eq!(told(run.began_ns + 50_000_000).len(), 2);
    }
}
