//! What talking and agreeing costs, by each object that processes share: beside a bare loop over the raw primitive
//! under it, and beside the same in CPython. Always two real processes.
//!
//! `cargo bench --bench ipc` measures, and with `-- --quick` it is over in a few seconds; words behind that choose rows.
//! Machines are noisy: the figures of one row are taken in turn, in one run, and each is a median.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a bench prints, and stops where it can't go on")]

mod cpython;
mod ours;
mod pair;
mod raw;

use std::time::Duration;

/// A row of the table: how long one use takes, in each way.
struct Row {
    /// What is measured; CPython's program knows it by this name.
    name: &'static str,
    /// How often it is done.
    times: u32,
    /// So many bytes move each time, if that is what counts.
    bytes: usize,
    ours: fn(u32) -> Duration,
    raw: fn(u32) -> Duration,
}

const MIB: usize = 1 << 20;

const ROWS: &[Row] = &[
    Row { name: "Pipe round trip", times: 10_000, bytes: 0, ours: ours::pipe_round_trip, raw: raw::pipe_round_trip },
    Row { name: "SimpleQueue one way", times: 50_000, bytes: 0, ours: ours::simple_queue, raw: raw::pipe_one_way },
    Row { name: "Queue one way", times: 50_000, bytes: 0, ours: ours::queue, raw: raw::fed_pipe },
    Row { name: "Lock hand-over", times: 10_000, bytes: 0, ours: ours::lock_hand_over, raw: raw::futex_ping_pong },
    Row { name: "Event wake-up", times: 10_000, bytes: 0, ours: ours::event_wake_up, raw: raw::futex_ping_pong },
    Row {
        name: "Value increment, lock",
        times: 200_000,
        bytes: 0,
        ours: ours::locked_increment,
        raw: raw::futex_mutex,
    },
    Row { name: "Value increment, raw", times: 500_000, bytes: 0, ours: ours::raw_increment, raw: raw::read_and_write },
    Row { name: "Manager round trip", times: 10_000, bytes: 0, ours: ours::manager, raw: raw::request_and_answer },
    Row { name: "1 MiB by pipe", times: 100, bytes: MIB, ours: ours::large_by_pipe, raw: raw::large_by_pipe },
    Row { name: "1 MiB by memory", times: 500, bytes: MIB, ours: ours::large_by_memory, raw: raw::large_by_memory },
];

fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick" || argument == "--test");
    // Rows whose names begin so; all, if none is named.
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |row: &&Row| named.is_empty() || named.iter().any(|name| row.name.starts_with(name.as_str()));
    let (repeats, divisor) = if quick { (3, 4) } else { (5, 1) };
    println!("{} cores; medians of {repeats}; microseconds for one", poolscope::plan::cores());
    println!("{:<24}{:>10}{:>10}{:>10}{:>10}{:>10}{:>14}", "", "ours", "raw", "CPython", "/ raw", "/ CPython", "");
    for row in ROWS.iter().filter(is_wanted) {
        let times = (row.times / divisor).max(2);
        let (mut ours, mut raw, mut cpython) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..repeats {
            ours.push(micros((row.ours)(times), times));
            raw.push(micros((row.raw)(times), times));
            cpython.extend(cpython::seconds(row.name, times).map(|seconds| seconds * 1e6));
        }
        let (ours, raw, cpython) = (median(ours), median(raw), median(cpython));
        let speed = if row.bytes == 0 { String::new() } else { format!("{:.2} GB/s", row.bytes as f64 / 1e3 / ours) };
        let (by_raw, by_cpython) = (ours / raw, ours / cpython);
        println!("{:<24}{ours:>10.3}{raw:>10.3}{cpython:>10.3}{by_raw:>10.2}{by_cpython:>10.2}{speed:>14}", row.name);
    }
}

fn micros(all: Duration, times: u32) -> f64 {
    all.as_secs_f64() * 1e6 / f64::from(times)
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
