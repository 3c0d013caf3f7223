//! Waiting and computing by turns, as a program does that fetches pages and counts in them.
//!
//! **It scales beyond the cores, but not without end**: while one worker waits, another one computes on
//! the same core, so with half of the time spent waiting two cores keep four workers busy; more workers
//! only queue. Threads under Python's lock gain as much as waiting takes, and nothing for the
//! computing. The three presets differ in how much of an item is waiting.

use std::time::Duration;

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload, count_primes};

pub(super) struct Mixed;

/// Where counting starts: large enough that primes take a while.
const BASE: u64 = 10_000_000;
/// The most rounds a worker accepts from a message.
const MAX_ROUNDS: u64 = 1000;

const PRESETS: &[Preset] = &[
    Preset {
        name: "half",
        summary: "four rounds an item of about 2 ms waiting and 2 ms computing",
        items: 80,
        free_items: true,
    },
    Preset {
        name: "mostly-io",
        summary: "four rounds an item of 4 ms waiting and about 0.2 ms computing",
        items: 80,
        free_items: true,
    },
    Preset {
        name: "mostly-cpu",
        summary: "four rounds an item of 0 to 1 ms waiting and about 4 ms computing",
        items: 80,
        free_items: true,
    },
];

/// What one item does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Errand {
    /// Where the first round starts to count.
    low: u64,
    /// How many numbers a round looks at.
    width: u64,
    /// How often it waits and counts.
    rounds: u64,
    /// How long it waits each time.
    milliseconds: u64,
}

impl Errand {
    fn of(preset: &Preset, index: u64) -> Self {
        let (width, milliseconds) = shape(preset.name);
        Self { low: BASE + index * ROUNDS * width, width, rounds: ROUNDS, milliseconds }
    }
}

/// Rounds of every preset.
const ROUNDS: u64 = 4;

/// How many numbers a round of a preset looks at, and how long it waits.
fn shape(preset: &str) -> (u64, u64) {
    match preset {
        "mostly-io" => (800, 4),
        "mostly-cpu" => (16_000, 1),
        _ => (8000, 2),
    }
}

impl Workload for Mixed {
    fn name(&self) -> &'static str {
        "mixed"
    }

    fn title(&self) -> &'static str {
        "Waiting and computing"
    }

    fn why(&self) -> &'static str {
        "Scales beyond the cores, but not without end: one worker waits while another computes."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let Errand { low, width, rounds, milliseconds } = Errand::of(preset, index);
        write_numbers(out, &[low, width, rounds, milliseconds]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let [low, width, rounds, milliseconds] =
            [arguments.u64()?, arguments.u64()?, arguments.u64()?, arguments.u64()?];
        let (mut low, mut primes) = (low, 0);
        for _ in 0..rounds.min(MAX_ROUNDS) {
            here.wait(Duration::from_millis(milliseconds));
            let high = low.saturating_add(width);
            primes += count_primes::count(low, high, here);
            low = high;
        }
        write_numbers(out, &[primes]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        let Errand { low, width, rounds, milliseconds } = Errand::of(preset, index);
        format!("({low}, {width}, {rounds}, {milliseconds})")
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let Errand { low, width, rounds, milliseconds } = Errand::of(preset, index);
        let (primes, high) = (result.u64()?, low + rounds * width - 1);
        Ok(format!("{primes} primes from {low} to {high}, in {rounds} rounds of {milliseconds} ms waiting each"))
    }

    fn python(&self, input: &Input) -> Python {
        let (width, milliseconds) = shape(input.preset.name);
        let step = ROUNDS * width;
        Python {
            function: format!("import time\n{}\n\n{PYTHON}", count_primes::python()),
            name: "errand",
            parameters: 4,
            items: format!(
                "[({BASE} + {step} * i, {width}, {ROUNDS}, {milliseconds}) for i in range({})]",
                input.len()
            ),
        }
    }
}

const PYTHON: &str = "\
def errand(low, width, rounds, milliseconds):
    primes = 0
    for _ in range(rounds):
        time.sleep(milliseconds / 1000)
        primes += count_primes(low, low + width)
        low += width
    return primes";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::here::tests::Notes;

    fn run(errand: Errand, here: &Here<'_>) -> u64 {
        let Errand { low, width, rounds, milliseconds } = errand;
        let (mut arguments, mut out) = (Vec::new(), Vec::new());
        write_numbers(&mut arguments, &[low, width, rounds, milliseconds]);
        Mixed.run_item(&mut Reader::new(&arguments), here, &mut out).expect("whole arguments");
        Reader::new(&out).u64().expect("a number")
    }

    #[test]
    fn the_rounds_together_count_the_whole_range() {
        assert_eq!(run(Errand { low: 0, width: 250, rounds: 4, milliseconds: 0 }, &Here::free()), 168);
    }

    #[test]
    fn it_waits_and_computes_by_turns() {
        let notes = Notes::default();
        run(Errand { low: 100, width: 10, rounds: 3, milliseconds: 1 }, &Here::inside(&notes));
        let mut turns = notes.0.borrow().clone();
        turns.dedup();
        assert_eq!(turns, ["release", "acquire", "breathe"].repeat(3));
    }
}
