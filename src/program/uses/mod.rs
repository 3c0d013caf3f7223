//! What a script does with objects that processes share, by their kind.

mod ask;
mod cell;
mod message;
mod sync;

pub use ask::{Ask, Call, Kept, Kind};
pub use cell::Cells;
pub use message::{Message, Payload, Query};
pub use sync::{Is, Sync, Test};
