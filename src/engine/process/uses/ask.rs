//! What is asked of a manager, and its serving.

use crate::program::object::Obj;
use crate::program::uses::Ask;

use super::{Carrier, Host, Stop};

impl<H: Host> Carrier<'_, H> {
    /// Uses a manager.
    pub(super) fn ask(&mut self, object: Obj, call: &Ask) -> Result<(), Stop> {
        let _ = (self.id_of(object)?, call);
        Ok(())
    }
}
