//! Blocks ⇄ bytes. A trace is a header and then blocks, the same on a pipe and in a file:
//!
//! ```text
//! header  "POOLSCOP"  major u16  minor u16  zero u32                      16 bytes
//! block   "PSBK"  kind u16  zero u16  actor u32  length u32  crc u32      20 bytes, then the payload
//!         kind 1: records of one actor, 32 bytes each (see `Words`)
//!         kind 2: one event as JSON
//!         kind 3: a result: at_ns u64, unit u32, then its bytes
//! ```
//!
//! All numbers are little-endian. The CRC-32 covers the block's header from `kind` to `length` and its
//! payload. Unknown kinds and records are skipped, a newer minor version is read, a newer major one is refused.
//! Nothing that a length or count claims is believed before it was compared with the bytes there are.

use super::event::{ActorId, Event, What};
pub use super::record::Words;

/// First bytes of every trace.
pub const MAGIC: &[u8; 8] = b"POOLSCOP";
/// Changes when older programs cannot read newer traces.
pub const MAJOR: u16 = 1;
/// Changes when something was added that older programs may skip.
pub const MINOR: u16 = 2;

const HEADER_BYTES: usize = 16;
const BLOCK_MAGIC: &[u8; 4] = b"PSBK";
const BLOCK_HEADER_BYTES: usize = 20;
/// No block of ours is larger.
const MAX_PAYLOAD_BYTES: usize = 16 << 20;
const RECORD_BYTES: usize = 32;
/// Records are cut into blocks of this many, so that a damaged byte costs little.
const RECORDS_PER_BLOCK: usize = 4096;

const KIND_RECORDS: u16 = 1;
const KIND_JSON: u16 = 2;
const KIND_RESULT: u16 = 3;

/// Appends the header of a trace.
pub fn write_header(out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&MAJOR.to_le_bytes());
    out.extend_from_slice(&MINOR.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
}

/// Appends one event as a block of its own.
pub fn write_event(event: &Event, out: &mut Vec<u8>) {
    if let What::ResultArrived { unit, payload } = &event.what {
        let start = begin_block(KIND_RESULT, event.by, out);
        out.extend_from_slice(&event.at_ns.to_le_bytes());
        out.extend_from_slice(&unit.to_le_bytes());
        out.extend_from_slice(payload);
        end_block(start, out);
    } else if let Some(words) = event.what.to_words(event.at_ns) {
        write_records(event.by, &[words], out);
    } else {
        let start = begin_block(KIND_JSON, event.by, out);
        // Plain data with string keys into memory: serde_json has no way to fail here, and a block
        // that it left half-written would be skipped by its reader.
        let _ = serde_json::to_writer(&mut *out, event);
        end_block(start, out);
    }
}

/// Appends records of one actor, in as many blocks as they need.
pub fn write_records(by: ActorId, records: &[Words], out: &mut Vec<u8>) {
    for chunk in records.chunks(RECORDS_PER_BLOCK) {
        let start = begin_block(KIND_RECORDS, by, out);
        let payload = out.len();
        out.resize(payload + chunk.len() * RECORD_BYTES, 0);
        let (places, _) = out[payload..].as_chunks_mut::<8>();
        for (place, word) in places.iter_mut().zip(chunk.as_flattened()) {
            *place = word.to_le_bytes();
        }
        end_block(start, out);
    }
}

fn begin_block(kind: u16, by: ActorId, out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(BLOCK_MAGIC);
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&by.0.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    start
}

fn end_block(start: usize, out: &mut [u8]) {
    let block = &mut out[start..];
    let length = (block.len() - BLOCK_HEADER_BYTES) as u32;
    block[12..16].copy_from_slice(&length.to_le_bytes());
    let crc = checksum(block);
    block[16..20].copy_from_slice(&crc.to_le_bytes());
}

/// The CRC of a whole block: its header between magic and CRC, and its payload.
fn checksum(block: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&block[4..16]);
    hasher.update(&block[BLOCK_HEADER_BYTES..]);
    hasher.finalize()
}

/// Bytes that are not a trace this program can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The first bytes are not ours.
    #[error("this is not a Poolscope trace")]
    Foreign,
    /// Made by a later Poolscope.
    #[error("this trace has format {major}.{minor} and this Poolscope reads {MAJOR}.x; open it with a newer Poolscope")]
    Newer {
        /// The trace's major version.
        major: u16,
        /// The trace's minor version.
        minor: u16,
    },
    /// A block whose bytes are not what was written.
    #[error("the block at byte {offset} is damaged")]
    Damaged {
        /// Where it begins.
        offset: u64,
    },
}

/// Takes bytes as they come and gives events as blocks become whole.
#[derive(Debug, Default)]
pub struct Decoder {
    /// Bytes that are not a whole block yet, from `taken` on.
    pending: Vec<u8>,
    taken: usize,
    /// Bytes of whole blocks given so far.
    offset: u64,
    begun: bool,
}

