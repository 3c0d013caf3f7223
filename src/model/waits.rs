//! Who waited for what, when, and what came of it.

use std::collections::HashMap;

use super::{Actor, Run};
use crate::chunk::grouped;
use crate::trace::{ActorId, Awaited, Deed, ObjectId, Role, Wish};

/// So many waits are known one by one; of more, of each actor the last one.
const MOST_WAITS: usize = 200_000;

/// A time in which an actor could not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who.
    pub actor: ActorId,
    /// What it waited for.
    pub wish: Wish,
    /// On what.
    pub on: Awaited,
    /// On which road of it.
    pub lane: u16,
    /// Whether it waits until it gets it; else it gives up when a time is over.
    pub for_ever: bool,
    /// Since when.
    pub from_ns: u64,
    /// Until when; `u64::MAX` while it lasts.
    pub to_ns: u64,
    /// Whether it got what it waited for.
    pub got: bool,
    /// Whether its actor ended before it did.
    pub cut: bool,
}

impl Wait {
    /// Whether it lasts at a moment.
    pub fn lasts(&self, at_ns: u64) -> bool {
        self.from_ns <= at_ns && at_ns < self.to_ns
    }

    /// How long it has lasted by then.
    pub fn length_ns(&self, at_ns: u64) -> u64 {
        self.to_ns.min(at_ns).saturating_sub(self.from_ns)
    }

    /// The object it waits on, if it is one.
    pub fn object(&self) -> Option<ObjectId> {
        if let Awaited::Object(object) = self.on { Some(object) } else { None }
    }
}

/// Everybody's waits, each one's in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Waits {
    by_actor: HashMap<ActorId, Vec<Wait>>,
    count: usize,
    /// Those that are not known any more.
    summed: u64,
}

impl Waits {
    /// Whether anybody ever waited.
    fn any(&self) -> bool {
        !self.by_actor.is_empty()
    }

    pub(super) fn open(&mut self, wait: Wait) {
        let waits = self.by_actor.entry(wait.actor).or_default();
        if self.count >= MOST_WAITS && waits.pop().is_some() {
            self.summed += 1;
        } else {
            self.count += 1;
        }
        waits.push(wait);
    }

    /// The last wait of an actor was cut short.
    fn cut(&mut self, actor: ActorId) {
        if let Some(last) = self.by_actor.get_mut(&actor).and_then(|waits| waits.last_mut()) {
            last.cut = true;
        }
    }

    /// Whether an actor got what it waited for last.
    fn note_got(&mut self, actor: ActorId, got: bool) {
        if let Some(last) = self.by_actor.get_mut(&actor).and_then(|waits| waits.last_mut()) {
            last.got = got;
        }
    }

    /// The actor goes on, or has ended; the wait that this ends, if it waited.
    pub(super) fn close(&mut self, actor: ActorId, at_ns: u64, got: bool) -> Option<Wait> {
        // What it did last may be heard of after its end.
        let last = self.by_actor.get_mut(&actor)?.last_mut();
        let last = last.filter(|last| last.to_ns == u64::MAX || (last.cut && at_ns <= last.to_ns))?;
        last.cut = false;
        last.to_ns = at_ns.max(last.from_ns);
        last.got = got;
        Some(*last)
    }
}

impl Run {
    /// The waits of an actor, in order.
    pub fn waits_of(&self, actor: ActorId) -> &[Wait] {
        self.waits.by_actor.get(&actor).map_or(&[], Vec::as_slice)
    }

    /// How many waits are not known one by one, since there were too many.
    pub fn waits_summed(&self) -> u64 {
        self.waits.summed
    }

    /// That not every wait is known, in a sentence.
    pub fn summed_in_words(&self) -> Option<String> {
        let (summed, all) = (self.waits.summed, self.waits.summed + self.waits.count as u64);
        (summed > 0).then(|| {
            let (summed, all) = (grouped(summed), grouped(all));
            format!("Of {all} waits {summed} are only counted: so many are not kept one by one.")
        })
    }

    /// How long somebody waited for something of an object at most: also who gave up, or waits still.
    pub fn longest_wait_ns(&self, object: ObjectId) -> u64 {
        let waits = self.waits.by_actor.values().flatten().filter(|wait| wait.object() == Some(object));
        let longest_ns = waits.map(|wait| wait.length_ns(self.last_ns)).max().unwrap_or(0);
        longest_ns.max(self.object(object).map_or(0, |object| object.permits.longest_ns))
    }

    /// What an actor waits for at a moment.
    pub fn wait_of(&self, actor: ActorId, at_ns: u64) -> Option<&Wait> {
        let waits = self.waits_of(actor);
        let begun = waits.partition_point(|wait| wait.from_ns <= at_ns);
        waits[..begun].last().filter(|wait| wait.lasts(at_ns))
    }

    /// Everybody's waits at a moment, by actor in the order of their births.
    pub fn waits_at(&self, at_ns: u64) -> impl Iterator<Item = &Wait> {
        self.actors.iter().filter_map(move |actor| self.wait_of(actor.id, at_ns))
    }

