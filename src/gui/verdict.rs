//! What a measurement says, in sentences made of measured numbers.

use super::experiment::{Baseline, Measurement};
use super::words::duration;
use crate::model::speedup::Speedup;
use crate::model::stats::median;
use crate::plan::cores;

/// Why a run was slower than one process alone, and what to do; `None` if it was not.
pub fn why_slower(measured: &Measurement, speedup: Speedup, baseline: &Baseline) -> Option<String> {
    if speedup.median >= 1.0 {
        return None;
    }
    let wall_ns = median(&measured.wall_ns)?;
    let (wall, alone) = (duration(wall_ns), duration(baseline.median_ns()));
    let team = measured.plan.hands();
    let workers = if team == 1 { "1 worker".to_owned() } else { format!("{team} workers") };
    if measured.start_ns >= wall_ns * 2 / 5 {
        let start = duration(measured.start_ns);
        return Some(format!(
            "Slower than alone: starting {workers} took {start} of the {wall}, and alone everything is done in \
             {alone}. Too little work to share."
        ));
    }
    if measured.computed_ns > baseline.median_ns() / 5 * 7 {
        let computed = duration(measured.computed_ns);
        let reason = if team > cores() {
            format!("{workers} wait in turn for {} cores", cores())
        } else {
            "the cores were busy with other programs, too".to_owned()
        };
        return Some(format!("Slower than alone: computing took {computed} in all instead of {alone}, for {reason}."));
    }
    if u64::from(measured.units) > 16 * u64::from(team) {
        return Some(format!(
            "Slower than alone: carrying {} units there and back cost more than it saved. Try a larger chunksize.",
            crate::chunk::grouped(measured.units.into())
        ));
    }
    Some(format!("Slower than alone ({wall} against {alone}): sharing the work cost more than it saved."))
}

/// How far a prediction was from what was measured.
pub fn prediction_against(prediction: f64, speedup: Speedup) -> String {
    if (speedup.low..=speedup.high).contains(&prediction) {
        return format!("You predicted {prediction:.2}×: within the spread of the runs.");
    }
    let word = if prediction > speedup.median { "too high" } else { "too low" };
    format!("You predicted {prediction:.2}×: {:.2} {word}.", (prediction - speedup.median).abs())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::model::waterfall::Missing;
    use crate::plan::Plan;

    fn told(units: u32, start_ms: u64, computed_ms: u64, wall_ms: u64, alone_ms: u64) -> Option<String> {
        let plan = Plan { workers: 1, ..Plan::default() };
        let ns = |ms: u64| ms * 1_000_000;
        let baseline = Baseline { plan: plan.clone(), wall_ns: vec![ns(alone_ms)], at: Instant::now() };
        let (start_ns, computed_ns) = (ns(start_ms), ns(computed_ms));
        let (times, prediction) = (Err(Missing::TracingOff), None);
        let measured =
            Measurement { plan, units, wall_ns: vec![ns(wall_ms)], start_ns, computed_ns, times, prediction };
        let speedup = Speedup::of(&baseline.wall_ns, &measured.wall_ns).expect("both took time");
        why_slower(&measured, speedup, &baseline)
    }

    #[test]
    fn the_reason_is_the_largest_measured_one() {
        assert_eq!(told(4, 1, 50, 50, 100), None);
        let start = told(4, 14, 3, 19, 3).expect("slower");
        assert!(start.contains("starting 1 worker took 14 ms of the 19 ms"), "{start}");
        let carrying = told(10_000, 1, 3, 19, 3).expect("slower");
        assert!(carrying.contains("10,000 units"), "{carrying}");
        let busy = told(4, 1, 15, 19, 3).expect("slower");
        assert!(busy.contains("computing took 15 ms in all instead of 3 ms"), "{busy}");
        assert!(told(4, 1, 3, 19, 3).expect("slower").contains("19 ms against 3 ms"));
    }

    #[test]
    fn a_prediction_is_held_against_the_spread() {
        let speedup = Speedup { median: 1.7, low: 1.6, high: 1.8 };
        assert!(prediction_against(1.65, speedup).contains("within"));
        assert_eq!(prediction_against(2.0, speedup), "You predicted 2.00×: 0.30 too high.");
        assert!(prediction_against(1.0, speedup).contains("too low"));
    }
}
