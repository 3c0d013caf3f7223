//! What went wrong: units that failed, with the error as the caller gets it, and units that were lost with
//! their workers.

use egui::{Align2, CursorIcon, Rect, Role, ScrollArea, Sense, Ui, vec2};

use super::Look;
use super::draw::{Ink, name};
use super::parts::note;
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::words::duration;
use crate::model::buffer::fate_in_words;
use crate::model::{Call, Failure, Lost, Run};
use crate::plan::Stage;
use crate::trace::ActorId;

/// One thing that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at_ns: u64,
    /// Which unit, if it was about one.
    pub unit: Option<u32>,
    /// What it is, in a few words: the error's type.
    pub title: String,
    /// What it says.
    pub message: String,
    /// Where it happened, and to what.
    pub place: String,
    /// Whether all is well again: the unit is computed once more.
    pub mended: bool,
}

impl Entry {
    fn of_failure(run: &Run, failure: &Failure) -> Self {
        let what = &failure.what;
        let kind = if what.kind.is_empty() { "Error" } else { what.kind.as_str() };
        let mut place = vec![who(run, failure.worker, what.pid)];
        place.extend(what.stage.map(|stage| while_doing(stage).to_owned()));
        place.extend(what.item.map(|item| format!("item {}", grouped(item))));
        place.extend((!what.input.is_empty()).then(|| what.input.clone()));
        Self {
            at_ns: failure.at_ns,
            unit: Some(failure.unit),
            title: kind.to_owned(),
            message: what.message.clone(),
            place: place.join(" · "),
            mended: false,
        }
    }

    fn of_lost(run: &Run, lost: &Lost) -> Self {
        let worker = run.actor(lost.worker);
        let exit = worker.and_then(|worker| worker.exited).map(|(_, exit)| format!(", exited {exit}"));
        Self {
            at_ns: lost.at_ns,
            unit: Some(lost.unit),
            title: "Worker lost".to_owned(),
            message: fate_in_words(lost.fate).to_owned(),
            place: who(run, lost.worker, 0) + &exit.unwrap_or_default(),
            mended: matches!(lost.fate, crate::trace::Fate::Retried | crate::trace::Fate::HandedOutAgain),
        }
    }

    fn of_call(run: &Run, call: &Call) -> Self {
        let (title, message) = call.answer.split_once(": ").unwrap_or((call.answer.as_str(), ""));
        Self {
            at_ns: call.to_ns,
            unit: None,
            title: title.to_owned(),
            message: message.to_owned(),
            place: format!("{} · {}", who(run, call.by, 0), call.call),
            mended: false,
        }
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let unit = self.unit.map_or_else(String::new, |unit| format!("Unit {unit}: "));
        format!("{unit}{}: {} ({})", self.title, self.message, self.place)
    }
}

fn who(run: &Run, worker: ActorId, pid: u32) -> String {
    match run.actor(worker) {
        Some(actor) => format!("{} (pid {})", actor.title(), if pid > 0 { pid } else { actor.pid }),
        None if pid > 0 => format!("pid {pid}"),
        None => "somewhere".to_owned(),
    }
}

fn while_doing(stage: Stage) -> &'static str {
    match stage {
        Stage::EncodeArguments => "encoding its arguments",
        Stage::DecodeArguments => "decoding its arguments",
        Stage::Call => "computing",
        Stage::EncodeResult => "encoding its result",
        Stage::DecodeResult => "decoding its result",
    }
}

/// How many there are, over the whole run.
pub fn count(run: &Run) -> u64 {
    (run.failures.len() + run.lost.len() + raised(run).count()) as u64
}

/// Calls that raised an error, of a program: of a pool, it is its units' errors that they raise.
fn raised(run: &Run) -> impl Iterator<Item = (usize, &Call)> {
    let program = run.plan.program.is_some();
    run.calls.iter().enumerate().filter(move |(_, call)| program && call.raised)
}

