//! Programs about pipes: a ball that goes to and fro, both who send first, two writers at one end, and the rules.

use crate::program::object::{Make, Obj, Object};
use crate::program::script::{Child, Method, Script, Step};
use crate::program::steps::{each, start};
use crate::program::uses::{Message, Payload};
use crate::program::{Knob, Program};

/// `Pipe(duplex)` in a variable of this name.
fn pipe(name: &'static str, duplex: bool) -> Step {
    Step::Make(Object::new(name, Make::Pipe { duplex }))
}

/// How much a pipe is to hold.
pub(super) const PIPE_BYTES: Knob = Knob {
    name: "pipe-bytes",
    summary: "What a pipe shall hold, in bytes, if the system allows; 0: as it likes.",
    default: 0,
    range: (0, 1 << 20),
};

pub(super) static PING_PONG: Program = Program {
    name: "ping-pong",
    title: "Ping-pong",
    summary: "A number goes to a child and comes back, many times. Half the time printed is what it costs to send a \
              message through a pipe and wake whoever waits for it.",
    knobs: &[Knob { name: "rounds", summary: "How often it goes to and fro.", default: 1000, range: (1, 20_000) }],
    script: |chosen| {
        let rounds = chosen.knob("rounds") as u32;
        let echo = [Step::Message(0, Message::Receive(1)), Step::Message(0, Message::Send(1, Payload::Item))];
        let child = Child::new(1, [Step::Repeat(rounds, echo.to_vec())]).with_end(0, 1);
        let mut script = vec![pipe("pipe", true)];
        script.extend(start(&[child]));
        script.extend([Step::Message(0, Message::RoundTrips(0, rounds)), Step::Call(1, Method::Join(None))]);
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Pipe, Process, set_start_method
from statistics import median
from time import perf_counter

def echo(end, rounds):
    for _ in range(rounds):
        item = end.recv()
        end.send(item)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    rounds = {}
    pipe = Pipe()
    p1 = Process(target=echo, args=(pipe[1], rounds))
    p1.start()
    took = []
    for number in range(rounds):
        began = perf_counter()
        pipe[0].send(number)
        assert pipe[0].recv() == number
        took.append(perf_counter() - began)
    print(f\"median round trip: {{median(took) * 1e6:.1f}} µs\")
    p1.join()
",
            chosen.start.name(),
            chosen.knob("rounds")
        )
    },
};

