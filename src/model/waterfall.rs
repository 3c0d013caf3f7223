//! Where the rest of the speedup went: from ideal to measured, in parts that add up.
//!
//! Every worker's time, from the begin of the run to its last result, is split by what its lane says:
//!
//! ```text
//!  began      asked  ready                    its last unit done    the last unit of all done   end
//!    │ starting      │ messages · computing · waiting │ uneven               │ messages          │
//! ```
//!
//! With `p` workers and a baseline of `B`, ideal is `B/p`. Each part adds its time, the mean over the
//! workers, to that: `T₀ = B/p`, `Tₖ = Tₖ₋₁ + lossₖ`, up to the measured wall time; as speedups,
//! `Sₖ = B/Tₖ`. A part's loss in speedup thus depends on the parts before it, its time does not.
//! Computing itself costs nothing as long as all workers together need `B`; what they need more is
//! [`Part::Busy`], and what they need less is a gain. What no lane tells is [`Part::Unexplained`].

mod times;

use serde::{Serialize, Serializer};

pub use times::{Missing, Times};

/// What kept a run from the ideal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Until each worker was ready.
    Starting,
    /// Receiving, serializing, sending; and the last result's way to the parent.
    Messages,
    /// Workers waiting for a unit before their last one.
    Waiting,
    /// Threads waiting for the emulated Global Interpreter Lock.
    Gil,
    /// Workers with nothing left to do while others computed.
    Uneven,
    /// Computing took longer in all than alone.
    Busy,
    /// What no lane tells.
    Unexplained,
}

impl Part {
    /// Every part, in the order in which they are taken from the ideal.
    pub const ALL: [Self; 7] =
        [Self::Starting, Self::Messages, Self::Waiting, Self::Gil, Self::Uneven, Self::Busy, Self::Unexplained];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting workers",
            Self::Messages => "messages",
            Self::Waiting => "waiting for units",
            Self::Gil => "waiting for the GIL (emulated)",
            Self::Uneven => "uneven last units",
            Self::Busy => "busy cores",
            Self::Unexplained => "unexplained",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Starting => {
                "From the begin of the run until each worker said that it was ready; and replacing those that retired \
                 or died."
            }
            Self::Messages => {
                "Receiving units and sending results, with processes by serializing and pipes; and the last result's \
                 way to the parent."
            }
            Self::Waiting => "Workers waited for their next unit, though more were to come.",
            Self::Gil => {
                "One thread at a time computes, the one that holds the lock. Rust has no such lock: this one is emulated, \
                 after CPython's."
            }
            Self::Uneven => "Workers had nothing left to do while others computed the last units.",
            Self::Busy => {
                "Computing took longer in all than alone: workers share cores, caches and memory with each other and \
                 with other programs."
            }
            Self::Unexplained => "What no worker told. Recording events costs time, too; it is not measured apart.",
        }
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// One part of the fall from ideal to measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was lost to.
    #[serde(rename = "name")]
    pub part: Part,
    /// How much speedup; negative if it was a gain.
    pub loss: f64,
    /// How much time, the mean over the workers.
    pub ns: i64,
    /// The speedup that is left after it.
    pub speedup: f64,
}

/// From ideal to measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Waterfall {
    /// The number of the run in its trace, from 0.
    pub run: u32,
    /// Whether a part of the run is known as sums only, which tell of computing and nothing else.
    pub summed: bool,
    /// The ideal speedup: as many times as there are workers.
    pub ideal: f64,
    /// The time it would take.
    pub ideal_ns: u64,
    /// What was lost, in order; the last one leaves the measured speedup.
    pub steps: Vec<Step>,
}

