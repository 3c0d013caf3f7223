//! What comes back of those who die: permits of a semaphore; and all that one has, if whoever would notice dies, too.

use crate::plan::Action;

use super::dying::{ROBUST, made, remark};
use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Step};
use crate::program::steps::start;
use crate::program::uses::{Message, Payload, Sync};
use crate::program::{Knob, Program};

pub(super) static DEAD_HOLDER: Program = Program {
    name: "dead-holder",
    title: "Permits whose holder was killed",
    summary: "One process has a permit of a semaphore, another has all others, and is killed. Python's semaphore does not \
              know who has them: they are gone for ever. Of the robust variant those come back that the dead one had, \
              and no others.",
    knobs: &[
        ROBUST,
        Knob { name: "permits", summary: "How many permits there are.", default: 3, range: (2, 16) },
        Knob { name: "bounded", summary: "0: Semaphore, 1: BoundedSemaphore.", default: 0, range: (0, 1) },
    ],
    script: |chosen| {
        let permits = chosen.knob("permits") as u32;
        let make = if chosen.knob("bounded") == 1 { Make::BoundedSemaphore(permits) } else { Make::Semaphore(permits) };
        let (first, second, go) = (1, 2, 3);
        let takes =
            |count, then| vec![Step::Repeat(count, vec![Step::Sync(0, Sync::Acquire)]), Step::Sync(then, Sync::Set)];
        let wait = |event| Step::Sync(event, Sync::Wait { timeout_ms: None, label: None });
        let dies = Child::new(1, [takes(permits - 1, first), vec![Step::Sleep(20_000)]].concat());
        let lives = Child::new(2, [takes(1, second), vec![wait(go), Step::Sync(0, Sync::Release)]].concat());
        let mut script = vec![made(chosen, Object::new("permits", make))];
        script.extend(["first", "second", "go"].map(|name| Step::Make(Object::new(name, Make::Event))));
        script.extend(start(&[dies, lives]));
        script.extend([
            wait(first),
            wait(second),
            Step::Sync(0, Sync::Permits("left while both live:")),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            Step::Sync(0, Sync::TryAcquire { label: "another within 0.5 s:", timeout_ms: 500 }),
            Step::Sync(0, Sync::Permits("left then:")),
            Step::Sync(go, Sync::Set),
            Step::Call(2, Method::Join(None)),
            Step::Sync(0, Sync::Permits("left when the other gave its back:")),
        ]);
        script
    },
    python: |chosen| {
        let kind = if chosen.knob("bounded") == 1 { "BoundedSemaphore" } else { "Semaphore" };
        let (permits, most) = (chosen.knob("permits"), chosen.knob("permits") - 1);
        format!(
            "{}from multiprocessing import {kind}, Event, Process, set_start_method
from time import sleep

def dies(permits, first):
    for _ in range({most}):
        permits.acquire()
    first.set()
    sleep(20)

def lives(permits, second, go):
    permits.acquire()
    second.set()
    go.wait()
    permits.release()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    permits, first, second, go = {kind}({permits}), Event(), Event(), Event()
    p1 = Process(target=dies, args=(permits, first))
    p2 = Process(target=lives, args=(permits, second, go))
    p1.start()
    p2.start()
    first.wait()
    second.wait()
    print(\"left while both live:\", permits.get_value())
    p1.kill()
    p1.join()
    print(\"another within 0.5 s:\", permits.acquire(timeout=0.5))
    print(\"left then:\", permits.get_value())
    go.set()
    p2.join()
    print(\"left when the other gave its back:\", permits.get_value())
",
            remark(chosen),
            chosen.start.name()
        )
    },
};

pub(super) static DEAD_HEIR: Program = Program {
    name: "dead-heir",
    title: "Killed before it could notice",
    summary: "A process dies with a lock, a permit, the only place in a queue, and half of an item written; and a barrier \
              waits for it. Its parent, who would notice, stands still and is killed, too. Python's objects stay as the \
              dead one left them. Of the robust variants nothing is lost for that: who comes next does all of it.",
    knobs: &[ROBUST],
    script: |chosen| {
        let (lock, permits, barrier, queue, has_all) = (0, 1, 2, 3, 4);
        let owner = Child::new(
            1,
            [
                Step::Sync(lock, Sync::Acquire),
                Step::Sync(permits, Sync::Acquire),
                Step::Message(queue, Message::Put(Payload::Bytes(1_000_000))),
                Step::Sync(has_all, Sync::Set),
                Step::Sleep(500),
                Step::Crash(Action::Kill),
                Step::Sync(barrier, Sync::Pass { timeout_ms: None, label: None, action: None }),
            ],
        );
        let heir = [Step::New(owner), Step::Call(1, Method::Start), Step::Crash(Action::Stop)];
        let mut script = vec![
            made(chosen, Object::new("lock", Make::Lock)),
            made(chosen, Object::new("permits", Make::Semaphore(1))),
            made(chosen, Object::new("barrier", Make::Barrier(2))),
            made(chosen, Object::new("q", Make::Queue(1))),
            Step::Make(Object::new("has_all", Make::Event)),
        ];
        script.extend(start(&[Child::new(1, heir)]));
        let attempt = |object, label, timeout_ms| Step::Sync(object, Sync::TryAcquire { label, timeout_ms });
        script.extend([
            Step::Sync(has_all, Sync::Wait { timeout_ms: None, label: None }),
            Step::Sleep(1000),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            attempt(lock, "the lock within 2 s:", 2000),
            attempt(permits, "the permit within 0.5 s:", 500),
            Step::Sync(barrier, Sync::IsBroken("the barrier is broken:")),
            Step::Try(vec![
                Step::Message(queue, Message::PutWithin(Payload::Number(2), 500)),
                Step::Message(queue, Message::GetWithin(5000)),
                Step::Message(queue, Message::Print("got".to_owned())),
            ]),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "{}import os
import signal
from multiprocessing import Barrier, Event, Lock, Process, Queue, Semaphore, set_start_method
from queue import Full
from time import sleep

def owner(lock, permits, barrier, q, has_all):
    lock.acquire()
    permits.acquire()
    q.put(b\"x\" * 1_000_000)
    has_all.set()
    sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
    barrier.wait()

def heir(*args):
    p1 = Process(target=owner, args=args)
    p1.start()
    os.kill(os.getpid(), signal.SIGSTOP)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    lock, permits, barrier, q, has_all = Lock(), Semaphore(1), Barrier(2), Queue(1), Event()
    p1 = Process(target=heir, args=(lock, permits, barrier, q, has_all))
    p1.start()
    has_all.wait()
    sleep(1)
    p1.kill()
    p1.join()
    print(\"the lock within 2 s:\", lock.acquire(timeout=2))
    print(\"the permit within 0.5 s:\", permits.acquire(timeout=0.5))
    print(\"the barrier is broken:\", barrier.broken)
    try:
        q.put(2, timeout=0.5)
        print(\"got\", q.get(timeout=5))
    except Full as error:
        print(type(error).__name__)
",
            remark(chosen),
            chosen.start.name()
        )
    },
};
