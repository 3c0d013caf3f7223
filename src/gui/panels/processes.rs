//! The processes and threads of a run as a table: what the stage draws, in words and numbers.

use egui::{Align2, Color32, Pos2, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::Look;
use super::draw::Ink;
use super::parts::note;
use crate::chunk::grouped;
use crate::gui::theme::Theme;
use crate::gui::words::bytes;
use crate::model::{Actor, Run, SpanKind, State, Sum, Who};
use crate::trace::{Exit, Role as ActorRole};

/// Right edges of the number columns, as shares of the width.
const COLUMNS: [(f32, &str); 4] = [(0.50, "pid"), (0.645, "CPU"), (0.865, "memory"), (1.0, "units")];
/// So many actors are shown without scrolling.
const IN_SIGHT: usize = 6;

/// Draws the table at the moment that is looked at.
pub fn panel(look: &Look<'_>, ui: &mut Ui) {
    let theme = look.theme;
    // A place is one row, with whoever is there.
    let mut lines = look.run.lines();
    lines.retain(|line| line.who != Who::Calls);
    header(theme, ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let height = row_height(theme);
    ScrollArea::vertical()
        .id_salt("processes")
        .max_height(height * IN_SIGHT.min(lines.len().max(1)) as f32)
        .auto_shrink([false, true])
        .show_rows(ui, height, lines.len(), |ui, visible| {
            let seen = lines[visible].iter();
            for (line, (_, actor)) in seen.filter_map(|line| Some((line, look.run.life_at(line.who, look.at_ns)?))) {
                Row::new(actor, line.depth, look).draw(theme, ui);
            }
        });
    ui.spacing_mut().item_spacing.y = 6.0;
    if look.run.end.is_some() && look.run.actors.iter().all(|actor| actor.usage.is_empty()) {
        note(ui, theme, "CPU and memory are sampled every 250 ms; this run was shorter.");
    }
}

/// An actor at a moment, in words.
struct Row {
    name: String,
    state: String,
    numbers: [String; 4],
    colour: Color32,
    is_bad: bool,
    is_there: bool,
    depth: u32,
}

impl Row {
    fn new(actor: &Actor, depth: u32, look: &Look<'_>) -> Self {
        let at_ns = look.at_ns;
        let state = actor.state(at_ns);
        let is_there = matches!(state, State::Busy(..));
        // Of one that is gone: the last that was measured.
        let usage = actor.usage_at(at_ns);
        // What a thread uses is counted for its process; its memory is everybody's.
        let unknown =
            if matches!(actor.role, ActorRole::WorkerThread | ActorRole::ProcessThread) { "shared" } else { "–" };
        let cpu = usage.map_or("–".to_owned(), |usage| format!("{} %", usage.cpu_permille / 10));
        let memory = usage.map_or(unknown.to_owned(), |usage| bytes(usage.rss_bytes));
        Self {
            name: actor.title(),
            state: look.run.state_in_words(actor, at_ns),
            depth,
            numbers: [actor.pid.to_string(), cpu, memory, units(look.run, actor, at_ns)],
            colour: look.theme.worker(look.run.hue(actor)),
            is_bad: matches!(state, State::Exited(exit) if !exit.is_success() && exit != Exit::Unknown),
            is_there,
        }
    }

    fn draw(&self, theme: Theme, ui: &mut Ui) {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), row_height(theme)), Sense::hover());
        let (first, second) = (rect.top() + theme.length(9.0), rect.top() + theme.length(25.0));
        let indent = theme.length(9.0) * self.depth.min(5) as f32;
        let swatch =
            Rect::from_center_size(pos2(rect.left() + indent + 5.0, first), egui::Vec2::splat(theme.length(9.0)));
        let ink = if self.is_there { theme.text() } else { theme.faint() };
        let painter = ui.painter();
        if self.is_there {
            painter.rect_filled(swatch, 2.0, self.colour);
        } else {
            let stroke = egui::Stroke::new(theme.line(1.5), self.colour);
            painter.rect_stroke(swatch, 2.0, stroke, egui::StrokeKind::Inside);
        }
        let left = rect.left() + indent + theme.length(16.0);
        let write = |at: Pos2, align, text: &str, colour| painter.text(at, align, text, theme.small(), colour);
        let pid_left = rect.left() + rect.width() * COLUMNS[0].0
            - painter.layout_no_wrap(self.numbers[0].clone(), theme.small(), ink).size().x;
        let name_space = Rect::from_x_y_ranges(left..=pid_left - 6.0, first - 10.0..=first + 10.0);
        Ink::new(painter, theme).text_in(name_space, Align2::LEFT_CENTER, self.name.as_str(), theme.small(), ink);
        let state_ink = if self.is_bad { theme.bad() } else { theme.faint() };
        write(pos2(left, second), Align2::LEFT_CENTER, &self.state, state_ink);
        for ((share, _), number) in COLUMNS.into_iter().zip(&self.numbers) {
            let at = pos2(rect.left() + rect.width() * share, first);
            write(
                at,
                Align2::RIGHT_CENTER,
                number,
                if number == "shared" || number == "–" { theme.faint() } else { ink },
            );
        }
        let [pid, cpu, memory, units] = &self.numbers;
        let words =
            format!("{}, {}: process {pid}, CPU {cpu}, memory {memory}, {units} units computed", self.name, self.state);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    }
}

