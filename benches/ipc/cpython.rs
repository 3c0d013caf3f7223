//! The same in CPython, where a python3 is on the machine.

use std::process::Command;

const PROGRAM: &str = "
import sys, time, multiprocessing as mp
from multiprocessing.shared_memory import SharedMemory
MIB = 1 << 20
def echo(end, times, back):
    for _ in range(times):
        end.recv_bytes() if back else end.recv()
        end.send_bytes(b'1') if back else end.send(1)
def put(queue, times):
    for _ in range(times): queue.put(1)
def hand(wanted, given, times):
    for _ in range(times):
        wanted.acquire(); given.release()
def wake(wanted, given, times):
    for _ in range(times):
        wanted.wait(); wanted.clear(); given.set()
def locked(value, times):
    for _ in range(times):
        with value.get_lock(): value.value += 1
def plain(value, times):
    for _ in range(times): value.value += 1
def copy_out(name, end, times):
    block = SharedMemory(name)
    for _ in range(times):
        end.recv_bytes(); block.buf[:MIB].tobytes(); end.send_bytes(b'1')
    block.close()
def measure(target, args, body):
    p = context.Process(target=target, args=args)
    p.start()
    began = time.perf_counter()
    body(p)
    took = time.perf_counter() - began
    p.join()
    return took
def ask(d, times):
    for _ in range(times): d['a']
if __name__ == '__main__':
    name, times = sys.argv[1], int(sys.argv[2])
    context = mp.get_context('fork')
    here, there = context.Pipe()
    if name == 'Pipe round trip':
        def body(p):
            for _ in range(times): here.send(1); here.recv()
        took = measure(echo, (there, times, False), body)
    elif name in ('SimpleQueue one way', 'Queue one way'):
        queue = context.SimpleQueue() if name.startswith('Simple') else context.Queue()
        def body(p):
            for _ in range(times): queue.get()
        took = measure(put, (queue, times), body)
    elif name == 'Lock hand-over':
        a, b = context.Lock(), context.Lock()
        a.acquire(); b.acquire()
        def body(p):
            for _ in range(times): b.release(); a.acquire()
        took = measure(hand, (b, a, times), body)
    elif name == 'Event wake-up':
        a, b = context.Event(), context.Event()
        def body(p):
            for _ in range(times): b.set(); a.wait(); a.clear()
        took = measure(wake, (b, a, times), body)
    elif name == 'Value increment, lock':
        value = context.Value('i', 0)
        took = measure(locked, (value, times), lambda p: (locked(value, times), p.join()))
    elif name == 'Value increment, raw':
        value = context.RawValue('i', 0)
        took = measure(plain, (value, times), lambda p: (plain(value, times), p.join()))
    elif name == 'Manager round trip':
        with context.Manager() as m:
            d = m.dict(a=1)
            d['a']
            began = time.perf_counter()
            ask(d, times)
            took = time.perf_counter() - began
    elif name == '1 MiB by pipe':
        data = b'7' * MIB
        def body(p):
            for _ in range(times): here.send_bytes(data); here.recv_bytes()
        took = measure(echo, (there, times, True), body)
    else:
        block, data = SharedMemory(create=True, size=MIB), b'7' * MIB
        def body(p):
            for _ in range(times):
                block.buf[:MIB] = data; here.send_bytes(b'1'); here.recv_bytes()
        took = measure(copy_out, (block.name, there, times), body)
        block.close(); block.unlink()
    print(took / times)
";

/// The seconds that one use takes; `None` without a python3.
///
/// Debian's own python3 is the fastest CPython on such a machine, so it is asked first.
pub(super) fn seconds(name: &str, times: u32) -> Option<f64> {
    ["/usr/bin/python3", "python3"].into_iter().find_map(|python| {
        let output = Command::new(python).args(["-c", PROGRAM, name, &times.to_string()]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    })
}
