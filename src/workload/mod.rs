//! The registered workloads: what the items of a run are and what is done with each.
//!
//! A job travels by its name and its serialized arguments, exactly as Python pickles a function by
//! its importable name: the parent writes the items of a unit one after the other, a worker finds
//! the workload by name, reads each item and appends its result. Results of the same items are the
//! same bytes in the same order, however they were cut, so that a digest compares two runs.
//!
//! Each workload's file opens with why it scales, or why it does not.

#[cfg(test)]
mod agreement;
mod bytes;
mod count_primes;
mod features;
mod here;
mod image_blur;
mod io_wait;
mod mandelbrot;
mod matmul;
mod mixed;
mod monte_carlo_pi;
mod payload;
mod picture;
mod primes;
mod random;
mod repr;
mod sha256_search;
mod skewed;
mod sleep;
mod squares;
mod word_count;

use crate::plan::PlanError;

pub use bytes::{Reader, TooShort};
pub use here::{Here, Interpreter};
pub use picture::{Picture, Tone};

/// A task that failed, with a sentence for the student.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// The arguments ended in the middle of an item.
    #[error("the arguments of this unit are cut off: {0}")]
    Arguments(#[from] TooShort),
}

/// A ready-made input of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name in plans and on the command line.
    pub name: &'static str,
    /// What it holds, for the screen.
    pub summary: &'static str,
    /// How many items it has unless the plan says otherwise.
    pub items: u64,
    /// Whether the plan may choose the number of items.
    pub free_items: bool,
}

/// What is computed. Implementations are stateless and live in the registry for ever.
pub trait Workload: Sync {
    /// The name in plans, on the command line and in a job.
    fn name(&self) -> &'static str;
    /// The name on screen.
    fn title(&self) -> &'static str;
    /// Why it scales, or why not, in one sentence.
    fn why(&self) -> &'static str;
    /// Its presets; the first is the default.
    fn presets(&self) -> &'static [Preset];
    /// Appends the arguments of item `index` of a preset.
    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>);
    /// Reads the arguments of one item, computes, and appends the result.
    ///
    /// Long loops [breathe](Here::breathe), and whoever waits does so by [`Here::wait`].
    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError>;
    /// The arguments of item `index` in words, as Python's `reprlib.repr` writes them: `10000019`,
    /// `(0, 62500)`.
    fn tell_item(&self, preset: &Preset, index: u64) -> String;
    /// Reads the result of one item, in words: `10000019 is prime`.
    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError>;
    /// The Python function that does the same, and the expression for its items.
    fn python(&self, input: &Input) -> Python;
    /// The picture that the results are, if the screen shows them as one; all of them travel to it.
    fn picture(&self) -> Option<Picture> {
        None
    }
}

/// The same work in Python, as parts of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Python {
    /// The definition of the function, with its imports.
    pub function: String,
    /// The function's name.
    pub name: &'static str,
    /// How many arguments it takes. If more than one, each item is a tuple of so many, as
    /// `starmap` wants it; `map` would hand the function the tuple.
    pub parameters: usize,
    /// An expression for the list of items.
    pub items: String,
}

/// Every workload, in the order of the screen: those that scale, those that are limited by something,
/// those where carrying costs the most, those that wait.
pub static REGISTRY: &[&dyn Workload] = &[
    &primes::Primes,
    &count_primes::CountPrimes,
    &squares::Squares,
    &mandelbrot::Mandelbrot,
    &image_blur::ImageBlur,
    &monte_carlo_pi::MonteCarloPi,
    &sha256_search::Sha256Search,
    &matmul::Matmul,
    &skewed::Skewed,
    &word_count::WordCount,
    &features::Features,
    &payload::Payload,
    &sleep::Sleep,
    &io_wait::IoWait,
    &mixed::Mixed,
];

/// Finds a workload by name.
pub fn find(name: &str) -> Result<&'static dyn Workload, PlanError> {
    REGISTRY.iter().copied().find(|workload| workload.name() == name).ok_or_else(|| {
        let known = REGISTRY.iter().map(|workload| workload.name()).collect::<Vec<_>>().join(", ");
        PlanError::UnknownWorkload { name: name.to_owned(), known }
    })
}

impl dyn Workload {
    /// The input of a preset (the first if `None`) with its own or the given number of items.
    pub fn input(&'static self, preset: Option<&str>, items: Option<u64>) -> Result<Input, PlanError> {
        let found = match preset {
            None => self.presets().first(),
            Some(name) => self.presets().iter().find(|preset| preset.name == name),
        };
        let preset = *found.ok_or_else(|| PlanError::UnknownPreset {
            workload: self.name(),
            name: preset.unwrap_or_default().to_owned(),
            known: self.presets().iter().map(|preset| preset.name).collect::<Vec<_>>().join(", "),
        })?;
        match items {
            Some(items) if preset.free_items => Ok(Input { workload: self, preset: Preset { items, ..preset } }),
            Some(items) if items != preset.items => {
                Err(PlanError::FixedItems { workload: self.name(), preset: preset.name, items: preset.items })
            }
            _ => Ok(Input { workload: self, preset }),
        }
    }

