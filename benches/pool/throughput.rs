//! Units a second: our pool with tracing and without, a bare pipe, CPython's `Pool.map`.

use poolscope::plan::{Executor, Plan, StartMethod};

use super::{Effort, bare, cpython, median, run};

const WORKERS: u32 = 2;

/// Items for each chunksize (`None` is the default one): enough for some tenths of a second.
const ROWS: [(Option<u64>, u64); 5] = [
    (Some(1), 10_000_000),
    (Some(10), 10_000_000),
    (Some(100), 10_000_000),
    (Some(1000), 10_000_000),
    (None, 10_000_000),
];
/// CPython computes this many items, whatever the chunksize; its rate does not depend on how many.
const CPYTHON_ITEMS: u64 = 200_000;

pub(super) fn report(effort: Effort) {
    table(effort);
    grains(effort);
}

/// What tracing costs where a unit takes about 10 µs: odd numbers near ten million, 20 a unit.
fn grains(effort: Effort) {
    let plan = |tracing| Plan {
        workload: "primes".into(),
        preset: Some("odd-many".into()),
        items: Some(3_000_000 / effort.divisor),
        with: Executor::Processes,
        start: StartMethod::Spawn,
        workers: WORKERS,
        chunksize: Some(20),
        tracing,
        ..Plan::default()
    };
    let items = plan(true).items.unwrap_or_default();
    let unit_us = |rate: f64| 20.0 * f64::from(WORKERS) / rate * 1e6;
    let pairs: Vec<(f64, f64)> =
        (0..effort.repeats).map(|_| (ours(&plan(true), items).0, ours(&plan(false), items).0)).collect();
    let took = median(pairs.iter().map(|pair| unit_us(pair.1)).collect());
    let share = median(pairs.iter().map(|pair| pair.1 / pair.0 - 1.0).collect());
    println!("\nUnits of {took:.1} µs: tracing costs {:.2} % (median of pairs)", share * 100.0);
}

fn table(effort: Effort) {
    println!("\nPool.map of x·x, {WORKERS} workers, million items a second (ratio to ours, traced)");
    println!(
        "{:>10} {:>14} {:>18} {:>8} {:>18} {:>18}",
        "chunksize", "ours, traced", "untraced", "lost", "bare pipe", "CPython"
    );
    for (chunksize, items) in ROWS {
        let items = items / effort.divisor;
        let plan = |tracing| Plan {
            workload: "squares".into(),
            items: Some(items),
            with: Executor::Processes,
            start: StartMethod::Spawn,
            workers: WORKERS,
            chunksize,
            tracing,
            ..Plan::default()
        };
        let (mut traced, mut untraced, mut pipe, mut python, mut lost) = (vec![], vec![], vec![], vec![], 0);
        let unit = plan(true).check().expect("a valid plan").cut.chunksize;
        for _ in 0..effort.repeats {
            let (rate, events_lost) = ours(&plan(true), items);
            traced.push(rate);
            lost += events_lost;
            untraced.push(ours(&plan(false), items).0);
            pipe.push(bare::rate(items, unit));
            python.extend(cpython::rate(CPYTHON_ITEMS / effort.divisor, chunksize));
        }
        let base = median(traced);
        let cell = |figures: Vec<f64>| {
            if figures.is_empty() {
                return "not here".to_owned();
            }
            let figure = median(figures);
            format!("{:.3} ({:.2}×)", figure / 1e6, figure / base)
        };
        let name = chunksize.map_or("default".to_owned(), |size| size.to_string());
        let (untraced, pipe, python) = (cell(untraced), cell(pipe), cell(python));
        println!("{name:>10} {:>14.3} {untraced:>18} {lost:>8} {pipe:>18} {python:>18}", base / 1e6);
    }
}

/// Items a second from the first unit's leaving to the last result, without starting the workers, as
/// `Pool.map` is timed in CPython too; and the events that were lost.
fn ours(plan: &Plan, items: u64) -> (f64, u64) {
    let model = run(plan);
    let end = model.runs.first().and_then(|run| run.end.as_ref()).expect("the run ends");
    let seconds = end.wall_ns.saturating_sub(end.start_ns).max(1) as f64 / 1e9;
    (items as f64 / seconds, model.events_lost)
}
