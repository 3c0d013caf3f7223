//! `spawn`: a fresh program. The worker inherits three ends and nothing else; what it needs to know
//! travels to it in a message.
//!
//! Costs about a millisecond here whatever the size of the parent (the standard library uses
//! `posix_spawn`, so nothing is copied), and 45 ms in Python, which starts a whole interpreter.

use std::io;

use crate::engine::worker::Belongings;
use crate::sys::{self, PipeReader, PipeWriter, SharedMemory};

use super::{Calling, Started, Starter};

/// Starts workers afresh.
pub(super) struct Spawn;

impl Starter for Spawn {
    fn start_as(&mut self, calling: Calling, belongings: Belongings) -> io::Result<Started> {
        let Belongings { tasks, results, memory } = &belongings;
        let arguments = [
            calling.argument().to_owned(),
            std::process::id().to_string(),
            tasks.handle().to_string(),
            results.handle().to_string(),
            memory.handle().to_string(),
        ];
        Ok(Started::Ours(sys::spawn(&arguments, &[tasks], &[results], &[memory])?))
    }
}

/// The main function of a spawned process; the arguments are those that [`Spawn`] passes.
pub(in crate::engine) fn main(calling: Calling, arguments: &[u64]) -> i32 {
    let &[parent, tasks, results, memory] = arguments else { return 2 };
    let belongings = (|| -> io::Result<Belongings> {
        Ok(Belongings {
            tasks: PipeReader::inherited(tasks)?,
            results: PipeWriter::inherited(results)?,
            memory: SharedMemory::inherited(memory)?,
        })
    })();
    let Ok(belongings) = belongings else { return 2 };
    // Whoever started Poolscope may have left descriptors open; they are none of a worker's business.
    sys::close_all_but(&belongings.tasks, &belongings.results, &belongings.memory);
    calling.follow(belongings, parent as u32)
}
