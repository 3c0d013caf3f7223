//! The signals by which this process is asked to end.

use nix::libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::sys::interrupt;

/// From now on a request to end is noted ([`crate::sys::interrupted`]) and ends nothing by itself; a second one
/// does. A request that whoever started this process had it ignore, as `nohup` does, stays ignored.
pub fn notice_interrupts() {
    let noting = SigAction::new(SigHandler::Handler(note), SaFlags::SA_RESTART, SigSet::empty());
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler calls nothing but the clock and `_exit`, and touches nothing but atomics.
        let before = unsafe { sigaction(signal, &noting) };
        if let Ok(before) = before
            && matches!(before.handler(), SigHandler::SigIgn)
        {
            // SAFETY: no handler of ours; what was there before is put back.
            let _ = unsafe { sigaction(signal, &before) };
        }
    }
}

/// The exit code is what a shell reports for a process that such a signal has ended.
extern "C" fn note(signal: c_int) {
    interrupt::note(128 + signal as u8);
}
