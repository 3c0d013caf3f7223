//! The console's requests to end this process.

use std::time::Duration;

use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::core::BOOL;

use crate::sys::interrupt;

/// What a shell reports elsewhere for Ctrl-C, and for a terminal that closes.
const CODES: [u8; 2] = [130, 129];

/// From now on a request to end is noted ([`crate::sys::interrupted`]) and ends nothing by itself; a second one
/// does.
pub fn notice_interrupts() {
    // SAFETY: the handler stays as long as the program. Without a console there is nobody to ask.
    unsafe { SetConsoleCtrlHandler(Some(note), 1) };
}

/// Called by the system on a thread of its own.
unsafe extern "system" fn note(event: u32) -> BOOL {
    let is_key = event == CTRL_C_EVENT || event == CTRL_BREAK_EVENT;
    interrupt::note(CODES[usize::from(!is_key)]);
    if !is_key {
        // The system ends this process, whatever it is about, as soon as this has answered.
        std::thread::sleep(Duration::from_secs(5));
    }
    1
}