    /// Whether the screen shows the results as a picture.
    pub fn is_picture(&self) -> bool {
        self.picture().is_some()
    }

    /// Runs every item of a unit, appending result after result.
    #[cfg(test)]
    pub(crate) fn run_unit(&self, arguments: &[u8], here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let mut reader = Reader::new(arguments);
        while !reader.is_empty() {
            self.run_item(&mut reader, here, out)?;
            here.breathe();
        }
        Ok(())
    }
}

/// A workload with its arguments: a list of items that is written when it is needed.
#[derive(Clone, Copy)]
pub struct Input {
    /// What is computed.
    pub workload: &'static dyn Workload,
    /// On what.
    pub preset: Preset,
}

impl Input {
    /// How many items there are.
    pub fn len(&self) -> u64 {
        self.preset.items
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the arguments of a range of items, one after the other.
    pub fn write_items(&self, range: std::ops::Range<u64>, out: &mut Vec<u8>) {
        for index in range {
            self.workload.write_item(&self.preset, index, out);
        }
    }

    /// The arguments of an item in words, as Python writes them.
    pub fn tell_item(&self, index: u64) -> String {
        self.workload.tell_item(&self.preset, index)
    }

    /// The results of a unit in words, a line an item; `first_item` is the unit's first index.
    pub fn tell(&self, first_item: u64, payload: &[u8]) -> Result<Vec<String>, TaskError> {
        let mut reader = Reader::new(payload);
        let mut lines = Vec::new();
        while !reader.is_empty() {
            let index = first_item + lines.len() as u64;
            lines.push(self.workload.tell(&self.preset, index, &mut reader)?);
        }
        Ok(lines)
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("workload", &self.workload.name()).field("preset", &self.preset).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn every_item_of_every_workload_runs_and_tells_its_result() {
        for workload in REGISTRY {
            for preset in workload.presets() {
                let input = workload.input(Some(preset.name), None).expect("a preset finds itself");
                let mut arguments = Vec::new();
                input.write_items(0..2.min(input.len()), &mut arguments);
                let mut results = Vec::new();
                workload.run_unit(&arguments, &Here::free(), &mut results).expect("whole arguments run");
                let told = input.tell(0, &results).expect("whole results are told");
                assert_eq!(told.len() as u64, 2.min(input.len()), "{} {}", workload.name(), preset.name);
            }
        }
    }

    /// Counts breaths, and adds up how long nobody was inside.
    #[derive(Default)]
    struct Lungs {
        breaths: Cell<u32>,
        outside: Cell<Duration>,
        left: Cell<Option<Instant>>,
    }

    impl Interpreter for Lungs {
        fn breathe(&self) {
            self.breaths.set(self.breaths.get() + 1);
        }

        fn release(&self) {
            self.left.set(Some(Instant::now()));
        }

        fn acquire(&self) {
            let outside = self.left.take().map(|left| left.elapsed()).unwrap_or_default();
            self.outside.set(self.outside.get() + outside);
        }
    }

    #[test]
    fn who_computes_for_long_breathes_often() {
        for workload in REGISTRY {
            for preset in workload.presets() {
                let input = workload.input(Some(preset.name), None).expect("a preset finds itself");
                let mut arguments = Vec::new();
                input.write_items(input.len() - 1..input.len(), &mut arguments);
                let (lungs, began) = (Lungs::default(), Instant::now());
                workload.run_unit(&arguments, &Here::inside(&lungs), &mut Vec::new()).expect("whole arguments run");
                let inside = began.elapsed().saturating_sub(lungs.outside.get());
                // Meant are 20 to 100 µs in a release build.
                let breath = inside / (lungs.breaths.get() + 1);
                let name = format!("{} {}", workload.name(), preset.name);
                assert!(breath < Duration::from_millis(1), "{name}: {breath:?} between two breaths");
            }
        }
    }

    #[test]
    fn arguments_cut_anywhere_are_an_error_and_not_a_panic() {
        for workload in REGISTRY {
            let input = workload.input(None, None).expect("the first preset");
            let mut arguments = Vec::new();
            input.write_items(0..1, &mut arguments);
            for end in 1..arguments.len() {
                let outcome = workload.run_unit(&arguments[..end], &Here::free(), &mut Vec::new());
                assert!(matches!(outcome, Err(TaskError::Arguments(_))), "{} at {end}", workload.name());
            }
        }
    }
}
