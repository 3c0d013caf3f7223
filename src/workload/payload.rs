//! Bytes there and bytes back, and next to nothing done with them: what carrying costs.
//!
//! **It does not scale**: a worker adds its bytes up and turns them round, which takes less time than
//! writing them into a pipe and reading them out again, twice. The parent does half of that carrying, for
//! all workers, so more workers only queue for it; one process that keeps its data is faster. Threads
//! carry nothing: they share the memory. In Python this is the price of `pickle` and the pipe.

use std::sync::LazyLock;

use super::bytes::{write_numbers, write_sized};
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload, repr};

pub(super) struct Payload;

/// The bytes of an item count up and start over after so many.
const PERIOD: usize = 251;
/// The longest item from any start. All items are cut from it, so that making them costs the parent no
/// more than copying.
static PATTERN: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..PERIOD + (1 << 20)).map(|place| (place % PERIOD) as u8).collect());
/// Bytes looked at in one breath: some 20 µs.
const BREATH: usize = 1 << 16;

const PRESETS: &[Preset] = &[
    Preset {
        name: "64-kib",
        summary: "64 KiB there and back an item, as much as a pipe holds; no work",
        items: 2000,
        free_items: true,
    },
    Preset { name: "1-kib", summary: "1 KiB there and back an item; no work", items: 20_000, free_items: true },
    Preset {
        name: "1-mib",
        summary: "1 MiB there and back an item: sixteen times what a pipe holds; no work",
        items: 128,
        free_items: true,
    },
];

impl Workload for Payload {
    fn name(&self) -> &'static str {
        "payload"
    }

    fn title(&self) -> &'static str {
        "Large messages"
    }

    fn why(&self) -> &'static str {
        "Does not scale: carrying the bytes takes longer than looking at them."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        write_sized(out, bytes(preset, index));
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let bytes = arguments.sized()?;
        let mut sum = 0;
        for part in bytes.chunks(BREATH) {
            here.breathe();
            sum += part.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        write_numbers(out, &[sum]);
        let start = out.len();
        write_sized(out, bytes);
        out[start + size_of::<u64>()..].reverse();
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        repr::bytes(bytes(preset, index))
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (sum, bytes) = (result.u64()?, result.sized()?);
        Ok(format!("item {index}: {} bytes came back, their sum is {sum}", bytes.len()))
    }

    fn python(&self, input: &Input) -> Python {
        let size = size(input.preset.name);
        let copies = size / PERIOD + 2;
        Python {
            function: PYTHON.to_owned(),
            name: "turn_round",
            parameters: 1,
            items: format!(
                "[(bytes(range({PERIOD})) * {copies})[i % {PERIOD}:][:{size}] for i in range({})]",
                input.len()
            ),
        }
    }
}

const PYTHON: &str = "\
def turn_round(data):
    return sum(data), data[::-1]";

/// How many bytes an item of a preset carries.
fn size(preset: &str) -> usize {
    match preset {
        "1-kib" => 1 << 10,
        "1-mib" => 1 << 20,
        _ => 64 << 10,
    }
}

/// The bytes of the item at `index` of a preset.
fn bytes(preset: &Preset, index: u64) -> &'static [u8] {
    let start = (index % PERIOD as u64) as usize;
    PATTERN.get(start..start + size(preset.name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_bytes_come_back_as_left_the_other_way_round() {
        let mut arguments = Vec::new();
        write_sized(&mut arguments, &[1, 2, 255]);
        let mut out = Vec::new();
        Payload.run_item(&mut Reader::new(&arguments), &Here::free(), &mut out).expect("whole arguments");
        let mut result = Reader::new(&out);
        assert_eq!(result.u64(), Ok(258));
        assert_eq!(result.sized(), Ok(&[255, 2, 1][..]));
        assert!(result.is_empty());
    }

    #[test]
    fn sizes_are_what_their_names_say() {
        for (preset, size) in PRESETS.iter().zip([65_536, 1024, 1_048_576]) {
            let mut arguments = Vec::new();
            Payload.write_item(preset, 250, &mut arguments);
            assert_eq!(arguments.len(), 8 + size, "{}", preset.name);
            assert_eq!(arguments[8..11], [250, 0, 1]);
        }
    }
}
