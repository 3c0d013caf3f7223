//! What a process does with what it shares with others: one file for each kind of use. Here is what they have in
//! common: how a process waits, and how it tells of it.
//!
//! ```text
//! try at once ── got it ──────────────────────────────► Used
//!      └─ not ─► Waits ─► sleep a while ─► host's duties ─► try again … until the time is up ─► GaveUp
//! ```

pub(super) mod ask;
pub(super) mod block;
mod bury;
mod cell;
mod feeding;
mod guard;
mod kept_lock;
mod log;
mod meet;
mod message;
mod pipe;
mod queue;
mod serve;
mod sync;
pub(super) mod tax;

pub(super) use message::Mail;

use std::time::{Duration, Instant};

use crate::program::object::Obj;
use crate::program::script::Step;
use crate::sys;
use crate::trace::{Awaited, Deed, Made, ObjectId, ObjectKind, What, Wish};

use super::carrier::{Carrier, Stop};
use super::host::Host;
use super::life::Raised;

/// The longest sleep at a stretch in a wait.
const SLICE: Duration = Duration::from_millis(20);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// What.
    pub(super) wish: Wish,
    /// On what.
    pub(super) on: Awaited,
    /// On which road of it.
    pub(super) lane: u16,
}

impl Need {
    /// Of an object with one road.
    pub(super) fn of(wish: Wish, object: ObjectId) -> Self {
        Self { wish, on: Awaited::Object(object), lane: 0 }
    }

    /// The lock within a queue that its readers, or its writers, take one after the other.
    pub(super) fn lock_within(queue: ObjectId, lock: u16) -> Self {
        Self { wish: Wish::Acquire, on: Awaited::Object(queue), lane: lock }
    }
}

impl<'a, H: Host> Carrier<'a, H> {
    /// Carries out a step that uses an object.
    pub(super) fn use_step(&mut self, step: &'a Step) -> Result<(), Stop> {
        match step {
            Step::Repeat(times, steps) => {
                for _ in 0..*times {
                    self.carry(steps)?;
                }
                Ok(())
            }
            Step::Timed(label, steps) => {
                let began = Instant::now();
                self.carry(steps)?;
                self.print(&format!("{label} {:.1} ms", began.elapsed().as_secs_f64() * 1000.0));
                Ok(())
            }
            Step::With(object, steps) => self.with(*object, steps),
            Step::Sync(object, call) => self.sync(*object, call),
            Step::Message(object, call) => self.message(*object, call),
            Step::Cells(object, call) => self.cells(*object, call),
            Step::Block(object, call) => self.block(*object, call),
            Step::Tax(step) => self.tax(step),
            Step::Ask(object, call) => self.ask(*object, call),
            // The others have been carried out already.
            _ => Ok(()),
        }
    }

    /// Makes sure of an object, in the main script: from now on the trace knows it.
    pub(super) fn introduce(&mut self, object: Obj) {
        let Some(place) = self.objects.place(object) else { return };
        let (id, make) = (place.id, &place.object.make);
        let initial = if let crate::program::object::Make::Value(initial)
        | crate::program::object::Make::RawValue(initial) = make
        {
            Some(*initial)
        } else {
            None
        };
        let pipe = place.ends.clone().find_map(|end| self.objects.writer(end));
        let made = Made {
            object: id,
            kind: make.kind(),
            name: place.object.name.to_owned(),
            capacity: make.capacity(),
            pipe_bytes: pipe.map_or(0, sys::PipeWriter::capacity_bytes),
            initial,
            lock: make.has_lock().then_some(ObjectId(id.0 + 1)),
            robust: place.object.robust,
        };
        let lock = made.lock.map(|lock| Made {
            object: lock,
            kind: ObjectKind::RLock,
            // A condition's lock has no method that names it.
            name: format!("{}.{}", made.name, if made.kind == ObjectKind::Condition { "_lock" } else { "get_lock()" }),
            capacity: 1,
            pipe_bytes: 0,
            initial: None,
            lock: None,
            robust: made.robust,
        });
        self.say(What::ObjectMade(Box::new(made)));
        self.tell_ends(Some(object));
        if let Some(lock) = lock {
            self.say(What::ObjectMade(Box::new(lock)));
        }
    }

    /// This process did something with an object, since then.
    pub(super) fn used(&mut self, object: ObjectId, since_ns: u64, deed: Deed) {
        self.say(What::Used { object, since_ns, deed });
    }

    /// The same, at this moment: what others may go on after is over before they do.
    pub(super) fn used_at(&mut self, object: ObjectId, since_ns: u64, at_ns: u64, deed: Deed) {
        self.tell(at_ns, What::Used { object, since_ns, deed });
    }

    /// Tries until it succeeds, or the time is up (`None` = for ever): then the answer is `None`. An attempt may
    /// sleep as long as it is told, but must not sleep on after it could have succeeded.
    pub(super) fn wait_for<T>(
        &mut self,
        need: Need,
        patience: Option<Duration>,
        mut attempt: impl FnMut(&mut Self, Duration) -> Result<Option<T>, Stop>,
    ) -> Result<Option<T>, Stop> {
        self.wait_for_each(patience, |carrier, slice| {
            let got = attempt(carrier, slice)?;
            Ok(got.ok_or(need))
        })
    }

    /// The same for what takes several waits, one after the other: a failed attempt says what it needs now.
    pub(super) fn wait_for_each<T>(
        &mut self,
        patience: Option<Duration>,
        mut attempt: impl FnMut(&mut Self, Duration) -> Result<Result<T, Need>, Stop>,
    ) -> Result<Option<T>, Stop> {
        // Who never has to wait must serve, too.
        self.look_up()?;
        let mut need = match attempt(self, Duration::ZERO)? {
            Ok(got) => return Ok(Some(got)),
            Err(need) => need,
        };
        if patience == Some(Duration::ZERO) {
            return Ok(None);
        }
        let waits = |Need { wish, on, lane }: Need| What::Waits { wish, on, lane, for_ever: patience.is_none() };
        let mut said = self.say_waits(waits(need));
        let began = Instant::now();
        loop {
            let left = patience.map_or(SLICE, |patience| patience.saturating_sub(began.elapsed()));
            let next = match attempt(self, self.nap(left.min(SLICE)))? {
                Ok(got) => return Ok(Some(got)),
                Err(next) => next,
            };
            self.pause(Duration::ZERO)?;
            if left.is_zero() {
                return Ok(None);
            }
            if self.deeds != said || next != need {
                need = next;
                said = self.say_waits(waits(need));
            }
        }
    }

    /// Says what it waits for from now on; after how many deeds. To be said again when it did something else
    /// meanwhile, such as feeding a queue: else it would seem to wait no more.
    pub(super) fn say_waits(&mut self, waits: What) -> u64 {
        self.say(waits);
        // Whoever watches shall know while it lasts.
        self.host.push_out();
        self.deeds
    }

    /// The id of an object.
    pub(super) fn id_of(&self, object: Obj) -> Result<ObjectId, Raised> {
        let unknown = || Raised::new("NameError", format!("there is no object {object}"));
        self.objects.place(object).map(|place| place.id).ok_or_else(unknown)
    }
}
