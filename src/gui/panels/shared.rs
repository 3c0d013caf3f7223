//! What the processes of a program share, and who had to wait for it: the same as the stage draws, as two lists.

use egui::{Align2, CornerRadius, CursorIcon, Rect, Role, ScrollArea, Sense, Ui, vec2};

use super::Look;
use super::draw::{Ink, name};
use super::parts::{heading, note};
use super::stage::objects::gather;
use super::stage::objects::seen::Seen;
use super::stage::tree::holds_up;
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::words::duration;
use crate::model::objects::Object;
use crate::model::{Run, Wait};

/// So many waits are listed; who looks for older ones moves the cursor.
const MOST_WAITS: usize = 300;
/// So many objects are shown without scrolling.
const IN_SIGHT: usize = 6;

/// Draws the objects at the moment that is looked at, and below them the waits until then, the latest first.
pub fn panel(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    // As on the stage: the lock of another object is told with that; what is not made yet is not there.
    let is_there = |object: &&Object| object.of.is_none() && object.made_ns <= look.at_ns;
    let objects: Vec<&Object> = run.objects().iter().filter(is_there).collect();
    if objects.is_empty() {
        note(ui, theme, if run.objects().is_empty() { "Nothing is shared." } else { "Nothing is shared yet." });
        return;
    }
    let line = (theme.small().size * 1.3).round();
    let height = 2.0 * line + theme.length(9.0);
    ui.spacing_mut().item_spacing.y = 3.0;
    let area = ScrollArea::vertical().id_salt("objects").auto_shrink([false, true]);
    let room = (height + 3.0) * IN_SIGHT.min(objects.len()) as f32;
    area.max_height(room).show_rows(ui, height, objects.len(), |ui, visible| {
        for object in &objects[visible] {
            let (space, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
            let row = Row::of(run, object, look.at_ns);
            name(&response, Role::ListItem, &row.words);
            row.draw(&Ink::new(ui.painter(), theme), space, line);
            response.on_hover_text(row.words);
        }
    });
    ui.add_space(4.0);
    waits(look, line, ui, commands);
}

/// An object in a row of the table.
struct Row {
    title: String,
    kind: &'static str,
    state: String,
    waits: String,
    held_up: bool,
    words: String,
}

impl Row {
    fn of(run: &Run, object: &Object, at_ns: u64) -> Self {
        let seen: Seen = gather::seen(run, object, at_ns);
        let own_lock = object.lock.and_then(|lock| run.object(lock));
        let count = object.waits + own_lock.map_or(0, |lock| lock.waits);
        let waits = match count {
            0 => "no waits in all".to_owned(),
            1 => "1 wait in all".to_owned(),
            more => format!("{} waits in all", grouped(more)),
        };
        let words = format!("{}; {waits}", seen.words());
        let (title, kind, state, held_up) = (seen.name.clone(), seen.kind.title(), seen.state(), seen.holds_up());
        Self { title, kind, state, waits, held_up, words }
    }

    fn draw(&self, ink: &Ink<'_>, space: Rect, line: f32) {
        let theme = ink.theme;
        ink.card(space, 5, theme.card(), if self.held_up { theme.waits() } else { theme.border() });
        let inner = space.shrink2(vec2(theme.length(9.0), theme.length(4.0)));
        let (first, second) = inner.split_top_bottom_at_y(inner.top() + line);
        let right = ink.text_in(first, Align2::RIGHT_CENTER, self.waits.as_str(), theme.small(), theme.faint());
        let rest = first.with_max_x(right.left() - 6.0);
        let named = ink.text_in(rest, Align2::LEFT_CENTER, self.title.as_str(), theme.code(), theme.text());
        let rest = rest.with_min_x(named.right() + 6.0);
        ink.text_in(rest, Align2::LEFT_CENTER, self.kind, theme.small(), theme.faint());
        let colour = if self.held_up { theme.waits() } else { theme.faint() };
        ink.text_in(second, Align2::LEFT_CENTER, self.state.as_str(), theme.small(), colour);
    }
}

/// The waits that had begun by then, the latest first, and how many there were in all.
fn begun(run: &Run, at_ns: u64) -> (Vec<Wait>, usize) {
    let (mut found, mut count) = (Vec::new(), 0);
    for actor in &run.actors {
        let waits = run.waits_of(actor.id);
        let waits = &waits[..waits.partition_point(|wait| wait.from_ns <= at_ns)];
        count += waits.len();
        found.extend(waits.iter().rev().take(MOST_WAITS).copied());
    }
    found.sort_by_key(|wait| std::cmp::Reverse(wait.from_ns));
    found.truncate(MOST_WAITS);
    (found, count)
}

fn waits(look: &Look<'_>, line: f32, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (run, theme) = (look.run, look.theme);
    heading(ui, theme, "Waits");
    let (waits, count) = begun(run, look.at_ns);
    if waits.is_empty() {
        note(ui, theme, "Nobody has waited yet.");
        return;
    }
    if count > waits.len() {
        note(ui, theme, format!("The latest {} of {}.", waits.len(), grouped(count as u64)));
    }
    if let Some(sentence) = run.summed_in_words() {
        note(ui, theme, sentence);
    }
    let height = 2.0 * line + theme.length(9.0);
    let room = ui.available_height().max(height * 4.2);
    let area = ScrollArea::vertical().id_salt("waits").max_height(room).auto_shrink([false, true]);
    area.show_rows(ui, height, waits.len(), |ui, visible| {
        for wait in &waits[visible] {
            let (space, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
            let words = in_words(look, wait);
            name(&response, Role::Button, &words);
            draw(&Ink::new(ui.painter(), theme), look, wait, (space, line), response.hovered());
            if response.clicked() {
                commands.push(Command::Seek(wait.from_ns.saturating_sub(run.began_ns)));
            }
            response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(words);
        }
    });
}

/// `for lock b, which Process-2 holds`; how long; what came of it.
fn parts(look: &Look<'_>, wait: &Wait) -> (String, String, &'static str) {
    let length = duration(wait.length_ns(look.at_ns));
    let end = if wait.lasts(look.at_ns) {
        "so far"
    } else if wait.got {
        "got it"
    } else {
        "in vain"
    };
    (look.run.wish_in_words(wait, wait.from_ns), length, end)
}

/// `Process-1 waited for lock b, which Process-2 holds, from 50 ms, 20 ms long: got it`.
fn in_words(look: &Look<'_>, wait: &Wait) -> String {
    let (wish, length, end) = parts(look, wait);
    let from = duration(wait.from_ns.saturating_sub(look.run.began_ns));
    let verb = if wait.lasts(look.at_ns) { "waits" } else { "waited" };
    format!("{} {verb} {wish}, from {from}, {length} long: {end}", look.run.title_of(wait.actor))
}

fn draw(ink: &Ink<'_>, look: &Look<'_>, wait: &Wait, (space, line): (Rect, f32), marked: bool) {
    let (theme, lasts) = (ink.theme, wait.lasts(look.at_ns));
    ink.card(space, 5, if marked { theme.hovered() } else { theme.card() }, theme.border());
    let waits = if holds_up(look.run.aim(wait).0) { theme.waits() } else { theme.faint() };
    if lasts {
        ink.dashed_box(space.shrink(0.5), waits);
    }
    let hue = look.run.actor(wait.actor).map_or(0, |actor| look.run.hue(actor));
    let edge = space.with_max_x(space.left() + theme.length(3.0));
    ink.painter.rect_filled(edge, CornerRadius { nw: 5, sw: 5, ne: 0, se: 0 }, theme.worker(hue));
    let inner = space.shrink2(vec2(theme.length(8.0), theme.length(4.0))).with_min_x(space.left() + theme.length(10.0));
    let (first, second) = inner.split_top_bottom_at_y(inner.top() + line);
    let (wish, length, end) = parts(look, wait);
    let right = ink.text_in(first, Align2::RIGHT_CENTER, length, theme.small(), theme.faint());
    let rest = first.with_max_x(right.left() - 6.0);
    ink.text_in(rest, Align2::LEFT_CENTER, look.run.title_of(wait.actor), theme.small(), theme.text());
    let colour = if lasts { waits } else { theme.faint() };
    let right = ink.text_in(second, Align2::RIGHT_CENTER, end, theme.small(), colour);
    let rest = second.with_max_x(right.left() - 6.0);
    ink.text_in(rest, Align2::LEFT_CENTER, wish, theme.small(), theme.faint());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::BEGAN_NS;
    use crate::gui::panels::fixture::ipc::{B, ipc};
    use crate::gui::theme::Theme;

    #[test]
    fn an_object_and_its_waits_are_told_at_the_moment() {
        let model = ipc();
        let run = model.last_run().expect("a run");
        let at = |ms: u64| BEGAN_NS + ms * 1_000_000;
        let row = |at_ns| Row::of(run, run.object(B).expect("it was made"), at_ns);
        assert_eq!((row(at(45)).state.as_str(), row(at(45)).held_up), ("held by Process-2", false));
        let row = row(at(70));
        assert!(row.held_up && row.words.ends_with("waiting: Process-1 20 ms; 1 wait in all"), "{}", row.words);
        let look =
            |at_ns| Look { run, model: &model, at_ns, live: false, selected_unit: None, theme: Theme::default() };
        let (waits, count) = begun(run, at(55));
        assert_eq!((waits.len(), count), (3, 3), "the third process does not wait yet");
        let told: Vec<String> = waits.iter().map(|wait| in_words(&look(at(55)), wait)).collect();
        assert_eq!(told[0], "Process-2 waits for lock a, which Process-1 holds, from 52 ms, 3 ms long: so far");
        assert_eq!(told[2], "Process-2 waited for a message in queue q, which is empty, from 9 ms, 5 ms long: got it");
    }
}
