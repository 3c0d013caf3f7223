//! Blocks of shared memory under names, and lists in them.

use crate::program::object::{Make, Obj, Object};
use crate::program::plain::Plain;
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::start;
use crate::program::uses::Bytes;
use crate::program::{Knob, Program};

/// More than any machine has.
const HUGE: i64 = 1 << 40;

pub(super) static SHARED_MEMORY_RULES: Program = Program {
    name: "shared-memory-rules",
    title: "Rules of shared memory",
    summary: "A block of shared memory has a name: taken once, missing if wrong, gone after unlink(), while who has the \
              block keeps it. The end of a process that attached to it takes nothing away. A ShareableList keeps its \
              length. A block that is larger than the memory is refused here; Python on Linux promises it, and whoever \
              touches it dies.",
    knobs: &[Knob { name: "huge", summary: "1: a block of 2^40 bytes is asked for, too.", default: 1, range: (0, 1) }],
    script: |chosen| {
        let (b, c, l): (Obj, Obj, Obj) = (0, 1, 2);
        let attempt = |object, call| Step::Try(vec![Step::Block(object, call)]);
        let attacher = |var, byte, end: Vec<Step>| {
            let mut target = vec![
                Step::Block(b, Bytes::Attach("rules")),
                Step::Block(b, Bytes::Print("the child sees:", 0)),
                Step::Block(b, Bytes::Set(var as usize, byte)),
            ];
            target.extend(end);
            Child::new(var, target)
        };
        let fails = vec![Step::Try(vec![Step::Block(c, Bytes::Attach("nope"))])];
        let dies = vec![Step::Crash(crate::plan::Action::Kill)];
        let (p1, p2) = (attacher(1, 8, fails), attacher(2, 9, dies));
        let mut script: Script = [("b", 64), ("c", 64), ("l", 512)]
            .map(|(name, bytes)| Step::Make(Object::new(name, Make::Block(bytes))))
            .to_vec();
        script.extend([
            Step::Block(b, Bytes::Create("rules", 10)),
            Step::Block(b, Bytes::Set(0, 7)),
            attempt(c, Bytes::Create("rules", 10)),
            attempt(c, Bytes::Attach("nope")),
            attempt(c, Bytes::Create("x", 0)),
            attempt(c, Bytes::Create("x", -1)),
        ]);
        for child in [p1, p2] {
            let var = child.var;
            script.extend(start(&[child]).into_iter().filter(|step| matches!(step, Step::New(_))));
            script.extend([Step::Call(var, Method::Start), Step::Call(var, Method::Join(None))]);
        }
        script.extend([
            Step::Block(b, Bytes::Print("the parent sees:", 1)),
            Step::Block(b, Bytes::Print("the parent sees:", 2)),
            Step::Block(c, Bytes::Attach("rules")),
            Step::Block(c, Bytes::Print("attached again:", 0)),
            Step::Block(b, Bytes::Unlink),
            attempt(l, Bytes::Attach("rules")),
            Step::Block(c, Bytes::Print("after unlink:", 0)),
            Step::Block(
                l,
                Bytes::MakeList("list", vec![Plain::Int(1), Plain::text("abc"), Plain::None, Plain::Bool(true)]),
            ),
            Step::Block(l, Bytes::PrintList("list:")),
            Step::Block(l, Bytes::SetItem(1, Plain::text("xyz"))),
            attempt(l, Bytes::SetItem(1, Plain::text("123456789"))),
            attempt(l, Bytes::GetItem(4)),
            attempt(l, Bytes::SetItem(4, Plain::Int(1))),
        ]);
        let p3 = Child::new(
            3,
            [
                Step::Block(l, Bytes::AttachList("list")),
                Step::Block(l, Bytes::PrintList("the child's list:")),
                Step::Block(l, Bytes::SetItem(0, Plain::Int(-5))),
            ],
        );
        script.extend([
            Step::New(p3),
            Step::Call(3, Method::Start),
            Step::Call(3, Method::Join(None)),
            Step::Block(l, Bytes::PrintList("list:")),
        ]);
        if chosen.knob("huge") == 1 {
            script.push(attempt(c, Bytes::Create("huge", HUGE)));
        }
        script
    },
    python: |chosen| {
        let huge = if chosen.knob("huge") == 1 {
            "    huge = SharedMemory(create=True, size=2**40)       # no such memory; it would die of touching it
    print(\"2**40 bytes were promised:\", huge.size)
    huge.close()
    huge.unlink()
"
        } else {
            ""
        };
        format!(
            "import os, signal
from multiprocessing import Process, set_start_method
from multiprocessing.shared_memory import ShareableList, SharedMemory

def attempt(name, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except Exception as error:
        print(f\"{{type(error).__name__}}: {{error}}\".replace(name, \"rules\"))

def attacher(name, number, byte, dies):
    b = SharedMemory(name)
    print(\"the child sees:\", b.buf[0], flush=True)
    b.buf[number] = byte
    if dies:
        os.kill(os.getpid(), signal.SIGKILL)
    attempt(name, SharedMemory, \"nope\")

def changer(name):
    l = ShareableList(name=name)
    print(\"the child's list:\", list(l), flush=True)
    l[0] = -5
    l.shm.close()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    name = f\"rules-{{os.getpid()}}\"                     # the whole system knows it
    b = SharedMemory(name, create=True, size=10)
    b.buf[0] = 7
    attempt(name, SharedMemory, name, create=True, size=10)
    attempt(name, SharedMemory, \"nope\")
    attempt(name, SharedMemory, create=True, size=0)
    attempt(name, SharedMemory, create=True, size=-1)
    for number, byte, dies in ((1, 8, False), (2, 9, True)):
        p = Process(target=attacher, args=(name, number, byte, dies))
        p.start()
        p.join()
    print(\"the parent sees:\", b.buf[1])
    print(\"the parent sees:\", b.buf[2])
    c = SharedMemory(name)
    print(\"attached again:\", c.buf[0])
    b.unlink()
    attempt(name, SharedMemory, name)
    print(\"after unlink:\", c.buf[0])
    l = ShareableList([1, \"abc\", None, True])
    print(\"list:\", list(l))
    l[1] = \"xyz\"
    attempt(name, l.__setitem__, 1, \"123456789\")
    attempt(name, l.__getitem__, 4)
    attempt(name, l.__setitem__, 4, 1)
    p = Process(target=changer, args=(l.shm.name,))
    p.start()
    p.join()
    print(\"list:\", list(l))
    l.shm.close()
    l.shm.unlink()
    b.close()
    c.close()
{huge}",
            chosen.start.name()
        )
    },
};
