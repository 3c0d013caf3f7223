//! What is done with locks, semaphores, events, conditions and barriers.

use crate::program::object::Obj;
use crate::program::script::Step;
use crate::program::uses::Sync;

use super::{Carrier, Host, Stop};

impl<'a, H: Host> Carrier<'a, H> {
    /// `with lock: …`
    pub(super) fn with(&mut self, object: Obj, steps: &'a [Step]) -> Result<(), Stop> {
        self.id_of(object)?;
        self.carry(steps)
    }

    /// Uses such an object.
    pub(super) fn sync(&mut self, object: Obj, call: &Sync) -> Result<(), Stop> {
        let _ = (self.id_of(object)?, call);
        Ok(())
    }
}
