//! Where the objects of a program lie: which words of the shared memory, which pipes. It follows from the script
//! alone, so that every process of the program knows it without being told.

use std::ops::Range;

use crate::program::object::{self, Make, Obj, Object};
use crate::program::script::{self, Child, Step};
use crate::program::uses::{Ask, Kind};
use crate::trace::ObjectId;

use super::condition;
use super::memory::Block;
use super::queue::Queue;
use super::robust_semaphore::RobustSemaphore;

/// A lock, a counter: two cache lines, so that neighbours do not disturb each other.
pub(super) const CELL: usize = 16;
/// What a queue has beside its pipe, a cell each.
#[derive(Clone, Copy, Debug)]
pub(super) enum QueueCell {
    /// Its counters.
    Counters,
    /// The lock of those who read.
    Readers,
    /// The lock of those who write.
    Writers,
    /// Its free places.
    Places,
    /// Its tasks that are not done.
    Tasks,
    /// The sizes of its messages.
    Sizes,
}
/// How many these are.
pub(super) const QUEUE_CELLS: usize = QueueCell::Sizes as usize + 1;

/// An object in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its id in the trace.
    pub id: ObjectId,
    /// What it is.
    pub object: Object,
    /// Its words. Its own lock, if it has one, has the last [`CELL`] of them.
    pub words: Range<usize>,
    /// Its ends of pipes, two for each pipe: first the one that is read. Of a duplex pipe the first pipe is
    /// written at its end 0; of a manager there are two pipes for each client: requests, and answers.
    pub ends: Range<usize>,
}

/// A lock that a manager keeps. It lies with its manager, not here; but who has it and who waits for it is told in the
/// trace as of any lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptLock {
    /// Its id in the trace.
    pub id: ObjectId,
    /// Its manager.
    pub manager: Obj,
    /// Under which number it is kept.
    pub kept: u32,
    /// Whether its holder may take it again.
    pub again: bool,
}

/// Where everything lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The objects, in order.
    pub places: Vec<Place>,
    /// The locks that managers keep, in the order of their making.
    pub kept: Vec<KeptLock>,
    /// How many words there are.
    pub words: usize,
    /// How many ends of pipes there are.
    pub ends: usize,
}

impl Layout {
    /// Of the objects that this main script makes.
    pub fn of(script: &[Step]) -> Self {
        let objects = script::objects(script);
        let (ids, next) = object::ids(objects.iter().copied());
        let mut layout = Self::default();
        for (object, id) in objects.into_iter().zip(ids) {
            let words = layout.words..layout.words + words_of(object);
            let ends = layout.ends..layout.ends + 2 * pipes_of(&object.make);
            (layout.words, layout.ends) = (words.end, ends.end);
            layout.places.push(Place { id, object: object.clone(), words, ends });
        }
        let kept = script::steps(script).into_iter().filter_map(|step| match step {
            Step::Ask(manager, Ask::Make(kept, kind @ (Kind::Lock | Kind::RLock), _)) => {
                Some((*manager, kept.0, *kind == Kind::RLock))
            }
            _ => None,
        });
        let kept =
            kept.zip(next..).map(|((manager, kept, again), id)| KeptLock { id: ObjectId(id), manager, kept, again });
        layout.kept = kept.collect();
        layout
    }

    /// The lock that a manager keeps under a number, if it is one.
    pub fn kept_lock(&self, manager: Obj, kept: u32) -> Option<KeptLock> {
        self.kept.iter().copied().find(|lock| (lock.manager, lock.kept) == (manager, kept))
    }

    /// The ends that a child has: those it is given, and those of all queues.
    pub fn ends_of(&self, child: &Child) -> Vec<usize> {
        let mut ends: Vec<usize> = Vec::new();
        for (number, place) in self.places.iter().enumerate() {
            match place.object.make {
                Make::SimpleQueue | Make::Queue(_) | Make::JoinableQueue(_) => ends.extend(place.ends.clone()),
                _ => {
                    let given = child.ends.iter().filter(|(object, _)| *object as usize == number);
                    ends.extend(given.flat_map(|&(_, end)| place.ends_at(end)));
                }
            }
        }
        ends
    }

    /// The object of this number.
    pub fn place(&self, object: Obj) -> Option<&Place> {
        self.places.get(object as usize)
    }
}

impl Place {
    /// The ends of pipes that belong to one end of a pipe or of a manager.
    pub fn ends_at(&self, end: u16) -> Vec<usize> {
        if let (Make::Manager(clients), 0) = (&self.object.make, end) {
            // The server reads all requests and writes all answers.
            return (0..*clients as u16)
                .filter_map(|client| self.served(client))
                .flat_map(<[usize; 2]>::from)
                .collect();
        }
        let mut ends: Vec<usize> = self.reader_of(end).into_iter().chain(self.writer_of(end)).collect();
        ends.sort_unstable();
        ends
    }

