//! What becomes of the units of a worker that ended before its time: the plan's policy.

use std::collections::BTreeMap;

use crate::engine::desk::{Desk, End};
use crate::plan::LossPolicy;
use crate::sys;
use crate::trace::{ActorId, Fate, TaskFailure, What};

use super::dispatch::Dispatch;

/// How often a unit is computed at most, if it is retried.
const MOST_ATTEMPTS: u32 = 3;

/// What a worker had when it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Estate {
    /// Units it had begun.
    pub(super) begun: Vec<u32>,
    /// Units that lay before it.
    pub(super) untouched: Vec<u32>,
}

/// The units that were lost so far.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// How often a unit's worker died when it had begun it.
    attempts: BTreeMap<u32, u32>,
}

impl Losses {
    /// Settles what a worker leaves behind. What it had not begun is handed out again; what it had begun is
    /// a matter of policy, for it may have been done in part, and cannot be done twice without harm unless
    /// the plan says that it can.
    pub(super) fn settle(
        &mut self,
        desk: &mut Desk<'_>,
        dispatch: &mut Dispatch,
        actor: ActorId,
        estate: &Estate,
        failure: &TaskFailure,
    ) -> Result<(), End> {
        let policy = desk.checked.plan.policy;
        let lose = |desk: &mut Desk<'_>, unit, fate| {
            desk.scribe.say_for(actor, sys::now_ns(), What::UnitLost { unit, fate });
        };
        if policy == LossPolicy::Broken {
            for &unit in estate.begun.iter().chain(&estate.untouched) {
                lose(desk, unit, Fate::Fails);
            }
            dispatch.cancel();
            let message = format!("A process in the pool was terminated abruptly: {}", failure.message);
            let kind = "BrokenProcessPool".to_owned();
            return Ok(desk.fail_the_rest(actor, &TaskFailure { kind, message, ..failure.clone() })?);
        }
        for &unit in &estate.untouched {
            lose(desk, unit, Fate::HandedOutAgain);
            dispatch.hand_out_again(unit, false);
        }
        for &unit in &estate.begun {
            let attempts = self.attempts.entry(unit).or_insert(0);
            *attempts += 1;
            match policy {
                LossPolicy::Lost => lose(desk, unit, Fate::NeverComes),
                LossPolicy::Retry if *attempts < MOST_ATTEMPTS => {
                    lose(desk, unit, Fate::Retried);
                    dispatch.hand_out_again(unit, true);
                }
                LossPolicy::Retry | LossPolicy::Replace | LossPolicy::Broken => {
                    lose(desk, unit, Fate::Fails);
                    let mut failure = failure.clone();
                    if policy == LossPolicy::Retry {
                        failure.message = format!("{} (attempt {attempts} of {MOST_ATTEMPTS})", failure.message);
                    }
                    let range = desk.checked.cut.range(unit);
                    // A unit of one item: then it is known which.
                    failure.item = (range.end - range.start == 1).then_some(range.start);
                    desk.fail(unit, actor, failure)?;
                }
            }
        }
        Ok(())
    }
}
