//! What an executor has no use for, and why: the one place that knows it, for the check of a plan and for
//! the window.
//!
//! Switching the executor changes one word of the plan. So what merely does not apply (how many workers,
//! how they start, which method, how far it runs ahead, what becomes of a lost unit) is left aside without
//! a word. But what a plan wants to *happen* happens, or is refused with a sentence that teaches why not.

use super::{Action, Executor, Fault, Moment, Plan, PlanError, Stage};

/// Why something has no use; `None` where it has one.
pub type Reason = Option<&'static str>;

impl Executor {
    /// Why there is no `maxtasksperchild`.
    pub fn no_maxtasks(self) -> Reason {
        match self {
            Self::Sequential => Some("There are no workers: the parent computes every item itself."),
            Self::Threads | Self::GilThreads => Some(
                "A ThreadPool has none: a thread is not replaced after so many units, only when it ended before its time.",
            ),
            Self::Processes | Self::Hybrid => None,
        }
    }

    /// Why nobody runs an initializer.
    pub fn no_initializer(self) -> Reason {
        self.without_pool("There are no workers that could prepare themselves: the parent computes every item itself.")
    }

    /// Why nobody is called back.
    pub fn no_callback(self) -> Reason {
        self.without_pool("There is no pool that could call back while the program goes on: it computes itself.")
    }

    /// Why there is nothing to wait for.
    pub fn no_timeout(self) -> Reason {
        self.without_pool("Who computes every item itself waits for nobody, so there is no wait that could time out.")
    }

    /// Why there is nothing to terminate.
    pub fn no_terminate(self) -> Reason {
        self.without_pool("There is no pool to call terminate() on. A deadline ends such a run, too.")
    }

    /// Why there is no worker that could be lost.
    pub fn no_policy(self) -> Reason {
        self.without_pool("There are no workers that could be lost: what happens to the parent happens to all.")
    }

    /// Why there is no method of a pool to choose.
    pub fn no_call(self) -> Reason {
        self.without_pool("Sequential calls no pool: it is Python's own map.")
    }

    /// Why a fault can't happen.
    pub fn no_fault(self, fault: Fault) -> Reason {
        let alone = self == Self::Sequential;
        match fault.moment {
            _ if self.has_processes() => None,
            Moment::Worker { .. } if alone => Some("There are no workers: the parent computes every item itself."),
            Moment::Worker { .. } => Some(
                "A thread can't be reached alone: whatever is sent from outside reaches the whole process with all its threads.",
            ),
            Moment::Item { stage: Stage::Call, .. } => (fault.action == Action::Stop)
                .then_some("There is only one process: if it stood still, nobody would be left to continue it."),
            Moment::Item { .. } => Some(
                "Nothing is serialized within one process: items and results stay where they lie, and nothing of it can fail.",
            ),
        }
    }

    fn without_pool(self, why: &'static str) -> Reason {
        (self == Self::Sequential).then_some(why)
    }
}

