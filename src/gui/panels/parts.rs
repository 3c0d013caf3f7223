//! Small pieces that several panels are made of.

use egui::{Align, Color32, CornerRadius, Frame, Label, Layout, Margin, Response, RichText, Slider, Stroke, Ui, vec2};

use crate::gui::theme::Theme;

/// The heading of a panel.
pub(super) fn heading(ui: &mut Ui, theme: Theme, text: &str) -> Response {
    ui.label(RichText::new(text).font(theme.strong()))
}

/// A sentence that is read second.
pub(super) fn note(ui: &mut Ui, theme: Theme, text: impl Into<String>) -> Response {
    tinted(ui, theme, theme.faint(), text)
}

/// A small sentence in a colour that means something.
pub(super) fn tinted(ui: &mut Ui, theme: Theme, colour: Color32, text: impl Into<String>) -> Response {
    ui.add(Label::new(RichText::new(text).font(theme.small()).color(colour)).wrap())
}

/// A line with a label on the left and a control in the rest of it; the label names the control.
pub(super) fn row(ui: &mut Ui, theme: Theme, label: &str, control: impl FnOnce(&mut Ui) -> Response) -> Response {
    named_row(ui, theme, RichText::new(label).color(theme.faint()), control)
}

/// The same with a label of another type.
pub(super) fn named_row(
    ui: &mut Ui,
    theme: Theme,
    label: RichText,
    control: impl FnOnce(&mut Ui) -> Response,
) -> Response {
    ui.horizontal(|ui| {
        let size = vec2(theme.length(90.0), ui.spacing().interact_size.y);
        let layout = Layout::left_to_right(Align::Center);
        let label = ui.allocate_ui_with_layout(size, layout, |ui| {
            ui.set_min_size(size);
            ui.add(Label::new(label).extend())
        });
        let control = control(ui);
        control.labelled_by(label.inner.id)
    })
    .inner
}

/// A line with something on its left and something on its right.
pub(super) fn ends<L, R>(ui: &mut Ui, left: impl FnOnce(&mut Ui) -> L, right: impl FnOnce(&mut Ui) -> R) -> (L, R) {
    ui.horizontal(|ui| {
        let left = left(ui);
        let right = ui.with_layout(Layout::right_to_left(Align::Center), right).inner;
        (left, right)
    })
    .inner
}

/// A box that lies on a panel.
pub(super) fn card(theme: Theme) -> Frame {
    Frame::new()
        .fill(theme.card())
        .stroke(Stroke::new(theme.line(1.0), theme.border()))
        .corner_radius(CornerRadius::same(6))
        .inner_margin(Margin::symmetric(10, 8))
}

/// The frame of a side of the window, around [`scrolled`].
pub(in crate::gui) fn side(theme: Theme) -> Frame {
    Frame::new().fill(theme.panel()).inner_margin(Margin { left: 14, right: 4, top: 8, bottom: 8 })
}

/// Scrolls the whole of a side, where it is higher than the window; the bar has room of its own.
pub(in crate::gui) fn scrolled(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let margin = Margin { right: 10, ..Margin::ZERO };
    egui::ScrollArea::vertical().auto_shrink(false).content_margin(margin).show(ui, contents);
}

/// A row of buttons of which one is chosen, as wide as there is room. Answers the one clicked.
pub(super) fn segments<T: Copy + PartialEq>(ui: &mut Ui, theme: Theme, chosen: T, choices: &[(T, &str)]) -> Option<T> {
    weighted(ui, theme, chosen, choices, &vec![1.0 / choices.len().max(1) as f32; choices.len()])
}

/// The same, each as wide as its share.
pub(super) fn weighted<T: Copy + PartialEq>(
    ui: &mut Ui,
    theme: Theme,
    chosen: T,
    choices: &[(T, &str)],
    shares: &[f32],
) -> Option<T> {
    let mut clicked = None;
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.spacing_mut().button_padding.x = 2.0;
        let room = ui.available_width() - 4.0 * (choices.len() as f32 - 1.0);
        ui.horizontal(|ui| {
            for (&(choice, word), share) in choices.iter().zip(shares) {
                let size = vec2((room * share).floor(), theme.length(27.0));
                let button = egui::Button::selectable(choice == chosen, word).frame_when_inactive(true).min_size(size);
                if ui.add_sized(size, button).clicked() {
                    clicked = Some(choice);
                }
            }
        });
    });
    clicked
}

/// A slider as wide as there is room; its value stands elsewhere.
pub(super) fn rail(ui: &mut Ui, theme: Theme, slider: Slider<'_>) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = ui.available_width();
        ui.spacing_mut().interact_size.y = theme.length(18.0);
        ui.add(slider.smart_aim(false).show_value(false))
    })
    .inner
}

/// Words under a slider, at their values' places (0 to 1 along the rail), the most important first:
/// where two would touch, the later one is left out.
pub(super) fn ticks(ui: &mut Ui, theme: Theme, slider: &Response, marks: &[(f32, String)]) {
    let radius = slider.rect.height() / 2.5;
    let rail = slider.rect.x_range().shrink(radius);
    let font = theme.small();
    ui.add_space(-ui.spacing().item_spacing.y);
    let height = ui.fonts_mut(|fonts| fonts.row_height(&font));
    let (rect, _) = ui.allocate_exact_size(vec2(slider.rect.width(), height), egui::Sense::hover());
    let mut taken: Vec<egui::Rangef> = Vec::new();
    for (place, word) in marks {
        let galley = ui.painter().layout_no_wrap(word.clone(), font.clone(), theme.faint());
        let middle = egui::lerp(rail.min..=rail.max, *place);
        let left = (middle - galley.size().x / 2.0).clamp(rect.left(), rect.right() - galley.size().x);
        let space = egui::Rangef::new(left, left + galley.size().x).expand(3.0);
        if taken.iter().all(|other| other.intersection(space).span() <= 0.0) {
            taken.push(space);
            ui.painter().galley(egui::pos2(left, rect.top()), galley, theme.faint());
        }
    }
}

/// Where a value lies on a logarithmic rail, 0 to 1.
pub(super) fn log_place(value: f64, low: f64, high: f64) -> f32 {
    if high <= low { 0.5 } else { ((value / low).ln() / (high / low).ln()) as f32 }
}

/// A text of so many characters at most, cut off with `…`.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A small ✕ that takes something back. It is drawn, since fonts differ in having one.
pub(super) fn cross(ui: &mut Ui, theme: Theme, name: &str) -> Response {
    let (space, response) = ui.allocate_exact_size(vec2(theme.length(18.0), theme.length(18.0)), egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    let colour = if response.hovered() || response.has_focus() { theme.text() } else { theme.faint() };
    let (cross, stroke) = (space.shrink(theme.length(5.0)), Stroke::new(theme.line(1.5), colour));
    ui.painter().line_segment([cross.left_top(), cross.right_bottom()], stroke);
    ui.painter().line_segment([cross.right_top(), cross.left_bottom()], stroke);
    response.on_hover_text(name)
}
