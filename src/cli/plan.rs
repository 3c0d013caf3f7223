//! From a plan file and flags to one plan.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::plan::{Fault, Plan};

use super::error::CliError;
use super::flags::PlanArgs;

/// The largest plan file that is read; no plan of a person is longer than a page.
const MAX_BYTES: u64 = 1 << 20;

impl PlanArgs {
    /// The file's plan, or the default one, with the fields that the flags name changed.
    pub(super) fn plan(&self) -> Result<Plan, CliError> {
        let mut plan = self.file.as_deref().map(read).transpose()?.unwrap_or_default();
        if let Some(workload) = &self.workload {
            // A preset belongs to its workload: who chooses another one leaves it behind.
            if *workload != plan.workload {
                plan.preset = None;
            }
            plan.workload.clone_from(workload);
        }
        if let Some(program) = &self.program {
            // So do knobs to their program.
            if plan.program.as_ref() != Some(program) {
                plan.knobs.clear();
            }
            plan.program = Some(program.clone());
        }
        plan.knobs.extend(self.knobs.iter().cloned());
        plan.preset = self.preset.clone().or(plan.preset);
        plan.items = self.items.or(plan.items);
        plan.with = self.with.unwrap_or(plan.with);
        plan.start = self.start.unwrap_or(plan.start);
        plan.workers = self.workers.unwrap_or(plan.workers);
        plan.threads = self.threads.unwrap_or(plan.threads);
        plan.call = self.call.unwrap_or(plan.call);
        plan.chunksize = self.chunksize.or(plan.chunksize);
        plan.maxtasksperchild = self.maxtasksperchild.or(plan.maxtasksperchild);
        plan.initializer = self.initializer.or(plan.initializer);
        plan.callback = self.callback.or(plan.callback);
        plan.timeout_ms = self.timeout_ms.or(plan.timeout_ms);
        plan.buffersize = self.buffersize.or(plan.buffersize);
        plan.terminate_after_ms = self.terminate_after_ms.or(plan.terminate_after_ms);
        plan.policy = self.policy.unwrap_or(plan.policy);
        if !self.faults.is_empty() {
            plan.faults.clone_from(&self.faults);
        }
        plan.deadline_ms = self.deadline_ms.or(plan.deadline_ms);
        plan.repeats = self.repeats.unwrap_or(plan.repeats);
        plan.tracing = self.tracing.unwrap_or(plan.tracing);
        Ok(plan)
    }
}

/// Reads a plan file.
fn read(path: &Path) -> Result<Plan, CliError> {
    let failed = |error| CliError::PlanFile { path: path.to_owned(), error };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    // Not by the file's stated length: a device has none, and no end.
    if file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(failed)? as u64 > MAX_BYTES {
        return Err(failed(io::Error::new(io::ErrorKind::FileTooLarge, "it is far too large for a plan")));
    }
    let plan = toml::from_str(&text).map_err(|error| explain(&text, &error));
    plan.and_then(|plan| unknown_field(&text).map_or(Ok(plan), Err)).map_err(|(line, problem)| CliError::PlanText {
        path: path.to_owned(),
        line,
        problem,
    })
}

/// Where a field is that no plan has (a line, from 1), and that it is unknown: traces may hold such
/// fields, but a person's would only be a slip of the pen.
fn unknown_field(text: &str) -> Option<(usize, String)> {
    // Text that is no TOML was refused before.
    let table = DeTable::parse(text).ok()?;
    let unknown = table.get_ref().keys().filter(|key| !Plan::FIELDS.contains(&key.get_ref().as_ref()));
    let first = unknown.min_by_key(|key| key.span().start)?;
    let before = text.get(..first.span().start).unwrap_or_default();
    let field = first.get_ref().escape_debug();
    let problem = format!("{field}: unknown field `{field}`, expected one of: {}.", Plan::FIELDS.join(", "));
    Some((before.matches('\n').count() + 1, problem))
}

/// Where the error is (a line, from 1), and what: `workers: invalid type: …`.
fn explain(text: &str, error: &toml::de::Error) -> (usize, String) {
    let at = error.span().map_or(0, |span| span.start);
    // A value may begin lines after its field; where the text is no TOML, there is only the line.
    let table = DeTable::parse(text).ok();
    let field = table.as_ref().and_then(|table| field_at(table.get_ref(), at)).or_else(|| word_of_line(text, at));
    let entry = table.as_ref().and_then(|table| first_no_fault(table.get_ref()));
    let at = entry.filter(|_| field.as_deref() == Some("faults")).unwrap_or(at);
    let before = text.get(..at).unwrap_or_default();
    let message = error.message();
    let message = ["u32", "u64"]
        .iter()
        .find_map(|kind| message.strip_suffix(&format!("expected {kind}")))
        .map_or_else(|| message.to_owned(), |start| format!("{start}expected a whole number"));
    let field = field.map_or_else(String::new, |name| format!("{name}: "));
    (before.matches('\n').count() + 1, format!("{field}{}", message.trim_end().replace('\n', " ")))
}

/// Where the first entry of `faults` begins that is none; of a list, an error names only the beginning.
fn first_no_fault(table: &DeTable<'_>) -> Option<usize> {
    let faults = table.iter().find(|(key, _)| key.get_ref() == "faults").map(|(_, value)| value.get_ref())?;
    let DeValue::Array(entries) = faults else { return None };
    let is_fault = |entry: &DeValue<'_>| entry.as_str().is_some_and(|text| text.parse::<Fault>().is_ok());
    entries.iter().find(|entry| !is_fault(entry.get_ref())).map(|entry| entry.span().start)
}