fn header(theme: Theme, ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme.length(15.0)), Sense::hover());
    for (share, word) in COLUMNS {
        let at = pos2(rect.left() + rect.width() * share, rect.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, word, theme.small(), theme.faint());
    }
}

fn row_height(theme: Theme) -> f32 {
    theme.length(35.0)
}

/// Units an actor had computed by then; the parent has none, unless it works alone.
fn units(run: &Run, actor: &Actor, at_ns: u64) -> String {
    if run.plan.program.is_some()
        || (actor.units == 0 && matches!(actor.role, ActorRole::Parent | ActorRole::ForkServer))
    {
        return "–".to_owned();
    }
    let threads = run.children(actor.id).filter(|child| child.role == ActorRole::ProcessThread);
    let by_threads = if actor.is_worker() { threads.map(|thread| computed(run, thread, at_ns)).sum() } else { 0 };
    grouped(computed(run, actor, at_ns) + by_threads)
}

/// Units that one process or thread had computed itself.
fn computed(run: &Run, actor: &Actor, at_ns: u64) -> u64 {
    let lane = &actor.lane;
    let done = |to_ns: u64| to_ns <= at_ns;
    let one_by_one =
        lane.spans().iter().take_while(|span| span.from_ns <= at_ns).filter(|span| span.kind == SpanKind::Computing);
    let summed: u64 = lane.sums().iter().filter(|sum| done(sum.to_ns)).map(|sum: &Sum| u64::from(sum.units)).sum();
    // One that waited for the interpreter in the middle of a unit computes it in several spans.
    let is_over = |unit: u32| run.units.get(unit).and_then(|unit| unit.ended_ns).is_none_or(done);
    let (mut count, mut last) = (summed, None);
    for span in one_by_one.filter(|span| done(span.to_ns)) {
        count += u64::from(span.unit.is_none_or(|unit| last != Some(unit) && is_over(unit)));
        last = span.unit.filter(|unit| is_over(*unit));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;

    #[test]
    fn the_table_follows_the_moment() {
        let model = fixture::two_workers();
        let run = model.last_run().expect("a run");
        let row = |number: usize, at_ns| {
            let look = Look { run, model: &model, at_ns, live: false, selected_unit: None, theme: Theme::default() };
            Row::new(&run.actors[number], 0, &look)
        };
        let parent = row(0, run.began_ns);
        assert_eq!((parent.name.as_str(), parent.numbers[3].as_str()), ("Parent", "–"));
        let early = row(1, run.began_ns);
        assert_eq!((early.state.as_str(), early.is_there), ("not born yet", false));
        let late = row(1, run.last_ns);
        assert_eq!((late.numbers[3].as_str(), late.is_there), ("2", false));
        assert!(late.state.starts_with("exited 0"), "{}", late.state);
        let killed = row(2, run.last_ns);
        assert!(killed.is_bad && killed.state == "exited −SIGKILL", "{}", killed.state);
    }
}
