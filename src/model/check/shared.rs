//! What every trace must obey where processes share something.

use super::{Found, Kind};
use crate::model::{Object, Run};
use crate::trace::{ActorId, ObjectKind};

/// Each message passes each station once, and none is taken out before its sending began; a lock has one holder;
/// a bounded semaphore never has more permits than at first.
pub(super) fn shared(run: &Run, lossy: bool, place: &str, found: &mut Found) {
    // What somebody did who was killed, the trace may not tell.
    let bereft = run.actors.iter().filter_map(|actor| actor.exited).any(|(_, exit)| !exit.is_success());
    for object in run.objects() {
        let place = || format!("{place}, {} {}", object.kind.title(), object.name);
        // What a manager gets is a request: that it was asked and answered is a round trip, not a letter's way.
        if object.kind != ObjectKind::Manager {
            messages(object, lossy || bereft, &place, found);
        }
        match object.kind {
            ObjectKind::Lock | ObjectKind::RLock => {
                if let Some((one, other)) = two_holders(run, object) {
                    let (one, other) = (run.title_of(one), run.title_of(other));
                    found.tell(Kind::TwoHolders, || format!("{}: {one} and {other} held it at once", place()));
                }
            }
            ObjectKind::BoundedSemaphore if !lossy && !bereft => {
                let left = object.free(u64::MAX);
                if left > object.capacity {
                    let most = object.capacity;
                    found.tell(Kind::Unbounded, || format!("{}: {left} permits are left of {most}", place()));
                }
            }
            _ => {}
        }
    }
}

fn messages(object: &Object, lossy: bool, place: &dyn Fn() -> String, found: &mut Found) {
    for (lane, road) in &object.stations.roads {
        let place = || format!("{}, road {lane}", place());
        if road.contradictions > 0 {
            let count = road.contradictions;
            found.tell(Kind::Passed, || format!("{}: {count} messages passed a station twice", place()));
        }
        let letters = || road.letters().iter();
        let early = letters()
            .find(|letter| matches!((letter.begun_ns, letter.got), (Some(begun), Some((got, _))) if got < begun));
        if let Some(early) = early {
            let number = early.message;
            found.tell(Kind::Early, || format!("{}: message {number} was taken out before it was put in", place()));
        }
        let unsent = letters().filter(|letter| letter.got.is_some() && letter.begun_ns.is_none()).count();
        if unsent > 0 && !lossy {
            found.tell(Kind::Unsent, || format!("{}: {unsent} messages were taken out that nobody put in", place()));
        }
    }
}

/// Two who held a lock at the same time, if there were. Who gives back what another took, or what a dead owner
/// had, ends a turn that nobody tells the end of.
fn two_holders(run: &Run, object: &Object) -> Option<(ActorId, ActorId)> {
    if object.permits.was_given_away() {
        return None;
    }
    let is_dead = |actor| run.actor(actor).is_none_or(|actor| actor.exited.is_some());
    let mut turns: Vec<(u64, u64, ActorId)> = object
        .permits
        .turns()
        .filter(|&(actor, _, to_ns)| to_ns != u64::MAX || !is_dead(actor))
        .map(|(actor, from_ns, to_ns)| (from_ns, to_ns, actor))
        .collect();
    turns.sort_unstable();
    let pair = turns.windows(2).find(|pair| pair[1].0 < pair[0].1 && pair[0].2 != pair[1].2)?;
    Some((pair[0].2, pair[1].2))
}

#[cfg(test)]
mod tests {
    use super::super::violations;
    use crate::model::Model;
    use crate::trace::ObjectKind;
    use crate::trace::{ActorId, Birth, Deed, Event, Exit, Made, ObjectId, Outcome, Role, What};

    const ONE: ActorId = ActorId(2);
    const OTHER: ActorId = ActorId(3);

