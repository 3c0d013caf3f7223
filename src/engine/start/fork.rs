//! `fork`: a copy of the parent, with everything the parent had in memory.
//!
//! Honest only from a process with a single thread, which the engine is: a copy has the forking thread
//! alone, and a lock that another thread held would stay locked for ever. The copy closes the ends of
//! its siblings' pipes, or those would never report that the parent is gone.

use std::io;

use crate::engine::worker::{self, Belongings};
use crate::sys::{self, Forked};

use super::{Started, Starter};

/// Starts workers by copying this process.
pub(super) struct Fork;

impl Starter for Fork {
    fn start(&mut self, belongings: Belongings) -> io::Result<Started> {
        let parent = std::process::id();
        match sys::fork()? {
            Forked::Parent(child) => Ok(Started::Ours(child)),
            Forked::Child => become_worker(belongings, parent),
        }
    }
}

/// What a copy does with its life. Never returns into the code that it is a copy of.
pub(super) fn become_worker(belongings: Belongings, parent: u32) -> ! {
    sys::close_all_but(&belongings.tasks, &belongings.results, &belongings.memory);
    sys::exit_now(worker::main(belongings, parent))
}
