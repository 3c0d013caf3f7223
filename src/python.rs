//! The same in Python: a complete program that does what a plan does, to be read, run and compared.

use crate::plan::{CheckedPlan, Executor};

/// The program for a plan. It runs under any Python 3 of a system that has the start method.
pub fn program(checked: &CheckedPlan) -> String {
    let plan = &checked.plan;
    let work = checked.input.workload.python(&checked.input);
    // `map` hands a function one argument: the tuple, where the function has several parameters.
    let (function, unpacking) = match work.parameters {
        0 | 1 => (work.name, String::new()),
        _ => ("unpacked", format!("\n\ndef unpacked(arguments):\n    return {}(*arguments)", work.name)),
    };
    let workers = plan.workers;
    let chunksize = plan.chunksize.map(|size| format!(", chunksize={size}")).unwrap_or_default();
    let (import, run) = match plan.with {
        Executor::Sequential => (String::new(), format!("    results = list(map({function}, items))\n")),
        Executor::Threads | Executor::GilThreads => (
            "from multiprocessing.pool import ThreadPool\n".to_owned(),
            format!(
                "    with ThreadPool(processes={workers}) as pool:\n        \
                 results = pool.map({function}, items{chunksize})\n"
            ),
        ),
        Executor::Processes | Executor::Hybrid => (
            "from multiprocessing import get_context\n".to_owned(),
            format!(
                "    context = get_context(\"{}\")\n    with context.Pool(processes={workers}) as pool:\n        \
                 results = pool.map({function}, items{chunksize})\n",
                plan.start.name()
            ),
        ),
    };
    format!(
        "{import}from time import perf_counter\n{definition}\n\n\nif __name__ == \"__main__\":\n    items = {items}\n    \
         began = perf_counter()\n{run}    print(len(results), \"results in\", perf_counter() - began, \"s\")\n",
        definition = spaced(&format!("{}{unpacking}", work.function)),
        items = work.items,
    )
}

/// A definition with its imports where Python's style guide has them: imports with the others, two
/// empty lines before a function.
fn spaced(function: &str) -> String {
    let mut out = String::new();
    for line in function.lines() {
        if line.starts_with("def ") {
            out.truncate(out.trim_end().len());
            out.push_str(if out.is_empty() { "\n\n" } else { "\n\n\n" });
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::plan::{Plan, StartMethod};
    use crate::workload::REGISTRY;

    fn program_of(plan: &Plan) -> String {
        program(&plan.check().expect("a sound plan"))
    }

    #[test]
    fn it_names_what_was_chosen_and_nothing_else() {
        let plan = Plan { workers: 3, start: StartMethod::Spawn, ..Plan::default() };
        let text = program_of(&plan);
        assert!(text.contains("get_context(\"spawn\")") && text.contains("Pool(processes=3)"), "{text}");
        assert!(!text.contains("chunksize") && text.contains("if __name__ == \"__main__\":"), "{text}");
        let text = program_of(&Plan { chunksize: Some(63), with: Executor::Threads, ..plan.clone() });
        assert!(text.contains("ThreadPool(processes=3)") && text.contains("items, chunksize=63)"), "{text}");
        let text = program_of(&Plan { with: Executor::Sequential, ..plan });
        assert!(text.contains("list(map(is_prime, items))") && !text.contains("multiprocessing"), "{text}");
    }

    #[test]
    fn python_accepts_every_program() {
        let python = |arguments: &[&str]| {
            Command::new("python3").args(arguments).stdout(Stdio::null()).stderr(Stdio::inherit()).status()
        };
        if !python(&["--version"]).is_ok_and(|status| status.success()) {
            #[allow(clippy::print_stdout, reason = "a test that skips says so")]
            {
                println!("skipped: there is no python3 here");
            }
            return;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut files = Vec::new();
        for workload in REGISTRY {
            for preset in workload.presets() {
                for &with in Executor::ALL {
                    let (workload, preset) = (workload.name().to_owned(), preset.name.to_owned());
                    let file = folder.path().join(format!("{workload}_{preset}_{}.py", with.name()));
                    let plan = Plan { workload, preset: Some(preset), with, chunksize: Some(7), ..Plan::default() };
                    std::fs::write(&file, program_of(&plan)).expect("a file");
                    files.push(file.display().to_string());
                }
            }
        }
        let mut arguments = vec!["-m", "py_compile"];
        arguments.extend(files.iter().map(String::as_str));
        assert!(python(&arguments).expect("it ran before").success());
        // And they run, also where the function has several parameters.
        for name in ["squares_count-up_processes", "count-primes_short_processes", "count-primes_short_sequential"] {
            let file = files.iter().find(|file| file.contains(name)).expect("registered");
            assert!(python(&[file]).expect("it ran before").success(), "{name}");
        }
    }
}
