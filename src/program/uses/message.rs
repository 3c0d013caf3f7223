//! What is done with pipes and queues.

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A number.
    Number(i64),
    /// So many bytes, all of the same value.
    Bytes(u64),
    /// `None`: the sentinel after which nothing comes.
    Sentinel,
}

/// A call on such an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// `end.send(…)`
    Send(u16, Payload),
    /// `end.recv()`
    Receive(u16),
    /// `end.close()`
    Close(u16),
    /// `queue.put(…)`
    Put(Payload),
    /// `queue.get()`
    Get,
}
