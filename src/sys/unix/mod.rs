//! Linux and macOS.

mod control;
// Miri does not know what it means to look at half of an atomic word.
#[cfg(all(target_os = "linux", not(miri)))]
mod futex;
mod interrupt;
#[cfg(not(miri))]
mod memory;
#[cfg(miri)]
mod miri;
mod oom;
mod pipe;
mod process;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use crate::plan::StartMethod;

#[cfg(any(miri, not(target_os = "linux")))]
pub use crate::sys::nap::{park, unpark};
pub use control::{Control, ControlPeer, Request};
#[cfg(all(target_os = "linux", not(miri)))]
pub use futex::{park, unpark};
pub use interrupt::notice_interrupts;
#[cfg(not(miri))]
pub use memory::SharedMemory;
#[cfg(miri)]
pub use miri::SharedMemory;
pub use oom::{oom_kills, volunteer_for_oom};
pub use pipe::{PipeReader, PipeWriter, WHOLE_WRITE_BYTES, pipe, stdin_pipe, stdout_pipe, wait_ready};
pub use process::{
    Child, Leash, adopt_orphans, close_all_but, detach_standard_streams, die_with_parent, exit_now, exit_of, fork,
    ignore_file_size_signal, ignore_terminate, kill_this_process, outlive_parent, own_group, parent_pid,
    raise_descriptor_limit, spawn, stop_this_process, terminate_this_process, wait_for_all, watch_parent_while_busy,
};

/// Nanoseconds of the machine's monotonic clock: `CLOCK_MONOTONIC` on Linux; on macOS
/// `CLOCK_UPTIME_RAW`, which is what Rust's `Instant` reads there.
#[inline]
pub fn now_ns() -> u64 {
    #[cfg(target_os = "macos")]
    const CLOCK: libc::clockid_t = libc::CLOCK_UPTIME_RAW;
    #[cfg(not(target_os = "macos"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer, and the clock exists on every such system.
    unsafe { libc::clock_gettime(CLOCK, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The core this thread runs on.
#[inline]
pub fn current_core() -> Option<u16> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: no arguments, no memory; negative where the kernel does not tell.
        u16::try_from(unsafe { libc::sched_getcpu() }).ok()
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// How worker processes can be started here.
pub fn start_methods() -> &'static [StartMethod] {
    StartMethod::ALL
}

/// New files are readable by this user only: traces hold pupils' data.
pub fn only_for_this_user(options: &mut OpenOptions) {
    options.mode(0o600);
}

/// Whether a window could open: on Linux a display must be named.
pub fn display_error() -> Option<&'static str> {
    let named = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !named("DISPLAY") && !named("WAYLAND_DISPLAY") {
        return Some("No display was found (neither DISPLAY nor WAYLAND_DISPLAY is set).");
    }
    None
}
