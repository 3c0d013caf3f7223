//! Results come in any order; here they are put into the order of the input, each exactly once.

use std::collections::VecDeque;

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

    fn payload(&self) -> Option<&[u8]> {
        match self {
            Self::Missing => None,
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
    hasher: Xxh3,
}

impl Collector {
    /// Waits for the units `0..units`.
    pub(in crate::engine) fn new(units: u32) -> Self {
        Self { units, next: 0, held: VecDeque::new(), hasher: Xxh3::new() }
    }

    /// Takes the result of a unit.
    pub(in crate::engine) fn take(&mut self, unit: u32, payload: &[u8]) -> Result<(), Unexpected> {
        let place = unit.checked_sub(self.next).filter(|_| unit < self.units).ok_or(Unexpected(unit))? as usize;
        if place == 0 && self.held.is_empty() {
            self.hasher.update(payload);
            self.next += 1;
            return Ok(());
        }
        if place >= self.held.len() {
            self.held.resize(place + 1, Held::Missing);
        }
        if self.held[place].payload().is_some() {
            return Err(Unexpected(unit));
        }
        self.held[place] = Held::new(payload);
        while let Some(payload) = self.held.front().and_then(Held::payload) {
            self.hasher.update(payload);
            self.held.pop_front();
            self.next += 1;
        }
        Ok(())
    }

    /// Whether every result is here.
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
    fn the_digest_depends_on_the_bytes_and_not_on_how_they_were_cut() {
        let whole = collected(&[0], &[b"abcd".to_vec()]).digest();
        assert_eq!(collected(&[1, 0], &[b"ab".to_vec(), b"cd".to_vec()]).digest(), whole);
        assert_ne!(collected(&[0], &[b"abdc".to_vec()]).digest(), whole);
    }
}
