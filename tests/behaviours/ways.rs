//! What the cases share: every way to run a pool, and what holds for every run whatever goes wrong in it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use poolscope::model::{Actor, Call as Called, Model, Run, check};
use poolscope::plan::{Executor, Fault, Plan};
use poolscope::trace::{Exit, Outcome, Role};

use crate::common::{self, Told};

/// Two workers, as processes by every start method of this machine.
pub(crate) fn processes() -> Vec<Plan> {
    let plan = Plan { workers: 2, with: Executor::Processes, ..Plan::default() };
    poolscope::sys::start_methods().iter().map(|&start| Plan { start, ..plan.clone() }).collect()
}

/// The quickest of them: for cases that are long, or say nothing about how workers start.
pub(crate) fn quickest() -> Plan {
    processes().into_iter().min_by_key(|plan| plan.start.name() != "fork").expect("every system has spawn")
}

/// Two workers, as threads.
pub(crate) fn threads() -> Plan {
    Plan { workers: 2, with: Executor::Threads, ..Plan::default() }
}

/// Every way: processes by every start method, processes with two threads each, threads, threads that take
/// turns.
pub(crate) fn ways() -> Vec<Plan> {
    let hybrid = Plan { with: Executor::Hybrid, threads: 2, ..quickest() };
    let turns = Plan { with: Executor::GilThreads, ..threads() };
    processes().into_iter().chain([hybrid, threads(), turns]).collect()
}

/// The way in a word, for messages.
pub(crate) fn name(plan: &Plan) -> &'static str {
    if plan.with == Executor::Processes { plan.start.name() } else { plan.with.name() }
}

/// The squares of `0..items`, item by item or in chunks.
pub(crate) fn squares(way: &Plan, items: u64, chunksize: u64) -> Plan {
    Plan { workload: "squares".into(), items: Some(items), chunksize: Some(chunksize), ..way.clone() }
}

/// Items that wait 10 ms each.
pub(crate) fn sleeps(way: &Plan, items: u64, chunksize: u64) -> Plan {
    Plan { workload: "sleep".into(), ..squares(way, items, chunksize) }
}

/// Items that take far longer than any caller's patience in a test, however busy the machine is.
pub(crate) fn waits(way: &Plan, items: u64) -> Plan {
    Plan { workload: "io-wait".into(), preset: Some("slow".into()), ..squares(way, items, 1) }
}

/// The plan, in which these go wrong.
pub(crate) fn with_faults(plan: Plan, faults: &[&str]) -> Plan {
    let faults: Vec<Fault> = faults.iter().map(|text| text.parse().expect("a fault")).collect();
    Plan { faults, ..plan }
}

/// A run that is over, with what holds for every run checked.
pub(crate) struct Finished {
    /// All that is known of it.
    pub(crate) model: Model,
    /// What the session told.
    pub(crate) told: Told,
    /// The way in a word.
    pub(crate) way: &'static str,
}

/// Runs a plan to its end: the engine says how it ended, the trace contradicts itself nowhere, everybody has
/// ended and nothing is left.
pub(crate) fn run(plan: &Plan) -> Finished {
    let finished = run_whatever_happens(plan);
    let (way, run) = (finished.way, finished.run());
    assert_eq!(finished.told.ending.error, None, "{way}: {plan:?}");
    assert!(finished.told.warnings.is_empty(), "{way}: {:?}", finished.told.warnings);
    assert!(run.end.is_some(), "{way}: {plan:?}");
    // Of a run that failed, threads end with the engine: nothing can end one from outside.
    let may_stay = !plan.with.has_processes() && matches!(finished.outcome(), Outcome::Failed(_));
    let left = run.actors.iter().filter(|actor| actor.is_worker() && actor.exited.is_none() && !may_stay);
    assert_eq!(left.map(Actor::title).collect::<Vec<_>>(), [""; 0], "{way}: {plan:?}");
    finished
}

/// Runs a plan to its end, be it that of the engine itself: the trace contradicts itself nowhere, and nothing
/// is left.
pub(crate) fn run_whatever_happens(plan: &Plan) -> Finished {
    let (mut model, told) = common::run(plan);
    model.cut = told.ending.error.is_some();
    let finished = Finished { model, told, way: name(plan) };
    // Without events there is nothing to hold against each other.
    if plan.tracing {
        assert_eq!(check::violations(&finished.model), [""; 0], "{}: {plan:?}", finished.way);
    }
    finished.assert_nothing_is_left();
    finished
}

