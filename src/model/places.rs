//! Where in a list the one with an id stands. Ids mostly follow one another, and then it is a sum.

use std::collections::HashMap;

/// The places of a list whose members have ids; of two with the same id the first one is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The id of the first one.
    first: u32,
    /// So many stand in a row: their ids follow that of the first one.
    row: u32,
    /// All others.
    others: HashMap<u32, usize>,
}

impl Places {
    /// Notes that the one at `place`, which is the end of the list, has this id.
    pub(super) fn note(&mut self, id: u32, place: usize) {
        if self.of(id).is_some() {
            return;
        }
        if place == 0 {
            (self.first, self.row) = (id, 1);
        } else if place == self.row as usize && id.checked_sub(self.first) == Some(self.row) {
            self.row += 1;
        } else {
            self.others.insert(id, place);
        }
    }

    /// Where the one with this id stands.
    pub(super) fn of(&self, id: u32) -> Option<usize> {
        let step = id.wrapping_sub(self.first);
        if step < self.row { Some(step as usize) } else { self.others.get(&id).copied() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_id_is_found_as_a_search_from_the_front_would_find_it() {
        for ids in [&[1, 2, 3, 4][..], &[7, 8, 8, 9, 7, 3], &[u32::MAX, 0, 1], &[0, u32::MAX, 1, 2, 1], &[]] {
            let mut places = Places::default();
            for (place, &id) in ids.iter().enumerate() {
                places.note(id, place);
            }
            for id in (0..12).chain(u32::MAX - 3..=u32::MAX) {
                assert_eq!(places.of(id), ids.iter().position(|&known| known == id), "{id} in {ids:?}");
            }
        }
    }
}
