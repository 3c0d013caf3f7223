//! A worker of the pool has ended: because it retired, or before its time. What becomes of its units is
//! the plan's policy; its place is filled again.

use crate::engine::desk::End;
use crate::plan::Stage;
use crate::sys;
use crate::trace::{Exit, TaskFailure};

use super::crew;
use super::processes::Pool;
use super::restarts::WITHIN_NS;

impl Pool<'_, '_> {
    /// The worker at a place is gone: tells how it ended, decides what becomes of its units, fills its place.
    pub(super) fn bury(&mut self, place: usize) -> Result<(), End> {
        let Some(mut member) = self.seats[place].member.take() else { return Ok(()) };
        let (actor, estate) = (member.tracked.actor, member.estate());
        let exit = crew::wait(self.desk, self.starter, &mut member);
        let with_server = self.starter.has_lost(&member.started);
        let is_first_to_tell = self.mourn_server();
        member.tracked.say_sums(self.desk);
        self.dispatch.vacate(place);
        if self.desk.is_complete() {
            return Ok(());
        }
        if member.has_done(self.desk.checked.plan.maxtasksperchild) && exit == Exit::Code(0) {
            // With nothing left to hand out, a successor would be born for nothing.
            return if self.dispatch.waiting() > 0 { self.succeed(place) } else { Ok(()) };
        }
        let short = if exit == KILLED { self.memory_was_short() } else { None };
        let cause = if with_server { "its fork server is gone, and it ended with it" } else { cause(exit, short) };
        let what = match &member.last_words {
            Some(error) => format!("{}: its initializer raised {error}", member.title()),
            None => format!("{} ended before its time, exit {exit}: {cause}", member.title()),
        };
        let failure = TaskFailure {
            kind: "WorkerLostError".to_owned(),
            message: what.clone(),
            stage: Some(Stage::Call),
            location: format!("worker {}", member.number),
            pid: member.pid(),
            ..TaskFailure::default()
        };
        self.losses.settle(self.desk, &mut self.dispatch, actor, &estate, &failure)?;
        if self.desk.is_complete() {
            return Ok(());
        }
        // All that end with their fork server are one end: what ended was the server.
        let counts = !with_server || is_first_to_tell;
        if counts && !self.restarts.bear(sys::now_ns()) {
            let seconds = WITHIN_NS / 1_000_000_000;
            return Err(End::Failed(format!(
                "The pool gives up: more than {} workers ended before their time within {seconds} s. {what}.",
                self.restarts.most()
            )));
        }
        self.succeed(place)
    }

    /// Whether the system killed somebody since the last time because memory was short; `None` if it does not
    /// tell.
    fn memory_was_short(&mut self) -> Option<bool> {
        let before = std::mem::replace(&mut self.oom_kills, sys::oom_kills());
        Some(self.oom_kills? > before?)
    }
}

/// The exit of who was killed.
const KILLED: Exit = Exit::Signal(9);

/// What an exit says of its cause. Who sent a signal can't be known; but the system tells, on some machines,
/// whether it had to kill somebody because memory was short.
fn cause(exit: Exit, memory_was_short: Option<bool>) -> &'static str {
    match exit {
        Exit::Code(0) => "it ended by itself without a word",
        Exit::Code(_) => "it ended itself",
        Exit::Signal(4 | 7 | 11) => "it touched memory that is not its own",
        Exit::Signal(6) => "it aborted",
        KILLED => match memory_was_short {
            Some(true) => "it was probably killed because memory was short",
            Some(false) => "it was killed; by whom can't be known",
            None => "it was killed; by whom can't be known (by the system, if memory was short)",
        },
        Exit::Signal(15) => "it was asked to end",
        Exit::Signal(_) => "a signal ended it",
        Exit::Joined | Exit::Unknown => "how can't be known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_killed_when_memory_was_short_was_probably_killed_for_that() {
        assert!(cause(KILLED, Some(true)).contains("probably killed because memory was short"));
        assert!(!cause(KILLED, Some(false)).contains("memory"));
        assert!(cause(KILLED, None).contains("if memory was short"), "where the system does not tell");
    }
}
