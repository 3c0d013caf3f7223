//! Counting the primes of ranges: an interval cut into equal parts that are not equal work.
//!
//! **It scales, if the last units are small**: nothing is shared and 16 bytes go in for 8 that come out,
//! but the larger a number, the longer its check, so the last range takes three times as long as the
//! average of the first ten. Where units are large, one worker is still busy with the end of the
//! interval when the others are done. What spoils it: ranges so short that carrying them costs more
//! (`short`).

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload, primes};

pub(super) struct CountPrimes;

const PRESETS: &[Preset] = &[
    Preset {
        name: "to-10-mio",
        summary: "the primes below 10,000,000 in 160 equal ranges, the later ones harder",
        items: 160,
        free_items: false,
    },
    Preset {
        name: "to-1-mio",
        summary: "the primes below 1,000,000 in 16 ranges: there are 78,498",
        items: 16,
        free_items: false,
    },
    Preset {
        name: "short",
        summary: "the primes below 10,000 in 100 ranges: too small to share",
        items: 100,
        free_items: false,
    },
];

impl Workload for CountPrimes {
    fn name(&self) -> &'static str {
        "count-primes"
    }

    fn title(&self) -> &'static str {
        "Count primes"
    }

    fn why(&self) -> &'static str {
        "Scales if the last units are small: equal ranges, but later ones take longer."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let (low, high) = range(preset, index);
        write_numbers(out, &[low, high]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (low, high) = (arguments.u64()?, arguments.u64()?);
        write_numbers(out, &[count(low, high, here)]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        let (low, high) = range(preset, index);
        format!("({low}, {high})")
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (low, high) = range(preset, index);
        Ok(format!("{} primes from {low} to {}", result.u64()?, high - 1))
    }

    fn python(&self, input: &Input) -> Python {
        let width = width(&input.preset);
        Python {
            function: python(),
            name: "count_primes",
            parameters: 2,
            items: format!("[(low, low + {width}) for low in range(0, {}, {width})]", width * input.len()),
        }
    }
}

/// The definition of `count_primes(low, high)` in Python.
pub(super) fn python() -> String {
    format!("{}\n\ndef count_primes(low, high):\n    return sum(map(is_prime, range(low, high)))", primes::PYTHON)
}

/// How many numbers a range of a preset has.
fn width(preset: &Preset) -> u64 {
    if preset.name == "short" { 100 } else { 62_500 }
}

/// The range at `index` of a preset, its end not included.
fn range(preset: &Preset, index: u64) -> (u64, u64) {
    let width = width(preset);
    (index * width, (index + 1) * width)
}

/// How many numbers from `low` to before `high` are prime.
pub(super) fn count(low: u64, high: u64, here: &Here<'_>) -> u64 {
    (low..high).filter(|&number| primes::is_prime(number, here)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_78498_primes_below_a_million_and_168_below_a_thousand() {
        let preset = PRESETS.iter().find(|preset| preset.name == "to-1-mio").expect("it is there");
        let parts = (0..preset.items).map(|index| range(preset, index));
        assert_eq!(parts.clone().next_back(), Some((937_500, 1_000_000)));
        assert_eq!(parts.map(|(low, high)| count(low, high, &Here::free())).sum::<u64>(), 78_498);
        assert_eq!(count(0, 1000, &Here::free()), 168);
        assert_eq!(count(8, 8, &Here::free()), 0);
    }
}
