//! The ring a worker appends its events to: one writer, one reader, memory that both see.
//!
//! Recording is four relaxed stores and one release store: no syscall, no lock, no allocation. When
//! the ring is full the event is counted as lost and the writer goes on: it never waits for the
//! reader. The reader trusts nothing but the counters, and those only within the ring's size, so
//! that a worker that died in the middle of a write costs at most what it had not published.
//!
//! ```text
//! word 0    head: events ever written        (writer; a cache line of its own)
//! word 8    tail: events ever read           (reader; a cache line of its own)
//! word 16   lost: events that found no room  (writer)
//! word 17   begun: units ever begun          (writer): what is in hand when the writer dies
//! word 18   parts: how many rings share this memory, told by the reader before anybody writes
//! word 24…  slots of 4 words
//! ```
//!
//! Several threads of a process have a ring each; then the memory is [`divide`]d into equal parts.

use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::codec::Words;

const HEAD: usize = 0;
const TAIL: usize = 8;
const LOST: usize = 16;
const BEGUN: usize = 17;
const PARTS: usize = 18;
const SLOTS: usize = 24;
const SLOT_WORDS: usize = 4;

/// Bytes of memory for a ring of so many slots.
pub fn bytes_for(slots: usize) -> usize {
    (SLOTS + slots * SLOT_WORDS) * size_of::<u64>()
}

/// Memory for a ring within one process.
pub type Shared = Arc<[AtomicU64]>;

/// New memory for a ring of so many slots, for the threads of this process.
pub fn in_process(slots: usize) -> Shared {
    (0..bytes_for(slots) / size_of::<u64>()).map(|_| AtomicU64::new(0)).collect()
}

/// Says that this fresh memory holds so many rings, for whoever will write into them.
pub fn divide(memory: &[AtomicU64], parts: usize) {
    memory[PARTS].store(parts as u64, Ordering::Release);
}

/// How many rings the memory holds.
pub fn parts_in(memory: &[AtomicU64]) -> usize {
    let most = memory.len() / SLOTS;
    (memory[PARTS].load(Ordering::Acquire) as usize).clamp(1, most.max(1))
}

/// The rings of a memory that was divided.
pub fn divided<M: Deref<Target = [AtomicU64]>>(memory: M) -> Vec<Part<M>> {
    let parts = parts_in(&memory);
    let words = memory.len() / parts;
    let memory = Arc::new(memory);
    (0..parts).map(|part| Part { memory: Arc::clone(&memory), words: part * words..(part + 1) * words }).collect()
}

/// The memory of one of several rings.
#[derive(Debug)]
pub struct Part<M> {
    memory: Arc<M>,
    words: Range<usize>,
}

impl<M> Clone for Part<M> {
    fn clone(&self) -> Self {
        Self { memory: Arc::clone(&self.memory), words: self.words.clone() }
    }
}

impl<M: Deref<Target = [AtomicU64]>> Deref for Part<M> {
    type Target = [AtomicU64];

    fn deref(&self) -> &[AtomicU64] {
        &self.memory[self.words.clone()]
    }
}

/// Notes that so many units have ever been begun. Whoever outlives the writer can tell by it what the writer
/// had in hand, whether or not events are recorded.
#[inline]
pub fn note_begun(memory: &[AtomicU64], units: u64) {
    memory[BEGUN].store(units, Ordering::Release);
}

fn slots_in(words: &[AtomicU64]) -> u64 {
    (words.len().saturating_sub(SLOTS) / SLOT_WORDS) as u64
}

fn slot(words: &[AtomicU64], slots: u64, index: u64) -> &[AtomicU64] {
    let start = SLOTS + (index % slots) as usize * SLOT_WORDS;
    &words[start..start + SLOT_WORDS]
}

/// The end that records events.
#[derive(Debug)]
pub struct Recorder<M> {
    memory: M,
    slots: u64,
    head: u64,
    /// The reader's position as last seen: looked up again only when the ring seems full.
    tail: u64,
}

impl<M: Deref<Target = [AtomicU64]>> Recorder<M> {
    /// Records into fresh, zeroed memory.
    pub fn new(memory: M) -> Self {
        let slots = slots_in(&memory);
        Self { memory, slots, head: 0, tail: 0 }
    }

    /// Records an event, or counts it as lost.
    #[inline]
    pub fn record(&mut self, event: Words) {
        if self.head - self.tail >= self.slots {
            self.tail = self.memory[TAIL].load(Ordering::Acquire);
            if self.head.wrapping_sub(self.tail) >= self.slots {
                // One writer: reading and writing it needs no lock on the bus.
                let lost = self.memory[LOST].load(Ordering::Relaxed);
                self.memory[LOST].store(lost.wrapping_add(1), Ordering::Relaxed);
                return;
            }
        }
        for (place, word) in slot(&self.memory, self.slots, self.head).iter().zip(event) {
            place.store(word, Ordering::Relaxed);
        }
        self.head += 1;
        self.memory[HEAD].store(self.head, Ordering::Release);
    }

