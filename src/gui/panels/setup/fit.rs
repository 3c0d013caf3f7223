//! Which settings the chosen call and executor have a use for, why not, and how a plan stays sound while
//! they change.

use crate::plan::{Executor, Fault, Moment, Plan};

/// Why a setting has no use here; `None` where it has one.
pub type Reason = Option<&'static str>;

/// `chunksize`: only where items are cut into units.
pub fn no_chunksize(plan: &Plan) -> Reason {
    plan.call.is_single().then_some("apply and apply_async send each item as a unit of its own: nothing is cut.")
}

/// `callback`: only calls that return at once have one.
pub fn no_callback(plan: &Plan) -> Reason {
    (!plan.call.is_async()).then_some("Only map_async and apply_async call back.")
}

/// `timeout`: only where there is something to wait for besides the call itself.
pub fn no_timeout(plan: &Plan) -> Reason {
    if plan.call.is_iterator() && plan.chunksize.is_some_and(|size| size > 1) {
        return Some("With a chunksize above 1, imap returns a plain generator, which has no next(timeout).");
    }
    let waits = plan.call.is_async() || plan.call.is_iterator();
    (!waits).then_some("This call waits by itself: choose map_async, apply_async or imap.")
}

/// `buffersize`: how far `imap` may run ahead.
pub fn no_buffersize(plan: &Plan) -> Reason {
    (!plan.call.is_iterator()).then_some("Only imap and imap_unordered hand out units while results are taken.")
}

/// `maxtasksperchild`: threads are never replaced.
pub fn no_maxtasks(plan: &Plan) -> Reason {
    plan.with.is_one_process().then_some("Only worker processes are replaced: a ThreadPool has none.")
}

/// `initializer`: there must be a worker to run it.
pub fn no_initializer(plan: &Plan) -> Reason {
    (plan.with == Executor::Sequential).then_some("Sequential has no workers that could prepare themselves.")
}

/// What becomes of a lost unit: threads don't die alone.
pub fn no_policy(plan: &Plan) -> Reason {
    plan.with
        .is_one_process()
        .then_some("Only a worker process can be lost alone: a thread that crashes takes all with it.")
}

/// Which method of the pool is called: without a pool there is none.
pub fn no_call(plan: &Plan) -> Reason {
    (plan.with == Executor::Sequential).then_some("Sequential calls no pool: it is Python's own map.")
}

/// Clears what the chosen call refuses, and moves faults to items and workers that there are.
pub fn fit(plan: &mut Plan, items: u64) {
    if no_chunksize(plan).is_some() {
        plan.chunksize = None;
    }
    if no_callback(plan).is_some() {
        plan.callback = None;
    }
    if no_timeout(plan).is_some() {
        plan.timeout_ms = None;
    }
    if no_buffersize(plan).is_some() {
        plan.buffersize = None;
    }
    let workers = plan.workers;
    for fault in &mut plan.faults {
        match &mut fault.moment {
            Moment::Item { item, .. } => *item = (*item).min(items.saturating_sub(1)),
            Moment::Worker { place, .. } => *place = (*place).clamp(1, workers.max(1)),
        }
    }
    if items == 0 {
        plan.faults.retain(|fault| !matches!(fault.moment, Moment::Item { .. }));
    }
}

/// Whether a fault makes sense, and if not why.
pub fn possible(fault: Fault) -> Result<(), String> {
    fault.to_string().parse::<Fault>().map(|_| ()).map_err(|_| match fault.moment {
        Moment::Item { .. } => format!("{} can't happen at that moment of an item.", fault.action.name()),
        Moment::Worker { .. } => format!("{} needs an item that it happens to.", fault.action.name()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Call, Callback, Stage};

    /// Whatever was set for one call, the plan stays sound for every other.
    #[test]
    fn every_call_leaves_a_plan_that_can_run() {
        for &before in Call::ALL {
            for &call in Call::ALL {
                let mut plan = Plan {
                    call: before,
                    chunksize: Some(7),
                    callback: Some(Callback::Counts),
                    timeout_ms: Some(200),
                    buffersize: Some(4),
                    ..Plan::default()
                };
                fit(&mut plan, 1_000);
                plan.check().expect("sound for the call before");
                plan.call = call;
                fit(&mut plan, 1_000);
                plan.check().expect("and for the one after");
            }
        }
        let mut plan = Plan { call: Call::Imap, timeout_ms: Some(200), chunksize: Some(1), ..Plan::default() };
        fit(&mut plan, 10);
        assert_eq!(plan.timeout_ms, Some(200), "imap with single items has next(timeout)");
    }

    #[test]
    fn faults_follow_the_items_and_workers_there_are() {
        let fault = |text: &str| text.parse::<Fault>().expect("a fault");
        let mut plan =
            Plan { workers: 2, faults: vec![fault("kill@call:700"), fault("stop@worker:4:5ms")], ..Plan::default() };
        fit(&mut plan, 10);
        assert_eq!(plan.faults, [fault("kill@call:9"), fault("stop@worker:2:5ms")]);
        fit(&mut plan, 0);
        assert_eq!(plan.faults.len(), 1);
    }

    #[test]
    fn what_cannot_happen_says_why() {
        let at = |action, moment| possible(Fault { action, moment });
        let call = Moment::Item { stage: Stage::Call, item: 1, once: false };
        assert!(at(Action::Kill, call).is_ok());
        assert!(at(Action::Closure, call).is_err_and(|why| why.contains("closure")));
        assert!(at(Action::Error, Moment::Worker { place: 1, after_ms: 5 }).is_err_and(|why| why.contains("item")));
    }
}
