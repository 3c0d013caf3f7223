//! Features of measured series, as they are extracted before anything is learned from them: mean,
//! deviation, extremes, and the period.
//!
//! **It scales if enough is computed for each byte that travels.** The readings themselves are the
//! arguments, 2 KiB a row. To find the period a row is compared with itself at 512 distances: some
//! hundred microseconds for 2 KiB, worth carrying (`periods`). Mean and extremes are found in one pass
//! through the row, which takes hardly longer than carrying it: too small to share (`summary`).

use super::bytes::{write_numbers, write_sized};
use super::random::SplitMix64;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload, random, repr};

pub(super) struct Features;

/// Readings in a row.
const READINGS: u64 = 1024;
/// The most distances a worker accepts from a message.
const MAX_LAGS: u64 = 1 << 16;

const PRESETS: &[Preset] = &[
    Preset {
        name: "periods",
        summary: "rows of 1,024 readings, each compared with itself at 512 distances: enough work to share",
        items: 10_000,
        free_items: true,
    },
    Preset {
        name: "summary",
        summary: "the same rows, mean and extremes only: too small to share",
        items: 5000,
        free_items: true,
    },
];

impl Workload for Features {
    fn name(&self) -> &'static str {
        "features"
    }

    fn title(&self) -> &'static str {
        "Features of series"
    }

    fn why(&self) -> &'static str {
        "Scales if enough is computed for each byte that travels: periods do, averages do not."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let bytes: Vec<u8> = row(index).flat_map(u16::to_le_bytes).collect();
        write_sized(out, &bytes);
        write_numbers(out, &[lags(preset.name)]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let bytes = arguments.sized()?;
        let lags = arguments.u64()?.min(MAX_LAGS);
        let readings: Vec<u16> = bytes.as_chunks().0.iter().map(|&pair| u16::from_le_bytes(pair)).collect();
        let (mean, deviation) = mean_and_deviation(&readings);
        let extremes = (readings.iter().min().copied().unwrap_or(0), readings.iter().max().copied().unwrap_or(0));
        out.extend_from_slice(&mean.to_le_bytes());
        out.extend_from_slice(&deviation.to_le_bytes());
        write_numbers(out, &[extremes.0.into(), extremes.1.into(), period(&readings, lags as usize, here)]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        format!("({}, {})", repr::list(row(index)), lags(preset.name))
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (mean, deviation) = (result.f64()?, result.f64()?);
        let (low, high, period) = (result.u64()?, result.u64()?, result.u64()?);
        let period = if period == 0 { String::new() } else { format!(", again every {period}") };
        Ok(format!("row {index}: {mean:.1} ± {deviation:.1}, from {low} to {high}{period}"))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: format!("from itertools import islice\nfrom math import sqrt\n\n{}\n\n{PYTHON}", random::PYTHON),
            name: "features",
            parameters: 2,
            items: format!("[(row(i), {}) for i in range({})]", lags(input.preset.name), input.len()),
        }
    }
}

const PYTHON: &str = "\
def row(index, readings=1024):
    period = 24 + index * 37 % 200
    noise = islice(split_mix_64(index), readings)
    return [1000 + 2000 * abs(2 * (t % period) - period) // period + (z >> 55)
            for t, z in enumerate(noise)]

def features(readings, lags):
    n, total = len(readings), sum(readings)
    squares = sum(x * x for x in readings)
    deviation = sqrt((n * squares - total * total) / (n * n))
    period = likest = 0
    crossed = False
    centred = [n * x - total for x in readings]
    for lag in range(1, lags + 1):
        likeness = sum(a * b for a, b in zip(centred, centred[lag:]))
        crossed = crossed or likeness < 0
        if crossed and likeness > likest:
            period, likest = lag, likeness
    return total / n, deviation, min(readings), max(readings), period";

/// Up to which distance a row of a preset is compared with itself.
fn lags(preset: &str) -> u64 {
    if preset == "summary" { 0 } else { 512 }
}

/// How long the period of a row is.
fn period_of(index: u64) -> u64 {
    24 + index * 37 % 200
}

/// The readings of a row: a triangle, again and again, with noise.
fn row(index: u64) -> impl Iterator<Item = u16> {
    let (period, mut noise) = (period_of(index), SplitMix64(index));
    (0..READINGS).map(move |t| {
        let triangle = 2000 * (2 * (t % period)).abs_diff(period) / period;
        (1000 + triangle + (noise.next() >> 55)) as u16
    })
}

/// Mean and standard deviation, from sums of whole numbers: rounded once, at the end.
fn mean_and_deviation(readings: &[u16]) -> (f64, f64) {
    let count = (readings.len() as u64).max(1);
    let total: u64 = readings.iter().map(|&x| u64::from(x)).sum();
    let squares: u64 = readings.iter().map(|&x| u64::from(x) * u64::from(x)).sum();
    let [n, total, squares] = [count, total, squares].map(u128::from);
    let spread = (n * squares).saturating_sub(total * total);
    (total as f64 / n as f64, (spread as f64 / (n * n) as f64).sqrt())
}

/// The distance at which a row is most like itself, once it has been unlike itself; 0 if there is none.
fn period(readings: &[u16], lags: usize, here: &Here<'_>) -> u64 {
    // Overflow is out of reach for a row of ours; a message that is not ours gets some number.
    let (count, total) = (readings.len() as i64, readings.iter().map(|&x| i64::from(x)).sum::<i64>());
    let centred: Vec<i64> = readings.iter().map(|&x| count.wrapping_mul(x.into()).wrapping_sub(total)).collect();
    let (mut period, mut likest, mut crossed) = (0, 0, false);
    for lag in 1..=lags {
        here.breathe();
        let later = centred.get(lag..).unwrap_or_default();
        let likeness = centred.iter().zip(later).fold(0_i64, |sum, (a, b)| sum.wrapping_add(a.wrapping_mul(*b)));
        crossed |= likeness < 0;
        if crossed && likeness > likest {
            (period, likest) = (lag as u64, likeness);
        }
    }
    period
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_a_textbook_row() {
        assert_eq!(mean_and_deviation(&[2, 4, 4, 4, 5, 5, 7, 9]), (5.0, 2.0));
        assert_eq!(mean_and_deviation(&[7; 100]), (7.0, 0.0));
        assert_eq!(mean_and_deviation(&[]), (0.0, 0.0));
    }

    #[test]
    fn a_period_is_found_in_the_noise() {
        for index in [0, 1, 2, 3, 40] {
            let readings: Vec<u16> = row(index).collect();
            let found = period(&readings, 512, &Here::free());
            assert!(found.abs_diff(period_of(index)) <= 2, "row {index}: {found} for {}", period_of(index));
        }
        assert_eq!(period(&[0, 9, 0, 0, 9, 0, 0, 9, 0], 8, &Here::free()), 3);
        assert_eq!(period(&[5; 50], 40, &Here::free()), 0, "what never changes has none");
        assert_eq!(period(&[], 40, &Here::free()), 0);
    }
}
