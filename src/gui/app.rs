//! The window: owns what is shown, draws the panels, and carries out what they ask for.

use std::path::Path;
use std::time::Instant;

use egui::{CentralPanel, Context, Frame, Panel, Ui};

use super::command::Command;
use super::experiment::Experiment;
use super::panels::dialog::Dialog;
use super::panels::{
    self, Look, banner, dialog, output, processes, python, setup, speedup, status_bar, top_bar, welcome,
};
use super::playhead::Playhead;
use super::source::{Drained, FRAME, Source};
use super::theme::Theme;
use super::{fonts, keyboard};
use crate::model::Run;
use crate::plan::Plan;
use crate::session::this_machine;
use crate::trace::Machine;

/// The window's state.
pub struct App {
    experiment: Experiment,
    source: Source,
    /// Which run of the source is shown; the last one if `None`.
    shown: Option<usize>,
    playhead: Playhead,
    selected_unit: Option<u32>,
    views: Views,
    theme: Theme,
    /// Why the last command could not be carried out.
    message: Option<String>,
    machine: Machine,
}

/// What each panel remembers for itself.
#[derive(Default)]
struct Views {
    python: python::View,
    dialog: Option<Dialog>,
}

impl App {
    /// A window that shows nothing yet.
    pub fn new(ctx: &Context) -> Self {
        fonts::install(ctx);
        let theme = Theme::default();
        theme.apply(ctx);
        Self {
            experiment: Experiment::new(),
            source: Source::default(),
            shown: None,
            playhead: Playhead::default(),
            selected_unit: None,
            views: Views::default(),
            theme,
            message: None,
            machine: this_machine(),
        }
    }

    /// Shows a recorded trace from its begin.
    pub fn open(&mut self, path: &Path) {
        match Source::open(path) {
            Ok(source) => self.show(source),
            Err(error) => self.message = Some(error.to_string()),
        }
    }

    /// The settings, and what was measured.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The same, to be changed.
    pub fn experiment_mut(&mut self) -> &mut Experiment {
        &mut self.experiment
    }

    /// Where the time cursor is.
    pub fn playhead(&self) -> &Playhead {
        &self.playhead
    }

    fn show(&mut self, source: Source) {
        self.playhead = Playhead { live: source.is_live(), speed: self.playhead.speed, ..Playhead::default() };
        (self.source, self.shown, self.selected_unit, self.message) = (source, None, None, None);
    }

    /// Takes in what has come and lets time pass.
    pub fn advance(&mut self, ctx: &Context) {
        match self.source.drain() {
            Drained::All => {}
            Drained::Part => ctx.request_repaint(),
            Drained::Ended => {
                if let Some(plan) = self.experiment.ended(&self.source.model, Instant::now()) {
                    self.start(&plan, ctx);
                }
            }
        }
        let length_ns = self.run().map_or(0, Run::length_ns);
        self.playhead.advance(ctx.input(|input| input.unstable_dt).into(), length_ns);
        self.playhead.live &= self.source.is_live();
        if self.playhead.playing {
            ctx.request_repaint_after(FRAME);
        } else if let Some(baseline) = self.experiment.baseline() {
            ctx.request_repaint_after(speedup::age_changes_in(baseline.at.elapsed()));
        }
    }

