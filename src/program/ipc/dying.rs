//! What is left of locks, conditions and barriers when somebody who uses them is killed.

use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Step};
use crate::program::steps::{each, start};
use crate::program::uses::Sync;
use crate::program::{Chosen, Knob, Program};

/// Whether the object is of the variant that notices.
pub(super) const ROBUST: Knob = Knob {
    name: "robust",
    summary: "Whether it notices that a process died: 0 no, as Python's, 1 yes.",
    default: 0,
    range: (0, 1),
};

/// An object as Python makes it, or the variant that notices.
pub(super) fn made(chosen: &Chosen<'_>, object: Object) -> Step {
    Step::Make(if chosen.knob("robust") == 1 { object.robust() } else { object })
}

/// What the Python text says first.
pub(super) fn remark(chosen: &Chosen<'_>) -> &'static str {
    if chosen.knob("robust") == 1 { "# Python has no such variant: this is how its own behaves.\n" } else { "" }
}

pub(super) static DEAD_OWNER: Program = Program {
    name: "dead-owner",
    title: "A lock whose owner was killed",
    summary: "A process is killed while it holds a lock. Python's lock does not notice: it stays taken for ever, until \
              somebody releases it who never had it. The robust variant is free again, and says that its owner died.",
    knobs: &[ROBUST],
    script: |chosen| {
        let owner = Child::new(1, [Step::Sync(0, Sync::Acquire), Step::Sync(1, Sync::Set), Step::Sleep(20_000)]);
        let mut script =
            vec![made(chosen, Object::new("lock", Make::Lock)), Step::Make(Object::new("has_it", Make::Event))];
        script.extend(start(&[owner]));
        script.extend([
            Step::Sync(1, Sync::Wait { timeout_ms: None, label: None }),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            Step::Sync(0, Sync::TryAcquire { label: "within 0.5 s:", timeout_ms: 500 }),
            Step::Sync(0, Sync::Release),
            Step::Sync(0, Sync::TryAcquire { label: "after a release:", timeout_ms: 0 }),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "{}from multiprocessing import Event, Lock, Process, set_start_method
from time import sleep

def owner(lock, has_it):
    lock.acquire()
    has_it.set()
    sleep(20)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    lock, has_it = Lock(), Event()
    p1 = Process(target=owner, args=(lock, has_it))
    p1.start()
    has_it.wait()
    p1.kill()
    p1.join()
    print(\"within 0.5 s:\", lock.acquire(timeout=0.5))
    lock.release()
    print(\"after a release:\", lock.acquire(False))
",
            remark(chosen),
            chosen.start.name()
        )
    },
};

pub(super) static DEAD_WAITER: Program = Program {
    name: "dead-waiter",
    title: "Killed while it waited to be notified",
    summary: "Two processes wait for a condition, and one is killed. Python's notify_all waits for everybody it woke to \
              say so, and never returns (gh-75158). Here nobody is counted on: the other one is woken and all goes on.",
    knobs: &[],
    script: |_| {
        let waiter = |var: u32| {
            let wait = [
                Step::Sync(1, Sync::Release),
                Step::Sync(0, Sync::Wait { timeout_ms: None, label: None }),
                Step::Print(format!("Process-{var} was notified")),
            ];
            Child::new(var, [Step::With(0, wait.to_vec())])
        };
        let mut script = vec![
            Step::Deadline(5000),
            Step::Make(Object::new("condition", Make::Condition)),
            Step::Make(Object::new("waiting", Make::Semaphore(0))),
        ];
        script.extend(start(&[waiter(1), waiter(2)]));
        script.extend([
            Step::Sync(1, Sync::Acquire),
            Step::Sync(1, Sync::Acquire),
            // Whoever has the lock now knows that both of them wait.
            Step::With(0, Vec::new()),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            Step::With(0, vec![Step::Sync(0, Sync::NotifyAll), Step::Print("notify_all() returned".to_owned())]),
            Step::Call(2, Method::Join(None)),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "# In CPython this never ends: notify_all() waits for the dead process.
from multiprocessing import Condition, Process, Semaphore, current_process, set_start_method

def waiter(condition, waiting):
    with condition:
        waiting.release()
        condition.wait()
        print(current_process().name, \"was notified\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    condition, waiting = Condition(), Semaphore(0)
    p1, p2 = processes = [Process(target=waiter, args=(condition, waiting)) for _ in range(2)]
    for p in processes:
        p.start()
    waiting.acquire()
    waiting.acquire()
    with condition:
        pass
    p1.kill()
    p1.join()
    with condition:
        condition.notify_all()
        print(\"notify_all() returned\")
    p2.join()
",
            chosen.start.name()
        )
    },
};

pub(super) static DEAD_PARTY: Program = Program {
    name: "dead-party",
    title: "Killed on the way to a barrier",
    summary: "Three processes are to meet at a barrier, and one is killed on its way. The others wait until their \
              patience ends, which breaks the barrier; without a timeout they would wait for ever. The robust variant \
              is broken as soon as the death is known.",
    knobs: &[ROBUST],
    script: |chosen| {
        let pass = Step::Sync(0, Sync::Pass { timeout_ms: Some(2000), label: None, action: None });
        let party = |var, first: u64| Child::new(var, [Step::Sleep(first), Step::Try(vec![pass.clone()])]);
        let children = [party(1, 0), party(2, 0), party(3, 20_000)];
        let mut script = vec![made(chosen, Object::new("barrier", Make::Barrier(3)))];
        script.extend(start(&children));
        script.extend([Step::Sleep(300), Step::Call(3, Method::Kill)]);
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::Sync(0, Sync::IsBroken("broken")));
        script
    },
    python: |chosen| {
        format!(
            "{}from multiprocessing import Barrier, Process, set_start_method
from threading import BrokenBarrierError
from time import sleep

def party(barrier, first):
    sleep(first)
    try:
        barrier.wait(timeout=2)
    except BrokenBarrierError as error:
        print(type(error).__name__)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    barrier = Barrier(3)
    p1, p2, p3 = processes = [Process(target=party, args=(barrier, first)) for first in (0, 0, 20)]
    for p in processes:
        p.start()
    sleep(0.3)
    p3.kill()
    for p in processes:
        p.join()
    print(\"broken\", barrier.broken)
",
            remark(chosen),
            chosen.start.name()
        )
    },
};
