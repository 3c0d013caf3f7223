//! The row above the timeline: first, previous, play, next, last; speed, live, follow, fit; and what
//! a second on screen is in truth.

use egui::{
    Align, Color32, ComboBox, CornerRadius, Layout, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui,
};
use egui::{WidgetInfo, pos2, vec2};

use super::{View, legend};
use crate::gui::panels::Look;
use crate::gui::panels::draw::about_width;
use crate::gui::playhead::{Playhead, SPEEDS};
use crate::model::steps::{next_event_ns, previous_event_ns};

/// What a button shows; drawn, since fonts differ in which of these glyphs they have.
#[derive(Clone, Copy, PartialEq)]
enum Icon {
    First,
    Previous,
    Play,
    Pause,
    Next,
    Last,
}

/// Draws the row and carries out what is pressed.
pub fn row(look: &Look<'_>, playhead: &mut Playhead, view: &mut View, ui: &mut Ui) {
    let (run, theme) = (look.run, look.theme);
    let length_ns = run.length_ns();
    let seek_to = |playhead: &mut Playhead, moment_ns: Option<u64>| {
        if let Some(moment_ns) = moment_ns {
            playhead.seek(moment_ns.saturating_sub(run.began_ns), length_ns);
        }
    };
    let dilation = playhead.dilation();
    let dilation_width = about_width(&dilation, theme.small().size);
    ui.horizontal(|ui| {
        let narrow = ui.available_width() < 450.0 * theme.scale() + dilation_width;
        ui.spacing_mut().item_spacing.x = if narrow { 1.0 } else { 4.0 * theme.scale() };
        if ui.available_width() > 520.0 * theme.scale() + dilation_width {
            ui.label(RichText::new("Timeline").font(theme.strong()).color(theme.text()));
            ui.add_space(6.0 * theme.scale());
        }
        if button(ui, look, Icon::First, "First moment").clicked() {
            playhead.seek(0, length_ns);
        }
        if button(ui, look, Icon::Previous, "Previous event").clicked() {
            seek_to(playhead, previous_event_ns(run, look.at_ns));
        }
        let (icon, name) = if playhead.playing { (Icon::Pause, "Pause") } else { (Icon::Play, "Play") };
        if button(ui, look, icon, name).clicked() {
            playhead.toggle(length_ns);
        }
        if button(ui, look, Icon::Next, "Next event").clicked() {
            seek_to(playhead, next_event_ns(run, look.at_ns));
        }
        if button(ui, look, Icon::Last, "Last moment").clicked() {
            playhead.seek(length_ns, length_ns);
        }
        speed(look, playhead, ui);
        if run.end.is_none() {
            live(look, playhead, ui);
        }
        let follow = switch(ui, look, "Follow", view.follow, "Keep the cursor in sight");
        if follow.clicked() {
            view.set_follow(!view.follow, run);
        }
        if switch(ui, look, "Fit", view.is_fit(), "Show the whole run").clicked() {
            view.fit();
        }
        if switch(ui, look, "Arrows", view.all_arrows, "Show every message as an arrow, while they are few").clicked() {
            view.all_arrows = !view.all_arrows;
        }
        let legend = switch(ui, look, "Legend", false, "What the bars mean");
        legend::of(&legend, look);
        let short = dilation.replace(" shown", "").replace(" real", "");
        let dilation = if ui.available_width() > dilation_width { dilation } else { short };
        if ui.available_width() > about_width(&dilation, theme.small().size) {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(dilation).font(theme.small()).color(theme.prediction()));
            });
        }
    });
}

fn speed(look: &Look<'_>, playhead: &mut Playhead, ui: &mut Ui) {
    let theme = look.theme;
    let text = |label: &str| RichText::new(label).font(theme.small());
    let shown = ComboBox::from_id_salt("speed")
        .width(64.0 * theme.scale())
        .selected_text(text(SPEEDS[playhead.speed].1))
        .show_ui(ui, |ui| {
            for (index, (_, label)) in SPEEDS.iter().enumerate() {
                ui.selectable_value(&mut playhead.speed, index, text(label));
            }
        });
    let words = format!("Speed {}", SPEEDS[playhead.speed].1);
    shown.response.accessible_name(words).on_hover_text("How fast the run is shown");
}