pub(super) static BOTH_SEND_FIRST: Program = Program {
    name: "both-send-first",
    title: "Both send first",
    summary: "Parent and child each send a message before they receive the other's. While both fit into the pipe all is \
              well; when they do not, both wait for ever until the other reads. Whoever receives first prevents it.",
    knobs: &[
        Knob {
            name: "bytes",
            summary: "The size of each message, in bytes.",
            default: 1_000_000,
            range: (1, 16 << 20),
        },
        PIPE_BYTES,
    ],
    script: |chosen| {
        let bytes = chosen.knob("bytes");
        let side = |end, label| {
            let calls = [Message::Send(end, Payload::Bytes(bytes)), Message::Receive(end), Message::PrintLength(label)];
            calls.map(|call| Step::Message(0, call))
        };
        let child = Child::new(1, side(1, "the child got bytes:")).with_end(0, 1);
        let pipe_bytes = Step::PipeBytes(chosen.knob(PIPE_BYTES.name) as u32);
        let mut script = vec![Step::Deadline(5000), pipe_bytes, pipe("pipe", true)];
        script.extend(start(&[child]));
        script.extend(side(0, "the parent got bytes:"));
        script.push(Step::Call(1, Method::Join(None)));
        script
    },
    python: |chosen| {
        format!(
            "from multiprocessing import Pipe, Process, set_start_method

# Except on Windows, Python makes a pair of sockets here, which holds more than a pipe.
def child(end, count):
    end.send(b\"x\" * count)
    item = end.recv()
    print(\"the child got bytes:\", len(item))

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    count = {}
    pipe = Pipe()
    p1 = Process(target=child, args=(pipe[1], count))
    p1.start()
    pipe[0].send(b\"x\" * count)      # waits for ever, if the message does not fit
    item = pipe[0].recv()
    print(\"the parent got bytes:\", len(item))
    p1.join()
",
            chosen.start.name(),
            chosen.knob("bytes")
        )
    },
};

pub(super) static TWO_WRITERS: Program = Program {
    name: "two-writers",
    title: "Two writers on one pipe",
    summary: "Two processes write long messages into the same end of a pipe. Without a lock, whenever the pipe is full the \
              one goes on in the middle of the other's message: what arrives is torn. With a lock all arrives whole.",
    knobs: &[
        Knob { name: "messages", summary: "How many each writes.", default: 300, range: (1, 5000) },
        Knob { name: "bytes", summary: "The size of a message, in bytes.", default: 9000, range: (1, 1 << 20) },
        Knob { name: "lock", summary: "1: each is written under a lock; 0: without one.", default: 0, range: (0, 1) },
    ],
    script: |chosen| {
        let write = vec![Step::Message(0, Message::SendBytes(1, chosen.knob("bytes")))];
        let write = if chosen.knob("lock") == 1 { vec![Step::With(1, write)] } else { write };
        let messages = chosen.knob("messages");
        let writer = |var| Child::new(var, [Step::Repeat(messages as u32, write.clone())]).with_end(0, 1);
        let mut script = vec![pipe("pipe", false), Step::Make(Object::new("lock", Make::Lock))];
        script.extend(start(&[writer(1), writer(2)]));
        // Or the stream would never end.
        script.push(Step::Message(0, Message::Close(1)));
        script.push(Step::Message(0, Message::Drain(0, 2 * messages)));
        script.extend(each(2, Method::Join(None)));
        script
    },
    python: |chosen| {
        let guard = if chosen.knob("lock") == 1 { "with lock:" } else { "if True:      # no lock" };
        format!(
            "from multiprocessing import Lock, Pipe, Process, set_start_method

def writer(end, lock, messages, count):
    for _ in range(messages):
        {guard}
            end.send_bytes(b\"x\" * count)

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    messages, count = {}, {}
    pipe = Pipe(duplex=False)
    lock = Lock()
    processes = [Process(target=writer, args=(pipe[1], lock, messages, count)) for _ in range(2)]
    for p in processes:
        p.start()
    pipe[1].close()                       # or the stream would never end
    whole = 0
    try:
        while True:                       # Python may wait here for ever, for bytes that are no message
            whole += pipe[0].recv_bytes() == b\"x\" * count
    except (EOFError, OSError):
        pass
    print(f\"whole messages: {{whole}} of {{2 * messages}}\")
    print(\"some were torn\" if whole < 2 * messages else \"none was torn this time\")
    for p in processes:
        p.join()
",
            chosen.start.name(),
            chosen.knob("messages"),
            chosen.knob("bytes")
        )
    },
};

/// The steps of the rules of pipes.
fn rules() -> Script {
    const ONE_WAY: Obj = 0;
    const GONE: Obj = 1;
    const DEAF: Obj = 2;
    const LONG: Obj = 3;
    const HELD: Obj = 4;
    let fails = |object, call| Step::Try(vec![Step::Message(object, call)]);
    let mut script: Script = ["one_way", "gone", "deaf", "long", "held"].map(|name| pipe(name, false)).into();
    script.extend([
        fails(ONE_WAY, Message::Send(0, Payload::Number(1))),
        fails(ONE_WAY, Message::Receive(1)),
        Step::Message(ONE_WAY, Message::Poll("poll(0):", 0, 0)),
        Step::Message(ONE_WAY, Message::Poll("poll(-1):", 0, -1000)),
        Step::Message(ONE_WAY, Message::Poll("poll(0.2):", 0, 200)),
        Step::Message(ONE_WAY, Message::Wait("ready:", vec![0], 200)),
    ]);
    script.extend([3, 0, 2].map(|count| Step::Message(ONE_WAY, Message::SendBytes(1, count))));
    script.extend([
        Step::Message(ONE_WAY, Message::Poll("poll(5):", 0, 5000)),
        Step::Message(ONE_WAY, Message::Wait("ready:", vec![0], 5000)),
    ]);
    for _ in 0..3 {
        script.push(Step::Message(ONE_WAY, Message::ReceiveBytes(0, None)));
        script.push(Step::Message(ONE_WAY, Message::Print("message:".to_owned())));
    }
    script.extend([
        Step::Message(GONE, Message::Close(1)),
        fails(GONE, Message::Receive(0)),
        Step::Message(DEAF, Message::Close(0)),
        fails(DEAF, Message::Send(1, Payload::Number(1))),
        Step::Message(LONG, Message::SendBytes(1, 11)),
        fails(LONG, Message::ReceiveBytes(0, Some(10))),
        fails(LONG, Message::Receive(0)),
    ]);
    script.extend(start(&[Child::new(1, [Step::Sleep(1000)]).with_end(HELD, 1)]));
    script.extend([
        Step::Message(HELD, Message::Close(1)),
        Step::Message(HELD, Message::Poll("the end is seen while a child has it:", 0, 300)),
        fails(HELD, Message::Receive(0)),
        Step::Call(1, Method::Join(None)),
    ]);
    script
}

pub(super) static PIPE_RULES: Program = Program {
    name: "pipe-rules",
    title: "The rules of pipes",
    summary: "What a connection does and what it refuses: messages keep their boundaries, polling ends in time, the end of \
              the stream comes when the last copy of the other end is closed.",
    knobs: &[],
    script: |_| rules(),
    python: |chosen| {
        format!(
            "from multiprocessing import Pipe, Process, set_start_method
from multiprocessing.connection import wait
from time import sleep

def fails(call, *arguments):
    try:
        call(*arguments)
    except Exception as error:
        print(\": \".join(filter(None, [type(error).__name__, str(error)])))

def sleeper(end):
    sleep(1)                              # it never uses its end

if __name__ == \"__main__\":
    set_start_method(\"{}\")
    one_way, gone, deaf, long, held = [Pipe(duplex=False) for _ in range(5)]
    fails(one_way[0].send, 1)
    fails(one_way[1].recv)
    print(\"poll(0):\", one_way[0].poll(0))
    print(\"poll(-1):\", one_way[0].poll(-1))
    print(\"poll(0.2):\", one_way[0].poll(0.2))
    print(\"ready:\", len(wait([one_way[0]], 0.2)))
    for count in [3, 0, 2]:
        one_way[1].send_bytes(b\"x\" * count)
    print(\"poll(5):\", one_way[0].poll(5))
    print(\"ready:\", len(wait([one_way[0]], 5)))
    for _ in range(3):
        print(\"message:\", one_way[0].recv_bytes())
    gone[1].close()
    fails(gone[0].recv)
    deaf[0].close()
    fails(deaf[1].send, 1)
    long[1].send_bytes(b\"x\" * 11)
    fails(long[0].recv_bytes, 10)
    fails(long[0].recv)
    p1 = Process(target=sleeper, args=(held[1],))
    p1.start()
    held[1].close()
    print(\"the end is seen while a child has it:\", held[0].poll(0.3))
    fails(held[0].recv)
    p1.join()
",
            chosen.start.name()
        )
    },
};
