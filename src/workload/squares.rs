//! Squares of whole numbers: the tiniest of tasks.
//!
//! **It does not scale**: a multiplication takes less than a nanosecond, carrying its 8 bytes there
//! and back takes hundreds. Only a large chunksize brings the cost down to that of copying; one
//! process alone stays faster. It shows what a message costs.

use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Squares;

const PRESETS: &[Preset] = &[Preset {
    name: "count-up",
    summary: "the squares of 0, 1, 2, …: far less work than carrying it",
    items: 10_000,
    free_items: true,
}];

impl Workload for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }

    fn title(&self) -> &'static str {
        "Squares"
    }

    fn why(&self) -> &'static str {
        "Does not scale: carrying a number costs far more than multiplying it."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, _preset: &Preset, index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&index.to_le_bytes());
    }

    fn run_item(&self, arguments: &mut Reader<'_>, _here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let x = arguments.u64()?;
        out.extend_from_slice(&x.wrapping_mul(x).to_le_bytes());
        Ok(())
    }

    fn tell_item(&self, _preset: &Preset, index: u64) -> String {
        index.to_string()
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        Ok(format!("{index}² = {}", result.u64()?))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: "def square(x):\n    return x * x".to_owned(),
            name: "square",
            parameters: 1,
            items: format!("range({})", input.len()),
        }
    }
}
