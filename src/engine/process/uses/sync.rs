//! What is done with locks, semaphores, events, conditions and barriers.

use std::time::Duration;

use crate::engine::ipc::{Event, Semaphore};
use crate::program::object::{Make, Obj};
use crate::program::script::Step;
use crate::program::uses::Sync;
use crate::sys;
use crate::trace::{Deed, Wish};

use super::super::life::Raised;
use super::super::value::Value;
use super::{Carrier, Host, Need, Stop};

/// Milliseconds as a patience: what is negative is none.
pub(super) fn patience(ms: i64) -> Duration {
    Duration::from_millis(ms.max(0).cast_unsigned())
}

impl<'a, H: Host> Carrier<'a, H> {
    /// `with lock: …`
    pub(super) fn with(&mut self, object: Obj, steps: &'a [Step]) -> Result<(), Stop> {
        let guard = self.guard(object)?;
        self.acquire(&guard, None)?;
        let outcome = self.carry(steps);
        // Whoever is stopped from outside gives nothing back.
        if !matches!(outcome, Err(Stop::Halt(_))) {
            self.release(&guard)?;
        }
        outcome
    }

    /// Uses such an object.
    pub(super) fn sync(&mut self, object: Obj, call: &Sync) -> Result<(), Stop> {
        match *call {
            Sync::Acquire => {
                let guard = self.guard(object)?;
                self.acquire(&guard, None)?;
            }
            Sync::TryAcquire { label, timeout_ms } => {
                let guard = self.guard(object)?;
                let got = self.acquire(&guard, Some(patience(timeout_ms)))?;
                self.print_answer(Some(label), &Value::Bool(got));
            }
            Sync::Release => {
                let guard = self.guard(object)?;
                self.release(&guard)?;
            }
            Sync::Permits(label) => {
                let permits = self.guard(object)?.permits();
                let permits = permits.ok_or_else(|| self.no_attribute(object, "get_value"))?;
                self.print_answer(Some(label), &Value::Number(permits.into()));
            }
            Sync::MakeSemaphore(permits) => <Semaphore>::check(permits)?,
            Sync::Wait { timeout_ms, label } => {
                let answer = match self.make_of(object) {
                    Some(Make::Condition) => self.wait(object, timeout_ms.map(patience))?,
                    _ => self.wait_until_set(object, timeout_ms.map(patience))?,
                };
                self.print_answer(label, &Value::Bool(answer));
            }
            Sync::Set | Sync::Clear | Sync::IsSet(_) => self.flag(object, call)?,
            Sync::WaitFor { until, timeout_ms, label } => {
                let answer = self.wait_until(object, until, timeout_ms.map(patience))?;
                self.print_answer(label, &Value::Bool(answer));
            }
            Sync::Notify(count) => self.notify(object, count)?,
            Sync::NotifyAll => self.notify(object, u32::MAX)?,
            Sync::Pass { timeout_ms, label, action } => {
                let index = self.pass(object, timeout_ms.map(patience), action)?;
                self.print_answer(label, &Value::Number(index.into()));
            }
            Sync::Abort | Sync::Reset | Sync::IsBroken(_) => self.barrier_call(object, call)?,
        }
        Ok(())
    }

    /// How an object is made.
    pub(super) fn make_of(&self, object: Obj) -> Option<&Make> {
        self.objects.place(object).map(|place| &place.object.make)
    }

    /// `print(label, answer)`, if there is a label.
    pub(super) fn print_answer(&mut self, label: Option<&str>, answer: &Value) {
        if let Some(label) = label {
            self.print(&format!("{label} {}", answer.python()));
        }
    }

    fn event(&self, object: Obj, method: &str) -> Result<Event, Raised> {
        match self.objects.place(object) {
            Some(place) if place.object.make == Make::Event => Ok(Event::at(self.objects.block(place))),
            _ => Err(self.no_attribute(object, method)),
        }
    }

    /// The calls on an event that do not wait.
    fn flag(&mut self, object: Obj, call: &Sync) -> Result<(), Stop> {
        let (event, id, since_ns) = (self.event(object, "set")?, self.id_of(object)?, sys::now_ns());
        match *call {
            Sync::IsSet(label) => {
                let is_set = event.is_set();
                self.print_answer(Some(label), &Value::Bool(is_set));
            }
            Sync::Clear => {
                event.clear();
                self.used_at(id, since_ns, since_ns, Deed::Cleared);
            }
            _ => {
                // Whoever waits for it may kill this process at once: what it did before is told by then.
                self.host.push_out();
                event.set();
                self.used_at(id, since_ns, since_ns, Deed::Set);
            }
        }
        Ok(())
    }

    fn wait_until_set(&mut self, object: Obj, patience: Option<Duration>) -> Result<bool, Stop> {
        let (event, id, since_ns) = (self.event(object, "wait")?, self.id_of(object)?, sys::now_ns());
        let wish = Wish::Set;
        let saw = self.wait_for(Need::of(wish, id), patience, |_, slice| Ok(event.wait(slice).then_some(())))?;
        self.used(id, since_ns, if saw.is_some() { Deed::Saw } else { Deed::GaveUp { wish } });
        Ok(saw.is_some())
    }
}
