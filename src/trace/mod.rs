//! What happens is recorded here: the vocabulary ([`event`]), its bytes ([`codec`]), the shared
//! memory a worker writes it into ([`ring`]), the lines it prints ([`mod@print`]) and the file all of it is
//! kept in ([`mod@file`]).

pub mod codec;
pub mod event;
mod exit;
mod failure;
pub mod file;
pub mod object;
pub mod print;
mod record;
pub mod ring;

pub use event::{
    ActorId, Birth, ChannelId, Content, Doing, Event, Exit, Fate, Machine, Medium, Outcome, Role, TaskFailure, What,
};
pub use exit::signal_name;
pub use object::{Awaited, Deed, Made, ObjectId, ObjectKind, READ_LOCK, WRITE_LOCK, Wish};

/// Units up to this number are recorded one by one; past it, as sums per interval. It is more than
/// any screen could show, and about 40 MB of trace.
pub const DETAIL_UNITS: u32 = 200_000;

/// So many failures of a run are told one by one: after those the outcome says how many there were.
pub const MOST_FAILURES: usize = 1000;

/// So many calls of one kind are told one by one; those after them happen all the same.
pub const MOST_CALLS: usize = 64;

/// The interval of those sums.
pub const SUM_INTERVAL_NS: u64 = 10_000_000;
