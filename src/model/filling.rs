//! How full the pipe of an object is. A message is told when all of it was written, and what is no message when it was
//! found. Of one whose writer died in the middle nobody ever tells that it was written, but what there is of it is
//! found torn by whoever reads next.

use std::collections::BTreeMap;

use super::objects::stations::{Load, Road};
use super::{Run, Wait};
use crate::trace::{ObjectId, Wish};

impl Run {
    /// The messages that are in the pipe on a road of an object at a moment, as far as they are whole.
    pub fn in_pipe(&self, object: ObjectId, lane: u16, at_ns: u64) -> Load {
        let Some(road) = self.object(object).and_then(|object| object.stations.road(lane)) else {
            return Load::default();
        };
        let (written, torn) = (road.written(at_ns), road.torn.sum(at_ns));
        if torn == 0 {
            return written;
        }
        let lost = torn.saturating_sub(self.never_written(object, (lane, road), at_ns));
        let bytes = written.bytes.saturating_sub(lost);
        // Of those that were torn nothing is left: what is there was written last.
        Load { bytes, messages: written.messages.min(road.fed.last_within(at_ns, bytes)) }
    }

    /// What the pipe on a road of an object holds at a moment, in bytes: whatever its size says, it is full while
    /// somebody waits for room in it, and stays so if he dies, until somebody reads.
    pub fn pipe_fill(&self, object: ObjectId, lane: u16, at_ns: u64) -> u64 {
        let Some(known) = self.object(object) else { return 0 };
        let bytes = self.in_pipe(object, lane, at_ns).bytes;
        if known.pipe_bytes == 0 {
            return bytes;
        }
        let on_it = |wish: Wish| self.waiters(object, at_ns).any(|wait| wait.wish == wish && wait.lane == lane);
        let out =
            |at_ns| known.stations.road(lane).map_or((0, 0), |road| (road.got.count(at_ns), road.torn.count(at_ns)));
        let was_left_full = |dead: &Wait| out(dead.to_ns) == out(at_ns) && !on_it(Wish::Receive);
        if on_it(Wish::Send) || self.died_writing(object, lane, at_ns).any(was_left_full) {
            return known.pipe_bytes.into();
        }
        bytes.min(known.pipe_bytes.into())
    }

    /// How many of the bytes that were found torn by then belong to messages that were never written to their end.
    fn never_written(&self, object: ObjectId, (lane, road): (u16, &Road), at_ns: u64) -> u64 {
        let found = self.died_writing(object, lane, at_ns).filter_map(|dead| road.torn.first_since(dead.from_ns));
        // Two of them may have been found at once.
        let found: BTreeMap<u64, u64> = found.filter(|&(found_ns, _)| found_ns <= at_ns).collect();
        found.into_values().fold(0, u64::saturating_add)
    }

