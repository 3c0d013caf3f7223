//! The function that is called, and what is wrapped around it: a tuple taken apart, faults, threads.

use crate::plan::{Call, CheckedPlan, Executor, LossPolicy};

use super::faults;
use super::script::Script;

/// What the pool is to call, and on what.
#[derive(Debug)]
pub(super) struct Task {
    /// The function's name.
    pub(super) function: String,
    /// How many arguments an item is: if more than one, it is a tuple of so many.
    pub(super) parameters: usize,
    /// An expression for the list of items.
    pub(super) items: String,
    /// What is done to the items before the pool gets them.
    pub(super) preparation: Vec<String>,
    /// What is done to the results after it gave them back.
    pub(super) unpacking: Vec<String>,
    /// `, chunksize=63`, if one is chosen.
    pub(super) chunksize: String,
    /// Items in a unit.
    pub(super) unit: u64,
}

impl Task {
    /// The work of a plan; its definitions go into the script.
    pub(super) fn new(checked: &CheckedPlan, script: &mut Script) -> Self {
        let plan = &checked.plan;
        let work = checked.input.workload.python(&checked.input);
        script.define(&work.function);
        let mut task = Self {
            function: work.name.to_owned(),
            parameters: work.parameters.max(1),
            items: work.items,
            preparation: Vec::new(),
            unpacking: Vec::new(),
            chunksize: plan.chunksize.map(|size| format!(", chunksize={size}")).unwrap_or_default(),
            unit: checked.cut.chunksize,
        };
        if !plan.faults.is_empty() {
            faults::wrap(plan, &mut task, script);
        }
        if plan.with == Executor::Hybrid {
            task.wrap_threads(plan.threads, script);
        }
        let broken = plan.policy == LossPolicy::Broken && plan.with.has_processes();
        let takes_apart = plan.with != Executor::Sequential
            && (plan.call.is_single() || broken && !is_mapped(plan.call) || !broken && plan.call == Call::Starmap);
        if task.parameters > 1 && !takes_apart {
            task.unpack(script);
        }
        task
    }

    /// `map` hands a function one argument: the tuple, where the function has several parameters.
    fn unpack(&mut self, script: &mut Script) {
        script.define(&format!("def unpacked(arguments):\n    return {}(*arguments)", self.function));
        "unpacked".clone_into(&mut self.function);
        self.parameters = 1;
    }

    /// Each unit becomes one item, which a process shares among threads of its own.
    fn wrap_threads(&mut self, threads: u32, script: &mut Script) {
        if self.parameters > 1 {
            self.unpack(script);
        }
        script.from("multiprocessing.pool", "ThreadPool");
        script.define(&format!(
            "def in_threads(unit):\n    # In each process: threads, which take turns as long as there is a GIL.\n    \
             with ThreadPool(processes={threads}) as threads:\n        return threads.map({}, unit)",
            self.function
        ));
        let unit = self.unit;
        self.preparation.push("items = list(items)".to_owned());
        self.preparation.push(format!("items = [items[at:at + {unit}] for at in range(0, len(items), {unit})]"));
        self.unpacking.insert(0, "results = [result for unit in results for result in unit]".to_owned());
        "in_threads".clone_into(&mut self.function);
        ", chunksize=1".clone_into(&mut self.chunksize);
        self.unit = 1;
    }

    /// What `apply` hands over for the variable `item`: a tuple of arguments.
    pub(super) fn arguments(&self) -> &'static str {
        if self.parameters > 1 { "item" } else { "(item,)" }
    }

    /// What `submit` hands over for the variable `item`.
    pub(super) fn submitted(&self) -> &'static str {
        if self.parameters > 1 { "*item" } else { "item" }
    }

    /// What `starmap` takes: a list of tuples.
    pub(super) fn tuples(&self) -> &'static str {
        if self.parameters > 1 { "items" } else { "[(item,) for item in items]" }
    }
}

/// Whether a `ProcessPoolExecutor` has one method for all items of this call.
pub(super) fn is_mapped(call: Call) -> bool {
    matches!(call, Call::Map | Call::Starmap | Call::Imap)
}
