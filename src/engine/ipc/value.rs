//! `Value("i", …)`, `Array("i", …)` and their raw variants: C ints in shared memory. The raw ones have no lock; that
//! of the others is an [`RLock`](super::RLock) beside them.
//!
//! Cost: a read or a write is one instruction.
//!
//! Traps: `v.value += 1` reads, adds and writes: with a lock or without, these are two operations, and whoever writes
//! between them is overwritten. A C int wraps: after 2147483647 comes -2147483648. An array's length is fixed.

use super::gate::{Word, Words};
use super::memory::Block;
use super::refusal::Refusal;

/// Numbers. Zeroed memory is zeros.
#[derive(Clone, Debug)]
pub struct Ints<M = Block> {
    words: M,
    length: u32,
}

impl<M: Words> Ints<M> {
    /// So many numbers, in these words.
    pub fn at(words: M, length: u32) -> Self {
        Self { words, length }
    }

    /// `len(a)`
    pub fn length(&self) -> u32 {
        self.length
    }

    /// `a[index]`; from the end on if it is negative.
    pub fn get(&self, index: i64) -> Result<i32, Refusal> {
        self.place(index).map(|place| self.read(place))
    }

    /// `a[index] = number`: what does not fit into a C int is cut off.
    pub fn set(&self, index: i64, number: i64) -> Result<(), Refusal> {
        self.place(index).map(|place| self.write(place, number as i32))
    }

    /// The place in memory of an index.
    pub fn place(&self, index: i64) -> Result<usize, Refusal> {
        let length = i64::from(self.length);
        let place = if index < 0 { index + length } else { index };
        if (0..length).contains(&place) { Ok(place as usize) } else { Err(Refusal::new("IndexError", "invalid index")) }
    }

    /// What is there.
    pub fn read(&self, place: usize) -> i32 {
        self.words.word(place).peek() as u32 as i32
    }

    /// From now on this is there.
    pub fn write(&self, place: usize, number: i32) {
        self.words.word(place).poke(u64::from(number as u32));
    }
}