    /// Who waits for something of an object at a moment, in the order of their births.
    pub fn waiters(&self, object: ObjectId, at_ns: u64) -> impl Iterator<Item = &Wait> {
        self.waits_at(at_ns).filter(move |wait| wait.object() == Some(object))
    }

    /// The waits that never came to their end, by actor in the order of their births: they last, or ended with
    /// their actor.
    pub fn unended_waits(&self) -> impl Iterator<Item = &Wait> {
        let last = self.actors.iter().filter_map(|actor| self.waits_of(actor.id).last());
        last.filter(|wait| wait.cut || wait.to_ns == u64::MAX)
    }

    /// An actor can't go on.
    pub(super) fn begin_wait(&mut self, mut wait: Wait) {
        if let Some(before) = self.waits.close(wait.actor, wait.from_ns, false)
            && (before.wish, before.on, before.lane) != (wait.wish, wait.on, wait.lane)
        {
            // It got the lock within a queue, and now waits for what it wanted that for.
            self.waits.note_got(wait.actor, self.aim(&before) == (wait.wish, wait.lane) && before.on == wait.on);
            self.watch.note_end(wait.actor, wait.from_ns);
        }
        if let Some(end_ns) = self.actor(wait.actor).and_then(Actor::end_ns) {
            (wait.to_ns, wait.cut) = (end_ns.max(wait.from_ns), true);
        }
        if let Some(object) = wait.object().and_then(|object| self.objects.get_mut(object)) {
            object.waits += 1;
        }
        self.watch.note_change(wait.from_ns);
        self.waits.open(wait);
    }

    /// An actor told what it did: it does not wait any more.
    pub(super) fn end_wait(&mut self, actor: ActorId, at_ns: u64, deed: Option<Deed>) -> Option<Wait> {
        let ended = self.waits.close(actor, at_ns, !matches!(deed, Some(Deed::GaveUp { .. })));
        if ended.is_some() {
            self.watch.note_end(actor, at_ns);
        }
        ended
    }

    /// An actor has ended, and with it its threads.
    pub(super) fn end_waits_of(&mut self, actor: ActorId, at_ns: u64) {
        let threads = self.children(actor).filter(|child| child.role == Role::ProcessThread).map(|child| child.id);
        let all: Vec<ActorId> = threads.chain([actor]).collect();
        for actor in all {
            if self.waits.close(actor, at_ns, false).is_some() {
                self.waits.cut(actor);
                self.watch.note_end(actor, at_ns);
            }
        }
        if self.waits.any() {
            self.watch.note_exit(at_ns);
        }
    }

    /// Whether an actor has ended by then.
    pub(super) fn has_ended(&self, id: ActorId, at_ns: u64) -> bool {
        self.actor(id).is_none_or(|actor| actor.end_ns().is_some_and(|ended_ns| ended_ns <= at_ns))
    }

    /// The process that a thread belongs to; every other actor is its own.
    pub fn process_of(&self, id: ActorId) -> ActorId {
        let thread = self.actor(id).filter(|actor| actor.role == Role::ProcessThread);
        thread.and_then(|thread| thread.parent).unwrap_or(id)
    }

    /// What an actor is called.
    pub fn title_of(&self, id: ActorId) -> String {
        self.actor(id).map_or_else(|| format!("actor {}", id.0), Actor::title)
    }

