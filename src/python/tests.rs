//! Python accepts every program, and runs many of them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program;
use crate::plan::{
    Call, Callback, Executor, Fault, Initializer, LossPolicy, Plan, PlanError, StartMethod, start_methods,
};
use crate::workload::REGISTRY;

fn program_of(plan: &Plan) -> String {
    program(&plan.check().unwrap_or_else(|error| panic!("{error}: {plan:?}")))
}

fn fault(text: &str) -> Fault {
    text.parse().expect("a fault")
}

fn squares() -> Plan {
    let fork = start_methods().contains(&StartMethod::Fork);
    let start = if fork { StartMethod::Fork } else { StartMethod::Spawn };
    Plan { workload: "squares".to_owned(), items: Some(20), workers: 2, start, ..Plan::default() }
}

/// Python 3, or a printed note that there is none.
fn python() -> Option<Command> {
    let mut command = Command::new("python3");
    let there = command.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        #[allow(clippy::print_stdout, reason = "a test that skips says so")]
        {
            println!("skipped: there is no python3 here");
        }
    }
    there.then(|| Command::new("python3"))
}

/// Whether this Python has what an option needs.
fn python_has(what: &str) -> bool {
    python().is_some_and(|mut python| python.args(["-c", what]).status().is_ok_and(|status| status.success()))
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).expect("a file");
    file
}

