//! What a worker does once, before its first unit: `Pool(initializer=…)`. A replacement does it, too.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::plan::Initializer;
use crate::sys;

/// How long [`Initializer::Prepare`] builds its table.
const PREPARE: Duration = Duration::from_millis(20);

/// Runs an initializer. Gives the line that it prints, or the error that it raises.
pub(super) fn run(initializer: Initializer) -> Result<String, String> {
    let pid = std::process::id();
    match initializer {
        Initializer::Prepare => {
            let entries = build_table();
            Ok(format!("initializer in process {pid}: built a table of {entries} squares"))
        }
        Initializer::IgnoreTerminate => {
            sys::ignore_terminate();
            Ok(format!("initializer in process {pid}: ignores SIGTERM from now on"))
        }
        Initializer::Fails => Err("ValueError: the initializer was told to fail".to_owned()),
    }
}

/// Builds a table for as long as it takes. Gives how long it has become.
fn build_table() -> usize {
    let give_up = Instant::now() + PREPARE;
    let mut table: Vec<u64> = Vec::new();
    while Instant::now() < give_up {
        let first = table.len() as u64;
        table.extend((first..first + 1000).map(|number| number * number));
    }
    black_box(&table).len()
}
