//! How long Stop takes when many workers compute: from the order until the session has ended, with no
//! process left.

use std::time::Instant;

use poolscope::plan::Plan;

use super::live::{Live, endless, ready};
use super::{Effort, median};

pub(super) fn report(effort: Effort) {
    println!("\nFrom Stop to the end of the session, s");
    // The most there can be starve everything else on a small machine, so they are asked less often.
    let rows = if effort.repeats > 1 { &[(64, 5), (512, 3)][..] } else { &[(16, 1)] };
    for &(workers, repeats) in rows {
        for &start in poolscope::sys::start_methods() {
            let times: Vec<f64> = (0..repeats).map(|_| stop(&Plan { start, workers, ..endless() })).collect();
            let worst = times.iter().copied().fold(0.0, f64::max);
            let (name, median) = (start.name(), median(times));
            println!("{workers:>5} workers by {name:<10} {median:.2} (median), {worst:.2} (worst)");
        }
    }
}

/// Stops a run whose workers all compute; gives how many seconds it took.
fn stop(plan: &Plan) -> f64 {
    let mut live = Live::start(plan);
    live.until(|run| (ready(run).len() == plan.workers as usize).then_some(()));
    let begun = Instant::now();
    live.session.stop();
    live.finish().duration_since(begun).as_secs_f64()
}