#[test]
fn it_names_what_was_chosen_and_nothing_else() {
    let plan = Plan { workers: 3, start: StartMethod::Spawn, ..Plan::default() };
    let text = program_of(&plan);
    assert!(text.contains("get_context(\"spawn\")") && text.contains("Pool(processes=3)"), "{text}");
    assert!(text.contains("results = pool.map(is_prime, items)\n"), "{text}");
    for absent in ["chunksize", "try:", "timeout", "#", "initializer", "signal"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
    let text = program_of(&Plan { chunksize: Some(63), with: Executor::Threads, ..plan.clone() });
    assert!(text.contains("ThreadPool(processes=3)") && text.contains("items, chunksize=63)"), "{text}");
    let text = program_of(&Plan { with: Executor::Sequential, ..plan });
    assert!(text.contains("list(map(is_prime, items))") && !text.contains("multiprocessing"), "{text}");
}

#[test]
fn every_choice_is_in_the_text() {
    let broken = Plan { policy: LossPolicy::Broken, ..squares() };
    let faulty = |text: &str| Plan { faults: vec![fault(text)], ..squares() };
    for (plan, words) in [
        (Plan { maxtasksperchild: Some(3), ..squares() }, "Pool(processes=2, maxtasksperchild=3)"),
        (Plan { initializer: Some(Initializer::Prepare), ..squares() }, "initializer=prepare"),
        (Plan { call: Call::Imap, timeout_ms: Some(250), ..squares() }, "wait(timeout=0.25)"),
        (Plan { call: Call::Imap, timeout_ms: Some(2000), ..squares() }, "wait(timeout=2)"),
        (Plan { call: Call::ImapUnordered, buffersize: Some(4), ..squares() }, "buffersize=4"),
        (Plan { call: Call::MapAsync, callback: Some(Callback::Counts), ..squares() }, "callback=count)"),
        (Plan { terminate_after_ms: Some(500), ..squares() }, "job.wait(0.5)"),
        (Plan { with: Executor::GilThreads, ..squares() }, "only who holds the GIL computes"),
        (Plan { with: Executor::Threads, ..squares() }, "free-threaded build"),
        (Plan { with: Executor::Hybrid, threads: 3, ..squares() }, "ThreadPool(processes=3)"),
        (broken.clone(), "ProcessPoolExecutor(max_workers=2, mp_context=context)"),
        (Plan { policy: LossPolicy::Retry, ..squares() }, "hands out no unit again"),
        (Plan { policy: LossPolicy::Lost, ..squares() }, "never comes"),
        (faulty("kill@call:3"), "(\"call\", 3):\n        os.kill(os.getpid(), signal.SIGKILL)"),
        (faulty("kill@call:3"), ".get(timeout=5)"),
        (faulty("error@call:3:once"), "raise ValueError(\"on purpose\")"),
        (faulty("exit@decode-arguments:3"), "sys.exit(3)"),
        (faulty("libc-exit@call:3"), "os._exit(7)"),
        (faulty("closure@encode-result:3"), "lambda"),
        (faulty("stop@worker:2:500ms"), "Timer(0.5, send, (pool, 1, signal.SIGSTOP))"),
        (faulty("exit@worker:2:500ms"), "# exit@worker:2:500ms: in Python nobody can"),
    ] {
        let text = program_of(&plan);
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// Every plan that differs from the usual one in one thing, for every call and executor.
fn variants() -> Vec<Plan> {
    let mut plans = Vec::new();
    for &call in Call::ALL {
        for &with in Executor::ALL {
            for &policy in LossPolicy::ALL {
                let plan = Plan { with, call, policy, ..squares() };
                let chunksize = if call.is_single() { None } else { Some(3) };
                plans.push(Plan { chunksize, maxtasksperchild: Some(2), ..plan.clone() });
                plans.extend(Initializer::ALL.iter().map(|&it| Plan { initializer: Some(it), ..plan.clone() }));
                plans.push(Plan { terminate_after_ms: Some(100), ..plan.clone() });
                if call.is_async() {
                    plans.extend(Callback::ALL.iter().map(|&it| Plan { callback: Some(it), ..plan.clone() }));
                }
                if call.is_async() || call.is_iterator() {
                    plans.push(Plan { timeout_ms: Some(100), ..plan.clone() });
                }
                if call.is_iterator() {
                    plans.push(Plan { buffersize: Some(2), chunksize: Some(2), ..plan.clone() });
                }
                for text in ["error@call:3", "kill@call:3", "error@decode-result:3:once", "stop@worker:2:50ms"] {
                    plans.push(Plan { faults: vec![fault(text)], ..plan.clone() });
                }
            }
        }
    }
    // What an executor can't make happen has no program.
    plans.retain(|plan| !matches!(plan.check(), Err(PlanError::NotOfThisExecutor { .. })));
    plans
}

#[test]
fn python_accepts_every_program() {
    let Some(mut python) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut plans = variants();
    for workload in REGISTRY {
        for preset in workload.presets() {
            for &with in Executor::ALL {
                for &call in Call::ALL {
                    let (workload, preset) = (workload.name().to_owned(), preset.name.to_owned());
                    plans.push(Plan { workload, preset: Some(preset), with, call, ..Plan::default() });
                }
            }
        }
    }
    for (plan, number) in plans.iter().zip(0..) {
        write(folder.path(), &format!("{number}.py"), &program_of(plan));
    }
    let compiles = "import ast, pathlib, sys\n\
                    for file in pathlib.Path(sys.argv[1]).iterdir():\n    ast.parse(file.read_text(), str(file))";
    assert!(python.args(["-c", compiles]).arg(folder.path()).status().expect("it ran before").success());
}

/// Runs the programs of these plans, and compares what each prints last but for the time.
fn run(plans: &[(Plan, &str)]) {
    let Some(_) = python() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (plan, words) in plans {
        let file = write(folder.path(), "program.py", &program_of(plan));
        let mut python = Command::new("python3");
        let output = python.arg(&file).stdin(Stdio::null()).output().expect("it ran before");
        let text = String::from_utf8_lossy(&output.stdout);
        let what = || format!("{plan:?}\n{}\n{output:?}", program_of(plan));
        assert!(output.status.success(), "{}", what());
        assert!(text.contains(words), "{words}: {}", what());
    }
}

#[test]
fn every_call_gives_every_result() {
    let mut plans = Vec::new();
    for &call in Call::ALL {
        for &start in start_methods() {
            plans.push((Plan { start, call, ..squares() }, "20 results in"));
        }
        let workload = "count-primes".to_owned();
        let tuples = Plan { workload, preset: Some("short".to_owned()), items: None, call, ..squares() };
        plans.push((tuples.clone(), "100 results in"));
        for with in [Executor::Threads, Executor::Hybrid] {
            plans.push((Plan { with, ..tuples.clone() }, "100 results in"));
        }
        plans.push((Plan { policy: LossPolicy::Broken, ..tuples }, "100 results in"));
    }
    plans.push((Plan { with: Executor::Sequential, ..squares() }, "20 results in"));
    run(&plans);
}

#[test]
fn every_option_does_what_it_says() {
    let imap = Plan { call: Call::Imap, ..squares() };
    let slow = Plan { workload: "sleep".to_owned(), items: Some(8), ..squares() };
    let mut plans = vec![
        (Plan { maxtasksperchild: Some(2), chunksize: Some(1), ..squares() }, "20 results in"),
        (Plan { initializer: Some(Initializer::Prepare), ..squares() }, "is prepared"),
        (Plan { initializer: Some(Initializer::IgnoreTerminate), ..squares() }, "20 results in"),
        (Plan { call: Call::MapAsync, callback: Some(Callback::Counts), ..squares() }, "the callback counted 20"),
        (Plan { call: Call::ApplyAsync, callback: Some(Callback::Counts), ..squares() }, "the callback counted 20"),
        (Plan { buffersize: Some(2), chunksize: Some(3), ..imap.clone() }, "20 results in"),
        (Plan { call: Call::MapAsync, timeout_ms: Some(5), ..slow.clone() }, "no result after 0.005 s"),
        (Plan { call: Call::Imap, timeout_ms: Some(5), ..slow.clone() }, "no result after 0.005 s"),
        (Plan { items: Some(1000), terminate_after_ms: Some(50), ..slow.clone() }, "terminated"),
        (Plan { call: Call::Imap, items: Some(1000), terminate_after_ms: Some(50), ..slow.clone() }, "terminated"),
        (Plan { call: Call::ApplyAsync, items: Some(1000), terminate_after_ms: Some(50), ..slow }, "terminated"),
    ];
    // A system that can fork has signals.
    let has_signals = start_methods().contains(&StartMethod::Fork);
    plans.retain(|(plan, _)| has_signals || plan.initializer != Some(Initializer::IgnoreTerminate));
    run(&plans);
}

#[test]
fn every_fault_does_what_it_says() {
    let faulty = |text: &str| Plan { faults: vec![fault(text)], deadline_ms: Some(700), ..squares() };
    let mut plans = vec![
        (faulty("error@call:3"), "raised ValueError: on purpose"),
        (faulty("error@encode-arguments:3"), "raised ValueError: on purpose"),
        (faulty("error@encode-result:3"), "raised MaybeEncodingError"),
        (Plan { call: Call::Imap, ..faulty("error@call:3") }, "19 results in"),
        (Plan { call: Call::Imap, chunksize: Some(3), ..faulty("error@call:4") }, "raised ValueError"),
        (Plan { call: Call::ApplyAsync, ..faulty("error@call:3") }, "19 results in"),
        (Plan { with: Executor::Threads, ..faulty("error@call:3") }, "raised ValueError: on purpose"),
        (Plan { policy: LossPolicy::Broken, ..faulty("error@call:3") }, "raised ValueError: on purpose"),
        (Plan { policy: LossPolicy::Broken, ..faulty("libc-exit@call:3") }, "raised BrokenProcessPool"),
        (faulty("exit@call:3"), "raised TimeoutError"),
        (Plan { call: Call::Imap, ..faulty("libc-exit@call:3") }, "raised TimeoutError"),
    ];
    if python_has("import signal; signal.SIGSTOP") {
        plans.push((faulty("kill@call:3"), "raised TimeoutError"));
        plans.push((faulty("segfault@call:3"), "raised TimeoutError"));
    }
    run(&plans);
}
