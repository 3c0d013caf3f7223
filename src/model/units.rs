//! The story of each unit: queued, sent, received, computed, sent back, taken.

use super::room::Room;
use crate::trace::{ActorId, ChannelId, Fate};

/// Where the story of a unit is written; its stamps are those of its two messages and its span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// Who computed it.
    pub worker: Option<ActorId>,
    /// Its request, as (channel, message).
    pub request: Option<(ChannelId, u32)>,
    /// Its reply, as (channel, message).
    pub reply: Option<(ChannelId, u32)>,
    /// When it first left the parent.
    pub handed_ns: Option<u64>,
    /// Begin of the computation.
    pub began_ns: Option<u64>,
    /// End of the computation.
    pub ended_ns: Option<u64>,
    /// How often it was begun; more often than it was lost is a violation.
    pub begun: u32,
    /// How often a worker died that had it.
    pub lost: u32,
    /// When a worker last died that had it, and what became of it then.
    pub last_lost: Option<(u64, Fate)>,
    /// When it was known that it has no result.
    pub failed_ns: Option<u64>,
    /// When its result lay in the parent.
    pub arrived_ns: Option<u64>,
    /// When the caller took its result, where results are taken one by one.
    pub delivered_ns: Option<u64>,
}

/// Every unit recorded one by one.
#[derive(Clone, Debug, Default)]
pub struct Units {
    records: Vec<Unit>,
    /// When results arrived, in order of arrival: (at, unit).
    arrivals: Vec<(u64, u32)>,
    /// When units first left the parent, in order.
    handed_ns: Vec<u64>,
}

impl Units {
    /// The unit of this number, if anything is known of it.
    pub fn get(&self, unit: u32) -> Option<&Unit> {
        self.records.get(unit as usize)
    }

    /// All of them, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Unit)> {
        (0..).zip(&self.records)
    }

    /// How many results had arrived by then.
    pub fn arrived_by(&self, at_ns: u64) -> usize {
        self.arrivals.partition_point(|&(stamp, _)| stamp <= at_ns)
    }

    /// How many units had left the parent by then, each counted once; one that it computes itself leaves it
    /// when it begins.
    pub fn handed_by(&self, at_ns: u64) -> usize {
        self.handed_ns.partition_point(|&stamp_ns| stamp_ns <= at_ns)
    }

    /// Results in the order they arrived: (at, unit).
    pub fn arrivals(&self) -> &[(u64, u32)] {
        &self.arrivals
    }

    /// The record of a unit, made if new; `None` past the detail limit, or if there is no room for
    /// it and those before it (a file may claim anything).
    pub(super) fn at(&mut self, unit: u32, room: &mut Room) -> Option<&mut Unit> {
        if unit >= crate::trace::DETAIL_UNITS {
            return None;
        }
        let index = unit as usize;
        if index >= self.records.len() {
            if !room.take(index + 1 - self.records.len()) {
                return None;
            }
            self.records.resize(index + 1, Unit::default());
        }
        self.records.get_mut(index)
    }

    /// Notes that a unit left the parent, or was seen to have left it.
    pub(super) fn hand(&mut self, unit: u32, at_ns: u64, room: &mut Room) {
        if let Some(record) = self.at(unit, room)
            && record.handed_ns.is_none()
        {
            record.handed_ns = Some(at_ns);
            // Stamps never fall, so that "how many by then" is a binary search.
            let last_ns = self.handed_ns.last().copied().unwrap_or(0);
            self.handed_ns.push(at_ns.max(last_ns));
        }
    }

    /// Notes that a worker died which had this unit.
    pub(super) fn lose(&mut self, unit: u32, at_ns: u64, fate: Fate) {
        if let Some(record) = self.records.get_mut(unit as usize) {
            record.lost += 1;
            record.last_lost = Some((at_ns, fate));
        }
    }

    /// Notes that a unit has no result.
    pub(super) fn fail(&mut self, unit: u32, at_ns: u64) {
        if let Some(record) = self.records.get_mut(unit as usize) {
            record.failed_ns.get_or_insert(at_ns);
        }
    }

    /// Notes that the caller took the result of a unit.
    pub(super) fn deliver(&mut self, unit: u32, at_ns: u64) {
        if let Some(record) = self.records.get_mut(unit as usize) {
            record.delivered_ns.get_or_insert(at_ns);
        }
    }

    pub(super) fn arrive(&mut self, unit: u32, at_ns: u64, room: &mut Room) {
        if let Some(record) = self.at(unit, room)
            && record.arrived_ns.is_none()
        {
            record.arrived_ns = Some(at_ns);
            self.arrivals.push((at_ns, unit));
        }
    }
}
