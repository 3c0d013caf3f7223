//! Computing one unit, item by item: the same in a worker process, in a thread and in the parent alone.
//! What a plan lets go wrong on purpose goes wrong here.

use std::ops::Range;
use std::time::Duration;

use crate::plan::{Action, Stage};
use crate::sys;
use crate::trace::{ActorId, TaskFailure, print};
use crate::workload::{Here, Reader, TaskError, Workload};

use super::faults::{self, Faults};

/// Why a unit has no result.
#[derive(Debug)]
pub(super) enum Undone {
    /// One of its tasks failed; the worker lives on.
    Failed(Box<TaskFailure>),
    /// The task ended its worker in order, as `sys.exit` does.
    Exit,
}

impl Undone {
    /// A failure without an item.
    pub(super) fn because(kind: &str, message: String) -> Self {
        Self::Failed(Box::new(TaskFailure { kind: kind.to_owned(), message, ..TaskFailure::default() }))
    }
}

/// What a unit is computed with.
pub(super) struct Tasks {
    pub(super) workload: &'static dyn Workload,
    pub(super) faults: Faults,
    /// Who computes, for what is printed.
    pub(super) actor: ActorId,
    /// How long a process takes its time before it does itself harm. Where the log of what happened lies in
    /// the very process that crashes, the parent must have passed it on, or nobody would see how it came to
    /// that.
    pub(super) last_moment: Duration,
}

impl Tasks {
    /// Whether something will go wrong with these items on purpose. A worker sends off what it has before
    /// it begins with them, so that a crash takes no finished result along.
    #[inline]
    pub(super) fn are_doomed(&self, items: &Range<u64>) -> bool {
        !self.faults.is_empty() && self.faults.touch(items)
    }

    /// Reads the items of a unit and appends their results. `serialized` says that they came as bytes from
    /// another process: only then can reading or writing them fail.
    pub(super) fn compute(
        &self,
        items: Range<u64>,
        again: bool,
        serialized: bool,
        arguments: &[u8],
        here: &Here<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Undone> {
        let doomed = self.are_doomed(&items);
        let go_wrong = |stage, items| if doomed { self.go_wrong(stage, items, again, here) } else { Ok(()) };
        if serialized {
            go_wrong(Stage::DecodeArguments, items.clone())?;
        }
        let (mut reader, mut item) = (Reader::new(arguments), items.start);
        while !reader.is_empty() {
            go_wrong(Stage::Call, item..item + 1)?;
            self.workload.run_item(&mut reader, here, out).map_err(|error| self.failed(&error, item))?;
            here.breathe();
            item += 1;
        }
        if serialized {
            go_wrong(Stage::EncodeResult, items)?;
        }
        Ok(())
    }

    /// Whatever the plan wants to go wrong at this moment.
    fn go_wrong(&self, stage: Stage, items: Range<u64>, again: bool, here: &Here<'_>) -> Result<(), Undone> {
        for (item, action) in self.faults.at(stage, items, again) {
            if action.is_error() {
                let location = self.location();
                return Err(Undone::Failed(Box::new(TaskFailure { location, ..faults::failure(action, stage, item) })));
            }
            let line = format!("fault at item {item} ({}): {}", stage.name(), action.name());
            print::print(self.actor, sys::now_ns(), &line);
            match action {
                Action::Exit => return Err(Undone::Exit),
                // As one who waits for what never comes: the interpreter, if there is one, is free meanwhile.
                Action::Hang => loop {
                    here.wait(Duration::from_mins(1));
                },
                _ => {
                    std::thread::sleep(self.last_moment);
                    sys::suffer(action);
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: &TaskError, item: u64) -> Undone {
        let (stage, kind) = match error {
            TaskError::Arguments(_) => (Stage::DecodeArguments, "UnpicklingError"),
        };
        Undone::Failed(Box::new(TaskFailure {
            kind: kind.to_owned(),
            message: error.to_string(),
            stage: Some(stage),
            location: self.location(),
            item: Some(item),
            ..TaskFailure::default()
        }))
    }

    fn location(&self) -> String {
        format!("workload {}", self.workload.name())
    }
}
