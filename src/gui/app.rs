//! The window: owns what is shown, lets events and time in, and carries out what the panels ask for.
//! Where the panels are is in `screen.rs`.

mod screen;

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Context, Ui};

use super::command::Command;
use super::experiment::Experiment;
use super::fonts;
use super::panels::dialog::Dialog;
use super::panels::{ledger, picture, python, setup, speedup, stage, timeline};
use super::playhead::Playhead;
use super::source::{Drained, Source};
use super::theme::Theme;
use crate::model::Run;
use crate::plan::Plan;
use crate::session::this_machine;
use crate::trace::Machine;

/// Two frames of a replay are at least so far apart.
const REPLAY_FRAME: Duration = Duration::from_millis(33);
/// After so long a live run that told nothing is looked at.
const SILENCE: Duration = Duration::from_millis(250);

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
    setup: setup::View,
    python: python::View,
    stage: stage::View,
    timeline: timeline::View,
    picture: picture::View,
    ledger: ledger::View,
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

    /// Shows a recorded trace from its begin, with the program that it is of among the settings.
    pub fn open(&mut self, path: &Path) {
        match Source::open(path) {
            Ok(source) => {
                self.show(source);
                if let Some(run) = self.source.model.last_run() {
                    setup::follow(&mut self.experiment.plan, &mut self.views.setup, &run.plan);
                }
            }
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
            // What is silent must be looked at, too: nobody wakes the window for that.
            Drained::All if self.source.is_live() => ctx.request_repaint_after(SILENCE),
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
            ctx.request_repaint_after(REPLAY_FRAME);
        } else if let Some(baseline) = self.experiment.baseline() {
            ctx.request_repaint_after(speedup::age_changes_in(baseline.at.elapsed()));
        }
    }

    fn run(&self) -> Option<&Run> {
        run_of(&self.source, self.shown)
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
            Command::Order(actor, action) => self.source.order(actor, action),
            Command::Open(_) if self.experiment.is_running() => {
                self.message = Some("A run is going on. Stop it first, or wait for its end.".to_owned());
            }
            Command::Open(path) => self.open(&path),
            Command::Save(path) => self.message = self.source.save(&path).err().map(|error| error.to_string()),
            Command::ShowRun(index) => {
                // The last one of a live trace is followed, also into the run after it.
                let is_last = index + 1 == self.source.model.runs.len();
                self.shown = Some(index).filter(|_| !is_last);
                let length_ns = self.run().map_or(0, Run::length_ns);
                self.playhead.seek(length_ns, length_ns);
                self.playhead.live = is_last && self.source.is_live();
                self.selected_unit = None;
            }
            Command::SelectUnit(unit) => self.selected_unit = unit,
            Command::Seek(at_ns) => {
                let length_ns = self.run().map_or(0, Run::length_ns);
                self.playhead.seek(at_ns, length_ns);
            }
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

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.advance(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }
}
