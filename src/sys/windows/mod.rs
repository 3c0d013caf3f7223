//! Windows.
//!
//! What differs from Unix, and what that costs:
//!
//! - A process can't be copied here, so workers are only ever spawned, and there is no fork server.
//! - Anonymous pipes can't be waited for together. [`wait_ready`] looks at each in turn, with naps
//!   between: a message may be noticed up to a millisecond after it came.
//! - Nobody tells a child that its parent is gone; a thread waits for that, and a job object
//!   ([`Leash`]) ends what could not end itself.

mod control;
mod interrupt;
mod memory;
mod pipe;
mod process;
mod ready;

use std::fs::OpenOptions;
use std::io;
use std::os::windows::io::{FromRawHandle, OwnedHandle, RawHandle};
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;
use windows_sys::Win32::System::Performance::{QueryPerformanceCounter, QueryPerformanceFrequency};
use windows_sys::Win32::System::Threading::GetCurrentProcessorNumberEx;
use windows_sys::core::BOOL;

use crate::plan::StartMethod;

pub use crate::sys::nap::{park, unpark};
pub use control::{Control, ControlPeer, Request};
pub use interrupt::notice_interrupts;
pub use memory::SharedMemory;
pub use pipe::{PipeReader, PipeWriter, WHOLE_WRITE_BYTES, pipe, stdin_pipe, stdout_pipe};
pub use process::{
    Child, Leash, adopt_orphans, close_all_but, detach_standard_streams, die_with_parent, exit_now, exit_of, fork,
    ignore_file_size_signal, ignore_terminate, kill_this_process, oom_kills, outlive_parent, own_group, parent_pid,
    raise_descriptor_limit, spawn, stop_this_process, terminate_this_process, volunteer_for_oom, wait_for_all,
    watch_parent_while_busy,
};
pub use ready::wait_ready;

/// Nanoseconds of the machine's monotonic clock: the performance counter, which is what Rust's
/// `Instant` reads here. Unlike on Unix it goes on while the machine sleeps.
#[inline]
pub fn now_ns() -> u64 {
    const SECOND: u64 = 1_000_000_000;
    static TICKS_A_SECOND: OnceLock<u64> = OnceLock::new();
    let frequency = *TICKS_A_SECOND.get_or_init(|| {
        let mut frequency = 0;
        // SAFETY: `frequency` is a valid place for the answer; the call can't fail since Windows XP.
        unsafe { QueryPerformanceFrequency(&raw mut frequency) };
        u64::try_from(frequency).unwrap_or(0).max(1)
    });
    let mut ticks = 0;
    // SAFETY: `ticks` is a valid place for the answer; the call can't fail since Windows XP.
    unsafe { QueryPerformanceCounter(&raw mut ticks) };
    let ticks = u64::try_from(ticks).unwrap_or(0);
    // In two parts, or a machine that is up for half an hour would overflow the product.
    ticks / frequency * SECOND + ticks % frequency * SECOND / frequency
}

/// The core this thread runs on. Windows numbers cores in groups of at most 64.
#[inline]
pub fn current_core() -> Option<u16> {
    let mut core = PROCESSOR_NUMBER::default();
    // SAFETY: `core` is a valid place for the answer; the call can't fail.
    unsafe { GetCurrentProcessorNumberEx(&raw mut core) };
    core.Group.checked_mul(64)?.checked_add(core.Number.into())
}

/// How worker processes can be started here.
pub fn start_methods() -> &'static [StartMethod] {
    &[StartMethod::Spawn]
}

/// New files are readable by this user only: a file inherits that from its folder here, and a user's
/// own folders are closed to others, so there is nothing to ask for.
pub fn only_for_this_user(_options: &mut OpenOptions) {}

/// Whether a window could open: there is always a desktop.
pub fn display_error() -> Option<&'static str> {
    None
}

/// What a call that answers true or false came to.
fn check(outcome: BOOL) -> io::Result<()> {
    if outcome == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Whether a spawned program inherits this handle.
fn set_inherited(handle: RawHandle, inherited: bool) -> io::Result<()> {
    let flags = if inherited { HANDLE_FLAG_INHERIT } else { 0 };
    // SAFETY: plain numbers; one that is no open handle is answered with an error.
    check(unsafe { SetHandleInformation(handle, HANDLE_FLAG_INHERIT, flags) })
}

/// Takes over a handle that this process was started with.
fn adopt(handle: u64) -> io::Result<OwnedHandle> {
    // Handles are small positive numbers; negative ones mean "this process" and the like.
    let number = i32::try_from(handle).ok().filter(|&number| number > 0).ok_or(io::ErrorKind::InvalidInput)?;
    let handle: RawHandle = std::ptr::without_provenance_mut(number as usize);
    // Its own children shall not have it; and a number that is no open handle is found out here.
    set_inherited(handle, false)?;
    // SAFETY: the handle is open, and the command line that names it is read once.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}
