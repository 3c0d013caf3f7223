//! What it costs to pass bytes on.

use crate::program::object::{Make, Obj, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::start;
use crate::program::uses::{Bytes, Message, Payload, Tax};
use crate::program::{Knob, Program};

/// The sizes that are measured, each if it is not too large, and how often.
const SIZES: [(u64, u32); 6] = [(1, 100), (1 << 10, 100), (64 << 10, 50), (1 << 20, 10), (16 << 20, 2), (64 << 20, 1)];

const PIPE: Obj = 0;
const BLOCK: Obj = 1;
const QUEUE: Obj = 2;

/// One message by one way, as the sender and as the receiver have it. Every message is acknowledged. The child sends,
/// for its queue has a feeder thread, as every process has in Python; the parent, which forks, feeds between its other
/// duties, and would be measured at that.
fn ways(bytes: u64) -> [(&'static str, Script, Script); 4] {
    let message = |object, call| Step::Message(object, call);
    let send = |end, payload| message(PIPE, Message::Send(end, payload));
    let receive = |end| message(PIPE, Message::Receive(end));
    let acknowledge = || send(0, Payload::Sentinel);
    [
        ("pipe", vec![send(1, Payload::Bytes(bytes)), receive(1)], vec![receive(0), acknowledge()]),
        (
            "queue",
            vec![message(QUEUE, Message::Put(Payload::Bytes(bytes))), receive(1)],
            vec![message(QUEUE, Message::Get), acknowledge()],
        ),
        (
            "shared memory",
            vec![Step::Block(BLOCK, Bytes::Fill(bytes)), send(1, Payload::Number(bytes as i64)), receive(1)],
            vec![receive(0), Step::Block(BLOCK, Bytes::CopyOut(bytes)), acknowledge()],
        ),
        ("index", vec![send(1, Payload::Number(0)), receive(1)], vec![receive(0), acknowledge()]),
    ]
}

pub(super) static PICKLING_TAX: Program = Program {
    name: "pickling-tax",
    title: "The pickling tax",
    summary: "The same bytes come from a child by a pipe, by a queue, by shared memory, and not at all: an index says which \
              of the bytes that both have are meant. Each message is acknowledged. What is passed on is pickled, copied into \
              the pipe piece by piece, and copied out again; in shared memory it is copied in and out; an index costs the \
              same however much it stands for.",
    knobs: &[Knob {
        name: "max-bytes",
        summary: "The largest message, in bytes: 1, 1 KiB, 64 KiB, 1, 16 and 64 MiB are tried up to it.",
        default: 16 << 20,
        range: (1, 64 << 20),
    }],
    script: |chosen| {
        let most = chosen.knob("max-bytes");
        let mut script: Script = vec![
            Step::Make(Object::new("pipe", Make::Pipe { duplex: true })),
            Step::Make(Object::new("block", Make::Block(most))),
            Step::Make(Object::new("q", Make::Queue(0))),
            Step::Block(BLOCK, Bytes::Create("block", most as i64)),
        ];
        let mut target = vec![Step::Block(BLOCK, Bytes::Attach("block"))];
        // What comes first pays for the waking up of everybody.
        target.push(Step::Message(QUEUE, Message::Put(Payload::Sentinel)));
        target.push(Step::Message(PIPE, Message::Receive(1)));
        let mut receiving =
            vec![Step::Message(QUEUE, Message::Get), Step::Message(PIPE, Message::Send(0, Payload::Sentinel))];
        for (bytes, times) in SIZES.into_iter().filter(|(bytes, _)| *bytes <= most) {
            for (way, steps, receiver) in ways(bytes) {
                target.push(Step::Tax(Tax::Measure { way, bytes, times, steps }));
                receiving.push(Step::Repeat(times, receiver));
            }
        }
        target.push(Step::Tax(Tax::PrintTable));
        script.extend(start(&[Child::new(1, target).with_end(PIPE, 1)]));
        script.extend(receiving);
        script.push(Step::Call(1, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Pipe, Process, Queue, set_start_method
from multiprocessing.shared_memory import SharedMemory
from time import perf_counter

SIZES = {{1: 100, 1 << 10: 100, 64 << 10: 50, 1 << 20: 10, 16 << 20: 2, 64 << 20: 1}}
WAYS = (\"pipe\", \"queue\", \"shared memory\", \"index\")

def send(way, end, q, block, bytes):
    if way == \"pipe\":
        end.send(b\"x\" * bytes)
    elif way == \"queue\":
        q.put(b\"x\" * bytes)
    elif way == \"shared memory\":
        block.buf[:bytes] = b\"x\" * bytes
        end.send(bytes)
    else:
        end.send(0)                                    # which of the bytes that both have
    end.recv()                                         # the acknowledgement

def receive(way, end, q, block, bytes):
    if way == \"queue\":
        q.get()
    else:
        end.recv()
    if way == \"shared memory\":
        block.buf[:bytes].tobytes()
    end.send(None)

def child(end, q, name, most):
    block = SharedMemory(name)
    q.put(None)                                        # the first pays for what is only done once
    end.recv()
    lines = []
    for bytes, times in SIZES.items():
        if bytes > most:
            continue
        cells = []
        for way in WAYS:
            begin = perf_counter()
            for _ in range(times):
                send(way, end, q, block, bytes)
            seconds = (perf_counter() - begin) / times
            cells.append(f\"{{way}} {{seconds * 1e6:.1f}} µs {{bytes / 1e6 / seconds:.1f}} MB/s\")
        lines.append(f\"{{bytes}} bytes: {{', '.join(cells)}}\")
    print(*lines, sep=\"\\n\")
    block.close()

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    most = {}
    (end, other), q = Pipe(), Queue()
    block = SharedMemory(create=True, size=most)
    p1 = Process(target=child, args=(other, q, block.name, most))
    p1.start()
    q.get()
    end.send(None)
    for bytes, times in SIZES.items():
        for way in WAYS if bytes <= most else ():
            for _ in range(times):
                receive(way, end, q, block, bytes)
    p1.join()
    block.close()
    block.unlink()
",
            chosen.start.name(),
            chosen.knob("max-bytes")
        )
    },
};
