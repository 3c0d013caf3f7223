//! Locks and semaphores: who may go on, who waits, and who waits for ever.

use super::managed::server;
use crate::program::object::{Make, Obj, Object};
use crate::program::script::{Child, Method, Step};
use crate::program::steps::{each, seconds, start};
use crate::program::uses::{Ask, Call, Kept, Kind, Sync};
use crate::program::{Knob, Program};

pub(super) static TWO_LOCKS: Program = Program {
    name: "two-locks",
    title: "Two locks in opposite order",
    summary: "Two processes each take one lock and then want the other's: neither can go on. Nobody's fault alone, and \
              no error: it just stands still, until it is ended. If both take them in the same order, it can't happen. \
              With a manager's locks it is the same, though the manager itself waits for nobody.",
    knobs: &[
        Knob {
            name: "same-order",
            summary: "Whether both take the locks in the same order: 0 no, 1 yes.",
            default: 0,
            range: (0, 1),
        },
        Knob { name: "managed", summary: "Whether a manager keeps the locks: 0 no, 1 yes.", default: 0, range: (0, 1) },
    ],
    script: |chosen| {
        let (same, managed) = (chosen.knob("same-order") == 1, chosen.knob("managed") == 1);
        // Locks of its own are its first objects; else there is only the manager before the barrier.
        let (m, barrier): (Obj, Obj) = (0, if managed { 1 } else { 2 });
        let [a, b] = [Kept(0, "a"), Kept(1, "b")];
        let call = |kept, method| Step::Ask(m, Ask::Call(Call::new(kept, method, [])));
        let with = |lock: Kept, inner: Vec<Step>| {
            if managed {
                [vec![call(lock, "acquire")], inner, vec![call(lock, "release")]].concat()
            } else {
                vec![Step::With(lock.0, inner)]
            }
        };
        let pass = Step::Sync(barrier, Sync::Pass { timeout_ms: None, label: None, action: None });
        let taker = |var: u32, first: Kept, second: Kept| {
            let both = Step::Print(format!("Process-{var} has both locks"));
            // In opposite order, each has its first lock before one of them wants the second.
            let waits = if same { Vec::new() } else { vec![pass.clone()] };
            let inner = [waits, vec![Step::Sleep(300)], with(second, vec![both])].concat();
            let child = Child::new(var, with(first, inner));
            if managed { child.with_end(m, var as u16) } else { child }
        };
        let mut script = vec![Step::Deadline(5000)];
        if managed {
            script.push(Step::Make(Object::new("m", Make::Manager(3))));
        } else {
            script.extend([a, b].map(|lock| Step::Make(Object::new(lock.1, Make::Lock))));
        }
        script.push(Step::Make(Object::new("both_have_one", Make::Barrier(2))));
        if managed {
            let keep = |kept| Step::Ask(m, Ask::Make(kept, Kind::Lock, Vec::new()));
            script.extend([Step::New(server(1, m)), Step::Call(1, Method::Start), keep(a), keep(b)]);
        }
        let first = 1 + u32::from(managed);
        let (p1, p2) = (taker(first, a, b), if same { taker(first + 1, a, b) } else { taker(first + 1, b, a) });
        script.extend(start(&[p1, p2]));
        script.extend((first..first + 2).map(|var| Step::Call(var, Method::Join(None))));
        script.push(Step::Print("both are done".to_owned()));
        script
    },
    python: |chosen| {
        let (wait, second) =
            if chosen.knob("same-order") == 1 { ("pass", "a, b") } else { ("both_have_one.wait()", "b, a") };
        let (imports, make) = if chosen.knob("managed") == 1 {
            ("Barrier, Manager", "m = Manager()\n    a, b, both_have_one = m.Lock(), m.Lock(), Barrier(2)")
        } else {
            ("Barrier, Lock", "a, b, both_have_one = Lock(), Lock(), Barrier(2)")
        };
        format!(
            "from multiprocessing import {imports}, Process, current_process, set_start_method
from time import sleep

def taker(first, second, both_have_one):
    with first:
        {wait}
        sleep(0.3)
        with second:
            print(current_process().name, \"has both locks\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    {make}
    p1 = Process(target=taker, args=(a, b, both_have_one))
    p2 = Process(target=taker, args=({second}, both_have_one))
    p1.start()
    p2.start()
    p1.join()
    p2.join()
    print(\"both are done\")
",
            chosen.start.name()
        )
    },
};

pub(super) static SEMAPHORE: Program = Program {
    name: "semaphore",
    title: "A semaphore with some permits",
    summary: "More workers than permits: never more of them are inside than there are permits. The others wait; who \
              leaves lets the next one in.",
    knobs: &[
        Knob { name: "permits", summary: "How many may be inside at the same time.", default: 2, range: (1, 8) },
        Knob { name: "workers", summary: "How many processes want to be inside.", default: 6, range: (1, 16) },
        Knob { name: "inside-ms", summary: "How long each stays inside, in ms.", default: 300, range: (1, 5000) },
    ],
    script: |chosen| {
        let worker = |var: u32| {
            let inside = [
                Step::Print(format!("Process-{var} is inside")),
                Step::Sleep(chosen.knob("inside-ms")),
                Step::Print(format!("Process-{var} leaves")),
            ];
            Child::new(var, [Step::With(0, inside.to_vec())])
        };
        let children: Vec<Child> = (1..=chosen.knob("workers") as u32).map(worker).collect();
        let permits = chosen.knob("permits") as u32;
        let mut script = vec![Step::Make(Object::new("permits", Make::Semaphore(permits)))];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::Sync(0, Sync::Permits("permits at the end")));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, Semaphore, current_process, set_start_method
from time import sleep

def worker(permits):
    with permits:
        print(current_process().name, \"is inside\", flush=True)
        sleep({})
        print(current_process().name, \"leaves\", flush=True)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    permits = Semaphore({})
    processes = [Process(target=worker, args=(permits,)) for _ in range({})]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    print(\"permits at the end\", permits.get_value())
",
            seconds(chosen.knob("inside-ms")),
            chosen.start.name(),
            chosen.knob("permits"),
            chosen.knob("workers")
        )
    },
};

pub(super) static LOCK_RULES: Program = Program {
    name: "lock-rules",
    title: "The rules of locks",
    summary: "What a lock, a reentrant lock and a semaphore allow, and the errors they raise: a lock has no owner, so \
              another process may release it; a reentrant lock has one, and counts.",
    knobs: &[],
    script: |_| {
        let attempt = |object, call| Step::Try(vec![Step::Sync(object, call)]);
        let try_acquire = |object, label, timeout_ms| Step::Sync(object, Sync::TryAcquire { label, timeout_ms });
        let run = |child: Child| {
            let var = child.var;
            [Step::New(child), Step::Call(var, Method::Start), Step::Call(var, Method::Join(None))]
        };
        let exit = |label: &str, var| Step::PrintOf(label.to_owned(), var, Method::ExitCode);
        let mut script = vec![
            Step::Make(Object::new("lock", Make::Lock)),
            Step::Make(Object::new("rlock", Make::RLock)),
            Step::Make(Object::new("semaphore", Make::Semaphore(2))),
            Step::Make(Object::new("bounded", Make::BoundedSemaphore(1))),
            attempt(0, Sync::Release),
            Step::Sync(0, Sync::Acquire),
            try_acquire(0, "a second time, at once:", 0),
            try_acquire(0, "within 0.2 s:", 200),
            try_acquire(0, "within -1 s:", -1000),
        ];
        script.extend(run(Child::new(1, [Step::Sync(0, Sync::Release)])));
        script.extend([exit("another process released it:", 1), try_acquire(0, "and now:", 0)]);
        script.extend([Step::Sync(1, Sync::Acquire), Step::Sync(1, Sync::Acquire)]);
        script.extend(run(Child::new(2, [Step::Sync(1, Sync::Release)])));
        script.extend([exit("the other released the rlock:", 2), Step::Sync(1, Sync::Release)]);
        script.extend(run(Child::new(3, [try_acquire(1, "after one release:", 0)])));
        script.push(Step::Sync(1, Sync::Release));
        script.extend(run(Child::new(4, [try_acquire(1, "after both:", 0), Step::Sync(1, Sync::Release)])));
        script.extend([
            Step::Sync(2, Sync::Release),
            Step::Sync(2, Sync::Permits("a semaphore of 2, released:")),
            attempt(2, Sync::MakeSemaphore(-1)),
            attempt(3, Sync::Release),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import BoundedSemaphore, Lock, Process, RLock, Semaphore, set_start_method

def attempt(call):
    try:
        call()
    except Exception as error:
        print(f\"{{type(error).__name__}}: {{error}}\")

def release(lock):
    lock.release()

def acquire_and_release(label, lock):
    print(label, lock.acquire(False), flush=True)
    lock.release()

def acquire(label, lock):
    print(label, lock.acquire(False))

def run(target, *args):
    p = Process(target=target, args=args)
    p.start()
    p.join()
    return p.exitcode

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    lock, rlock, semaphore, bounded = Lock(), RLock(), Semaphore(2), BoundedSemaphore(1)
    attempt(lock.release)
    lock.acquire()
    print(\"a second time, at once:\", lock.acquire(False))
    print(\"within 0.2 s:\", lock.acquire(timeout=0.2))
    print(\"within -1 s:\", lock.acquire(timeout=-1))
    print(\"another process released it:\", run(release, lock))
    print(\"and now:\", lock.acquire(False))
    rlock.acquire()
    rlock.acquire()
    print(\"the other released the rlock:\", run(release, rlock))
    rlock.release()
    run(acquire, \"after one release:\", rlock)
    rlock.release()
    run(acquire_and_release, \"after both:\", rlock)
    semaphore.release()
    print(\"a semaphore of 2, released:\", semaphore.get_value())
    attempt(lambda: Semaphore(-1))
    attempt(bounded.release)
",
            chosen.start.name()
        )
    },
};
