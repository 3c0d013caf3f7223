//! How processes wait for each other: at a condition, and at a barrier.

use std::time::{Duration, Instant};

use crate::engine::ipc::{Barrier, Condition, RLock};
use crate::program::object::{Make, Obj};
use crate::program::uses::{Is, Sync, Test};
use crate::sys;
use crate::trace::{Deed, Wish};

use super::super::life::Raised;
use super::super::value::Value;
use super::guard::Guard;
use super::{Carrier, Host, Need, Stop};

impl<H: Host> Carrier<'_, H> {
    /// A condition and its lock, if this process has that; else the error with these words.
    fn condition(&self, object: Obj, words: &'static str) -> Result<(Condition, Guard), Raised> {
        let condition = match self.objects.place(object) {
            Some(place) if place.object.make == Make::Condition => Condition::at(self.objects.block(place)),
            _ => return Err(self.no_attribute(object, "notify")),
        };
        let guard = self.guard(object)?;
        match guard.rlock().and_then(RLock::holder) {
            Some(holder) if holder == self.me.actor => Ok((condition, guard)),
            _ => Err(Raised::new("AssertionError", words)),
        }
    }

    /// `wait(timeout)` of a condition.
    pub(super) fn wait(&mut self, object: Obj, patience: Option<Duration>) -> Result<bool, Stop> {
        let (condition, guard) = self.condition(object, "must acquire() condition before using wait()")?;
        let Some(lock) = guard.rlock() else { return Ok(false) };
        let (id, me, since_ns, wish) = (self.id_of(object)?, self.me.actor, sys::now_ns(), Wish::Notify);
        let crowded = || Raised::new("RuntimeError", "too many processes wait for this condition");
        let waiting = condition.enter(me).ok_or_else(crowded)?;
        let at_ns = sys::now_ns();
        let count = lock.release_all(me)?;
        self.used_at(guard.id, at_ns, at_ns, Deed::Released { left: 0 });
        let need = Need::of(wish, id);
        let woken = self.wait_for(need, patience, |_, slice| Ok(condition.woken(&waiting, slice).then_some(())))?;
        let woken = woken.is_some() || condition.leave(&waiting);
        self.used(id, since_ns, if woken { Deed::Woke } else { Deed::GaveUp { wish } });
        // It has the lock again when it comes back, as often as before.
        for _ in 0..count {
            self.acquire(&guard, None)?;
        }
        Ok(woken)
    }

    /// `wait_for(predicate, timeout)` of a condition: the predicate's last answer.
    pub(super) fn wait_until(&mut self, object: Obj, until: Test, patience: Option<Duration>) -> Result<bool, Stop> {
        let began = Instant::now();
        loop {
            let number = self.number_at(until.cells, until.index.into())?;
            let holds = match until.is {
                Is::Below(limit) => number < limit,
                Is::Above(limit) => number > limit,
            };
            let left = patience.map(|patience| patience.saturating_sub(began.elapsed()));
            if holds || left == Some(Duration::ZERO) {
                return Ok(holds);
            }
            self.wait(object, left)?;
        }
    }

    /// `notify(count)`
    pub(super) fn notify(&mut self, object: Obj, count: u32) -> Result<(), Stop> {
        let (condition, _) = self.condition(object, "lock is not owned")?;
        let since_ns = sys::now_ns();
        let woken = condition.notify(count);
        self.used_at(self.id_of(object)?, since_ns, since_ns, Deed::Notified { woken });
        Ok(())
    }

    /// The barrier of this number.
    pub(super) fn barrier(&self, object: Obj) -> Result<Barrier, Raised> {
        match self.objects.place(object).map(|place| (place, &place.object.make)) {
            Some((place, Make::Barrier(parties))) => Ok(Barrier::at(self.objects.block(place), *parties)),
            _ => Err(self.no_attribute(object, "parties")),
        }
    }

    /// `wait(timeout)` of a barrier, whose action prints this; its place.
    pub(super) fn pass(&mut self, object: Obj, patience: Option<Duration>, action: Option<&str>) -> Result<u32, Stop> {
        let (barrier, id, since_ns) = (self.barrier(object)?, self.id_of(object)?, sys::now_ns());
        let need = Need::of(Wish::Pass, id);
        // As in Python, the time that the others need to leave is none of its own.
        let arrived = self.wait_for(need, None, |_, slice| Ok(barrier.arrive(slice)))?;
        let mut at_ns = sys::now_ns();
        let outcome = match arrived {
            None | Some(Err(_)) => None,
            Some(Ok(arrival)) if arrival.last => {
                if let Some(line) = action {
                    self.print(line);
                }
                at_ns = sys::now_ns();
                barrier.open(&arrival).ok().map(|()| arrival.index)
            }
            Some(Ok(arrival)) => {
                let passed = self.wait_for(need, patience, |_, slice| Ok(barrier.pass(&arrival, slice)))?;
                at_ns = sys::now_ns();
                passed.unwrap_or_else(|| barrier.give_up(&arrival)).ok().map(|()| arrival.index)
            }
        };
        self.used_at(id, since_ns, at_ns, outcome.map_or(Deed::Broke, |index| Deed::Passed { index }));
        outcome.ok_or_else(|| Raised::new("BrokenBarrierError", "").into())
    }

    /// The calls on a barrier that do not wait.
    pub(super) fn barrier_call(&mut self, object: Obj, call: &Sync) -> Result<(), Stop> {
        let (barrier, id, since_ns) = (self.barrier(object)?, self.id_of(object)?, sys::now_ns());
        match *call {
            Sync::IsBroken(label) => {
                let broken = barrier.is_broken();
                self.print_answer(Some(label), &Value::Bool(broken));
            }
            Sync::Reset => {
                barrier.reset();
                self.used_at(id, since_ns, since_ns, Deed::Reset);
            }
            _ => {
                barrier.abort();
                self.used_at(id, since_ns, since_ns, Deed::Broke);
            }
        }
        Ok(())
    }
}
