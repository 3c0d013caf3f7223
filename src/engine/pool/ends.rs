//! A worker of the pool has ended: because it retired, or before its time. What becomes of its units is
//! the plan's policy; its place is filled again.

use crate::engine::desk::End;
use crate::plan::Stage;
use crate::sys;
use crate::trace::{Exit, TaskFailure, What};

use super::crew;
use super::processes::Pool;
use super::restarts::{MOST, WITHIN_NS};

/// So many refusals with nobody left, and the pool gives up.
const MOST_REFUSALS: u32 = 6;

impl Pool<'_, '_> {
    /// The worker at a place is gone: tells how it ended, decides what becomes of its units, fills its place.
    pub(super) fn bury(&mut self, place: usize) -> Result<(), End> {
        let Some(mut member) = self.seats[place].member.take() else { return Ok(()) };
        let (actor, estate) = (member.tracked.actor, member.estate());
        let exit = crew::wait(self.desk, self.starter, &mut member);
        member.tracked.say_sums(self.desk);
        self.dispatch.vacate(place);
        if member.has_done(self.desk.checked.plan.maxtasksperchild) && exit == Exit::Code(0) {
            // With nothing left to hand out, a successor would be born for nothing.
            return if self.dispatch.waiting() > 0 { self.succeed(place) } else { Ok(()) };
        }
        if self.desk.is_complete() {
            return Ok(());
        }
        let what = match &member.last_words {
            Some(error) => format!("{}: its initializer raised {error}", member.title()),
            None => format!("{} ended before its time, exit {exit}: {}", member.title(), cause(exit)),
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
        if !self.restarts.bear(sys::now_ns()) {
            let seconds = WITHIN_NS / 1_000_000_000;
            return Err(End::Failed(format!(
                "The pool gives up: more than {MOST} workers ended before their time within {seconds} s. {what}."
            )));
        }
        self.succeed(place)
    }

    /// Fills the place of a worker that is gone. A system that refuses is asked again after a while.
    fn succeed(&mut self, place: usize) -> Result<(), End> {
        let Err(error) = self.fill(place) else {
            self.restarts.agreed();
            // At once, so that whoever is buried next knows what is left.
            while self.hand_one(place, sys::now_ns())? {}
            return Ok(());
        };
        let is_empty = self.seats.iter().all(|seat| seat.member.is_none());
        if is_empty && self.restarts.refusals() >= MOST_REFUSALS {
            return Err(End::Failed(format!(
                "No worker is left, and no new one can be started ({error}). Close other programs and try again."
            )));
        }
        let now_ns = sys::now_ns();
        let retry_ns = self.restarts.refused(now_ns);
        self.seats[place].retry_ns = Some(retry_ns);
        let line = format!(
            "No new worker can be started at place {} ({error}): tried again in {} ms.",
            place + 1,
            (retry_ns - now_ns) / 1_000_000
        );
        self.desk.scribe.say(What::Printed { line });
        Ok(())
    }

    /// Tries again to fill places that the system refused to fill.
    pub(super) fn refill(&mut self, now_ns: u64) -> Result<(), End> {
        for place in 0..self.seats.len() {
            if self.seats[place].retry_ns.is_some_and(|retry_ns| retry_ns <= now_ns) {
                self.seats[place].retry_ns = None;
                self.succeed(place)?;
            }
        }
        Ok(())
    }
}

/// What an exit says of its cause. Who sent a signal can't be known.
fn cause(exit: Exit) -> &'static str {
    match exit {
        Exit::Code(0) => "it ended by itself without a word",
        Exit::Code(_) => "it ended itself",
        Exit::Signal(4 | 7 | 11) => "it touched memory that is not its own",
        Exit::Signal(6) => "it aborted",
        Exit::Signal(9) => "it was killed; by whom can't be known (by the system, if memory was short)",
        Exit::Signal(15) => "it was asked to end",
        Exit::Signal(_) => "a signal ended it",
        Exit::Joined | Exit::Unknown => "how can't be known",
    }
}
