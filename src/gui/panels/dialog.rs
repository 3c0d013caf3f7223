//! Naming a file: a path field, for the system's own dialog is not there on every machine.

use std::path::{Path, PathBuf};

use egui::{Context, Frame, Id, Key, Margin, Modal, RichText, TextEdit};

use super::parts::note;
use crate::gui::command::Command;
use crate::gui::theme::Theme;

/// What a file is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A recorded trace is to be shown.
    Open,
    /// The trace that is shown is to be kept.
    Save,
}

/// The dialog, while it is open.
#[derive(Clone, Debug)]
pub struct Dialog {
    purpose: Purpose,
    path: String,
    is_new: bool,
}

impl Dialog {
    /// Opens one, with a name to start from.
    pub fn new(purpose: Purpose) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        let path = match purpose {
            Purpose::Open => folder.join(""),
            Purpose::Save => free_name(&folder),
        };
        Self { purpose, path: path.display().to_string(), is_new: true }
    }
}

/// Draws the dialog, if it is open, and closes it when it is done with.
pub fn panel(view: &mut Option<Dialog>, theme: Theme, ctx: &Context, commands: &mut Vec<Command>) {
    let Some(dialog) = view else { return };
    let (title, verb, hint) = match dialog.purpose {
        Purpose::Open => {
            ("Open a trace", "Open", "The path of a recorded trace. You can also drop a file onto the window.")
        }
        Purpose::Save => ("Save the trace", "Save", "A new file; nothing is overwritten. It opens again with Open."),
    };
    let mut is_done = false;
    let frame = Frame::popup(&ctx.global_style()).inner_margin(Margin::same(16));
    let modal = Modal::new(Id::unique("file dialog")).frame(frame).show(ctx, |ui| {
        ui.set_width(theme.length(460.0));
        let label = ui.label(RichText::new(title).font(theme.strong()));
        let field = ui.add(TextEdit::singleline(&mut dialog.path).desired_width(f32::INFINITY).font(theme.code()));
        let field = field.labelled_by(label.id);
        if std::mem::take(&mut dialog.is_new) {
            field.request_focus();
        }
        note(ui, theme, hint);
        let path = PathBuf::from(dialog.path.trim());
        let is_named = path.file_name().is_some() && !path.is_dir();
        ui.horizontal(|ui| {
            let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let pressed = ui.add_enabled(is_named, egui::Button::new(verb)).clicked();
            if is_named && (pressed || entered) {
                commands.push(match dialog.purpose {
                    Purpose::Open => Command::Open(path),
                    Purpose::Save => Command::Save(path),
                });
                is_done = true;
            }
            is_done |= ui.button("Cancel").clicked();
        });
    });
    if is_done || modal.should_close() {
        *view = None;
    }
}

/// `run.trace`, or the first `run-2.trace`, `run-3.trace`, … that is free.
fn free_name(folder: &Path) -> PathBuf {
    let names = std::iter::once("run.trace".to_owned()).chain((2..1000).map(|number| format!("run-{number}.trace")));
    let mut paths = names.map(|name| folder.join(name));
    paths.find(|path| !path.exists()).unwrap_or_else(|| folder.join("run.trace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_offered_that_is_free() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(free_name(folder.path()).ends_with("run.trace"));
        std::fs::write(folder.path().join("run.trace"), "").expect("a file");
        assert!(free_name(folder.path()).ends_with("run-2.trace"));
    }
}
