//! More of Pool: the parameters that a lesson needs now and then, folded away until then.

use std::hash::Hash;
use std::ops::RangeInclusive;

use egui::{CollapsingHeader, ComboBox, DragValue, RichText, Ui};

use super::{faults, fit};
use crate::gui::panels::parts::{ends, named_row, note, row};
use crate::gui::theme::Theme;
use crate::plan::{Callback, Initializer, LossPolicy, MAX_MS, Plan};
use crate::workload::Input;

/// Draws the heading, and below it, once it is opened, the parameters.
pub(super) fn panel(plan: &mut Plan, input: &Input, draft: &mut faults::Draft, theme: Theme, ui: &mut Ui) {
    let set = told(&fit::runnable(plan));
    let title = if set.is_empty() { "More of Pool".to_owned() } else { format!("More of Pool: {}", set.join(", ")) };
    let title = RichText::new(crate::gui::panels::parts::shortened(&title, 34)).color(theme.faint());
    let header = CollapsingHeader::new(title).id_salt("more of pool").show_unindented(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        parameters(plan, theme, ui);
        policy(plan, theme, ui);
        faults::panel(plan, input.len(), draft, theme, ui);
        deadline(plan, theme, ui);
    });
    let response = header.header_response.accessible_name("More of Pool");
    if !set.is_empty() {
        response.on_hover_text(set.join("\n"));
    }
}

/// What is set beyond the common case, in the words of Python.
pub(super) fn told(plan: &Plan) -> Vec<String> {
    let mut told = Vec::new();
    let mut tell = |what: Option<String>| told.extend(what);
    tell(plan.maxtasksperchild.map(|most| format!("maxtasksperchild={most}")));
    tell(plan.initializer.map(|chosen| format!("initializer {}", chosen.name())));
    tell(plan.callback.map(|chosen| format!("callback {}", chosen.name())));
    tell(plan.timeout_ms.map(|ms| format!("timeout {ms} ms")));
    tell(plan.buffersize.map(|size| format!("buffersize={size}")));
    tell(plan.terminate_after_ms.map(|ms| format!("terminate() after {ms} ms")));
    tell((plan.policy != LossPolicy::default()).then(|| format!("lost: {}", plan.policy.name())));
    tell(match plan.faults.len() {
        0 => None,
        1 => Some("1 fault".to_owned()),
        count => Some(format!("{count} faults")),
    });
    tell(plan.deadline_ms.map(|ms| format!("deadline {ms} ms")));
    told
}

fn parameters(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let units = Number { suffix: " units", range: 1..=1_000_000, default: 4 };
    let ms = |default| Number { suffix: " ms", range: 1..=MAX_MS, default };
    let reason = plan.with.no_maxtasks();
    let mut most = plan.maxtasksperchild.map(u64::from);
    let tip = "After so many units a worker process ends, and another takes its place.";
    number(ui, theme, "maxtasksperchild", &mut most, &units, reason, tip);
    plan.maxtasksperchild = most.map(|most| most as u32);

    let reason = plan.with.no_initializer();
    let initializers: Vec<_> =
        Initializer::ALL.iter().map(|&offered| (offered, offered.name(), prepare(offered))).collect();
    choice(ui, theme, "initializer", &mut plan.initializer, &initializers, reason);
    let reason = fit::no_callback(plan);
    let callbacks: Vec<_> = Callback::ALL.iter().map(|&offered| (offered, offered.name(), answer(offered))).collect();
    choice(ui, theme, "callback", &mut plan.callback, &callbacks, reason);

    let reason = fit::no_timeout(plan);
    let tip = "The caller first waits so long, with get(timeout) or next(timeout); after the TimeoutError it waits on.";
    number(ui, theme, "timeout", &mut plan.timeout_ms, &ms(200), reason, tip);
    let reason = fit::no_buffersize(plan);
    let mut size = plan.buffersize.map(u64::from);
    let tip = "How many units may be handed out beyond what the caller has taken: the look-ahead.";
    number(ui, theme, "buffersize", &mut size, &Number { default: 8, ..units }, reason, tip);
    plan.buffersize = size.map(|size| size as u32);
    let reason = plan.with.no_terminate();
    let tip = "The caller gives up after so long and calls terminate(): units under way are lost.";
    number(ui, theme, "terminate() after", &mut plan.terminate_after_ms, &ms(500), reason, tip);
}

/// A number that a plan may have, and what it is when it is switched on.
#[derive(Clone)]
struct Number {
    suffix: &'static str,
    range: RangeInclusive<u64>,
    default: u64,
}

