//! Waiting for several pipes.

use std::io;
use std::time::{Duration, Instant};

use super::{PipeReader, PipeWriter};
use crate::sys::Ready;

/// How long to look without a nap: the answer to a message often takes no longer.
const EAGER: Duration = Duration::from_micros(50);
/// The longest nap while looking is cheap.
const LONGEST_NAP: Duration = Duration::from_millis(1);
/// A nap lasts at least this many times as long as looking did, so that five hundred quiet pipes
/// don't keep a core busy.
const NAP_PER_LOOK: u32 = 8;

/// Sleeps until an end can be used, at most so long; at the deadline, nothing is ready.
///
/// Windows can't wait for several anonymous pipes at once, so each is looked at in turn, with naps
/// between that grow to a millisecond. A writer may be called ready that is still full: it was
/// refused a while ago, and only another try can tell.
///
/// # Errors
///
/// None here; elsewhere the system may refuse.
#[allow(clippy::unnecessary_wraps, reason = "on Unix the kernel is asked")]
pub fn wait_ready(readers: &[&PipeReader], writers: &[&PipeWriter], patience: Duration) -> io::Result<Ready> {
    let began = Instant::now();
    let mut nap = EAGER;
    loop {
        let look_began = Instant::now();
        let ready = look(readers, writers);
        let look_took = look_began.elapsed();
        let usable = ready.readers.iter().chain(&ready.writers).any(|usable| *usable);
        let left = patience.saturating_sub(began.elapsed());
        if usable || left.is_zero() {
            return Ok(ready);
        }
        if began.elapsed() < EAGER {
            std::thread::yield_now();
        } else {
            nap = nap.max(look_took * NAP_PER_LOOK);
            std::thread::sleep(nap.min(left));
            nap = (nap * 2).min(LONGEST_NAP);
        }
    }
}

/// What can be used right now. An end that can't even be looked at is ready: using it tells why.
fn look(readers: &[&PipeReader], writers: &[&PipeWriter]) -> Ready {
    Ready {
        readers: readers.iter().map(|end| !matches!(end.waiting_bytes(), Ok(Some(0)))).collect(),
        writers: writers.iter().map(|end| end.may_have_room()).collect(),
    }
}