    /// What is wrong with a complete run in which that was done to an object, by time.
    fn found(kind: ObjectKind, capacity: u64, deeds: &[(u64, ActorId, u64, Deed)]) -> Vec<String> {
        let plan = crate::plan::Plan { program: Some("by-hand".to_owned()), ..Default::default() };
        let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 0, chunksize: 1, detail_units: 9 };
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let mut events = vec![event(0, ActorId::PARENT, began)];
        for (actor, role) in [(ActorId::PARENT, Role::Parent), (ONE, Role::Process), (OTHER, Role::Process)] {
            let birth = Birth::new(actor, role, actor.0, 7, 0);
            events.push(event(0, ActorId::PARENT, What::ActorBorn(Box::new(birth))));
        }
        let (object, name, pipe_bytes, initial, lock, robust) = (ObjectId(0), "it".to_owned(), 0, None, None, false);
        let made = Made { object, kind, name, capacity, pipe_bytes, initial, lock, robust };
        events.push(event(1, ActorId::PARENT, What::ObjectMade(Box::new(made))));
        for &(at_ns, by, since_ns, deed) in deeds {
            events.push(event(at_ns, by, What::Used { object, since_ns, deed }));
        }
        for actor in [ONE, OTHER] {
            events.push(event(90, ActorId::PARENT, What::ActorExited { actor, exit: Exit::Code(0) }));
        }
        let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 99, start_ns: 0, digest: String::new() };
        events.push(event(99, ActorId::PARENT, end));
        violations(&Model::of(&events))
    }

    #[test]
    fn a_message_passes_each_station_once_and_in_order() {
        let (lane, message, bytes) = (0, 0, 9);
        let (put, fed) = (Deed::Put { lane, message, bytes }, Deed::Fed { lane, message, bytes });
        let got = Deed::Got { lane, message, bytes };
        let of = |deeds: &[(u64, ActorId, u64, Deed)]| found(ObjectKind::Queue, 0, deeds);
        assert!(of(&[(10, ONE, 9, put), (13, ONE, 11, fed), (15, OTHER, 8, got)]).is_empty());
        // The reader is quicker than the news of the writing.
        assert!(of(&[(12, OTHER, 8, got), (10, ONE, 9, put), (13, ONE, 11, fed)]).is_empty());
        let early = of(&[(5, OTHER, 4, got), (10, ONE, 9, put), (13, ONE, 11, fed)]);
        assert_eq!(early, ["run 1, Queue it, road 0: message 0 was taken out before it was put in"]);
        let twice = of(&[(10, ONE, 9, put), (13, ONE, 11, fed), (15, OTHER, 8, got), (16, ONE, 8, got)]);
        assert_eq!(twice, ["run 1, Queue it, road 0: 1 messages passed a station twice"]);
        let unsent = of(&[(15, OTHER, 8, got)]);
        assert_eq!(unsent, ["run 1, Queue it, road 0: 1 messages were taken out that nobody put in"]);
    }

    #[test]
    fn a_lock_has_one_holder_and_a_bounded_semaphore_its_bound() {
        let (take, give) = (Deed::Acquired { left: 0 }, Deed::Released { left: 1 });
        let of = |deeds: &[(u64, ActorId, u64, Deed)]| found(ObjectKind::Lock, 1, deeds);
        assert!(of(&[(20, OTHER, 2, take), (10, ONE, 2, take), (19, ONE, 19, give), (30, OTHER, 30, give)]).is_empty());
        let both = of(&[(10, ONE, 2, take), (15, OTHER, 2, take), (19, ONE, 19, give), (30, OTHER, 30, give)]);
        assert_eq!(both, ["run 1, Lock it: Process 2 and Process 3 held it at once"]);
        // Another process may release it.
        assert!(of(&[(10, ONE, 2, take), (12, OTHER, 12, give), (15, OTHER, 2, take)]).is_empty());
        let permits = found(ObjectKind::BoundedSemaphore, 2, &[(10, ONE, 10, give)]);
        assert_eq!(permits, ["run 1, BoundedSemaphore it: 3 permits are left of 2"]);
        assert!(found(ObjectKind::Semaphore, 2, &[(10, ONE, 10, give)]).is_empty());
    }
}
