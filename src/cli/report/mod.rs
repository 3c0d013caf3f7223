//! The figures of runs, as data: what `--json` prints, for a run that was made and for a trace that
//! was opened alike.

mod figures;
mod shared;
mod story;

use serde::{Serialize, Serializer};

use crate::model::check::{ChannelAccount, accounts, violations};
use crate::model::speedup::Speedup;
use crate::model::stats::median;
use crate::model::waterfall::{Missing, Times, Waterfall};
use crate::model::{Model, Run};
use crate::plan::Plan;
use crate::trace::{Machine, Outcome};

pub(super) use figures::{ActorFigures, Figures};
pub(super) use shared::{Numbers, ObjectFigures, RoadFigures, Shared, Signals};
pub(super) use story::{CallMade, LostUnit, Story, UnitError, Why};

/// `poolscope run --json`.
#[derive(Debug, Serialize)]
pub(super) struct RunReport<'a> {
    /// The machine it ran on.
    pub(super) machine: Option<&'a Machine>,
    /// What was run.
    pub(super) plan: &'a Plan,
    /// The same items in one process, if that was asked for.
    pub(super) baseline: Option<Baseline<'a>>,
    /// Every repeat.
    pub(super) runs: Vec<MeasuredRun<'a>>,
    /// How much faster than the baseline.
    pub(super) speedup: Option<Speedup>,
    /// What kept the median run from the ideal, if that is known: an array, in order.
    #[serde(serialize_with = "steps")]
    pub(super) waterfall: Result<Waterfall, Option<Missing>>,
    /// Every digest there is, of the same items: they must be equal.
    #[serde(skip)]
    digests: Vec<&'a str>,
}

/// What a speedup is measured against.
#[derive(Debug, Serialize)]
pub(super) struct Baseline<'a> {
    /// How long each repeat took.
    pub(super) wall_ns: Vec<u64>,
    /// The hash of the results.
    pub(super) digest: &'a str,
}

/// One run that was made.
#[derive(Debug, Serialize)]
pub(super) struct MeasuredRun<'a> {
    /// Its figures.
    #[serde(flatten)]
    pub(super) figures: Figures<'a>,
    /// What happened in it.
    #[serde(flatten)]
    pub(super) story: Story<'a>,
    /// What was shared in it, and who waited for ever.
    #[serde(flatten)]
    pub(super) shared: Shared<'a>,
    /// Everybody in it, the parent first.
    pub(super) actors: Vec<ActorFigures<'a>>,
}

/// `poolscope show --json`.
#[derive(Debug, Serialize)]
pub(super) struct TraceReport<'a> {
    /// The machine it was recorded on.
    pub(super) machine: Option<&'a Machine>,
    /// What is wrong with the file, if anything.
    pub(super) notice: Option<&'a str>,
    /// Every run in it.
    pub(super) runs: Vec<RecordedRun<'a>>,
    /// Events in all.
    pub(super) events: u64,
    /// Events that could not be kept.
    pub(super) events_lost: u64,
    /// What breaks the rules of every trace, a sentence each.
    pub(super) violations: Vec<String>,
}

/// One run of a trace.
#[derive(Debug, Serialize)]
pub(super) struct RecordedRun<'a> {
    /// What was run.
    pub(super) plan: &'a Plan,
    /// Its figures.
    #[serde(flatten)]
    pub(super) figures: Figures<'a>,
    /// What happened in it.
    #[serde(flatten)]
    pub(super) story: Story<'a>,
    /// What was shared in it, and who waited for ever.
    #[serde(flatten)]
    pub(super) shared: Shared<'a>,
    /// From when on there are only sums, on the machine's clock.
    pub(super) summed_from_ns: Option<u64>,
    /// Everybody in it, the parent first.
    pub(super) actors: Vec<ActorFigures<'a>>,
    /// Every channel's account.
    pub(super) channels: Vec<ChannelAccount>,
}