    /// Notes that so many units have ever been begun; see [`note_begun`].
    #[inline]
    pub fn note_begun(&mut self, units: u64) {
        note_begun(&self.memory, units);
    }
}

/// The end that takes events out.
#[derive(Debug)]
pub struct Drain<M> {
    memory: M,
    slots: u64,
    tail: u64,
    lost: u64,
}

impl<M: Deref<Target = [AtomicU64]>> Drain<M> {
    /// Reads what is recorded into this memory.
    pub fn new(memory: M) -> Self {
        let slots = slots_in(&memory);
        Self { memory, slots, tail: 0, lost: 0 }
    }

    /// Whether so much lies in the ring that it should be drained soon: a quarter of what it holds.
    pub fn is_filling(&self) -> bool {
        self.waiting() > self.slots / 4
    }

    fn waiting(&self) -> u64 {
        // A worker that wrote nonsense into the head can make us read old slots, never past the ring.
        self.memory[HEAD].load(Ordering::Acquire).saturating_sub(self.tail).min(self.slots)
    }

    /// Appends every event recorded since the last call.
    pub fn drain(&mut self, out: &mut Vec<Words>) {
        let count = self.waiting();
        out.extend((self.tail..self.tail + count).map(|index| {
            let words = slot(&self.memory, self.slots, index);
            std::array::from_fn(|place| words[place].load(Ordering::Relaxed))
        }));
        self.tail += count;
        self.memory[TAIL].store(self.tail, Ordering::Release);
    }

    /// How many units the writer has ever begun.
    pub fn begun(&self) -> u64 {
        self.memory[BEGUN].load(Ordering::Acquire)
    }

    /// Events that found no room since the last call.
    pub fn newly_lost(&mut self) -> u64 {
        let lost = self.memory[LOST].load(Ordering::Relaxed);
        let new = lost.saturating_sub(self.lost);
        self.lost = lost.max(self.lost);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(slots: usize) -> (Recorder<Shared>, Drain<Shared>) {
        let memory = in_process(slots);
        (Recorder::new(memory.clone()), Drain::new(memory))
    }

    #[test]
    fn what_is_recorded_comes_out_once_and_in_order() {
        let (mut recorder, mut drain) = ring(8);
        let mut out = Vec::new();
        for round in 0..100 {
            for index in 0..round % 9 {
                recorder.record([round, index, 2, 3]);
            }
            out.clear();
            drain.drain(&mut out);
            assert_eq!(out, (0..round % 9).map(|index| [round, index, 2, 3]).collect::<Vec<_>>());
        }
        assert_eq!(drain.newly_lost(), 0);
    }

    #[test]
    fn a_full_ring_counts_what_it_could_not_keep() {
        let (mut recorder, mut drain) = ring(4);
        for index in 0..10 {
            recorder.record([index, 0, 0, 0]);
        }
        let mut out = Vec::new();
        drain.drain(&mut out);
        assert_eq!(out.iter().map(|words| words[0]).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!((drain.newly_lost(), drain.newly_lost()), (6, 0));
        recorder.record([10, 0, 0, 0]);
        drain.drain(&mut out);
        assert_eq!(out.last(), Some(&[10, 0, 0, 0]));
    }

    /// Under Miri each of them takes milliseconds.
    const EVENTS: u64 = if cfg!(miri) { 500 } else { 200_000 };

    #[test]
    fn a_writer_and_a_reader_at_once_lose_nothing_that_was_kept() {
        let (mut recorder, mut drain) = ring(64);
        let record = move || (0..EVENTS).for_each(|index| recorder.record([index, index, index, index]));
        let writer = std::thread::Builder::new().name("writer".into()).spawn(record).expect("a thread");
        let mut out = Vec::new();
        while !writer.is_finished() {
            drain.drain(&mut out);
        }
        writer.join().expect("the writer ends");
        drain.drain(&mut out);
        assert!(out.is_sorted() && out.iter().all(|words| words.iter().all(|word| *word == words[0])));
        assert_eq!(out.len() as u64 + drain.newly_lost(), EVENTS);
    }

    #[test]
    fn a_head_full_of_nonsense_is_bounded_by_the_ring() {
        let (recorder, mut drain) = ring(4);
        recorder.memory[HEAD].store(u64::MAX, Ordering::Release);
        let mut out = Vec::new();
        drain.drain(&mut out);
        assert_eq!(out.len(), 4);
    }
}
