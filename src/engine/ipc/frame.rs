//! A message on a pipe: a header, then the message. Python's `Connection` has 4 bytes of length and believes them.
//!
//! ```text
//! magic │ length of the message │ its number │ check of all but the magic │ the message …
//!   4   │           4           │      4     │              4             │
//! ```
//!
//! *Cost:* one write for a message that fits into the pipe, two reads, one pass over its bytes for the check.
//!
//! *Traps:* a pipe knows no messages. When two processes write a long one at the same time, or one dies while it
//! writes, the bytes of several lie in each other; Python's reader then takes any bytes for a length and waits for
//! ever, or reads garbage. Ours finds by the check that it is no message, counts the bytes as torn and goes on at the
//! next whole one, which it knows by the magic. A reader takes exactly what belongs to one message, so that another
//! process may read the next.

use std::io;

use crate::sys::{self, PipeWriter, Progress};

/// What a message has before its bytes. Python's pickle adds bytes of its own to these; here nothing is pickled.
pub(super) const HEADER_BYTES: usize = 16;
/// No message is longer.
const MOST_BYTES: usize = 256 << 20;
/// No text and no number begins so.
const MAGIC: [u8; 4] = [0xF5, 0x50, 0x53, 0xFA];
/// So much memory is taken on the word of a header that nobody has checked yet.
const FIRST_BYTES: usize = 64 << 10;

/// A message on its way into a pipe.
#[derive(Debug)]
pub struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    number: u32,
    /// When its first piece was about to be written.
    begun_ns: u64,
    /// When its last piece was.
    written_ns: u64,
}

/// How far the writing of a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it is in the pipe.
    Whole,
    /// The pipe is full.
    Full,
    /// Nobody will ever read it.
    Closed,
}

impl Outgoing {
    /// A message with this number, whose bytes are appended by `write`.
    pub fn new(number: u32, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = vec![0; HEADER_BYTES];
        write(&mut bytes);
        let length = (bytes.len() - HEADER_BYTES) as u32;
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..12].copy_from_slice(&number.to_le_bytes());
        let check = check(&bytes).to_le_bytes();
        bytes[12..16].copy_from_slice(&check);
        Self { bytes, sent: 0, number, begun_ns: 0, written_ns: 0 }
    }

    /// Writes as much as there is room for.
    pub fn write(&mut self, to: &PipeWriter) -> io::Result<Written> {
        while self.sent < self.bytes.len() {
            self.written_ns = sys::now_ns();
            if self.begun_ns == 0 {
                self.begun_ns = self.written_ns;
            }
            match to.write(&self.bytes[self.sent..])? {
                Progress::Moved(count) => self.sent += count,
                Progress::WouldBlock => return Ok(Written::Full),
                Progress::Closed => return Ok(Written::Closed),
            }
        }
        Ok(Written::Whole)
    }

    /// When its first piece was about to be written, or the pipe was found full.
    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }

    /// When its last piece was about to be written: before anybody could read it.
    pub fn written_ns(&self) -> u64 {
        self.written_ns
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its size with its header.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// All of it, as it lies in the pipe.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The check of a whole message.
fn check(message: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&message[4..12]);
    hasher.update(&message[HEADER_BYTES..]);
    hasher.finalize()
}

/// Whether these bytes are what somebody sent, by their check.
fn is_whole(message: &[u8]) -> bool {
    check(message).to_le_bytes() == message[12..HEADER_BYTES]
}

/// Where the reader of a pipe puts together what comes. It lives as long as the reader.
#[derive(Debug, Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// So many of them have come.
    filled: usize,
    /// Bytes that were no message, since the last that was.
    torn: u32,
    /// So many had come when all were looked through.
    searched: usize,
    /// Where behind the first one a message may begin, as far as they were.
    begins: Vec<usize>,
}

/// A message that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// With its header.
    bytes: Vec<u8>,
    /// Its number.
    pub number: u32,
    /// So many bytes before it were no message.
    pub torn: u32,
}

