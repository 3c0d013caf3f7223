//! The same in Python: a complete program that does what a plan does, to be read, run and compared.
//!
//! ```text
//! script    imports, definitions, what is done      pool      Pool and ThreadPool: every call
//! task      the function, around which threads      executor  ProcessPoolExecutor: the policy `broken`
//!           and faults are wrapped                  faults    what goes wrong on purpose
//! ```
//!
//! Where CPython would wait for ever (a unit whose worker died, a callback that raised), the program waits
//! with a timeout and says so in a comment: who tries it must get the prompt back.

mod executor;
mod faults;
mod pool;
mod script;
mod task;
#[cfg(test)]
mod tests;

use crate::plan::{Callback, CheckedPlan, Executor, Initializer, LossPolicy, Plan};
use crate::program::Chosen;

use script::Script;
use task::Task;

/// How long a program waits for what may never come, unless its plan says otherwise.
const PATIENCE_MS: u64 = 5_000;

/// The program for a plan. It runs under any Python 3 of a system that has the start method.
pub fn program(checked: &CheckedPlan) -> String {
    if let Some(program) = checked.program {
        return Chosen { program, knobs: &checked.plan.knobs, start: checked.plan.start }.python();
    }
    let plan = &checked.plan;
    let mut script = Script::default();
    script.from("time", "perf_counter");
    let task = Task::new(checked, &mut script);
    script.line(0, format!("items = {}", task.items));
    for line in &task.preparation {
        script.line(0, line);
    }
    if plan.with.has_processes() {
        script.from("multiprocessing", "get_context");
        script.line(0, format!("context = get_context(\"{}\")", plan.start.name()));
    }
    remarks(plan, &mut script);
    script.line(0, "began = perf_counter()");
    let level = usize::from(is_troubled(plan));
    if level > 0 {
        script.line(0, "results = []");
        script.line(0, "try:");
    }
    match plan.with {
        Executor::Sequential => script.line(level, format!("results = list(map({}, items))", task.function)),
        Executor::Processes | Executor::Hybrid if plan.policy == LossPolicy::Broken => {
            executor::write(plan, &task, level, &mut script);
        }
        _ => pool::write(plan, &task, level, &mut script),
    }
    if level > 0 {
        script.line(0, "except Exception as error:");
        script.line(1, "print(\"raised\", type(error).__name__ + \":\", error)");
    }
    for line in &task.unpacking {
        script.line(0, line);
    }
    script.line(0, "print(len(results), \"results in\", perf_counter() - began, \"s\")");
    if plan.callback == Some(Callback::Counts) && plan.with != Executor::Sequential {
        script.line(0, "print(\"the callback counted\", counted)");
    }
    script.text()
}

/// Whether the caller may get an error.
fn is_troubled(plan: &Plan) -> bool {
    let pool = plan.with != Executor::Sequential;
    !plan.faults.is_empty()
        || pool && (plan.callback == Some(Callback::Raises) || plan.initializer == Some(Initializer::Fails))
}

/// Whether CPython's pool would wait for ever, so that the program needs a timeout.
fn may_wait_for_ever(plan: &Plan) -> bool {
    plan.callback == Some(Callback::Raises)
        || plan.initializer == Some(Initializer::Fails)
        || plan.faults.iter().any(faults::loses_its_unit)
}

/// So many seconds, as Python writes them: `0.2`, `5`.
fn seconds(ms: u64) -> String {
    let text = format!("{}.{:03}", ms / 1000, ms % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What Python has in another way than the plan, in comments.
fn remarks(plan: &Plan, script: &mut Script) {
    let threads = matches!(plan.with, Executor::Threads | Executor::GilThreads);
    let mut say = |applies: bool, remark: &str| {
        if applies {
            script.line(0, format!("# {remark}"));
        }
    };
    say(plan.with == Executor::GilThreads, "Threads of Python take turns: only who holds the GIL computes.");
    say(plan.with == Executor::Threads, "With the GIL, threads take turns. These compute at once under a");
    say(plan.with == Executor::Threads, "free-threaded build of Python only: python3.14t.");
    say(threads && plan.maxtasksperchild.is_some(), "A ThreadPool has no maxtasksperchild: its threads don't retire.");
    if !plan.with.has_processes() {
        return;
    }
    match plan.policy {
        LossPolicy::Replace | LossPolicy::Broken => {}
        LossPolicy::Retry => say(true, "Python's Pool hands out no unit again when a worker dies: it is lost."),
        LossPolicy::Lost => say(true, "This is what Python's Pool does: the result of a lost unit never comes."),
    }
    let ignores = plan.initializer == Some(Initializer::IgnoreTerminate) && plan.terminate_after_ms.is_some();
    say(ignores, "The workers ignore SIGTERM: Python's terminate() waits for them for ever.");
}
