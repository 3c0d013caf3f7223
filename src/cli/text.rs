//! The figures in words: what people read in place of JSON.

mod run;
mod shared;
mod story;
mod trace;

pub(super) use run::RunInWords;
pub(super) use trace::TraceInWords;

use crate::plan::{Executor, Plan};

/// Who computes: `4 worker processes, started by forkserver`.
fn team(plan: &Plan) -> String {
    let workers = plan.workers;
    match plan.with {
        Executor::Sequential => "One process computes one item after the other".to_owned(),
        Executor::Threads => format!("{} in one process", counted(workers.into(), "worker thread", "worker threads")),
        Executor::GilThreads => {
            let workers = counted(workers.into(), "worker thread", "worker threads");
            format!("{workers} in one process, taking turns under an emulated GIL")
        }
        Executor::Hybrid => {
            let workers = counted(workers.into(), "worker process", "worker processes");
            let threads = counted(plan.threads.into(), "thread", "threads");
            format!("{workers} of {threads} each, started by {}", plan.start.name())
        }
        Executor::Processes => {
            let workers = counted(workers.into(), "worker process", "worker processes");
            format!("{workers}, started by {}", plan.start.name())
        }
    }
}

/// A program with what was chosen in it: `process-tree (depth = 2)`.
fn program(plan: &Plan) -> Option<String> {
    let name = plan.program.as_ref()?;
    let knobs: Vec<String> = plan.knobs.iter().map(|(knob, number)| format!("{knob} = {number}")).collect();
    Some(if knobs.is_empty() { name.clone() } else { format!("{name} ({})", knobs.join(", ")) })
}

/// `1 core`, `8 cores`.
fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", crate::chunk::grouped(count), if count == 1 { one } else { several })
}
