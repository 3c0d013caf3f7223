//! How processes end: exit codes, waiting with a timeout, being asked and being killed; and the errors that
//! wrong calls raise.

use crate::plan::{Action, StartMethod};

use crate::program::script::{Child, Farewell, Method, Script, Step};
use crate::program::steps::{each, seconds, start};
use crate::program::{Knob, Program};

pub(super) static EXIT_CODES: Program = Program {
    name: "exit-codes",
    title: "Exit codes",
    summary: "Every way in which a process can end, and the exit code that its parent sees: by itself, by an error, \
              by a signal (a negative number). Only the lowest eight bits of a code arrive: 300 becomes 44.",
    knobs: &[],
    script: |_| {
        let ends: [Step; 11] = [
            Step::Exit(Farewell::Code(3)),
            Step::Exit(Farewell::Text("boom")),
            Step::Exit(Farewell::Nothing),
            Step::Raise("ValueError", "not a number"),
            Step::Crash(Action::Segfault),
            Step::Crash(Action::Abort),
            Step::Crash(Action::Terminate),
            Step::Crash(Action::Kill),
            Step::ExitNow(263),
            Step::Exit(Farewell::Code(-1)),
            Step::Exit(Farewell::Code(300)),
        ];
        let children: Vec<Child> = (1..).zip(ends).map(|(var, end)| Child::new(var, [end])).collect();
        let mut script = start(&children);
        script.extend(each(children.len(), Method::Join(None)));
        let codes = (1..=children.len() as u32).map(|var| Step::PrintOf(format!("p{var}"), var, Method::ExitCode));
        script.extend(codes);
        script
    },
    python: |chosen| {
        format!(
            "import os, signal, sys
from multiprocessing import Process, set_start_method

def end(how):
    if how == 1: sys.exit(3)
    if how == 2: sys.exit(\"boom\")                       # printed, and the code is 1
    if how == 3: sys.exit()
    if how == 4: raise ValueError(\"not a number\")       # a traceback, and the code is 1
    if how == 5: os.kill(os.getpid(), signal.SIGSEGV)   # as a crash does
    if how == 6: os.abort()
    if how == 7: os.kill(os.getpid(), signal.SIGTERM)
    if how == 8: os.kill(os.getpid(), signal.SIGKILL)
    if how == 9: os._exit(263)
    if how == 10: sys.exit(-1)
    if how == 11: sys.exit(300)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    processes = [Process(target=end, args=(how,)) for how in range(1, 12)]
    for p in processes:
        p.start()
    for p in processes:
        p.join()
    for number, p in enumerate(processes, start=1):
        print(f\"p{{number}}\", p.exitcode)
",
            chosen.start.name()
        )
    },
};

pub(super) static JOIN_TIMEOUT: Program = Program {
    name: "join-timeout",
    title: "join with a timeout",
    summary: "What is known of a process before it starts, while it runs and after it ended. join(timeout) returns when \
              the time is up and does not say whether the process ended: ask is_alive or exitcode.",
    knobs: &[Knob {
        name: "child-ms",
        summary: "How long the child sleeps, in ms.",
        default: 800,
        range: (500, 10_000),
    }],
    script: |chosen| {
        let show = |label: &str, method| Step::PrintOf(label.to_owned(), 1, method);
        let states = |when: &str| {
            [show(&format!("{when}: alive"), Method::IsAlive), show(&format!("{when}: exit code"), Method::ExitCode)]
        };
        let mut script = vec![Step::New(Child::new(1, [Step::Sleep(chosen.knob("child-ms"))]))];
        script.extend(states("before start"));
        script.extend([
            show("before start: pid", Method::Pid),
            Step::Try(vec![Step::Call(1, Method::Sentinel)]),
            Step::ActiveChildren,
            Step::Call(1, Method::Start),
        ]);
        script.extend(states("running"));
        script.extend([show("running: sentinel", Method::Sentinel), Step::ActiveChildren]);
        for ms in [0, -1000, 100] {
            script.push(Step::Call(1, Method::Join(Some(ms))));
        }
        script.extend(states("after join(0.1)"));
        script.push(Step::Call(1, Method::Join(None)));
        script.extend(states("after join"));
        script.extend([show("after join: sentinel", Method::Sentinel), Step::ActiveChildren]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, active_children, set_start_method
from multiprocessing.connection import wait
from time import sleep

def states(when):
    print(f\"{{when}}: alive\", p1.is_alive())
    print(f\"{{when}}: exit code\", p1.exitcode)

def active():
    print(\"active children:\", [p.name for p in active_children()])

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=sleep, args=({},))
    states(\"before start\")
    print(\"before start: pid\", p1.pid)
    try:
        wait([p1.sentinel], 0)
    except ValueError as error:
        print(\"ValueError:\", error)
    active()
    p1.start()
    states(\"running\")
    print(\"running: sentinel\", bool(wait([p1.sentinel], 0)))
    active()
    p1.join(0)
    p1.join(-1)
    p1.join(0.1)
    states(\"after join(0.1)\")
    p1.join()
    states(\"after join\")
    print(\"after join: sentinel\", bool(wait([p1.sentinel], 0)))
    active()
",
            chosen.start.name(),
            seconds(chosen.knob("child-ms"))
        )
    },
};

pub(super) static TERMINATE_AND_KILL: Program = Program {
    name: "terminate-and-kill",
    title: "terminate and kill",
    summary: "terminate() only asks (SIGTERM), and this child ignores it: it is still alive. kill() can't be ignored \
              (SIGKILL). On Windows both end the process at once.",
    knobs: &[],
    script: |_| {
        let deaf = [Step::IgnoreTerminate, Step::Print("I don't listen".to_owned()), Step::Sleep(20_000)];
        let mut script = start(&[Child::new(1, deaf)]);
        script.extend([
            Step::Sleep(500),
            Step::Call(1, Method::Terminate),
            Step::Call(1, Method::Join(Some(300))),
            Step::PrintOf("after terminate: alive".to_owned(), 1, Method::IsAlive),
            Step::Call(1, Method::Kill),
            Step::Call(1, Method::Join(None)),
            Step::PrintOf("after kill: exit code".to_owned(), 1, Method::ExitCode),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "import signal
from multiprocessing import Process, set_start_method
from time import sleep

def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(\"I don't listen\", flush=True)
    sleep(20)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=deaf)
    p1.start()
    sleep(0.5)
    p1.terminate()
    p1.join(0.3)
    print(\"after terminate: alive\", p1.is_alive())
    p1.kill()
    p1.join()
    print(\"after kill: exit code\", p1.exitcode)
",
            chosen.start.name()
        )
    },
};

pub(super) static AT_EXIT: Program = Program {
    name: "at-exit",
    title: "At exit",
    summary: "What a process promised to do at its end (atexit) is done when it ends in order, also by sys.exit or an \
              error. Whoever is killed, or leaves by os._exit, does nothing any more. Before Python 3.13, children \
              skipped it even when they ended in order.",
    knobs: &[],
    script: |_| {
        let ends: [(&str, Step); 4] = [
            ("p1 says goodbye", Step::Print("p1 ends".to_owned())),
            ("p2 says goodbye", Step::Exit(Farewell::Code(2))),
            ("p3 says goodbye", Step::ExitNow(3)),
            ("p4 says goodbye", Step::Sleep(20_000)),
        ];
        let child = |(var, (line, end))| Child::new(var, [Step::AtExit(line), end]);
        let children: Vec<Child> = (1..).zip(ends).map(child).collect();
        let mut script = start(&children);
        script.extend([Step::Sleep(300), Step::Call(4, Method::Terminate)]);
        script.extend(each(children.len(), Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "import atexit, os, sys
from multiprocessing import Process, set_start_method
from time import sleep

def child(number):
    atexit.register(print, f\"p{{number}} says goodbye\")
    if number == 1: print(\"p1 ends\")
    if number == 2: sys.exit(2)
    if number == 3: os._exit(3)
    if number == 4: sleep(20)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1, p2, p3, p4 = processes = [Process(target=child, args=(i,)) for i in range(1, 5)]
    for p in processes:
        p.start()
    sleep(0.3)
    p4.terminate()
    for p in processes:
        p.join()
",
            chosen.start.name()
        )
    },
};

pub(super) static MISUSE: Program = Program {
    name: "misuse",
    title: "Wrong calls",
    summary: "Calls at the wrong time, and the errors they raise: a process starts only once, only what was started can \
              be joined, only its own parent may join it, and a closed object knows nothing any more.",
    knobs: &[],
    script: |chosen| {
        let attempt = |method| Step::Try(vec![Step::Call(1, method)]);
        // Only a forked copy has the object of its sibling, in its copy of the parent's memory.
        let of_another = match chosen.start {
            StartMethod::Fork => vec![Step::Foreign(1), attempt(Method::Join(None)), attempt(Method::IsAlive)],
            StartMethod::Spawn | StartMethod::Forkserver => Vec::new(),
        };
        let mut script: Script = vec![Step::New(Child::new(1, [Step::Sleep(300)]))];
        script.extend([attempt(Method::Join(None)), attempt(Method::Terminate), Step::Call(1, Method::Start)]);
        script.extend([attempt(Method::Start), attempt(Method::SetDaemon), attempt(Method::Close)]);
        script.extend([Step::New(Child::new(2, of_another)), Step::Call(2, Method::Start)]);
        script.extend([Step::Call(2, Method::Join(None)), Step::Call(1, Method::Join(None)), attempt(Method::Start)]);
        script.extend([Step::Call(1, Method::Join(None)), Step::Call(1, Method::Close), Step::Call(1, Method::Close)]);
        let closed = [Method::Start, Method::Join(None), Method::Terminate, Method::Kill, Method::IsAlive];
        script.extend(closed.into_iter().chain([Method::ExitCode, Method::Pid, Method::Sentinel]).map(attempt));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, set_start_method
from time import sleep

def attempt(call):
    try:
        call()
    except Exception as error:
        print(f\"{{type(error).__name__}}: {{error}}\")

def of_another(p=None):
    # Only a forked copy finds the object of its sibling, in its copy of the parent's memory.
    p = p or globals().get(\"p1\")
    if p:
        attempt(p.join)
        attempt(p.is_alive)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=sleep, args=(0.3,))
    attempt(p1.join)
    attempt(p1.terminate)
    p1.start()
    attempt(p1.start)
    attempt(lambda: setattr(p1, \"daemon\", True))
    attempt(p1.close)
    p2 = Process(target=of_another)
    p2.start()
    p2.join()
    p1.join()
    attempt(p1.start)
    p1.join()
    p1.close()
    p1.close()
    for call in (p1.start, p1.join, p1.terminate, p1.kill, p1.is_alive):
        attempt(call)
    attempt(lambda: p1.exitcode)
    attempt(lambda: p1.pid)
    attempt(lambda: p1.sentinel)
",
            chosen.start.name()
        )
    },
};
