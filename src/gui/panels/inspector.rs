//! The story of one unit: queued, sent, received, computed, sent back, taken.

use egui::{CornerRadius, Frame, Margin, RichText, Stroke, Ui, vec2};

use super::Look;
use super::parts::cross;
use crate::chunk::grouped;
use crate::gui::command::Command;
use crate::gui::words::{bytes, duration};
use crate::model::{Message, Run};
use crate::trace::{ChannelId, Medium};

/// One step of a unit's story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub what: &'static str,
    /// How long it took, how large it was, or when it was.
    pub figures: String,
}

/// Who computed a unit and which items it holds: `items 315–377 · Worker 4 (pid 41210)`.
pub fn heading(run: &Run, unit: u32) -> String {
    let range = run.cut.range(unit);
    let items = match range.end.saturating_sub(range.start) {
        0 => "no items".to_owned(),
        1 => format!("item {}", grouped(range.start)),
        _ => format!("items {}–{}", grouped(range.start), grouped(range.end - 1)),
    };
    let worker = run.units.get(unit).and_then(|record| record.worker).and_then(|worker| run.actor(worker));
    match worker {
        Some(actor) => format!("{items} · {} (pid {})", actor.title(), actor.pid),
        None => format!("{items} · not computed yet"),
    }
}

/// The steps of a unit as far as they are known; what is not yet is `–`.
pub fn story(run: &Run, unit: u32) -> Vec<Step> {
    let unknown = || "–".to_owned();
    let record = run.units.get(unit).copied().unwrap_or_default();
    let since = |at_ns: u64| duration(at_ns.saturating_sub(run.began_ns));
    let message = |way: Option<(ChannelId, u32)>| -> Option<(Message, Medium)> {
        let (channel, number) = way?;
        let road = run.channel(channel)?;
        Some((road.message(number as usize)?, road.medium))
    };
    let size = |(message, medium): &(Message, Medium)| match medium {
        Medium::Pipe => bytes(u64::from(message.bytes)),
        Medium::Memory => "ref".to_owned(),
    };
    let after = |from: Option<u64>, to: Option<u64>| Some(format!("+{}", duration(to?.saturating_sub(from?))));
    let computed = match (record.began_ns, record.ended_ns) {
        (Some(began_ns), Some(ended_ns)) => duration(ended_ns.saturating_sub(began_ns)),
        (Some(began_ns), None) => format!("since {}", since(began_ns)),
        _ => unknown(),
    };
    let mut steps = Vec::new();
    let mut step = |what, figures: Option<String>| steps.push(Step { what, figures: figures.unwrap_or_else(unknown) });
    if run.channels.is_empty() {
        step("queued", record.began_ns.map(|began_ns| duration(began_ns.saturating_sub(run.began_ns))));
        step("computed", Some(computed));
        step("done at", record.ended_ns.map(since));
        return steps;
    }
    let (request, reply) = (message(record.request), message(record.reply));
    let sent_ns = request.and_then(|(request, _)| request.sent_ns);
    let received_ns = request.and_then(|(request, _)| request.received_ns);
    let replied_ns = reply.and_then(|(reply, _)| reply.sent_ns);
    step("queued", sent_ns.map(since));
    step("sent", request.as_ref().map(size));
    step("received", after(sent_ns, received_ns));
    step("computed", Some(computed));
    step("result", reply.as_ref().map(size));
    step("back", after(replied_ns, record.arrived_ns));
    step("at", record.arrived_ns.map(since));
    steps
}

/// Draws the strip: a card with the steps as columns, or a hint of how to choose a unit.
pub fn panel(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    let (theme, scale) = (look.theme, look.theme.scale());
    let label = |text: String, colour| RichText::new(text).font(theme.small()).color(colour);
    let frame = Frame::NONE
        .fill(theme.card())
        .stroke(Stroke::new(theme.line(1.0), theme.border()))
        .corner_radius(CornerRadius::same(9))
        .inner_margin(Margin::symmetric((14.0 * scale) as i8, (8.0 * scale) as i8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing = vec2(8.0, 3.0) * scale;
        let Some(unit) = look.selected_unit else {
            let hint = "Click a unit – a token, a chip or a bar – to see its way there and back.";
            ui.label(label(hint.to_owned(), theme.faint()));
            return;
        };
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Unit {unit}")).font(theme.strong()).color(theme.text()));
            ui.label(label(heading(look.run, unit), theme.faint()));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| close(look, ui, commands));
        });
        if let Some(failure) = look.run.failures.iter().find(|failure| failure.unit == unit) {
            ui.label(label(format!("failed: {}", failure.what.message), theme.bad()));
        }
        steps(look, unit, ui);
    });
}

