//! The ready-made programs about processes and what they share: which one, what it shows, and what can be
//! chosen in it.

use egui::{Align, Button, DragValue, RichText, ScrollArea, Slider, Ui, vec2};

use crate::chunk::grouped;
use crate::gui::panels::parts::{ends, note, rail};
use crate::gui::theme::Theme;
use crate::plan::Plan;
use crate::program::{self, Knob, Program, TOPICS, Topic};

/// So many programs are listed without scrolling.
const IN_SIGHT: f32 = 9.6;

/// The subject of the program of this name.
pub(super) fn topic_of(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.programs.iter().any(|program| program.name == name))
}

/// Draws the list, the sentence and the knobs.
pub(super) fn panel(plan: &mut Plan, out_of_sight: &mut bool, theme: Theme, ui: &mut Ui) {
    let chosen = plan.program.as_deref().and_then(program::named);
    list(plan, chosen, std::mem::take(out_of_sight), theme, ui);
    let Some(program) = chosen else { return };
    note(ui, theme, program.summary);
    for knob in program.knobs {
        self::knob(plan, knob, theme, ui);
    }
    super::start(plan, theme, ui);
}

/// The programs of the subject; the chosen one is brought into sight if it may not be there.
fn list(plan: &mut Plan, chosen: Option<&Program>, out_of_sight: bool, theme: Theme, ui: &mut Ui) {
    let Some(topic) = chosen.and_then(|chosen| topic_of(chosen.name)) else { return };
    let (height, gap) = (theme.length(26.0), 2.0);
    let list = ScrollArea::vertical().id_salt(topic.title).auto_shrink([false, true]);
    list.max_height((height + gap) * IN_SIGHT).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = gap;
        for program in topic.programs {
            let is_chosen = chosen.is_some_and(|chosen| chosen.name == program.name);
            let button = Button::selectable(is_chosen, program.title).truncate().right_text("");
            let button = button.min_size(vec2(ui.available_width(), height));
            let button = ui.add(button).accessible_name(program.title).on_hover_text(program.summary);
            if is_chosen && out_of_sight {
                button.scroll_to_me(Some(Align::Center));
            }
            if button.clicked() && !is_chosen {
                plan.program = Some(program.name.to_owned());
                plan.knobs.clear();
            }
        }
    });
}

/// A number that can be chosen: what it changes, its value and a slider over its range.
fn knob(plan: &mut Plan, knob: &Knob, theme: Theme, ui: &mut Ui) {
    let (low, high) = knob.range;
    let mut value = plan.knobs.get(knob.name).copied().unwrap_or(knob.default);
    let (label, ()) = ends(
        ui,
        |ui| ui.label(RichText::new(knob.name.replace('-', " ")).color(theme.faint())).on_hover_text(knob.summary),
        |ui| {
            let number =
                DragValue::new(&mut value).range(low..=high).custom_formatter(|value, _| grouped(value as u64));
            ui.add(number).accessible_name(format!("{}: value", knob.name)).on_hover_text(knob.summary);
        },
    );
    // Over several powers of ten every place of a linear slider would be the largest.
    let wide = low > 0 && high / low >= 100;
    let slider = Slider::new(&mut value, low..=high).logarithmic(wide);
    rail(ui, theme, slider).labelled_by(label.id).on_hover_text(knob.summary);
    if value == knob.default {
        plan.knobs.remove(knob.name);
    } else {
        plan.knobs.insert(knob.name.to_owned(), value);
    }
}
