//! `poolscope run`: a plan, and if wanted its baseline, measured in the terminal.

use std::path::Path;

use crate::plan::{CheckedPlan, Plan};
use crate::sys;
use crate::trace::Outcome;

use super::args::RunArgs;
use super::error::CliError;
use super::report::RunReport;
use super::text::RunInWords;
use super::watch::{Watched, watch};
use super::{Verdict, console};

/// Runs what the command line asks for.
pub(super) fn run(args: &RunArgs) -> Result<Verdict, CliError> {
    let checked = args.plan.plan()?.check()?;
    if args.baseline && checked.program.is_some() {
        return Err(CliError::NoBaseline);
    }
    measure(&checked, args.baseline, args.trace.as_deref(), args.json)
}

/// What is shown where no window can open: the prime check, alone and shared.
pub(super) fn prime_check() -> Result<Verdict, CliError> {
    measure(&Plan::default().check()?, true, None, false)
}

fn measure(checked: &CheckedPlan, baseline: bool, trace: Option<&Path>, json: bool) -> Result<Verdict, CliError> {
    sys::notice_interrupts();
    // The plan first and its baseline after it: a trace that can't be written is found at once.
    let shared = watch("run", checked, trace)?;
    let alone = match &shared.error {
        None if baseline && sys::interrupted().is_none() => {
            Some(watch("baseline", &checked.plan.baseline().check()?, None)?)
        }
        _ => None,
    };
    let report = RunReport::new(&checked.plan, &shared.model, alone.as_ref().map(|alone| &alone.model));
    let told = if json {
        console::print_json(&report)
    } else {
        console::print(RunInWords { checked, report: &report, model: &shared.model })
    };

    let mut verdict = if report.is_complete() { Verdict::Good } else { Verdict::Bad };
    for trouble in [Some(&shared), alone.as_ref()].into_iter().flatten().flat_map(troubles) {
        console::complain(&format!("error: {trouble}"));
        verdict = Verdict::Bad;
    }
    if report.is_contradictory() {
        console::complain(
            "error: THE RESULTS DIFFER between runs of the same items, or from the baseline's. \
             Nothing measured here means anything until that is explained.",
        );
        verdict = Verdict::Bad;
    }
    if let Some(Err(sentence)) = &shared.recording {
        console::complain(&format!("error: trace: {sentence}"));
        if verdict == Verdict::Good {
            verdict = Verdict::Incomplete;
        }
    }
    // Last, so that a full disk under the figures does not cost the verdict.
    told?;
    Ok(sys::interrupted().map_or(verdict, Verdict::Interrupted))
}

/// Everything that went wrong, a sentence each.
fn troubles(watched: &Watched) -> Vec<String> {
    let mut found: Vec<String> = watched.error.iter().cloned().collect();
    for (run, number) in watched.model.runs.iter().zip(1..) {
        match run.end.as_ref().map(|end| &end.outcome) {
            Some(Outcome::Failed(sentence) | Outcome::Raised(sentence)) => {
                found.push(format!("run {number}: {sentence}"));
            }
            Some(Outcome::Stopped) => found.push(format!("run {number} was stopped.")),
            // An engine that broke off has said so above.
            None if watched.error.is_none() => found.push(format!("run {number} never came to its end.")),
            Some(Outcome::Complete) | None => {}
        }
    }
    found
}
