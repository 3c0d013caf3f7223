//! What has come of a message, and what comes next.

use std::io;

use crate::sys::Progress;

use super::{HEADER_BYTES, MAGIC, is_whole, length_of};

/// So much memory is taken on the word of a header that nobody has checked yet.
const FIRST_BYTES: usize = 1 << 20;
/// So many bytes are read one by one at a stretch, more than a pipe holds: whoever reads has other duties, too.
const CAREFUL_BYTES: usize = 128 << 10;
/// So much is read at once by who reads alone: a few requests to a manager.
const AHEAD_BYTES: usize = 512;

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

/// How far a reader may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// One byte at a time.
    Byte,
    /// So far from the begin of the message, and to its end.
    Bytes(usize),
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
        self.read_on(most_bytes, Reach::Bytes(HEADER_BYTES), read)
    }

    /// The same where the next message is known to have this size with its header.
    pub fn next_of_size(
        &mut self,
        size: u32,
        read: impl FnMut(&mut [u8]) -> io::Result<Progress>,
    ) -> io::Result<Arrival> {
        self.read_on(None, Reach::Bytes(size as usize), read)
    }

    /// The same where nobody else reads here: what lies behind the message may be read, too.
    pub fn next_alone(&mut self, read: impl FnMut(&mut [u8]) -> io::Result<Progress>) -> io::Result<Arrival> {
        self.read_on(None, Reach::Bytes(AHEAD_BYTES), read)
    }

    /// The same where a writer is known to be dead: byte by byte, and not one too many, for behind a message that is
    /// torn there may be those that another reader waits for.
    pub fn next_carefully(&mut self, read: impl FnMut(&mut [u8]) -> io::Result<Progress>) -> io::Result<Arrival> {
        self.read_on(None, Reach::Byte, read)
    }

    fn read_on(
        &mut self,
        most_bytes: Option<u64>,
        reach: Reach,
        mut read: impl FnMut(&mut [u8]) -> io::Result<Progress>,
    ) -> io::Result<Arrival> {
        // A pipe that gave less than was asked for is empty: to ask it again would be a call for nothing.
        let mut is_empty = false;
        let mut carefully = 0;
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
            if reach == Reach::Byte && self.search() {
                continue;
            }
            if is_empty {
                return Ok(Arrival::Nothing);
            }
            let end = match reach {
                Reach::Byte if carefully == CAREFUL_BYTES => return Ok(Arrival::Nothing),
                Reach::Byte => {
                    carefully += 1;
                    self.make_room(needed).min(self.filled + 1)
                }
                Reach::Bytes(count) => self.make_room(needed.max(count)),
            };
            match read(&mut self.bytes[self.filled..end])? {
                Progress::Moved(count) => {
                    self.filled += count;
                    is_empty = self.filled < end;
                }
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

    /// The bytes that were no message, for whoever reads on no more.
    pub fn take_torn(&mut self) -> u32 {
        std::mem::take(&mut self.torn)
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

    /// Room for so many bytes, or for some of them; up to where.
    fn make_room(&mut self, needed: usize) -> usize {
        let room = needed.min((2 * self.filled).max(FIRST_BYTES));
        if self.bytes.len() < room {
            self.bytes.resize(room, 0);
        }
        room
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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::engine::ipc::frame::Outgoing;

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
