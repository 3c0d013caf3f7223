//! What a process may be asked to do to itself. Nothing here is acted: the process really ends, or really
//! stands still.

use std::time::Duration;

use crate::plan::Action;

/// The exit code of [`Action::Exit`].
pub const EXIT_CODE: i32 = 3;
/// The exit code of [`Action::LibcExit`].
pub const LIBC_EXIT_CODE: i32 = 7;

/// Does to this process what the action says. Comes back from [`Action::Stop`] when somebody continues the
/// process, and at once from what only another process can do and from errors, which are no harm.
pub fn suffer(action: Action) {
    match action {
        Action::Exit => std::process::exit(EXIT_CODE),
        Action::LibcExit => super::exit_now(LIBC_EXIT_CODE),
        Action::Abort => std::process::abort(),
        Action::Segfault => read_nothing(),
        Action::Kill => super::kill_this_process(),
        Action::Terminate => super::terminate_this_process(),
        Action::Stop => super::stop_this_process(),
        Action::Hang => loop {
            std::thread::sleep(Duration::from_hours(1));
        },
        Action::Continue | Action::Error | Action::Closure | Action::OpenFile => {}
    }
}

/// Reads a byte where there is no memory. Not at address zero, which the compiler knows to be wrong.
fn read_nothing() {
    let nowhere = std::ptr::without_provenance::<u8>(64);
    // SAFETY: there is none; that is the point. Every system keeps the first page of a process unmapped,
    // so the read ends the process before anything is done with what it gave.
    let _ = unsafe { std::ptr::read_volatile(nowhere) };
}
