//! Round trips to a manager: asked, served, answered.

use std::collections::BTreeMap;

use super::super::Run;
use super::super::stats::median;
use super::Object;
use crate::trace::ActorId;

/// A client tells of its requests in order, and what is heard of the manager first is not far ahead. What comes
/// further behind than this is not kept: a file may claim any order.
const MOST_LATE: usize = 4096;

/// One request of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trip {
    /// Its number among those of its client.
    pub message: u32,
    /// Bytes there, and bytes back as far as they are known.
    pub bytes: (u32, u32),
    /// When it was asked.
    pub asked_ns: u64,
    /// When the manager turned to it.
    pub taken_ns: Option<u64>,
    /// When it was done, and its answer sent.
    pub served_ns: Option<u64>,
    /// When its answer was there.
    pub answered_ns: Option<u64>,
}

/// Where a request is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It waits until the manager turns to it.
    Waiting,
    /// The manager is busy with it.
    Serving,
    /// The answer is on its way.
    Returning,
}

/// What was asked of a manager, by client.
#[derive(Clone, Debug, Default)]
pub struct Trips {
    clients: BTreeMap<u16, Vec<Trip>>,
    /// Who asks on which road.
    askers: BTreeMap<u16, ActorId>,
    /// Who serves.
    server: Option<ActorId>,
}

impl Trips {
    fn trip(&mut self, lane: u16, message: u32, asked_ns: u64) -> Option<&mut Trip> {
        let trips = self.clients.entry(lane).or_default();
        let place = trips.partition_point(|trip| trip.message < message);
        if trips.get(place).is_none_or(|trip| trip.message != message) {
            if trips.len() - place > MOST_LATE {
                return None;
            }
            let (taken_ns, served_ns, answered_ns) = (None, None, None);
            trips.insert(place, Trip { message, bytes: (0, 0), asked_ns, taken_ns, served_ns, answered_ns });
        }
        let trip = trips.get_mut(place)?;
        trip.asked_ns = trip.asked_ns.min(asked_ns);
        Some(trip)
    }

    pub(super) fn ask(&mut self, lane: u16, message: u32, bytes: u32, at_ns: u64) {
        if let Some(trip) = self.trip(lane, message, at_ns) {
            trip.bytes.0 = bytes;
        }
    }

    pub(super) fn take(&mut self, lane: u16, message: u32, at_ns: u64) {
        if let Some(trip) = self.trip(lane, message, at_ns) {
            trip.taken_ns = Some(at_ns);
        }
    }

    pub(super) fn serve(&mut self, lane: u16, message: u32, bytes: u32, (since_ns, at_ns): (u64, u64)) {
        let Some(trip) = self.trip(lane, message, since_ns) else { return };
        trip.taken_ns.get_or_insert(since_ns);
        trip.served_ns = Some(at_ns);
        trip.bytes.1 = bytes;
    }

    pub(super) fn answer(&mut self, lane: u16, message: u32, bytes: u32, (since_ns, at_ns): (u64, u64)) {
        let Some(trip) = self.trip(lane, message, since_ns) else { return };
        trip.answered_ns = Some(at_ns);
        trip.bytes.1 = bytes;
    }

    /// Somebody asks, or has been answered, on a road.
    pub(super) fn note_client(&mut self, lane: u16, by: ActorId) {
        self.askers.entry(lane).or_insert(by);
    }

    /// Somebody serves.
    pub(super) fn note_server(&mut self, by: ActorId) {
        self.server = Some(by);
    }

    /// The process of the manager, once it has served anybody.
    pub fn server(&self) -> Option<ActorId> {
        self.server
    }

    /// Who asks on a road.
    pub fn client(&self, lane: u16) -> Option<ActorId> {
        self.askers.get(&lane).copied()
    }

    /// The clients that ever asked for something.
    pub fn clients(&self) -> impl Iterator<Item = u16> {
        self.clients.keys().copied()
    }

    /// The requests of a client, in order.
    pub fn of(&self, client: u16) -> &[Trip] {
        self.clients.get(&client).map_or(&[], Vec::as_slice)
    }

