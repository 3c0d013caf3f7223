//! Being asked to end from outside: Ctrl-C, a request to terminate, a terminal that closes.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The exit code that the first request asks for; 0 as long as there is none.
static ASKED: AtomicU8 = AtomicU8::new(0);
/// When the first request came.
static ASKED_NS: AtomicU64 = AtomicU64::new(0);

/// A request so soon after the first is the first again: some programs that pass one on send it twice.
const SAME_NS: u64 = 200_000_000;

/// The exit code with which this process shall end, if somebody has asked it to since
/// [`super::notice_interrupts`].
pub fn interrupted() -> Option<u8> {
    Some(ASKED.load(Ordering::Relaxed)).filter(|&code| code != 0)
}

/// Somebody asks. The second time this process ends at once. Whatever this calls may be called by a handler of
/// signals.
pub(super) fn note(code: u8) {
    let now_ns = super::now_ns();
    if ASKED.compare_exchange(0, code, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        ASKED_NS.store(now_ns, Ordering::Relaxed);
    } else if now_ns.saturating_sub(ASKED_NS.load(Ordering::Relaxed)) > SAME_NS {
        super::exit_now(code.into());
    }
}
