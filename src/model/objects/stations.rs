//! The road of messages through a pipe or a queue, station by station:
//!
//! ```text
//! put() ─► buffer of the feeder ─► pipe ─► reader
//!      Put                      Fed     Got
//! ```
//!
//! Whoever tells of a station may be heard after whoever tells of the next one. A message never leaves a station
//! before it came there: the earlier of the two stamps counts for both.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::super::history::{History, Tally};
use crate::trace::ActorId;

/// So many messages of a road are known one by one; of more there are only sums.
const MOST_LETTERS: usize = 200_000;

/// So many places a message may be from where its turn would be, when those near are looked at.
const OUT_OF_ORDER: usize = 1024;

/// A stamp of a message: when, and by whom.
pub type Stamp = (u64, ActorId);

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number on its road, from 0.
    pub message: u32,
    /// Its size with its header.
    pub bytes: u32,
    /// When its sending was begun.
    pub begun_ns: Option<u64>,
    /// The process in whose feeder's buffer it was, if in any.
    pub from: Option<ActorId>,
    /// When it was put into that buffer, by whom.
    pub put: Option<Stamp>,
    /// When all of it had been written into the pipe, by whom.
    pub fed: Option<Stamp>,
    /// When it was taken out, by whom.
    pub got: Option<Stamp>,
}

/// How much is at a station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Messages.
    pub messages: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Load {
    fn between(came: &Tally, left: &Tally, at_ns: u64) -> Self {
        Self {
            messages: came.count(at_ns).saturating_sub(left.count(at_ns)),
            bytes: came.sum(at_ns).saturating_sub(left.sum(at_ns)),
        }
    }
}

/// The buffer of one producer's feeder.
#[derive(Clone, Debug, Default)]
struct Buffer {
    put: Tally,
    fed: Tally,
}

/// One road of a pipe or queue.
#[derive(Clone, Debug, Default)]
pub struct Road {
    letters: Vec<Letter>,
    places: HashMap<u32, usize>,
    /// By the process that put.
    buffers: BTreeMap<ActorId, Buffer>,
    /// Put, or written at once.
    pub came: Tally,
    /// Written into the pipe.
    pub fed: Tally,
    /// Taken out.
    pub got: Tally,
    /// Bytes that were found to be no message.
    pub torn: Tally,
    /// Who ever wrote into the pipe.
    pub writers: Vec<ActorId>,
    /// Who ever took something out.
    pub readers: Vec<ActorId>,
    /// Of both, the moment when each did so first.
    wrote_first: BTreeMap<ActorId, u64>,
    read_first: BTreeMap<ActorId, u64>,
    /// Messages that passed a station twice.
    pub contradictions: u32,
    /// Messages that are not known one by one.
    pub summed: u64,
}

/// A station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Station {
    Put,
    Fed,
    Got,
}

/// Who passed a message on, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pass {
    pub(super) since_ns: u64,
    pub(super) at_ns: u64,
    pub(super) by: ActorId,
    /// The process that he belongs to.
    pub(super) process: ActorId,
}