impl Arrived {
    /// Its bytes.
    pub fn body(&self) -> &[u8] {
        &self.bytes[HEADER_BYTES..]
    }

    /// Its size with its header.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32
    }
}

/// What a look into a pipe came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A message.
    Message(Arrived),
    /// Nothing, or not all of a message yet.
    Nothing,
    /// Nothing will ever come: whoever could write is gone.
    Closed {
        /// So many bytes at the end were no message.
        torn: u32,
    },
    /// The next message is longer than the caller wants.
    TooLong,
}

impl Incoming {
    /// Reads on by `read`, at most one message, which may be at most so long.
    pub fn next(
        &mut self,
        most_bytes: Option<u64>,
        read: impl FnMut(&mut [u8]) -> io::Result<Progress>,
    ) -> io::Result<Arrival> {
        self.read_on(most_bytes, false, read)
    }

    /// The same where a writer is known to be dead: byte by byte, and not one too many, for behind a message that is
    /// torn there may be those that another reader waits for.
    pub fn next_carefully(&mut self, read: impl FnMut(&mut [u8]) -> io::Result<Progress>) -> io::Result<Arrival> {
        self.read_on(None, true, read)
    }

    fn read_on(
        &mut self,
        most_bytes: Option<u64>,
        careful: bool,
        mut read: impl FnMut(&mut [u8]) -> io::Result<Progress>,
    ) -> io::Result<Arrival> {
        loop {
            let needed = match self.header() {
                None => HEADER_BYTES,
                Some(Err(())) => {
                    self.skip();
                    continue;
                }
                Some(Ok(length)) if most_bytes.is_some_and(|most| length as u64 > most) => return Ok(Arrival::TooLong),
                Some(Ok(length)) => HEADER_BYTES + length,
            };
            if self.filled >= needed {
                if is_whole(&self.bytes[..needed]) {
                    return Ok(Arrival::Message(self.take(needed)));
                }
                self.skip();
                continue;
            }
            if careful && self.search() {
                continue;
            }
            self.make_room(needed);
            let end = if careful { self.filled + 1 } else { needed.min(self.bytes.len()) };
            match read(&mut self.bytes[self.filled..end])? {
                Progress::Moved(count) => self.filled += count,
                Progress::WouldBlock => return Ok(Arrival::Nothing),
                Progress::Closed if self.filled == 0 => {
                    return Ok(Arrival::Closed { torn: std::mem::take(&mut self.torn) });
                }
                // The rest of it will never come. Is there a whole one in what has come?
                Progress::Closed => self.skip(),
            }
        }
    }

    /// Nothing has come for a while. If there is a whole message behind one that is not, then the writer of that one
    /// is dead, and the whole one is next.
    pub fn search(&mut self) -> bool {
        let from = (self.searched + 1).saturating_sub(MAGIC.len()).max(1);
        if std::mem::replace(&mut self.searched, self.filled) == self.filled {
            return false;
        }
        let come = &self.bytes[..self.filled];
        let ends = come.len().saturating_sub(MAGIC.len() - 1);
        self.begins.extend((from..ends).filter(|&at| come[at..].starts_with(&MAGIC)));
        // Those of which everything has come, and which are none all the same, never will be.
        let whole = |&at: &usize| length_of(&come[at..]).and_then(|length| come[at..].get(..HEADER_BYTES + length));
        self.begins.retain(|at| whole(at).is_none_or(is_whole));
        let found = self.begins.iter().copied().find(|at| whole(at).is_some());
        if let Some(at) = found {
            self.drop_first(at);
        }
        found.is_some()
    }

    /// Nothing more of what has come will: its writer is dead, and the pipe is empty. It was no message.
    pub fn give_up(&mut self) {
        self.drop_first(self.filled);
    }

    /// So many bytes have come of the next message, and of what lies around it.
    pub fn count(&self) -> usize {
        self.filled
    }

