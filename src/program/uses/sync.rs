//! What is done with locks, semaphores, events, conditions and barriers.

/// A call on such an object. A time is in milliseconds; none means for ever.
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
}
