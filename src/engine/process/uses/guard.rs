//! Whatever is taken and given back: locks and semaphores, and the lock that belongs to a value, an array or a
//! condition.

use std::time::Duration;

use crate::engine::ipc::{Lock, RLock, Refusal, RobustSemaphore, Semaphore};
use crate::program::object::{Make, Obj};
use crate::sys;
use crate::trace::{ActorId, Deed, ObjectId, Wish};

use super::super::life::Raised;
use super::{Carrier, Host, Need, Stop};

/// Something that is taken and given back.
pub(super) struct Guard {
    /// Its id; of a lock that belongs to something else, its own.
    pub(super) id: ObjectId,
    kind: Kind,
}

enum Kind {
    Lock(Lock),
    RLock(RLock),
    Semaphore(Semaphore),
    RobustSemaphore(RobustSemaphore),
}

impl Guard {
    /// Takes it, if that can be had within this time; then, what is left, and who died with it.
    fn take(&self, me: ActorId, patience: Duration) -> Option<(u32, Option<ActorId>)> {
        match &self.kind {
            Kind::Lock(lock) => lock.acquire_for(me, patience).map(|taken| (0, taken.died)),
            Kind::RLock(lock) => lock.acquire_for(me, patience).map(|(count, taken)| (count, taken.died)),
            Kind::Semaphore(semaphore) => semaphore.acquire_for(patience).map(|left| (left, None)),
            Kind::RobustSemaphore(permits) => permits.acquire_for(me, patience).map(|(left, taken)| (left, taken.died)),
        }
    }

    fn give(&self, me: ActorId) -> Result<u32, Refusal> {
        match &self.kind {
            Kind::Lock(lock) => lock.release().map(|()| 1),
            Kind::RLock(lock) => lock.release(me),
            Kind::Semaphore(semaphore) => semaphore.release(),
            Kind::RobustSemaphore(permits) => permits.release(me),
        }
    }

    /// The lock, if it is one that its holder may take again.
    pub(super) fn rlock(&self) -> Option<&RLock> {
        if let Kind::RLock(lock) = &self.kind { Some(lock) } else { None }
    }

    /// The permits that are left, if it is a semaphore.
    pub(super) fn permits(&self) -> Option<u32> {
        match &self.kind {
            Kind::Semaphore(semaphore) => Some(semaphore.value()),
            Kind::RobustSemaphore(permits) => Some(permits.value()),
            Kind::Lock(_) | Kind::RLock(_) => None,
        }
    }

    /// Frees it from somebody who is dead; how often he had it, as far as that has to be given back one by one.
    pub(super) fn recover(&self, dead: ActorId) -> u32 {
        match &self.kind {
            Kind::Lock(lock) => lock.recover(dead).into(),
            Kind::RLock(lock) => lock.recover(dead).into(),
            Kind::Semaphore(_) => 0,
            Kind::RobustSemaphore(permits) => permits.recover(dead),
        }
    }
}

impl<H: Host> Carrier<'_, H> {
    /// What is taken when an object is.
    pub(super) fn guard(&self, object: Obj) -> Result<Guard, Raised> {
        let id = self.id_of(object)?;
        let unknown = || Raised::new("NameError", format!("there is no object {object}"));
        let place = self.objects.place(object).ok_or_else(unknown)?;
        let (block, robust) = (self.objects.block(place), place.object.robust);
        let kind = match place.object.make {
            Make::Lock => Kind::Lock(Lock::at(block)),
            Make::RLock => Kind::RLock(RLock::at(block)),
            Make::Semaphore(permits) if robust => Kind::RobustSemaphore(RobustSemaphore::at(block, permits)),
            Make::BoundedSemaphore(permits) if robust => {
                Kind::RobustSemaphore(RobustSemaphore::bounded_at(block, permits))
            }
            Make::Semaphore(permits) => Kind::Semaphore(Semaphore::at(block, permits)),
            Make::BoundedSemaphore(permits) => Kind::Semaphore(Semaphore::bounded_at(block, permits)),
            _ if place.object.make.has_lock() => {
                let lock = RLock::at(self.objects.lock_of(place));
                return Ok(Guard { id: ObjectId(id.0 + 1), kind: Kind::RLock(lock) });
            }
            _ => return Err(self.no_attribute(object, "acquire")),
        };
        Ok(Guard { id, kind })
    }

    /// An object does not have this method.
    pub(super) fn no_attribute(&self, object: Obj, method: &str) -> Raised {
        let kind = self.objects.place(object).map_or("object", |place| place.object.make.kind().title());
        Raised::new("AttributeError", format!("'{kind}' object has no attribute '{method}'"))
    }

    /// Takes it, at most within this time (`None`: whenever that may be), and tells of it; whether it could.
    pub(super) fn acquire(&mut self, guard: &Guard, patience: Option<Duration>) -> Result<bool, Stop> {
        let since_ns = sys::now_ns();
        let got = self.await_guard(guard, patience)?;
        let deed = match got {
            Some((left, _)) => Deed::Acquired { left },
            None => Deed::GaveUp { wish: Wish::Acquire },
        };
        self.used(guard.id, since_ns, deed);
        self.warn(guard, got);
        Ok(got.is_some())
    }

    /// Says once that whoever had it before died with it.
    fn warn(&mut self, guard: &Guard, got: Option<(u32, Option<ActorId>)>) {
        if let Some((_, Some(_))) = got {
            self.print(match guard.permits() {
                None => "its last owner died while it had the lock: what it guards may be half-done",
                Some(_) => "the last owner of this permit died with it: what it stands for may be half-done",
            });
        }
    }

    fn await_guard(
        &mut self,
        guard: &Guard,
        patience: Option<Duration>,
    ) -> Result<Option<(u32, Option<ActorId>)>, Stop> {
        let me = self.me.actor;
        self.wait_for(Need::of(Wish::Acquire, guard.id), patience, |_, slice| Ok(guard.take(me, slice)))
    }

    /// Gives it back, and tells of it.
    pub(super) fn release(&mut self, guard: &Guard) -> Result<(), Raised> {
        let at_ns = sys::now_ns();
        let left = guard.give(self.me.actor)?;
        self.used_at(guard.id, at_ns, at_ns, Deed::Released { left });
        Ok(())
    }

    /// Does something under a lock that the library takes by itself, and does not speak of.
    pub(super) fn locked<T>(&mut self, lock: Option<&Guard>, body: impl FnOnce() -> T) -> Result<T, Stop> {
        let Some(lock) = lock else { return Ok(body()) };
        let got = self.await_guard(lock, None)?;
        self.warn(lock, got);
        let value = body();
        lock.give(self.me.actor)?;
        Ok(value)
    }
}
