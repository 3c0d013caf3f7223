//! What the centre says before anything has run.

use egui::{Align, Label, Layout, RichText, Ui};

use crate::gui::theme::Theme;

/// Draws what to do first.
pub fn panel(program: bool, theme: Theme, ui: &mut Ui) {
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space(ui.available_height() * 0.36);
        ui.label(RichText::new("Nothing has run yet").font(theme.headline()));
        ui.add_space(6.0);
        // A column of its own width, so that the steps stand under each other.
        let steps = if program {
            "1.  Choose a program, and read what it shows.\n\
             2.  Think: who prints what, in which order, and how does each process end?\n\
             3.  Press Run, and look."
        } else {
            "1.  Choose what to compute, and who computes it.\n\
                     2.  Predict how many times faster than alone it will be.\n\
                     3.  Press Run, and watch the processes work."
        };
        ui.add(
            Label::new(RichText::new(steps).color(theme.faint()).line_height(Some(theme.length(24.0))))
                .halign(Align::Min),
        );
        ui.add_space(10.0);
        let other = "Or open a recorded trace: Open…, or drop a file here.";
        ui.label(RichText::new(other).font(theme.small()).color(theme.faint()));
    });
}
