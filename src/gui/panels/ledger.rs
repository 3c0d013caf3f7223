//! The lists of a run, one at a time: its processes, what they share, its output, its errors, its calls.

use egui::{Button, RichText, Ui};

use super::Look;
use super::parts::{heading, note};
use super::{calls, errors, output, processes, shared};
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::theme::Theme;
use crate::model::Run;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Processes,
    Output,
    Errors,
    Calls,
    Shared,
}

/// Which list was chosen.
#[derive(Clone, Debug, Default)]
pub struct View {
    chosen: Option<Tab>,
}

/// Draws the names of the lists, with how many errors there are, and the chosen one.
pub fn panel(look: &Look<'_>, view: &mut View, ui: &mut Ui, commands: &mut Vec<Command>) {
    let theme = look.theme;
    // What a program prints has a place of its own, below its timeline; its calls come first.
    let program = look.run.plan.program.is_some();
    let tabs = if program && !look.run.objects().is_empty() {
        vec![Tab::Shared, Tab::Calls, Tab::Processes, Tab::Errors]
    } else if program {
        vec![Tab::Calls, Tab::Processes, Tab::Errors]
    } else if look.run.calls.is_empty() {
        vec![Tab::Processes, Tab::Output, Tab::Errors]
    } else {
        vec![Tab::Processes, Tab::Output, Tab::Errors, Tab::Calls]
    };
    let shown = view.chosen.filter(|tab| tabs.contains(tab)).unwrap_or(tabs[0]);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = theme.length(6.0);
        for tab in tabs {
            let (name, count) = title(tab, look.run);
            let is_bad = tab == Tab::Errors && count > 0;
            let words = if count > 0 { format!("{name} {}", grouped(count)) } else { name.to_owned() };
            let mut text = RichText::new(words).font(theme.strong_small());
            if is_bad && tab != shown {
                text = text.color(theme.bad());
            }
            let button = Button::selectable(tab == shown, text).frame_when_inactive(true);
            let button = if is_bad && tab != shown { button.fill(theme.bad_back()) } else { button };
            if ui.add(button).accessible_name(format!("{name}: {count}")).clicked() {
                view.chosen = Some(tab);
            }
        }
    });
    match shown {
        Tab::Processes => processes::panel(look, ui),
        Tab::Output => output::panel(look, ui),
        Tab::Errors => errors::panel(look, ui, commands),
        Tab::Calls => calls::panel(look, ui, commands),
        Tab::Shared => shared::panel(look, ui, commands),
    }
}

/// What will stand here once a program has run.
pub fn nothing_yet(theme: Theme, ui: &mut Ui) {
    heading(ui, theme, "Calls of the library");
    note(
        ui,
        theme,
        "What each process calls – start, join, terminate – comes here, with its answer and how long it took.",
    );
}

fn title(tab: Tab, run: &Run) -> (&'static str, u64) {
    match tab {
        Tab::Processes => ("Processes", 0),
        Tab::Output => ("Output", 0),
        Tab::Errors => ("Errors", errors::count(run)),
        Tab::Calls => ("Calls", run.calls.len() as u64),
        Tab::Shared => ("Shared", 0),
    }
}
