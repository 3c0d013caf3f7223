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
//! over a shared number, are kept back until a moment has passed, something else is told, or the process waits: a
//! write for each would make the processes take turns at the pipe, and what they really do to each other would be lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sys::{self, PipeWriter, Progress};
use crate::trace::{ActorId, Event, What, codec};

/// A text in an event that would be longer is cut.
const TEXT_BYTES: usize = 120;
/// So long an event may be kept back, if another one comes after it.
const KEPT_NS: u64 = 5_000_000;
/// At most so many are kept back.
const MOST_KEPT: usize = 1 << 15;

/// Tells what happens in this process.
#[derive(Clone, Debug)]
pub(super) struct Teller(Arc<Telling>);

#[derive(Debug)]
struct Telling {
    pipe: PipeWriter,
    /// What was told and not yet written, in order.
    kept: Mutex<Vec<Event>>,
}

/// Nobody listens any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deaf;

impl Teller {
    pub(super) fn new(pipe: PipeWriter) -> Self {
        Self(Arc::new(Telling { pipe, kept: Mutex::default() }))
    }

    /// The same end once more, for a child.
    pub(super) fn twin(&self) -> std::io::Result<PipeWriter> {
        self.0.pipe.twin()
    }

    /// Says that something happened.
    pub(super) fn tell(&self, by: ActorId, at_ns: u64, what: What) -> Result<(), Deaf> {
        let patient = matches!(what, What::Used { .. });
        let mut kept = self.kept();
        kept.push(Event { at_ns, by, what });
        let since_ns = kept.first().map_or(at_ns, |first| first.at_ns);
        let may_wait = patient && at_ns.saturating_sub(since_ns) < KEPT_NS && kept.len() < MOST_KEPT;
        if may_wait { Ok(()) } else { self.write_all(&mut kept) }
    }

    /// Writes whatever was kept back so far.
    pub(super) fn flush(&self) -> Result<(), Deaf> {
        self.write_all(&mut self.kept())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Event>> {
        // A thread that panicked has left whole events all the same.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, kept: &mut Vec<Event>) -> Result<(), Deaf> {
        let (mut bytes, mut next) = (Vec::new(), Vec::new());
        for event in kept.drain(..) {
            next.clear();
            piece(event, &mut next);
            if bytes.len() + next.len() > sys::WHOLE_WRITE_BYTES {
                self.write(&bytes)?;
                bytes.clear();
            }
            bytes.extend_from_slice(&next);
        }
        self.write(&bytes)
    }

    fn write(&self, mut bytes: &[u8]) -> Result<(), Deaf> {
        while !bytes.is_empty() {
            match self.0.pipe.write(bytes) {
                Ok(Progress::Moved(count)) => bytes = &bytes[count..],
                Ok(Progress::WouldBlock) => {}
                Ok(Progress::Closed) | Err(_) => return Err(Deaf),
            }
        }
        Ok(())
    }
}

/// An event as bytes that can be written in one piece, into an empty buffer.
fn piece(mut event: Event, bytes: &mut Vec<u8>) {
    codec::write_event(&event, bytes);
    if bytes.len() > sys::WHOLE_WRITE_BYTES
        && let What::Called { call, answer, .. } = &mut event.what
    {
        cut(call);
        cut(answer);
        bytes.clear();
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