impl Decoder {
    /// Adds bytes and appends the events of every block that is whole now.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), DecodeError> {
        if self.taken > 0 {
            self.pending.drain(..self.taken);
            self.taken = 0;
        }
        self.pending.extend_from_slice(bytes);
        if !self.begun && !self.begin()? {
            return Ok(());
        }
        while self.block(events)? {}
        Ok(())
    }

    /// The bytes of the whole blocks that the last [`Self::push`] took, without the trace's header.
    pub fn whole_blocks(&self) -> &[u8] {
        let header = if self.offset == self.taken as u64 { HEADER_BYTES.min(self.taken) } else { 0 };
        &self.pending[header..self.taken]
    }

    /// Bytes given that are no whole block: what a cut left over.
    pub fn leftover_bytes(&self) -> usize {
        self.pending.len() - self.taken
    }

    /// Where the last whole block ended.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    fn advance(&mut self, bytes: usize) {
        self.taken += bytes;
        self.offset += bytes as u64;
    }

    /// Reads the header; false if it is not whole yet.
    fn begin(&mut self) -> Result<bool, DecodeError> {
        let known = self.pending.len().min(MAGIC.len());
        if self.pending[..known] != MAGIC[..known] {
            return Err(DecodeError::Foreign);
        }
        let Some(header) = self.pending.first_chunk::<HEADER_BYTES>() else { return Ok(false) };
        let (major, minor) = (u16::from_le_bytes([header[8], header[9]]), u16::from_le_bytes([header[10], header[11]]));
        if major > MAJOR {
            return Err(DecodeError::Newer { major, minor });
        }
        self.begun = true;
        self.advance(HEADER_BYTES);
        Ok(true)
    }

    /// Reads one block; false if it is not whole yet.
    fn block(&mut self, events: &mut Vec<Event>) -> Result<bool, DecodeError> {
        let damaged = DecodeError::Damaged { offset: self.offset };
        let rest = &self.pending[self.taken..];
        let known = rest.len().min(BLOCK_MAGIC.len());
        if rest[..known] != BLOCK_MAGIC[..known] {
            return Err(damaged);
        }
        let Some(header) = rest.first_chunk::<BLOCK_HEADER_BYTES>() else { return Ok(false) };
        let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let (kind, by, length, crc) = (number(4) as u16, ActorId(number(8)), number(12) as usize, number(16));
        if length > MAX_PAYLOAD_BYTES {
            return Err(damaged);
        }
        let Some(block) = rest.get(..BLOCK_HEADER_BYTES + length) else { return Ok(false) };
        if checksum(block) != crc || !read_payload(kind, by, &block[BLOCK_HEADER_BYTES..], events) {
            return Err(damaged);
        }
        self.advance(BLOCK_HEADER_BYTES + length);
        Ok(true)
    }
}

