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
    /// `print(label, v.value)`
    Print(&'static str),
}
