//! What is done with numbers and bytes in shared memory.

use crate::program::object::Obj;

/// A use of such memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cells {
    /// `v.value += 1`, so often; under a lock if one is named.
    Increment {
        /// How often.
        times: u32,
        /// The lock that is held for each of them; the object itself means its own lock (`get_lock()`).
        lock: Option<Obj>,
    },
    /// `print(label, v.value)`; of an array, `print(label, a[:])`.
    Print(&'static str),
    /// `print(label, a[index])`
    PrintAt(&'static str, i64),
    /// `print(label, a[from:to])`
    PrintSlice(&'static str, i64, i64),
    /// `print(label, len(a))`
    PrintLength(&'static str),
    /// `a[index] = number`; of a value, `v.value = number`.
    Write(i64, i64),
    /// `a[from:to] = numbers`
    WriteSlice(i64, i64, Vec<i64>),
    /// `into[index] = sum(a[from:to])`
    Sum {
        /// From which place.
        from: u32,
        /// To the one before this.
        to: u32,
        /// The array and the place for the sum.
        into: (Obj, u16),
    },
    /// `print(label, sum(a))`
    PrintSum(&'static str),
    /// Puts a number into an array that is used as a ring: its first number counts what is in it, the second is the
    /// place of the oldest, and the others are the places.
    RingPut(i32),
    /// Takes the oldest number out of such a ring and adds it to a number of another array.
    RingTake(Obj, u16),
}
