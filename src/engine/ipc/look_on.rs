//! Looking on for a moment, before one falls asleep.
//!
//! Whoever falls asleep pays for it, and for being woken: some microseconds, in which the core switches twice. What a
//! process waits for is often there sooner, because another core is at it. So it looks again and again for as long as
//! a sleep would cost, and only then sleeps. Whatever happens, that costs at most twice what the best choice would
//! have (Karlin, Li, Manasse, Owicki: Empirical Studies of Competitive Spinning for a Shared-Memory Multiprocessor,
//! SOSP 1991). Where there is one core nobody else is at it, and nobody looks on; where all cores are busy with other
//! things looking on takes the time of the one who is waited for, so whoever did it in vain leaves it for a while.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::plan;

/// About what falling asleep and being woken cost together.
const COST_OF_A_SLEEP: Duration = Duration::from_micros(25);
/// From one look to the next: each takes the word from the core that is at work with it.
const BETWEEN_LOOKS: Duration = Duration::from_nanos(500);
/// However often it was in vain, after so many sleeps it is tried again.
const MOST_SLEEPS: u32 = 128;

static ARE_THERE_OTHER_CORES: LazyLock<bool> = LazyLock::new(|| plan::cores() > 1);
/// So many times this process goes on to sleep at once.
static SLEEPS: AtomicU32 = AtomicU32::new(0);
/// So many times it did after it had last looked on in vain; less for each time that it was not.
static AFTER_THE_LAST: AtomicU32 = AtomicU32::new(0);

/// Finds out whether there are other cores: a process does so before it shares anything, for the system's files are
/// read for it.
pub(super) fn prepare() {
    LazyLock::force(&ARE_THERE_OTHER_CORES);
}

/// What another look finds within a moment. Where there is nothing, or looking is not worth it, it is time to sleep.
pub(super) fn look_on<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    if !is_worth_it() {
        return None;
    }
    let (began, mut next) = (Instant::now(), BETWEEN_LOOKS);
    let found = loop {
        while began.elapsed() < next {
            std::hint::spin_loop();
        }
        let found = look();
        next += BETWEEN_LOOKS;
        if found.is_some() || next > COST_OF_A_SLEEP {
            break found;
        }
    };
    let after_the_last = AFTER_THE_LAST.load(Ordering::Relaxed);
    if found.is_some() {
        AFTER_THE_LAST.store(after_the_last / 2, Ordering::Relaxed);
    } else {
        let sleeps = (2 * after_the_last).clamp(1, MOST_SLEEPS);
        AFTER_THE_LAST.store(sleeps, Ordering::Relaxed);
        SLEEPS.store(sleeps, Ordering::Relaxed);
    }
    found
}

/// Whether it may be there soon. Threads that ask at the same time may count wrongly: that costs a moment.
fn is_worth_it() -> bool {
    let sleeps = SLEEPS.load(Ordering::Relaxed);
    SLEEPS.store(sleeps.saturating_sub(1), Ordering::Relaxed);
    sleeps == 0 && *ARE_THERE_OTHER_CORES
}
