//! π by throwing darts: of the points of a square, how many lie in its quarter circle?
//!
//! **It scales**: every item throws its own darts from its own seed, with 16 bytes in, 8 out and
//! nothing in memory but a few registers; all items take the same time. What spoils it: so few darts
//! an item that the message costs more than the throws (`few-darts`). An average of all results is a
//! better estimate than each: hits and darts can simply be added up.

use super::bytes::write_numbers;
use super::random::{self, SplitMix64};
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct MonteCarloPi;

/// Darts thrown in one breath: some 20 µs.
const BREATH: u64 = 16_384;

const PRESETS: &[Preset] = &[
    Preset {
        name: "many-darts",
        summary: "5,000,000 darts an item: enough work to share, and all items alike",
        items: 192,
        free_items: true,
    },
    Preset {
        name: "few-darts",
        summary: "1,000 darts an item: too small to share one by one, in large chunks worth it",
        items: 20_000,
        free_items: true,
    },
];

impl Workload for MonteCarloPi {
    fn name(&self) -> &'static str {
        "monte-carlo-pi"
    }

    fn title(&self) -> &'static str {
        "π by darts (Monte Carlo)"
    }

    fn why(&self) -> &'static str {
        "Scales: every item throws its own darts from its own seed, and all items are alike."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        write_numbers(out, &[index, darts(preset)]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (seed, darts) = (arguments.u64()?, arguments.u64()?);
        write_numbers(out, &[hits(seed, darts, here)]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        format!("({index}, {})", darts(preset))
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (hits, darts) = (result.u64()?, darts(preset));
        Ok(format!("seed {index}: {hits} of {darts} darts hit, π is about {:.5}", 4.0 * hits as f64 / darts as f64))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: format!("from itertools import islice\n\n{}\n\n{PYTHON}", random::PYTHON),
            name: "hits",
            parameters: 2,
            items: format!("[(seed, {}) for seed in range({})]", darts(&input.preset), input.len()),
        }
    }
}

const PYTHON: &str = "\
def hits(seed, darts):
    inside = 0
    for z in islice(split_mix_64(seed), darts):
        x, y = z >> 33, z % 2**32 >> 1
        inside += x * x + y * y < 2**62
    return inside";

/// How many darts an item of a preset throws.
fn darts(preset: &Preset) -> u64 {
    if preset.name == "few-darts" { 1000 } else { 5_000_000 }
}

/// How many darts of a seed hit. Both coordinates are whole numbers of 31 bits from one of 64, so that
/// their squares add up without rounding.
fn hits(seed: u64, darts: u64, here: &Here<'_>) -> u64 {
    let mut random = SplitMix64(seed);
    let (mut inside, mut left) = (0, darts);
    while left > 0 {
        here.breathe();
        let now = left.min(BREATH);
        left -= now;
        for _ in 0..now {
            let number = random.next();
            let (x, y) = (number >> 33, (number & u64::from(u32::MAX)) >> 1);
            inside += u64::from(x * x + y * y < 1 << 62);
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_as_close_to_pi_as_chance_makes_it() {
        // The standard deviation of hits among a million darts is sqrt(10^6 · π/4 · (1 − π/4)) = 411.
        let expected = 1e6 * std::f64::consts::FRAC_PI_4;
        for seed in 0..20 {
            let hits = hits(seed, 1_000_000, &Here::free()) as f64;
            assert!((hits - expected).abs() < 4.0 * 411.0, "seed {seed}: {hits} hits");
        }
        assert_eq!(hits(7, 0, &Here::free()), 0);
    }
}
