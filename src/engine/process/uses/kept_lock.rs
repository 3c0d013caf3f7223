//! The locks that a manager keeps. They are asked for like all it keeps, but told as what they are: whoever asks to
//! acquire one waits, in truth, for its holder. The manager only hands on what that one gives back.

use crate::engine::ipc::KeptLock;
use crate::engine::ipc::manager::Request;
use crate::program::object::Obj;
use crate::program::plain::Plain;
use crate::program::uses::Kept;
use crate::trace::{Deed, Made, ObjectKind, What, Wish};

use super::{Carrier, Host, Need};

/// What a request does with a lock.
pub(super) struct Turn {
    lock: KeptLock,
    act: Act,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    /// It wants it, however long that takes.
    Acquire,
    /// It gives up some time, or at once.
    Try,
    Release,
}

impl Turn {
    /// What it may have to wait for. Who gives up some time only waits for the answer.
    pub(super) fn need(&self) -> Option<Need> {
        (self.act == Act::Acquire).then(|| Need::of(Wish::Acquire, self.lock.id))
    }
}

impl<H: Host> Carrier<'_, H> {
    /// What was made is kept; of a lock the trace knows from now on.
    pub(super) fn introduce_kept(&mut self, manager: Obj, kept: Kept) {
        let Some(lock) = self.objects.layout().kept_lock(manager, kept.0) else { return };
        let made = Made {
            object: lock.id,
            kind: if lock.again { ObjectKind::RLock } else { ObjectKind::Lock },
            name: kept.1.to_owned(),
            capacity: 1,
            pipe_bytes: 0,
            initial: None,
            lock: None,
            robust: self.objects.place(manager).is_some_and(|place| place.object.robust),
        };
        self.say(What::ObjectMade(Box::new(made)));
    }

    /// What a request does with a lock, if it does.
    pub(super) fn turn_of(&self, manager: Obj, request: &Request) -> Option<Turn> {
        let Request::Call(kept, method, arguments) = request else { return None };
        let lock = self.objects.layout().kept_lock(manager, *kept)?;
        let act = match method.as_str() {
            "__enter__" => Act::Acquire,
            // `acquire(blocking=True, timeout=None)`
            "acquire" => match arguments[..] {
                [] | [Plain::Bool(true)] | [Plain::Bool(true), Plain::None] => Act::Acquire,
                _ => Act::Try,
            },
            "release" | "__exit__" => Act::Release,
            _ => return None,
        };
        Some(Turn { lock, act })
    }

    /// A request that was sent at `since_ns` has this answer: tells what it did with the lock.
    pub(super) fn tell_turn(&mut self, turn: &Turn, since_ns: u64, answer: &Plain) {
        let KeptLock { id, again, .. } = turn.lock;
        let held = self.asking.held.entry(id).or_default();
        match turn.act {
            Act::Acquire | Act::Try if *answer == Plain::Bool(true) => {
                *held += 1;
                let left = if again { *held } else { 0 };
                self.used(id, since_ns, Deed::Acquired { left });
            }
            Act::Acquire | Act::Try => self.used(id, since_ns, Deed::GaveUp { wish: Wish::Acquire }),
            Act::Release => {
                *held = held.saturating_sub(1);
                let left = if again { *held } else { 1 };
                // As of then: the next one may have it before this one knows.
                self.used_at(id, since_ns, since_ns, Deed::Released { left });
            }
        }
    }
}