impl Times {
    /// From the ideal to this run, against what the same items take alone; `None` if that took no time.
    pub fn against(&self, baseline_ns: u64) -> Option<Waterfall> {
        if baseline_ns == 0 {
            return None;
        }
        let (workers, alone) = (i128::from(self.workers), i128::from(baseline_ns));
        // Times are summed over the workers: whole numbers, so that nothing is lost on the way.
        let total = i128::from(self.wall_ns) * workers;
        let known = [self.starting_ns, self.messages_ns, self.waiting_ns, self.gil_ns, self.uneven_ns].map(i128::from);
        let computing = i128::from(self.computing_ns);
        let [starting, messages, waiting, gil, uneven] = known;
        let unexplained = total - known.iter().sum::<i128>() - computing;
        let lost = [starting, messages, waiting, gil, uneven, computing - alone, unexplained];

        let speedup = |sum: i128| (alone * workers) as f64 / sum as f64;
        let mut sum = alone;
        // A lock that nobody waited for is not worth a line.
        let parts = Part::ALL.into_iter().zip(lost).filter(|(part, lost)| *part != Part::Gil || *lost != 0);
        let steps = parts.map(|(part, lost)| {
            let before = sum;
            sum += lost;
            Step {
                part,
                loss: speedup(before) - speedup(sum),
                ns: (rounded(sum, workers) - rounded(before, workers)) as i64,
                speedup: speedup(sum),
            }
        });
        let (steps, ideal) = (steps.collect(), f64::from(self.workers));
        Some(Waterfall { run: self.run, summed: self.summed, ideal, ideal_ns: rounded(alone, workers) as u64, steps })
    }
}

/// To the nearest whole number.
fn rounded(sum: i128, by: i128) -> i128 {
    (2 * sum + by).div_euclid(2 * by)
}

/// What a row of the waterfall is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The ideal, at the top.
    Ideal,
    /// What was lost, or won.
    Lost(Part),
    /// The measured speedup, at the bottom.
    Measured,
}

/// A row of the waterfall, as it is read: in a table or as a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What it is about.
    pub kind: Kind,
    /// `4.00`, `−0.21`, `+0.02`: with two digits, and so that what is read adds up, too.
    pub number: String,
    /// Time: of a part, the mean over the workers.
    pub ns: i64,
    /// Where its bar begins, in times faster than alone; the smaller of its ends.
    pub from: f64,
    /// Where its bar ends.
    pub to: f64,
}

impl Row {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Ideal => "ideal",
            Kind::Lost(part) => part.name(),
            Kind::Measured => "measured",
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(&self) -> &'static str {
        match self.kind {
            Kind::Ideal => "All workers compute, all the time.",
            Kind::Lost(Part::Busy) if self.ns < 0 => {
                "A gain: computing took less in all than alone. Was the baseline measured on a busier machine?"
            }
            Kind::Lost(part) => part.meaning(),
            Kind::Measured => "From the begin of the run to its last result.",
        }
    }
}

impl Waterfall {
    /// The speedup of this run.
    pub fn measured(&self) -> f64 {
        self.steps.last().map_or(self.ideal, |step| step.speedup)
    }

    /// Everything from top to bottom.
    pub fn rows(&self) -> Vec<Row> {
        let whole = |kind, speedup: f64, ns| Row {
            kind,
            number: format!("{:.2}", hundredths(speedup) / 100.0),
            ns,
            from: 0.0,
            to: speedup,
        };
        let mut rows = vec![whole(Kind::Ideal, self.ideal, self.ideal_ns as i64)];
        let (mut before, mut ns) = (self.ideal, self.ideal_ns as i64);
        for step in &self.steps {
            // Between rounded speedups: rounding each loss by itself, they would not add up.
            rows.push(Row {
                kind: Kind::Lost(step.part),
                number: signed(hundredths(step.speedup) - hundredths(before)),
                ns: step.ns,
                from: before.min(step.speedup),
                to: before.max(step.speedup),
            });
            (before, ns) = (step.speedup, ns.saturating_add(step.ns));
        }
        rows.push(whole(Kind::Measured, before, ns));
        rows
    }
}

fn hundredths(speedup: f64) -> f64 {
    (speedup * 100.0).round()
}

/// `−0.21`, `+0.02`, `0.00`.
fn signed(hundredths: f64) -> String {
    let sign = match hundredths {
        below if below < 0.0 => "−",
        above if above > 0.0 => "+",
        _ => "",
    };
    format!("{sign}{:.2}", hundredths.abs() / 100.0)
}

#[cfg(test)]
mod tests;
