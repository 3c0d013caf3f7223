//! Managers: what a dict that a process keeps for others costs and loses, and what its proxies promise.

use crate::program::object::{Make, Obj, Object};
use crate::program::plain::Plain;
use crate::program::script::{Child, Method, Step};
use crate::program::uses::{Ask, Call, Cells, Kept, Kind};
use crate::program::{Knob, Program};

/// The manager of a program: its first object.
const M: Obj = 0;

/// A process that serves as the manager of this object.
pub(super) fn server(var: u32, manager: Obj) -> Child {
    Child::new(var, [Step::Ask(manager, Ask::Serve)]).with_end(manager, 0)
}

/// A call on something kept by the manager of the program.
fn call(kept: Kept, method: &'static str, arguments: impl Into<Vec<Plain>>) -> Step {
    Step::Ask(M, Ask::Call(Call::new(kept, method, arguments)))
}

/// The same, and its answer is printed.
fn show(label: &'static str, kept: Kept, method: &'static str, arguments: impl Into<Vec<Plain>>) -> Step {
    Step::Ask(M, Ask::Call(Call::new(kept, method, arguments).labelled(label)))
}

pub(super) static MANAGER_DICT: Program = Program {
    name: "manager-dict",
    title: "Manager dict",
    summary: "Several processes do d[\"a\"] += 1 on a manager's dict. Each is two round trips to the manager's process, \
              and updates that come between them are lost. The same on a Value in shared memory, under its lock, loses \
              nothing and needs no manager: compare both times.",
    knobs: &[
        Knob { name: "processes", summary: "How many processes update.", default: 3, range: (1, 6) },
        Knob { name: "updates", summary: "How many updates each of them makes.", default: 500, range: (1, 5000) },
    ],
    script: |chosen| {
        let (processes, times) = (chosen.knob("processes") as u32, chosen.knob("updates") as u32);
        let (d, value): (_, Obj) = (Kept(0, "d"), 1);
        let a = || Plain::text("a");
        let mut script = vec![
            Step::Make(Object::new("m", Make::Manager(1 + processes))),
            Step::Make(Object::new("value", Make::Value(0))),
            Step::New(server(1, M)),
            Step::Call(1, Method::Start),
            Step::Ask(M, Ask::Make(d, Kind::Dict, vec![Plain::Dict(vec![(a(), Plain::Int(0))])])),
        ];
        let by_proxy = vec![
            Step::Timed(
                "updates of the dict:",
                vec![Step::Ask(M, Ask::Increment { kept: d, key: a(), times, lock: None })],
            ),
            Step::Ask(M, Ask::PrintTrips("round trips:")),
        ];
        let in_memory = vec![Step::Timed(
            "updates of the value:",
            vec![Step::Cells(value, Cells::Increment { times, lock: Some(value) })],
        )];
        for (first, work, client) in [(2, by_proxy, true), (2 + processes, in_memory, false)] {
            let vars = || first..first + processes;
            script.extend(vars().map(|var| {
                let child = Child::new(var, work.clone());
                // Client 0 is the parent.
                Step::New(if client { child.with_end(M, var as u16) } else { child })
            }));
            script.extend(vars().map(|var| Step::Call(var, Method::Start)));
            script.extend(vars().map(|var| Step::Call(var, Method::Join(None))));
        }
        script.extend([
            Step::Print(format!("updates: {}", processes * times)),
            show("in the dict:", d, "__getitem__", [a()]),
            Step::Cells(value, Cells::Print("in the value:")),
            Step::Ask(M, Ask::Shutdown),
            Step::Call(1, Method::Join(None)),
        ]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Manager, Process, Value, set_start_method
from multiprocessing.managers import BaseProxy
from time import perf_counter

trips, call = 0, BaseProxy._callmethod

def counted(*args):
    global trips
    trips += 1
    return call(*args)

BaseProxy._callmethod = counted                        # every use of a proxy comes by here

def by_proxy(d, updates):
    begin = perf_counter()
    for _ in range(updates):
        d[\"a\"] += 1                                    # reads, then writes: two round trips
    print(f\"updates of the dict: {{(perf_counter() - begin) * 1000:.1f}} ms\")
    print(\"round trips:\", trips)

def in_memory(value, updates):
    begin = perf_counter()
    for _ in range(updates):
        with value.get_lock():
            value.value += 1
    print(f\"updates of the value: {{(perf_counter() - begin) * 1000:.1f}} ms\")

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    processes, updates = {}, {}
    with Manager() as m:
        value = Value(\"i\", 0)
        d = m.dict({{\"a\": 0}})
        for target, shared in ((by_proxy, d), (in_memory, value)):
            all = [Process(target=target, args=(shared, updates)) for _ in range(processes)]
            for p in all:
                p.start()
            for p in all:
                p.join()
        print(\"updates:\", processes * updates)
        print(\"in the dict:\", d[\"a\"])                   # less, if updates were lost
        print(\"in the value:\", value.value)
",
            chosen.start.name(),
            chosen.knob("processes"),
            chosen.knob("updates")
        )
    },
};

pub(super) static MANAGER_RULES: Program = Program {
    name: "manager-rules",
    title: "Rules of proxies",
    summary: "What comes out of a proxy is a copy: changing it changes nothing, unless it is a proxy itself. Errors travel \
              back to the caller. After shutdown(), or when the manager was killed, its proxies raise; they never hang.",
    knobs: &[],
    script: |_| {
        let (l, d, inner, ns, q, lock) =
            (Kept(0, "L"), Kept(1, "d"), Kept(2, "inner"), Kept(3, "ns"), Kept(4, "q"), Kept(5, "lock"));
        let make = |kept, kind, arguments: Vec<Plain>| Step::Ask(M, Ask::Make(kept, kind, arguments));
        let text = Plain::text;
        let again: Obj = 1;
        let on_item =
            |kept, key| Step::Ask(M, Ask::CallOnItem { key, call: Call::new(kept, "append", [Plain::Int(2)]) });
        let attempt = |step| Step::Try(vec![step]);
        let n = Kept(0, "n");
        let count = |call: Call| Step::Ask(again, Ask::Call(call));
        let mut script = vec![
            Step::Make(Object::new("m", Make::Manager(1))),
            Step::Make(Object::new("again", Make::Manager(1))),
            Step::New(server(1, M)),
            Step::Call(1, Method::Start),
            make(l, Kind::List, vec![Plain::List(vec![Plain::ints([1])])]),
            on_item(l, Plain::Int(0)),
            show("a copy was changed:", l, "__str__", []),
            call(l, "__setitem__", [Plain::Int(0), Plain::ints([1, 2])]),
            show("stored again:", l, "__str__", []),
            make(d, Kind::Dict, vec![]),
            make(inner, Kind::List, vec![Plain::ints([1])]),
            call(d, "__setitem__", [text("inner"), Plain::Proxy(inner.0)]),
            on_item(d, text("inner")),
            show("a proxy in it:", inner, "__str__", []),
            attempt(show("", d, "__getitem__", [text("x")])),
            attempt(show("", l, "__getitem__", [Plain::Int(9)])),
            make(ns, Kind::Namespace, vec![]),
            call(ns, "__setattr__", [text("x"), Plain::Int(1)]),
            show("ns.x:", ns, "__getattribute__", [text("x")]),
            attempt(show("", ns, "__getattribute__", [text("y")])),
            make(q, Kind::Queue, vec![Plain::Int(1)]),
            call(q, "put", [Plain::Int(1)]),
            attempt(call(q, "put", [Plain::Int(2), Plain::Bool(true), Plain::Ms(100)])),
            show("got:", q, "get", []),
            attempt(show("", q, "get_nowait", [])),
            make(lock, Kind::Lock, vec![]),
            attempt(call(lock, "release", [])),
            show("acquired:", lock, "acquire", []),
            show("acquired again:", lock, "acquire", [Plain::Bool(true), Plain::Ms(100)]),
            Step::Ask(M, Ask::Shutdown),
            Step::Call(1, Method::Join(None)),
            Step::Print("the manager is shut down".to_owned()),
            attempt(show("", d, "__getitem__", [text("x")])),
            Step::New(server(2, again)),
            Step::Call(2, Method::Start),
            Step::Ask(again, Ask::Make(n, Kind::Dict, vec![Plain::Dict(vec![(text("a"), Plain::Int(1))])])),
            count(Call::new(n, "__getitem__", [text("a")]).labelled("another manager keeps:")),
            Step::Call(2, Method::Kill),
        ];
        script.extend([Step::Call(2, Method::Join(None)), Step::Print("it is killed".to_owned())]);
        script.extend([attempt(count(Call::new(n, "__getitem__", [text("a")])))]);
        script
    },
    python: |chosen| {
        format!(
            "import os, signal
from multiprocessing import Manager, set_start_method

def attempt(call, *args):
    try:
        print(call(*args))
    except Exception as error:
        print(f\"{{type(error).__name__}}: {{error}}\".rstrip(\": \"))

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    m = Manager()
    L = m.list([[1]])
    L[0].append(2)                                     # L[0] is a copy
    print(\"a copy was changed:\", L)
    L[0] = [1, 2]
    print(\"stored again:\", L)
    d = m.dict()
    inner = m.list([1])
    d[\"inner\"] = inner
    d[\"inner\"].append(2)                               # d[\"inner\"] is a proxy
    print(\"a proxy in it:\", inner)
    attempt(lambda: d[\"x\"])
    attempt(lambda: L[9])
    ns = m.Namespace()
    ns.x = 1
    print(\"ns.x:\", ns.x)
    attempt(lambda: ns.y)
    q = m.Queue(1)
    q.put(1)
    attempt(q.put, 2, True, 0.1)
    print(\"got:\", q.get())
    attempt(q.get_nowait)
    lock = m.Lock()
    attempt(lock.release)
    print(\"acquired:\", lock.acquire())
    print(\"acquired again:\", lock.acquire(True, 0.1))
    m.shutdown()
    print(\"the manager is shut down\")
    attempt(lambda: d[\"x\"])
    again = Manager()
    n = again.dict({{\"a\": 1}})
    print(\"another manager keeps:\", n[\"a\"])
    os.kill(again._process.pid, signal.SIGKILL)
    again._process.join()
    print(\"it is killed\")
    attempt(lambda: n[\"a\"])
",
            chosen.start.name()
        )
    },
};
