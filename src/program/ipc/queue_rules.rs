//! What queues promise and what they refuse, one after the other.

use crate::program::Program;
use crate::program::object::{Make, Obj, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::start;
use crate::program::uses::{Message, Payload, Query};

const QUEUE: Obj = 0;
const TASKS: Obj = 1;
const SIMPLE: Obj = 2;
const LOST: Obj = 3;
const UNUSED: Obj = 4;

fn rules() -> Script {
    let fails = |object, call| Step::Try(vec![Step::Message(object, call)]);
    let one = || Payload::Number(1);
    let on = Step::Message;
    let print = |line: &str| Message::Print(line.to_owned());
    let objects = [
        ("q", Make::Queue(1)),
        ("tasks", Make::JoinableQueue(0)),
        ("simple", Make::SimpleQueue),
        ("lost", Make::Queue(0)),
        ("unused", Make::Queue(0)),
    ];
    let mut script: Script = objects.map(|(name, make)| Step::Make(Object::new(name, make))).into();
    // Full and empty.
    script.extend([
        fails(QUEUE, Message::GetWithin(0)),
        fails(QUEUE, Message::GetWithin(300)),
        on(QUEUE, Message::Put(one())),
        fails(QUEUE, Message::PutWithin(one(), 0)),
        fails(QUEUE, Message::PutWithin(one(), 300)),
        on(QUEUE, Message::Ask("full():", Query::Full)),
        on(QUEUE, Message::Ask("qsize():", Query::Size)),
        on(QUEUE, Message::GetWithin(5000)),
        on(QUEUE, print("got:")),
        on(QUEUE, Message::Ask("full():", Query::Full)),
        on(QUEUE, Message::Ask("qsize():", Query::Size)),
    ]);
    // What can't be pickled leaves its place, and the next item arrives.
    let puts = [Payload::Unpicklable, Payload::Number(2)].map(|payload| on(QUEUE, Message::Put(payload)));
    // A process that will not wait for its feeder.
    let leaves = [on(LOST, Message::CancelJoinThread), on(LOST, Message::Put(Payload::Bytes(1_000_000)))];
    // There is no feeder that would wait in its place.
    let waits = [on(SIMPLE, Message::Put(Payload::Bytes(1_000_000)))];
    script.extend(start(&[Child::new(1, puts), Child::new(2, leaves), Child::new(3, waits)]));
    script.extend([
        on(QUEUE, Message::Get),
        on(QUEUE, print("the good item:")),
        Step::Call(1, Method::Join(None)),
        Step::Call(2, Method::Join(None)),
        Step::Print("joined, though nobody reads".to_owned()),
        Step::Sleep(300),
        Step::PrintOf("whoever put into the full pipe waits:".to_owned(), 3, Method::IsAlive),
        on(SIMPLE, Message::Get),
        on(SIMPLE, Message::PrintLength("bytes:")),
        Step::Call(3, Method::Join(None)),
        on(SIMPLE, Message::Ask("empty():", Query::Empty)),
        on(SIMPLE, Message::CloseQueue),
        fails(SIMPLE, Message::Ask("empty():", Query::Empty)),
    ]);
    // Tasks.
    script.extend([
        on(TASKS, Message::Put(one())),
        on(TASKS, Message::Get),
        on(TASKS, Message::TaskDone),
        on(TASKS, Message::Join),
        Step::Print("all tasks are done".to_owned()),
        fails(TASKS, Message::TaskDone),
    ]);
    // Closed.
    script.extend([
        fails(QUEUE, Message::JoinThread),
        on(QUEUE, Message::CloseQueue),
        on(QUEUE, Message::JoinThread),
        fails(QUEUE, Message::Put(one())),
        fails(QUEUE, Message::Get),
        fails(QUEUE, Message::Ask("empty():", Query::Empty)),
        on(QUEUE, Message::CloseQueue),
        on(UNUSED, Message::CloseQueue),
        on(UNUSED, Message::Ask("empty() of a queue that was never used:", Query::Empty)),
    ]);
    script
}

pub(super) static QUEUE_RULES: Program = Program {
    name: "queue-rules",
    title: "The rules of queues",
    summary: "Full and Empty with and without a time, what can't be pickled, a closed queue, a process that does not wait \
              for its feeder, a SimpleQueue that has none, and one task_done too many.",
    knobs: &[],
    script: |_| rules(),
    python: |chosen| {
        format!(
            "from multiprocessing import JoinableQueue, Process, Queue, SimpleQueue, set_start_method
from time import sleep

def fails(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except Exception as error:
        print(\": \".join(filter(None, [type(error).__name__, str(error).replace(repr(q), \"q\")])))

def puts(q):
    q.put(lambda: None)               # the feeder prints a traceback, and its place is free again
    q.put(2)

def leaves(lost):
    lost.cancel_join_thread()
    lost.put(b\"x\" * 1_000_000)

def waits(simple):
    simple.put(b\"x\" * 1_000_000)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q, tasks, simple, lost, unused = Queue(1), JoinableQueue(), SimpleQueue(), Queue(), Queue()
    fails(q.get_nowait)
    fails(q.get, timeout=0.3)
    q.put(1)
    fails(q.put_nowait, 1)
    fails(q.put, 1, timeout=0.3)
    print(\"full():\", q.full())
    print(\"qsize():\", q.qsize())      # NotImplementedError on macOS
    print(\"got:\", q.get(timeout=5))
    print(\"full():\", q.full())
    print(\"qsize():\", q.qsize())
    p1 = Process(target=puts, args=(q,))
    p2 = Process(target=leaves, args=(lost,))
    p3 = Process(target=waits, args=(simple,))
    p1.start()
    p2.start()
    p3.start()
    print(\"the good item:\", q.get())
    p1.join()
    p2.join()
    print(\"joined, though nobody reads\")
    sleep(0.3)
    print(\"whoever put into the full pipe waits:\", p3.is_alive())
    print(\"bytes:\", len(simple.get()))
    p3.join()
    print(\"empty():\", simple.empty())
    simple.close()
    fails(simple.empty)
    tasks.put(1)
    tasks.get()
    tasks.task_done()
    tasks.join()
    print(\"all tasks are done\")
    fails(tasks.task_done)
    fails(q.join_thread)
    q.close()
    q.join_thread()
    fails(q.put, 1)
    fails(q.get)
    fails(q.empty)
    q.close()
    unused.close()
    print(\"empty() of a queue that was never used:\", unused.empty())
",
            chosen.start.name()
        )
    },
};
