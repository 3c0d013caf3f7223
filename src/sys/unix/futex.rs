//! Sleeping until a word in shared memory changes.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Sleeps while the low half of `word` is that of `seen`, at most so long; may wake without a reason. The
/// word may lie in memory that processes share.
pub fn park(word: &AtomicU64, seen: u64, patience: Duration) {
    let patience = libc::timespec {
        tv_sec: libc::time_t::try_from(patience.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::from(patience.subsec_nanos()),
    };
    // SAFETY: the word and the time live as long as the call; the kernel only reads both.
    unsafe {
        libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAIT, seen as u32, &raw const patience);
    }
}

/// Wakes at most so many of those who sleep on `word`, in whatever process; how many.
pub fn unpark(word: &AtomicU64, count: u32) -> u32 {
    let count = libc::c_int::try_from(count).unwrap_or(libc::c_int::MAX);
    // SAFETY: the word lives as long as the call, which reads nothing from it.
    let woken = unsafe { libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAKE, count) };
    u32::try_from(woken).unwrap_or(0)
}

/// What a futex looks at has 32 bits.
fn low_half(word: &AtomicU64) -> *const u32 {
    let halves = std::ptr::from_ref(word).cast::<u32>();
    if cfg!(target_endian = "little") { halves } else { halves.wrapping_add(1) }
}
