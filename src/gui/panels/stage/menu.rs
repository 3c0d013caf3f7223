//! What can be done to a worker, or to a process of a program: the menu of its card.

use egui::{Button, Popup, Response, RichText, Ui};

use crate::gui::command::Command;
use crate::gui::panels::Look;
use crate::gui::panels::setup::does;
use crate::model::{Actor, State};
use crate::plan::Action;
use crate::trace::Role;

/// Whether something can be done to a process of a program.
pub(super) fn is_for(role: Role) -> bool {
    matches!(role, Role::Process | Role::Manager)
}

/// Opens below a card that is clicked.
pub(super) fn of(card: &Response, actor: &Actor, look: &Look<'_>, unit: Option<u32>, commands: &mut Vec<Command>) {
    Popup::menu(card).id(card.id.with("menu")).show(|ui| {
        ui.set_width(look.theme.length(220.0));
        entries(ui, actor, look, unit, commands);
    });
}

fn entries(ui: &mut Ui, actor: &Actor, look: &Look<'_>, unit: Option<u32>, commands: &mut Vec<Command>) {
    let theme = look.theme;
    if let Some(unit) = unit {
        if ui.button(format!("Follow unit {unit}")).clicked() {
            commands.push(Command::SelectUnit(Some(unit)));
            ui.close();
        }
        ui.separator();
    }
    for action in Action::ON_WORKER {
        let reason = why_not(actor, look, action);
        let right = RichText::new(action.signal().unwrap_or_default()).font(theme.small()).color(theme.faint());
        let button = Button::new(word(action)).right_text(right).min_size(egui::vec2(ui.available_width(), 0.0));
        let response =
            ui.add_enabled(reason.is_none(), button).accessible_name(word(action)).on_hover_text(does(action));
        if let Some(reason) = &reason {
            response.clone().on_disabled_hover_text(reason);
        }
        if response.clicked() {
            commands.push(Command::Order(actor.id, action));
            ui.close();
        }
        if matches!(action, Action::Continue | Action::Kill) {
            ui.separator();
        }
    }
    // The same for all: said once where it can be read without a pointer.
    if let Some(reason) = why_nothing(actor, look) {
        ui.label(RichText::new(reason).font(theme.small()).color(theme.faint()));
    }
}

/// Why nothing can be done to an actor.
fn why_nothing(actor: &Actor, look: &Look<'_>) -> Option<String> {
    if !look.live {
        return Some("A recording can't be changed: this works while a run is live.".to_owned());
    }
    match actor.state(look.run.last_ns) {
        _ if actor.role == Role::WorkerThread || actor.role == Role::ProcessThread => {
            Some("A thread can't be signalled: a signal is for its whole process.".to_owned())
        }
        State::Exited(exit) => Some(format!("It has ended: exited {exit}.")),
        State::Zombie => Some("It has ended: only its entry in the process table is left.".to_owned()),
        State::Unborn => Some("It has not been started yet.".to_owned()),
        State::Busy(..) | State::Stopped => None,
    }
}

/// Why an action makes no sense now.
fn why_not(actor: &Actor, look: &Look<'_>, action: Action) -> Option<String> {
    let stopped = actor.state(look.run.last_ns) == State::Stopped;
    why_nothing(actor, look).or_else(|| match action {
        Action::Stop if stopped => Some("It stands still already.".to_owned()),
        Action::Continue if !stopped => Some("It does not stand still.".to_owned()),
        _ => None,
    })
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Stop => "Stop it",
        Action::Continue => "Continue",
        Action::Terminate => "Terminate",
        Action::Kill => "Kill",
        Action::Segfault => "Crash: null pointer",
        Action::Abort => "Crash: abort",
        Action::Exit => "End: sys.exit(3)",
        Action::LibcExit => "End: os._exit(7)",
        Action::Hang => "Hang: never answer",
        Action::Error | Action::Closure | Action::OpenFile => "Fail",
    }
}
