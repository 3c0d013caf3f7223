//! `poolscope run` with everything a pool can do and everything that can go wrong in it.

use serde_json::{Value, json};

use crate::common::{code, folder, json as told, poolscope, text};

/// A run of twelve squares on two workers with these flags, as JSON: its exit code, messages and report.
fn squares(flags: &[&str]) -> (Option<i32>, String, Value) {
    run(&[&["--workload", "squares", "--items", "12"], flags].concat())
}

fn run(flags: &[&str]) -> (Option<i32>, String, Value) {
    let folder = folder();
    let output = poolscope(folder.path(), &[&["run", "--workers", "2", "--json"], flags].concat());
    (code(&output), text(&output.stderr).to_owned(), told(&output))
}

#[test]
fn every_call_is_carried_out_and_reported() {
    let expected = squares(&["--call", "map"]).2["runs"][0]["digest"].clone();
    for call in ["starmap", "imap", "imap-unordered", "apply", "apply-async", "map-async"] {
        let (code, message, report) = squares(&["--call", call]);
        assert_eq!((code, &*message), (Some(0), ""), "{call}");
        let run = &report["runs"][0];
        assert_eq!((&run["digest"], &run["outcome"]), (&expected, &json!("complete")), "{call}");
        let delivered = run["delivered"].as_array().expect("a list");
        let one_by_one = !matches!(call, "starmap" | "map-async");
        assert_eq!(delivered.len(), if one_by_one { 12 } else { 0 }, "{call}");
        assert_eq!(run["first_result_ns"].is_u64(), one_by_one, "{call}");
        let python = format!("pool.{}(", call.replace('-', "_"));
        let calls = run["calls"].as_array().expect("a list");
        let called = |call: &&Value| call["call"].as_str().is_some_and(|text| text.contains(&python));
        // Many jobs are one line too many: of apply_async there are the waits.
        assert!(call == "apply-async" || calls.iter().any(|call| called(&call)), "{call}: {calls:?}");
    }
}

#[test]
fn an_error_is_told_with_its_item_and_costs_the_exit_code() {
    let (code, message, report) = squares(&["--fault", "error@call:3", "--chunksize", "1"]);
    assert_eq!((code, message.matches("error:").count()), (Some(1), 1), "{message}");
    let run = &report["runs"][0];
    assert!(run["outcome"]["raised"].as_str().is_some_and(|sentence| sentence.contains("ValueError")), "{run}");
    let error = &run["errors"][0];
    assert_eq!((&error["kind"], &error["unit"], &error["item"]), (&json!("ValueError"), &json!(3), &json!(3)));
    assert_eq!((&error["stage"], &error["input"]), (&json!("call"), &json!("3")));
    let workers = run["actors"].as_array().expect("actors").iter().filter(|actor| actor["role"] == "worker-process");
    let thrower: Vec<&Value> = workers.filter(|worker| worker["pid"] == error["pid"]).collect();
    assert_eq!(thrower.len(), 1, "the pid is a worker's");
    assert_eq!(thrower[0]["name"], error["worker"]);
}

#[test]
fn a_killed_worker_is_replaced_and_told() {
    // So long that there is work left for another worker.
    let long = ["--workload", "sleep", "--items", "20", "--chunksize", "1", "--fault", "exit@call:3"];
    let (code, message, report) = run(&long);
    assert_eq!(code, Some(1), "{message}");
    let run = &report["runs"][0];
    // What the worker had besides, and had not begun, is handed out again.
    let lost = |fate: &str| {
        let all = run["lost_units"].as_array().expect("a list").iter();
        all.filter(|lost| lost["fate"] == fate).cloned().collect::<Vec<_>>()
    };
    let failed = lost("fails");
    assert_eq!((failed.len(), lost("retried").len(), lost("never-comes").len()), (1, 0, 0), "{failed:?}");
    let lost = &failed[0];
    assert_eq!((&lost["unit"], &lost["exit"]), (&json!(3), &json!("3")));
    let restart = &run["restarts"][0];
    assert_eq!((&restart["why"], &restart["replaced_pid"]), (&json!("died"), &lost["pid"]));
    assert_eq!(run["errors"][0]["kind"], "WorkerLostError");
    let exits: Vec<&Value> = run["actors"].as_array().expect("actors").iter().map(|actor| &actor["exit"]).collect();
    assert!(exits.contains(&&json!(3)), "{exits:?}");

    let (code, message, report) = squares(&["--fault", "exit@call:3:once", "--policy", "retry"]);
    assert_eq!((code, &*message), (Some(0), "fault at item 3 (call): exit\n"), "computed again, by another");
    let lost = report["runs"][0]["lost_units"].as_array().expect("a list").clone();
    assert!(lost.iter().any(|lost| lost["fate"] == "retried"), "{lost:?}");
}

#[test]
fn a_retired_worker_is_told() {
    let (code, _, report) = squares(&["--maxtasksperchild", "2", "--chunksize", "1"]);
    assert_eq!(code, Some(0));
    let restarts = report["runs"][0]["restarts"].as_array().expect("a list").clone();
    assert!((4..=5).contains(&restarts.len()), "{restarts:?}");
    assert!(restarts.iter().all(|restart| restart["why"] == "retired"), "{restarts:?}");
}

#[test]
fn what_a_pool_printed_is_in_the_report() {
    let (code, message, report) = squares(&["--initializer", "prepare"]);
    assert_eq!(code, Some(0));
    let printed = report["runs"][0]["printed"].as_array().expect("a list").clone();
    assert_eq!(printed.len(), 2, "{printed:?}");
    for line in printed {
        assert!(message.contains(line["line"].as_str().expect("a line")), "{line}: {message}");
        assert!(line["by"].as_str().is_some_and(|by| by.starts_with("Worker ")), "{line}");
    }
}

#[test]
fn a_program_is_run_and_told() {
    let folder = folder();
    let run = ["run", "--program", "five-workers", "--knob", "workers=3", "--knob", "sleep-ms=0"];
    let output = poolscope(folder.path(), &run);
    assert_eq!((code(&output), text(&output.stderr)), (Some(0), ""), "{output:?}");
    for words in ["Five workers: ", "workers = 3: ", "prints: Worker: 2", "p3.join()", "ended: exit code 0"] {
        assert!(text(&output.stdout).contains(words), "{words}: {}", text(&output.stdout));
    }
    assert!(!text(&output.stdout).contains("Worker: 3"), "{}", text(&output.stdout));
    for (flags, words) in [
        (&["--program", "five-workers", "--baseline"][..], "baseline: a program has no items"),
        (&["--program", "five-workers", "--knob", "speed=3"], "knobs: five-workers has none called \"speed\""),
        (&["--program", "five-workers", "--knob", "workers=17"], "workers: 17 is outside 1 to 16"),
    ] {
        crate::common::assert_refused(&poolscope(folder.path(), &[&["run"], flags].concat()), words);
    }
}
