//! Waits in words, and the locks within a queue, which no program names.

use super::{Object, Run, Wait};
use crate::trace::{ActorId, Awaited, ObjectKind, Wish};
use crate::words;

/// Whoever waits for a lock within a queue says so by this road of it.
const WRITE_LOCK: u16 = 0;

impl Run {
    /// A wait in words: `waits for lock a, which Process-2 holds, for 1.2 s`.
    pub fn wait_in_words(&self, wait: &Wait, at_ns: u64) -> String {
        let time = words::duration(wait.length_ns(at_ns));
        format!("waits {}, for {time}", self.wish_in_words(wait, at_ns))
    }

    /// What a wait is for: `for lock a, which Process-2 holds`.
    pub fn wish_in_words(&self, wait: &Wait, at_ns: u64) -> String {
        let (object, name, kind) = match wait.on {
            Awaited::Actor(actor) => return format!("for {} to end", self.title_of(actor)),
            Awaited::Object(id) => {
                let object = self.object(id);
                let name = object.map_or_else(|| format!("object {}", id.0), |object| object.name.clone());
                (object, name, object.map(|object| object.kind))
            }
        };
        let noun = kind.map_or("object", noun);
        // A lock that is called lock is "the lock", not "lock lock".
        let thing = if noun == name { format!("the {noun}") } else { format!("{noun} {name}") };
        match wait.wish {
            Wish::Acquire if kind.is_some_and(is_queue) => {
                let lock = lock_in_words(wait);
                let owner = object.and_then(|object| self.inner_owner(object, wait, at_ns));
                let owner = owner.map_or_else(String::new, |owner| self.which_holds(&[owner], at_ns));
                format!("for the {lock} of {thing}{owner}")
            }
            Wish::Acquire => {
                let holders = object.map_or_else(Vec::new, |object| object.holders(at_ns));
                let holders: Vec<ActorId> = holders.iter().map(|holder| holder.actor).collect();
                let what = if matches!(kind, Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore)) {
                    format!("for a permit of {thing}")
                } else {
                    format!("for {thing}")
                };
                format!("{what}{}", self.which_holds(&holders, at_ns))
            }
            Wish::Send | Wish::Receive => {
                let room = match (wait.wish, kind) {
                    (Wish::Receive, _) => "a message in",
                    (_, Some(ObjectKind::Pipe)) => "room in",
                    _ => "room in the pipe of",
                };
                let state = object.map_or_else(String::new, |object| self.road_in_words(object, wait, at_ns));
                format!("for {room} {thing}{state}")
            }
            Wish::Put => format!("for a free place in {thing}, which is full"),
            Wish::Set => format!("for {thing} to be set"),
            Wish::Notify => format!("to be notified by {thing}"),
            Wish::Pass => format!("for the others at {thing}"),
            Wish::TasksDone => format!("for all tasks of {thing} to be done"),
            Wish::Feed => format!("for its feeder thread to write all it has into {thing}"),
            Wish::Answer => format!("for the answer of {thing}"),
            Wish::End => "for an end".to_owned(),
        }
    }

    /// `, which Process-1 holds`.
    fn which_holds(&self, holders: &[ActorId], at_ns: u64) -> String {
        let is_dead = |&id: &ActorId| self.has_ended(id, at_ns);
        let name = |id: &ActorId| {
            let ended = if is_dead(id) { " (which has ended)" } else { "" };
            format!("{}{ended}", self.title_of(*id))
        };
        match holders {
            [] => String::new(),
            [one] if is_dead(one) => format!(", which {} held when it ended", self.title_of(*one)),
            [one] => format!(", which {} holds", self.title_of(*one)),
            many => format!(", which {} hold", words::list(&many.iter().map(name).collect::<Vec<_>>())),
        }
    }

    /// Why a message can't pass: `, which is empty`. Only what is certain is said.
    fn road_in_words(&self, object: &Object, wait: &Wait, at_ns: u64) -> String {
        if let Some(owner) = self.dead_inner_owner(object, wait, at_ns) {
            return format!(", whose {} {} held when it ended", lock_in_words(wait), self.full_title(owner));
        }
        let sends = wait.wish == Wish::Send;
        let other = if sends { Wish::Receive } else { Wish::Send };
        let is_other = |at: &Wait| at.wish == other && at.lane == wait.lane;
        let in_pipe = object.stations.road(wait.lane).map_or(0, |road| road.in_pipe(at_ns).messages);
        if self.waiters(object.id, at_ns).any(is_other) || (!sends && in_pipe > 0) {
            return String::new();
        }
        if sends { ", which is full" } else { ", which is empty" }.to_owned()
    }

    /// Who has the lock within a queue that this wait needs, as far as it is known: whoever reads or writes has it
    /// meanwhile, and of those who wait for a message or for room, the one who came first.
    pub(super) fn inner_owner(&self, object: &Object, wait: &Wait, at_ns: u64) -> Option<ActorId> {
        let dead = self.dead_inner_owner(object, wait, at_ns);
        let wish = moves(wait);
        let others = self.waiters(object.id, at_ns).filter(|other| other.wish == wish && other.actor != wait.actor);
        dead.or_else(|| others.min_by_key(|other| other.from_ns).map(|other| other.actor))
    }

    /// Who was killed while it read from, or wrote into, a queue, and so has its lock for ever.
    pub(super) fn dead_inner_owner(&self, object: &Object, wait: &Wait, at_ns: u64) -> Option<ActorId> {
        if !is_queue(object.kind) || object.robust {
            return None;
        }
        let wish = moves(wait);
        let road = object.stations.road(if wait.wish == Wish::Acquire { 0 } else { wait.lane });
        let cut = self.unended_waits().filter(|last| last.cut && last.to_ns <= at_ns);
        let mut cut = cut.filter(|last| last.object() == Some(object.id) && last.wish == wish);
        let owner = cut.find(|last| {
            // It had waited for the lock itself if somebody else had it, or got it afterwards.
            let is_first =
                self.waiters(object.id, at_ns).all(|other| other.wish != wish || other.from_ns > last.from_ns);
            let passed = road.map(|road| if wish == Wish::Receive { &road.got } else { &road.fed });
            is_first && passed.is_none_or(|passed| passed.count(at_ns) == passed.count(last.to_ns))
        });
        owner.map(|last| last.actor)
    }
}

/// Whether whoever waits needs the lock of those who write or of those who read.
fn moves(wait: &Wait) -> Wish {
    match wait.wish {
        Wish::Acquire if wait.lane == WRITE_LOCK => Wish::Send,
        Wish::Acquire => Wish::Receive,
        wish => wish,
    }
}

fn lock_in_words(wait: &Wait) -> &'static str {
    if moves(wait) == Wish::Send { "write lock" } else { "read lock" }
}

/// Whether an object is a queue: a pipe with a lock for those who write and one for those who read.
pub(super) fn is_queue(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::SimpleQueue | ObjectKind::Queue | ObjectKind::JoinableQueue)
}

/// What an object of a kind is called within a sentence.
pub fn noun(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Pipe => "pipe",
        ObjectKind::SimpleQueue | ObjectKind::Queue | ObjectKind::JoinableQueue => "queue",
        ObjectKind::Lock | ObjectKind::RLock => "lock",
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => "semaphore",
        ObjectKind::Event => "event",
        ObjectKind::Condition => "condition",
        ObjectKind::Barrier => "barrier",
        ObjectKind::Value => "value",
        ObjectKind::Array => "array",
        ObjectKind::Block => "shared memory",
        ObjectKind::Manager => "manager",
    }
}