impl Road {
    /// A message passed a station. The buffer is that of `process`, whoever in it says so.
    pub(super) fn pass(&mut self, station: Station, (message, bytes): (u32, u32), pass: Pass) {
        let Pass { since_ns, at_ns, by, process } = pass;
        let stamp = (at_ns, by);
        let next = self.letters.len();
        if next >= MOST_LETTERS && !self.places.contains_key(&message) {
            self.sum(station, u64::from(bytes), pass);
            self.note_user(station, stamp);
            return;
        }
        let place = *self.places.entry(message).or_insert(next);
        if place == next {
            self.letters.push(Letter { message, bytes, begun_ns: None, from: None, put: None, fed: None, got: None });
        }
        let amount = u64::from(bytes);
        let before = self.letters[place];
        let letter = &mut self.letters[place];
        let slot = match station {
            Station::Put => &mut letter.put,
            Station::Fed => &mut letter.fed,
            Station::Got => &mut letter.got,
        };
        if slot.is_some() {
            self.contradictions += 1;
            return;
        }
        *slot = Some(stamp);
        if station == Station::Put {
            letter.from = Some(process);
        }
        if station != Station::Got {
            letter.begun_ns = Some(letter.begun_ns.map_or(since_ns, |known| known.min(since_ns)));
        }
        let after = *letter;
        let update = |was: Option<u64>, is: Option<u64>, tally: &mut Tally| match (was, is) {
            (None, Some(is_ns)) => tally.note(is_ns, amount),
            (Some(was_ns), Some(is_ns)) if is_ns < was_ns => tally.correct(was_ns, is_ns, amount),
            _ => {}
        };
        update(before.came_ns(), after.came_ns(), &mut self.came);
        update(before.fed_ns(), after.fed_ns(), &mut self.fed);
        update(before.got.map(|got| got.0), after.got.map(|got| got.0), &mut self.got);
        if let Some(process) = after.from {
            let is_new = before.from.is_none();
            let buffer = self.buffers.entry(process).or_default();
            update(before.came_ns().filter(|_| !is_new), after.came_ns(), &mut buffer.put);
            update(before.fed_ns().filter(|_| !is_new), after.fed_ns(), &mut buffer.fed);
        }
        self.note_user(station, stamp);
    }

    /// One more message of so many that they are only counted, each station by itself.
    fn sum(&mut self, station: Station, amount: u64, Pass { at_ns, process, .. }: Pass) {
        // Where there is no buffer, a message has come when it was written.
        let is_at_once = self.buffers.is_empty();
        match station {
            Station::Put => {
                self.came.note(at_ns, amount);
                self.buffers.entry(process).or_default().put.note(at_ns, amount);
            }
            Station::Fed => {
                self.fed.note(at_ns, amount);
                if is_at_once {
                    self.came.note(at_ns, amount);
                } else {
                    self.buffers.entry(process).or_default().fed.note(at_ns, amount);
                }
            }
            Station::Got => self.got.note(at_ns, amount),
        }
        self.summed += u64::from(station == Station::Put || (station == Station::Fed && is_at_once));
    }

    fn note_user(&mut self, station: Station, (at_ns, by): Stamp) {
        let (who, first) = match station {
            Station::Put => return,
            Station::Fed => (&mut self.writers, &mut self.wrote_first),
            Station::Got => (&mut self.readers, &mut self.read_first),
        };
        match first.entry(by) {
            Entry::Occupied(mut known) => *known.get_mut() = at_ns.min(*known.get()),
            Entry::Vacant(new) => {
                new.insert(at_ns);
                who.push(by);
            }
        }
    }

    /// Who had written into the pipe by then.
    pub fn writers_by(&self, at_ns: u64) -> impl Iterator<Item = ActorId> {
        by(&self.wrote_first, at_ns)
    }

    /// Who had taken something out by then.
    pub fn readers_by(&self, at_ns: u64) -> impl Iterator<Item = ActorId> {
        by(&self.read_first, at_ns)
    }

    /// Every message, in the order in which they were first heard of.
    pub fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// What was written into the pipe and not taken out as a message. What of it was found torn is
    /// [known to the run](crate::model::Run::in_pipe).
    pub(in crate::model) fn written(&self, at_ns: u64) -> Load {
        Load::between(&self.fed, &self.got, at_ns)
    }

    /// Of these, those that were heard of about then: after so many others, and before so many. Who looks for certain
    /// ones counts what it found, and looks through all if some are missing.
    pub fn letters_about(&self, after: u64, before: u64) -> &[Letter] {
        let place = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let first = place(after).saturating_sub(OUT_OF_ORDER).min(self.letters.len());
        let end = place(before).saturating_add(OUT_OF_ORDER).clamp(first, self.letters.len());
        &self.letters[first..end]
    }

