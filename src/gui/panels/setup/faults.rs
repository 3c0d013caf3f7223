//! What goes wrong on purpose: the faults of the plan, each with a way to take it back, and a line to
//! write another.

use egui::{Button, ComboBox, DragValue, RichText, Ui};

use super::fit;
use crate::gui::panels::parts::{cross, ends, note};
use crate::gui::theme::Theme;
use crate::plan::{Action, Fault, MAX_MS, Moment, Plan, Stage};

/// The fault that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Draft {
    action: Action,
    /// At a moment of an item; `None` for a worker at a time.
    stage: Option<Stage>,
    item: u64,
    once: bool,
    place: u32,
    after_ms: u64,
}

impl Default for Draft {
    fn default() -> Self {
        Self { action: Action::Kill, stage: Some(Stage::Call), item: 3, once: false, place: 1, after_ms: 100 }
    }
}

impl Draft {
    /// The fault as it would be added.
    fn fault(&self) -> Fault {
        let moment = match self.stage {
            Some(stage) => Moment::Item { stage, item: self.item, once: self.once },
            None => Moment::Worker { place: self.place, after_ms: self.after_ms },
        };
        Fault { action: self.action, moment }
    }
}

/// Draws the list and the line below it.
pub(super) fn panel(plan: &mut Plan, items: u64, draft: &mut Draft, theme: Theme, ui: &mut Ui) {
    ui.add_space(2.0);
    ui.label(RichText::new("What goes wrong on purpose").font(theme.strong_small()));
    let mut gone = None;
    for (index, fault) in plan.faults.iter().enumerate() {
        let left_out = plan.with.no_fault(*fault);
        let text = RichText::new(fault.to_string()).font(theme.code());
        let text = if left_out.is_some() { text.color(theme.faint()).strikethrough() } else { text.color(theme.bad()) };
        let (label, removed) =
            ends(ui, |ui| ui.label(text), |ui| cross(ui, theme, &format!("Remove the fault {fault}")));
        label.on_hover_text(in_words(*fault));
        if let Some(why) = left_out {
            note(ui, theme, format!("Left out with {}: {why}", plan.with.name()));
        }
        if removed.clicked() {
            gone = Some(index);
        }
    }
    if let Some(index) = gone {
        plan.faults.remove(index);
    }
    write(plan, items, draft, theme, ui);
}

/// The line in which another fault is written.
fn write(plan: &mut Plan, items: u64, draft: &mut Draft, theme: Theme, ui: &mut Ui) {
    let half = (ui.available_width() - 6.0) / 2.0;
    let small = |text: &str| RichText::new(text.to_owned()).font(theme.small());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let action = ComboBox::from_id_salt("fault action").selected_text(small(draft.action.name())).width(half);
        let action = action.show_ui(ui, |ui| {
            for offered in Action::ALL {
                ui.selectable_value(&mut draft.action, offered, offered.name()).on_hover_text(does(offered));
            }
        });
        action.response.accessible_name("What happens").on_hover_text(does(draft.action));
        let when = ComboBox::from_id_salt("fault moment").selected_text(small(when(draft.stage))).width(half);
        let when = when.show_ui(ui, |ui| {
            for stage in Stage::ALL.map(Some).into_iter().chain([None]) {
                ui.selectable_value(&mut draft.stage, stage, self::when(stage));
            }
        });
        when.response.accessible_name("When it happens");
    });
    let fault = draft.fault();
    let problem = fit::possible(fault, plan.with).err();
    let ((), added) = ends(
        ui,
        |ui| {
            if draft.stage.is_some() {
                let most = items.saturating_sub(1);
                draft.item = draft.item.min(most);
                let item = DragValue::new(&mut draft.item).range(0..=most).prefix("item ").speed(0.1);
                ui.add(item).accessible_name("To which item");
                ui.checkbox(&mut draft.once, small("once"))
                    .on_hover_text("Only the first time: handed out again, the unit succeeds.");
            } else {
                draft.place = draft.place.clamp(1, plan.workers.max(1));
                let place = DragValue::new(&mut draft.place).range(1..=plan.workers).prefix("worker ").speed(0.05);
                ui.add(place).accessible_name("To which worker");
                let after = DragValue::new(&mut draft.after_ms).range(0..=MAX_MS).prefix("at ").suffix(" ms");
                ui.add(after).accessible_name("Milliseconds after the run began");
            }
        },
        |ui| {
            let is_new = !plan.faults.contains(&fault) && plan.faults.len() < 100;
            let add = ui.add_enabled(problem.is_none() && is_new && items > 0, Button::new("Add"));
            add.accessible_name("Add the fault")
        },
    );
    if added.clicked() {
        plan.faults.push(fault);
    }
    if let Some(problem) = problem {
        note(ui, theme, problem);
    }
}

fn when(stage: Option<Stage>) -> &'static str {
    match stage {
        Some(Stage::EncodeArguments) => "encoding arguments",
        Some(Stage::DecodeArguments) => "decoding arguments",
        Some(Stage::Call) => "computing",
        Some(Stage::EncodeResult) => "encoding the result",
        Some(Stage::DecodeResult) => "decoding the result",
        None => "at a time",
    }
}

/// A fault as a sentence.
fn in_words(fault: Fault) -> String {
    match fault.moment {
        Moment::Item { stage, item, once } => {
            let often = if once { ", the first time only" } else { "" };
            format!("When it comes to {} of item {item}{often}: {}", when(Some(stage)), does(fault.action))
        }
        Moment::Worker { place, after_ms } => {
            format!("{after_ms} ms after the run began, to worker {place}: {}", does(fault.action))
        }
    }
}

/// What an action does, in a sentence.
pub(in crate::gui::panels) fn does(action: Action) -> &'static str {
    match action {
        Action::Error => "The task raises an error; its process lives on.",
        Action::Closure => "The value is a closure, which can't be pickled.",
        Action::OpenFile => "The value is an open file, which can't be pickled.",
        Action::Exit => "The process ends in order, with sys.exit(3).",
        Action::LibcExit => "The process ends at once, with os._exit(7): nothing is cleaned up.",
        Action::Abort => "The process aborts (SIGABRT).",
        Action::Segfault => "The process reads through a null pointer (SIGSEGV).",
        Action::Kill => "The process is killed (SIGKILL), which it can't prevent.",
        Action::Terminate => "The process is asked to end (SIGTERM), as terminate() does.",
        Action::Stop => "The process stands still (SIGSTOP) until it is continued.",
        Action::Continue => "The process goes on (SIGCONT).",
        Action::Hang => "The process stays alive, and does nothing any more.",
    }
}
