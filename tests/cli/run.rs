//! `poolscope run`: figures, results and recordings.

use std::fs;
use std::process::Stdio;

use crate::common::{assert_refused, code, command, folder, json, poolscope, small_run, text, write_trace};

#[test]
fn a_run_reports_its_figures_and_leaves_a_trace_that_agrees() {
    let folder = folder();
    let arguments = ["run", "--workload", "primes", "--preset", "odd-1000", "--with", "processes"];
    let more = ["--workers", "2", "--chunksize", "63", "--repeats", "3", "--baseline", "--trace", "t.pst", "--json"];
    let output = poolscope(folder.path(), &[&arguments[..], &more].concat());
    assert_eq!((code(&output), text(&output.stderr)), (Some(0), ""));
    let told = json(&output);
    assert_eq!((&told["plan"]["workload"], &told["plan"]["chunksize"]), (&"primes".into(), &63.into()));
    assert!(told["machine"]["cores"].as_u64() >= Some(1));
    assert_eq!(told["baseline"]["wall_ns"].as_array().map(Vec::len), Some(3));
    let speedup = |which: &str| told["speedup"][which].as_f64().expect("a speedup");
    assert!(speedup("low") <= speedup("median") && speedup("median") <= speedup("high"));
    let parts = told["waterfall"].as_array().expect("what was lost");
    assert_eq!((parts.len(), &parts[0]["name"]), (6, &"starting workers".into()));
    let loss: f64 = parts.iter().filter_map(|part| part["loss"].as_f64()).sum();
    assert!((2.0 - loss - speedup("median")).abs() < 1e-6, "the parts add up: {parts:?}");
    assert!(parts.iter().all(|part| part["ns"].is_i64()));
    let runs = told["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 3);
    for run in runs {
        assert_eq!((&run["units"], &run["items"], &run["events_lost"]), (&16.into(), &1000.into(), &0.into()));
        assert_eq!(run["digest"], told["baseline"]["digest"]);
        let actors = run["actors"].as_array().expect("actors").iter();
        let workers: Vec<_> = actors.filter(|actor| actor["role"] == "worker-process").collect();
        assert_eq!(workers.iter().filter_map(|worker| worker["units"].as_u64()).sum::<u64>(), 16);
        assert!(workers.iter().all(|worker| worker["exit"] == 0 && worker["pid"].as_u64() > Some(1)));
    }
    let shown = poolscope(folder.path(), &["show", "t.pst", "--json"]);
    assert_eq!(code(&shown), Some(0), "{shown:?}");
    let shown = json(&shown);
    for (recorded, measured) in shown["runs"].as_array().expect("runs").iter().zip(runs) {
        for figure in ["outcome", "wall_ns", "start_ns", "units", "items", "chunksize", "digest"] {
            assert_eq!(recorded[figure], measured[figure], "{figure}");
        }
    }
}

#[test]
fn few_results_are_told_in_words() {
    let folder = folder();
    for with in ["sequential", "threads", "processes"] {
        let output = poolscope(folder.path(), &["run", "--preset", "small-4", "--with", with, "--workers", "2"]);
        assert_eq!(code(&output), Some(0), "{output:?}");
        for line in ["10000019 is prime", "10000033 is not prime", "10000079 is prime", "10000081 is not prime"] {
            assert!(text(&output.stdout).contains(line), "{with}: {}", text(&output.stdout));
        }
    }
}

#[test]
fn without_tracing_the_figures_remain() {
    let folder = folder();
    let output =
        poolscope(folder.path(), &["run", "--preset", "small-4", "--workers", "2", "--tracing", "off", "--json"]);
    assert_eq!(code(&output), Some(0), "{output:?}");
    let run = &json(&output)["runs"][0];
    assert!(run["wall_ns"].as_u64() > Some(0) && run["digest"].as_str().is_some_and(|digest| !digest.is_empty()));
}

// Elsewhere there is always a display, and this would open a window.
#[cfg(target_os = "linux")]
#[test]
fn without_a_display_the_prime_check_runs_here() {
    let folder = folder();
    let output = poolscope(folder.path(), &[]);
    assert_eq!(code(&output), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("The prime check runs in the terminal instead."), "{output:?}");
    for words in ["Prime check, workout", "baseline", "speedup", "where the rest went", "the same as the baseline's"] {
        assert!(text(&output.stdout).contains(words), "{words}: {}", text(&output.stdout));
    }
    write_trace(folder.path(), "t.pst", &small_run());
    let output = poolscope(folder.path(), &["replay", "t.pst"]);
    assert_eq!(code(&output), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("shown in the terminal instead."), "{output:?}");
    assert!(text(&output.stdout).contains("run 1: squares"), "{output:?}");
}

#[test]
fn a_recording_writes_to_nothing_that_was_there() {
    let folder = folder();
    let record = ["run", "--preset", "small-4", "--workers", "2", "--trace", "t.pst"];
    let part = folder.path().join("t.pst.part");
    fs::write(&part, "an older recording").expect("a file");
    assert_refused(&poolscope(folder.path(), &record), "trace: t.pst.part exists already");
    assert_eq!(fs::read_to_string(&part).expect("still there"), "an older recording");
    #[cfg(unix)]
    {
        let victim = folder.path().join("diary");
        fs::write(&victim, "precious").expect("a file");
        fs::remove_file(&part).expect("ours");
        std::os::unix::fs::symlink(&victim, &part).expect("a link");
        assert_refused(&poolscope(folder.path(), &record), "trace: t.pst.part exists already");
        assert_eq!(fs::read_to_string(&victim).expect("still there"), "precious");
    }
    assert!(!folder.path().join("t.pst").exists());
}

#[test]
fn a_trace_of_somebody_else_is_not_taken_for_the_recording() {
    let folder = folder();
    let arguments = ["run", "--workload", "sleep", "--items", "60", "--workers", "2", "--trace", "t.pst"];
    let child = command(folder.path(), &arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program runs");
    let (path, part) = (folder.path().join("t.pst"), folder.path().join("t.pst.part"));
    while !part.exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    fs::write(&path, "precious").expect("a file");
    let output = child.wait_with_output().expect("it ends");
    let message = text(&output.stderr);
    assert_eq!(code(&output), Some(2), "{output:?}");
    assert!(message.contains("error: trace: t.pst exists already."), "{message}");
    assert!(message.contains("t.pst.part holds the whole recording."), "{message}");
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
    assert_eq!(code(&poolscope(folder.path(), &["show", "t.pst.part"])), Some(0));
}
