//! Numbers in memory that processes share: what happens when several of them write at the same time.

use super::first::{each, start};
use super::object::{Make, Object};
use super::script::{Child, Method, Step};
use super::uses::{Cells, Sync};
use super::{Knob, Program};

pub(super) static LOST_UPDATES: Program = Program {
    name: "lost-updates",
    title: "Lost updates",
    summary: "Several processes add 1 to the same number, so often. += reads and then writes: whoever wrote in between \
              is overwritten. The number at the end is measured, and may be right by luck; with the lock around both, \
              it always is.",
    knobs: &[
        Knob { name: "processes", summary: "How many processes add.", default: 4, range: (2, 16) },
        Knob { name: "times", summary: "How often each of them adds 1.", default: 20_000, range: (1, 100_000) },
        Knob {
            name: "lock",
            summary: "Whether each holds the number's lock while it adds: 0 no, 1 yes.",
            default: 0,
            range: (0, 1),
        },
    ],
    script: |chosen| {
        let (processes, times) = (chosen.knob("processes") as u32, chosen.knob("times") as u32);
        let lock = (chosen.knob("lock") == 1).then_some(0);
        let pass = Sync::Pass { timeout_ms: None, label: None, action: None };
        // All begin at the same moment, whoever was started first.
        let adder = [Step::Sync(1, pass), Step::Cells(0, Cells::Increment { times, lock })];
        let children: Vec<Child> = (1..=processes).map(|var| Child::new(var, adder.clone())).collect();
        let mut script = vec![
            Step::Make(Object::new("counter", Make::Value(0))),
            Step::Make(Object::new("start", Make::Barrier(processes))),
        ];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::Cells(0, Cells::Print("counted")));
        script.push(Step::Print(format!("expected {}", u64::from(processes) * u64::from(times))));
        script
    },
    python: |chosen| {
        let (processes, times) = (chosen.knob("processes"), chosen.knob("times"));
        let add = if chosen.knob("lock") == 1 {
            "with counter.get_lock():\n            counter.value += 1"
        } else {
            "counter.value += 1"
        };
        format!(
            "from multiprocessing import Barrier, Process, Value, set_start_method

def adder(counter, start):
    start.wait()  # all begin at the same moment
    for _ in range({times}):
        {add}

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    counter = Value(\"i\", 0)
    start = Barrier({processes})
    processes = [Process(target=adder, args=(counter, start)) for _ in range({processes})]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    print(\"counted\", counter.value)
    print(\"expected\", {processes} * {times})
",
            chosen.start.name()
        )
    },
};
