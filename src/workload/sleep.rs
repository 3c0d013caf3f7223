//! Waiting 10 ms an item, as a task does that asks a disk or a server.
//!
//! **It scales far beyond the cores**: a sleeping task needs no core, so eight workers wait eight
//! times faster even on two cores, and threads do as well as processes.

use std::time::Duration;

use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Sleep;

/// How long an item waits.
const ITEM_MS: u64 = 10;

const PRESETS: &[Preset] =
    &[Preset { name: "ten-ms", summary: "10 ms of waiting an item, no computing", items: 100, free_items: true }];

impl Workload for Sleep {
    fn name(&self) -> &'static str {
        "sleep"
    }

    fn title(&self) -> &'static str {
        "Sleep (I/O-bound)"
    }

    fn why(&self) -> &'static str {
        "Scales beyond the cores: a task that waits needs none."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, _preset: &Preset, _index: u64, out: &mut Vec<u8>) {
        out.extend_from_slice(&ITEM_MS.to_le_bytes());
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let milliseconds = arguments.u64()?;
        here.wait(Duration::from_millis(milliseconds));
        out.push(1);
        Ok(())
    }

    fn tell_item(&self, _preset: &Preset, _index: u64) -> String {
        (ITEM_MS as f64 / 1000.0).to_string()
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        result.u8()?;
        Ok(format!("item {index} waited {ITEM_MS} ms"))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: "import time\n\ndef wait(seconds):\n    time.sleep(seconds)\n    return True".to_owned(),
            name: "wait",
            parameters: 1,
            items: format!("[0.01] * {}", input.len()),
        }
    }
}
