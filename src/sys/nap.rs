//! Where a system can't wake another process by a word in shared memory, whoever waits looks again and again,
//! ever less often.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The first nap.
const SHORTEST: Duration = Duration::from_micros(20);
/// The longest: nobody sees a millisecond.
const LONGEST: Duration = Duration::from_millis(1);

/// Sleeps while the low half of `word` is that of `seen`, at most so long. The word may lie in memory that
/// processes share.
pub fn park(word: &AtomicU64, seen: u64, patience: Duration) {
    let began = Instant::now();
    let mut nap = SHORTEST;
    while word.load(Ordering::Acquire) as u32 == seen as u32 {
        let Some(left) = patience.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) else { return };
        std::thread::sleep(nap.min(left));
        nap = (nap * 2).min(LONGEST);
    }
}

/// Nobody needs to be woken; nobody knows how many slept.
pub fn unpark(_word: &AtomicU64, _count: u32) -> u32 {
    0
}
