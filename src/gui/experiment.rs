//! The experiment: settings, a prediction locked before the run, the baseline first, then the run,
//! and what was measured.
//!
//! ```text
//!            begin                     ended                    ended
//!   Idle ──────────► Baseline ─────────────────────► Run ────────────────► Idle
//!     │  (none holds)    (the same items, alone)      (the settings)
//!     └─────────────────────────────────────────────►
//!        begin (a baseline holds, or the run is one)
//! ```
//!
//! It starts nothing itself: [`Experiment::begin`] and [`Experiment::ended`] answer with the plan that
//! is to run next, and take the model of what ran.

use std::time::Instant;

use crate::model::speedup::Speedup;
use crate::model::stats::median;
use crate::model::waterfall::{Missing, Times};
use crate::model::{Model, Run};
use crate::plan::{Executor, Plan, PlanError, StartMethod};
use crate::workload;

/// How often a baseline is measured at most.
const BASELINE_REPEATS: u32 = 3;

/// What is being measured now.
#[derive(Clone, Debug, Default, PartialEq)]
enum Phase {
    /// Nothing.
    #[default]
    Idle,
    /// The same items by one process alone; then the run, if there is one to come.
    Baseline { measured: Box<Plan>, then: Option<Plan> },
    /// The run.
    Run(Plan),
}

/// What the same items take one process alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// What ran.
    pub plan: Plan,
    /// How long each repeat took.
    pub wall_ns: Vec<u64>,
    /// When it was measured.
    pub at: Instant,
}

impl Baseline {
    /// The time that speedups are measured against.
    pub fn median_ns(&self) -> u64 {
        median(&self.wall_ns).unwrap_or(0)
    }
}

/// What a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// What ran.
    pub plan: Plan,
    /// How many units there were.
    pub units: u32,
    /// How long each complete repeat took.
    pub wall_ns: Vec<u64>,
    /// How long it took until every worker was ready (median).
    pub start_ns: u64,
    /// How long all actors together computed, in the median run; 0 where that was not traced.
    pub computed_ns: u64,
    /// What the workers did with their time in the median run, where that was traced.
    pub times: Result<Times, Missing>,
    /// What was predicted before it, if anything.
    pub prediction: Option<f64>,
}

/// A prediction that can't be changed any more, for these settings.
#[derive(Clone, Debug, PartialEq)]
struct Locked {
    plan: Plan,
    times: Option<f64>,
}

/// The experiment of this window.
#[derive(Clone, Debug, Default)]
pub struct Experiment {
    /// The settings of the next run.
    pub plan: Plan,
    /// The prediction being thought about; [`Self::prediction`] tells the one that counts.
    pub thought: Option<f64>,
    phase: Phase,
    locked: Vec<Locked>,
    baselines: Vec<Baseline>,
    measured: Vec<Measurement>,
}

impl Experiment {
    /// The window's first choice.
    pub fn new() -> Self {
        let offered = crate::plan::start_methods();
        let start =
            if offered.contains(&StartMethod::Forkserver) { StartMethod::Forkserver } else { StartMethod::Spawn };
        let preset = workload::find("primes").ok().and_then(|primes| primes.presets().first());
        let plan = Plan { preset: preset.map(|preset| preset.name.to_owned()), start, repeats: 3, ..Plan::default() };
        Self { plan, ..Self::default() }
    }

