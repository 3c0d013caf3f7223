//! `multiprocessing.Pipe()`: two ends, each a `Connection`. With `duplex=False` one end is read and the other written.
//!
//! *Python:* `send`, `recv`, `send_bytes`, `recv_bytes`, `poll`, `close`, `multiprocessing.connection.wait`.
//!
//! *Cost:* a write and two reads for a message, and what it takes until the other process is awake. Fast: between two
//! processes nothing is faster but shared memory.
//!
//! *Traps:* a pipe holds only so much (ask the kernel): whoever writes more waits for the reader, and when both ends
//! write first, both wait for ever. The end of the stream comes when *every* copy of the other end is closed, also the
//! one that a forked sibling inherited and never uses. Two writers at one end need a lock.

use std::io;
use std::time::Duration;

use crate::sys::{self, PipeReader, PipeWriter};

use super::frame::{Arrival, Arrived, Incoming, Outgoing, Written};
use super::look_on::look_on;
use super::refusal::Refusal;

/// One end of a pipe, as one process has it, for one call.
#[derive(Debug)]
pub struct Connection<'a> {
    /// What comes, if it is read and not closed.
    pub reader: Option<&'a PipeReader>,
    /// What goes, if it is written and not closed.
    pub writer: Option<&'a PipeWriter>,
    /// What has come of the next message.
    pub incoming: &'a mut Incoming,
}

/// What a receiver gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Arrived),
    /// The end: nobody is left who could write.
    End {
        /// So many bytes at the end were no message.
        torn: u32,
    },
    /// The next message is longer than it may be. There is no way to skip it, so the end must be closed.
    TooLong,
}

impl Connection<'_> {
    /// Sends on; true when all of it is in the pipe, false when the pipe is still full after so long.
    pub fn send(&self, message: &mut Outgoing, patience: Duration) -> Result<bool, Refusal> {
        let writer = self.check_open(self.writer, "connection is read-only")?;
        send(writer, message, patience)
    }

    /// What comes next, if it comes within so long; with `most_bytes` as `recv_bytes(maxlength)`.
    pub fn recv(&mut self, most_bytes: Option<u64>, patience: Duration) -> Result<Option<Received>, Refusal> {
        let reader = self.check_open(self.reader, "connection is write-only")?;
        recv(reader, self.incoming, most_bytes, patience)
    }

    /// Whether a call of `recv` would have an answer at once, a message or the end of the stream; waits so long.
    pub fn poll(&mut self, patience: Duration) -> Result<bool, Refusal> {
        let reader = self.check_open(self.reader, "connection is write-only")?;
        Ok(self.incoming.has_whole() || wait(&[reader], patience)?[0])
    }

    fn check_open<T>(&self, end: Option<T>, otherwise: &str) -> Result<T, Refusal> {
        if self.reader.is_none() && self.writer.is_none() {
            return Err(Refusal::new("OSError", "handle is closed"));
        }
        end.ok_or_else(|| Refusal::new("OSError", otherwise))
    }
}

/// Writes on; true when all of the message is in the pipe, false when the pipe is still full after so long.
pub(super) fn send(writer: &PipeWriter, message: &mut Outgoing, patience: Duration) -> Result<bool, Refusal> {
    let mut patience = Some(patience).filter(|patience| !patience.is_zero());
    loop {
        match message.write(writer)? {
            Written::Whole => return Ok(true),
            Written::Closed => return Err(Refusal::new("BrokenPipeError", "[Errno 32] Broken pipe")),
            Written::Full => {}
        }
        let Some(patience) = patience.take() else { return Ok(false) };
        sys::wait_ready(&[], &[writer], patience)?;
    }
}

/// Reads on, until a message has come or so much time has passed.
pub(super) fn recv(
    reader: &PipeReader,
    incoming: &mut Incoming,
    most_bytes: Option<u64>,
    patience: Duration,
) -> Result<Option<Received>, Refusal> {
    let next = |incoming: &mut Incoming| incoming.next(most_bytes, |buffer| reader.read(buffer));
    let mut look = || next(incoming).map(received).transpose();
    let found = look().or_else(|| if patience.is_zero() { None } else { look_on(look) });
    match found.transpose()? {
        None if !patience.is_zero() => sleep(reader, incoming, patience, next),
        received => Ok(received),
    }
}

/// Sleeps until there is something, at most so long; then, by `next`, what it is.
pub(super) fn sleep(
    reader: &PipeReader,
    incoming: &mut Incoming,
    patience: Duration,
    next: impl FnOnce(&mut Incoming) -> io::Result<Arrival>,
) -> Result<Option<Received>, Refusal> {
    let is_ready = wait(&[reader], patience)?[0];
    if is_ready || incoming.search() { Ok(received(next(incoming)?)) } else { Ok(None) }
}

/// What that is for a receiver, if it is anything.
pub(super) fn received(arrival: Arrival) -> Option<Received> {
    match arrival {
        Arrival::Message(message) => Some(Received::Message(message)),
        Arrival::Closed { torn } => Some(Received::End { torn }),
        Arrival::TooLong => Some(Received::TooLong),
        Arrival::Nothing => None,
    }
}