    /// What lies in feeders' buffers at a moment.
    pub fn in_buffers(&self, at_ns: u64) -> Load {
        Load::between(&self.came, &self.fed, at_ns)
    }

    /// What lies in the buffer of the feeder of one process.
    pub fn in_buffer_of(&self, process: ActorId, at_ns: u64) -> Load {
        self.buffers.get(&process).map_or_else(Load::default, |buffer| Load::between(&buffer.put, &buffer.fed, at_ns))
    }

    /// The processes that ever put into a buffer.
    pub fn producers(&self) -> impl Iterator<Item = ActorId> {
        self.buffers.keys().copied()
    }

    /// The most that ever was in it at once, wherever.
    pub fn most_under_way(&self) -> Load {
        let (messages, bytes) = self.came.most_between(&self.got);
        Load { messages, bytes }
    }

    /// The most that ever was in the pipe at once, as far as whole messages tell.
    pub fn most_in_pipe(&self) -> Load {
        let (messages, bytes) = self.fed.most_between(&self.got);
        Load { messages, bytes }
    }

    /// What came and was not taken yet.
    pub fn under_way(&self, at_ns: u64) -> Load {
        Load::between(&self.came, &self.got, at_ns)
    }
}

/// Those who had begun by then.
fn by(first: &BTreeMap<ActorId, u64>, at_ns: u64) -> impl Iterator<Item = ActorId> {
    first.iter().filter(move |&(_, &first_ns)| first_ns <= at_ns).map(|(&actor, _)| actor)
}

impl Letter {
    /// When it came, at the latest.
    fn came_ns(&self) -> Option<u64> {
        [self.put, self.fed, self.got].into_iter().flatten().map(|(at_ns, _)| at_ns).min()
    }

    /// When it was in the pipe, at the latest.
    fn fed_ns(&self) -> Option<u64> {
        [self.fed, self.got].into_iter().flatten().map(|(at_ns, _)| at_ns).min()
    }
}

/// All roads of a pipe or queue, and what belongs to none of them.
#[derive(Clone, Debug, Default)]
pub struct Stations {
    /// By lane: of a pipe, the end at which messages are written.
    pub roads: BTreeMap<u16, Road>,
    /// Tasks of a joinable queue that were done.
    pub tasks_done: Tally,
    /// Who has which end of a pipe from when on, and until when.
    pub ends: BTreeMap<(u16, ActorId), History<bool>>,
}

impl Stations {
    /// A road, if anything ever passed it.
    pub fn road(&self, lane: u16) -> Option<&Road> {
        self.roads.get(&lane)
    }

    /// Tasks of a joinable queue that are not done at a moment.
    pub fn unfinished(&self, at_ns: u64) -> u64 {
        let put: u64 = self.roads.values().map(|road| road.came.count(at_ns)).sum();
        put.saturating_sub(self.tasks_done.count(at_ns))
    }

