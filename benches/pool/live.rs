//! A run while it goes on: what has happened so far, and the way to end it.

use std::time::{Duration, Instant};

use poolscope::model::{Actor, Model, Run};
use poolscope::plan::{Executor, Plan};
use poolscope::session::{Options, Report, Session};

/// A run that takes longer is stuck.
const STUCK: Duration = Duration::from_mins(1);

/// A run that is watched.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) model: Model,
}

impl Live {
    /// Starts a plan.
    pub(super) fn start(plan: &Plan) -> Self {
        Self::with(plan, Options::default())
    }

    /// Starts a plan whose processes are sampled.
    pub(super) fn sampled(plan: &Plan) -> Self {
        Self::with(plan, Options { sample: true, ..Options::default() })
    }

    fn with(plan: &Plan, options: Options) -> Self {
        let options = Options { program: Some(env!("CARGO_BIN_EXE_poolscope").into()), ..options };
        Self { session: Session::start(plan, options).expect("the engine starts"), model: Model::new() }
    }

    /// Takes in what is reported within this time. False once nothing more will come.
    pub(super) fn look(&mut self, patience: Duration) -> bool {
        match self.session.reports().recv_timeout(patience) {
            Ok(Report::Events(events)) => events.iter().for_each(|event| self.model.apply(event)),
            Ok(Report::Warning(warning)) => println!("{warning}"),
            Ok(Report::Ended(_)) => return false,
            Err(error) => return error.is_timeout(),
        }
        true
    }

    /// Watches until something is so.
    pub(super) fn until<T>(&mut self, mut wanted: impl FnMut(&Run) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = self.model.last_run().and_then(&mut wanted) {
                return found;
            }
            assert!(self.look(STUCK), "it goes on: {:?}", self.model.last_run().and_then(|run| run.end.as_ref()));
            assert!(begun.elapsed() < STUCK, "it gets on");
        }
    }

    /// Watches to the end; gives when that came.
    pub(super) fn finish(&mut self) -> Instant {
        while self.look(STUCK) {}
        Instant::now()
    }
}

/// The workers that can compute now.
pub(super) fn ready(run: &Run) -> Vec<&Actor> {
    run.workers().filter(|worker| worker.ready_ns.is_some() && worker.exited.is_none()).collect()
}

/// Computing for as long as anybody looks, in units of some milliseconds: of tiny ones the engine would tell
/// later than they happen.
pub(super) fn endless() -> Plan {
    Plan {
        workload: "monte-carlo-pi".into(),
        preset: Some("many-darts".into()),
        items: Some(1_000_000),
        chunksize: Some(1),
        with: Executor::Processes,
        ..Plan::default()
    }
}
