//! How much faster than alone: speedup, efficiency, the serial share.

use super::stats::median;

/// How many times faster than the baseline, over the repeats of both.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Speedup {
    /// Median baseline by median run.
    pub median: f64,
    /// Median baseline by the slowest run.
    pub low: f64,
    /// Median baseline by the fastest run.
    pub high: f64,
}

impl Speedup {
    /// The speedup of runs against a baseline, all in nanoseconds; `None` if either is empty or took
    /// no time.
    pub fn of(baseline_ns: &[u64], runs_ns: &[u64]) -> Option<Self> {
        let alone = median(baseline_ns).filter(|&ns| ns > 0)? as f64;
        let slowest = *runs_ns.iter().max()?;
        let fastest = *runs_ns.iter().min().filter(|&&ns| ns > 0)?;
        let middle = median(runs_ns)?;
        Some(Self { median: alone / middle as f64, low: alone / slowest as f64, high: alone / fastest as f64 })
    }

    /// Speedup by workers: 1 is perfect use of every worker.
    pub fn efficiency(&self, workers: u32) -> f64 {
        self.median / f64::from(workers.max(1))
    }

    /// The experimentally determined serial share `(1/S − 1/p) / (1 − 1/p)` for `p > 1` workers.
    ///
    /// Source: A. H. Karp, H. P. Flatt, "Measuring Parallel Processor Performance", CACM 33(5), 1990.
    pub fn karp_flatt(&self, workers: u32) -> Option<f64> {
        let p = f64::from(workers);
        (workers > 1 && self.median > 0.0).then(|| (1.0 / self.median - 1.0 / p) / (1.0 - 1.0 / p))
    }
}

/// The speedup that Amdahl's law allows: `1 / (s + (1 − s) / p)` with the serial share `s`.
///
/// Source: G. M. Amdahl, "Validity of the single processor approach …", AFIPS 1967.
pub fn amdahl(serial: f64, workers: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / workers.max(1.0))
}

/// The serial share that fits measured speedups `(workers, speedup)` best by Amdahl's law, by least
/// squares of the run times: with `t = 1/S`, `t − 1/p = s (1 − 1/p)`. Within 0 to 1; `None` without a
/// point of more than one worker.
pub fn fit_serial_share(points: &[(u32, f64)]) -> Option<f64> {
    let (mut above, mut below) = (0.0, 0.0);
    for &(workers, speedup) in points {
        if workers > 1 && speedup.is_finite() && speedup > 0.0 {
            let lever = 1.0 - 1.0 / f64::from(workers);
            above += lever * (1.0 / speedup - 1.0 / f64::from(workers));
            below += lever * lever;
        }
    }
    (below > 0.0).then(|| (above / below).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn speedup_is_alone_by_together() {
        let speedup = Speedup::of(&[100, 90, 110], &[50, 40, 80]).expect("both measured");
        assert!(close(speedup.median, 2.0) && close(speedup.low, 1.25) && close(speedup.high, 2.5));
        assert!(close(speedup.efficiency(4), 0.5));
        assert!(close(speedup.karp_flatt(4).expect("several workers"), (0.5 - 0.25) / 0.75));
        assert_eq!(speedup.karp_flatt(1), None);
        assert_eq!(Speedup::of(&[], &[1]), None);
        assert_eq!(Speedup::of(&[1], &[0]), None);
    }

    #[test]
    fn the_fit_finds_the_share_that_made_the_points() {
        let points: Vec<(u32, f64)> = [1, 2, 4, 8].map(|p| (p, amdahl(0.07, f64::from(p)))).to_vec();
        assert!(close(fit_serial_share(&points).expect("points"), 0.07));
        assert_eq!(fit_serial_share(&[(1, 1.0)]), None);
    }
}
