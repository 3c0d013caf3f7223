//! Prime check by trial division.
//!
//! **It scales**: each number is checked on its own, from 8 bytes in and 1 byte out, without
//! memory traffic, so two cores take half the time. What spoils it: numbers so small that carrying
//! them costs more than checking them (`small-4`, `odd-1000`), and uneven numbers, where one long
//! check at the end keeps one worker busy while the others wait (`docs-6`; composites end early).

use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Primes;

/// Four numbers near 10 million that students meet in introductions.
const SMALL_4: [u64; 4] = [10_000_019, 10_000_033, 10_000_079, 10_000_081];
/// The numbers of CPython's own example (`concurrent.futures`, `ProcessPoolExecutor`).
const DOCS_6: [u64; 6] = [
    112_272_535_095_293,
    112_582_705_942_171,
    112_272_535_095_293,
    115_280_095_190_773,
    115_797_848_077_099,
    1_099_726_899_285_419,
];

const PRESETS: &[Preset] = &[
    Preset {
        name: "workout",
        summary: "1,000 odd numbers from 100,000,000,000,001: enough work to share",
        items: 1000,
        free_items: false,
    },
    Preset {
        name: "docs-6",
        summary: "the six numbers of Python's own documentation, one much larger than the others",
        items: DOCS_6.len() as u64,
        free_items: false,
    },
    Preset {
        name: "odd-1000",
        summary: "1,000 odd numbers from 10,000,001: too small to share, starting workers costs more",
        items: 1000,
        free_items: false,
    },
    Preset {
        name: "odd-many",
        summary: "as many odd numbers from 10,000,001 as you like: many small tasks",
        items: 100_000,
        free_items: true,
    },
    Preset {
        name: "small-4",
        summary: "four numbers near 10 million: far too small to share",
        items: SMALL_4.len() as u64,
        free_items: false,
    },
];

impl Workload for Primes {
    fn name(&self) -> &'static str {
        "primes"
    }

    fn title(&self) -> &'static str {
        "Prime check"
    }

    fn why(&self) -> &'static str {
        "Scales: every number is checked on its own, from 8 bytes in and 1 byte out."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&number(preset, index).to_le_bytes());
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        out.push(is_prime(arguments.u64()?, here).into());
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        number(preset, index).to_string()
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let verdict = if result.u8()? == 1 { "is prime" } else { "is not prime" };
        Ok(format!("{} {verdict}", number(preset, index)))
    }

    fn python(&self, input: &Input) -> Python {
        let items = match input.preset.name {
            "small-4" => format!("{SMALL_4:?}"),
            "docs-6" => format!("{DOCS_6:?}"),
            "odd-1000" | "odd-many" => format!("range(10_000_001, {}, 2)", 10_000_001 + 2 * input.len()),
            _ => "range(10**14 + 1, 10**14 + 2001, 2)".to_owned(),
        };
        Python { function: PYTHON.to_owned(), name: "is_prime", parameters: 1, items }
    }
}

pub(super) const PYTHON: &str = "\
from math import isqrt

def is_prime(n):
    if n < 2:
        return False
    if n % 2 == 0:
        return n == 2
    for d in range(3, isqrt(n) + 1, 2):
        if n % d == 0:
            return False
    return True";

/// The number at `index` of a preset.
fn number(preset: &Preset, index: u64) -> u64 {
    let listed = |list: &[u64]| usize::try_from(index).ok().and_then(|index| list.get(index).copied()).unwrap_or(0);
    match preset.name {
        "small-4" => listed(&SMALL_4),
        "docs-6" => listed(&DOCS_6),
        "odd-1000" | "odd-many" => 10_000_001 + 2 * index,
        _ => 100_000_000_000_001 + 2 * index,
    }
}

/// Divisors tried in one breath: some 10 to 40 µs.
const BREATH: u32 = 4096;

/// Whether `n` is prime, by dividing by 2 and every odd number up to its square root.
pub(super) fn is_prime(n: u64, here: &Here<'_>) -> bool {
    if n < 2 {
        return false;
    }
    if n.is_multiple_of(2) {
        return n == 2;
    }
    let mut divisor = 3;
    loop {
        here.breathe();
        for _ in 0..BREATH {
            if divisor * divisor > n {
                return true;
            }
            if n.is_multiple_of(divisor) {
                return false;
            }
            divisor += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_and_the_documentation_examples() {
        let primes: Vec<u64> = (0..60).filter(|&n| is_prime(n, &Here::free())).collect();
        assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
        // CPython's documentation prints True five times and False for the last one.
        assert_eq!(DOCS_6.map(|n| is_prime(n, &Here::free())), [true, true, true, true, true, false]);
        assert_eq!(SMALL_4.map(|n| is_prime(n, &Here::free())), [true, false, true, false]);
    }
}
