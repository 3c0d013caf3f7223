//! First steps: processes that are started and joined, few or many; threads inside one.

use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::{each, seconds, start};
use crate::program::{Knob, Program};

pub(super) static FIVE_WORKERS: Program = Program {
    name: "five-workers",
    title: "Five workers",
    summary: "Several processes print their number. They all live at the same time, and the order in which they print \
              is up to the operating system.",
    knobs: &[
        Knob { name: "workers", summary: "How many processes.", default: 5, range: (1, 16) },
        Knob { name: "sleep-ms", summary: "How long each sleeps first, in ms.", default: 200, range: (0, 5000) },
    ],
    script: |chosen| {
        let work = |number: u32| vec![Step::Sleep(chosen.knob("sleep-ms")), Step::Print(format!("Worker: {number}"))];
        let workers = chosen.knob("workers") as u32;
        let children: Vec<Child> = (0..workers).map(|number| Child::new(number + 1, work(number))).collect();
        let mut script = start(&children);
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, set_start_method
from time import sleep

def worker(number):
    sleep({})
    print(\"Worker:\", number)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    processes = [Process(target=worker, args=(i,)) for i in range({})]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
",
            seconds(chosen.knob("sleep-ms")),
            chosen.start.name(),
            chosen.knob("workers")
        )
    },
};

pub(super) static TWO_SLEEPERS: Program = Program {
    name: "two-sleepers",
    title: "Two sleepers",
    summary: "Two processes sleep, one longer than the other. Both sleep at the same time, so the program takes as long \
              as the longer sleep, not as long as both; join waits for one process and tells nothing of the other.",
    knobs: &[
        Knob { name: "first-ms", summary: "How long Process-1 sleeps, in ms.", default: 2000, range: (0, 10_000) },
        Knob { name: "second-ms", summary: "How long Process-2 sleeps, in ms.", default: 3000, range: (0, 10_000) },
    ],
    script: |chosen| {
        let sleeper = |var: u32, knob| {
            let (begin, end) = (format!("Process-{var} falls asleep"), format!("Process-{var} woke up"));
            Child::new(var, [Step::Print(begin), Step::Sleep(chosen.knob(knob)), Step::Print(end)])
        };
        let mut script = start(&[sleeper(1, "first-ms"), sleeper(2, "second-ms")]);
        script.push(Step::Print("both are started".to_owned()));
        script.extend(each(2, Method::Join(None)));
        script.push(Step::Print("both are joined".to_owned()));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, current_process, set_start_method
from time import sleep

def sleeper(seconds):
    name = current_process().name
    print(name, \"falls asleep\")
    sleep(seconds)
    print(name, \"woke up\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=sleeper, args=({},))
    p2 = Process(target=sleeper, args=({},))
    p1.start()
    p2.start()
    print(\"both are started\")
    p1.join()
    p2.join()
    print(\"both are joined\")
",
            chosen.start.name(),
            seconds(chosen.knob("first-ms")),
            seconds(chosen.knob("second-ms"))
        )
    },
};

pub(super) static THREADS_IN_A_CHILD: Program = Program {
    name: "threads-in-a-child",
    title: "Threads in a child",
    summary: "A child starts two threads and comes to its end. It waits for its ordinary thread before it exits; its \
              daemon thread is cut off in the middle.",
    knobs: &[Knob { name: "thread-ms", summary: "How long the threads sleep, in ms.", default: 300, range: (1, 5000) }],
    script: |chosen| {
        let ms = chosen.knob("thread-ms");
        let child = Child::new(
            1,
            [
                Step::Thread { line: "the thread is done", ms, daemon: false },
                Step::Thread { line: "the daemon thread is done", ms: ms + 10_000, daemon: true },
                Step::Print("the child's own code is done".to_owned()),
            ],
        );
        let mut script = start(&[child]);
        script.push(Step::Call(1, Method::Join(None)));
        script.push(Step::PrintOf("exit code".to_owned(), 1, Method::ExitCode));
        script
    },
    python: |chosen| {
        let ms = chosen.knob("thread-ms");
        format!(
            "from multiprocessing import Process, set_start_method
from threading import Thread
from time import sleep

def work(seconds, line):
    sleep(seconds)
    print(line)

def child():
    Thread(target=work, args=({}, \"the thread is done\")).start()
    Thread(target=work, args=({}, \"the daemon thread is done\"), daemon=True).start()
    print(\"the child's own code is done\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=child)
    p1.start()
    p1.join()
    print(\"exit code\", p1.exitcode)
",
            seconds(ms),
            seconds(ms + 10_000),
            chosen.start.name()
        )
    },
};

pub(super) static MANY_CHILDREN: Program = Program {
    name: "many-children",
    title: "Many children",
    summary: "Many processes are started and joined at once; then as many are terminated a millisecond after they \
              were started. The first all end with 0, the others all with −SIGTERM: none is forgotten.",
    knobs: &[Knob { name: "children", summary: "How many each time.", default: 10, range: (1, 100) }],
    script: |chosen| {
        let count = chosen.knob("children") as u32;
        let of = |range: std::ops::RangeInclusive<u32>, target: Script| {
            range.map(move |var| Child::new(var, target.clone())).map(Step::New).collect::<Script>()
        };
        let call =
            |range: std::ops::RangeInclusive<u32>, method| range.map(move |var| Step::Call(var, method)).collect();
        let (first, second) = (1..=count, count + 1..=2 * count);
        let parts: [Script; 8] = [
            of(first.clone(), vec![]),
            call(first.clone(), Method::Start),
            call(first, Method::Join(None)),
            of(second.clone(), vec![Step::Sleep(20_000)]),
            call(second.clone(), Method::Start),
            vec![Step::Sleep(1)],
            call(second.clone(), Method::Terminate),
            call(second, Method::Join(None)),
        ];
        parts.concat()
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, set_start_method
from time import sleep

def nothing():
    pass

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    first = [Process(target=nothing) for _ in range({count})]
    for p in first:
        p.start()
    for p in first:
        p.join()
    second = [Process(target=sleep, args=(20,)) for _ in range({count})]
    for p in second:
        p.start()
    sleep(0.001)
    for p in second:
        p.terminate()
    for p in second:
        p.join()
",
            chosen.start.name(),
            count = chosen.knob("children")
        )
    },
};
