//! `spawn`: a fresh program. The worker inherits three ends and nothing else; what it needs to know
//! travels to it in a message.
//!
//! Costs about a millisecond here whatever the size of the parent (the standard library uses
//! `posix_spawn`, so nothing is copied), and 45 ms in Python, which starts a whole interpreter.

use std::io;

use crate::engine::worker::Belongings;
use crate::sys::{self, PipeEnd, PipeReader, PipeWriter, SharedMemory};

use super::{Calling, Started, Starter};

/// Starts workers afresh.
pub(super) struct Spawn;

impl Starter for Spawn {
    fn start_as(&mut self, calling: Calling, belongings: Belongings) -> io::Result<Started> {
        let Belongings { tasks, results, memory, ends } = &belongings;
        let own = [std::process::id().into(), tasks.handle(), results.handle(), memory.handle()];
        let numbers = own.into_iter().chain(ends.iter().map(PipeEnd::handle)).map(|number| number.to_string());
        let arguments: Vec<String> = std::iter::once(calling.argument().to_owned()).chain(numbers).collect();
        let (mut readers, mut writers) = PipeEnd::sorted(ends);
        readers.push(tasks);
        writers.push(results);
        Ok(Started::Ours(sys::spawn(&arguments, &readers, &writers, &[memory])?))
    }
}

/// The main function of a spawned process; the arguments are those that [`Spawn`] passes.
pub(in crate::engine) fn main(calling: Calling, arguments: &[u64]) -> i32 {
    let &[parent, tasks, results, memory, ref ends @ ..] = arguments else { return 2 };
    let belongings = (|| -> io::Result<Belongings> {
        Ok(Belongings {
            tasks: PipeReader::inherited(tasks)?,
            results: PipeWriter::inherited(results)?,
            memory: SharedMemory::inherited(memory)?,
            ends: ends.iter().map(|&end| PipeEnd::inherited(end)).collect::<io::Result<_>>()?,
        })
    })();
    let Ok(belongings) = belongings else { return 2 };
    // Whoever started Poolscope may have left descriptors open; they are none of a worker's business.
    sys::close_all_but(&belongings.tasks, &belongings.results, &belongings.memory, &belongings.ends);
    calling.follow(belongings, parent as u32)
}
