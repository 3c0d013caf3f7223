//! The ready-made programs: lessons about `Process`, start methods and what processes share. Each
//! is data, a [`script`] that the engine's parent carries out step by step with real processes, and the
//! same program in Python.

use std::collections::BTreeMap;

use crate::plan::{PlanError, StartMethod};

mod ipc;
pub mod object;
pub mod plain;
mod process;
pub mod script;
mod steps;
pub mod uses;

use script::Script;

/// A program, with what can be chosen differently in it.
#[derive(Debug)]
pub struct Program {
    /// The name in plans and on the command line.
    pub name: &'static str,
    /// The name on screen.
    pub title: &'static str,
    /// What it shows, in a sentence or two.
    pub summary: &'static str,
    /// What can be chosen.
    pub knobs: &'static [Knob],
    /// What its parent does, and in it what each child does.
    pub script: fn(&Chosen<'_>) -> Script,
    /// The same in Python: a whole program.
    pub python: fn(&Chosen<'_>) -> String,
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

/// What was chosen for a program.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The program.
    pub program: &'static Program,
    /// What was chosen differently.
    pub knobs: &'a BTreeMap<String, u64>,
    /// How processes start, unless the program says otherwise.
    pub start: StartMethod,
}

impl Chosen<'_> {
    /// What a knob was set to; 0 for one that the program does not have.
    pub fn knob(&self, name: &str) -> u64 {
        let default = self.program.knobs.iter().find(|knob| knob.name == name).map_or(0, |knob| knob.default);
        self.knobs.get(name).copied().unwrap_or(default)
    }

    /// What the program's parent does.
    pub fn script(&self) -> Script {
        (self.program.script)(self)
    }

    /// The same in Python.
    pub fn python(&self) -> String {
        (self.program.python)(self)
    }
}

/// The programs about one subject: a tab of the screen.
#[derive(Debug)]
pub struct Topic {
    /// Its name on the screen.
    pub title: &'static str,
    /// Its programs, in the order of the screen.
    pub programs: &'static [&'static Program],
}

/// Every subject, in the order of the screen.
pub static TOPICS: &[Topic] =
    &[Topic { title: "Process", programs: process::ALL }, Topic { title: "IPC", programs: ipc::ALL }];

/// Every program, in the order of the screen.
pub fn all() -> impl Iterator<Item = &'static Program> {
    TOPICS.iter().flat_map(|topic| topic.programs.iter().copied())
}

/// The program of this name.
pub fn named(name: &str) -> Option<&'static Program> {
    all().find(|program| program.name == name)
}

/// Finds a program by name and holds the knobs against it.
pub fn find(name: &str, knobs: &BTreeMap<String, u64>) -> Result<&'static Program, PlanError> {
    let names = |all: Vec<&str>| all.join(", ");
    let program = named(name).ok_or_else(|| PlanError::UnknownProgram {
        name: name.to_owned(),
        known: names(all().map(|known| known.name).collect()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_whole_however_it_is_chosen() {
        for program in all() {
            assert!(std::ptr::eq(named(program.name).expect("registered"), program), "{}", program.name);
            assert!(program.summary.ends_with('.') && !program.title.is_empty(), "{}", program.name);
            for pick in [|knob: &Knob| knob.range.0, |knob: &Knob| knob.default, |knob: &Knob| knob.range.1] {
                let knobs = program.knobs.iter().map(|knob| (knob.name.to_owned(), pick(knob))).collect();
                assert!(find(program.name, &knobs).is_ok(), "{}", program.name);
                for &start in StartMethod::ALL {
                    let chosen = Chosen { program, knobs: &knobs, start };
                    assert!(!chosen.script().is_empty(), "{}", program.name);
                    assert!(chosen.python().contains("multiprocessing"), "{}", program.name);
                    assert!(script::actors(&chosen.script()) < 1000, "{}", program.name);
                }
            }
        }
    }

    #[test]
    fn a_wrong_name_or_knob_is_refused_with_what_there_is() {
        let message = |name, knobs: &[(&str, u64)]| {
            let knobs = knobs.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
            find(name, &knobs).expect_err("it is wrong").to_string()
        };
        assert!(message("five-worker", &[]).contains("five-workers"));
        assert!(message("five-workers", &[("worker", 3)]).contains("It has: workers"));
        assert!(message("five-workers", &[("workers", 17)]).starts_with("workers: 17 is outside 1 to 16."));
    }
}