    /// Whether the next message has come: bytes behind torn ones may be one.
    pub fn has_whole(&self) -> bool {
        matches!(self.header(), Some(Ok(length)) if self.filled >= HEADER_BYTES + length)
    }

    /// Whether bytes were read that no message was made of yet.
    pub fn is_in_the_middle(&self) -> bool {
        self.filled > 0
    }

    /// The length that the header says, once it is there; an error if it is none.
    fn header(&self) -> Option<Result<usize, ()>> {
        (self.filled >= HEADER_BYTES).then(|| length_of(&self.bytes[..HEADER_BYTES]).ok_or(()))
    }

    fn make_room(&mut self, needed: usize) {
        let room = needed.min((2 * self.filled).max(FIRST_BYTES.min(needed)));
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
    }

    fn take(&mut self, size: usize) -> Arrived {
        let number = u32::from_le_bytes([self.bytes[8], self.bytes[9], self.bytes[10], self.bytes[11]]);
        // Only after torn bytes is there more than one message.
        let rest = self.bytes[size..self.filled].to_vec();
        self.bytes.truncate(size);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        (self.filled, self.searched) = (self.bytes.len(), 0);
        self.begins.clear();
        Arrived { bytes, number, torn: std::mem::take(&mut self.torn) }
    }

    /// What is there does not begin a message: on to where one could begin.
    fn skip(&mut self) {
        let could_begin = |at: &usize| {
            let rest = &self.bytes[*at..self.filled];
            let seen = rest.len().min(MAGIC.len());
            rest[..seen] == MAGIC[..seen]
        };
        let next = (1..self.filled).find(could_begin).unwrap_or(self.filled);
        self.drop_first(next);
    }

    fn drop_first(&mut self, count: usize) {
        self.bytes.drain(..count);
        self.filled -= count;
        self.searched = 0;
        self.begins.clear();
        self.torn = self.torn.saturating_add(count as u32);
    }
}

