//! Where everything is on the screen: bars, sides, and the centre with stage and timeline.

use egui::{CentralPanel, Context, Frame, Margin, Panel, Ui};

use super::super::command::Command;
use super::super::keyboard;
use super::super::panels::{
    self, Look, banner, dialog, inspector, ledger, output, picture, python, setup, speedup, stage, status_bar,
    timeline, top_bar, waterfall, welcome,
};
use super::{App, run_of};

impl App {
    /// Draws the window, then carries out what was asked for.
    pub fn draw(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let mut commands = dropped_files(&ctx);
        let can_run = !self.experiment.is_running() && self.experiment.plan.check().is_ok();
        keyboard::commands(&ctx, can_run, &mut self.views.dialog, &mut commands);
        if self.views.dialog.is_none()
            && let Some(run) = run_of(&self.source, self.shown)
        {
            keyboard::playback(&ctx, run, &mut self.playhead);
        }
        self.bars(ui, &mut commands);
        self.settings(ui, &mut commands);
        self.figures(ui, &mut commands);
        CentralPanel::no_frame().show(ui, |ui| self.centre(ui, &mut commands));
        dialog::panel(&mut self.views.dialog, self.theme, &ctx, &mut commands);
        for command in commands {
            self.carry_out(command, &ctx);
        }
    }

    fn bars(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        let frame = Frame::new().fill(theme.panel()).inner_margin(Margin::symmetric(14, 0));
        Panel::top("top").exact_size(theme.length(40.0)).frame(frame).show(ui, |ui| {
            let can_save = !self.source.is_empty() && !self.source.is_live();
            top_bar::panel(&self.machine, can_save, &mut self.views.dialog, theme, ui, commands);
        });
        Panel::bottom("status").exact_size(theme.length(26.0)).frame(frame.fill(theme.canvas())).show(ui, |ui| {
            status_bar::panel(&self.source, self.run(), &self.experiment, theme, ui);
        });
    }

    /// Left: what is to run, and the same in Python.
    fn settings(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        let side = Panel::left("settings").exact_size(theme.side(282.0)).resizable(false).frame(panels::side(theme));
        side.show(ui, |ui| {
            let go = Panel::bottom("go").frame(Frame::new().inner_margin(Margin { top: 8, right: 10, ..Margin::ZERO }));
            go.show_separator_line(false).show(ui, |ui| setup::go(&mut self.experiment, theme, ui, commands));
            panels::scrolled(ui, |ui| {
                setup::panel(&mut self.experiment, &mut self.views.setup, theme, ui);
                ui.add_space(4.0);
                let height = theme.length(76.0);
                python::panel(&self.experiment.plan, &mut self.views.python, theme, ui, height, commands);
            });
        });
    }

    /// Right: what was measured.
    fn figures(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        let (mut drawing, mut ledger) = (std::mem::take(&mut self.views.picture), self.views.ledger.clone());
        let side = Panel::right("figures").exact_size(theme.side(312.0)).resizable(false).frame(panels::side(theme));
        side.show(ui, |ui| {
            panels::scrolled(ui, |ui| {
                let look = self.look();
                // A program is watched, not measured: what is shown, else what is set, decides.
                let program = look.map_or(&self.experiment.plan, |look| &look.run.plan).program.is_some();
                if !program {
                    speedup::panel(&self.experiment, theme, ui, commands);
                    waterfall::panel(&self.experiment, theme, ui);
                }
                let Some(look) = look else {
                    if program {
                        ledger::nothing_yet(theme, ui);
                    }
                    return;
                };
                if !program {
                    ui.separator();
                }
                if picture::has_picture(look.run) {
                    let size = egui::vec2(ui.available_width(), ui.available_width() * 0.75 + theme.length(20.0));
                    ui.allocate_ui(size, |ui| picture::panel(&look, &mut drawing, ui));
                }
                ledger::panel(&look, &mut ledger, ui, commands);
            });
        });
        (self.views.picture, self.views.ledger) = (drawing, ledger);
    }

    /// The moment that every view of the run looks at.
    fn look(&self) -> Option<Look<'_>> {
        let run = self.run()?;
        let at_ns = run.began_ns + self.playhead.at_ns;
        let live = self.source.is_live() && run.end.is_none();
        let (model, selected_unit, theme) = (&self.source.model, self.selected_unit, self.theme);
        Some(Look { model, run, at_ns, live, selected_unit, theme })
    }

    /// Stage above, transport and timeline below it, the inspector at the bottom.
    fn centre(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme.canvas());
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            banner::panel(&self.source, self.look().as_ref(), self.message.as_deref(), theme, ui, commands);
        });
        let Some(run) = run_of(&self.source, self.shown) else {
            return welcome::panel(self.experiment.plan.program.is_some(), theme, ui);
        };
        let at_ns = run.began_ns + self.playhead.at_ns;
        let live = self.source.is_live() && run.end.is_none();
        let look = Look { run, model: &self.source.model, at_ns, live, selected_unit: self.selected_unit, theme };
        let frame = Frame::new().fill(theme.canvas()).inner_margin(Margin::symmetric(14, 6));
        // What is shared needs room on the stage; sizes by hand are kept for each of the two.
        let shares = !run.objects().is_empty();
        let panel = |name: &str| if shares { format!("{name} of what is shared") } else { name.to_owned() };
        if run.plan.program.is_some() {
            // A program has no units to look into, but much to say.
            let height = theme.length(if shares { 100.0 } else { 132.0 });
            let said = Panel::bottom(panel("transcript")).resizable(true).default_size(height).frame(frame);
            said.size_range(theme.length(80.0)..=theme.length(320.0)).show(ui, |ui| {
                output::transcript(&look, ui);
            });
        } else {
            Panel::bottom("inspector").resizable(false).show_separator_line(false).frame(frame).show(ui, |ui| {
                inspector::panel(&look, ui, commands);
            });
        }
        let height = ui.available_height();
        let share = if shares { 0.44 } else { 0.48 };
        let rows = Panel::bottom(panel("timeline")).resizable(true).default_size(height * share).frame(frame);
        rows.size_range(height * 0.25..=height * 0.75).show(ui, |ui| {
            timeline::panel(&look, &mut self.playhead, &mut self.views.timeline, ui, commands);
        });
        let frame = frame.inner_margin(Margin { top: 0, ..Margin::symmetric(14, 6) });
        CentralPanel::default().frame(frame).show(ui, |ui| {
            stage::panel(&look, &mut self.views.stage, ui, commands);
        });
    }
}

/// A file that was dropped onto the window is opened.
fn dropped_files(ctx: &Context) -> Vec<Command> {
    ctx.input(|input| input.raw.dropped_files.iter().map(|file| Command::Open(file.path().to_owned())).collect())
}