impl Finished {
    /// The run; there was one.
    pub(crate) fn run(&self) -> &Run {
        self.model.runs.last().unwrap_or_else(|| panic!("{}: no run: {:?}", self.way, self.told.ending))
    }

    /// How it ended.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.run().end.as_ref().expect("it ended").outcome
    }

    /// Asserts that every unit's result came.
    pub(crate) fn assert_complete(&self) -> &Self {
        assert_eq!(self.outcome(), &Outcome::Complete, "{}", self.way);
        assert_eq!(self.run().failures, [], "{}", self.way);
        self
    }

    /// Asserts that the caller got an error, and gives the sentence.
    pub(crate) fn assert_raised(&self, kind: &str) -> &str {
        match self.outcome() {
            Outcome::Raised(sentence) if sentence.contains(kind) => sentence,
            other => panic!("{}: {other:?} and not {kind}", self.way),
        }
    }

    /// Units that failed and the types of their errors, in the order of the units.
    pub(crate) fn failed(&self) -> Vec<(u32, &str)> {
        let mut failed: Vec<(u32, &str)> =
            self.run().failures.iter().map(|failure| (failure.unit, &*failure.what.kind)).collect();
        failed.sort_unstable();
        failed
    }

    /// The results of a run of squares that arrived, by item.
    pub(crate) fn values(&self) -> BTreeMap<u64, u64> {
        let mut values = BTreeMap::new();
        for (unit, payload) in &self.run().results {
            let items = self.run().cut.range(*unit);
            for (item, bytes) in items.zip(payload.chunks_exact(8)) {
                let value = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
                assert_eq!(values.insert(item, value), None, "{}: item {item} came twice", self.way);
            }
        }
        values
    }

    /// The same in input order, for what arrived in full.
    pub(crate) fn list(&self) -> Vec<u64> {
        let values = self.values();
        assert_eq!(values.len() as u64, self.run().cut.items, "{}: all of them", self.way);
        values.into_values().collect()
    }

    /// The units that the caller took one by one, in that order.
    pub(crate) fn delivered(&self) -> Vec<u32> {
        self.run().delivered.iter().map(|&(_, unit)| unit).collect()
    }

    /// The caller's calls whose text begins like this.
    pub(crate) fn calls(&self, begins: &str) -> Vec<&Called> {
        self.run().calls.iter().filter(|call| call.call.starts_with(begins)).collect()
    }

    /// Every worker, replacements too.
    pub(crate) fn workers(&self) -> Vec<&Actor> {
        self.run().workers().collect()
    }

    /// How every worker ended.
    pub(crate) fn exits(&self) -> Vec<Exit> {
        self.workers().iter().filter_map(|worker| worker.exited).map(|(_, exit)| exit).collect()
    }

    /// The most workers that lived at one time.
    pub(crate) fn most_alive(&self) -> usize {
        let workers = self.workers();
        let alive = |at_ns: u64| {
            let lives = |worker: &&&Actor| {
                worker.born_ns <= at_ns && worker.exited.is_none_or(|(exited_ns, _)| exited_ns > at_ns)
            };
            workers.iter().filter(lives).count()
        };
        workers.iter().map(|worker| alive(worker.born_ns)).max().unwrap_or_default()
    }

    /// Asserts that of every process in the trace none is left, be it as a zombie.
    fn assert_nothing_is_left(&self) {
        if !cfg!(target_os = "linux") {
            return;
        }
        let is_process = |actor: &&Actor| !matches!(actor.role, Role::WorkerThread | Role::ProcessThread);
        let pids = || self.model.runs.iter().flat_map(|run| &run.actors).filter(is_process).map(|actor| actor.pid);
        let left = || pids().filter(|&pid| is_left(pid)).collect::<Vec<_>>();
        let give_up = Instant::now() + Duration::from_secs(10);
        while !left().is_empty() {
            assert!(Instant::now() < give_up, "{}: still there: {:?}", self.way, left());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Whether there is still something of a process. A zombie that the system's first process has inherited is
/// not ours any more: it is asked for whenever that one likes.
fn is_left(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let mut words = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let (state, parent) = (words.next(), words.next());
    !(state == Some("Z") && parent == Some("1"))
}
