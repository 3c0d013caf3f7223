//! The stage of a program whose processes share something: the processes, between them what they share, and
//! who waits for whom.

pub mod arrows;
pub mod block;
pub mod cells;
pub mod column;
pub mod counter;
pub mod crew;
pub mod gather;
mod icon;
pub mod layout;
mod paint;
pub mod parts;
pub mod road;
mod road_paint;
pub mod seen;
pub mod served;
pub mod sight;
pub mod strip;
#[cfg(test)]
mod tests;
mod told;
mod written;

use egui::{CursorIcon, Rect, Role, Sense, Ui, vec2};

use self::layout::Scene;
use self::sight::Sight;
use super::setting::Setting;
use super::{View, menu};
use crate::gui::command::Command;
use crate::gui::panels::Look;
use crate::gui::panels::draw::{Ink, name};

/// Draws the processes and what they share into an area.
pub(super) fn panel(look: &Look<'_>, sight: &Sight, view: &mut View, area: Rect, ui: &Ui, commands: &mut Vec<Command>) {
    let theme = look.theme;
    let setting = Setting {
        area,
        scale: theme.scale(),
        type_size: theme.small().size,
        at_ns: look.at_ns,
        first: view.first as usize,
        first_object: view.first_object as usize,
        ..Setting::default()
    };
    let scene = Scene::of(look.run, sight, &setting);
    let floor = ui.interact(area, ui.scope_id().with("objects"), Sense::hover());
    name(&floor, Role::Canvas, &summary(look, sight));
    paint::scene(&Ink::new(ui.painter(), theme), &scene);
    for placed in &scene.objects {
        let words = placed.seen.words();
        let response = ui.interact(placed.space, ui.scope_id().with(("object", placed.seen.id.0)), Sense::hover());
        name(&response, Role::Image, &words);
        response.on_hover_text_at_pointer(words);
    }
    for card in &scene.crew.cards {
        let words = card.words();
        let response = ui.interact(card.space, ui.scope_id().with(("process", card.id.0)), Sense::click());
        name(&response, Role::Button, &words);
        if let Some(actor) = look.run.actor(card.id).filter(|actor| menu::is_for(actor.role)) {
            menu::of(&response, actor, look, None, commands);
        }
        if !egui::Popup::is_id_open(ui.ctx(), response.id.with("menu")) {
            response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text_at_pointer(words);
        }
    }
    scroll(view, &scene, area, ui, theme);
}

/// The whole stage in a sentence.
fn summary(look: &Look<'_>, sight: &Sight) -> String {
    let (processes, objects) = (look.run.actors.len(), sight.objects.len());
    let waiting: Vec<String> = sight.waits.iter().map(|wait| format!("{} {}", wait.who.title, wait.words)).collect();
    let waiting = if waiting.is_empty() { "nobody waits".to_owned() } else { waiting.join("; ") };
    let dead = if sight.cycle.is_some() { ". Deadlock" } else { "" };
    format!("Stage: {processes} processes and threads share {objects} objects: {waiting}{dead}")
}

/// The wheel moves through what does not fit: over the processes those, over the objects these.
fn scroll(view: &mut View, scene: &Scene, area: Rect, ui: &Ui, theme: crate::gui::theme::Theme) {
    let hidden = scene.crew.right.0.saturating_sub(scene.crew.right.1) as f32;
    let (all, first) = scene.all;
    let hidden_objects = all.saturating_sub(scene.objects.len()) as f32;
    view.first = view.first.min(hidden);
    view.first_object = view.first_object.min(hidden_objects);
    let middle = scene.objects.iter().fold(Rect::NOTHING, |space, placed| space.union(placed.space));
    if ui.rect_contains_pointer(area) {
        let rows = ui.input(|input| input.smooth_scroll_delta().y) / (30.0 * theme.scale());
        if ui.rect_contains_pointer(middle) {
            view.first_object = (view.first_object - rows).clamp(0.0, hidden_objects);
        } else {
            view.first = (view.first - rows).clamp(0.0, hidden);
        }
    }
    let mut told = Vec::new();
    if hidden > 0.0 {
        let (from, to) = (scene.crew.first + 1, scene.crew.first + scene.crew.right.1);
        told.push(format!("processes {from} to {to} of {}", scene.crew.right.0));
    }
    if hidden_objects > 0.0 {
        told.push(format!("objects {} to {} of {all}", first + 1, first + scene.objects.len()));
    }
    if !told.is_empty() {
        let words = format!("{}: scroll", told.join(", "));
        let line = Rect::from_min_max(area.left_top() - vec2(0.0, 24.0 * theme.scale()), area.right_top());
        Ink::new(ui.painter(), theme).text_in(line, egui::Align2::CENTER_CENTER, words, theme.small(), theme.faint());
    }
}