    /// Whether something is being measured.
    pub fn is_running(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// Whether it is the baseline that is being measured.
    pub fn is_baseline_running(&self) -> bool {
        matches!(self.phase, Phase::Baseline { .. })
    }

    /// Locks the prediction and answers what is to run first: a baseline if none holds, else the plan.
    pub fn begin(&mut self) -> Result<Plan, PlanError> {
        self.plan.check()?;
        if self.plan.program.is_some() {
            // A program is watched, not measured: once, and with nothing to predict.
            let plan = Plan { repeats: 1, ..self.plan.clone() };
            self.phase = Phase::Run(plan.clone());
            return Ok(plan);
        }
        if !self.is_locked() {
            self.locked.push(Locked { plan: self.plan.clone(), times: self.thought });
        }
        let plan = self.plan.clone();
        if plan.with == Executor::Sequential || self.baseline().is_some() {
            self.phase = Phase::Run(plan.clone());
            return Ok(plan);
        }
        let baseline = baseline_of(&plan);
        self.phase = Phase::Baseline { measured: Box::new(baseline.clone()), then: Some(plan) };
        Ok(baseline)
    }

    /// Answers the plan that measures the baseline of the current items once more.
    pub fn begin_baseline(&mut self) -> Result<Plan, PlanError> {
        self.plan.check()?;
        let baseline = baseline_of(&self.plan);
        self.phase = Phase::Baseline { measured: Box::new(baseline.clone()), then: None };
        Ok(baseline)
    }

    /// Takes what was measured, and answers what is to run next, if anything.
    pub fn ended(&mut self, model: &Model, now: Instant) -> Option<Plan> {
        let next = match std::mem::take(&mut self.phase) {
            Phase::Idle => None,
            Phase::Baseline { measured, then } => self.keep_baseline(*measured, model, now).and(then),
            Phase::Run(plan) if plan.program.is_some() => None,
            Phase::Run(plan) => {
                if plan.with == Executor::Sequential {
                    self.keep_baseline(plan.clone(), model, now);
                }
                self.keep_measurement(plan, model);
                None
            }
        };
        self.phase = next.clone().map_or(Phase::Idle, Phase::Run);
        next
    }

    /// Nothing runs after all.
    pub fn abandon(&mut self) {
        self.phase = Phase::Idle;
    }

    fn keep_baseline(&mut self, plan: Plan, model: &Model, now: Instant) -> Option<()> {
        let wall_ns = wall_ns(model);
        median(&wall_ns)?;
        self.baselines.retain(|known| !known.plan.same_items(&plan));
        self.baselines.push(Baseline { plan, wall_ns, at: now });
        Some(())
    }

    fn keep_measurement(&mut self, plan: Plan, model: &Model) {
        let complete: Vec<&Run> = complete(model).collect();
        let starts: Vec<u64> = complete.iter().filter_map(|run| run.end.as_ref()).map(|end| end.start_ns).collect();
        let (Some(run), Some(start_ns)) = (complete.last(), median(&starts)) else { return };
        let measurement = Measurement {
            units: run.cut.units(),
            wall_ns: wall_ns(model),
            start_ns,
            computed_ns: median(&complete.iter().map(|run| computed_ns(run)).collect::<Vec<_>>()).unwrap_or(0),
            times: Times::of_median(&model.runs),
            prediction: self.locked_for(&plan).and_then(|locked| locked.times),
            plan,
        };
        self.measured.retain(|known| !same_settings(&known.plan, &measurement.plan));
        self.measured.push(measurement);
    }

    /// What the current items take alone, if that was measured.
    pub fn baseline(&self) -> Option<&Baseline> {
        self.baselines.iter().find(|baseline| baseline.plan.same_items(&self.plan))
    }

    /// What was measured of the current items, with its speedup; the latest last.
    pub fn points(&self) -> impl Iterator<Item = (&Measurement, Speedup)> {
        let baseline = self.baseline();
        let of_these_items = self.measured.iter().filter(|measured| measured.plan.same_items(&self.plan));
        let of_these_items = of_these_items.filter(|_| self.plan.program.is_none());
        of_these_items.filter_map(move |measured| Some((measured, Speedup::of(&baseline?.wall_ns, &measured.wall_ns)?)))
    }

    /// What was measured with exactly the current settings.
    pub fn point(&self) -> Option<(&Measurement, Speedup)> {
        self.points().find(|(measured, _)| same_settings(&measured.plan, &self.plan))
    }

    /// Whether the prediction for the current settings can't be changed any more.
    pub fn is_locked(&self) -> bool {
        self.locked_for(&self.plan).is_some()
    }

    /// The prediction for the current settings: the locked one, else the one being thought about.
    pub fn prediction(&self) -> Option<f64> {
        self.locked_for(&self.plan).map_or(self.thought, |locked| locked.times)
    }

    fn locked_for(&self, plan: &Plan) -> Option<&Locked> {
        self.locked.iter().find(|locked| same_settings(&locked.plan, plan))
    }
}

/// The baseline of a plan, with few repeats: alone it takes longest.
fn baseline_of(plan: &Plan) -> Plan {
    Plan { repeats: plan.repeats.min(BASELINE_REPEATS), ..plan.baseline() }
}

/// Whether two plans ask the same question; asking it more often is no other question.
pub fn same_settings(a: &Plan, b: &Plan) -> bool {
    *a == Plan { repeats: a.repeats, ..b.clone() }
}

fn complete(model: &Model) -> impl Iterator<Item = &Run> {
    model.runs.iter().filter(|run| run.is_complete())
}

fn computed_ns(run: &Run) -> u64 {
    run.actors.iter().map(|actor| actor.lane.computed_ns(run.began_ns, run.last_ns)).sum()
}

fn wall_ns(model: &Model) -> Vec<u64> {
    complete(model).filter_map(|run| run.end.as_ref()).map(|end| end.wall_ns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;

    fn alone(walls_ms: &[u64]) -> Model {
        fixture::model_of_walls(walls_ms)
    }

    #[test]
    fn the_baseline_comes_first_and_only_once() {
        let mut experiment = Experiment::new();
        let first = experiment.begin().expect("the first choice is sound");
        assert_eq!((first.with, first.repeats), (Executor::Sequential, 3));
        assert!(experiment.is_baseline_running());
        let then = experiment.ended(&alone(&[90, 100, 110]), Instant::now()).expect("the run follows");
        assert_eq!(then, experiment.plan);
        assert!(experiment.is_running() && !experiment.is_baseline_running());
        assert_eq!(experiment.ended(&alone(&[50, 60, 70]), Instant::now()), None);
        let (_, speedup) = experiment.point().expect("measured");
        assert!((speedup.median - 100.0 / 60.0).abs() < 1e-9);
        experiment.plan.workers += 1;
        assert_eq!(experiment.begin().expect("sound"), experiment.plan, "the baseline holds for more workers");
    }

    #[test]
    fn a_prediction_is_locked_by_its_run_and_free_for_another_setup() {
        let mut experiment = Experiment::new();
        experiment.thought = Some(1.8);
        assert!(!experiment.is_locked());
        experiment.begin().expect("sound");
        experiment.thought = Some(1.1);
        assert_eq!((experiment.is_locked(), experiment.prediction()), (true, Some(1.8)));
        experiment.plan.repeats = 10;
        assert!(experiment.is_locked(), "asking more often is the same question");
        experiment.plan.workers += 1;
        assert_eq!((experiment.is_locked(), experiment.prediction()), (false, Some(1.1)));
        experiment.plan.workers -= 1;
        assert_eq!(experiment.prediction(), Some(1.8), "what was predicted stays predicted");
    }

    #[test]
    fn a_baseline_that_was_stopped_ends_the_experiment() {
        let mut experiment = Experiment::new();
        experiment.begin().expect("sound");
        assert_eq!(experiment.ended(&Model::new(), Instant::now()), None);
        assert!(!experiment.is_running() && experiment.baseline().is_none());
    }

    #[test]
    fn a_sequential_run_is_its_own_baseline() {
        let mut experiment = Experiment::new();
        experiment.plan.with = Executor::Sequential;
        assert_eq!(experiment.begin().expect("sound"), experiment.plan);
        experiment.ended(&alone(&[100]), Instant::now());
        let (_, speedup) = experiment.point().expect("measured");
        assert!((speedup.median - 1.0).abs() < 1e-9);
        experiment.plan.with = Executor::Processes;
        assert!(experiment.baseline().is_some());
    }

    #[test]
    fn a_plan_that_cannot_run_starts_nothing() {
        let mut experiment = Experiment::new();
        experiment.plan.workers = 0;
        assert!(experiment.begin().is_err());
        assert!(!experiment.is_running() && !experiment.is_locked());
    }
}
