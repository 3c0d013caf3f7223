//! Results come in any order; here they are put into the order of the input, each exactly once.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use xxhash_rust::xxh3::Xxh3;

/// Results of at most this many bytes are kept without an allocation of their own.
const INLINE_BYTES: usize = 23;

/// A result that waits for its predecessors.
#[derive(Clone, Debug, Default)]
enum Held {
    #[default]
    Missing,
    Small(u8, [u8; INLINE_BYTES]),
    Large(Vec<u8>),
    /// There is none, and there will be none.
    Failed,
}

impl Held {
    fn new(payload: &[u8]) -> Self {
        if payload.len() <= INLINE_BYTES {
            let mut bytes = [0; INLINE_BYTES];
            bytes[..payload.len()].copy_from_slice(payload);
            Self::Small(payload.len() as u8, bytes)
        } else {
            Self::Large(payload.to_vec())
        }
    }

    /// The result; nothing of a unit that has none.
    fn payload(&self) -> Option<&[u8]> {
        match self {
            Self::Missing => None,
            Self::Failed => Some(&[]),
            Self::Small(length, bytes) => Some(&bytes[..usize::from(*length)]),
            Self::Large(bytes) => Some(bytes),
        }
    }
}

/// A reply for a unit that has one already, or that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a result for unit {0}, which was not waited for")]
pub(in crate::engine) struct Unexpected(pub(in crate::engine) u32);

/// The results of a map, in input order, as a hash.
///
/// Only what arrived before its predecessors is held; the rest is hashed and gone, so that memory
/// follows the disorder and not the size of the result.
pub(in crate::engine) struct Collector {
    units: u32,
    /// The first unit that is missing.
    next: u32,
    /// From `next` on.
    held: VecDeque<Held>,
    failed: BTreeSet<u32>,
    /// How many more have none since [`Self::fail_the_rest`].
    failed_at_once: u32,
    hasher: Xxh3,
}

impl Collector {
    /// Waits for the units `0..units`.
    pub(in crate::engine) fn new(units: u32) -> Self {
        Self { units, next: 0, held: VecDeque::new(), failed: BTreeSet::new(), failed_at_once: 0, hasher: Xxh3::new() }
    }

    /// Takes the result of a unit. Gives which units are in order by it: whose predecessors are all here.
    #[inline]
    pub(in crate::engine) fn take(&mut self, unit: u32, payload: &[u8]) -> Result<Range<u32>, Unexpected> {
        if unit == self.next && unit < self.units && self.held.is_empty() {
            self.hasher.update(payload);
            self.next += 1;
            return Ok(unit..self.next);
        }
        self.hold(unit, || Held::new(payload))
    }

    /// Notes that a unit has no result. Gives which units are in order by it.
    pub(in crate::engine) fn fail(&mut self, unit: u32) -> Result<Range<u32>, Unexpected> {
        let settled = self.hold(unit, || Held::Failed)?;
        self.failed.insert(unit);
        Ok(settled)
    }

    /// The units that have neither, in order.
    pub(in crate::engine) fn unsettled(&self) -> impl Iterator<Item = u32> {
        (self.next..self.units).filter(|&unit| !self.is_settled(unit))
    }

    /// Every unit that has neither gets none, at once.
    pub(in crate::engine) fn fail_the_rest(&mut self) {
        self.failed_at_once += self.unsettled().count() as u32;
        self.held.clear();
        self.next = self.units;
    }

    /// Whether a unit has its result, or will have none.
    fn is_settled(&self, unit: u32) -> bool {
        let place = unit.checked_sub(self.next);
        place.is_none_or(|place| self.held.get(place as usize).is_some_and(|held| held.payload().is_some()))
    }

