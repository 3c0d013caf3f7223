//! What the bars mean: a sample of each shape with its words, drawn as the bars themselves are.

use egui::{Popup, Rect, Response, Role, Sense, Ui, vec2};

use super::bars;
use super::holds::Hold;
use super::lane::{Fill, Mark};
use crate::gui::panels::Look;
use crate::gui::panels::draw::{Ink, name};
use crate::model::SpanKind;
use crate::plan::Executor;

/// Opens below its button.
pub(super) fn of(button: &Response, look: &Look<'_>) {
    Popup::menu(button).id(button.id.with("legend")).show(|ui| {
        for (fill, words) in entries(look) {
            entry(ui, look, fill, words);
        }
        if !look.run.objects().is_empty() {
            lock(ui, look, false, "below the bars: holds a lock");
            lock(ui, look, true, "holds a lock that others wait for");
        }
    });
}

/// What can be seen in this run, and what it means.
fn entries(look: &Look<'_>) -> Vec<(Fill, &'static str)> {
    let plan = &look.run.plan;
    let mut entries = vec![(Fill::Computing, "computing; on it the number of the unit")];
    if plan.program.is_none() {
        entries.push((Fill::Overhead(SpanKind::Sending), "overhead: starting, receiving, serializing, sending"));
        entries.push((Fill::Waiting, "waiting; in it for what"));
    } else {
        entries.push((Fill::Overhead(SpanKind::Starting), "starting"));
        entries.push((Fill::Sleeping, "sleeping, as it was written to"));
        if !look.run.objects().is_empty() {
            entries.push((
                Fill::Blocked { held_up: true },
                "held up: by a lock that another has, by a full pipe or queue",
            ));
            entries.push((Fill::Blocked { held_up: false }, "waits for news: a message, an event, an end"));
        }
        entries.push((Fill::Zombie, "a zombie: ended, and nobody has joined it yet"));
    }
    if plan.with == Executor::GilThreads && plan.program.is_none() {
        let words = "waiting for the interpreter lock (GIL), which is emulated";
        entries.push((Fill::Overhead(SpanKind::WaitingForGil), words));
    }
    entries.push((Fill::Call { raised: false }, "in a call of the library"));
    entries.push((Fill::Call { raised: true }, "a call that raised an error"));
    entries.push((Fill::Stopped, "stopped by SIGSTOP"));
    entries
}

fn entry(ui: &mut Ui, look: &Look<'_>, fill: Fill, words: &str) {
    let theme = look.theme;
    ui.horizontal(|ui| {
        let size = vec2(theme.length(44.0), theme.length(18.0));
        let (space, response) = ui.allocate_exact_size(size, Sense::hover());
        name(&response, Role::Image, words);
        let space = Rect::from_center_size(space.center(), vec2(size.x, theme.length(16.0)));
        let mark = Mark { space, fill, unit: None, label: None, from_ns: 0, to_ns: 1, told: None };
        bars::bar(&Ink::new(ui.painter(), theme), &mark, theme.worker(1), 1);
        ui.label(words);
    });
}

fn lock(ui: &mut Ui, look: &Look<'_>, blocking: bool, words: &str) {
    let theme = look.theme;
    ui.horizontal(|ui| {
        let (space, response) = ui.allocate_exact_size(vec2(theme.length(44.0), theme.length(18.0)), Sense::hover());
        name(&response, Role::Image, words);
        let space = Rect::from_center_size(space.center(), vec2(space.width(), 3.0));
        let hold = Hold { space, name: String::new(), blocking };
        bars::hold(&Ink::new(ui.painter(), theme), &hold);
        ui.label(words);
    });
}