impl<'a> RunReport<'a> {
    /// The figures of the runs in `model`, against the runs in `baseline`.
    pub(super) fn new(plan: &'a Plan, model: &'a Model, baseline: Option<&'a Model>) -> Self {
        let digests = [Some(model), baseline].into_iter().flatten().flat_map(|model| &model.runs).filter_map(digest);
        let baseline = baseline.map(|model| Baseline {
            wall_ns: wall_ns(&model.runs),
            digest: model.runs.iter().find_map(digest).unwrap_or_default(),
        });
        Self {
            machine: model.machine.as_ref(),
            plan,
            speedup: baseline.as_ref().and_then(|alone| Speedup::of(&alone.wall_ns, &wall_ns(&model.runs))),
            waterfall: baseline.as_ref().map_or(Err(None), |alone| waterfall(model, alone)),
            baseline,
            runs: model.runs.iter().map(MeasuredRun::of).collect(),
            digests: digests.collect(),
        }
    }

    /// Whether every repeat came to its end.
    pub(super) fn is_complete(&self) -> bool {
        let complete = self.runs.iter().filter(|run| run.figures.outcome == Some(&Outcome::Complete)).count();
        complete == self.runs.len() && complete as u64 == u64::from(self.plan.repeats)
    }

    /// Whether two runs, or a run and the baseline, disagree about the results of the same items.
    pub(super) fn is_contradictory(&self) -> bool {
        self.digests.windows(2).any(|pair| pair[0] != pair[1])
    }
}

impl<'a> TraceReport<'a> {
    /// What a trace holds.
    pub(super) fn new(model: &'a Model, notice: Option<&'a str>) -> Self {
        Self {
            machine: model.machine.as_ref(),
            notice,
            runs: model.runs.iter().map(RecordedRun::of).collect(),
            events: model.events,
            events_lost: model.events_lost,
            violations: violations(model),
        }
    }
}

impl<'a> MeasuredRun<'a> {
    fn of(run: &'a Run) -> Self {
        Self { figures: Figures::of(run), story: Story::of(run), shared: Shared::of(run), actors: actors(run) }
    }

    /// Time spent computing, by everybody.
    pub(super) fn busy_ns(&self) -> u64 {
        self.actors.iter().fold(0, |sum, actor| actor.busy_ns.saturating_add(sum))
    }
}

impl<'a> RecordedRun<'a> {
    fn of(run: &'a Run) -> Self {
        Self {
            plan: &run.plan,
            figures: Figures::of(run),
            story: Story::of(run),
            shared: Shared::of(run),
            summed_from_ns: run.summed_from_ns,
            actors: actors(run),
            channels: accounts(run),
        }
    }
}

fn actors(run: &Run) -> Vec<ActorFigures<'_>> {
    run.actors.iter().map(|actor| ActorFigures::of(run, actor)).collect()
}

/// From the ideal to the median run, or why that is not known.
fn waterfall(model: &Model, alone: &Baseline<'_>) -> Result<Waterfall, Option<Missing>> {
    let times = Times::of_median(&model.runs).map_err(Some)?;
    median(&alone.wall_ns).and_then(|alone_ns| times.against(alone_ns)).ok_or(None)
}

fn steps<S: Serializer>(fall: &Result<Waterfall, Option<Missing>>, serializer: S) -> Result<S::Ok, S::Error> {
    fall.as_ref().ok().map(|fall| &fall.steps).serialize(serializer)
}

/// How long the complete ones took.
fn wall_ns(runs: &[Run]) -> Vec<u64> {
    runs.iter().filter(|run| run.is_complete()).filter_map(|run| run.end.as_ref()).map(|end| end.wall_ns).collect()
}

fn digest(run: &Run) -> Option<&str> {
    run.end.as_ref().map(|end| end.digest.as_str()).filter(|digest| !digest.is_empty())
}
