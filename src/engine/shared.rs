//! Computing a unit inside the parent's own process, where the input is shared: what threads and the
//! parent alone have in common. Nothing is serialized between actors.

use std::ops::Range;
use std::time::Duration;

use crate::sys;
use crate::trace::ActorId;
use crate::trace::ring::Shared;
use crate::workload::{Here, Input};

use super::faults::Faults;
use super::log::Log;
use super::scribe::TICK_NS;
use super::task::{Tasks, Undone};

/// Time for the parent to pass on what happened before a crash that takes it along: a few of its ticks.
const LAST_MOMENT: Duration = Duration::from_nanos(4 * TICK_NS);

/// Computes units of an input that lies in this process.
pub(super) struct Calculator {
    input: Input,
    tasks: Tasks,
    /// The items of the unit at hand; kept, so that a unit costs no allocation of its own.
    arguments: Vec<u8>,
}

impl Calculator {
    /// For this input.
    pub(super) fn new(input: Input, faults: Faults, actor: ActorId) -> Self {
        Self {
            input,
            tasks: Tasks { workload: input.workload, faults, actor, last_moment: LAST_MOMENT },
            arguments: Vec::new(),
        }
    }

    /// The results of a unit, or why it has none; written down in the log. `again` says that another had it
    /// before; `before_end` may write down what happened meanwhile.
    pub(super) fn compute(
        &mut self,
        log: &mut Log<Shared>,
        (unit, again): (u32, bool),
        items: Range<u64>,
        here: &Here<'_>,
        before_end: impl FnOnce(&mut Log<Shared>),
    ) -> Result<Vec<u8>, Undone> {
        let began_ns = sys::now_ns();
        log.began(began_ns, unit);
        self.arguments.clear();
        self.input.write_items(items.clone(), &mut self.arguments);
        let mut results = Vec::new();
        let outcome = self.tasks.compute(items, again, false, &self.arguments, here, &mut results);
        let ended_ns = sys::now_ns();
        before_end(log);
        log.ended(began_ns, ended_ns, unit);
        outcome.map(|()| results)
    }
}
