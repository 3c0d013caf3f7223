//! A piece of the memory that processes share.

use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::sys::SharedMemory;

/// Some words of shared memory, zeroed at first; copies are the same words.
#[derive(Clone, Debug)]
pub struct Block {
    memory: Arc<SharedMemory>,
    words: Range<usize>,
}

impl Block {
    /// New memory of so many words, for processes that are given it, and for threads.
    pub fn create(words: usize) -> io::Result<Self> {
        Ok(Self::of(SharedMemory::create(words * size_of::<AtomicU64>())?, words))
    }

    /// The first so many words of this memory, or as many as it has.
    pub fn of(memory: SharedMemory, words: usize) -> Self {
        let words = 0..words.min(memory.len());
        Self { memory: Arc::new(memory), words }
    }

    /// Some of these words, or as many of them as there are.
    #[must_use]
    pub fn part(&self, words: Range<usize>) -> Self {
        let at = |word: usize| (self.words.start + word).min(self.words.end);
        Self { memory: Arc::clone(&self.memory), words: at(words.start)..at(words.end) }
    }

    /// The whole memory that these words belong to, to pass on.
    pub fn again(&self) -> io::Result<SharedMemory> {
        self.memory.again()
    }
}

impl Deref for Block {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        &self.memory[self.words.clone()]
    }
}
