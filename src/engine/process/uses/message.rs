//! What is done with pipes and queues.

use crate::program::object::Obj;
use crate::program::uses::Message;

use super::{Carrier, Host, Stop};

impl<H: Host> Carrier<'_, H> {
    /// Uses a pipe or a queue.
    pub(super) fn message(&mut self, object: Obj, call: &Message) -> Result<(), Stop> {
        let _ = (self.id_of(object)?, call);
        Ok(())
    }
}