/// Appends the events of a block; false if a known kind does not hold what it must.
fn read_payload(kind: u16, by: ActorId, payload: &[u8], events: &mut Vec<Event>) -> bool {
    match kind {
        KIND_RECORDS => {
            let (records, rest) = payload.as_chunks::<RECORD_BYTES>();
            events.reserve(records.len());
            for record in records {
                let (parts, _) = record.as_chunks::<8>();
                let words: Words = std::array::from_fn(|index| u64::from_le_bytes(parts[index]));
                if let Some(what) = What::from_words(words) {
                    events.push(Event { at_ns: words[0], by, what });
                }
            }
            rest.is_empty()
        }
        KIND_JSON => match serde_json::from_slice(payload) {
            Ok(event) => {
                events.push(event);
                true
            }
            // An event of a later minor version: this program does not know it, and skips it.
            Err(error) => error.is_data(),
        },
        KIND_RESULT => {
            let Some((at, rest)) = payload.split_first_chunk::<8>() else { return false };
            let Some((unit, bytes)) = rest.split_first_chunk::<4>() else { return false };
            let what = What::ResultArrived { unit: u32::from_le_bytes(*unit), payload: bytes.to_vec() };
            events.push(Event { at_ns: u64::from_le_bytes(*at), by, what });
            true
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::trace::{ChannelId, Content, Doing, Exit, Outcome};

    fn samples() -> Vec<Event> {
        let content = [Content::Unit(7), Content::Setup, Content::Stop];
        let mut whats: Vec<What> = content
            .into_iter()
            .flat_map(|content| {
                let (channel, message, bytes) = (ChannelId(3), 12, u32::MAX);
                [What::Sent { channel, message, content, bytes }, What::Received { channel, message, content, bytes }]
            })
            .collect();
        whats.extend([
            What::ActorReady,
            What::UnitBegan { unit: 199_999, core: Some(0) },
            What::UnitEnded { unit: 199_999, core: None },
            What::Did { doing: Doing::Send, since_ns: 5 },
            What::Did { doing: Doing::Dispatch, since_ns: u64::MAX },
            What::UnitsSummed { units: 5, since_ns: 8, busy_ns: 9 },
            What::SentSummed { channel: ChannelId(1), messages: 4, bytes: u64::MAX },
            What::ReceivedSummed { channel: ChannelId(1), messages: 4, bytes: 1 },
            What::ResultArrived { unit: 3, payload: vec![0, 255, 7] },
            What::ActorExited { actor: ActorId(9), exit: Exit::Signal(9) },
            What::RunBegan { run: 0, plan: Box::default(), items: 9, chunksize: 2, detail_units: 5 },
            What::RunEnded { outcome: Outcome::Failed("why".into()), wall_ns: 1, start_ns: 0, digest: String::new() },
        ]);
        whats
            .into_iter()
            .enumerate()
            .map(|(at, what)| Event { at_ns: at as u64, by: ActorId(at as u32), what })
            .collect()
    }

    fn written(events: &[Event]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_header(&mut bytes);
        for event in events {
            write_event(event, &mut bytes);
        }
        bytes
    }

    #[test]
    fn every_event_reads_as_it_was_written_however_the_bytes_come() {
        let events = samples();
        let bytes = written(&events);
        for step in [1, 7, bytes.len()] {
            let mut decoder = Decoder::default();
            let mut read = Vec::new();
            for chunk in bytes.chunks(step) {
                decoder.push(chunk, &mut read).expect("what we wrote reads");
            }
            assert_eq!(read, events, "in steps of {step}");
            assert_eq!((decoder.leftover_bytes(), decoder.offset()), (0, bytes.len() as u64));
        }
    }

    #[test]
    fn many_records_are_cut_into_blocks() {
        let records: Vec<Words> = (0..10_000).map(|at| What::ActorReady.to_words(at).expect("dense")).collect();
        let mut bytes = Vec::new();
        write_header(&mut bytes);
        write_records(ActorId(2), &records, &mut bytes);
        let mut events = Vec::new();
        Decoder::default().push(&bytes, &mut events).expect("reads");
        assert_eq!(events.len(), 10_000);
        assert!(events.iter().enumerate().all(|(at, event)| event.at_ns == at as u64));
    }

    #[test]
    fn foreign_and_newer_bytes_are_refused_with_a_sentence() {
        let push = |bytes: &[u8]| Decoder::default().push(bytes, &mut Vec::new());
        assert_eq!(push(b"PNG"), Err(DecodeError::Foreign));
        let mut newer = written(&[]);
        newer[8] = 2;
        assert_eq!(push(&newer), Err(DecodeError::Newer { major: 2, minor: MINOR }));
        let mut later = written(&samples());
        later[10] = 9;
        assert_eq!(push(&later), Ok(()), "a newer minor version is read");
    }

    #[test]
    fn unknown_blocks_records_and_events_are_skipped() {
        let mut bytes = written(&[]);
        let start = begin_block(77, ActorId(1), &mut bytes);
        bytes.extend_from_slice(b"something new");
        end_block(start, &mut bytes);
        write_records(ActorId(1), &[[5, 250, 0, 0]], &mut bytes);
        let start = begin_block(KIND_JSON, ActorId(1), &mut bytes);
        bytes.extend_from_slice(br#"{"at_ns":1,"by":1,"what":{"from-the-future":{}}}"#);
        end_block(start, &mut bytes);
        let known = Event { at_ns: 1, by: ActorId(1), what: What::Printed { line: "kept".into() } };
        write_event(&known, &mut bytes);
        let mut events = Vec::new();
        Decoder::default().push(&bytes, &mut events).expect("skips what it does not know");
        assert_eq!(events, [known]);
    }

    #[test]
    fn a_run_of_a_later_version_is_read_with_what_is_known_of_its_plan() {
        let what = What::RunBegan { run: 0, plan: Box::default(), items: 9, chunksize: 2, detail_units: 5 };
        let event = Event { at_ns: 1, by: ActorId::PARENT, what };
        let text = serde_json::to_string(&event).expect("plain data");
        let later = text.replacen("\"workload\":", "\"affinity\":[1,2],\"workload\":", 1);
        assert_ne!(later, text, "there is a plan in it");
        let mut bytes = written(&[]);
        let start = begin_block(KIND_JSON, ActorId::PARENT, &mut bytes);
        bytes.extend_from_slice(later.as_bytes());
        end_block(start, &mut bytes);
        let mut events = Vec::new();
        Decoder::default().push(&bytes, &mut events).expect("a whole block");
        assert_eq!(events, [event]);
    }

    #[test]
    fn a_flipped_bit_is_never_taken_for_an_event() {
        let events = samples();
        let bytes = written(&events);
        for bit in HEADER_BYTES * 8..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut read = Vec::new();
            let outcome = Decoder::default().push(&flipped, &mut read);
            assert!(read.len() < events.len() && events.starts_with(&read), "bit {bit}: {outcome:?}");
        }
    }

    #[test]
    fn a_plan_is_small_in_a_trace() {
        let what = What::RunBegan { run: 0, plan: Box::new(Plan::default()), items: 1, chunksize: 1, detail_units: 1 };
        assert!(written(&[Event { at_ns: 0, by: ActorId(1), what }]).len() < 600);
    }
}
