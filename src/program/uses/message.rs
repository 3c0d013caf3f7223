//! What is done with pipes and queues. A time is in milliseconds. What came last is the `item` of the process.

use crate::program::script::Script;

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// A text and a number after it: 1, then 2, …
    Line(String),
    /// `b"x" * count`: so many bytes, all of the same value.
    Bytes(u64),
    /// `None`: the sentinel after which nothing comes.
    Sentinel,
    /// What came last, once more.
    Item,
    /// The square of the number that came last.
    Square,
    /// `lambda: None`, of which Python's pickle can't make bytes.
    Unpicklable,
}

/// What is asked of a queue; the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// `qsize()`
    Size,
    /// `empty()`
    Empty,
    /// `full()`
    Full,
}

/// A call on such an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// `end.send(…)`
    Send(u16, Payload),
    /// `item = end.recv()`
    Receive(u16),
    /// `end.send_bytes(b"x" * count)`
    SendBytes(u16, u64),
    /// `item = end.recv_bytes(maxlength)`
    ReceiveBytes(u16, Option<u64>),
    /// `print(label, end.poll(timeout))`
    Poll(&'static str, u16, i64),
    /// Waits for all these ends at once, and prints how many of them are ready: `len(wait([…], timeout))`.
    Wait(&'static str, Vec<u16>, i64),
    /// `end.close()`
    Close(u16),
    /// So often: a number is sent, its echo received, the time between noted; then the median is printed.
    RoundTrips(u16, u32),
    /// Receives until the stream ends, and prints how many of so many messages were whole.
    Drain(u16, u64),
    /// `print(label, item)`
    Print(String),
    /// `print(label, len(item))`
    PrintLength(&'static str),
    /// `queue.put(…)`
    Put(Payload),
    /// `queue.put(…, timeout=…)`, or `put_nowait` for 0.
    PutWithin(Payload, u64),
    /// `item = queue.get()`
    Get,
    /// `item = queue.get(timeout=…)`, or `get_nowait` for 0.
    GetWithin(u64),
    /// `for item in iter(queue.get, None): …`
    Each(Script),
    /// `for item in iter(queue.get, None)`: each is written to a file as a line, the file read back, its lines counted.
    LogToFile,
    /// `print(label, queue.qsize())`, or what else is asked.
    Ask(&'static str, Query),
    /// So often: puts a number, asks whether the queue is empty, gets it; then prints how often it was.
    EmptyAfterPut(u32),
    /// `queue.task_done()`
    TaskDone,
    /// `queue.join()`
    Join,
    /// `queue.close()`
    CloseQueue,
    /// `queue.join_thread()`
    JoinThread,
    /// `queue.cancel_join_thread()`
    CancelJoinThread,
}
