//! A message on a pipe: a header, then the message. Python's `Connection` has 4 bytes of length and believes them.
//!
//! ```text
//! magic │ length of the message │ its number │ check of all but the magic │ the message …
//!   4   │           4           │      4     │              4             │
//! ```
//!
//! *Cost:* one write for a message that fits into the pipe, two reads (one where its size is known before), a pass over
//! its bytes for the check at each end.
//!
//! *Traps:* a pipe knows no messages. When two processes write a long one at the same time, or one dies while it
//! writes, the bytes of several lie in each other; Python's reader then takes any bytes for a length and waits for
//! ever, or reads garbage. Ours finds by the check that it is no message, counts the bytes as torn and goes on at the
//! next whole one, which it knows by the magic. A reader takes exactly what belongs to one message, so that another
//! process may read the next.

mod incoming;
mod outgoing;

pub(super) use incoming::Arrival;
pub use incoming::{Arrived, Incoming};
pub use outgoing::Outgoing;
pub(super) use outgoing::Written;

/// What a message has before its bytes. Python's pickle adds bytes of its own to these; here nothing is pickled.
pub(super) const HEADER_BYTES: usize = 16;
/// No message is longer.
const MOST_BYTES: usize = 256 << 20;
/// No text and no number begins so.
const MAGIC: [u8; 4] = [0xF5, 0x50, 0x53, 0xFA];

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

/// The length that a header says, if it is one.
fn length_of(header: &[u8]) -> Option<usize> {
    let length = u32::from_le_bytes(header.get(4..8)?.try_into().ok()?) as usize;
    (header.starts_with(&MAGIC) && header.len() >= HEADER_BYTES && length <= MOST_BYTES).then_some(length)
}