/// The field whose value stands there: `faults`, `knobs.workers`.
fn field_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let name = || key.get_ref().escape_debug().to_string();
        match value.get_ref() {
            DeValue::Table(inner) => field_at(inner, at).map(|inner| format!("{}.{inner}", name())),
            _ => value.span().contains(&at).then(name),
        }
    })
}

/// What stands before the `=` of a line, if it is a name.
fn word_of_line(text: &str, at: usize) -> Option<String> {
    let line_start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let field = text[line_start..].split(['=', '\n']).next().unwrap_or_default().trim();
    let is_name = !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    is_name.then(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;
    use crate::plan::Executor;

    /// The plan that a file of this text and these flags make.
    fn plan(text: &str, flags: PlanArgs) -> Result<Plan, CliError> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plan.toml");
        std::fs::write(&file, text).expect("a file");
        PlanArgs { file: Some(file), ..flags }.plan()
    }

    #[test]
    fn flags_override_the_file_and_the_file_the_defaults() {
        let file = "workload = \"sleep\"\nworkers = 3\nwith = \"threads\"\nrepeats = 5\n";
        let flags = PlanArgs { workers: Some(7), tracing: Some(false), ..PlanArgs::default() };
        let expected = Plan {
            workload: "sleep".to_owned(),
            workers: 7,
            with: Executor::Threads,
            repeats: 5,
            tracing: false,
            ..Plan::default()
        };
        assert_eq!(plan(file, flags).expect("a plan"), expected);
    }

    #[test]
    fn every_field_has_a_flag_that_overrides_it() {
        let file = "faults = [\"kill@call:3\", \"error@call:4\"]\nprogram = \"tree\"\n[knobs]\ndepth = 2\nms = 10\n";
        let flags = PlanArgs { knobs: vec![("ms".to_owned(), 50)], ..PlanArgs::default() };
        let kept = plan(file, flags).expect("a plan");
        assert_eq!(kept.faults.len(), 2);
        assert_eq!(kept.knobs, [("depth".to_owned(), 2), ("ms".to_owned(), 50)].into());
        let fault: Fault = "exit@call:9".parse().expect("a fault");
        let flags = PlanArgs { faults: vec![fault], program: Some("orphan".to_owned()), ..PlanArgs::default() };
        let changed = plan(file, flags).expect("a plan");
        assert_eq!((changed.faults, changed.knobs.len()), (vec![fault], 0), "knobs belong to their program");

        // A flag for each field that a file may hold, by the field's own name or its singular.
        let command = Cli::command();
        let run = command.find_subcommand("run").expect("a command");
        let names: Vec<&str> = run.get_arguments().filter_map(clap::Arg::get_long).collect();
        for field in Plan::FIELDS {
            let singular = field.strip_suffix('s').unwrap_or(field);
            assert!(names.contains(&field) || names.contains(&singular), "{field}");
        }
    }

    #[test]
    fn another_workload_leaves_the_preset_behind() {
        let file = "workload = \"primes\"\npreset = \"docs-6\"\n";
        let flags = |workload: &str| PlanArgs { workload: Some(workload.to_owned()), ..PlanArgs::default() };
        assert_eq!(plan(file, flags("squares")).expect("a plan").preset, None);
        assert_eq!(plan(file, flags("primes")).expect("a plan").preset.as_deref(), Some("docs-6"));
    }

    #[test]
    fn an_error_names_file_line_and_field_in_one_line() {
        for (text, line, words) in [
            ("# mine\nworkers = nan", "line 2", "workers: invalid type: floating point `NaN`, expected a whole number"),
            ("workers = -1", "line 1", "workers: invalid value: integer `-1`, expected a whole number"),
            ("workload = \"sleep\"\nworker = 2", "line 2", "worker: unknown field `worker`"),
            ("workers = 2\n[pool]\nsize = 2", "line 2", "pool: unknown field `pool`"),
            ("\"a\\nb\" = 2", "line 1", "a\\nb: unknown field"),
            ("with = \"coroutines\"", "line 1", "with: unknown variant `coroutines`"),
            ("chunksize = 1e400", "line 1", "chunksize: "),
            ("workers = 2\nworkers = 3", "line 2", "workers: duplicate key"),
            ("call = \"imap_unordered\"", "line 1", "call: unknown variant `imap_unordered`"),
            (
                "faults = [\n  \"kill@call:3\",\n  \"kill@lunch:3\",\n]",
                "line 3",
                "faults: \"kill@lunch:3\" is no fault: ",
            ),
            ("chunksize = nan\nfaults = [\"no\"]", "line 1", "chunksize: invalid type"),
            ("faults = \"kill@call:3\"", "line 1", "faults: invalid type: string"),
            ("[knobs]\nworkers = 2\nms = 1.5", "line 3", "knobs.ms: invalid type: floating point"),
            ("knobs = { ms = -1 }", "line 1", "knobs.ms: invalid value: integer `-1`, expected a whole number"),
            ("]", "line 1", ""),
        ] {
            let message = plan(text, PlanArgs::default()).expect_err("no plan").to_string();
            assert!(message.starts_with("plan: "), "{message}");
            assert!(message.contains(&format!("plan.toml, {line}: {words}")), "{message}");
            assert!(!message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn what_is_no_text_or_has_no_end_is_refused() {
        let missing = PlanArgs { file: Some(PathBuf::from("/nowhere/plan.toml")), ..PlanArgs::default() };
        assert!(missing.plan().expect_err("no file").to_string().starts_with("plan: /nowhere/plan.toml: "));
        let long = "#".repeat(MAX_BYTES as usize + 1);
        assert!(plan(&long, PlanArgs::default()).expect_err("too long").to_string().contains("too large"));
        assert!(plan(&format!("x = {}", "[".repeat(100_000)), PlanArgs::default()).is_err());
    }
}