    /// The request of a client that is under way at a moment, and where it is. A client asks for one thing after
    /// the other.
    pub fn at(&self, client: u16, at_ns: u64) -> Option<(Trip, Stage)> {
        let trips = self.of(client);
        let asked = trips.partition_point(|trip| trip.asked_ns <= at_ns);
        let trip = *trips[..asked].last()?;
        let is_over = |then_ns: Option<u64>| then_ns.is_some_and(|then_ns| then_ns <= at_ns);
        if is_over(trip.answered_ns) {
            return None;
        }
        let stage = if is_over(trip.served_ns) {
            Stage::Returning
        } else if is_over(trip.taken_ns) {
            Stage::Serving
        } else {
            Stage::Waiting
        };
        Some((trip, stage))
    }

    /// Round trips that had been made by then, by all clients.
    pub fn made(&self, at_ns: u64) -> u64 {
        self.clients.keys().map(|&client| self.made_by(client, at_ns)).sum()
    }

    /// Round trips that a client had made by then.
    pub fn made_by(&self, client: u16, at_ns: u64) -> u64 {
        let trips = self.of(client);
        let asked = trips.partition_point(|trip| trip.asked_ns <= at_ns);
        let open = trips[..asked].last().is_some_and(|trip| trip.answered_ns.is_none_or(|answered| answered > at_ns));
        (asked - usize::from(open)) as u64
    }

    /// The round trip in the middle of all that were made.
    pub fn median_ns(&self) -> Option<u64> {
        let trips = self.clients.values().flatten();
        let lengths = trips.filter_map(|trip| Some(trip.answered_ns?.saturating_sub(trip.asked_ns)));
        median(&lengths.collect::<Vec<_>>())
    }
}

impl Run {
    /// The request of a client that is under way to a manager at a moment, and where it is. One of, or to, somebody
    /// who has ended is not, nor one whose call is over: it raised an error.
    pub fn request_at(&self, manager: &Object, client: u16, at_ns: u64) -> Option<(Trip, Stage)> {
        let (trip, stage) = manager.trips.at(client, at_ns)?;
        let asker = manager.trips.client(client);
        let has_ended = |id: Option<ActorId>| id.is_some_and(|id| self.has_ended(id, at_ns));
        if has_ended(asker) || has_ended(manager.trips.server()) {
            return None;
        }
        let later = &self.calls[self.calls.partition_point(|call| call.to_ns < trip.asked_ns)..];
        let mut returned = later.iter().take_while(|call| call.to_ns <= at_ns);
        let is_over = returned.any(|call| Some(call.by) == asker && call.from_ns <= trip.asked_ns);
        (!is_over).then_some((trip, stage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_worst_order_does_not_keep_all() {
        let mut trips = Trips::default();
        for message in (0..20_000).rev() {
            trips.ask(0, message, 1, message.into());
        }
        assert_eq!(trips.of(0).len(), MOST_LATE + 1);
        assert!(trips.of(0).is_sorted_by_key(|trip| trip.message));
    }

    #[test]
    fn a_request_is_waiting_then_served_then_returning() {
        let news: [fn(&mut Trips); 4] = [
            |trips| trips.ask(0, 0, 50, 10),
            |trips| trips.serve(0, 0, 9, (20, 30)),
            |trips| trips.answer(0, 0, 9, (9, 40)),
            |trips| trips.ask(0, 1, 50, 60),
        ];
        for order in [[0_usize, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
            let mut trips = Trips::default();
            for place in order {
                news[place](&mut trips);
            }
            let stage = |at_ns| trips.at(0, at_ns).map(|(trip, stage)| (trip.message, stage));
            let told = [8, 15, 25, 35, 45, 70].map(stage);
            let of = |message, stage| Some((message, stage));
            let [waiting, serving, returning] = [Stage::Waiting, Stage::Serving, Stage::Returning];
            assert_eq!(
                told,
                [None, of(0, waiting), of(0, serving), of(0, returning), None, of(1, waiting)],
                "{order:?}"
            );
            assert_eq!([30, 40, 99].map(|at_ns| trips.made(at_ns)), [0, 1, 1]);
            assert_eq!((trips.median_ns(), trips.clients().count()), (Some(31), 1));
        }
    }
}
