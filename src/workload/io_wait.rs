//! Waiting for the answers of a server, each as long as it takes.
//!
//! **It scales far beyond the cores, and threads do as well as processes**, in Python too: who waits
//! lets go of the interpreter, so a lock that lets one thread at a time compute stops nobody. As many
//! workers as answers are worth waiting for at once, not as there are cores. Since answers take from 2 to
//! 12 ms, the units are uneven.

use std::time::Duration;

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct IoWait;

const PRESETS: &[Preset] = &[
    Preset {
        name: "requests",
        summary: "2 to 12 ms of waiting an item: many workers, few cores",
        items: 200,
        free_items: true,
    },
    Preset {
        name: "slow",
        summary: "40 to 140 ms of waiting an item: even starting processes does not matter",
        items: 20,
        free_items: true,
    },
    Preset {
        name: "one-ms",
        summary: "1 ms of waiting an item, about what starting a worker costs",
        items: 20,
        free_items: true,
    },
];

impl Workload for IoWait {
    fn name(&self) -> &'static str {
        "io-wait"
    }

    fn title(&self) -> &'static str {
        "Requests (I/O-bound)"
    }

    fn why(&self) -> &'static str {
        "Scales beyond the cores: who waits for an answer needs neither a core nor the interpreter."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        write_numbers(out, &[milliseconds(preset, index)]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let milliseconds = arguments.u64()?;
        here.wait(Duration::from_millis(milliseconds));
        write_numbers(out, &[milliseconds]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        milliseconds(preset, index).to_string()
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        Ok(format!("request {index} was answered after {} ms", result.u64()?))
    }

    fn python(&self, input: &Input) -> Python {
        let items = input.len();
        let items = match input.preset.name {
            "one-ms" => format!("[1] * {items}"),
            name => format!("[{} * (2 + i * 7 % 11) for i in range({items})]", factor(name)),
        };
        Python { function: PYTHON.to_owned(), name: "request", parameters: 1, items }
    }
}

const PYTHON: &str = "\
import time

def request(milliseconds):
    time.sleep(milliseconds / 1000)
    return milliseconds";

fn factor(preset: &str) -> u64 {
    if preset == "slow" { 20 } else { 1 }
}

/// How long the item at `index` of a preset waits.
fn milliseconds(preset: &Preset, index: u64) -> u64 {
    match preset.name {
        "one-ms" => 1,
        // 7 and 11 have no common divisor: every length comes once in eleven.
        name => factor(name) * (2 + index % 11 * 7 % 11),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::here::tests::Notes;

    #[test]
    fn every_length_comes_once_in_eleven() {
        let mut lengths: Vec<u64> = (0..11).map(|index| milliseconds(&PRESETS[0], index)).collect();
        assert_eq!(lengths[..3], [2, 9, 5]);
        lengths.sort_unstable();
        assert_eq!(lengths, (2..13).collect::<Vec<u64>>());
    }

    #[test]
    fn who_waits_is_not_inside() {
        let notes = Notes::default();
        let began = std::time::Instant::now();
        IoWait.run_item(&mut Reader::new(&9_u64.to_le_bytes()), &Here::inside(&notes), &mut Vec::new()).expect("runs");
        assert!(began.elapsed() >= Duration::from_millis(9));
        assert_eq!(*notes.0.borrow(), ["release", "acquire"]);
    }
}
