//! `poolscope show` in words.

use std::fmt::{Display, Formatter, Result};
use std::path::Path;

use crate::chunk::{Cut, grouped};
use crate::model::check::ChannelAccount;
use crate::trace::{Machine, Outcome};
use crate::words::{bytes, duration};

use super::shared::SharedInWords;
use super::story::{Programs, Troubles};
use super::{counted, program, team};
use crate::cli::report::{ActorFigures, Figures, RecordedRun, TraceReport};
use crate::cli::table::Table;

/// So many rows of a table are told: where workers replace others, there may be thousands.
const MOST_ROWS: usize = 64;

/// What a trace holds, and whether it contradicts itself.
pub(in crate::cli) struct TraceInWords<'a> {
    /// The file.
    pub(in crate::cli) path: &'a Path,
    /// What it holds.
    pub(in crate::cli) report: &'a TraceReport<'a>,
}

impl Display for TraceInWords<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let report = self.report;
        write!(f, "{}: {}", self.path.display(), counted(report.events, "event", "events"))?;
        match report.events_lost {
            0 => writeln!(f)?,
            lost => writeln!(f, ", {} lost", grouped(lost))?,
        }
        report.machine.map_or(Ok(()), |machine| writeln!(f, "{}", origin(machine)))?;
        report.notice.map_or(Ok(()), |notice| writeln!(f, "NOTICE: {notice}"))?;
        report.runs.iter().zip(1..).try_for_each(|(run, number)| write_run(f, run, number))?;
        writeln!(f, "\n{}", self.verdict())
    }
}

impl TraceInWords<'_> {
    fn verdict(&self) -> String {
        let violations = &self.report.violations;
        if !violations.is_empty() {
            // Where there are very many, the list says itself how many more there are.
            let all = violations.iter().all(|violation| !violation.starts_with('…'));
            let many = || "VIOLATIONS".to_owned();
            let head = if all { counted(violations.len() as u64, "VIOLATION", "VIOLATIONS") } else { many() };
            return format!("{head}\n  {}", violations.join("\n  "));
        }
        if self.report.runs.is_empty() {
            return "It holds no run.".to_owned();
        }
        if self.report.notice.is_some() || self.report.events_lost > 0 {
            return "Checked as far as it is there: nothing in it contradicts itself.".to_owned();
        }
        "Checked: on every channel sent = received + in flight, no message arrived before it left, and no unit was \
         computed twice."
            .to_owned()
    }
}

/// Where a trace comes from.
fn origin(machine: &Machine) -> String {
    let Machine { os, arch, cores, cpu, poolscope, .. } = machine;
    let cpu = if cpu.is_empty() { String::new() } else { format!(" ({cpu})") };
    let cores = counted((*cores).into(), "core", "cores");
    format!("recorded by Poolscope {poolscope} on {os} {arch}, {cores}{cpu}")
}

fn write_run(f: &mut Formatter<'_>, run: &RecordedRun<'_>, number: u32) -> Result {
    let plan = run.plan;
    let cut = Cut { items: run.figures.items, chunksize: run.figures.chunksize };
    let preset = plan.preset.as_ref().map_or_else(String::new, |preset| format!(", {preset}"));
    if let Some(program) = program(plan) {
        writeln!(f, "\nrun {number}: {program}")?;
        writeln!(f, "processes are started by {}; {}", plan.start.name(), ending(&run.figures))?;
        write!(f, "\n{}", Programs { story: &run.story, actors: &run.actors })?;
        write!(f, "{}", SharedInWords(&run.shared))?;
        return write!(f, "\n{}", actors(&run.actors));
    }
    writeln!(f, "\nrun {number}: {}{preset}: {cut}", plan.workload)?;
    writeln!(f, "{}; {}", team(plan), ending(&run.figures))?;
    if run.summed_from_ns.is_some() {
        writeln!(f, "The later units and messages are recorded as sums per interval.")?;
    }
    write!(f, "\n{}", actors(&run.actors))?;
    if !run.channels.is_empty() {
        write!(f, "\n{}", channels(&run.channels))?;
    }
    let told = Troubles { plan, story: &run.story, outcome: run.figures.outcome }.to_string();
    if told.is_empty() { Ok(()) } else { write!(f, "\n{told}") }
}

fn ending(figures: &Figures<'_>) -> String {
    match (figures.outcome, figures.wall_ns) {
        (Some(Outcome::Complete), Some(wall)) => {
            // A program has no results to hash.
            let digest = figures.digest;
            let results = if digest.is_empty() { String::new() } else { format!(", results digest {digest}") };
            format!("complete after {}{results}", duration(wall))
        }
        (Some(Outcome::Stopped), Some(wall)) => format!("stopped after {}", duration(wall)),
        (Some(Outcome::Raised(sentence)), Some(wall)) => {
            format!("the caller got an error after {}: {sentence}", duration(wall))
        }
        (Some(Outcome::Failed(sentence)), _) => format!("FAILED: {sentence}"),
        _ => "its end is not in this trace".to_owned(),
    }
}

fn actors(actors: &[ActorFigures<'_>]) -> Table {
    let mut table = Table::new(&["  actor", "pid", "units", "computing", "exit"]);
    for actor in actors.iter().take(MOST_ROWS) {
        let ActorFigures { name, pid, units, busy_ns, exit_name, .. } = actor;
        let exit = exit_name.clone().unwrap_or_else(|| "–".to_owned());
        table.row([format!("  {name}"), pid.to_string(), grouped(*units), duration(*busy_ns), exit]);
    }
    more(&mut table, actors.len());
    table
}

/// Says how many rows are not there.
fn more(table: &mut Table, rows: usize) {
    if rows > MOST_ROWS {
        table.row([format!("  … and {} more", grouped((rows - MOST_ROWS) as u64))]);
    }
}

fn channels(accounts: &[ChannelAccount]) -> Table {
    let mut table = Table::new(&["  channel", "sent", "received", "in flight", "volume"]);
    for ChannelAccount { from, to, sent, received, in_flight, bytes: volume, .. } in accounts.iter().take(MOST_ROWS) {
        let [sent, received, in_flight] = [sent, received, in_flight].map(|&count| grouped(count));
        table.row([format!("  {from} → {to}"), sent, received, in_flight, bytes(*volume)]);
    }
    more(&mut table, accounts.len());
    table
}
