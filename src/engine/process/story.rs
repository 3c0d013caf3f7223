//! How the processes of a program tell their story: all into one pipe that ends in the engine.
//!
//! ```text
//! child ───────┐
//! grandchild ──┼─► one pipe ─► engine ─► trace
//! thread ──────┘
//! ```
//!
//! Events are written in pieces that are short enough for the system to promise not to mix them with another's.
//! What was written survives its writer; nobody relays for anybody, so that no death in the middle of a family
//! breaks the story of those below. Most events are written at once. Those that come by the thousand, of a loop
//! over a shared number, are gathered until a piece is full, a moment has passed, or the process waits.

use std::sync::{Arc, Mutex, PoisonError};

use crate::sys::{self, PipeWriter, Progress};
use crate::trace::{ActorId, Event, What, codec};

/// A text in an event that would be longer is cut.
const TEXT_BYTES: usize = 120;
/// So long an event may lie before the next one takes it along.
const GATHER_NS: u64 = 2_000_000;

/// Tells what happens in this process.
#[derive(Clone, Debug)]
pub(super) struct Teller(Arc<Telling>);

#[derive(Debug)]
struct Telling {
    pipe: PipeWriter,
    gathered: Mutex<Gathered>,
}

/// What was told and not yet written.
#[derive(Debug, Default)]
struct Gathered {
    bytes: Vec<u8>,
    /// When the first of it was told.
    since_ns: u64,
}

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deaf;

impl Teller {
    pub(super) fn new(pipe: PipeWriter) -> Self {
        Self(Arc::new(Telling { pipe, gathered: Mutex::default() }))
    }

    /// The same end once more, for a child.
    pub(super) fn twin(&self) -> std::io::Result<PipeWriter> {
        self.0.pipe.twin()
    }

    /// Says that something happened.
    pub(super) fn tell(&self, by: ActorId, at_ns: u64, what: What) -> Result<(), Deaf> {
        // What a thread left half-told is whole all the same: bytes are added in one go.
        let mut gathered = self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        let patient = matches!(what, What::Used { .. });
        let before = gathered.bytes.len();
        piece(Event { at_ns, by, what }, &mut gathered.bytes);
        if gathered.bytes.len() > sys::WHOLE_WRITE_BYTES {
            // The last one opens the next piece.
            let last = gathered.bytes.split_off(before);
            self.write(&mut gathered)?;
            gathered.bytes = last;
        }
        let now_ns = sys::now_ns();
        if before == 0 || gathered.bytes.len() < before {
            gathered.since_ns = now_ns;
        }
        if patient && now_ns.saturating_sub(gathered.since_ns) < GATHER_NS { Ok(()) } else { self.write(&mut gathered) }
    }

    /// Writes whatever was only gathered so far.
    pub(super) fn flush(&self) -> Result<(), Deaf> {
        self.write(&mut self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, gathered: &mut Gathered) -> Result<(), Deaf> {
        let mut rest = &gathered.bytes[..];
        while !rest.is_empty() {
            match self.0.pipe.write(rest) {
                Ok(Progress::Moved(count)) => rest = &rest[count..],
                Ok(Progress::WouldBlock) => {}
                Ok(Progress::Closed) | Err(_) => return Err(Deaf),
            }
        }
        gathered.bytes.clear();
        Ok(())
    }
}

/// Appends an event as bytes that can be written in one piece.
fn piece(mut event: Event, bytes: &mut Vec<u8>) {
    let before = bytes.len();
    codec::write_event(&event, bytes);
    if bytes.len() - before > sys::WHOLE_WRITE_BYTES
        && let What::Called { call, answer, .. } = &mut event.what
    {
        cut(call);
        cut(answer);
        bytes.truncate(before);
        codec::write_event(&event, bytes);
    }
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
    use crate::trace::{Birth, Deed, ObjectId, Role};

    #[test]
    fn every_event_is_one_piece() {
        let long = "ä".repeat(400);
        let call = What::Called { call: long.clone(), since_ns: 1, answer: long, raised: true };
        let name = Some("ForkServerProcess-100:100:100".to_owned());
        let parent = Some(ActorId(u32::MAX));
        let birth = Birth::new(ActorId(u32::MAX), Role::Process, u32::MAX, u32::MAX, u64::MAX);
        let birth = What::ActorBorn(Box::new(Birth { name, parent, daemon: true, ..birth }));
        for what in [call, birth] {
            let mut bytes = Vec::new();
            piece(Event { at_ns: u64::MAX, by: ActorId(u32::MAX), what }, &mut bytes);
            assert!(bytes.len() <= sys::WHOLE_WRITE_BYTES, "{}", bytes.len());
        }
    }

    #[test]
    fn what_is_gathered_is_written_in_whole_pieces_and_in_order() {
        let (story, pen) = sys::pipe().expect("a pipe");
        let teller = Teller::new(pen);
        let deed = |left| What::Used { object: ObjectId(1), since_ns: 0, deed: Deed::Acquired { left } };
        let mut bytes = Vec::new();
        codec::write_header(&mut bytes);
        for number in 0..500 {
            let what = if number % 100 == 99 { What::ActorReady } else { deed(number) };
            teller.tell(ActorId(2), number.into(), what).expect("it is read");
        }
        teller.flush().expect("it is read");
        drop(teller);
        let mut chunk = vec![0; 1 << 20];
        while let Ok(Progress::Moved(count)) = story.read(&mut chunk) {
            bytes.extend_from_slice(&chunk[..count]);
        }
        let mut events = Vec::new();
        codec::Decoder::default().push(&bytes, &mut events).expect("whole blocks");
        assert!(events.iter().map(|event| event.at_ns).eq(0..500));
    }
}
