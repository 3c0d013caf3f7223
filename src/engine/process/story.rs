//! How the processes of a program tell their story: all into one pipe that ends in the engine.
//!
//! ```text
//! child ───────┐
//! grandchild ──┼─► one pipe ─► engine ─► trace
//! thread ──────┘
//! ```
//!
//! An event is one write, and short enough that the system promises not to mix it with another's. What was
//! written survives its writer; nobody relays for anybody, so that no death in the middle of a family breaks
//! the story of those below. These processes do little, and a write for each event is no burden to them.

use std::sync::Arc;

use crate::sys::{PipeWriter, Progress};
use crate::trace::{ActorId, Event, What, codec};

/// POSIX promises that so much is written in one piece, whoever else writes.
const PIECE_BYTES: usize = 512;
/// A text in an event that would be longer is cut.
const TEXT_BYTES: usize = 120;

/// Tells what happens in this process.
#[derive(Clone, Debug)]
pub(super) struct Teller(Arc<PipeWriter>);

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deaf;

impl Teller {
    pub(super) fn new(pipe: PipeWriter) -> Self {
        Self(Arc::new(pipe))
    }

    /// The same end once more, for a child.
    pub(super) fn twin(&self) -> std::io::Result<PipeWriter> {
        self.0.twin()
    }

    /// Says that something happened.
    pub(super) fn tell(&self, by: ActorId, at_ns: u64, what: What) -> Result<(), Deaf> {
        let bytes = piece(Event { at_ns, by, what });
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match self.0.write(rest) {
                Ok(Progress::Moved(count)) => rest = &rest[count..],
                Ok(Progress::WouldBlock) => {}
                Ok(Progress::Closed) | Err(_) => return Err(Deaf),
            }
        }
        Ok(())
    }
}

/// An event as bytes that are written in one piece.
fn piece(mut event: Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    codec::write_event(&event, &mut bytes);
    if bytes.len() > PIECE_BYTES
        && let What::Called { call, answer, .. } = &mut event.what
    {
        cut(call);
        cut(answer);
        bytes.clear();
        codec::write_event(&event, &mut bytes);
    }
    bytes
}

fn cut(text: &mut String) {
    if let Some(end) = (0..=TEXT_BYTES).rev().find(|&end| text.is_char_boundary(end)).filter(|&end| end < text.len()) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Birth, Role};

    #[test]
    fn every_event_is_one_piece() {
        let long = "ä".repeat(400);
        let call = What::Called { call: long.clone(), since_ns: 1, answer: long, raised: true };
        let name = Some("ForkServerProcess-100:100:100".to_owned());
        let parent = Some(ActorId(u32::MAX));
        let birth = Birth::new(ActorId(u32::MAX), Role::Process, u32::MAX, u32::MAX, u64::MAX);
        let birth = What::ActorBorn(Box::new(Birth { name, parent, daemon: true, ..birth }));
        for what in [call, birth] {
            let bytes = piece(Event { at_ns: u64::MAX, by: ActorId(u32::MAX), what });
            assert!(bytes.len() <= PIECE_BYTES, "{}", bytes.len());
        }
    }
}
