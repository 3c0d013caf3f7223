//! The same in Python: the program for the current settings, with what just changed marked.

use std::ops::Range;

use egui::text::{LayoutJob, TextFormat};
use egui::{Button, Color32, Frame, Margin, RichText, ScrollArea, Ui};

use super::parts::{ends, heading, note};
use crate::gui::command::Command;
use crate::gui::theme::Theme;
use crate::plan::Plan;
use crate::python;

/// What the panel remembers: the last program, and where it differs from the one before.
#[derive(Clone, Debug, Default)]
pub struct View {
    program: String,
    changed: Vec<Range<usize>>,
    /// The line that is to come into view.
    seek_line: Option<usize>,
}

/// Draws the program in the rest of the space, at least `min_height` of it.
pub fn panel(plan: &Plan, view: &mut View, theme: Theme, ui: &mut Ui, min_height: f32, commands: &mut Vec<Command>) {
    let Ok(checked) = plan.check() else {
        heading(ui, theme, "The same in Python");
        note(ui, theme, "There is no program for settings that can't run.");
        return;
    };
    let program = python::program(&checked);
    if program != view.program {
        // The first program of all is no change.
        view.changed = if view.program.is_empty() { Vec::new() } else { changes(&view.program, &program) };
        let seek = view.changed.first().map_or_else(|| program.find("    began"), |range| Some(range.start));
        view.seek_line = seek.map(|at| program[..at].matches('\n').count());
        view.program = program;
    }
    ends(
        ui,
        |ui| heading(ui, theme, "The same in Python"),
        |ui| {
            let button = Button::new(RichText::new("Copy").font(theme.small()));
            if ui.add(button).accessible_name("Copy the Python program").clicked() {
                commands.push(Command::Copy(view.program.clone()));
            }
        },
    );
    let height = ui.available_height().max(min_height);
    Frame::new().fill(theme.sunken()).corner_radius(5).inner_margin(Margin::same(8)).show(ui, |ui| {
        ui.set_min_size(egui::vec2(ui.available_width(), height - 16.0));
        let mut area = ScrollArea::both().id_salt("python").max_height(height - 16.0).auto_shrink(false);
        if let Some(line) = view.seek_line.take() {
            let row = ui.fonts_mut(|fonts| fonts.row_height(&theme.code()));
            // A line or two above it give the place.
            area = area.vertical_scroll_offset(row * line.saturating_sub(2) as f32);
        }
        area.show(ui, |ui| {
            let job = coloured(&view.program, &view.changed, theme);
            ui.add(egui::Label::new(job).extend().selectable(true));
        });
    });
}

/// The places of `new` that are not in `old`: within a line where lines match up, else whole lines.
fn changes(old: &str, new: &str) -> Vec<Range<usize>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same_head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let rest = before.len().min(after.len()) - same_head;
    let same_tail = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) =
        (&before[same_head..before.len() - same_tail], &after[same_head..after.len() - same_tail]);
    let mut at: usize = after[..same_head].iter().map(|line| line.len() + 1).sum();
    let mut found = Vec::new();
    for (index, line) in new_middle.iter().enumerate() {
        let part = match old_middle.get(index) {
            Some(old) if old_middle.len() == new_middle.len() => inner_change(old, line),
            _ => line.len() - line.trim_start().len()..line.len(),
        };
        if !part.is_empty() {
            found.push(at + part.start..at + part.end);
        }
        at += line.len() + 1;
    }
    found
}

/// The part of a line that differs, widened to whole words.
fn inner_change(old: &str, new: &str) -> Range<usize> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let head: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(_, b)| b.len_utf8()).sum();
    let tail: usize = old[head.min(old.len())..]
        .chars()
        .rev()
        .zip(new[head..].chars().rev())
        .take_while(|(a, b)| a == b)
        .map(|(_, b)| b.len_utf8())
        .sum();
    let (mut start, mut end) = (head, new.len() - tail);
    if start == end {
        return start..end;
    }
    // A change in the middle of a word marks the word.
    while new[start..].starts_with(is_word)
        && let Some(character) = new[..start].chars().next_back().filter(|&c| is_word(c))
    {
        start -= character.len_utf8();
    }
    while new[..end].ends_with(is_word)
        && let Some(character) = new[end..].chars().next().filter(|&c| is_word(c))
    {
        end += character.len_utf8();
    }
    start..end
}

/// The program with its keywords and strings in colour, and its changes marked.
fn coloured(program: &str, changed: &[Range<usize>], theme: Theme) -> LayoutJob {
    let mut job = LayoutJob::default();
    job.wrap.max_width = f32::INFINITY;
    let mut at = 0;
    while at < program.len() {
        let (length, colour) = token(&program[at..], theme);
        // A token is cut where a mark begins or ends.
        let cut = changed.iter().flat_map(|range| [range.start, range.end]).filter(|&cut| cut > at).min();
        let end = cut.map_or(at + length, |cut| cut.min(at + length));
        let marked = changed.iter().any(|range| range.contains(&at));
        let background = if marked { theme.note_back() } else { Color32::TRANSPARENT };
        let underline =
            if marked { egui::Stroke::new(theme.line(1.0), theme.prediction()) } else { egui::Stroke::NONE };
        let format =
            TextFormat { font_id: theme.code(), color: colour, background, underline, ..TextFormat::default() };
        job.append(&program[at..end], 0.0, format);
        at = end;
    }
    job
}

/// How long the next token of Python is, and its colour.
fn token(rest: &str, theme: Theme) -> (usize, Color32) {
    const KEYWORDS: [&str; 16] = [
        "as", "def", "else", "False", "for", "from", "if", "import", "in", "lambda", "None", "return", "True", "while",
        "with", "and",
    ];
    let length_while = |accept: fn(char) -> bool| rest.find(|character| !accept(character)).unwrap_or(rest.len());
    let Some(first) = rest.chars().next() else { return (0, theme.text()) };
    if first == '"' {
        let length = rest[1..].find('"').map_or(rest.len(), |end| end + 2);
        (length, theme.good())
    } else if first.is_alphabetic() || first == '_' {
        let length = length_while(|character| character.is_alphanumeric() || character == '_');
        (length, if KEYWORDS.contains(&&rest[..length]) { theme.accent() } else { theme.text() })
    } else {
        let length = length_while(|character| !character.is_alphabetic() && character != '"' && character != '_');
        (length.max(first.len_utf8()), theme.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed<'a>(old: &str, new: &'a str) -> Vec<&'a str> {
        changes(old, new).into_iter().map(|range| &new[range]).collect()
    }

    #[test]
    fn what_just_changed_is_found_as_whole_words() {
        assert_eq!(changed("a\nPool(processes=2)\nb\n", "a\nPool(processes=12)\nb\n"), ["12"]);
        assert_eq!(changed("get_context(\"spawn\")", "get_context(\"forkserver\")"), ["forkserver"]);
        assert_eq!(changed("map(f, items)", "map(f, items, chunksize=7)"), [", chunksize=7"]);
        assert_eq!(changed("a\n    x\nc", "a\n    y = 1\n    z\nc"), ["y = 1", "z"]);
        assert!(changed("same", "same").is_empty());
        assert!(changed("map(f, items, chunksize=7)", "map(f, items)").is_empty(), "nothing new to mark");
    }

    #[test]
    fn colours_lose_no_character() {
        let program = "from x import y\nprint(\"é → ok\", 1_0)  # done\n\"open";
        let job = coloured(program, &[5..9, 20..25], Theme::default());
        assert_eq!(job.text, program);
    }
}
