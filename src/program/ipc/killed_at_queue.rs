//! What a process leaves behind that is killed while it uses a queue.

use super::dying::{ROBUST, made};
use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::start;
use crate::program::uses::{Message, Payload, Query};
use crate::program::{Knob, Program};

/// How long the one that is killed has until then: by then it waits.
const UNTIL_IT_WAITS_MS: u64 = 700;

fn step(call: Message) -> Step {
    Step::Message(0, call)
}

pub(super) static KILLED_AT_A_QUEUE: Program = Program {
    name: "killed-at-a-queue",
    title: "Killed at a queue",
    summary: "A process is killed while it waits in get, with the queue's read lock; or while it writes a long item, with \
              the write lock. In Python all others then wait for ever; what the dead one had in hand is lost, and \
              qsize() and maxsize still count it. The robust queue frees the lock, goes on with the next whole item, and \
              counts what is there.",
    knobs: &[
        Knob { name: "writer", summary: "Who is killed: 0 a reader, 1 a writer.", default: 0, range: (0, 1) },
        ROBUST,
        Knob { name: "maxsize", summary: "How many items the queue holds; 0: no limit.", default: 0, range: (0, 8) },
    ],
    script: |chosen| {
        let queue = made(chosen, Object::new("q", Make::Queue(chosen.knob("maxsize") as u32)));
        let mut script: Script = vec![Step::Deadline(5000), queue];
        let kill = [
            Step::Sleep(UNTIL_IT_WAITS_MS),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            step(Message::Ask("killed, qsize()", Query::Size)),
        ];
        if chosen.knob("writer") == 1 {
            script.extend(start(&[Child::new(1, [step(Message::Put(Payload::Bytes(1_000_000)))])]));
            script.extend(kill);
            script.push(Step::New(Child::new(2, [step(Message::Put(Payload::Number(2)))])));
            script.push(Step::Call(2, Method::Start));
            script.extend([step(Message::Get), step(Message::Print("the parent got:".to_owned()))]);
        } else {
            let reads =
                |var: u32| Child::new(var, [step(Message::Get), step(Message::Print(format!("Process-{var} got:")))]);
            script.extend(start(&[reads(1)]));
            script.extend(kill);
            script.extend([Step::New(reads(2)), Step::Call(2, Method::Start)]);
            script.push(step(Message::Put(Payload::Number(1))));
        }
        script.push(Step::Call(2, Method::Join(None)));
        script
    },
    python: |chosen| {
        let (first, second, then) = if chosen.knob("writer") == 1 {
            ("writes, args=(q, b\"x\" * 1_000_000)", "writes, args=(q, 2)", "print(\"the parent got:\", q.get())")
        } else {
            ("reads, args=(q, 1)", "reads, args=(q, 2)", "q.put(1)")
        };
        format!(
            "from multiprocessing import Process, Queue, set_start_method
from time import sleep

def reads(q, number):
    item = q.get()
    print(f\"Process-{{number}} got:\", item)

def writes(q, item):
    q.put(item)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q = Queue({})                           # Python has no robust one
    p1 = Process(target={first})
    p1.start()
    sleep({})
    p1.kill()
    p1.join()
    print(\"killed, qsize()\", q.qsize())
    p2 = Process(target={second})
    p2.start()
    {then}
    p2.join()                             # never returns
",
            chosen.start.name(),
            chosen.knob("maxsize"),
            crate::program::script::seconds(UNTIL_IT_WAITS_MS.cast_signed())
        )
    },
};

pub(super) static EMPTY_AFTER_PUT: Program = Program {
    name: "empty-after-put",
    title: "empty() after put()",
    summary: "put() has returned, and empty() still says True: the item lies in the feeder's buffer and is not in the \
              pipe yet. How often that was so is counted. Nothing can be decided by empty(), nor by qsize().",
    knobs: &[Knob { name: "rounds", summary: "How often it is tried.", default: 200, range: (1, 10_000) }],
    script: |chosen| {
        let rounds = chosen.knob("rounds") as u32;
        let mut script = vec![Step::Make(Object::new("q", Make::Queue(0)))];
        script.extend(start(&[Child::new(1, [step(Message::EmptyAfterPut(rounds))])]));
        script.push(Step::Call(1, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, Queue, set_start_method

def child(q, rounds):
    empty = 0
    for number in range(rounds):
        q.put(number)
        empty += q.empty()
        q.get()
    print(f\"empty() said True after put(): {{empty}} of {{rounds}}\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q = Queue()
    p1 = Process(target=child, args=(q, {}))
    p1.start()
    p1.join()
",
            chosen.start.name(),
            chosen.knob("rounds")
        )
    },
};