/// The switch that follows a running run, with its red lamp.
fn live(look: &Look<'_>, playhead: &mut Playhead, ui: &mut Ui) {
    let theme = look.theme;
    let response = switch(ui, look, "    Live", playhead.live, "Follow the run as it happens: about now");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, playhead.live, "Live"));
    let lamp = pos2(response.rect.left() + 12.0 * theme.scale(), response.rect.center().y);
    let colour = if playhead.live { theme.bad() } else { theme.faint() };
    ui.painter().circle_filled(lamp, 3.5 * theme.scale(), colour);
    if response.clicked() {
        playhead.live = !playhead.live;
        playhead.playing = false;
    }
}

/// A word that is on or off.
fn switch(ui: &mut Ui, look: &Look<'_>, label: &str, on: bool, tip: &str) -> Response {
    let (theme, scale) = (look.theme, look.theme.scale());
    let galley = ui.painter().layout_no_wrap(label.to_owned(), theme.small(), Color32::PLACEHOLDER);
    let size = vec2(galley.size().x + 16.0 * scale, 24.0 * scale);
    let (space, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, label.trim()));
    frame(ui, look, space, &response, on);
    let colour = if on { theme.text() } else { theme.faint() };
    ui.painter().galley(space.center() - galley.size() / 2.0, galley, colour);
    response.on_hover_text(tip)
}

fn button(ui: &mut Ui, look: &Look<'_>, icon: Icon, name: &str) -> Response {
    let scale = look.theme.scale();
    let (space, response) = ui.allocate_exact_size(vec2(28.0, 24.0) * scale, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    frame(ui, look, space, &response, false);
    let colour = if matches!(icon, Icon::Play | Icon::Pause) { look.theme.accent() } else { look.theme.text() };
    for shape in shapes(icon, space.center(), scale, colour) {
        ui.painter().add(shape);
    }
    response.on_hover_text(name)
}

fn frame(ui: &Ui, look: &Look<'_>, space: Rect, response: &Response, on: bool) {
    let theme = look.theme;
    let radius = CornerRadius::same(5);
    if on || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(space, radius, theme.card());
    }
    if on || response.has_focus() {
        let colour = if response.has_focus() { theme.accent() } else { theme.border() };
        let stroke = Stroke::new(theme.line(1.0), colour);
        ui.painter().rect_stroke(space, radius, stroke, egui::StrokeKind::Inside);
    }
}

/// The strokes of an icon around its centre.
fn shapes(icon: Icon, centre: Pos2, scale: f32, colour: Color32) -> Vec<Shape> {
    let at = |x: f32, y: f32| centre + vec2(x, y) * scale;
    // A triangle of half-height 5.5 that points along `way`, with its flat side at `x`.
    let triangle = |x: f32, way: f32| {
        Shape::convex_polygon(vec![at(x, -5.5), at(x + 8.5 * way, 0.0), at(x, 5.5)], colour, Stroke::NONE)
    };
    let bar = |x: f32, width: f32| {
        Shape::rect_filled(Rect::from_min_max(at(x, -5.5), at(x + width, 5.5)), CornerRadius::ZERO, colour)
    };
    // A step is an open angle: play is the full triangle.
    let angle = |way: f32| {
        let points = vec![at(-2.5 * way, -5.0), at(2.5 * way, 0.0), at(-2.5 * way, 5.0)];
        Shape::line(points, Stroke::new(2.0 * scale, colour))
    };
    match icon {
        Icon::First => vec![bar(-6.5, 2.0), triangle(5.0, -1.0)],
        Icon::Previous => vec![angle(-1.0)],
        Icon::Play => vec![triangle(-3.5, 1.0)],
        Icon::Pause => vec![bar(-4.5, 3.0), bar(1.5, 3.0)],
        Icon::Next => vec![angle(1.0)],
        Icon::Last => vec![triangle(-5.0, 1.0), bar(4.5, 2.0)],
    }
}
