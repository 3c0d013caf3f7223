//! Waits in words, and the locks within a queue, which no program names.

use super::{Object, Run, Wait};
use crate::trace::{ActorId, Awaited, ObjectKind, WRITE_LOCK, Wish};
use crate::words;

/// So soon after it took the lock within a queue a process has said what it waits for.
const TOLD_WITHIN_NS: u64 = 5_000_000;

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
                let owner = object.map_or_else(String::new, |object| self.which_has(object, wait, at_ns));
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

    /// Of a lock within a queue: `, which Process-1 has while it waits for a message`.
    fn which_has(&self, queue: &Object, wait: &Wait, at_ns: u64) -> String {
        let what = if moves(wait) == Wish::Send { "room" } else { "a message" };
        // Whoever has it may say a moment later what it waits for.
        let at_ns = at_ns.max(wait.from_ns.saturating_add(TOLD_WITHIN_NS).min(wait.to_ns.saturating_sub(1)));
        match self.inner_owner(queue, wait, at_ns) {
            Some(owner) if self.has_ended(owner, at_ns) => {
                format!(", which {} held when it ended", self.full_title(owner))
            }
            Some(owner) => format!(", which {} has while it waits for {what}", self.full_title(owner)),
            None => String::new(),
        }
    }

    /// Why a message can't pass: `, which is empty`. Only what is certain is said.
    fn road_in_words(&self, object: &Object, wait: &Wait, at_ns: u64) -> String {
        let sends = wait.wish == Wish::Send;
        let other = if sends { Wish::Receive } else { Wish::Send };
        let is_other = |at: &Wait| at.wish == other && at.lane == wait.lane;
        let in_pipe = self.in_pipe(object.id, wait.lane, at_ns).messages;
        if self.waiters(object.id, at_ns).any(is_other) || (!sends && in_pipe > 0) {
            return String::new();
        }
        if sends { ", which is full" } else { ", which is empty" }.to_owned()
    }

    /// What somebody waits for in the end, and on which road: whoever waits for a lock within a queue wants to read
    /// from it, or to write into it.
    pub fn aim(&self, wait: &Wait) -> (Wish, u16) {
        let object = wait.object().and_then(|object| self.object(object));
        let is_inner = wait.wish == Wish::Acquire && object.is_some_and(|object| is_queue(object.kind));
        if is_inner { (moves(wait), 0) } else { (wait.wish, wait.lane) }
    }

    /// Who has the lock within a queue that this wait is for, as far as it is known: whoever waits for a message, or
    /// for room; or who was killed while it did, and has it for ever.
    pub(super) fn inner_owner(&self, queue: &Object, wait: &Wait, at_ns: u64) -> Option<ActorId> {
        let wish = moves(wait);
        let alive = self.waiters(queue.id, at_ns).filter(|other| other.wish == wish);
        // Who went on may say so after the next one began to wait.
        if let Some(owner) = alive.max_by_key(|other| other.from_ns) {
            return Some(owner.actor);
        }
        let passed = queue.stations.road(0).map(|road| if wish == Wish::Receive { &road.got } else { &road.fed });
        let cut = self.unended_waits().filter(|last| last.cut && last.to_ns <= at_ns && !queue.robust);
        let mut on_it = cut.filter(|last| last.object() == Some(queue.id) && last.wish == wish);
        // If any message passed since then, the lock was free.
        let has_it = |last: &&Wait| passed.is_none_or(|passed| passed.count(at_ns) == passed.count(last.to_ns));
        on_it.find(has_it).map(|last| last.actor)
    }
}

/// What whoever waits for a lock within a queue wants to do with it.
fn moves(wait: &Wait) -> Wish {
    if wait.lane == WRITE_LOCK { Wish::Send } else { Wish::Receive }
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
