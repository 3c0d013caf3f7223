//! What a new process gets from its parent: a copy of its memory, or nothing; its locks as they are; and,
//! if it is started afresh, the main module once more.

use crate::plan::StartMethod;

use crate::program::script::{Child, Method, Step};
use crate::program::steps::{seconds, start};
use crate::program::{Knob, Program};

pub(super) static INHERITED_VALUE: Program = Program {
    name: "inherited-value",
    title: "An inherited value",
    summary: "The parent sets a global variable after its start. A forked child finds the new value, for it is a copy of \
              the parent; a child that was spawned, or comes from a fork server, finds the value the program begins \
              with.",
    knobs: &[Knob { name: "value", summary: "The number the parent sets.", default: 42, range: (0, 1_000_000) }],
    script: |chosen| {
        let mut script = vec![Step::SetValue(chosen.knob("value")), Step::PrintValue];
        script.extend(start(&[Child::new(1, [Step::PrintValue])]));
        script.push(Step::Call(1, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, current_process, set_start_method

value = 1

def show():
    print(current_process().name, \"sees\", value, flush=True)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    value = {}
    show()
    p1 = Process(target=show)
    p1.start()
    p1.join()
",
            chosen.start.name(),
            chosen.knob("value")
        )
    },
};

pub(super) static LOCK_AT_FORK: Program = Program {
    name: "lock-at-fork",
    title: "A lock at the moment of fork",
    summary: "A trap of fork: only the thread that forks is copied, and a lock that another thread holds at that moment \
              stays locked in the copy for ever, for nobody there will ever open it. Python warns of it since 3.12. Here \
              it happens in one helper process, and the copy gives up after a while.",
    knobs: &[Knob { name: "patience-ms", summary: "How long the copy tries, in ms.", default: 500, range: (1, 5000) }],
    script: |chosen| {
        let mut script = start(&[Child::new(1, [Step::ForkWithLock { ms: chosen.knob("patience-ms") }])]);
        script.push(Step::Call(1, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Process, get_context, set_start_method
from threading import Lock, Thread
from time import sleep

lock = Lock()

def hold():
    with lock:
        sleep(0.2)

def copy():
    print(\"the copy got the lock:\", lock.acquire(timeout={}), flush=True)

def helper():
    Thread(target=hold).start()
    sleep(0.1)
    p1 = get_context(\"fork\").Process(target=copy)
    p1.start()
    p1.join()
    print(\"the original got the lock:\", lock.acquire(timeout=1), flush=True)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    p1 = Process(target=helper)
    p1.start()
    p1.join()
",
            seconds(chosen.knob("patience-ms")),
            chosen.start.name()
        )
    },
};

pub(super) static MISSING_MAIN_GUARD: Program = Program {
    name: "missing-main-guard",
    title: "Without a main guard",
    summary: "A trap of spawn: the child imports the main module to find its function. Without `if __name__ == \
              \"__main__\"` it would start a child itself, and that another: a fork bomb. Python refuses with a \
              RuntimeError in the child, as here. A forked child imports nothing and runs.",
    knobs: &[],
    script: |chosen| {
        let again = Child::new(1, [Step::Print("hello".to_owned())]).by(chosen.start);
        let target = match chosen.start {
            StartMethod::Fork => vec![Step::Print("hello".to_owned())],
            // The child carries out the main module before it would come to its own function.
            StartMethod::Spawn | StartMethod::Forkserver => {
                vec![Step::Importing, Step::New(again), Step::Call(1, Method::Start)]
            }
        };
        let mut script = start(&[Child::new(1, target).by(chosen.start)]);
        script.push(Step::Call(1, Method::Join(None)));
        script.push(Step::PrintOf("exit code".to_owned(), 1, Method::ExitCode));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import get_context

ctx = get_context(\"{}\")

def hello():
    print(\"hello\", flush=True)

# Here `if __name__ == \"__main__\":` is missing.
p1 = ctx.Process(target=hello)
p1.start()
p1.join()
print(\"exit code\", p1.exitcode)
",
            chosen.start.name()
        )
    },
};