    /// Where that lies which is read at one end of a pipe; or by a client of a manager, of which end 1 is the first.
    pub fn reader_of(&self, end: u16) -> Option<usize> {
        match (&self.object.make, end) {
            // The first pipe is written at end 0 and read at end 1; the second the other way round.
            (Make::Pipe { duplex: false }, 0) | (Make::Pipe { duplex: true }, 1) => self.at(0),
            (Make::Pipe { duplex: true }, 0) => self.at(2),
            (Make::Manager(_), 1..) => self.at(4 * usize::from(end - 1) + 2),
            _ => None,
        }
    }

    /// Where that lies which is written there.
    pub fn writer_of(&self, end: u16) -> Option<usize> {
        match (&self.object.make, end) {
            (Make::Pipe { duplex: false }, 1) | (Make::Pipe { duplex: true }, 0) => self.at(1),
            (Make::Pipe { duplex: true }, 1) => self.at(3),
            (Make::Manager(_), 1..) => self.at(4 * usize::from(end - 1) + 1),
            _ => None,
        }
    }

    /// Where the server of a manager reads the requests of a client, counted from 0, and writes the answers.
    pub fn served(&self, client: u16) -> Option<(usize, usize)> {
        let first = 4 * usize::from(client);
        matches!(self.object.make, Make::Manager(_)).then_some(())?;
        self.at(first).zip(self.at(first + 3))
    }

    fn at(&self, offset: usize) -> Option<usize> {
        self.ends.clone().nth(offset)
    }
}

fn words_of(object: &Object) -> usize {
    match object.make {
        Make::Semaphore(permits) | Make::BoundedSemaphore(permits) if object.robust => {
            RobustSemaphore::<Block>::words_of(permits).next_multiple_of(CELL)
        }
        Make::Queue(maxsize) | Make::JoinableQueue(maxsize) if object.robust => Queue::robust_words(maxsize),
        Make::SimpleQueue | Make::Queue(_) | Make::JoinableQueue(_) => QUEUE_CELLS * CELL,
        Make::Condition => (1 + condition::PLACES).next_multiple_of(CELL) + CELL,
        Make::Value(_) => 2 * CELL,
        Make::Array(length) => CELL + (length as usize).next_multiple_of(CELL) + CELL,
        Make::RawArray(length) => CELL + (length as usize).next_multiple_of(CELL),
        Make::Block(bytes) => CELL + (bytes as usize).div_ceil(size_of::<u64>()).next_multiple_of(CELL),
        _ => CELL,
    }
}

fn pipes_of(make: &Make) -> usize {
    match *make {
        Make::Pipe { duplex } => 1 + usize::from(duplex),
        Make::SimpleQueue | Make::Queue(_) | Make::JoinableQueue(_) => 1,
        Make::Manager(clients) => 2 * clients as usize,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::uses::Kept;

    #[test]
    fn every_end_of_a_pipe_belongs_to_one_side() {
        let script = [
            Step::Make(Object::new("lock", Make::Lock)),
            Step::Make(Object::new("pipe", Make::Pipe { duplex: true })),
            Step::Make(Object::new("value", Make::Value(0))),
            Step::Make(Object::new("manager", Make::Manager(3))),
            Step::Make(Object::new("one_way", Make::Pipe { duplex: false })),
        ];
        let layout = Layout::of(&script);
        assert_eq!(layout.places.iter().map(|place| place.id.0).collect::<Vec<_>>(), [0, 1, 2, 4, 5]);
        assert_eq!((layout.words, layout.ends), (6 * CELL, 4 + 12 + 2));
        for (number, sides) in [(1, 2), (3, 4), (4, 2)] {
            let place = &layout.places[number];
            let mut ends: Vec<usize> = (0..sides).flat_map(|end| place.ends_at(end)).collect();
            ends.sort_unstable();
            assert_eq!(ends, place.ends.clone().collect::<Vec<_>>());
        }
        let child = Child::new(1, []).with_end(1, 1).with_end(3, 3);
        assert_eq!(layout.ends_of(&child), [0, 3, 13, 14]);
    }

    #[test]
    fn the_locks_of_managers_have_the_ids_after_those_of_all_objects() {
        let keep = |manager, number, kind| Step::Ask(manager, Ask::Make(Kept(number, "it"), kind, Vec::new()));
        let script = [
            Step::Make(Object::new("m", Make::Manager(1))),
            keep(0, 0, Kind::Dict),
            Step::Try(vec![keep(0, 1, Kind::Lock)]),
            Step::Make(Object::new("again", Make::Manager(1))),
            keep(1, 0, Kind::RLock),
            Step::Make(Object::new("value", Make::Value(0))),
        ];
        let layout = Layout::of(&script);
        let told = |manager, kept| layout.kept_lock(manager, kept).map(|lock| (lock.id.0, lock.again));
        assert_eq!([told(0, 0), told(0, 1), told(1, 0)], [None, Some((4, false)), Some((5, true))]);
    }
}