/// The length that a header says, if it is one.
fn length_of(header: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(header.get(4..8)?.try_into().ok()?) as usize;
    (header.starts_with(&MAGIC) && header.len() >= HEADER_BYTES && length <= MOST_BYTES).then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A source that gives what it has in pieces of these lengths, and now and then nothing.
    fn pieces(bytes: Vec<u8>, lengths: Vec<usize>) -> impl FnMut(&mut [u8]) -> io::Result<Progress> {
        let (mut given, mut lengths) = (0, lengths.into_iter().cycle());
        move |buffer| {
            if given == bytes.len() {
                return Ok(Progress::Closed);
            }
            let count = lengths.next().unwrap_or(1).min(buffer.len()).min(bytes.len() - given);
            if count == 0 {
                return Ok(Progress::WouldBlock);
            }
            buffer[..count].copy_from_slice(&bytes[given..given + count]);
            given += count;
            Ok(Progress::Moved(count))
        }
    }

    /// All that comes, and how many bytes were torn.
    fn read_all(mut read: impl FnMut(&mut [u8]) -> io::Result<Progress>) -> (Vec<(u32, Vec<u8>)>, u32) {
        let (mut incoming, mut all, mut lost) = (Incoming::default(), Vec::new(), 0);
        loop {
            match incoming.next(None, &mut read).expect("it can be read") {
                Arrival::Message(message) => {
                    all.push((message.number, message.body().to_vec()));
                    lost += message.torn;
                }
                Arrival::Nothing => {}
                Arrival::Closed { torn } => return (all, lost + torn),
                Arrival::TooLong => panic!("nothing is too long"),
            }
        }
    }

    fn frame(number: u32, body: &[u8]) -> Vec<u8> {
        Outgoing::new(number, |out| out.extend_from_slice(body)).bytes().to_vec()
    }

    proptest! {
        /// However the bytes come, and whatever lies between: every whole message arrives, in order, as it was;
        /// every byte that is none is counted.
        #[test]
        fn every_whole_message_arrives_and_every_other_byte_is_counted(
            parts in vec((vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..300), any::<bool>(), 0..100_usize), 1..8),
            lengths in vec(0..50_usize, 1..20).prop_filter("something comes", |all| all.iter().any(|&n| n > 0)),
        ) {
            let (mut bytes, mut sent, mut garbage) = (Vec::new(), Vec::new(), 0);
            for (number, (noise, body, cut, keep)) in (0..).zip(parts) {
                let whole = frame(number, &body);
                bytes.extend(&noise);
                garbage += noise.len();
                if cut && keep < whole.len() {
                    // Its writer died.
                    bytes.extend(&whole[..keep]);
                    garbage += keep;
                } else {
                    bytes.extend(whole);
                    sent.push((number, body));
                }
            }
            prop_assert_eq!(read_all(pieces(bytes, lengths)), (sent, garbage as u32));
        }

        /// Two long messages in each other: neither arrives, and what follows does.
        #[test]
        fn mixed_messages_are_torn_and_the_next_arrives(at in 1..9000_usize, other in 1..9000_usize) {
            let (first, second) = (frame(0, &[1; 9000]), frame(1, &[2; 9000]));
            let mixed = [&first[..at], &second[..other], &first[at..], &second[other..]].concat();
            let garbage = mixed.len() as u32;
            let bytes = [mixed, frame(2, b"whole")].concat();
            prop_assert_eq!(read_all(pieces(bytes, vec![4096])), (vec![(2, b"whole".to_vec())], garbage));
        }
    }

    #[test]
    fn f17_boundaries_are_kept_and_an_empty_message_is_one() {
        let bytes = [frame(0, b""), frame(1, b"ab"), frame(2, b""), frame(3, b"c")].concat();
        let all: Vec<Vec<u8>> = read_all(pieces(bytes, vec![1])).0.into_iter().map(|(_, body)| body).collect();
        assert_eq!(all, [&b""[..], b"ab", b"", b"c"]);
    }

    #[test]
    fn a_reader_takes_no_byte_of_the_next_message() {
        let first = frame(0, &[7; 100]);
        let bytes = [first.clone(), frame(1, b"next")].concat();
        let mut taken = 0;
        let mut source = pieces(bytes, vec![usize::MAX]);
        let arrival = Incoming::default().next(None, |buffer| {
            let progress = source(buffer);
            if let Ok(Progress::Moved(count)) = progress {
                taken += count;
            }
            progress
        });
        assert!(matches!(arrival, Ok(Arrival::Message(_))));
        assert_eq!(taken, first.len());
    }

    #[test]
    fn f18_a_message_that_is_longer_than_wanted_is_seen_before_it_is_read() {
        let mut incoming = Incoming::default();
        let mut source = pieces(frame(0, &[0; 11]), vec![HEADER_BYTES, 0]);
        assert_eq!(incoming.next(Some(10), &mut source).expect("it can be read"), Arrival::TooLong);
    }

    #[test]
    fn behind_a_message_whose_writer_died_a_whole_one_is_found_when_nothing_comes_any_more() {
        let bytes = [&frame(0, &[7; 500])[..200], &frame(1, b"short")].concat();
        let mut incoming = Incoming::default();
        let mut come = Some(bytes);
        let mut read = |buffer: &mut [u8]| {
            let Some(bytes) = come.take() else { return Ok(Progress::WouldBlock) };
            let count = bytes.len().min(buffer.len());
            buffer[..count].copy_from_slice(&bytes[..count]);
            come = Some(bytes[count..].to_vec()).filter(|rest| !rest.is_empty());
            Ok(Progress::Moved(count))
        };
        assert_eq!(incoming.next(None, &mut read).expect("it can be read"), Arrival::Nothing);
        assert!(incoming.is_in_the_middle() && incoming.search());
        let whole = Arrived { number: 1, bytes: frame(1, b"short"), torn: 200 };
        assert_eq!(incoming.next(None, &mut read).expect("it can be read"), Arrival::Message(whole));
        assert!(!incoming.search());
    }
}