    fn run(&self) -> Option<&Run> {
        run_of(&self.source, self.shown)
    }

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
        self.sides(ui, &mut commands);
        CentralPanel::no_frame().show(ui, |ui| self.centre(ui, &mut commands));
        dialog::panel(&mut self.views.dialog, self.theme, &ctx, &mut commands);
        for command in commands {
            self.carry_out(command, &ctx);
        }
    }

    fn bars(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        let frame = Frame::new().fill(theme.panel()).inner_margin(egui::Margin::symmetric(14, 0));
        Panel::top("top").exact_size(theme.length(40.0)).frame(frame).show(ui, |ui| {
            let can_save = !self.source.is_empty() && !self.source.is_live();
            top_bar::panel(&self.machine, can_save, &mut self.views.dialog, theme, ui, commands);
        });
        Panel::bottom("status").exact_size(theme.length(26.0)).frame(frame.fill(theme.canvas())).show(ui, |ui| {
            status_bar::panel(&self.source, self.run(), &self.experiment, theme, ui);
        });
    }

    fn sides(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        let frame = panels::side(theme);
        Panel::left("left").exact_size(theme.side(282.0)).resizable(false).frame(frame).show(ui, |ui| {
            panels::scrolled(ui, |ui| {
                setup::panel(&mut self.experiment, theme, ui, commands);
                ui.add_space(4.0);
                let height = theme.length(76.0);
                python::panel(&self.experiment.plan, &mut self.views.python, theme, ui, height, commands);
            });
        });
        Panel::right("right").exact_size(theme.side(312.0)).resizable(false).frame(frame).show(ui, |ui| {
            panels::scrolled(ui, |ui| {
                speedup::panel(&self.experiment, theme, ui, commands);
                let Some(look) = self.look() else { return };
                ui.separator();
                processes::panel(&look, ui);
                ui.separator();
                // The picture of a picture workload goes here, before its output in words.
                output::panel(&look, ui);
            });
        });
    }

    /// The moment that every view of the run looks at.
    fn look(&self) -> Option<Look<'_>> {
        let run = self.run()?;
        let at_ns = run.began_ns + self.playhead.at_ns;
        Some(Look { run, model: &self.source.model, at_ns, selected_unit: self.selected_unit, theme: self.theme })
    }

    /// Stage above, transport and timeline below it, the inspector at the bottom.
    fn centre(&mut self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let theme = self.theme;
        ui.painter().rect_filled(ui.max_rect(), 0.0, theme.canvas());
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            banner::panel(&self.source, self.run(), self.message.as_deref(), theme, ui, commands);
        });
        let Some(_look) = self.look() else { return welcome::panel(theme, ui) };
        // inspector::panel(&look, ui, commands) in a Panel::bottom
        // timeline::panel(&look, &mut self.playhead, &mut self.views.timeline, ui, commands) in a Panel::bottom
        // stage::panel(&look, &mut self.views.stage, ui, commands) in the rest
    }

    fn carry_out(&mut self, command: Command, ctx: &Context) {
        match command {
            Command::Run | Command::MeasureBaseline if self.experiment.is_running() => {}
            Command::Run => {
                let plan = self.experiment.begin();
                self.start_if_sound(plan, ctx);
            }
            Command::MeasureBaseline => {
                let plan = self.experiment.begin_baseline();
                self.start_if_sound(plan, ctx);
            }
            Command::Stop => self.source.stop(),
            Command::Open(_) if self.experiment.is_running() => {
                self.message = Some("A run is going on. Stop it first, or wait for its end.".to_owned());
            }
            Command::Open(path) => self.open(&path),
            Command::Save(path) => self.message = self.source.save(&path).err().map(|error| error.to_string()),
            Command::ShowRun(index) => {
                self.shown = Some(index);
                let length_ns = self.run().map_or(0, Run::length_ns);
                self.playhead.seek(length_ns, length_ns);
                self.selected_unit = None;
            }
            Command::SelectUnit(unit) => self.selected_unit = unit,
            Command::Copy(text) => ctx.copy_text(text),
            Command::Look(theme) => {
                self.theme = theme;
                theme.apply(ctx);
            }
            Command::Dismiss => self.message = None,
        }
    }

    fn start_if_sound(&mut self, plan: Result<Plan, crate::plan::PlanError>, ctx: &Context) {
        match plan {
            Ok(plan) => self.start(&plan, ctx),
            Err(error) => self.message = Some(error.to_string()),
        }
    }

    fn start(&mut self, plan: &Plan, ctx: &Context) {
        match Source::live(plan, ctx) {
            Ok(source) => self.show(source),
            Err(error) => {
                self.experiment.abandon();
                self.message = Some(error.to_string());
            }
        }
    }
}

/// The run that is shown.
fn run_of(source: &Source, shown: Option<usize>) -> Option<&Run> {
    shown.map_or_else(|| source.model.last_run(), |index| source.model.runs.get(index))
}

/// A file that was dropped onto the window is opened.
fn dropped_files(ctx: &Context) -> Vec<Command> {
    ctx.input(|input| input.raw.dropped_files.iter().map(|file| Command::Open(file.path().to_owned())).collect())
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }
}
