//! The rules of events, conditions and barriers: what each call answers, and the errors that wrong ones raise.

use crate::program::object::{Make, Obj, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::each;
use crate::program::uses::{Cells, Is, Sync, Test};
use crate::program::{Knob, Program};

fn attempt(object: Obj, call: Sync) -> Step {
    Step::Try(vec![Step::Sync(object, call)])
}

/// Creates and starts these children.
fn begin(children: &[Child]) -> Script {
    children.iter().flat_map(|child| [Step::New(child.clone()), Step::Call(child.var, Method::Start)]).collect()
}

fn wait(object: Obj, label: &'static str, timeout_ms: Option<i64>) -> Step {
    Step::Sync(object, Sync::Wait { timeout_ms, label: Some(label) })
}

pub(super) static EVENT_RULES: Program = Program {
    name: "event-rules",
    title: "The rules of events",
    summary: "wait answers whether the event is set, at once or within its time; set twice is set, and clear takes it \
              back. An event that is set and cleared in the same breath may go by whoever waits.",
    knobs: &[Knob {
        name: "pulse",
        summary: "Whether it is set and cleared at once before a waiter at the end: 0 no, 1 yes.",
        default: 1,
        range: (0, 1),
    }],
    script: |chosen| {
        let mut script = vec![
            Step::Make(Object::new("event", Make::Event)),
            Step::Sync(0, Sync::IsSet("new:")),
            wait(0, "within 0.1 s:", Some(100)),
            Step::Sync(0, Sync::Set),
            Step::Sync(0, Sync::Set),
            Step::Sync(0, Sync::IsSet("set twice:")),
            wait(0, "at once:", None),
            wait(0, "within 0 s:", Some(0)),
            Step::Sync(0, Sync::Clear),
            wait(0, "cleared:", Some(0)),
            wait(0, "within -1 s:", Some(-1000)),
        ];
        let waiter = |var, label, ms| Child::new(var, [wait(0, label, Some(ms))]);
        script.extend(begin(&[waiter(1, "the child saw it:", 20_000)]));
        script.extend([Step::Sleep(200), Step::Sync(0, Sync::Set), Step::Call(1, Method::Join(None))]);
        script.push(Step::Sync(0, Sync::Clear));
        if chosen.knob("pulse") == 1 {
            script.extend(begin(&[waiter(2, "the child saw the pulse:", 600)]));
            script.extend([Step::Sleep(300), Step::Sync(0, Sync::Set), Step::Sync(0, Sync::Clear)]);
            script.push(Step::Call(2, Method::Join(None)));
        }
        script
    },
    python: |chosen| {
        let pulse = if chosen.knob("pulse") == 1 {
            "    p2 = Process(target=waiter, args=(event, \"the child saw the pulse:\", 0.6))
    p2.start()
    sleep(0.3)
    event.set()
    event.clear()
    p2.join()
"
        } else {
            ""
        };
        format!(
            "from multiprocessing import Event, Process, set_start_method
from time import sleep

def waiter(event, label, timeout):
    print(label, event.wait(timeout))

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    event = Event()
    print(\"new:\", event.is_set())
    print(\"within 0.1 s:\", event.wait(0.1))
    event.set()
    event.set()
    print(\"set twice:\", event.is_set())
    print(\"at once:\", event.wait())
    print(\"within 0 s:\", event.wait(0))
    event.clear()
    print(\"cleared:\", event.wait(0))
    print(\"within -1 s:\", event.wait(-1))
    p1 = Process(target=waiter, args=(event, \"the child saw it:\", 20))
    p1.start()
    sleep(0.2)
    event.set()
    p1.join()
    event.clear()
{pulse}",
            chosen.start.name()
        )
    },
};

pub(super) static CONDITION_RULES: Program = Program {
    name: "condition-rules",
    title: "The rules of conditions",
    summary: "Only who has the condition's lock may wait or notify. wait gives the lock back and has it again when it \
              returns; notify wakes at most so many of those who wait. wait_for answers what its question last did.",
    knobs: &[],
    script: |_| {
        const WAITERS: u32 = 3;
        let sync = |call| Step::Sync(0, call);
        let acquire = |object, label, timeout_ms| Step::Sync(object, Sync::TryAcquire { label, timeout_ms });
        let positive = |timeout_ms, label| {
            let until = Test { cells: 3, index: 0, is: Is::Above(0) };
            sync(Sync::WaitFor { until, timeout_ms: Some(timeout_ms), label: Some(label) })
        };
        let waiter = |var| {
            // Whoever gets the lock after this knows that it waits.
            let inside = vec![Step::Sync(1, Sync::Release), sync(Sync::Wait { timeout_ms: None, label: None })];
            Child::new(var, [Step::With(0, inside), Step::Sync(2, Sync::Release)])
        };
        let children: Vec<Child> = (1..=WAITERS).map(waiter).collect();
        let (notify, all) = (sync(Sync::Notify(2)), sync(Sync::NotifyAll));
        let mut script = vec![
            Step::Make(Object::new("condition", Make::Condition)),
            Step::Make(Object::new("waiting", Make::Semaphore(0))),
            Step::Make(Object::new("woken", Make::Semaphore(0))),
            Step::Make(Object::new("number", Make::RawValue(0))),
            attempt(0, Sync::Wait { timeout_ms: Some(100), label: None }),
            attempt(0, Sync::Notify(1)),
            attempt(0, Sync::NotifyAll),
            sync(Sync::Acquire),
            sync(Sync::Acquire),
            wait(0, "nobody notifies within 0.1 s:", Some(100)),
            sync(Sync::Release),
            sync(Sync::Release),
            attempt(0, Sync::Release),
        ];
        script.extend(begin(&children));
        script.extend((0..WAITERS).map(|_| Step::Sync(1, Sync::Acquire)));
        script.extend([
            Step::With(0, vec![notify]),
            acquire(2, "first of two:", 5000),
            acquire(2, "second of two:", 5000),
        ]);
        script.extend([acquire(2, "a third, within 0.3 s:", 300), Step::With(0, vec![all])]);
        script.push(acquire(2, "a third, after notify_all:", 5000));
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::With(0, vec![positive(100, "a positive number within 0.1 s:")]));
        let writer = vec![Step::Cells(3, Cells::Write(0, 1)), sync(Sync::NotifyAll)];
        let writes: Script = begin(&[Child::new(4, [Step::With(0, writer)])]);
        script.push(Step::With(0, [writes, vec![positive(20_000, "after a child wrote it:")]].concat()));
        script.push(Step::Call(4, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Condition, Process, RawValue, Semaphore, set_start_method

def attempt(call, *args):
    try:
        call(*args)
    except AssertionError as error:
        print(f\"{{type(error).__name__}}: {{error}}\")

def waiter(condition, waiting, woken):
    with condition:
        waiting.release()
        condition.wait()
    woken.release()

def writer(condition, number):
    with condition:
        number.value = 1
        condition.notify_all()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    condition, waiting, woken, number = Condition(), Semaphore(0), Semaphore(0), RawValue(\"i\", 0)
    attempt(condition.wait, 0.1)
    attempt(condition.notify)
    attempt(condition.notify_all)
    condition.acquire()
    condition.acquire()
    print(\"nobody notifies within 0.1 s:\", condition.wait(0.1))
    condition.release()
    condition.release()
    attempt(condition.release)
    processes = [Process(target=waiter, args=(condition, waiting, woken)) for _ in range(3)]
    for p in processes:
        p.start()
    for p in processes:
        waiting.acquire()
    with condition:
        condition.notify(2)
    print(\"first of two:\", woken.acquire(timeout=5))
    print(\"second of two:\", woken.acquire(timeout=5))
    print(\"a third, within 0.3 s:\", woken.acquire(timeout=0.3))
    with condition:
        condition.notify_all()
    print(\"a third, after notify_all:\", woken.acquire(timeout=5))
    for p in processes:
        p.join()
    with condition:
        print(\"a positive number within 0.1 s:\", condition.wait_for(lambda: number.value > 0, 0.1))
    with condition:
        p4 = Process(target=writer, args=(condition, number))
        p4.start()
        print(\"after a child wrote it:\", condition.wait_for(lambda: number.value > 0, 20))
    p4.join()
",
            chosen.start.name()
        )
    },
};

pub(super) static BARRIER_RULES: Program = Program {
    name: "barrier-rules",
    title: "The rules of barriers",
    summary: "Each who passes gets another number, and the barrier's action runs in one of them. Who waits in vain, or \
              aborts, breaks the barrier for all; reset makes it whole again.",
    knobs: &[],
    script: |_| {
        let pass = |timeout_ms, label| Sync::Pass { timeout_ms, label, action: Some("the action runs") };
        let broken = |label| Step::Sync(0, Sync::IsBroken(label));
        let passing = |var| Child::new(var, [Step::Sync(0, pass(None, Some("a child passes as")))]);
        let waiting = |var| Child::new(var, [attempt(0, pass(None, None))]);
        let mut script = vec![Step::Make(Object::new("barrier", Make::Barrier(3)))];
        script.extend(begin(&[passing(1), passing(2), passing(3)]));
        script.extend(each(3, Method::Join(None)));
        script.extend([
            broken("broken:"),
            attempt(0, pass(Some(200), None)),
            broken("after a wait in vain:"),
            attempt(0, pass(None, None)),
            Step::Sync(0, Sync::Reset),
            broken("after reset:"),
        ]);
        script.extend(begin(&[waiting(4)]));
        script.extend([
            Step::Call(4, Method::Join(Some(500))),
            Step::Sync(0, Sync::Abort),
            Step::Call(4, Method::Join(None)),
            broken("after abort:"),
            Step::Sync(0, Sync::Reset),
        ]);
        script.extend(begin(&[waiting(5), waiting(6)]));
        script.push(attempt(0, pass(None, None)));
        script.extend([Step::Call(5, Method::Join(None)), Step::Call(6, Method::Join(None)), broken("whole again:")]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Barrier, Process, set_start_method

def attempt(call, *args):
    try:
        call(*args)
    except Exception as error:
        print(type(error).__name__, flush=True)

def action():
    print(\"the action runs\", flush=True)

def passing(barrier):
    print(\"a child passes as\", barrier.wait())

def waiting(barrier):
    attempt(barrier.wait)

def start(target):
    p = Process(target=target, args=(barrier,))
    p.start()
    return p

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    barrier = Barrier(3, action)
    for p in [start(passing) for _ in range(3)]:
        p.join()
    print(\"broken:\", barrier.broken)
    attempt(barrier.wait, 0.2)
    print(\"after a wait in vain:\", barrier.broken)
    attempt(barrier.wait)
    barrier.reset()
    print(\"after reset:\", barrier.broken)
    p4 = start(waiting)
    p4.join(0.5)
    barrier.abort()
    p4.join()
    print(\"after abort:\", barrier.broken)
    barrier.reset()
    p5, p6 = start(waiting), start(waiting)
    attempt(barrier.wait)
    p5.join()
    p6.join()
    print(\"whole again:\", barrier.broken)
",
            chosen.start.name()
        )
    },
};
