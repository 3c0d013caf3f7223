//! Who could end a wait.
//!
//! The answer must hold whatever the processes do next: a deadlock is only told if nobody else could help. So
//! where anybody could (a queue has no owner, anyone may set an event), everybody counts.

use std::collections::{HashMap, HashSet};

use crate::model::wish::is_queue;
use crate::model::{Object, Run, State, Wait};
use crate::trace::{ActorId, Awaited, ObjectId, ObjectKind, Role, Wish};

/// Who could end a wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Helpers {
    /// Nobody needs to: it ends by itself, or nothing is known.
    NotNeeded,
    /// One of these, if any of them lives.
    These(Vec<ActorId>),
    /// A dead owner still has what is waited for.
    Dead(ActorId),
    /// Anybody else.
    Anybody,
}

/// Who waits for what at a moment.
pub(super) struct Scene<'a> {
    run: &'a Run,
    now_ns: u64,
    pub(super) waits: Vec<&'a Wait>,
    /// How many wait for the same.
    counts: HashMap<(ObjectId, u16, Wish), u64>,
}

impl<'a> Scene<'a> {
    pub(super) fn of(run: &'a Run, now_ns: u64) -> Self {
        let waits: Vec<&Wait> = run.waits_at(now_ns).collect();
        let mut counts = HashMap::new();
        for wait in &waits {
            if let Some(object) = wait.object() {
                *counts.entry((object, wait.lane, wait.wish)).or_default() += 1;
            }
        }
        Self { run, now_ns, waits, counts }
    }

    fn count(&self, wait: &Wait, wish: Wish) -> u64 {
        let key = wait.object().map(|object| (object, wait.lane, wish));
        key.and_then(|key| self.counts.get(&key)).copied().unwrap_or(0)
    }

    /// Who could end a wait.
    pub(super) fn helpers(&self, wait: &Wait) -> Helpers {
        let (run, at_ns) = (self.run, self.now_ns);
        // Who is stopped may have got it long ago, and can't say so.
        if run.actor(wait.actor).is_none_or(|actor| actor.state(at_ns) == State::Stopped) {
            return Helpers::NotNeeded;
        }
        // Who was killed waits no more, but may have no core to end.
        if run.actor(run.process_of(wait.actor)).is_some_and(|actor| actor.is_to_end(at_ns)) {
            return Helpers::NotNeeded;
        }
        let object = match wait.on {
            Awaited::Actor(actor) if run.has_ended(actor, at_ns) => return Helpers::NotNeeded,
            Awaited::Actor(actor) => return Helpers::These(vec![actor]),
            Awaited::Object(id) => run.object(id),
        };
        let Some(object) = object else { return Helpers::NotNeeded };
        let unless = |is_over: bool| if is_over { Helpers::NotNeeded } else { Helpers::Anybody };
        match wait.wish {
            Wish::Acquire if is_queue(object.kind) => self.who_has_inner(wait, object),
            Wish::Acquire => self.who_could_release(object),
            Wish::Send | Wish::Receive => self.who_could_move(wait, object),
            Wish::Put => {
                let waiting = object.stations.road(wait.lane).map_or(0, |road| road.under_way(at_ns).messages);
                unless(waiting < object.capacity)
            }
            // Whoever was called may not have had a core yet, however long that is.
            Wish::Set | Wish::Notify if object.flags.was_called(wait.wish, wait.from_ns, at_ns) => Helpers::NotNeeded,
            Wish::Set => unless(object.flags.is_set(at_ns)),
            Wish::Notify => Helpers::Anybody,
            Wish::Pass => {
                let is_called = object.flags.was_called(wait.wish, wait.from_ns, at_ns);
                unless(is_called || self.count(wait, Wish::Pass) >= object.capacity)
            }
            Wish::TasksDone => unless(object.stations.unfinished(at_ns) == 0),
            Wish::Feed => self.who_could_feed(wait, object),
            Wish::Answer => {
                self.living(run.actors.iter().filter(|actor| actor.role == Role::Manager).map(|actor| actor.id))
            }
            Wish::End => Helpers::NotNeeded,
        }
    }

    /// Those who live; if there are none, the wait ends with an error by itself.
    fn living(&self, ids: impl Iterator<Item = ActorId>) -> Helpers {
        let alive: Vec<ActorId> = ids.filter(|&id| !self.run.has_ended(id, self.now_ns)).collect();
        if alive.is_empty() { Helpers::NotNeeded } else { Helpers::These(alive) }
    }

    fn who_could_release(&self, object: &Object) -> Helpers {
        let at_ns = self.now_ns;
        let holders = object.holders(at_ns);
        if !matches!(object.kind, ObjectKind::Lock | ObjectKind::RLock) {
            return if object.free(at_ns) > 0 { Helpers::NotNeeded } else { Helpers::Anybody };
        }
        match holders.first() {
            None => Helpers::NotNeeded,
            Some(holder) if !self.run.has_ended(holder.actor, at_ns) => Helpers::These(vec![holder.actor]),
            Some(_) if object.robust => Helpers::NotNeeded,
            Some(holder) => Helpers::Dead(holder.actor),
        }
    }

