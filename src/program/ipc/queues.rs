//! Programs about queues at work: squares, producers and consumers, logging, tasks that are done, and a process that
//! is joined too early.

use super::pipes::PIPE_BYTES;
use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Script, Step, seconds};
use crate::program::steps::{each, start};
use crate::program::uses::{Message, Payload};
use crate::program::{Knob, Program};

/// A queue in a variable of this name.
fn queue(name: &'static str, make: Make) -> Step {
    Step::Make(Object::new(name, make))
}

pub(super) static QUEUE_SQUARES: Program = Program {
    name: "queue-squares",
    title: "Squares through a queue",
    summary: "Tasks go to a worker through one queue, their squares come back through another. A sentinel, None, tells \
              the worker that nothing more will come.",
    knobs: &[Knob { name: "items", summary: "How many numbers.", default: 8, range: (1, 200) }],
    script: |chosen| {
        const TASKS: u32 = 0;
        const RESULTS: u32 = 1;
        let items = chosen.knob("items") as u32;
        let square = vec![Step::Message(RESULTS, Message::Put(Payload::Square))];
        let worker = Child::new(1, [Step::Message(TASKS, Message::Each(square))]);
        let mut script = vec![queue("tasks", Make::Queue(0)), queue("results", Make::Queue(0))];
        script.extend(start(&[worker]));
        script.extend((0..items).map(|item| Step::Message(TASKS, Message::Put(Payload::Number(item.into())))));
        script.push(Step::Message(TASKS, Message::Put(Payload::Sentinel)));
        let show = [Message::Get, Message::Print(String::new())].map(|call| Step::Message(RESULTS, call));
        script.extend([Step::Repeat(items, show.to_vec()), Step::Call(1, Method::Join(None))]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, Queue, set_start_method

def worker(tasks, results):
    for item in iter(tasks.get, None):
        results.put(item * item)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    items = {}
    tasks, results = Queue(), Queue()
    p1 = Process(target=worker, args=(tasks, results))
    p1.start()
    for item in range(items):
        tasks.put(item)
    tasks.put(None)
    for _ in range(items):
        print(results.get())
    p1.join()
",
            chosen.start.name(),
            chosen.knob("items")
        )
    },
};

