//! What becomes of shared objects when a process is dead.
//!
//! Python's learn nothing of it: a lock whose holder was killed stays taken. The robust variants do, from whoever
//! waits for the dead: its parent, or the engine where there is none any more. The parent does so before it waits, or
//! at the latest before it says how the dead ended; so whom it leaves half-buried, the engine finds, and buries again. A
//! condition is told in every case; see [`Condition`].

use crate::engine::ipc::Condition;
use crate::program::object::{Make, Obj};
use crate::program::script::{self, Step};
use crate::program::uses::Sync;
use crate::sys;
use crate::trace::{ActorId, Deed, Exit};

use super::{Carrier, Host};

impl<H: Host> Carrier<'_, H> {
    /// Whether an object here wants to know at once who is dead.
    pub(in super::super) fn has_robust(&self) -> bool {
        self.objects.layout().places.iter().any(|place| place.object.robust)
    }

    /// A process is dead: this was its script, if that is known, and so it ended, if that is known.
    pub(in super::super) fn bury(&mut self, dead: ActorId, script: Option<&[Step]>, exit: Option<Exit>) {
        let failed = exit.is_some_and(|exit| exit != Exit::Code(0));
        self.rooms().recover(dead);
        for object in 0..self.objects.layout().places.len() as Obj {
            let Some(place) = self.objects.place(object) else { return };
            let (id, robust) = (place.id, place.object.robust);
            if place.object.make == Make::Condition {
                Condition::at(self.objects.block(place)).forget(dead);
            }
            let since_ns = sys::now_ns();
            if !robust {
                continue;
            }
            // Its feeder died with it, and took the lock in its name.
            if let Ok(found) = self.find_queue(object)
                && found.queue.recover(dead, self.objects.reader(found.end))
            {
                self.used_at(id, since_ns, since_ns, Deed::Recovered { owner: dead });
            }
            if let Ok(guard) = self.guard(object) {
                for _ in 0..guard.recover(dead) {
                    self.used_at(guard.id, since_ns, since_ns, Deed::Recovered { owner: dead });
                }
            }
            if failed
                && script.is_none_or(|script| passes(script, object))
                && let Ok(barrier) = self.barrier(object)
                && barrier.recover(dead)
            {
                self.used_at(id, since_ns, since_ns, Deed::Broke);
            }
        }
    }
}

/// Whether a process with this script comes to this barrier.
fn passes(script: &[Step], barrier: Obj) -> bool {
    let is_pass = |step: &Step| matches!(step, Step::Sync(object, Sync::Pass { .. }) if *object == barrier);
    script::steps(script).into_iter().any(is_pass)
}
