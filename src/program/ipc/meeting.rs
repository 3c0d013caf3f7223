//! Processes that wait for each other: at a starting gun, between phases, and for room or goods in a buffer.

use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::{each, seconds, start};
use crate::program::uses::{Cells, Is, Sync, Test};
use crate::program::{Knob, Program};

pub(super) static STARTING_GUN: Program = Program {
    name: "starting-gun",
    title: "A starting gun",
    summary: "Several runners wait for an event. The parent sets it once, and all of them go on at the same moment, \
              however long each had waited.",
    knobs: &[
        Knob { name: "runners", summary: "How many processes wait.", default: 4, range: (1, 16) },
        Knob {
            name: "wait-ms",
            summary: "How long the parent waits before it sets it.",
            default: 1000,
            range: (0, 5000),
        },
    ],
    script: |chosen| {
        let runner = |var: u32| {
            let wait = Step::Sync(0, Sync::Wait { timeout_ms: None, label: None });
            let (ready, runs) = (format!("Process-{var} is ready"), format!("Process-{var} runs"));
            Child::new(var, [Step::Print(ready), wait, Step::Print(runs)])
        };
        let children: Vec<Child> = (1..=chosen.knob("runners") as u32).map(runner).collect();
        let mut script = vec![Step::Make(Object::new("gun", Make::Event))];
        script.extend(start(&children));
        script.extend([
            Step::Sleep(chosen.knob("wait-ms")),
            Step::Print("Ready, steady, go!".to_owned()),
            Step::Sync(0, Sync::Set),
        ]);
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Event, Process, current_process, set_start_method
from time import sleep

def runner(gun):
    print(current_process().name, \"is ready\", flush=True)
    gun.wait()
    print(current_process().name, \"runs\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    gun = Event()
    processes = [Process(target=runner, args=(gun,)) for _ in range({})]
    for p in processes:
        p.start()
    sleep({})
    print(\"Ready, steady, go!\", flush=True)
    gun.set()
    for p in processes:
        p.join()
",
            chosen.start.name(),
            chosen.knob("runners"),
            seconds(chosen.knob("wait-ms"))
        )
    },
};

pub(super) static BARRIER_PHASES: Program = Program {
    name: "barrier-phases",
    title: "A barrier between phases",
    summary: "All processes work through the same phases, some faster than others. At the barrier the fast ones wait: \
              nobody begins a phase before all have ended the one before.",
    knobs: &[
        Knob { name: "processes", summary: "How many processes.", default: 3, range: (1, 16) },
        Knob { name: "phases", summary: "How many phases.", default: 3, range: (1, 20) },
        Knob {
            name: "step-ms",
            summary: "How much longer each process works in a phase than the one before it, in ms.",
            default: 150,
            range: (0, 2000),
        },
    ],
    script: |chosen| {
        let (processes, phases) = (chosen.knob("processes") as u32, chosen.knob("phases"));
        let worker = |var: u32| {
            let phase = |phase: u64| {
                let action = Some("all have ended the phase");
                [
                    Step::Print(format!("Process-{var} begins phase {phase}")),
                    Step::Sleep(u64::from(var) * chosen.knob("step-ms")),
                    Step::Print(format!("Process-{var} ends phase {phase}")),
                    Step::Sync(0, Sync::Pass { timeout_ms: None, label: None, action }),
                ]
            };
            Child::new(var, (1..=phases).flat_map(phase).collect::<Script>())
        };
        let children: Vec<Child> = (1..=processes).map(worker).collect();
        let mut script = vec![Step::Make(Object::new("barrier", Make::Barrier(processes)))];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Barrier, Process, current_process, set_start_method
from time import sleep

def ended():
    print(\"all have ended the phase\", flush=True)

def worker(barrier, number):
    name = current_process().name
    for phase in range(1, {} + 1):
        print(name, \"begins phase\", phase, flush=True)
        sleep(number * {})
        print(name, \"ends phase\", phase, flush=True)
        barrier.wait()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    barrier = Barrier({processes}, action=ended)
    processes = [Process(target=worker, args=(barrier, i)) for i in range(1, {processes} + 1)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
",
            chosen.knob("phases"),
            seconds(chosen.knob("step-ms")),
            chosen.start.name(),
            processes = chosen.knob("processes")
        )
    },
};

pub(super) static BOUNDED_BUFFER: Program = Program {
    name: "bounded-buffer",
    title: "A bounded buffer with a condition",
    summary: "Producers put numbers into a ring of few places in shared memory, and consumers take them out. Who finds \
              it full, or empty, waits for the condition until somebody says that it changed, and looks again.",
    knobs: &[
        Knob { name: "places", summary: "How many numbers the ring holds.", default: 3, range: (1, 16) },
        Knob { name: "producers", summary: "How many processes put numbers in.", default: 2, range: (1, 4) },
        Knob { name: "consumers", summary: "How many processes take them out.", default: 2, range: (1, 4) },
        Knob { name: "items", summary: "How many numbers each producer makes.", default: 10, range: (1, 100) },
        Knob { name: "work-ms", summary: "How long a consumer works on each, in ms.", default: 50, range: (0, 1000) },
    ],
    script: |chosen| {
        let (producers, consumers) = (chosen.knob("producers") as u32, chosen.knob("consumers") as u32);
        let (places, items) = (chosen.knob("places") as u32, chosen.knob("items") as u32);
        let step = |is, use_it: Cells| {
            let until = Test { cells: 1, index: 0, is };
            let wait = Step::Sync(0, Sync::WaitFor { until, timeout_ms: None, label: None });
            Step::With(0, vec![wait, Step::Cells(1, use_it), Step::Sync(0, Sync::NotifyAll)])
        };
        let put = |number: u32| step(Is::Below(places as i32), Cells::RingPut(number as i32));
        let producer =
            |var: u32| Child::new(var + 1, (1..=items).map(|item| put(var * items + item)).collect::<Script>());
        let consumer = |var: u32| {
            let take = vec![step(Is::Above(0), Cells::RingTake(2, var as u16)), Step::Sleep(chosen.knob("work-ms"))];
            let all = producers * items;
            let share = all * (var + 1) / consumers - all * var / consumers;
            Child::new(producers + var + 1, [Step::Repeat(share, take)])
        };
        let children: Vec<Child> = (0..producers).map(producer).chain((0..consumers).map(consumer)).collect();
        let mut script = vec![
            Step::Make(Object::new("changed", Make::Condition)),
            Step::Make(Object::new("ring", Make::RawArray(2 + places))),
            Step::Make(Object::new("sums", Make::RawArray(consumers))),
        ];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::Cells(2, Cells::PrintSum("consumed")));
        script.push(Step::Print(format!("produced {}", (1..=producers * items).sum::<u32>())));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Condition, Process, RawArray, set_start_method
from time import sleep

PLACES, PRODUCERS, CONSUMERS, ITEMS = {}, {}, {}, {}

def producer(changed, ring, number):
    for item in range(number * ITEMS + 1, (number + 1) * ITEMS + 1):
        with changed:
            changed.wait_for(lambda: ring[0] < PLACES)
            count, oldest = ring[0], ring[1]
            ring[2 + (oldest + count) % PLACES] = item
            ring[0] += 1
            changed.notify_all()

def consumer(changed, ring, sums, number):
    items = PRODUCERS * ITEMS
    for _ in range(items * (number + 1) // CONSUMERS - items * number // CONSUMERS):
        with changed:
            changed.wait_for(lambda: ring[0] > 0)
            oldest = ring[1]
            item = ring[2 + oldest % PLACES]
            ring[1] = oldest + 1
            ring[0] -= 1
            sums[number] += item
            changed.notify_all()
        sleep({})

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    changed, ring, sums = Condition(), RawArray(\"i\", 2 + PLACES), RawArray(\"i\", CONSUMERS)
    processes = [Process(target=producer, args=(changed, ring, i)) for i in range(PRODUCERS)]
    processes += [Process(target=consumer, args=(changed, ring, sums, i)) for i in range(CONSUMERS)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    print(\"consumed\", sum(sums))
    print(\"produced\", sum(range(1, PRODUCERS * ITEMS + 1)))
",
            chosen.knob("places"),
            chosen.knob("producers"),
            chosen.knob("consumers"),
            chosen.knob("items"),
            seconds(chosen.knob("work-ms")),
            chosen.start.name()
        )
    },
};