    /// The last waits of those who had died by then while they waited for room for the rest of a message.
    fn died_writing(&self, object: ObjectId, lane: u16, at_ns: u64) -> impl Iterator<Item = &Wait> {
        let of_it = move |wait: &&Wait| wait.object() == Some(object) && wait.wish == Wish::Send && wait.lane == lane;
        self.unended_waits().filter(move |wait| wait.cut && wait.to_ns <= at_ns).filter(of_it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{ActorId, Awaited, Birth, Deed, Event, Exit, Made, ObjectKind, Role, What};

    const PIPE: ObjectId = ObjectId(0);
    const ROOM: u64 = 65_536;
    const A: ActorId = ActorId(2);
    const B: ActorId = ActorId(3);

    /// A pipe between the parent and two that write.
    fn model(news: &[(u64, ActorId, What)]) -> Model {
        let plan = Plan { program: Some("by-hand".to_owned()), ..Plan::default() };
        let (name, initial, lock, robust) = ("q".to_owned(), None, None, false);
        let (kind, capacity, pipe_bytes) = (ObjectKind::SimpleQueue, 0, ROOM as u32);
        let made = Made { object: PIPE, kind, name, capacity, pipe_bytes, initial, lock, robust };
        let born = |actor, role| What::ActorBorn(Box::new(Birth::new(actor, role, actor.0, 7, 1)));
        let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 0, chunksize: 1, detail_units: 9 };
        let setting = [
            (0, ActorId::PARENT, began),
            (1, ActorId::PARENT, born(ActorId::PARENT, Role::Parent)),
            (1, ActorId::PARENT, What::ObjectMade(Box::new(made))),
            (2, ActorId::PARENT, born(A, Role::Process)),
            (2, ActorId::PARENT, born(B, Role::Process)),
        ];
        let events = setting.iter().chain(news);
        Model::of(
            &events.map(|(at_ns, by, what)| Event { at_ns: *at_ns, by: *by, what: what.clone() }).collect::<Vec<_>>(),
        )
    }

    fn used(at_ns: u64, by: ActorId, deed: Deed) -> (u64, ActorId, What) {
        (at_ns, by, What::Used { object: PIPE, since_ns: at_ns, deed })
    }

    fn waits(at_ns: u64, by: ActorId, wish: Wish) -> (u64, ActorId, What) {
        (at_ns, by, What::Waits { wish, on: Awaited::Object(PIPE), lane: 0, for_ever: true })
    }

    fn killed(at_ns: u64, actor: ActorId) -> (u64, ActorId, What) {
        (at_ns, ActorId::PARENT, What::ActorExited { actor, exit: Exit::Signal(9) })
    }

    #[test]
    fn what_a_dead_writer_left_counts_until_it_is_found_and_then_takes_nothing_from_the_others() {
        let fed = |at_ns, message| used(at_ns, B, Deed::Fed { lane: 0, message, bytes: 1000 });
        let got = |at_ns, message| used(at_ns, ActorId::PARENT, Deed::Got { lane: 0, message, bytes: 1000 });
        let found = used(40, ActorId::PARENT, Deed::Torn { lane: 0, bytes: ROOM as u32 });
        let news = [waits(10, A, Wish::Send), killed(20, A), found, fed(41, 1), fed(42, 2), got(50, 1), got(60, 2)];
        // Who was killed is told by another than who found the rest.
        for order in [[0, 1, 2, 3, 4, 5, 6], [0, 2, 3, 1, 4, 5, 6]] {
            let model = model(&order.map(|place| news[place].clone()));
            let fill = |at_ns| model.runs[0].pipe_fill(PIPE, 0, at_ns);
            let told = [9, 10, 20, 39, 40, 41, 42, 50, 60].map(fill);
            assert_eq!(told, [0, ROOM, ROOM, ROOM, 0, 1000, 2000, 1000, 0], "{order:?}");
            assert_eq!(model.runs[0].in_pipe(PIPE, 0, 42).messages, 2);
        }
    }

    #[test]
    fn who_reads_on_has_emptied_the_pipe() {
        let model = model(&[waits(10, A, Wish::Send), killed(20, A), waits(30, ActorId::PARENT, Wish::Receive)]);
        assert_eq!([20, 30].map(|at_ns| model.runs[0].pipe_fill(PIPE, 0, at_ns)), [ROOM, 0]);
    }

    #[test]
    fn messages_that_were_torn_are_not_in_the_pipe_any_more() {
        let fed = |at_ns, by, message| used(at_ns, by, Deed::Fed { lane: 0, message, bytes: 1000 });
        let found = used(30, ActorId::PARENT, Deed::Torn { lane: 0, bytes: 2000 });
        let model = model(&[fed(10, A, 0), fed(11, B, 1), found, fed(40, A, 2)]);
        let load = |at_ns| {
            let load = model.runs[0].in_pipe(PIPE, 0, at_ns);
            (load.messages > 0, load.bytes)
        };
        assert_eq!([11, 30, 40].map(load), [(true, 2000), (false, 0), (true, 1000)]);
    }
}
