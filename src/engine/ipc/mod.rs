//! What processes share: every object of Python's `multiprocessing` by which processes talk and agree, a file each.
//!
//! ```text
//! parent: Objects::make ──► one nameless memory, one set of pipes
//!              │ pass: the same memory, and the ends that a child is given
//!              ▼
//! child:  Objects::given ──► each object by its number: a Block of words, ends of pipes
//! ```
//!
//! All of a program's objects lie in one piece of [shared memory](crate::sys::SharedMemory) that has no name and is
//! allocated before it is mapped; where each lies follows from the script alone ([`Layout`]). An object never knows
//! who uses it, traces it or stops it: a call that would wait comes back after a while, and the caller decides
//! whether it waits on. So the same objects serve processes and threads, with a trace and without.
//!
//! Beside Python's objects stand robust ones, which are told of the dead: what a dead process had is free again, and
//! whoever takes it next learns so. What a process has always stands in one word with its name, or is freed by its
//! number; so to bury somebody is to change words, each at most once, whoever does it and however often. If the one who
//! buries is killed, another does all of it again (`killed_between.rs` tries each step).

mod barrier;
#[cfg(test)]
mod between_threads;
mod block;
mod condition;
mod event;
mod feeder;
mod frame;
mod gate;
#[cfg(test)]
mod interleavings;
mod item;
mod joinable_queue;
#[cfg(test)]
mod killed_between;
mod layout;
mod lock;
mod look_on;
pub mod manager;
mod memory;
mod objects;
mod pipe;
mod queue;
mod refusal;
mod rlock;
mod robust_semaphore;
mod semaphore;
mod shareable_list;
mod simple_queue;
mod sizes;
mod slots;
#[cfg(test)]
mod together;
mod under_way;
mod value;

pub use barrier::{Arrival, Barrier, Broken};
pub use block::{Rooms, SharedBlock};
pub use condition::{Condition, Waiting};
pub use event::Event;
pub use feeder::{Buffer, Entry, Feeder, Turn};
pub use frame::{Arrived, Incoming, Outgoing};
pub use item::Item;
pub use joinable_queue::Tasks;
pub use layout::{KeptLock, Layout, Place};
pub use lock::{Lock, Taken};
pub use memory::Block;
pub use objects::Objects;
pub use pipe::{Connection, Received, wait};
pub use queue::Queue;
pub use refusal::Refusal;
pub use rlock::RLock;
pub use robust_semaphore::RobustSemaphore;
pub use semaphore::Semaphore;
pub use shareable_list::ShareableList;
pub use simple_queue::{Hand, SimpleQueue};
pub use value::Ints;