    /// Who has an end of a pipe at a moment, as they said themselves.
    pub fn holders(&self, end: u16, at_ns: u64) -> impl Iterator<Item = ActorId> {
        let of_end = self.ends.range((end, ActorId(0))..=(end, ActorId(u32::MAX)));
        of_end.filter(move |(_, has)| has.at(at_ns) == Some(&true)).map(|(&(_, actor), _)| actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRODUCER: ActorId = ActorId(2);
    const FEEDER: ActorId = ActorId(3);
    const READER: ActorId = ActorId(4);

    fn pass(road: &mut Road, station: Station, message: u32, at_ns: u64) {
        let (by, process) = match station {
            Station::Put => (PRODUCER, PRODUCER),
            Station::Fed => (FEEDER, PRODUCER),
            Station::Got => (READER, READER),
        };
        road.pass(station, (message, 100), Pass { since_ns: at_ns - 1, at_ns, by, process });
    }

    #[test]
    fn a_message_is_at_one_station_at_a_time_whatever_order_the_news_come_in() {
        let news = [
            (Station::Put, 0, 10),
            (Station::Put, 1, 11),
            (Station::Fed, 0, 20),
            (Station::Fed, 1, 21),
            // The reader was quicker than the feeder said so.
            (Station::Got, 0, 30),
            (Station::Fed, 2, 42),
            (Station::Got, 2, 40),
            (Station::Put, 2, 39),
        ];
        for order in [[0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0], [6, 5, 7, 0, 4, 2, 3, 1]] {
            let mut road = Road::default();
            for place in order {
                let (station, message, at_ns) = news[place];
                pass(&mut road, station, message, at_ns);
            }
            let loads = |at_ns| (road.in_buffers(at_ns).messages, road.written(at_ns).messages, road.got.count(at_ns));
            assert_eq!(loads(10), (1, 0, 0), "{order:?}");
            assert_eq!(loads(11), (2, 0, 0));
            assert_eq!(loads(20), (1, 1, 0));
            assert_eq!(loads(29), (0, 2, 0));
            assert_eq!(loads(30), (0, 1, 1));
            assert_eq!(loads(39), (1, 1, 1));
            assert_eq!(loads(40), (0, 1, 2), "what was got had been fed");
            assert_eq!(loads(99), (0, 1, 2));
            for at_ns in 0..50 {
                let (buffers, pipe, got) = loads(at_ns);
                assert_eq!(road.came.count(at_ns), buffers + pipe + got, "sent = received + in flight");
                assert_eq!(road.in_buffer_of(PRODUCER, at_ns).messages, buffers);
            }
            assert_eq!((road.most_under_way().messages, road.most_in_pipe().bytes), (2, 200));
            assert_eq!((&road.writers[..], &road.readers[..], road.contradictions), (&[FEEDER][..], &[READER][..], 0));
            let users = |at_ns| (road.writers_by(at_ns).count(), road.readers_by(at_ns).count());
            assert_eq!([19, 20, 29, 30].map(users), [(0, 0), (1, 0), (1, 0), (1, 1)], "not before they did it");
        }
    }

    #[test]
    fn of_too_many_messages_there_are_sums() {
        let mut road = Road::default();
        let count = MOST_LETTERS as u32 + 100;
        for message in 0..count {
            let at_ns = u64::from(message) * 10 + 100;
            pass(&mut road, Station::Fed, message, at_ns);
            if message % 2 == 0 {
                pass(&mut road, Station::Got, message, at_ns + 5);
            }
        }
        assert_eq!((road.letters().len(), road.summed), (MOST_LETTERS, 100));
        let told = (road.came.total(), road.fed.total(), road.got.total(), road.written(u64::MAX).messages);
        let (all, half) = (u64::from(count), u64::from(count / 2));
        assert_eq!(told, (all, all, half, half));
    }

    #[test]
    fn of_very_many_messages_those_about_a_moment_are_few() {
        let mut road = Road::default();
        for message in 0..10_000 {
            pass(&mut road, Station::Fed, message, u64::from(message) + 1);
        }
        let numbers = |letters: &[Letter]| (letters[0].message, letters[letters.len() - 1].message);
        assert_eq!(numbers(road.letters_about(5_000, 5_010)), (5_000 - 1024, 5_009 + 1024));
        assert_eq!(numbers(road.letters_about(0, 3)), (0, 2 + 1024));
        assert_eq!(numbers(road.letters_about(9_990, u64::MAX)), (9_990 - 1024, 9_999));
        assert_eq!(road.letters_about(u64::MAX, 0), []);
    }

    #[test]
    fn a_message_that_passes_twice_is_a_contradiction() {
        let mut road = Road::default();
        pass(&mut road, Station::Fed, 5, 10);
        pass(&mut road, Station::Got, 5, 12);
        pass(&mut road, Station::Got, 5, 13);
        assert_eq!((road.contradictions, road.got.total()), (1, 1));
    }
}
