//! Locks and semaphores: who may go on, who waits, and who waits for ever.

use super::first::{each, start};
use super::object::{Make, Obj, Object};
use super::script::{Child, Method, Step};
use super::uses::Sync;
use super::{Knob, Program};

pub(super) static TWO_LOCKS: Program = Program {
    name: "two-locks",
    title: "Two locks in opposite order",
    summary: "Two processes each take one lock and then want the other's: neither can go on. Nobody's fault alone, and \
              no error: it just stands still, until it is ended. If both take them in the same order, it can't happen.",
    knobs: &[Knob {
        name: "same-order",
        summary: "Whether both take the locks in the same order: 0 no, 1 yes.",
        default: 0,
        range: (0, 1),
    }],
    script: |chosen| {
        let same = chosen.knob("same-order") == 1;
        let pass = Step::Sync(2, Sync::Pass { timeout_ms: None, label: None, action: None });
        let taker = |var: u32, first: Obj, second: Obj| {
            let both = Step::Print(format!("Process-{var} has both locks"));
            // In opposite order, each has its first lock before one of them wants the second.
            let inner = vec![Step::Sleep(300), Step::With(second, vec![both])];
            let waits = if same { Vec::new() } else { vec![pass.clone()] };
            Child::new(var, [Step::With(first, [waits, inner].concat())])
        };
        let children = [taker(1, 0, 1), if same { taker(2, 0, 1) } else { taker(2, 1, 0) }];
        let mut script = vec![
            Step::Deadline(5000),
            Step::Make(Object::new("a", Make::Lock)),
            Step::Make(Object::new("b", Make::Lock)),
            Step::Make(Object::new("both_have_one", Make::Barrier(2))),
        ];
        script.extend(start(&children));
        script.extend(each(2, Method::Join(None)));
        script.push(Step::Print("both are done".to_owned()));
        script
    },
    python: |chosen| {
        let (wait, second) =
            if chosen.knob("same-order") == 1 { ("pass", "a, b") } else { ("both_have_one.wait()", "b, a") };
        format!(
            "from multiprocessing import Barrier, Lock, Process, current_process, set_start_method
from time import sleep

def taker(first, second, both_have_one):
    with first:
        {wait}
        sleep(0.3)
        with second:
            print(current_process().name, \"has both locks\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    a, b, both_have_one = Lock(), Lock(), Barrier(2)
    p1 = Process(target=taker, args=(a, b, both_have_one))
    p2 = Process(target=taker, args=({second}, both_have_one))
    p1.start()
    p2.start()
    p1.join()
    p2.join()
    print(\"both are done\")
",
            chosen.start.name()
        )
    },
};
