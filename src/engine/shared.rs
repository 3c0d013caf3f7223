//! Computing a unit inside the parent's own process, where the input is shared: what threads and the
//! parent alone have in common. Nothing is serialized between actors.

use std::ops::Range;

use crate::sys;
use crate::trace::ring::Shared;
use crate::workload::{Here, Input};

use super::log::Log;

/// Computes units of an input that lies in this process.
pub(super) struct Calculator {
    input: Input,
    /// The items of the unit at hand; kept, so that a unit costs no allocation of its own.
    arguments: Vec<u8>,
}

impl Calculator {
    /// For this input.
    pub(super) fn new(input: Input) -> Self {
        Self { input, arguments: Vec::new() }
    }

    /// The results of a unit, or why it failed; written down in the log.
    pub(super) fn compute(&mut self, log: &mut Log<Shared>, unit: u32, items: Range<u64>) -> Result<Vec<u8>, String> {
        let began_ns = sys::now_ns();
        if log.details(unit) {
            log.began(began_ns, unit);
        }
        self.arguments.clear();
        self.input.write_items(items, &mut self.arguments);
        let mut results = Vec::new();
        let outcome = self.input.workload.run_unit(&self.arguments, &Here::free(), &mut results);
        let ended_ns = sys::now_ns();
        if log.details(unit) {
            log.ended(ended_ns, unit);
        } else {
            log.summed(began_ns, ended_ns);
        }
        outcome.map(|()| results).map_err(|error| error.to_string())
    }
}
