//! How long the parent takes to know that a worker was killed, by start method: from just before the signal
//! is sent until the parent has waited for the process and told how it ended.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::plan::{Plan, StartMethod};
use poolscope::sys;

use super::Effort;
use super::live::{Live, endless, ready};

const WORKERS: u32 = 2;
/// A pool gives up if more workers die within some seconds, so there are several pools.
const DEATHS_A_POOL: usize = 10;
/// A kill comes at any moment of these after the last.
const WITHIN_MS: u64 = 40;

pub(super) fn report(effort: Effort) {
    println!("\nFrom killing one of {WORKERS} workers until the parent knew, ms");
    let pools = if effort.repeats > 1 { 20 } else { 1 };
    for &start in sys::start_methods() {
        let mut delays: Vec<f64> = (0..pools).flat_map(|_| deaths(start)).collect();
        delays.sort_by(f64::total_cmp);
        let share = |percent: usize| delays[(delays.len() * percent / 100).min(delays.len() - 1)];
        let (name, count) = (start.name(), delays.len());
        println!("{name:>12} p50 {:.2}, p99 {:.2}, max {:.2} of {count} deaths", share(50), share(99), share(100));
    }
}

/// Kills workers of one pool, one after the other.
fn deaths(start: StartMethod) -> Vec<f64> {
    let mut live = Live::start(&Plan { start, workers: WORKERS, ..endless() });
    (0..DEATHS_A_POOL).map(|_| death(&mut live)).collect()
}

/// Kills a worker; gives how many milliseconds it took until the parent knew.
fn death(live: &mut Live) -> f64 {
    // All are at work: whoever took the place of the last that died, too.
    let (victim, pid) = live.until(|run| {
        let ready = ready(run);
        let any = ready.get(sys::now_ns() as usize / 1000 % ready.len().max(1))?;
        (ready.len() == WORKERS as usize).then_some((any.id, any.pid))
    });
    std::thread::sleep(std::time::Duration::from_millis(sys::now_ns() / 1000 % WITHIN_MS));
    let killed_ns = sys::now_ns();
    kill(Pid::from_raw(pid as i32), Signal::SIGKILL).expect("it is our own");
    let (known_ns, _) = live.until(|run| run.actor(victim)?.exited);
    known_ns.saturating_sub(killed_ns) as f64 / 1e6
}
