//! Framed messages. Knows nothing about pipes, so that another transport can carry them.
//!
//! ```text
//! frame   length (28 bits) and kind (4 bits) u32   number u32   payload
//! ```
//!
//! Little-endian; `number` is the unit's, or 0. Eight bytes of header, so that a tiny task's message is
//! mostly the task.

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 8;
/// The largest payload: 256 MiB less a byte.
pub const MAX_PAYLOAD_BYTES: usize = (1 << LENGTH_BITS) - 1;

const LENGTH_BITS: u32 = 28;
/// What an inbox asks the system for at once; a pipe of the usual capacity gives no more.
const READ_BYTES: usize = 64 << 10;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To a worker: the name of the job, as JSON. Answered by [`Kind::Hello`].
    Setup = 0,
    /// To a worker: the arguments of a unit. Answered by [`Kind::Done`] or [`Kind::Failed`].
    Unit = 1,
    /// To a worker: there is no more work. Answered by its end.
    Stop = 2,
    /// From a worker: ready.
    Hello = 3,
    /// From a worker: the results of a unit.
    Done = 4,
    /// From a worker: a task of the unit failed; the failure, as JSON.
    Failed = 5,
    /// To a worker: as [`Kind::Unit`], but another worker had it before and died.
    Again = 6,
    /// To a worker: what it shall do to itself, as JSON. Answered by its end, or not at all.
    Suffer = 7,
    /// From a worker: it can't begin, and ends; the error that its initializer raised.
    Fatal = 8,
    /// From a worker with several threads: which of them the messages behind this one are from, by its number;
    /// 0 is its main thread.
    From = 9,
}

impl Kind {
    /// Each in its place.
    const ALL: [Self; 10] = [
        Self::Setup,
        Self::Unit,
        Self::Stop,
        Self::Hello,
        Self::Done,
        Self::Failed,
        Self::Again,
        Self::Suffer,
        Self::Fatal,
        Self::From,
    ];

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Self::ALL.get(bits as usize).copied()
    }
}

/// One message, still in the buffer it was read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is for.
    pub kind: Kind,
    /// The unit, or 0.
    pub number: u32,
    /// What it carries.
    pub payload: &'a [u8],
}

impl Frame<'_> {
    /// Its size on the wire.
    pub fn bytes(&self) -> u32 {
        (HEADER_BYTES + self.payload.len()) as u32
    }
}

/// Bytes that are no frame: the sender is broken, or not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of unknown kind {kind}")]
pub struct WireError {
    /// The kind it claims.
    pub kind: u32,
}

/// A payload that no frame can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of {bytes} bytes; at most {MAX_PAYLOAD_BYTES} can be sent at once. Choose a smaller chunksize")]
pub struct TooLarge {
    /// Its size.
    pub bytes: usize,
}

/// Appends a frame whose payload `fill` appends; gives its size on the wire.
pub fn write(kind: Kind, number: u32, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) -> Result<u32, TooLarge> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    fill(out);
    let payload = out.len() - start - HEADER_BYTES;
    if payload > MAX_PAYLOAD_BYTES {
        out.truncate(start);
        return Err(TooLarge { bytes: payload });
    }
    let head = payload as u32 | (kind as u32) << LENGTH_BITS;
    let header = u64::from(head) | u64::from(number) << 32;
    out[start..start + HEADER_BYTES].copy_from_slice(&header.to_le_bytes());
    Ok((HEADER_BYTES + payload) as u32)
}

/// Bytes as they come in; frames as they become whole.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    /// The first byte not taken yet.
    start: usize,
    /// The end of what was read.
    end: usize,
}

impl Inbox {
    /// Room to read into; say with [`Self::filled`] how much of it was.
    pub fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        // A frame that is longer than one read gets the room it announces, and no more.
        let announced = self.header(0).map_or(0, |(length, ..)| HEADER_BYTES + length);
        let wanted = self.end + READ_BYTES.max(announced.saturating_sub(self.end));
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        &mut self.bytes[self.end..wanted]
    }

    /// So many bytes of the room were filled.
    pub fn filled(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// Length, kind and number of the frame that begins `offset` bytes after what was taken.
    fn header(&self, offset: usize) -> Option<(usize, u32, u32)> {
        let rest = self.bytes.get(self.start + offset..self.end)?;
        // As one word, which is one load.
        let header = u64::from_le_bytes(*rest.first_chunk::<HEADER_BYTES>()?);
        let (head, number) = (header as u32, (header >> 32) as u32);
        Some(((head as usize) & MAX_PAYLOAD_BYTES, head >> LENGTH_BITS, number))
    }

    /// The whole frame that begins `offset` bytes after what was taken.
    pub fn peek(&self, offset: usize) -> Result<Option<Frame<'_>>, WireError> {
        let Some((length, kind, number)) = self.header(offset) else { return Ok(None) };
        let kind = Kind::from_bits(kind).ok_or(WireError { kind })?;
        let start = self.start + offset + HEADER_BYTES;
        let Some(payload) = self.bytes.get(start..self.end).and_then(|rest| rest.get(..length)) else {
            return Ok(None);
        };
        Ok(Some(Frame { kind, number, payload }))
    }

    /// Lets go of the first `bytes`, those of frames that were dealt with.
    pub fn take(&mut self, bytes: u32) {
        self.start = (self.start + bytes as usize).min(self.end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_the_bytes_arrive() {
        let payloads = [vec![], vec![1], vec![7; 1000], vec![9; 200_000]];
        let mut wire = Vec::new();
        for (number, payload) in (0..).zip(&payloads) {
            let bytes = write(Kind::Done, number, &mut wire, |out| out.extend_from_slice(payload)).expect("small");
            assert_eq!(bytes as usize, HEADER_BYTES + payload.len());
        }
        for step in [1, 5, 4096, usize::MAX] {
            let (mut inbox, mut rest, mut seen) = (Inbox::default(), &wire[..], 0);
            while !rest.is_empty() {
                let room = inbox.room();
                let count = step.min(rest.len()).min(room.len());
                room[..count].copy_from_slice(&rest[..count]);
                inbox.filled(count);
                rest = &rest[count..];
                while let Some(frame) = inbox.peek(0).expect("our own frames") {
                    assert_eq!((frame.number, frame.payload), (seen as u32, &payloads[seen][..]));
                    let bytes = frame.bytes();
                    inbox.take(bytes);
                    seen += 1;
                }
            }
            assert_eq!(seen, payloads.len(), "in steps of {step}");
        }
    }

    #[test]
    fn an_unknown_kind_is_an_error_and_a_claimed_length_allocates_little() {
        let mut inbox = Inbox::default();
        inbox.room()[..8].copy_from_slice(&[0xFF; 8]);
        inbox.filled(8);
        assert_eq!(inbox.peek(0), Err(WireError { kind: 15 }));
    }

    #[test]
    fn every_kind_is_in_its_place() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_bits(kind as u32), Some(kind));
        }
    }
}