impl Plan {
    /// Holds what shall happen against who computes.
    pub(super) fn check_executor(&self) -> Result<(), PlanError> {
        let with = self.with;
        let refused = [
            ("maxtasksperchild", self.maxtasksperchild.and(with.no_maxtasks())),
            ("initializer", self.initializer.and(with.no_initializer())),
            ("callback", self.callback.and(with.no_callback())),
            ("timeout-ms", self.timeout_ms.and(with.no_timeout())),
            ("terminate-after-ms", self.terminate_after_ms.and(with.no_terminate())),
        ];
        let settings = refused.into_iter().map(|(field, why)| (field.to_owned(), why));
        let faults = self.faults.iter().map(|&fault| (format!("faults: {fault}"), with.no_fault(fault)));
        let first = settings.chain(faults).find_map(|(what, why)| Some((what, why?)));
        first.map_or(Ok(()), |(what, why)| Err(PlanError::NotOfThisExecutor { what, executor: with, why }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Call, Callback, Initializer, LossPolicy};
    use super::*;

    fn with(with: Executor) -> Plan {
        Plan { with, workers: 2, ..Plan::default() }
    }

    fn faults(with: Executor, text: &str) -> Plan {
        Plan { faults: vec![text.parse().expect("a fault")], ..self::with(with) }
    }

    fn message(plan: &Plan) -> String {
        plan.check().expect_err("the plan asks for what can't happen").to_string()
    }

    const ONE_PROCESS: [Executor; 3] = [Executor::Sequential, Executor::Threads, Executor::GilThreads];

    #[test]
    fn a_fault_that_cannot_happen_in_one_process_is_refused_with_the_reason() {
        for executor in ONE_PROCESS {
            for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Call) {
                let told = message(&faults(executor, &format!("error@{}:3", stage.name())));
                assert!(told.contains("Nothing is serialized within one process"), "{told}");
            }
            let told = message(&faults(executor, "stop@call:3"));
            assert!(told.ends_with("nobody would be left to continue it."), "{told}");
            for action in ["error", "exit", "libc-exit", "abort", "segfault", "kill", "hang"] {
                faults(executor, &format!("{action}@call:3")).check().expect("it happens");
            }
        }
        for executor in [Executor::Threads, Executor::GilThreads] {
            let told = message(&faults(executor, "kill@worker:1:50ms"));
            let begins = format!("faults: kill@worker:1:50ms: not with {}. A thread can't be reached", executor.name());
            assert!(told.starts_with(&begins), "{told}");
        }
        assert!(message(&faults(Executor::Sequential, "kill@worker:1:50ms")).contains("There are no workers"));
    }

    #[test]
    fn threads_have_no_maxtasksperchild_and_sequential_has_no_pool() {
        for executor in ONE_PROCESS {
            let told = message(&Plan { maxtasksperchild: Some(1), ..with(executor) });
            assert!(told.starts_with(&format!("maxtasksperchild: not with {}.", executor.name())), "{told}");
        }
        let plan = || with(Executor::Sequential);
        let called = || Plan { call: Call::MapAsync, ..plan() };
        for (plan, field) in [
            (Plan { initializer: Some(Initializer::Prepare), ..plan() }, "initializer"),
            (Plan { callback: Some(Callback::Counts), ..called() }, "callback"),
            (Plan { timeout_ms: Some(5), ..called() }, "timeout-ms"),
            (Plan { terminate_after_ms: Some(5), ..plan() }, "terminate-after-ms"),
        ] {
            let told = message(&plan);
            assert!(told.starts_with(&format!("{field}: not with sequential. ")), "{told}");
            let threads = Plan { with: Executor::Threads, ..plan };
            threads.check().expect("a pool of threads has it");
        }
    }

    /// What makes sense everywhere stays one word away from everywhere.
    #[test]
    fn the_executor_is_one_word_of_a_plan_that_makes_sense_everywhere() {
        for &start in super::super::start_methods() {
            for &call in Call::ALL {
                for &policy in LossPolicy::ALL {
                    let plan = Plan { start, call, policy, threads: 3, ..faults(Executor::Processes, "error@call:3") };
                    let buffersize = call.is_iterator().then_some(4);
                    for &with in Executor::ALL {
                        Plan { with, buffersize, ..plan.clone() }.check().expect("it makes sense everywhere");
                    }
                }
            }
        }
    }

    #[test]
    fn processes_have_everything_and_a_baseline_is_sound() {
        for executor in [Executor::Processes, Executor::Hybrid] {
            let fault = |text: &str| text.parse().expect("a fault");
            let plan = Plan {
                call: Call::MapAsync,
                maxtasksperchild: Some(1),
                initializer: Some(Initializer::Prepare),
                callback: Some(Callback::Counts),
                timeout_ms: Some(5),
                terminate_after_ms: Some(500),
                faults: vec![fault("kill@worker:1:50ms"), fault("stop@call:3"), fault("error@encode-result:0")],
                ..with(executor)
            };
            plan.check().expect("they have everything");
            plan.baseline().check().expect("a baseline asks for nothing to happen");
        }
    }

    /// A program has no executor: what a pool was told before is not held against it.
    #[test]
    fn a_program_is_not_held_against_the_executor() {
        let plan = Plan { program: Some("five-workers".into()), maxtasksperchild: Some(1), ..with(Executor::Threads) };
        plan.check().expect("the program runs");
    }

    /// Nobody is lost where nobody works, so there is nothing that would never end.
    #[test]
    fn a_policy_that_is_left_aside_sets_no_deadline() {
        let plan = |executor| Plan { policy: LossPolicy::Lost, ..with(executor) };
        assert_eq!(plan(Executor::Sequential).deadline_ms(), None);
        assert!(plan(Executor::Threads).deadline_ms().is_some());
    }
}
