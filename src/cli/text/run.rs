//! `poolscope run` in words.

use std::fmt::{Display, Formatter, Result};

use crate::chunk::grouped;
use crate::model::Model;
use crate::model::speedup::Speedup;
use crate::model::stats::median;
use crate::model::waterfall::{Kind, Missing};
use crate::plan::CheckedPlan;
use crate::program::{Chosen, Program};
use crate::trace::DETAIL_UNITS;
use crate::words::duration;

use super::shared::SharedInWords;
use super::story::{Programs, Troubles};
use super::{counted, team};
use crate::cli::report::{MeasuredRun, RunReport};
use crate::cli::table::Table;

/// Up to so many items, each result is told.
const TOLD_ITEMS: u64 = 10;

/// What was run and what was measured.
pub(in crate::cli) struct RunInWords<'a> {
    /// What was run.
    pub(in crate::cli) checked: &'a CheckedPlan,
    /// What was measured.
    pub(in crate::cli) report: &'a RunReport<'a>,
    /// Where the results are.
    pub(in crate::cli) model: &'a Model,
}

impl Display for RunInWords<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(program) = self.checked.program {
            return self.program(program, f);
        }
        let input = &self.checked.input;
        writeln!(f, "{}, {}: {}", input.workload.title(), input.preset.name, self.checked.cut)?;
        writeln!(f, "{}\n", team(&self.checked.plan))?;
        writeln!(f, "{}", self.walls())?;
        if let Some(speedup) = self.report.speedup {
            writeln!(f, "speedup   {}", speedup_in_words(speedup, self.checked.plan.hands()))?;
            if speedup.median < 1.0 {
                writeln!(f, "          {}", self.why_slower())?;
            }
        }
        self.rest(f)?;
        self.troubles(f)?;
        if let Some(digest) = self.report.runs.iter().map(|run| run.figures.digest).find(|digest| !digest.is_empty()) {
            writeln!(f, "results   digest {digest}{}", self.agreement())?;
        }
        self.told().iter().try_for_each(|line| writeln!(f, "          {line}"))
    }
}

