//! `concurrent.futures.ProcessPoolExecutor`: the pool that is broken once a worker has died.

use crate::plan::{Call, Plan, StartMethod};

use super::pool::{callback_of, initializer_of, patience_of};
use super::script::Script;
use super::task::{Task, is_mapped};
use super::{faults, seconds};

/// Writes the executor and what is called on it.
pub(super) fn write(plan: &Plan, task: &Task, level: usize, script: &mut Script) {
    script.from("concurrent.futures", "ProcessPoolExecutor");
    let mut options = vec![format!("max_workers={}", plan.workers), "mp_context=context".to_owned()];
    if let Some(initializer) = plan.initializer {
        options.push(format!("initializer={}", initializer_of(initializer, script)));
    }
    if let Some(most) = plan.maxtasksperchild {
        if plan.start == StartMethod::Fork {
            script.line(level, "# max_tasks_per_child is not to be had with fork here.");
        } else {
            options.push(format!("max_tasks_per_child={most}"));
        }
    }
    script.line(level, "# Once a worker has died, everything that is not done fails: BrokenProcessPool.");
    script.line(level, format!("with ProcessPoolExecutor({}) as pool:", options.join(", ")));
    let level = level + 1;
    let waits = plan.timeout_ms.is_some() || plan.terminate_after_ms.is_some();
    if plan.timeout_ms.is_some() {
        script.from("concurrent.futures", "TimeoutError");
    }
    if is_mapped(plan.call) && !waits {
        let (function, unit) = (&task.function, task.unit);
        faults::on_workers(plan, WORKERS, level, script);
        let results = format!("pool.map({function}, items, chunksize={unit})");
        if plan.call.is_iterator() {
            script.line(level, "results = []");
            script.line(level, format!("for result in {results}:"));
            return script.line(level + 1, "results.append(result)");
        }
        return script.line(level, format!("results = list({results})"));
    }
    futures(plan, task, level, script);
}

/// Its processes, once the first call has started them.
const WORKERS: &str = "list(pool._processes.values())";

/// Writes a job for each item.
fn futures(plan: &Plan, task: &Task, level: usize, script: &mut Script) {
    let submit = format!("pool.submit({}, {})", task.function, task.submitted());
    if plan.call == Call::Apply {
        faults::on_workers(plan, WORKERS, level, script);
        return script.line(level, format!("results = [{submit}.result() for item in items]"));
    }
    script.line(level, format!("futures = [{submit} for item in items]"));
    faults::on_workers(plan, WORKERS, level, script);
    if let Some(callback) = plan.callback {
        let name = callback_of(callback, false, script);
        script.line(level, "for future in futures:");
        script.line(level + 1, format!("future.add_done_callback({name})"));
    }
    if let Some(after_ms) = plan.terminate_after_ms {
        script.from("concurrent.futures", "wait");
        script.line(level, format!("done, outstanding = wait(futures, timeout={})", seconds(after_ms)));
        script.line(level, "results = [future.result() for future in futures if future in done]");
        script.line(level, "if outstanding:");
        script.line(level + 1, "pool.shutdown(wait=False, cancel_futures=True)");
        return script.line(level + 1, "print(\"terminated\")");
    }
    let order = if plan.call == Call::ImapUnordered {
        script.from("concurrent.futures", "as_completed");
        "as_completed(futures)"
    } else {
        "futures"
    };
    let taken = match plan.timeout_ms {
        Some(timeout_ms) => {
            patience_of(timeout_ms, script);
            "patient(future.result)"
        }
        None => "future.result()",
    };
    script.line(level, format!("results = [{taken} for future in {order}]"));
}