pub(super) static PRODUCERS_CONSUMERS: Program = Program {
    name: "producers-consumers",
    title: "Producers and consumers",
    summary: "Several processes put items into a queue that holds only so many; others take them out. When it is full, \
              whoever puts waits. Each consumer ends at a sentinel of its own.",
    knobs: &[
        Knob { name: "producers", summary: "How many put.", default: 2, range: (1, 8) },
        Knob { name: "consumers", summary: "How many take.", default: 2, range: (1, 8) },
        Knob { name: "items", summary: "How many items each producer puts.", default: 15, range: (1, 1000) },
        Knob { name: "maxsize", summary: "How many items the queue holds; 0: any.", default: 3, range: (0, 1000) },
        Knob {
            name: "work-ms",
            summary: "How long a consumer works on an item, in ms.",
            default: 50,
            range: (0, 1000),
        },
    ],
    script: |chosen| {
        let (producers, consumers) = (chosen.knob("producers") as u32, chosen.knob("consumers") as u32);
        let produce = |var: u32| {
            let put = Step::Message(0, Message::Put(Payload::Line(format!("from {var}: item"))));
            let done = Step::Print(format!("producer {var} is done"));
            Child::new(var, [Step::Repeat(chosen.knob("items") as u32, vec![put]), done])
        };
        let consume = |var: u32| {
            let work = vec![Step::Sleep(chosen.knob("work-ms"))];
            let done = Step::Print("a consumer got its sentinel".to_owned());
            Child::new(var, [Step::Message(0, Message::Each(work)), done])
        };
        let children: Vec<Child> =
            (1..=producers).map(produce).chain((producers + 1..=producers + consumers).map(consume)).collect();
        let mut script = vec![queue("q", Make::Queue(chosen.knob("maxsize") as u32))];
        script.extend(start(&children));
        script.extend(each(producers as usize, Method::Join(None)));
        script.push(Step::Repeat(consumers, vec![Step::Message(0, Message::Put(Payload::Sentinel))]));
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, Queue, set_start_method
from time import sleep

def produce(q, name, items):
    for number in range(1, items + 1):
        q.put(f\"from {{name}}: item {{number}}\")
    print(\"producer\", name, \"is done\")

def consume(q):
    for item in iter(q.get, None):
        sleep({})
    print(\"a consumer got its sentinel\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q = Queue({})
    producers = [Process(target=produce, args=(q, n, {})) for n in range(1, {} + 1)]
    consumers = [Process(target=consume, args=(q,)) for _ in range({})]
    for p in producers + consumers:
        p.start()
    for p in producers:
        p.join()
    for _ in consumers:
        q.put(None)
    for p in consumers:
        p.join()
",
            seconds(chosen.knob("work-ms").cast_signed()),
            chosen.start.name(),
            chosen.knob("maxsize"),
            chosen.knob("items"),
            chosen.knob("producers"),
            chosen.knob("consumers")
        )
    },
};

pub(super) static QUEUE_LOGGING: Program = Program {
    name: "queue-logging",
    title: "Logging through a queue",
    summary: "Many workers log, one listener writes it all to one file: nobody else opens the file, so no line is torn. \
              The file is read back and its lines are counted.",
    knobs: &[
        Knob { name: "workers", summary: "How many processes log.", default: 4, range: (1, 16) },
        Knob { name: "lines", summary: "How many lines each writes.", default: 100, range: (1, 5000) },
    ],
    script: |chosen| {
        let (workers, lines) = (chosen.knob("workers") as u32, chosen.knob("lines") as u32);
        let worker = |number: u32| {
            let line = Step::Message(0, Message::Put(Payload::Line(format!("worker {number}: line"))));
            Child::new(number + 1, [Step::Repeat(lines, vec![line])])
        };
        let listener = Child::new(1, [Step::Message(0, Message::LogToFile)]);
        let children: Vec<Child> = std::iter::once(listener).chain((1..=workers).map(worker)).collect();
        let mut script = vec![queue("q", Make::Queue(0))];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)).skip(1));
        script.extend([Step::Message(0, Message::Put(Payload::Sentinel)), Step::Call(1, Method::Join(None))]);
        script
    },
    python: |chosen| {
        format!(
            "from collections import Counter
from multiprocessing import Process, Queue, set_start_method
from tempfile import TemporaryFile

def listener(q):
    with TemporaryFile(\"w+\") as file:               # it has no name that another could open
        for line in iter(q.get, None):
            file.write(line + \"\\n\")
        file.seek(0)
        lines, torn, last = 0, 0, Counter()
        for line in file:
            lines += 1
            worker, _, number = line.rpartition(\" \")
            torn += int(number) != last[worker] + 1
            last[worker] = int(number)
    print(\"lines in the file:\", lines)
    print(\"torn or out of order:\", torn)

def worker(q, number, lines):
    for line in range(1, lines + 1):
        q.put(f\"worker {{number}}: line {{line}}\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q = Queue()
    p1 = Process(target=listener, args=(q,))
    p1.start()
    workers = [Process(target=worker, args=(q, n, {})) for n in range(1, {} + 1)]
    for p in workers:
        p.start()
    for p in workers:
        p.join()
    q.put(None)
    p1.join()
",
            chosen.start.name(),
            chosen.knob("lines"),
            chosen.knob("workers")
        )
    },
};

pub(super) static TASK_DONE: Program = Program {
    name: "task-done",
    title: "task_done and join",
    summary: "A JoinableQueue counts tasks that were put and are not done. join() of the queue returns when the last \
              task_done came; it waits for tasks, not for processes.",
    knobs: &[
        Knob { name: "workers", summary: "How many work.", default: 4, range: (1, 16) },
        Knob { name: "items", summary: "How many tasks there are.", default: 10, range: (1, 500) },
        Knob { name: "work-ms", summary: "How long a task takes, in ms.", default: 200, range: (0, 2000) },
    ],
    script: |chosen| {
        let (workers, items) = (chosen.knob("workers") as u32, chosen.knob("items") as u32);
        let work = vec![Step::Sleep(chosen.knob("work-ms")), Step::Message(0, Message::TaskDone)];
        let worker = |var| Child::new(var, [Step::Message(0, Message::Each(work.clone()))]);
        let children: Vec<Child> = (1..=workers).map(worker).collect();
        let mut script = vec![queue("tasks", Make::JoinableQueue(0))];
        script.extend(start(&children));
        script.extend((0..items).map(|item| Step::Message(0, Message::Put(Payload::Number(item.into())))));
        script.extend([Step::Message(0, Message::Join), Step::Print("all tasks are done".to_owned())]);
        script.push(Step::Repeat(workers, vec![Step::Message(0, Message::Put(Payload::Sentinel))]));
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import JoinableQueue, Process, set_start_method
from time import sleep

def worker(tasks):
    for item in iter(tasks.get, None):
        sleep({})
        tasks.task_done()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    tasks = JoinableQueue()
    processes = [Process(target=worker, args=(tasks,)) for _ in range({})]
    for p in processes:
        p.start()
    for item in range({}):
        tasks.put(item)
    tasks.join()
    print(\"all tasks are done\")
    for p in processes:
        tasks.put(None)
    for p in processes:
        p.join()
",
            seconds(chosen.knob("work-ms").cast_signed()),
            chosen.start.name(),
            chosen.knob("workers"),
            chosen.knob("items")
        )
    },
};

pub(super) static JOIN_BEFORE_DRAIN: Program = Program {
    name: "join-before-drain",
    title: "Joined too early",
    summary: "A child puts bytes into a queue, and the parent joins it before it reads. A process does not end before its \
              feeder thread has written everything: with more than the pipe holds, both wait for ever.",
    knobs: &[
        Knob { name: "bytes", summary: "How many bytes the child puts.", default: 70_000, range: (1, 16 << 20) },
        Knob {
            name: "read-first",
            summary: "1: the parent reads, then joins; 0: it joins first.",
            default: 0,
            range: (0, 1),
        },
        PIPE_BYTES,
    ],
    script: |chosen| {
        let child = Child::new(1, [Step::Message(0, Message::Put(Payload::Bytes(chosen.knob("bytes"))))]);
        let join = [Step::Call(1, Method::Join(None)), Step::Print("joined".to_owned())].to_vec();
        let read = [Message::Get, Message::PrintLength("bytes:")].map(|call| Step::Message(0, call)).to_vec();
        let pipe_bytes = Step::PipeBytes(chosen.knob(PIPE_BYTES.name) as u32);
        let mut script: Script = vec![Step::Deadline(5000), pipe_bytes, queue("q", Make::Queue(0))];
        script.extend(start(&[child]));
        script.extend(if chosen.knob("read-first") == 1 { [read, join] } else { [join, read] }.concat());
        script
    },
    python: |chosen| {
        let join = "    p1.join()\n    print(\"joined\")\n";
        let read = "    print(\"bytes:\", len(q.get()))\n";
        let (first, second) = if chosen.knob("read-first") == 1 { (read, join) } else { (join, read) };
        let pipe_bytes = match chosen.knob(PIPE_BYTES.name) {
            0 => String::new(),
            bytes => format!(
                "    from fcntl import F_SETPIPE_SZ, fcntl    # on Linux\n    fcntl(q._writer, F_SETPIPE_SZ, {bytes})\n"
            ),
        };
        format!(
            "from multiprocessing import Process, Queue, set_start_method

def child(q, count):
    q.put(b\"x\" * count)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    q = Queue()
{pipe_bytes}    p1 = Process(target=child, args=(q, {}))
    p1.start()
{first}{second}",
            chosen.start.name(),
            chosen.knob("bytes")
        )
    },
};
