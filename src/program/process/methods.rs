//! The start methods themselves: what each costs, which is whose default, how one is chosen, and what must
//! not be mixed.

use crate::plan::{StartMethod, start_methods};

use crate::program::script::{Child, Method, Script, Step};
use crate::program::{Knob, Program};

fn print(line: impl Into<String>) -> Step {
    Step::Print(line.into())
}

/// Creates, starts and joins a child.
fn run(child: Child) -> [Step; 3] {
    let var = child.var;
    [Step::New(child), Step::Call(var, Method::Start), Step::Call(var, Method::Join(None))]
}

pub(super) static START_COST: Program = Program {
    name: "start-cost",
    title: "What a start costs",
    summary: "How long from start() until the child's first word, by each start method, measured on this machine with \
              Poolscope's own processes. Python's spawn takes much longer, for it starts an interpreter and imports the \
              program. The more memory the parent has touched, the longer a fork takes.",
    knobs: &[
        Knob { name: "rounds", summary: "How many starts by each method.", default: 5, range: (1, 20) },
        Knob { name: "parent-mib", summary: "Memory the parent touches first, in MiB.", default: 0, range: (0, 1024) },
    ],
    script: |chosen| {
        let mut script = vec![Step::TakeMemory(chosen.knob("parent-mib"))];
        let mut var = 0;
        for &method in start_methods() {
            for _ in 0..chosen.knob("rounds") {
                var += 1;
                let [new, start, join] = run(Child::new(var, []).by(method));
                script.extend([new, start, Step::FirstWord(var), join]);
            }
        }
        script.push(Step::Medians);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import get_all_start_methods, get_context
from statistics import median
from time import perf_counter

def word(connection):
    connection.send(\"word\")

if __name__ == \"__main__\":
    memory = bytearray({} << 20)
    for at in range(0, len(memory), 4096):
        memory[at] = 1
    for method in get_all_start_methods():
        ctx = get_context(method)
        times = []
        for _ in range({}):
            ours, theirs = ctx.Pipe()
            p = ctx.Process(target=word, args=(theirs,))
            began = perf_counter()
            p.start()
            ours.recv()
            times.append(perf_counter() - began)
            p.join()
        print(f\"{{method}}: {{median(times) * 1000:.1f}} ms\")
",
            chosen.knob("parent-mib"),
            chosen.knob("rounds")
        )
    },
};

pub(super) static DEFAULT_METHODS: Program = Program {
    name: "default-methods",
    title: "Defaults",
    summary: "Which start method Python takes unless it is told otherwise: it depends on the system and on the version. \
              A program that needs a certain one should say so.",
    knobs: &[],
    script: |_| {
        let here = |system: &str| if std::env::consts::OS == system { "  ← this machine" } else { "" };
        let offered: Vec<&str> = start_methods().iter().map(|method| method.name()).collect();
        vec![
            print(format!("Linux, Python 3.14 and later: forkserver{}", here("linux"))),
            print(format!("Linux, Python up to 3.13:     fork{}", here("linux"))),
            print(format!("macOS, Python 3.8 and later:  spawn{}", here("macos"))),
            print("macOS, Python up to 3.7:      fork"),
            print(format!("Windows:                      spawn, and no other{}", here("windows"))),
            print(format!("Poolscope here:               {}, as the plan says", offered.join(", "))),
        ]
    },
    python: |_| {
        "import sys
from multiprocessing import get_all_start_methods, get_start_method

if __name__ == \"__main__\":
    print(sys.platform, sys.version.split()[0])
    print(\"default:\", get_start_method())
    print(\"all:\", get_all_start_methods())
"
        .to_owned()
    },
};

pub(super) static START_METHOD_TWICE: Program = Program {
    name: "start-method-twice",
    title: "Set once",
    summary: "The start method of a program is set once, at its beginning. A second time raises RuntimeError, unless it \
              is forced.",
    knobs: &[],
    script: |chosen| {
        let set = |method, force| Step::SetStartMethod { method, force };
        vec![
            set(chosen.start, false),
            Step::Try(vec![set(StartMethod::Spawn, false)]),
            set(StartMethod::Spawn, true),
            print("forced"),
        ]
    },
    python: |chosen| {
        format!(
            "from multiprocessing import set_start_method

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    try:
        set_start_method(\"spawn\")
    except RuntimeError as error:
        print(\"RuntimeError:\", error)
    set_start_method(\"spawn\", force=True)
    print(\"forced\")
",
            chosen.start.name()
        )
    },
};

pub(super) static MIXED_CONTEXTS: Program = Program {
    name: "mixed-contexts",
    title: "Mixed contexts",
    summary: "A lock that was made for forked children has no name by which a spawned child could find it: giving it to \
              one raises RuntimeError. The other way round works.",
    knobs: &[],
    script: |_| {
        if !start_methods().contains(&StartMethod::Fork) {
            return vec![Step::Try(vec![Step::NewLock(StartMethod::Fork)])];
        }
        let given = || vec![Step::Print("got the lock".to_owned())];
        let mut script = vec![
            Step::NewLock(StartMethod::Fork),
            Step::New(Child::new(1, given()).by(StartMethod::Spawn).with_lock()),
            Step::Try(vec![Step::Call(1, Method::Start)]),
        ];
        script.extend(run(Child::new(2, given()).by(StartMethod::Fork).with_lock()));
        script.push(Step::NewLock(StartMethod::Spawn));
        script.extend(run(Child::new(3, given()).by(StartMethod::Fork).with_lock()));
        script.extend(run(Child::new(4, given()).by(StartMethod::Spawn).with_lock()));
        script
    },
    python: |_| {
        "from multiprocessing import get_context

def given(lock):
    print(\"got the lock\", flush=True)

def run(method, lock):
    p = get_context(method).Process(target=given, args=(lock,))
    p.start()
    p.join()

if __name__ == \"__main__\":
    lock = get_context(\"fork\").Lock()
    try:
        run(\"spawn\", lock)
    except RuntimeError as error:
        print(\"RuntimeError:\", error)
    run(\"fork\", lock)
    lock = get_context(\"spawn\").Lock()
    run(\"fork\", lock)
    run(\"spawn\", lock)
"
        .to_owned()
    },
};

pub(super) static FORKSERVER_KILLED: Program = Program {
    name: "forkserver-killed",
    title: "The fork server is killed",
    summary: "Somebody kills the fork server. The next start launches another. In Python, a child that is running at \
              that moment lives on, and its exit code is lost (255); here a process ends with the one that really \
              started it, which is the server.",
    knobs: &[],
    script: |_| {
        if !start_methods().contains(&StartMethod::Forkserver) {
            return vec![print("There is no fork server on this system.")];
        }
        let mut script: Script = Vec::new();
        script.extend(run(Child::new(1, [print("before")]).by(StartMethod::Forkserver)));
        let sleeper = Child::new(2, [Step::Sleep(20_000)]).by(StartMethod::Forkserver);
        script.extend([Step::New(sleeper), Step::Call(2, Method::Start), Step::Sleep(200), Step::KillForkServer]);
        script.extend([
            Step::Call(2, Method::Join(Some(2000))),
            Step::PrintOf("p2 exit code".to_owned(), 2, Method::ExitCode),
        ]);
        script.extend(run(Child::new(3, [print("after")]).by(StartMethod::Forkserver)));
        script.push(Step::PrintOf("p3 exit code".to_owned(), 3, Method::ExitCode));
        script
    },
    python: |_| {
        "import os, signal
from multiprocessing import forkserver, get_context
from time import sleep

if __name__ == \"__main__\":
    ctx = get_context(\"forkserver\")
    p1 = ctx.Process(target=print, args=(\"before\",))
    p1.start()
    p1.join()
    p2 = ctx.Process(target=sleep, args=(1,))
    p2.start()
    sleep(0.2)
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    p2.join()
    print(\"p2 exit code\", p2.exitcode)
    p3 = ctx.Process(target=print, args=(\"after\",))
    p3.start()
    p3.join()
    print(\"p3 exit code\", p3.exitcode)
"
        .to_owned()
    },
};
