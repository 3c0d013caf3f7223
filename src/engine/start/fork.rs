//! `fork`: a copy of the parent, with everything the parent had in memory.
//!
//! Honest only from a process with a single thread, which the engine is: a copy has the forking thread
//! alone, and a lock that another thread held would stay locked for ever. The copy closes the ends of
//! its siblings' pipes, or those would never report that the parent is gone.

use std::io;

use crate::engine::worker::Belongings;
use crate::sys::{self, Forked};

use super::{Calling, Started, Starter};

/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;

/// Starts workers by copying this process.
pub(super) struct Fork;

impl Starter for Fork {
    fn start_as(&mut self, calling: Calling, belongings: Belongings) -> io::Result<Started> {
        let parent = std::process::id();
        match sys::fork()? {
            Forked::Parent(child) => Ok(Started::Ours(child)),
            Forked::Child => become_one(calling, belongings, parent),
        }
    }
}

/// What a copy does with its life. Never returns into the code that it is a copy of.
pub(super) fn become_one(calling: Calling, belongings: Belongings, parent: u32) -> ! {
    sys::close_all_but(&belongings.tasks, &belongings.results, &belongings.memory, &belongings.ends);
    // The parent's standard input is its commands, its standard output is the trace.
    sys::detach_standard_streams();
    // A panic must not unwind into what this process is a copy of.
    let body = std::panic::AssertUnwindSafe(|| calling.follow(belongings, parent));
    sys::exit_now(std::panic::catch_unwind(body).unwrap_or(PANICKED))
}
