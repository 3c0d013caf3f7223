//! What there is: the workloads, the programs, and what this machine offers.

use std::fmt::{Display, Formatter};

use serde::Serialize;

use crate::chunk::grouped;
use crate::plan;
use crate::program;
use crate::sys;
use crate::workload::REGISTRY;

use super::error::CliError;
use super::{Verdict, console};

#[derive(Serialize)]
struct WorkloadEntry {
    name: &'static str,
    title: &'static str,
    why: &'static str,
    presets: Vec<PresetEntry>,
}

#[derive(Serialize)]
struct PresetEntry {
    name: &'static str,
    summary: &'static str,
    items: u64,
    free_items: bool,
}

#[derive(Serialize)]
struct ProgramEntry {
    topic: &'static str,
    name: &'static str,
    title: &'static str,
    summary: &'static str,
    knobs: Vec<KnobEntry>,
}

#[derive(Serialize)]
struct KnobEntry {
    name: &'static str,
    summary: &'static str,
    default: u64,
    low: u64,
    high: u64,
}

/// Lists the workloads with their presets, the default ones first.
pub(super) fn workloads(json: bool) -> Result<Verdict, CliError> {
    let entries: Vec<WorkloadEntry> = REGISTRY
        .iter()
        .map(|workload| WorkloadEntry {
            name: workload.name(),
            title: workload.title(),
            why: workload.why(),
            presets: workload
                .presets()
                .iter()
                .map(|preset| PresetEntry {
                    name: preset.name,
                    summary: preset.summary,
                    items: preset.items,
                    free_items: preset.free_items,
                })
                .collect(),
        })
        .collect();
    if json {
        console::print_json(&serde_json::json!({ "workloads": entries }))?;
        return Ok(Verdict::Good);
    }
    console::print(entries.iter().map(WorkloadEntry::to_string).collect::<Vec<_>>().join("\n"))?;
    Ok(Verdict::Good)
}

impl Display for WorkloadEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {}. {}", self.name, self.title, self.why)?;
        for PresetEntry { name, summary, items, free_items } in &self.presets {
            let open = if *free_items { ", or --items N" } else { "" };
            writeln!(f, "  {name:<12}{summary} ({} items{open})", grouped(*items))?;
        }
        Ok(())
    }
}

/// Lists the programs with their knobs.
pub(super) fn programs(json: bool) -> Result<Verdict, CliError> {
    let entries: Vec<ProgramEntry> = program::TOPICS
        .iter()
        .flat_map(|topic| topic.programs.iter().map(move |program| (topic.title, program)))
        .map(|(topic, program)| ProgramEntry {
            topic,
            name: program.name,
            title: program.title,
            summary: program.summary,
            knobs: program
                .knobs
                .iter()
                .map(|knob| {
                    let (low, high) = knob.range;
                    KnobEntry { name: knob.name, summary: knob.summary, default: knob.default, low, high }
                })
                .collect(),
        })
        .collect();
    if json {
        console::print_json(&serde_json::json!({ "programs": entries }))?;
        return Ok(Verdict::Good);
    }
    let topics = program::TOPICS.iter().map(|topic| {
        let of_it = entries.iter().filter(|entry| entry.topic == topic.title);
        let entries: Vec<String> = of_it.map(ProgramEntry::to_string).collect();
        format!("== {}\n\n{}", topic.title, entries.join("\n"))
    });
    console::print(topics.collect::<Vec<_>>().join("\n"))?;
    Ok(Verdict::Good)
}

impl Display for ProgramEntry {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}: {}. {}", self.name, self.title, self.summary)?;
        for KnobEntry { name, summary, default, low, high } in &self.knobs {
            let [default, low, high] = [default, low, high].map(|&number| grouped(number));
            writeln!(f, "  --knob {name}=N: {summary} ({low} to {high}; {default} if left out)")?;
        }
        Ok(())
    }
}

/// Tells what this machine offers.
pub(super) fn doctor() -> Result<Verdict, CliError> {
    let methods = sys::start_methods().iter().map(|method| method.name()).collect::<Vec<_>>().join(", ");
    let window = if cfg!(feature = "gui") {
        sys::display_error().unwrap_or("A display is named.")
    } else {
        "This Poolscope was built without its window."
    };
    let lines = [
        ("poolscope", env!("CARGO_PKG_VERSION").to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("cores", format!("{} that this process may use", plan::cores())),
        ("start methods", methods),
        ("window", window.to_owned()),
    ];
    console::print(lines.map(|(name, value)| format!("{name:<16}{value}\n")).concat())?;
    Ok(Verdict::Good)
}
