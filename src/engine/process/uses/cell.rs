//! What is done with shared memory.

use crate::program::object::Obj;
use crate::program::uses::Cells;

use super::{Carrier, Host, Stop};

impl<H: Host> Carrier<'_, H> {
    /// Uses shared memory.
    pub(super) fn cells(&mut self, object: Obj, call: &Cells) -> Result<(), Stop> {
        let _ = (self.id_of(object)?, call);
        Ok(())
    }
}
