//! Numbers in memory that processes share: what happens when several of them write at the same time.

use crate::program::object::{Make, Object};
use crate::program::script::{Child, Method, Step};
use crate::program::steps::{each, start};
use crate::program::uses::{Cells, Sync};
use crate::program::{Knob, Program};

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

pub(super) static SHARED_ARRAY: Program = Program {
    name: "shared-array",
    title: "A shared array in slices",
    summary: "Several processes sum up the same array, each its own slice, and each writes its sum into its own place of \
              a second array. Nobody writes where another does, so no lock is needed, and nothing is sent.",
    knobs: &[
        Knob { name: "processes", summary: "How many processes sum.", default: 4, range: (1, 8) },
        Knob { name: "length", summary: "How many numbers the array has.", default: 64, range: (8, 1024) },
    ],
    script: |chosen| {
        let (processes, length) = (chosen.knob("processes") as u32, chosen.knob("length") as u32);
        let from = |process: u32| process * length / processes;
        let child = |process: u32| {
            let (from, to, into) = (from(process), from(process + 1), (1, process as u16));
            Child::new(process + 1, [Step::Cells(0, Cells::Sum { from, to, into })])
        };
        let children: Vec<Child> = (0..processes).map(child).collect();
        let mut script = vec![
            Step::Make(Object::new("numbers", Make::Array(length))),
            Step::Make(Object::new("sums", Make::Array(processes))),
            Step::Cells(0, Cells::WriteSlice(0, length.into(), (0..i64::from(length)).collect())),
        ];
        script.extend(start(&children));
        script.extend(each(children.len(), Method::Join(None)));
        script.push(Step::Cells(1, Cells::Print("sums")));
        script.push(Step::Cells(1, Cells::PrintSum("total")));
        script
    },
    python: |chosen| {
        let (processes, length) = (chosen.knob("processes"), chosen.knob("length"));
        format!(
            "from multiprocessing import Array, Process, set_start_method

def add_up(numbers, sums, process):
    begin, end = process * {length} // {processes}, (process + 1) * {length} // {processes}
    sums[process] = sum(numbers[begin:end])

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    numbers = Array(\"i\", range({length}))
    sums = Array(\"i\", {processes})
    processes = [Process(target=add_up, args=(numbers, sums, i)) for i in range({processes})]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    print(\"sums\", sums[:])
    print(\"total\", sum(sums))
",
            chosen.start.name()
        )
    },
};

pub(super) static VALUE_TYPES: Program = Program {
    name: "value-types",
    title: "What a shared number holds",
    summary: "Shared numbers are C types, not Python's: an int of 32 bits wraps around, an array keeps its length, and a \
              slice takes exactly as many numbers as it has.",
    knobs: &[],
    script: |_| {
        let attempt = |call| Step::Try(vec![Step::Cells(1, call)]);
        let child = [Step::Cells(1, Cells::Print("the child finds")), Step::Cells(1, Cells::Write(0, 50))];
        let mut script = vec![
            Step::Make(Object::new("value", Make::Value(2_147_483_647))),
            Step::Make(Object::new("array", Make::Array(5))),
            Step::Make(Object::new("raw", Make::RawArray(3))),
            Step::Cells(0, Cells::Print("largest")),
            Step::Cells(0, Cells::Increment { times: 1, lock: None }),
            Step::Cells(0, Cells::Print("one more")),
            Step::Cells(1, Cells::Print("new array")),
            Step::Cells(2, Cells::Print("new raw array")),
            Step::Cells(1, Cells::WriteSlice(0, 5, vec![5, 6, 7, 8, 9])),
            Step::Cells(1, Cells::PrintLength("length")),
            Step::Cells(1, Cells::PrintSlice("slice", 1, 3)),
            Step::Cells(1, Cells::PrintAt("last", -1)),
            Step::Cells(1, Cells::Write(1, 2_147_483_648)),
            Step::Cells(1, Cells::PrintAt("too large", 1)),
            attempt(Cells::PrintAt("nothing", 5)),
            attempt(Cells::PrintAt("nothing", -6)),
            attempt(Cells::Write(5, 1)),
            attempt(Cells::WriteSlice(0, 2, vec![1, 2, 3])),
        ];
        script.extend(start(&[Child::new(1, child)]));
        script.extend([Step::Call(1, Method::Join(None)), Step::Cells(1, Cells::Print("after the child"))]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Array, Process, RawArray, Value, set_start_method

def attempt(call):
    try:
        call()
    except Exception as error:
        print(f\"{{type(error).__name__}}: {{error}}\")

def child(array):
    print(\"the child finds\", array[:])
    array[0] = 50

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    value, array, raw = Value(\"i\", 2147483647), Array(\"i\", 5), RawArray(\"i\", 3)
    print(\"largest\", value.value)
    value.value += 1
    print(\"one more\", value.value)
    print(\"new array\", array[:])
    print(\"new raw array\", raw[:])
    array[:] = [5, 6, 7, 8, 9]
    print(\"length\", len(array))
    print(\"slice\", array[1:3])
    print(\"last\", array[-1])
    array[1] = 2147483648
    print(\"too large\", array[1])
    attempt(lambda: print(\"nothing\", array[5]))
    attempt(lambda: print(\"nothing\", array[-6]))
    attempt(lambda: array.__setitem__(5, 1))
    attempt(lambda: array.__setitem__(slice(0, 2), [1, 2, 3]))
    p1 = Process(target=child, args=(array,))
    p1.start()
    p1.join()
    print(\"after the child\", array[:])
",
            chosen.start.name()
        )
    },
};
