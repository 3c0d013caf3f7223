//! The ready-made programs: lessons about `Process`, start methods and, later, what processes share. Each
//! is data, a script that the engine's parent carries out step by step with real processes.

use std::collections::BTreeMap;

use crate::plan::PlanError;

/// A program, with what can be chosen differently in it.
#[derive(Debug)]
pub struct Program {
    /// The name in plans and on the command line.
    pub name: &'static str,
    /// The name on screen.
    pub title: &'static str,
    /// What it shows, in one sentence.
    pub summary: &'static str,
    /// What can be chosen.
    pub knobs: &'static [Knob],
}

/// A number that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knob {
    /// The name in plans and on the command line.
    pub name: &'static str,
    /// What it changes, with its unit.
    pub summary: &'static str,
    /// What it is unless chosen.
    pub default: u64,
    /// The least and the most it may be.
    pub range: (u64, u64),
}

/// Every program, in the order of the screen.
pub static REGISTRY: &[&Program] = &[];

/// Finds a program by name and holds the knobs against it.
pub fn find(name: &str, knobs: &BTreeMap<String, u64>) -> Result<&'static Program, PlanError> {
    let names = |all: Vec<&str>| all.join(", ");
    let program =
        REGISTRY.iter().copied().find(|program| program.name == name).ok_or_else(|| PlanError::UnknownProgram {
            name: name.to_owned(),
            known: names(REGISTRY.iter().map(|known| known.name).collect()),
        })?;
    for (name, &given) in knobs {
        let knob = program.knobs.iter().find(|knob| knob.name == name).ok_or_else(|| PlanError::UnknownKnob {
            program: program.name,
            name: name.clone(),
            known: names(program.knobs.iter().map(|known| known.name).collect()),
        })?;
        let (low, high) = knob.range;
        if !(low..=high).contains(&given) {
            return Err(PlanError::OutOfRange { field: knob.name, given, low, high, advice: knob.summary });
        }
    }
    Ok(program)
}
