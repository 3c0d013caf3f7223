//! Which settings the chosen call and executor have a use for, why not, and how a plan stays sound while
//! they change. What an executor has no use for is known by the plan itself.

use crate::plan::{Callback, Executor, Fault, Initializer, Moment, Plan};

pub use crate::plan::Reason;

/// `chunksize`: only where items are cut into units.
pub fn no_chunksize(plan: &Plan) -> Reason {
    plan.call.is_single().then_some("apply and apply_async send each item as a unit of its own: nothing is cut.")
}

/// `callback`: only calls that return at once have one.
pub fn no_callback(plan: &Plan) -> Reason {
    let returns = plan.call.is_async();
    plan.with.no_callback().or((!returns).then_some("Only map_async and apply_async call back."))
}

/// `timeout`: only where there is something to wait for besides the call itself.
pub fn no_timeout(plan: &Plan) -> Reason {
    plan.with.no_timeout().or_else(|| call_has_no_timeout(plan))
}

fn call_has_no_timeout(plan: &Plan) -> Reason {
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

/// What the policy can't save, where some workers can't be lost alone.
pub fn beyond_policy(with: Executor) -> Reason {
    let threads = matches!(with, Executor::Threads | Executor::GilThreads);
    threads.then_some("Only a thread that ends itself (sys.exit) is lost alone: one that crashes takes all with it.")
}

/// What the student asked for and the plan can't have as long as its executor is chosen. It is part of the
/// plan while that is shown and changed, and taken out of it before anybody else sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    maxtasksperchild: Option<u32>,
    initializer: Option<Initializer>,
    callback: Option<Callback>,
    timeout_ms: Option<u64>,
    terminate_after_ms: Option<u64>,
    /// With their places in the list.
    faults: Vec<(usize, Fault)>,
}

impl Aside {
    /// Takes out of the plan what can't happen.
    pub fn take_out(&mut self, plan: &mut Plan) {
        let with = plan.with;
        // A program has no executor, and no items or workers that a fault could happen to.
        let program = plan.program.is_some();
        let faults = std::mem::take(&mut plan.faults).into_iter().enumerate();
        let (out, stay): (Vec<_>, Vec<_>) = faults.partition(|(_, fault)| program || with.no_fault(*fault).is_some());
        plan.faults = stay.into_iter().map(|(_, fault)| fault).collect();
        *self = Self {
            maxtasksperchild: with.no_maxtasks().and_then(|_| plan.maxtasksperchild.take()),
            initializer: with.no_initializer().and_then(|_| plan.initializer.take()),
            callback: with.no_callback().and_then(|_| plan.callback.take()),
            timeout_ms: with.no_timeout().and_then(|_| plan.timeout_ms.take()),
            terminate_after_ms: with.no_terminate().and_then(|_| plan.terminate_after_ms.take()),
            faults: out,
        };
    }

    /// Gives all of it back, each fault in its place.
    pub fn give_back(&mut self, plan: &mut Plan) {
        let Self { maxtasksperchild, initializer, callback, timeout_ms, terminate_after_ms, faults } =
            std::mem::take(self);
        plan.maxtasksperchild = plan.maxtasksperchild.or(maxtasksperchild);
        plan.initializer = plan.initializer.or(initializer);
        plan.callback = plan.callback.or(callback);
        plan.timeout_ms = plan.timeout_ms.or(timeout_ms);
        plan.terminate_after_ms = plan.terminate_after_ms.or(terminate_after_ms);
        for (place, fault) in faults {
            plan.faults.insert(place.min(plan.faults.len()), fault);
        }
    }
}

/// The plan without what can't happen: what Run runs.
pub fn runnable(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    Aside::default().take_out(&mut plan);
    plan
}

/// Clears what the chosen call refuses (what the executor refuses is put [`Aside`]), and moves faults to items and workers that there are.
pub fn fit(plan: &mut Plan, items: u64) {
    if no_chunksize(plan).is_some() {
        plan.chunksize = None;
    }
    if !plan.call.is_async() {
        plan.callback = None;
    }
    if call_has_no_timeout(plan).is_some() {
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

/// Whether a fault makes sense with this executor, and if not why.
pub fn possible(fault: Fault, with: Executor) -> Result<(), String> {
    if let Some(why) = with.no_fault(fault) {
        return Err(why.to_owned());
    }
    fault.to_string().parse::<Fault>().map(|_| ()).map_err(|_| match fault.moment {
        Moment::Item { .. } => format!("{} can't happen at that moment of an item.", fault.action.name()),
        Moment::Worker { .. } => format!("{} needs an item that it happens to.", fault.action.name()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Action, Call, Stage};

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
        let at = |action, moment| possible(Fault { action, moment }, Executor::Processes);
        let call = Moment::Item { stage: Stage::Call, item: 1, once: false };
        assert!(at(Action::Kill, call).is_ok());
        assert!(at(Action::Closure, call).is_err_and(|why| why.contains("closure")));
        assert!(at(Action::Error, Moment::Worker { place: 1, after_ms: 5 }).is_err_and(|why| why.contains("item")));
        let alone = Fault { action: Action::Kill, moment: Moment::Worker { place: 1, after_ms: 5 } };
        assert!(possible(alone, Executor::Threads).is_err_and(|why| why.contains("can't be reached alone")));
    }

    /// Whatever was asked for, each executor runs what it can, and nothing is forgotten on the way.
    #[test]
    fn what_an_executor_cannot_do_is_put_aside_and_comes_back() {
        let fault = |text: &str| text.parse::<Fault>().expect("a fault");
        let asked = Plan {
            workers: 2,
            call: Call::MapAsync,
            maxtasksperchild: Some(4),
            initializer: Some(Initializer::Prepare),
            callback: Some(Callback::Counts),
            timeout_ms: Some(200),
            terminate_after_ms: Some(500),
            faults: ["kill@worker:1:5ms", "error@call:3", "stop@call:4", "exit@call:5", "error@encode-result:2"]
                .map(fault)
                .into(),
            ..Plan::default()
        };
        let (mut plan, mut aside) = (asked.clone(), Aside::default());
        for &before in Executor::ALL {
            for &with in Executor::ALL {
                for with in [before, with] {
                    aside.give_back(&mut plan);
                    plan.with = with;
                    assert_eq!(plan, Plan { with, ..asked.clone() });
                    fit(&mut plan, 1_000);
                    aside.take_out(&mut plan);
                    plan.check().expect("what is left can run");
                    assert_eq!(plan.faults.len(), if with.has_processes() { 5 } else { 2 }, "{with:?}");
                }
            }
        }
        plan.program = Some("five-workers".to_owned());
        aside.give_back(&mut plan);
        aside.take_out(&mut plan);
        plan.check().expect("a program has nothing to do with the faults of a pool");
    }
}
