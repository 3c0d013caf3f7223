//! Families: who ends with whom, who is whose child, and what becomes of a process that nobody joins or
//! whose parent is gone.

use crate::plan::Action;

use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::{each, seconds, start};
use crate::program::{Knob, Program};

fn print(line: impl Into<String>) -> Step {
    Step::Print(line.into())
}

pub(super) static DAEMON: Program = Program {
    name: "daemon",
    title: "Daemons",
    summary: "When the parent comes to its end it terminates its daemon children in the middle of their work and waits \
              for the others. A daemon may have no children of its own: nobody would wait for them.",
    knobs: &[Knob {
        name: "child-ms",
        summary: "How long the ordinary child works, in ms.",
        default: 500,
        range: (1, 5000),
    }],
    script: |chosen| {
        let ms = chosen.knob("child-ms");
        let daemon = Child::new(1, [Step::Sleep(ms + 10_000), print("the daemon is done")]).daemon();
        let child = Child::new(2, [Step::Sleep(ms), print("the child is done")]);
        let grandchild = Child::new(1, [print("the daemon's child runs")]);
        let parent = [Step::New(grandchild), Step::Try(vec![Step::Call(1, Method::Start)])];
        let mut script = start(&[daemon, child, Child::new(3, parent).daemon()]);
        script.extend([Step::Call(3, Method::Join(None)), print("the parent is done")]);
        script
    },
    python: |chosen| {
        let ms = chosen.knob("child-ms");
        format!(
            "from multiprocessing import Process, set_start_method
from time import sleep

def work(seconds, line):
    sleep(seconds)
    print(line)

def with_a_child():
    p1 = Process(target=print, args=(\"the daemon's child runs\",))
    try:
        p1.start()
    except AssertionError as error:
        print(\"AssertionError:\", error)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=work, args=({}, \"the daemon is done\"), daemon=True)
    p2 = Process(target=work, args=({}, \"the child is done\"))
    p3 = Process(target=with_a_child, daemon=True)
    p1.start()
    p2.start()
    p3.start()
    p3.join()
    print(\"the parent is done\")
",
            chosen.start.name(),
            seconds(ms + 10_000),
            seconds(ms)
        )
    },
};

pub(super) static CHILDREN_OF_CHILDREN: Program = Program {
    name: "children-of-children",
    title: "Children of children",
    summary: "Each process starts two of its own and waits for each. Their names tell the family: Process-1:2 is the \
              second child of Process-1.",
    knobs: &[Knob { name: "depth", summary: "How many generations.", default: 2, range: (1, 3) }],
    script: |chosen| {
        fn family(id: &[u32], depth: u64) -> Script {
            let mut script = vec![print(format!("{id:?}"))];
            for number in (0..2).filter(|_| (id.len() as u64) < depth) {
                let mut theirs = id.to_vec();
                theirs.push(number);
                script.extend(start_one(Child::new(number + 1, family(&theirs, depth))));
                script.push(Step::Call(number + 1, Method::Join(None)));
            }
            script
        }
        family(&[], chosen.knob("depth"))
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, set_start_method

def family(path, depth):
    print(path, flush=True)
    if len(path) < depth:
        for i in range(2):
            p = Process(target=family, args=(path + [i], depth))
            p.start()
            p.join()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    family([], {})
",
            chosen.start.name(),
            chosen.knob("depth")
        )
    },
};

fn start_one(child: Child) -> [Step; 2] {
    let var = child.var;
    [Step::New(child), Step::Call(var, Method::Start)]
}

pub(super) static ZOMBIE: Program = Program {
    name: "zombie",
    title: "Zombies",
    summary: "Processes that have ended stay in the system's table until their parent asks how: they are zombies. join \
              asks for one, active_children for all. A fork server asks for its children by itself, so there are none.",
    knobs: &[
        Knob { name: "children", summary: "How many processes.", default: 2, range: (1, 16) },
        Knob { name: "nobody-joins-ms", summary: "How long nobody asks, in ms.", default: 1500, range: (100, 10_000) },
    ],
    script: |chosen| {
        let count = chosen.knob("children") as u32;
        // Starting a process waits for those that have ended: all shall be there before the first one ends.
        let ends = |var: u32| [Step::Sleep(100), print(format!("p{var} ends"))];
        let children: Vec<Child> = (1..=count).map(|var| Child::new(var, ends(var))).collect();
        let mut script = start(&children);
        script.extend([
            Step::Sleep(chosen.knob("nobody-joins-ms")),
            Step::ActiveChildren,
            Step::PrintOf("p1 exit code".to_owned(), 1, Method::ExitCode),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, active_children, set_start_method
from time import sleep

def ends(number):
    sleep(0.1)
    print(f\"p{{number}} ends\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    processes = [Process(target=ends, args=(i,)) for i in range(1, {} + 1)]
    for p in processes:
        p.start()
    sleep({})                      # now `ps` shows them as <defunct>
    print(\"active children:\", [p.name for p in active_children()])
    print(\"p1 exit code\", processes[0].exitcode)
",
            chosen.start.name(),
            chosen.knob("children"),
            seconds(chosen.knob("nobody-joins-ms"))
        )
    },
};

pub(super) static ORPHAN: Program = Program {
    name: "orphan",
    title: "An orphan",
    summary: "A child of a child sees its parent being killed: parent_process().is_alive() turns False, and \
              parent_process().join() returns. In Python it lives on, whoever is left; here it is found and ended at the \
              end of the program at the latest.",
    knobs: &[],
    script: |_| {
        let orphan = Child::new(1, [Step::WatchParent, print("the orphan is done")]).outliving();
        let mut parent = start(&[orphan]);
        parent.push(Step::Sleep(20_000));
        let mut script = start(&[Child::new(1, parent)]);
        script.extend([
            Step::Sleep(700),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            Step::PrintOf("exit code".to_owned(), 1, Method::ExitCode),
            Step::Sleep(500),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, parent_process, set_start_method
from time import sleep

def orphan():
    parent = parent_process()
    print(\"the parent is alive:\", parent.is_alive(), flush=True)
    parent.join()
    print(\"the parent is alive:\", parent.is_alive(), flush=True)
    print(\"the orphan is done\", flush=True)

def middle():
    p1 = Process(target=orphan)
    p1.start()
    sleep(20)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=middle)
    p1.start()
    sleep(0.7)
    p1.kill()
    p1.join()
    print(\"exit code\", p1.exitcode)
    sleep(0.5)
",
            chosen.start.name()
        )
    },
};

pub(super) static PIPE_HOLDER: Program = Program {
    name: "pipe-holder",
    title: "A grandchild holds the pipe",
    summary: "A child leaves by os._exit while its own child lives on and still holds what it inherited. A trap of \
              Python's: there join(0.5) waits the whole half second, though the child is gone, because it watches a \
              pipe that the grandchild keeps open. Here it watches the process, and returns at once.",
    knobs: &[],
    script: |_| {
        let holder = Child::new(1, [Step::Sleep(5_000), print("the grandchild is done")]).outliving();
        let mut child = start(&[holder]);
        child.extend([Step::Sleep(300), Step::ExitNow(0)]);
        let mut script = start(&[Child::new(1, child)]);
        script.extend([
            Step::Sleep(1000),
            Step::Call(1, Method::Join(Some(500))),
            Step::PrintOf("exit code".to_owned(), 1, Method::ExitCode),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "import os
from multiprocessing import Process, set_start_method
from time import sleep, time

def holder():
    sleep(5)
    print(\"the grandchild is done\")

def child():
    Process(target=holder).start()
    sleep(0.3)
    os._exit(0)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=child)
    p1.start()
    sleep(1)
    began = time()
    p1.join(0.5)
    print(\"exit code\", p1.exitcode)
    print(f\"join took {{time() - began:.1f}} s\")     # 0.5, though the child was gone before
",
            chosen.start.name()
        )
    },
};

pub(super) static PARENT_KILLED: Program = Program {
    name: "parent-killed",
    title: "The parent is killed",
    summary: "The parent is killed while its children compute. In Python they go on computing for nobody, three of \
              three, under every start method. Here every process ends with its parent, and the window says that the \
              parent is gone.",
    knobs: &[Knob { name: "children", summary: "How many children.", default: 3, range: (1, 16) }],
    script: |chosen| {
        let children: Vec<Child> = (1..=chosen.knob("children") as u32)
            .map(|var| Child::new(var, [Step::Compute(8_000), print(format!("p{var} is done"))]))
            .collect();
        let mut script = start(&children);
        script.extend([Step::Sleep(500), Step::Crash(Action::Kill)]);
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "import os, signal
from multiprocessing import Process, set_start_method
from time import sleep, time

def compute(number):
    end = time() + 8
    while time() < end:
        pass
    print(f\"p{{number}} is done\")        # printed eight seconds later, though nobody waits

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    for i in range(1, {} + 1):
        Process(target=compute, args=(i,)).start()
    sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
",
            chosen.start.name(),
            chosen.knob("children")
        )
    },
};