/// The steps side by side, each as wide as it needs, with the rest of the width shared between them.
fn steps(look: &Look<'_>, unit: u32, ui: &mut Ui) {
    let theme = look.theme;
    let steps = story(look.run, unit);
    let wide = |text: &str, font| ui.painter().layout_no_wrap(text.to_owned(), font, theme.text()).size().x.ceil();
    let width = |step: &Step| wide(step.what, theme.small()).max(wide(&step.figures, theme.strong()));
    let widths: Vec<f32> = steps.iter().map(width).collect();
    let room = ui.available_width() - widths.iter().sum::<f32>() - 1.0;
    let gap = (room / steps.len().saturating_sub(1).max(1) as f32).clamp(4.0, 64.0 * theme.scale());
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = vec2(gap, 1.0);
        for (step, width) in steps.iter().zip(widths) {
            ui.vertical(|ui| {
                ui.set_width(width);
                ui.label(RichText::new(step.what).font(theme.small()).color(theme.faint()));
                let figures = RichText::new(&step.figures).font(theme.strong()).color(theme.text());
                ui.add(egui::Label::new(figures).extend());
            });
        }
    });
}

/// Lets go of the unit.
fn close(look: &Look<'_>, ui: &mut Ui, commands: &mut Vec<Command>) {
    if cross(ui, look.theme, "Let go of the unit").clicked() {
        commands.push(Command::SelectUnit(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{Pool, sequential, small};
    use crate::gui::theme::Theme;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    #[test]
    fn the_story_of_a_unit_has_its_times_and_sizes() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let unit = run.units.get(5).expect("it is known");
        let steps = story(run, 5);
        let figures = |what| steps.iter().find(|step| step.what == what).expect("a step").figures.clone();
        assert_eq!(steps.len(), 7);
        assert_eq!(figures("sent"), "412 B");
        assert_eq!(figures("result"), "96 B");
        let length_ns = unit.ended_ns.expect("ended") - unit.began_ns.expect("began");
        assert_eq!(figures("computed"), duration(length_ns));
        assert!(figures("received").starts_with('+') && figures("back").starts_with('+'), "{steps:?}");
        assert!(heading(run, 5).starts_with("items 315–377 · Worker "), "{}", heading(run, 5));
    }

    #[test]
    fn what_is_not_known_yet_is_a_dash() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        assert!(story(run, 99).iter().all(|step| step.figures == "–"));
        assert_eq!(story(sequential().last_run().expect("there is a run"), 2).len(), 3);
        let threads = Pool { medium: Medium::Memory, ..Pool::default() }.model();
        let steps = story(threads.last_run().expect("there is a run"), 2);
        assert_eq!(steps[1].figures, "ref");
    }

    #[test]
    fn the_strip_lets_go_by_name() {
        let mut harness = Harness::builder()
            .with_size(vec2(760.0, 120.0))
            .with_context_setup(crate::gui::fonts::install)
            .build_ui_state(
                |ui, commands: &mut Vec<Command>| {
                    let model = small();
                    let Some(run) = model.last_run() else { return };
                    let theme = Theme::default();
                    panel(
                        &Look { model: &model, run, at_ns: run.began_ns, live: false, selected_unit: Some(5), theme },
                        ui,
                        commands,
                    );
                },
                Vec::new(),
            );
        harness.run_steps(2);
        harness.get_by_label("Unit 5");
        harness.get_by_label("412 B");
        harness.get_by_label("Let go of the unit").click();
        harness.run_steps(2);
        assert_eq!(harness.state().first(), Some(&Command::SelectUnit(None)));
    }
}
