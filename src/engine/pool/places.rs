//! The places of a pool are filled: at first, when a worker has ended, and again after the system refused.
//! Where workers come from a fork server, that one is looked after, too.

use std::io;

use crate::engine::desk::End;
use crate::sys;
use crate::trace::{Birth, Exit, Role, What};

use super::crew;
use super::processes::{Pool, Seat};

/// So many refusals in a row with nobody left, and the pool gives up.
const MOST_REFUSALS: u32 = 6;

impl Pool<'_, '_> {
    /// Starts a worker at a place that is empty.
    pub(super) fn fill(&mut self, place: usize) -> io::Result<()> {
        let (number, replaces) = (self.born + 1, self.seats[place].last);
        self.renew_server()?;
        let mut started = crew::start_one(self.desk, self.starter, number, replaces);
        if started.is_err() && self.server_is_lost() {
            // Its end was found out only now. Nothing is left of what it may have begun: that ended with it.
            self.renew_server()?;
            started = crew::start_one(self.desk, self.starter, number, replaces);
        }
        let member = started?;
        self.born += 1;
        self.dispatch.admit(place);
        self.seats[place] = Seat { last: Some(member.tracked.actor), member: Some(member), retry_ns: None };
        Ok(())
    }

    /// Fills the place of a worker that is gone. A system that refuses is asked again after a while, and for
    /// one place at a time.
    pub(super) fn succeed(&mut self, place: usize) -> Result<(), End> {
        self.seats[place].retry_ns = self.restarts.waits_until(sys::now_ns());
        if self.seats[place].retry_ns.is_some() {
            return Ok(());
        }
        let Err(error) = self.fill(place) else {
            self.restarts.agreed();
            // At once, so that whoever is buried next knows what is left.
            while self.hand_one(place, sys::now_ns())? {}
            return Ok(());
        };
        let now_ns = sys::now_ns();
        let retry_ns = self.restarts.refused(now_ns);
        self.seats[place].retry_ns = Some(retry_ns);
        let is_empty = self.seats.iter().all(|seat| seat.member.is_none());
        if is_empty && self.restarts.refusals() >= MOST_REFUSALS {
            return Err(End::Failed(format!(
                "No worker is left, and no new one can be started ({error}). Close other programs and try again."
            )));
        }
        let line = format!(
            "No new worker can be started at place {} ({error}): tried again in {} ms.",
            place + 1,
            (retry_ns - now_ns) / 1_000_000
        );
        self.desk.scribe.say(What::Printed { line });
        Ok(())
    }

    /// Tries again to fill places that the system refused to fill.
    pub(super) fn refill(&mut self, now_ns: u64) -> Result<(), End> {
        for place in 0..self.seats.len() {
            if self.seats[place].retry_ns.is_some_and(|retry_ns| retry_ns <= now_ns) {
                self.succeed(place)?;
            }
        }
        Ok(())
    }

    /// The fork server is introduced to every run; from the second on it was there before.
    pub(super) fn introduce_server(&mut self) {
        let Some(server) = self.starter.server().filter(|server| !server.lost) else { return };
        if self.server.is_some_and(|(_, pid)| pid == server.pid) {
            return;
        }
        let actor = self.desk.scribe.new_actor();
        let since = |at_ns: u64| at_ns.max(self.desk.began_ns);
        let (asked_ns, born_ns, ready_ns) = (since(server.asked_ns), since(server.born_ns), since(server.ready_ns));
        let replaces = self.fallen.take();
        let birth = Birth { replaces, ..Birth::new(actor, Role::ForkServer, 0, server.pid, asked_ns) };
        self.desk.scribe.say_at(born_ns, What::ActorBorn(Box::new(birth)));
        self.desk.scribe.say_for(actor, ready_ns, What::ActorReady);
        self.server = Some((actor, server.pid));
    }

    /// Says that the fork server is gone, if it is and nobody has said so. True if it was said.
    pub(super) fn mourn_server(&mut self) -> bool {
        let Some((actor, _)) = self.server.filter(|_| self.server_is_lost()) else { return false };
        let exit = self.starter.kill_server().unwrap_or(Exit::Unknown);
        self.desk.scribe.say(What::ActorExited { actor, exit });
        (self.server, self.fallen) = (None, Some(actor));
        true
    }

    /// Another fork server takes the place of one that is gone.
    fn renew_server(&mut self) -> io::Result<()> {
        if self.server_is_lost() {
            self.mourn_server();
            self.starter.renew_server()?;
            self.introduce_server();
        }
        Ok(())
    }

    fn server_is_lost(&self) -> bool {
        self.starter.server().is_some_and(|server| server.lost)
    }
}