    /// Who has the lock within a queue that those who read, or write, take one after the other.
    fn who_has_inner(&self, wait: &Wait, object: &Object) -> Helpers {
        let (run, at_ns) = (self.run, self.now_ns);
        match run.inner_owner(object, wait, at_ns) {
            Some(owner) if run.has_ended(owner, at_ns) => Helpers::Dead(owner),
            Some(owner) => Helpers::These(vec![owner]),
            // Whoever feeds without a thread may have it, and waits for room while it does something else.
            None if run.aim(wait).0 == Wish::Send && self.feeds_itself(object) => Helpers::Anybody,
            // It is free, and who wants it had no core yet; or somebody has it who does not wait.
            None => Helpers::NotNeeded,
        }
    }

    /// Whether a process that has no threads has something for a queue in its buffer.
    fn feeds_itself(&self, object: &Object) -> bool {
        let (run, at_ns) = (self.run, self.now_ns);
        let Some(road) = object.stations.road(0) else { return false };
        let has_thread = |id| run.children(id).any(|child| child.role == Role::ProcessThread);
        let busy = road.producers().filter(|&id| road.in_buffer_of(id, at_ns).messages > 0);
        busy.into_iter().any(|id| !run.has_ended(id, at_ns) && !has_thread(id))
    }

    /// Who could read from, or write into, the road of a pipe or a queue.
    fn who_could_move(&self, wait: &Wait, object: &Object) -> Helpers {
        let (run, at_ns) = (self.run, self.now_ns);
        let sends = wait.wish == Wish::Send;
        let other_wish = if sends { Wish::Receive } else { Wish::Send };
        // A pipe is never full and empty at once: one side has only not looked yet.
        let is_moving = self.count(wait, other_wish) > 0;
        let in_buffers = object.stations.road(wait.lane).map_or(0, |road| road.in_buffers(at_ns).messages);
        let holds_some = in_buffers > 0 || run.in_pipe(object.id, wait.lane, at_ns).messages > 0;
        if is_moving || (!sends && holds_some) {
            return Helpers::NotNeeded;
        }
        if object.kind != ObjectKind::Pipe || object.stations.ends.is_empty() {
            return Helpers::Anybody;
        }
        let end = if sends { 1_u16.saturating_sub(wait.lane) } else { wait.lane };
        let processes: HashSet<ActorId> = object.stations.holders(end, at_ns).collect();
        let me = wait.actor;
        let threads = |id| run.children(id).filter(|child| child.role == Role::ProcessThread).map(|child| child.id);
        // Who is about to begin has not said yet what it has.
        let beginning = run.actors.iter().filter(|actor| actor.role == Role::Process && actor.ready_ns.is_none());
        let mut of_them: Vec<ActorId> = processes.iter().flat_map(|&id| threads(id).chain([id])).collect();
        of_them.extend(beginning.map(|actor| actor.id));
        of_them.sort_unstable();
        match self.living(of_them.into_iter().filter(|&id| id != me)) {
            // It has the other end itself, and so there is no end of file either.
            Helpers::NotNeeded if processes.contains(&run.process_of(me)) => Helpers::These(Vec::new()),
            helpers => helpers,
        }
    }

    /// The feeder threads of the process that waits for them.
    fn who_could_feed(&self, wait: &Wait, object: &Object) -> Helpers {
        let (run, at_ns) = (self.run, self.now_ns);
        let process = run.process_of(wait.actor);
        let threads = run.children(process).filter(|child| child.role == Role::ProcessThread).map(|child| child.id);
        let alive: Vec<ActorId> = threads.filter(|&id| !run.has_ended(id, at_ns)).collect();
        let rest = object.stations.road(wait.lane).map_or(0, |road| road.in_buffer_of(process, at_ns).messages);
        if alive.is_empty() && rest > 0 {
            // A process that may fork has no threads and feeds by itself: it waits for room in the pipe.
            return if self.count(wait, Wish::Receive) > 0 { Helpers::NotNeeded } else { Helpers::Anybody };
        }
        let at_work = alive.iter().copied().filter(|&id| {
            run.wait_of(id, at_ns).is_some_and(|wait| run.aim(wait).0 == Wish::Send && wait.object() == Some(object.id))
        });
        let at_work: Vec<ActorId> = at_work.collect();
        self.living(if at_work.is_empty() { alive } else { at_work }.into_iter())
    }

    /// Whether an actor does something only for others that ask for it, and nobody has asked: the feeder thread of
    /// a queue, a manager, a fork server.
    pub(super) fn is_servant(&self, id: ActorId) -> bool {
        let (run, at_ns) = (self.run, self.now_ns);
        let Some(actor) = run.actor(id) else { return false };
        match actor.role {
            Role::ForkServer => true,
            Role::Manager => {
                let mut managers = run.objects().iter().filter(|object| object.kind == ObjectKind::Manager);
                let is_asked = |manager: &Object, lane| run.request_at(manager, lane, at_ns).is_some();
                managers.all(|manager| !manager.trips.clients().any(|lane| is_asked(manager, lane)))
            }
            Role::ProcessThread => {
                let process = run.process_of(id);
                let roads = || run.objects().iter().flat_map(|object| object.stations.roads.values());
                let feeds = roads().any(|road| road.writers.contains(&id));
                feeds && roads().all(|road| road.in_buffer_of(process, at_ns).messages == 0)
            }
            _ => false,
        }
    }
}
