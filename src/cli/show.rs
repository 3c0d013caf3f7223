//! `poolscope show`: what a trace holds, checked.

use std::path::Path;

use crate::model::Model;
use crate::trace::file::{self, Opened};

use super::error::CliError;
use super::report::TraceReport;
use super::text::TraceInWords;
use super::{Verdict, console};

/// Opens a trace and tells what it holds.
pub(super) fn show(path: &Path, json: bool) -> Result<Verdict, CliError> {
    tell(path, &file::open(path)?, json)
}

/// Tells what an opened trace holds.
pub(super) fn tell(path: &Path, opened: &Opened, json: bool) -> Result<Verdict, CliError> {
    let mut model = Model::of(&opened.events);
    model.cut = opened.notice.is_some();
    let report = TraceReport::new(&model, opened.notice.as_deref());
    if json {
        console::print_json(&report)?;
    } else {
        console::print(TraceInWords { path, report: &report })?;
    }
    Ok(if report.violations.is_empty() { Verdict::Good } else { Verdict::Bad })
}
