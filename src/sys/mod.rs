//! The contract with the operating system. Everything that differs between systems, and every
//! `unsafe` line, lives in this folder; the rest of the house calls these names.
//!
//! What each system must offer (`unix/`, `windows/`):
//!
//! | name | promise |
//! |---|---|
//! | [`now_ns`] | one monotonic clock for all processes of the machine |
//! | [`current_core`] | the core this thread runs on, where the system tells |
//! | [`start_methods`] | how worker processes can be started here; `fork` and the control socket answer `Unsupported` elsewhere |
//! | [`pipe`], [`PipeReader`], [`PipeWriter`] | anonymous, not inherited unless passed; capacity as the kernel says |
//! | [`SharedMemory`] | nameless, allocated before it is mapped, can't be shrunk by a peer |
//! | [`spawn`], [`fork`], [`Child`] | children that can be waited for with a deadline and killed safely, and [signalled](Signal) |
//! | [`die_with_parent`], [`watch_parent_while_busy`] | this process ends when its parent does, however the parent ended |
//! | [`outlive_parent`], [`adopt_orphans`], [`Child::adopt`] | except where a lesson shows an orphan: whose child it becomes |
//! | [`wait_for_all`] | no zombie is left of those who became children of this process unasked |
//! | [`suffer`] | this process crashes, ends, or stands still, as it is told |
//! | [`oom_kills`] | how often memory was so short that the system killed for it, where it tells |
//! | [`notice_interrupts`], [`interrupted`] | Ctrl-C is a request that this process answers in order; a second one ends it |
//! | [`park`], [`unpark`] | sleep until a word in shared memory changes, and wake whoever does |
//! | [`wait_ready`] | sleep until a pipe can be read or written, or the deadline passes |
//! | [`nameless_file`] | a file that nobody else can open, gone when it is closed |
//! | [`ignore_file_size_signal`] | a file that may not grow is an error of its write, and ends nobody |
//! | [`Leash`] | ends a whole tree of processes together with its holder |

use std::time::Duration;

mod file;
mod harm;
mod interrupt;
// Linux wakes whoever sleeps; there it is only tested.
#[cfg(any(test, miri, not(target_os = "linux")))]
#[cfg_attr(target_os = "linux", allow(unreachable_pub, reason = "only tests reach it here"))]
mod nap;
mod signal;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;

pub use file::nameless_file;
pub use harm::{EXIT_CODE, LIBC_EXIT_CODE, suffer};
pub use interrupt::interrupted;
pub use signal::Signal;

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub use windows::*;

/// The environment variable that every process of a run carries, with the run's tag as its value:
/// children are found by it, never by name.
pub const RUN_TAG: &str = "POOLSCOPE_RUN";

/// A process made by [`fork`].
pub enum Forked {
    /// This is the copy. It must end with [`exit_now`], never return to its caller's caller.
    Child,
    /// This is the original; here is its child.
    Parent(Child),
}

/// Which ends can be used without waiting, by the order they were given to [`wait_ready`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// Readers that have bytes, or whose other side is gone.
    pub readers: Vec<bool>,
    /// Writers that have room, or whose other side is gone.
    pub writers: Vec<bool>,
}

/// An end of a pipe.
#[derive(Debug)]
pub enum PipeEnd {
    /// It is read.
    Reader(PipeReader),
    /// It is written.
    Writer(PipeWriter),
}

/// A process is given at most so many ends of pipes beside its own.
pub const MOST_ENDS: usize = 32;

impl PipeEnd {
    /// The same end once more, to pass on.
    pub fn twin(&self) -> std::io::Result<Self> {
        Ok(match self {
            Self::Reader(reader) => Self::Reader(reader.twin()?),
            Self::Writer(writer) => Self::Writer(writer.twin()?),
        })
    }

    /// The number by which a child that inherits this end finds it, and what it is.
    pub fn handle(&self) -> u64 {
        match self {
            Self::Reader(reader) => reader.handle() << 1,
            Self::Writer(writer) => writer.handle() << 1 | 1,
        }
    }

    /// The end that was inherited under this number.
    pub fn inherited(handle: u64) -> std::io::Result<Self> {
        Ok(match handle & 1 {
            0 => Self::Reader(PipeReader::inherited(handle >> 1)?),
            _ => Self::Writer(PipeWriter::inherited(handle >> 1)?),
        })
    }

    /// The ends that are read, and those that are written.
    pub fn sorted(ends: &[Self]) -> (Vec<&PipeReader>, Vec<&PipeWriter>) {
        let readers = ends.iter().filter_map(|end| if let Self::Reader(reader) = end { Some(reader) } else { None });
        let writers = ends.iter().filter_map(|end| if let Self::Writer(writer) = end { Some(writer) } else { None });
        (readers.collect(), writers.collect())
    }
}

/// How a non-blocking read or write went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes moved, at least one.
    Moved(usize),
    /// Nothing to read, or no room to write, now.
    WouldBlock,
    /// The other side is gone.
    Closed,
}

/// Waits until the child has ended, at most so long; looks often at first, then ever less.
pub fn wait_with_deadline(child: &mut Child, patience: Duration) -> Option<crate::trace::Exit> {
    let give_up = std::time::Instant::now() + patience;
    let mut nap = Duration::from_micros(50);
    loop {
        if let Ok(Some(exit)) = child.try_wait() {
            return Some(exit);
        }
        if std::time::Instant::now() >= give_up {
            return None;
        }
        std::thread::sleep(nap);
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}
