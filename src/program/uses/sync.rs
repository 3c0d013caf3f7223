//! What is done with locks, semaphores, events, conditions and barriers.

use crate::program::object::Obj;

/// A call on such an object. A time is in milliseconds; none means for ever. A value, an array and a condition mean
/// their own lock where a lock is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sync {
    /// `acquire()`
    Acquire,
    /// `acquire(timeout)`; its answer is printed after the label.
    TryAcquire {
        /// What is printed before the answer.
        label: &'static str,
        /// How long it is waited for; 0: `acquire(False)`.
        timeout_ms: i64,
    },
    /// `release()`
    Release,
    /// `print(label, s.get_value())`, of a semaphore.
    Permits(&'static str),
    /// `Semaphore(permits)`: tries to make another one, which nobody else knows.
    MakeSemaphore(i64),
    /// `set()`, of an event.
    Set,
    /// `clear()`
    Clear,
    /// `print(label, e.is_set())`
    IsSet(&'static str),
    /// `wait(timeout)` of an event or a condition; its answer is printed after the label, if there is one.
    Wait {
        /// How long.
        timeout_ms: Option<i64>,
        /// What is printed before the answer.
        label: Option<&'static str>,
    },
    /// `wait_for(lambda: …, timeout)` of a condition; its answer is printed after the label, if there is one.
    WaitFor {
        /// The predicate.
        until: Test,
        /// How long.
        timeout_ms: Option<i64>,
        /// What is printed before the answer.
        label: Option<&'static str>,
    },
    /// `notify(count)`
    Notify(u32),
    /// `notify_all()`
    NotifyAll,
    /// `wait(timeout)` of a barrier.
    Pass {
        /// How long.
        timeout_ms: Option<i64>,
        /// What is printed before the answer.
        label: Option<&'static str>,
        /// What the barrier's `action` prints: it runs in the one who comes last, before the others go on.
        action: Option<&'static str>,
    },
    /// `abort()`
    Abort,
    /// `reset()`
    Reset,
    /// `print(label, b.broken)`
    IsBroken(&'static str),
}

/// What is asked about a number in shared memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    /// Of which object.
    pub cells: Obj,
    /// Its place.
    pub index: u16,
    /// What must hold.
    pub is: Is,
}

/// A question about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    /// It is smaller.
    Below(i32),
    /// It is larger.
    Above(i32),
}