impl RunInWords<'_> {
    /// What a program did, run by run.
    fn program(&self, program: &'static Program, f: &mut Formatter<'_>) -> Result {
        let plan = &self.checked.plan;
        let chosen = Chosen { program, knobs: &plan.knobs, start: plan.start };
        writeln!(f, "{}: {}", program.title, program.summary)?;
        for knob in program.knobs {
            writeln!(f, "{} = {}: {}", knob.name, grouped(chosen.knob(knob.name)), knob.summary)?;
        }
        for (run, number) in self.report.runs.iter().zip(1..) {
            writeln!(f, "\nrun {number}\n{}", Programs { story: &run.story, actors: &run.actors })?;
            write!(f, "{}", SharedInWords(&run.shared))?;
        }
        Ok(())
    }

    /// What went wrong, and when the caller got which result.
    fn troubles(&self, f: &mut Formatter<'_>) -> Result {
        for (run, number) in self.report.runs.iter().zip(1..) {
            let outcome = run.figures.outcome;
            let told = Troubles { plan: &self.checked.plan, story: &run.story, outcome }.to_string();
            if told.is_empty() {
                continue;
            }
            if self.report.runs.len() > 1 {
                writeln!(f, "run {number}")?;
            }
            writeln!(f, "{told}")?;
        }
        Ok(())
    }

    /// How long everything took.
    fn walls(&self) -> Table {
        let mut table = Table::new(&["", "wall", "starting workers"]);
        if let Some(alone) = &self.report.baseline
            && let Some(middle) = median(&alone.wall_ns)
        {
            let repeats = alone.wall_ns.len();
            let name = if repeats > 1 { format!("baseline, median of {repeats}") } else { "baseline".to_owned() };
            table.row([name, duration(middle)]);
        }
        for (run, number) in self.report.runs.iter().zip(1..) {
            let in_words = |ns: Option<u64>| ns.map_or_else(|| "–".to_owned(), duration);
            let figures = &run.figures;
            table.row([
                format!("run {number}"),
                in_words(figures.wall_ns),
                in_words(figures.start_ns.filter(|&ns| ns > 0)),
            ]);
        }
        table
    }

    /// From the ideal to the median run, in speedup and in time.
    fn rest(&self, f: &mut Formatter<'_>) -> Result {
        let fall = match &self.report.waterfall {
            Ok(fall) => fall,
            Err(None | Some(Missing::Alone)) => return Ok(()),
            Err(Some(missing)) => return writeln!(f, "          {missing}"),
        };
        let run = format!("where the rest went, run {}", fall.run.saturating_add(1));
        let mut table = Table::new(&[&run, "speedup", "time per worker"]);
        for row in fall.rows() {
            let is_part = matches!(row.kind, Kind::Lost(_));
            let sign = match row.ns {
                0 => "",
                _ if !is_part => "",
                ..0 => "−",
                1.. => "+",
            };
            let time = format!("{sign}{}", duration(row.ns.unsigned_abs()));
            table.row([row.name().to_owned(), format!("{}×", row.number), time]);
        }
        writeln!(f, "\n{table}")?;
        if fall.summed {
            let limit = grouped(DETAIL_UNITS.into());
            writeln!(f, "Past {limit} units only computing is told: all else there is unexplained.\n")?;
        }
        Ok(())
    }

    /// The median of one figure over the runs.
    fn median_of(&self, figure: impl Fn(&MeasuredRun<'_>) -> Option<u64>) -> u64 {
        let values: Vec<u64> = self.report.runs.iter().filter_map(figure).collect();
        median(&values).unwrap_or_default()
    }

    /// Where the time went when sharing cost more than it saved.
    fn why_slower(&self) -> String {
        let wall = self.median_of(|run| run.figures.wall_ns);
        let start = self.median_of(|run| run.figures.start_ns);
        let computing = self.median_of(|run| Some(run.busy_ns()));
        let alone = self.report.baseline.as_ref().and_then(|alone| median(&alone.wall_ns)).unwrap_or_default();
        let why = if start >= wall {
            "; the work was done before the last of them was ready"
        } else if wall - start < alone {
            ""
        } else if computing / 5 > alone / 4 {
            ", and computing took more than a quarter longer than in one process: too many workers, or other programs, \
             share the cores"
        } else {
            ", and carrying the units there and back cost more than sharing them saved"
        };
        let [wall, start, alone] = [wall, start, alone].map(duration);
        format!("One process does everything in {alone}. Starting workers took {start} of {wall}{why}.")
    }

    /// Whether everybody computed the same.
    fn agreement(&self) -> &'static str {
        match (&self.report.baseline, self.report.runs.len()) {
            _ if self.report.is_contradictory() => ": NOT THE SAME EVERYWHERE",
            (Some(_), _) => ", the same as the baseline's",
            (None, 0 | 1) => "",
            (None, _) => ", the same in every run",
        }
    }

    /// The results themselves, if they are few: `10000019 is prime`.
    fn told(&self) -> Vec<String> {
        let few = self.model.last_run().filter(|run| run.cut.items <= TOLD_ITEMS && run.is_complete());
        let mut results: Vec<&(u32, Vec<u8>)> = few.map(|run| run.results.iter().collect()).unwrap_or_default();
        results.sort_by_key(|(unit, _)| *unit);
        let first_item = |unit: u32| self.checked.cut.range(unit).start;
        results
            .into_iter()
            .filter_map(|(unit, payload)| self.checked.input.tell(first_item(*unit), payload).ok())
            .flatten()
            .collect()
    }
}

/// `1.71× (1.65–1.74) on 2 workers, efficiency 86 %`.
fn speedup_in_words(speedup: Speedup, workers: u32) -> String {
    let Speedup { median, low, high } = speedup;
    let spread = if low < high { format!(" ({low:.2}–{high:.2})") } else { String::new() };
    let efficiency = speedup.efficiency(workers) * 100.0;
    format!("{median:.2}×{spread} on {}, efficiency {efficiency:.0} %", counted(workers.into(), "worker", "workers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speedup_reads_with_its_spread() {
        let speedup = Speedup { median: 1.714, low: 1.65, high: 1.739 };
        assert_eq!(speedup_in_words(speedup, 2), "1.71× (1.65–1.74) on 2 workers, efficiency 86 %");
        let once = Speedup { median: 0.9, low: 0.9, high: 0.9 };
        assert_eq!(speedup_in_words(once, 1), "0.90× on 1 worker, efficiency 90 %");
    }
}
