//! The name, the machine, files, and how the window looks.

use egui::{Align, Button, Layout, RichText, Sense, Shape, Ui, Vec2, WidgetInfo, vec2};

use super::dialog::{Dialog, Purpose};
use super::parts::note;
use crate::gui::command::Command;
use crate::gui::theme::Theme;
use crate::gui::words::bytes;
use crate::trace::Machine;

/// Draws the bar.
pub fn panel(
    machine: &Machine,
    can_save: bool,
    dialog: &mut Option<Dialog>,
    theme: Theme,
    ui: &mut Ui,
    commands: &mut Vec<Command>,
) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("Poolscope").font(theme.wordmark()));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if half_disc(theme, ui) {
                commands.push(Command::Look(Theme { dark: !theme.dark, ..theme }));
            }
            let larger =
                Button::selectable(theme.projector, RichText::new("A+").font(theme.strong())).frame_when_inactive(true);
            let larger =
                ui.add(larger).accessible_name("Projector size").on_hover_text("Larger type, for the last row");
            if larger.clicked() {
                commands.push(Command::Look(Theme { projector: !theme.projector, ..theme }));
            }
            ui.add_space(6.0);
            if ui.add_enabled(can_save, Button::new("Save…")).accessible_name("Save the trace").clicked() {
                *dialog = Some(Dialog::new(Purpose::Save));
            }
            if ui.button("Open…").accessible_name("Open a trace").on_hover_text("Ctrl+O").clicked() {
                *dialog = Some(Dialog::new(Purpose::Open));
            }
            ui.add_space(10.0);
            note(ui, theme, in_words(machine)).on_hover_text(&machine.cpu);
        });
    });
}

/// `2 cores · Linux · 23 GiB`.
fn in_words(machine: &Machine) -> String {
    let system = match machine.os.as_str() {
        "linux" => "Linux",
        "macos" => "macOS",
        "windows" => "Windows",
        other => other,
    };
    let cores = if machine.cores == 1 { "1 core".to_owned() } else { format!("{} cores", machine.cores) };
    if machine.memory_bytes == 0 {
        return format!("{cores} · {system}");
    }
    format!("{cores} · {system} · {}", bytes(machine.memory_bytes))
}

/// The button between dark and light, drawn: half of a disc is filled.
fn half_disc(theme: Theme, ui: &mut Ui) -> bool {
    let size = Vec2::splat(theme.length(26.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let visuals = *ui.style().interact(&response);
    let painter = ui.painter();
    painter.rect(rect, visuals.corner_radius, visuals.weak_bg_fill, visuals.bg_stroke, egui::StrokeKind::Inside);
    let (centre, radius) = (rect.center(), theme.length(7.0));
    painter.circle_stroke(centre, radius, visuals.fg_stroke);
    let half = (0..=16).map(|step| {
        let angle = std::f32::consts::PI * (step as f32 / 16.0 - 0.5);
        centre + vec2(angle.cos(), angle.sin()) * radius
    });
    painter.add(Shape::convex_polygon(half.collect(), visuals.fg_stroke.color, egui::Stroke::NONE));
    let name = if theme.dark { "Light theme" } else { "Dark theme" };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, name));
    response.on_hover_text(name).clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_reads_in_a_glance() {
        let mut machine = Machine {
            os: "linux".to_owned(),
            arch: "x86_64".to_owned(),
            cores: 2,
            cpu: String::new(),
            memory_bytes: 23 << 30,
            poolscope: String::new(),
        };
        assert_eq!(in_words(&machine), "2 cores · Linux · 23 GiB");
        (machine.cores, machine.memory_bytes) = (1, 0);
        assert_eq!(in_words(&machine), "1 core · Linux");
    }
}
