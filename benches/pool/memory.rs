//! What the parent holds at most: its memory must follow what is under way, and not how much there is to do.

use std::time::Duration;

use poolscope::plan::{Executor, Plan};

use super::live::Live;
use super::{Effort, median};

/// How often is looked: the last look must be close to the end.
const LOOK: Duration = Duration::from_millis(1);

pub(super) fn report(effort: Effort) {
    println!("\nPeak memory of the parent, MiB, at x·x with 2 workers");
    for chunksize in [Some(1), None] {
        for items in [100_000, 1_000_000, 10_000_000] {
            let items = items / effort.divisor;
            let workload = "squares".into();
            let plan = Plan {
                workload,
                items: Some(items),
                chunksize,
                with: Executor::Processes,
                workers: 2,
                ..Plan::default()
            };
            let runs: Vec<(f64, f64)> = (0..effort.repeats).map(|_| measure(&plan, items)).collect();
            let peak = runs.iter().map(|run| run.0).fold(f64::NAN, f64::max);
            let rate = median(runs.iter().map(|run| run.1).collect());
            let name = chunksize.map_or("default".to_owned(), |size| size.to_string());
            println!("chunksize {name:>7}, {items:>8} items: {peak:6.1} (worst), {rate:.2} million items a second");
        }
    }
}

/// The parent's peak in MiB, and million items a second.
fn measure(plan: &Plan, items: u64) -> (f64, f64) {
    let mut live = Live::sampled(plan);
    let (mut peak_bytes, mut parent) = (0, None);
    while live.look(LOOK) {
        let run = live.model.last_run();
        parent = parent.or_else(|| Some(run?.parent()?.pid));
        peak_bytes = peak_bytes.max(parent.and_then(peak_of).unwrap_or_default());
    }
    let run = live.model.last_run().expect("a run");
    // Where the system does not tell, the observer's samples do, four a second.
    let sampled = run.parent().and_then(|parent| parent.usage.iter().map(|usage| usage.rss_bytes).max());
    let end = run.end.as_ref().expect("the run ends");
    let seconds = end.wall_ns.saturating_sub(end.start_ns).max(1) as f64 / 1e9;
    (peak_bytes.max(sampled.unwrap_or_default()) as f64 / f64::from(1 << 20), items as f64 / seconds / 1e6)
}

/// The most that a process had in memory until now, as Linux tells it.
fn peak_of(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? << 10)
}