/// `multiprocessing.connection.wait`: which of them can be read, at once or after at most so long; as many as you like.
pub fn wait(readers: &[&PipeReader], patience: Duration) -> Result<Vec<bool>, Refusal> {
    Ok(sys::wait_ready(readers, &[], patience)?.readers)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const SOON: Duration = Duration::from_millis(10);
    const LONG: Duration = Duration::from_secs(10);

    fn pipe() -> (PipeReader, PipeWriter) {
        let (reader, writer) = sys::pipe().expect("a pipe");
        reader.set_nonblocking().expect("it can");
        writer.set_nonblocking().expect("it can");
        (reader, writer)
    }

    fn message(number: u32, body: &[u8]) -> Outgoing {
        Outgoing::new(number, |out| out.extend_from_slice(body))
    }

    fn body(received: Result<Option<Received>, Refusal>) -> Vec<u8> {
        match received {
            Ok(Some(Received::Message(message))) => message.body().to_vec(),
            other => panic!("no message: {other:?}"),
        }
    }

    fn says(refusal: &Refusal) -> String {
        format!("{}: {}", refusal.kind, refusal.message)
    }

    #[test]
    fn f14_an_end_that_is_only_read_is_not_written() {
        let (reader, writer) = pipe();
        let (mut first, mut second) = (Incoming::default(), Incoming::default());
        let reading = Connection { reader: Some(&reader), writer: None, incoming: &mut first };
        let refused = reading.send(&mut message(0, b"x"), SOON).expect_err("it is read-only");
        assert_eq!(says(&refused), "OSError: connection is read-only");
        let mut writing = Connection { reader: None, writer: Some(&writer), incoming: &mut second };
        let refused = writing.recv(None, SOON).expect_err("it is write-only");
        assert_eq!(says(&refused), "OSError: connection is write-only");
        let refused = writing.poll(SOON).expect_err("it is write-only");
        assert_eq!(says(&refused), "OSError: connection is write-only");
        let mut closed = Connection { reader: None, writer: None, incoming: &mut second };
        let refused = closed.recv(None, SOON).expect_err("it is closed");
        assert_eq!(says(&refused), "OSError: handle is closed");
    }

    #[test]
    fn f15_when_the_peer_is_gone_receiving_ends_and_sending_fails() {
        let (reader, writer) = pipe();
        assert_eq!(send(&writer, &mut message(0, b"last"), SOON), Ok(true));
        drop(writer);
        let mut incoming = Incoming::default();
        assert_eq!(body(recv(&reader, &mut incoming, None, SOON)), b"last");
        assert_eq!(recv(&reader, &mut incoming, None, SOON), Ok(Some(Received::End { torn: 0 })));
        let (reader, writer) = pipe();
        drop(reader);
        let refused = send(&writer, &mut message(0, b"x"), SOON).expect_err("nobody reads");
        assert_eq!(says(&refused), "BrokenPipeError: [Errno 32] Broken pipe");
    }

    #[test]
    fn f09_a_message_whose_writer_died_in_the_middle_is_counted_as_torn() {
        let (reader, writer) = pipe();
        let whole = message(0, &[1; 500]);
        writer.write(&whole.bytes()[..300]).expect("there is room");
        drop(writer);
        let mut incoming = Incoming::default();
        assert_eq!(recv(&reader, &mut incoming, None, SOON), Ok(Some(Received::End { torn: 300 })));
    }

    #[test]
    fn f18_a_message_longer_than_it_may_be_is_not_taken() {
        let (reader, writer) = pipe();
        let mut incoming = Incoming::default();
        assert_eq!(send(&writer, &mut message(0, &[0; 11]), SOON), Ok(true));
        assert_eq!(recv(&reader, &mut incoming, Some(10), SOON), Ok(Some(Received::TooLong)));
        assert_eq!(body(recv(&reader, &mut incoming, Some(11), SOON)), [0; 11]);
    }

    #[test]
    fn f20_polling_waits_as_long_as_it_is_told_and_no_longer_than_needed() {
        let (reader, writer) = pipe();
        let mut incoming = Incoming::default();
        let mut end = Connection { reader: Some(&reader), writer: None, incoming: &mut incoming };
        let began = Instant::now();
        assert_eq!(end.poll(Duration::from_millis(60)), Ok(false));
        assert!(began.elapsed() >= Duration::from_millis(55));
        assert_eq!(end.poll(Duration::ZERO), Ok(false));
        assert_eq!(send(&writer, &mut message(0, b""), SOON), Ok(true));
        let began = Instant::now();
        assert_eq!(end.poll(LONG), Ok(true));
        assert!(began.elapsed() < LONG / 2);
        drop(writer);
        assert_eq!(body(end.recv(None, SOON)), b"");
        assert_eq!(end.poll(LONG), Ok(true), "the end of the stream is an answer, too");
    }

    #[test]
    fn f20_more_than_64_ends_are_waited_for_at_once() {
        let pipes: Vec<_> = (0..70).map(|_| pipe()).collect();
        let readers: Vec<&PipeReader> = pipes.iter().map(|(reader, _)| reader).collect();
        assert_eq!(wait(&readers, SOON), Ok(vec![false; 70]));
        for place in [3, 69] {
            assert_eq!(send(&pipes[place].1, &mut message(0, b"x"), SOON), Ok(true));
        }
        let ready = wait(&readers, LONG).expect("it can be waited for");
        assert_eq!((0..70).filter(|&place| ready[place]).collect::<Vec<_>>(), [3, 69]);
    }

    #[test]
    fn a_full_pipe_makes_the_writer_wait_for_the_reader() {
        let (reader, writer) = pipe();
        let long = vec![5; 4 * writer.capacity_bytes().max(1 << 16) as usize];
        let mut sent = message(0, &long);
        assert_eq!(send(&writer, &mut sent, SOON), Ok(false));
        std::thread::scope(|scope| {
            scope.spawn(|| while send(&writer, &mut sent, SOON) != Ok(true) {});
            let mut incoming = Incoming::default();
            let received = loop {
                if let Some(received) = recv(&reader, &mut incoming, None, SOON).expect("it comes") {
                    break Ok(Some(received));
                }
            };
            assert_eq!(body(received), long);
        });
    }
}
