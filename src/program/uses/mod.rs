//! What a script does with objects that processes share, by their kind.

mod ask;
mod block;
mod cell;
mod message;
mod sync;
mod tax;

pub use ask::{Ask, Call, Kept, Kind};
pub use block::Bytes;
pub use cell::Cells;
pub use message::{Message, Payload, Query};
pub use sync::{Is, Sync, Test};
pub use tax::Tax;