/// The entries of so many, in order of time. Both lists are in order already.
fn entry(run: &Run, order: &[(u64, Which)], index: usize) -> Option<Entry> {
    match order.get(index)?.1 {
        Which::Failure(at) => run.failures.get(at).map(|failure| Entry::of_failure(run, failure)),
        Which::Lost(at) => run.lost.get(at).map(|lost| Entry::of_lost(run, lost)),
        Which::Raised(at) => run.calls.get(at).map(|call| Entry::of_call(run, call)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Which {
    Lost(usize),
    Failure(usize),
    Raised(usize),
}

fn in_order(run: &Run) -> Vec<(u64, Which)> {
    let failures = run.failures.iter().enumerate().map(|(index, failure)| (failure.at_ns, Which::Failure(index)));
    let lost = run.lost.iter().enumerate().map(|(index, lost)| (lost.at_ns, Which::Lost(index)));
    let raised = raised(run).map(|(index, call)| (call.to_ns, Which::Raised(index)));
    let mut order: Vec<(u64, Which)> = failures.chain(lost).chain(raised).collect();
    order.sort_unstable();
    order
}

/// Draws the list; a click on an entry selects its unit.
pub fn panel(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    let order = in_order(run);
    if order.is_empty() {
        note(ui, theme, "Nothing has gone wrong in this run.");
        return;
    }
    let line = (theme.small().size * 1.3).round();
    let height = 3.0 * line + theme.length(12.0);
    let room = ui.available_height().max(height * 3.2);
    ui.spacing_mut().item_spacing.y = 4.0;
    let area = ScrollArea::vertical().id_salt("errors").max_height(room).auto_shrink([false, true]);
    area.show_rows(ui, height, order.len(), |ui, visible| {
        for entry in visible.filter_map(|index| entry(run, &order, index)) {
            let (space, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
            name(&response, Role::Button, &entry.words());
            let chosen = entry.unit.is_some() && look.selected_unit == entry.unit;
            draw(&Ink::new(ui.painter(), theme), look, &entry, space, line, chosen || response.hovered());
            if response.clicked() {
                commands.push(match entry.unit {
                    Some(unit) => Command::SelectUnit(Some(unit).filter(|_| !chosen)),
                    None => Command::Seek(entry.at_ns.saturating_sub(run.began_ns)),
                });
            }
            response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(entry.words());
        }
    });
}

fn draw(ink: &Ink<'_>, look: &Look<'_>, entry: &Entry, space: Rect, line: f32, marked: bool) {
    let theme = ink.theme;
    let later = entry.at_ns > look.at_ns;
    ink.card(space, 5, if marked { theme.hovered() } else { theme.card() }, theme.border());
    let colour = if entry.mended { theme.prediction() } else { theme.bad() };
    let edge = space.with_max_x(space.left() + theme.length(3.0));
    ink.painter.rect_filled(edge, egui::CornerRadius { nw: 5, sw: 5, ne: 0, se: 0 }, colour);
    let inner = space.shrink2(vec2(theme.length(8.0), theme.length(5.0))).with_min_x(space.left() + theme.length(10.0));
    let row = |number: f32| {
        Rect::from_x_y_ranges(inner.x_range(), inner.top() + number * line..=inner.top() + (number + 1.0) * line)
    };
    let since = duration(entry.at_ns.saturating_sub(look.run.began_ns));
    let unit = entry.unit.map_or_else(|| since.clone(), |unit| format!("unit {unit} · {since}"));
    let right = ink.text_in(row(0.0), Align2::RIGHT_CENTER, unit, theme.small(), theme.faint());
    let rest = row(0.0).with_max_x(right.left() - 6.0);
    let mark = if entry.mended { "?" } else { "✕" };
    let title = format!("{mark} {}", entry.title);
    ink.text_in(rest, Align2::LEFT_CENTER, title, theme.strong_small(), if later { theme.faint() } else { colour });
    let text = if later { theme.faint() } else { theme.text() };
    ink.text_in(row(1.0), Align2::LEFT_CENTER, entry.message.as_str(), theme.small(), text);
    ink.text_in(row(2.0), Align2::LEFT_CENTER, entry.place.as_str(), theme.small(), theme.faint());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{program, small};
    use crate::trace::{Fate, TaskFailure};

    #[test]
    fn a_program_tells_of_the_calls_that_raised() {
        let model = program();
        let run = model.last_run().expect("a run");
        let entry = entry(run, &in_order(run), 0).expect("one call raised");
        assert_eq!((count(run), entry.unit), (1, None));
        let told = "PicklingError: can't pickle (Parent (pid 41203) · Process(target=lambda: 0).start())";
        assert_eq!(entry.words(), told);
    }

    #[test]
    fn failures_and_losses_stand_in_order_of_time_with_all_that_is_known() {
        let mut model = small();
        let run = &mut model.runs[0];
        let began_ns = run.began_ns;
        let what = TaskFailure {
            kind: "ValueError".to_owned(),
            message: "a fault of the plan".to_owned(),
            stage: Some(Stage::Call),
            pid: 41_208,
            item: Some(130),
            input: "10000019".to_owned(),
            ..TaskFailure::default()
        };
        run.failures.push(Failure { at_ns: began_ns + 50, worker: ActorId(3), unit: 2, what });
        run.lost.push(Lost { at_ns: began_ns + 20, worker: ActorId(2), unit: 1, fate: Fate::Retried });
        assert_eq!(count(run), 2);
        let order = in_order(run);
        let told: Vec<String> =
            (0..3).filter_map(|index| entry(run, &order, index)).map(|entry| entry.words()).collect();
        assert_eq!(
            told,
            [
                "Unit 1: Worker lost: lost with its worker: computed again (Worker 1 (pid 41207), exited 0)",
                "Unit 2: ValueError: a fault of the plan (Worker 2 (pid 41208) · computing · item 130 · 10000019)"
            ]
        );
    }
}