    /// What an actor is called where it stands alone: a thread with its process.
    pub fn full_title(&self, id: ActorId) -> String {
        let process = self.process_of(id);
        let title = self.title_of(id);
        if process == id { title } else { format!("{title} of {}", self.title_of(process)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Model, SpanKind};
    use crate::plan::Plan;
    use crate::trace::{Birth, Event, Exit, Made, ObjectKind, What};

    const CHILD: ActorId = ActorId(2);
    const LOCK: ObjectId = ObjectId(0);

    /// A child that does these things, in the order in which they are heard.
    fn model(news: &[(u64, ActorId, What)]) -> Model {
        let plan = Plan { program: Some("by-hand".to_owned()), ..Plan::default() };
        let (name, initial, lock, robust) = ("a".to_owned(), None, None, false);
        let made =
            Made { object: LOCK, kind: ObjectKind::Lock, name, capacity: 1, pipe_bytes: 0, initial, lock, robust };
        let born = |actor, role| What::ActorBorn(Box::new(Birth::new(actor, role, 1, 7, 1)));
        let setting = [
            (
                0,
                ActorId::PARENT,
                What::RunBegan { run: 0, plan: Box::new(plan), items: 0, chunksize: 1, detail_units: 9 },
            ),
            (1, ActorId::PARENT, born(ActorId::PARENT, Role::Parent)),
            (1, ActorId::PARENT, What::ObjectMade(Box::new(made))),
            (2, ActorId::PARENT, born(CHILD, Role::Process)),
            (3, CHILD, What::ActorReady),
        ];
        let events =
            setting.iter().chain(news).map(|(at_ns, by, what)| Event { at_ns: *at_ns, by: *by, what: what.clone() });
        Model::of(&events.collect::<Vec<_>>())
    }

    fn waits() -> What {
        What::Waits { wish: Wish::Acquire, on: Awaited::Object(LOCK), lane: 0, for_ever: true }
    }

    fn used(since_ns: u64, deed: Deed) -> What {
        What::Used { object: LOCK, since_ns, deed }
    }

    #[test]
    fn a_wait_lasts_until_its_actor_tells_what_it_did_even_if_its_end_is_heard_first() {
        let ended = (90, ActorId::PARENT, What::ActorExited { actor: CHILD, exit: Exit::Code(0) });
        let (waited, took) = ((20, CHILD, waits()), (70, CHILD, used(19, Deed::Acquired { left: 0 })));
        for order in [[&waited, &took, &ended], [&waited, &ended, &took], [&ended, &waited, &took]] {
            let model = model(&order.map(Clone::clone));
            let run = &model.runs[0];
            let [wait] = run.waits_of(CHILD) else { panic!("{:?}", run.waits_of(CHILD)) };
            assert_eq!((wait.from_ns, wait.to_ns, wait.got, wait.cut), (20, 70, true, false), "{order:?}");
            assert_eq!([19, 20, 69, 70].map(|at_ns| run.wait_of(CHILD, at_ns).is_some()), [false, true, true, false]);
            assert_eq!(run.unended_waits().count(), 0);
            let spans = run.actor(CHILD).expect("it was born").lane.spans();
            let last: Vec<_> =
                spans[spans.len() - 2..].iter().map(|span| (span.from_ns, span.to_ns, span.kind)).collect();
            assert_eq!(last, [(20, 70, SpanKind::Blocked), (70, 90, SpanKind::Waiting)], "{order:?}");
        }
    }

    #[test]
    fn who_is_killed_never_got_it() {
        let killed = What::ActorExited { actor: CHILD, exit: Exit::Signal(9) };
        let model = model(&[(20, CHILD, waits()), (90, ActorId::PARENT, killed)]);
        let run = &model.runs[0];
        let told: Vec<_> = run.unended_waits().map(|wait| (wait.actor, wait.to_ns, wait.got)).collect();
        assert_eq!(told, [(CHILD, 90, false)]);
        assert!(run.wait_of(CHILD, 95).is_none());
        assert_eq!(run.object(LOCK).expect("it was made").waits, 1);
    }

    #[test]
    fn the_longest_wait_is_also_that_of_who_did_not_get_it() {
        let took = used(20, Deed::Acquired { left: 0 });
        let gave_up = used(19, Deed::GaveUp { wish: Wish::Acquire });
        let killed = What::ActorExited { actor: CHILD, exit: Exit::Signal(9) };
        let longest = |news: &[(u64, ActorId, What)]| model(news).runs[0].longest_wait_ns(LOCK);
        assert_eq!(longest(&[(20, CHILD, waits()), (50, CHILD, gave_up)]), 30);
        assert_eq!(longest(&[(20, CHILD, waits()), (90, ActorId::PARENT, killed)]), 70);
        assert_eq!(longest(&[(24, CHILD, took)]), 4);
    }

    #[test]
    fn of_too_many_waits_the_last_is_known() {
        let mut told = Waits::default();
        for from_ns in 0..MOST_WAITS as u64 + 10 {
            let (wish, on, lane) = (Wish::Acquire, Awaited::Object(LOCK), 0);
            let (to_ns, for_ever, got, cut) = (u64::MAX, true, false, false);
            told.open(Wait { actor: CHILD, wish, on, lane, for_ever, from_ns, to_ns, got, cut });
            told.close(CHILD, from_ns, true);
        }
        let known = &told.by_actor[&CHILD];
        assert_eq!((known.len(), told.summed), (MOST_WAITS, 10));
        assert_eq!(known[MOST_WAITS - 1].from_ns, MOST_WAITS as u64 + 9);
    }

    #[test]
    fn who_gives_up_did_not_get_it_and_goes_on() {
        let gave_up = used(19, Deed::GaveUp { wish: Wish::Acquire });
        let model = model(&[(20, CHILD, waits()), (50, CHILD, gave_up)]);
        let run = &model.runs[0];
        let [wait] = run.waits_of(CHILD) else { panic!("{:?}", run.waits_of(CHILD)) };
        assert_eq!((wait.to_ns, wait.got, wait.cut), (50, false, false));
        assert_eq!(run.wait_in_words(wait, 30), "waits for lock a, for 10 ns");
    }

    #[test]
    fn a_join_that_returned_is_told_as_the_call_it_was() {
        let on = Awaited::Actor(CHILD);
        let waits = What::Waits { wish: Wish::End, on, lane: 0, for_ever: true };
        let (call, answer) = ("p1.join()".to_owned(), "it has ended".to_owned());
        let called = What::Called { call, since_ns: 19, answer, raised: false };
        let joining = |last: &[(u64, ActorId, What)]| model(&[&[(20, ActorId::PARENT, waits.clone())], last].concat());
        let kind = |model: &Model| model.runs[0].actors[0].lane.at(40).map(|span| span.kind);
        assert_eq!(kind(&joining(&[])), Some(SpanKind::Blocked));
        assert_eq!(kind(&joining(&[(80, ActorId::PARENT, called)])), Some(SpanKind::Calling));
    }
}
