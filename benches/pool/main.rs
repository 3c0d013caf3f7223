//! What the pool costs, beside the same over a bare pipe and in CPython, as a table of ratios; how fast it
//! starts, learns of a death and stops; what its parent holds in memory.
//!
//! `cargo bench --bench pool` measures, `cargo bench --bench pool -- --quick` only proves that it runs.
//! Machines are noisy: the figures of one row are taken in turn, in one run, and each is a median.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and stops where it can't go on")]

mod bare;
mod cpython;
#[cfg(unix)]
mod death;
mod event;
mod live;
mod memory;
mod start;
mod stop;
mod throughput;

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    /// Repeats of each figure.
    repeats: usize,
    /// A divisor of every count of units.
    divisor: u64,
}

fn main() {
    if let Some(task) = std::env::args().nth(1).filter(|argument| argument == bare::CHILD) {
        return bare::child(&task);
    }
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    let effort = if quick { Effort { repeats: 1, divisor: 200 } } else { Effort { repeats: 5, divisor: 1 } };
    println!("{} cores; medians of {}", poolscope::plan::cores(), effort.repeats);
    throughput::report(effort);
    start::report(effort);
    event::report(effort);
    memory::report(effort);
    #[cfg(unix)]
    death::report(effort);
    stop::report(effort);
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs a plan once and gives its only run, with all its events applied.
fn run(plan: &poolscope::plan::Plan) -> poolscope::model::Model {
    let mut live = live::Live::start(plan);
    live.finish();
    std::mem::take(&mut live.model)
}
