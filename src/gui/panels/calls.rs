//! The calls of the library that students know: who made which, what it answered, how long it took.

use egui::{Align2, CursorIcon, Rect, Role, ScrollArea, Sense, Ui, vec2};

use super::Look;
use super::draw::{Ink, name};
use super::parts::note;
use crate::gui::command::Command;
use crate::gui::words::duration;
use crate::model::Call;

/// Draws the list; a click on a call moves the cursor to its begin.
pub fn panel(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    if run.calls.is_empty() {
        note(ui, theme, "No call of the library has returned yet.");
        return;
    }
    let mut calls: Vec<&Call> = run.calls.iter().collect();
    calls.sort_by_key(|call| call.from_ns);
    let line = (theme.small().size * 1.3).round();
    let height = 2.0 * line + theme.length(10.0);
    let room = ui.available_height().max(height * 4.2);
    ui.spacing_mut().item_spacing.y = 3.0;
    let area = ScrollArea::vertical().id_salt("calls").max_height(room).auto_shrink([false, true]);
    area.show_rows(ui, height, calls.len(), |ui, visible| {
        for call in &calls[visible] {
            let (space, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
            let words = in_words(look, call);
            name(&response, Role::Button, &words);
            draw(&Ink::new(ui.painter(), theme), look, call, space, line, response.hovered());
            if response.clicked() {
                commands.push(Command::Seek(call.from_ns.saturating_sub(run.began_ns)));
            }
            response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(words);
        }
    });
}

/// `Parent: p1.join(0.05) → None, from 10 ms, 50 ms long`.
fn in_words(look: &Look<'_>, call: &Call) -> String {
    let who = look.run.actor(call.by).map_or("somebody".to_owned(), crate::model::Actor::title);
    let from = duration(call.from_ns.saturating_sub(look.run.began_ns));
    let length = duration(call.to_ns.saturating_sub(call.from_ns));
    format!("{who}: {} → {}, from {from}, {length} long", call.call, call.answer)
}

fn draw(ink: &Ink<'_>, look: &Look<'_>, call: &Call, space: Rect, line: f32, marked: bool) {
    let theme = ink.theme;
    let (later, inside) = (call.from_ns > look.at_ns, (call.from_ns..call.to_ns).contains(&look.at_ns));
    let border = if inside { theme.prediction() } else { theme.border() };
    ink.card(space, 5, if marked { theme.hovered() } else { theme.card() }, border);
    let actor = look.run.actor(call.by);
    let colour = theme.worker(actor.map_or(0, |actor| look.run.hue(actor)));
    let edge = space.with_max_x(space.left() + theme.length(3.0));
    ink.painter.rect_filled(edge, egui::CornerRadius { nw: 5, sw: 5, ne: 0, se: 0 }, colour);
    let inner = space.shrink2(vec2(theme.length(8.0), theme.length(4.0))).with_min_x(space.left() + theme.length(10.0));
    let (first, second) = inner.split_top_bottom_at_y(inner.top() + line);
    let length = duration(call.to_ns.saturating_sub(call.from_ns));
    let right = ink.text_in(first, Align2::RIGHT_CENTER, length, theme.small(), theme.faint());
    let rest = first.with_max_x(right.left() - 6.0);
    let text = if later { theme.faint() } else { theme.text() };
    ink.text_in(rest, Align2::LEFT_CENTER, call.call.as_str(), theme.code(), text);
    let who = actor.map_or("somebody".to_owned(), crate::model::Actor::title);
    let right = ink.text_in(second, Align2::RIGHT_CENTER, who, theme.small(), theme.faint());
    let rest = second.with_max_x(right.left() - 6.0);
    let (answer, colour) = if inside {
        ("waits…".to_owned(), theme.prediction())
    } else if call.raised {
        (format!("✕ {}", call.answer), theme.bad())
    } else {
        (format!("→ {}", call.answer), theme.faint())
    };
    ink.text_in(rest, Align2::LEFT_CENTER, answer, theme.small(), if later { theme.faint() } else { colour });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::program;
    use crate::gui::theme::Theme;

    #[test]
    fn a_call_tells_who_what_and_how_long() {
        let model = program();
        let run = model.last_run().expect("a run");
        let look =
            Look { model: &model, run, at_ns: run.last_ns, live: false, selected_unit: None, theme: Theme::default() };
        let told: Vec<String> = run.calls.iter().map(|call| in_words(&look, call)).collect();
        assert_eq!(told[0], "Process-1: p.join() → None, from 12 ms, 20 ms long");
        assert_eq!(told[1], "Parent: p1.join(0.05) → None, from 10 ms, 50 ms long");
    }
}
