//! The chunking rule: how a list of items is cut into units.
//!
//! A *unit* is what travels: one request message and one reply message (Python counts these chunks
//! as tasks). The engine and the simulator share this file.

use std::ops::Range;

/// The chunksize that `Pool.map` chooses when none is given: `ceil(items / (4 × workers))`.
///
/// Source: CPython `Lib/multiprocessing/pool.py`, `Pool._map_async`, where it is
/// `divmod(len(iterable), len(self._pool) * 4)` rounded up. At least 1.
pub fn default_chunksize(items: u64, workers: u32) -> u64 {
    items.div_ceil(4 * u64::from(workers.max(1))).max(1)
}

/// A list of items cut into units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many items there are.
    pub items: u64,
    /// Items in a unit; the last may hold fewer. At least 1.
    pub chunksize: u64,
}

impl Cut {
    /// Cuts `items` into units of `chunksize`, or of the default size for so many workers.
    pub fn new(items: u64, chunksize: Option<u64>, workers: u32) -> Self {
        let chunksize = chunksize.unwrap_or_else(|| default_chunksize(items, workers)).max(1);
        Self { items, chunksize }
    }

    /// How many units there are.
    pub fn units(&self) -> u32 {
        u32::try_from(self.items.div_ceil(self.chunksize)).unwrap_or(u32::MAX)
    }

    /// The items of a unit, as indices into the input; empty past the last unit.
    pub fn range(&self, unit: u32) -> Range<u64> {
        let start = u64::from(unit).saturating_mul(self.chunksize).min(self.items);
        start..start.saturating_add(self.chunksize).min(self.items)
    }

    /// How many items the last unit holds; 0 if there is none.
    pub fn last(&self) -> u64 {
        self.units().checked_sub(1).map_or(0, |unit| {
            let range = self.range(unit);
            range.end - range.start
        })
    }
}

impl std::fmt::Display for Cut {
    /// `1,000 items → 16 units, the last has 55`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let units = self.units();
        let plural = |n: u64| if n == 1 { "" } else { "s" };
        write!(
            f,
            "{} item{} → {} unit{}",
            grouped(self.items),
            plural(self.items),
            grouped(units.into()),
            plural(units.into())
        )?;
        if units > 1 && self.last() != self.chunksize {
            write!(f, ", the last has {}", grouped(self.last()))?;
        }
        Ok(())
    }
}

/// A number with commas between thousands: `1,000,000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The golden values of behaviour A02, measured on CPython: (items, workers) → (size, units, last).
    #[test]
    fn default_chunksize_is_cpythons() {
        for (items, workers, size, units, last) in [
            (1, 4, 1, 1, 1),
            (10, 4, 1, 10, 1),
            (16, 4, 1, 16, 1),
            (17, 4, 2, 9, 1),
            (100, 4, 7, 15, 2),
            (1000, 3, 84, 12, 76),
            (7, 2, 1, 7, 1),
            (8, 2, 1, 8, 1),
            (9, 2, 2, 5, 1),
            (1_000_000, 8, 31_250, 32, 31_250),
        ] {
            let cut = Cut::new(items, None, workers);
            assert_eq!((cut.chunksize, cut.units(), cut.last()), (size, units, last), "{items}, {workers}");
        }
    }

    #[test]
    fn units_cover_every_item_once_and_in_order() {
        for items in [0, 1, 2, 62, 63, 64, 1000] {
            for chunksize in [1, 2, 63, 1000, u64::MAX] {
                let cut = Cut::new(items, Some(chunksize), 2);
                let covered: Vec<u64> = (0..cut.units()).flat_map(|unit| cut.range(unit)).collect();
                assert_eq!(covered, (0..items).collect::<Vec<_>>(), "{cut:?}");
                assert!(cut.range(cut.units()).is_empty());
            }
        }
    }

    #[test]
    fn a_cut_reads_as_a_sentence() {
        assert_eq!(Cut::new(1000, Some(63), 4).to_string(), "1,000 items → 16 units, the last has 55");
        assert_eq!(Cut::new(1, Some(63), 4).to_string(), "1 item → 1 unit");
        assert_eq!(Cut::new(0, None, 4).to_string(), "0 items → 0 units");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