    fn hold(&mut self, unit: u32, held: impl FnOnce() -> Held) -> Result<Range<u32>, Unexpected> {
        let place = unit.checked_sub(self.next).filter(|_| unit < self.units).ok_or(Unexpected(unit))? as usize;
        if place >= self.held.len() {
            self.held.resize(place + 1, Held::Missing);
        }
        if self.held[place].payload().is_some() {
            return Err(Unexpected(unit));
        }
        self.held[place] = held();
        let first = self.next;
        while let Some(payload) = self.held.front().and_then(Held::payload) {
            self.hasher.update(payload);
            self.held.pop_front();
            self.next += 1;
        }
        Ok(first..self.next)
    }

    /// How many units have no result and will have none.
    pub(in crate::engine) fn failed(&self) -> u32 {
        self.failed.len() as u32 + self.failed_at_once
    }

    /// Whether this unit has none.
    pub(in crate::engine) fn has_failed(&self, unit: u32) -> bool {
        self.failed.contains(&unit)
    }

    /// The first unit that is neither here nor failed, of those that there are.
    pub(in crate::engine) fn missing(&self) -> Option<u32> {
        (self.next < self.units).then_some(self.next)
    }

    /// Whether every unit has its result, or will have none.
    pub(in crate::engine) fn is_complete(&self) -> bool {
        self.next == self.units
    }

    /// The hash of all results in input order (XXH3, 64 bit, hex).
    pub(in crate::engine) fn digest(&self) -> String {
        format!("{:016x}", self.hasher.digest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collected(order: &[u32], payloads: &[Vec<u8>]) -> Collector {
        let mut collector = Collector::new(payloads.len() as u32);
        for &unit in order {
            collector.take(unit, &payloads[unit as usize]).expect("each once");
        }
        collector
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..50),
            turn in 0_usize..50,
        ) {
            let sorted: Vec<u32> = (0..payloads.len() as u32).collect();
            let mut mixed = sorted.clone();
            mixed.rotate_left(turn % payloads.len());
            mixed.reverse();
            let (one, two) = (collected(&sorted, &payloads), collected(&mixed, &payloads));
            prop_assert!(one.is_complete() && two.is_complete());
            prop_assert_eq!(one.digest(), two.digest());
            prop_assert!(two.held.is_empty());
        }
    }

    #[test]
    fn results_are_collected_exactly_once() {
        let mut collector = Collector::new(4);
        collector.take(2, b"c").expect("early");
        assert_eq!(collector.take(2, b"c"), Err(Unexpected(2)));
        collector.take(0, b"a").expect("first");
        assert_eq!(collector.take(0, b"a"), Err(Unexpected(0)));
        assert_eq!(collector.take(4, b"e"), Err(Unexpected(4)));
        assert!(!collector.is_complete());
    }

    #[test]
    fn a_failed_unit_is_settled_and_holds_nobody_up() {
        let mut collector = Collector::new(4);
        assert_eq!(collector.take(1, b"b"), Ok(0..0));
        assert_eq!(collector.fail(0), Ok(0..2));
        assert_eq!(collector.fail(0), Err(Unexpected(0)), "only once");
        assert_eq!(collector.fail(3), Ok(2..2));
        assert_eq!((collector.is_settled(1), collector.is_settled(2), collector.is_settled(3)), (true, false, true));
        assert_eq!(collector.take(3, b"d"), Err(Unexpected(3)), "a late answer to a failed unit");
        assert_eq!((collector.missing(), collector.is_complete()), (Some(2), false));
        assert_eq!(collector.take(2, b"c"), Ok(2..4));
        assert!(collector.is_complete());
        assert_eq!(collector.failed(), 2);
    }

    #[test]
    fn the_digest_depends_on_the_bytes_and_not_on_how_they_were_cut() {
        let whole = collected(&[0], &[b"abcd".to_vec()]).digest();
        assert_eq!(collected(&[1, 0], &[b"ab".to_vec(), b"cd".to_vec()]).digest(), whole);
        assert_ne!(collected(&[0], &[b"abdc".to_vec()]).digest(), whole);
    }
}
