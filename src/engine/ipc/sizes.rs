//! How long the next message in a queue's pipe is, before any of it is read.
//!
//! A pipe knows no messages, so a reader reads the header first, and then as much as that says: two calls. But the
//! messages of a queue are written one after the other, and mostly all have the same size. So a writer says, before it
//! begins: another one, and since which one all have had this size. Where that holds for the next one, its reader
//! reads all of it at once; and where none was begun, it need not ask the kernel for one.
//!
//! ```text
//! begun │ since which one, and what size ┊ taken │ the first two, as they were last seen ┊ is it no longer known?
//!   a writer, under its lock             ┊          a reader, under its lock             ┊ who recovers
//! ```
//!
//! Readers look at the words of the writers only when they have taken all that they knew of: a word that one core
//! writes and another reads travels between them each time.
//!
//! Where somebody died over a message these counts may be one too many: from then on the header is read first.

use super::gate::{Word, Words};
use super::memory::Block;

/// The words of the writers.
const BEGUN: usize = 0;
const LATELY: usize = 1;
/// The words of the readers, in a cache line of their own.
const TAKEN: usize = 8;
const SEEN_BEGUN: usize = 9;
const SEEN_LATELY: usize = 10;
/// The word of who recovers; hardly ever written.
const LOST: usize = 11;

/// What writers and readers of a pipe tell each other of the messages in it. Zeroed memory is an empty pipe.
#[derive(Clone, Debug)]
pub(super) struct Sizes<M = Block>(M);

impl<M: Words> Sizes<M> {
    /// Those in these words.
    pub(super) fn at(words: M) -> Self {
        Self(words)
    }

    /// The writer that has the lock begins a message of this size.
    pub(super) fn begin(&self, size: u32) {
        let begun = self.get(BEGUN);
        if begun == 0 || self.get(LATELY) as u32 != size {
            self.0.word(LATELY).store(begun << 32 | u64::from(size));
        }
        // Last: whoever sees it sees the size.
        self.0.word(BEGUN).store(begun.wrapping_add(1));
    }

    /// For the reader that has the lock: whether a message was begun that is not taken; true where that is not known.
    pub(super) fn is_begun(&self) -> bool {
        let taken = self.get(TAKEN);
        self.get(SEEN_BEGUN) != taken || self.get(BEGUN) != taken || self.is_lost()
    }

    /// For the reader that has the lock: the size of the next message, if it is known.
    pub(super) fn of_next(&self) -> Option<u32> {
        let taken = self.get(TAKEN);
        if self.get(SEEN_BEGUN) == taken {
            // In this order: what is seen as begun has the size that is seen, or an older one.
            for (seen, word) in [(SEEN_BEGUN, BEGUN), (SEEN_LATELY, LATELY)] {
                self.0.word(seen).store(self.get(word));
            }
        }
        let lately = self.get(SEEN_LATELY);
        let is_since = (taken as u32).wrapping_sub((lately >> 32) as u32).cast_signed() >= 0;
        (self.get(SEEN_BEGUN) > taken && is_since && !self.is_lost()).then_some(lately as u32)
    }

    /// The reader that has the lock has taken a message.
    pub(super) fn take(&self) {
        self.0.word(TAKEN).store(self.get(TAKEN).wrapping_add(1));
    }

    /// Somebody died with a lock: nobody knows what it had begun or taken.
    pub(super) fn lose(&self) {
        self.0.word(LOST).store(1);
    }

    fn is_lost(&self) -> bool {
        self.get(LOST) != 0
    }

    fn get(&self, word: usize) -> u64 {
        self.0.word(word).load()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ipc::layout::CELL;

    #[test]
    fn a_size_is_known_where_all_that_lie_in_the_pipe_have_it() {
        let sizes = Sizes::at(Block::create(CELL).expect("memory"));
        assert_eq!((sizes.is_begun(), sizes.of_next()), (false, None));
        for size in [20, 20, 30] {
            sizes.begin(size);
        }
        // The first two are not what has been written of late.
        for known in [None, None, Some(30)] {
            assert_eq!((sizes.is_begun(), sizes.of_next()), (true, known));
            sizes.take();
        }
        sizes.begin(30);
        assert_eq!(sizes.of_next(), Some(30));
        sizes.take();
        assert_eq!((sizes.is_begun(), sizes.of_next()), (false, None));
    }

    #[test]
    fn nothing_is_known_any_more_when_somebody_died_over_a_message() {
        let sizes = Sizes::at(Block::create(CELL).expect("memory"));
        sizes.lose();
        assert_eq!((sizes.is_begun(), sizes.of_next()), (true, None));
        sizes.begin(20);
        assert_eq!((sizes.is_begun(), sizes.of_next()), (true, None));
    }

    #[test]
    fn four_thousand_million_messages_later_it_is_still_right() {
        let sizes = Sizes::at(Block::create(CELL).expect("memory"));
        let many = u64::from(u32::MAX) - 1;
        for word in [BEGUN, SEEN_BEGUN, TAKEN] {
            Word::store(sizes.0.word(word), many);
        }
        for size in [20, 20, 20, 30, 30, 30] {
            sizes.begin(size);
            assert_eq!(sizes.of_next(), Some(size));
            sizes.take();
        }
    }
}