/// A number with a switch.
fn number(
    ui: &mut Ui,
    theme: Theme,
    name: &str,
    value: &mut Option<u64>,
    number: &Number,
    reason: fit::Reason,
    tip: &str,
) {
    ui.add_enabled_ui(reason.is_none(), |ui| {
        let mut on = value.is_some();
        let mut chosen = value.unwrap_or(number.default);
        let (response, ()) = ends(
            ui,
            |ui| ui.checkbox(&mut on, RichText::new(name).font(theme.code())).on_hover_text(tip),
            |ui| {
                let drag = DragValue::new(&mut chosen).range(number.range.clone()).suffix(number.suffix);
                let speed = number.default as f64 / 40.0;
                ui.add_enabled(value.is_some(), drag.speed(speed)).accessible_name(format!("{name}: value"));
            },
        );
        *value = on.then_some(chosen);
        if let Some(reason) = reason {
            response.on_disabled_hover_text(reason);
        }
    });
}

/// One of a few, or none.
fn choice<T: Copy + PartialEq + Hash>(
    ui: &mut Ui,
    theme: Theme,
    name: &str,
    value: &mut Option<T>,
    offered: &[(T, &str, &str)],
    reason: fit::Reason,
) {
    ui.add_enabled_ui(reason.is_none(), |ui| {
        let response = named_row(ui, theme, RichText::new(name).font(theme.code()), |ui| {
            let width = ui.available_width();
            let chosen =
                offered.iter().find(|(choice, ..)| Some(*choice) == *value).map_or("none", |(_, word, _)| *word);
            let combo = ComboBox::from_id_salt(name).selected_text(chosen).width(width);
            let response = combo.show_ui(ui, |ui| {
                ui.selectable_value(value, None, "none");
                for &(choice, word, tip) in offered {
                    ui.selectable_value(value, Some(choice), word).on_hover_text(tip);
                }
            });
            response.response
        });
        if let Some(reason) = reason {
            response.on_disabled_hover_text(reason);
        }
    });
}

fn prepare(initializer: Initializer) -> &'static str {
    match initializer {
        Initializer::Prepare => "Each worker first builds a table (about 20 ms) and prints that it did.",
        Initializer::IgnoreTerminate => "Each worker ignores SIGTERM: terminate() no longer ends it.",
        Initializer::Fails => "Raises an error, every time: the pool starts workers for ever.",
    }
}

fn answer(callback: Callback) -> &'static str {
    match callback {
        Callback::Counts => "Is called with the results, and counts them.",
        Callback::Raises => "Raises an error in the thread that handles results.",
    }
}

/// What becomes of a unit whose worker dies, with a sentence for each choice.
fn policy(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let reason = plan.with.no_policy();
    ui.add_enabled_ui(reason.is_none(), |ui| {
        let response = row(ui, theme, "Lost worker", |ui| {
            let width = ui.available_width();
            let combo = ComboBox::from_id_salt("policy").selected_text(plan.policy.name()).width(width);
            let response = combo.show_ui(ui, |ui| {
                for &offered in LossPolicy::ALL {
                    ui.selectable_value(&mut plan.policy, offered, offered.name()).on_hover_text(sentence(offered));
                }
            });
            response.response
        });
        match reason {
            Some(reason) => _ = response.on_disabled_hover_text(reason),
            None => _ = note(ui, theme, sentence(plan.policy)),
        }
        if let Some(beyond) = fit::beyond_policy(plan.with) {
            note(ui, theme, beyond);
        }
    });
}

/// What a policy does, in one sentence.
pub(super) fn sentence(policy: LossPolicy) -> &'static str {
    match policy {
        LossPolicy::Replace => "Its unit fails with an error that says who died; another worker takes its place.",
        LossPolicy::Retry => "Its unit is computed again, three times at most; another worker takes its place.",
        LossPolicy::Broken => "All that is not done fails and the pool is broken, as in ProcessPoolExecutor.",
        LossPolicy::Lost => {
            "Its result never comes and nobody is told, as in Python's Pool: the caller waits for ever."
        }
    }
}

fn deadline(plan: &mut Plan, theme: Theme, ui: &mut Ui) {
    let ms = Number { suffix: " ms", range: 1..=MAX_MS, default: 5_000 };
    let tip = "A run that has not ended by then is ended.";
    number(ui, theme, "deadline", &mut plan.deadline_ms, &ms, None, tip);
    if let (None, Some(ms)) = (plan.deadline_ms, fit::runnable(plan).deadline_ms()) {
        let seconds = ms as f64 / 1e3;
        note(ui, theme, format!("Something here may never end: the run is ended after {seconds} s."));
    }
}
