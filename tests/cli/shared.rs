//! What the command line tells of what processes share, and of deadlocks.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{code, command, folder, json, poolscope, text};

const CYCLE: &str = "Deadlock: Process-1 waits for lock b, which Process-2 holds; \
                     Process-2 waits for lock a, which Process-1 holds.";

#[test]
fn a_deadlock_is_named_while_it_lasts_and_in_every_report() {
    let folder = folder();
    let run = ["run", "--program", "two-locks", "--trace", "it.trace", "--json"];
    let began = Instant::now();
    let mut child = command(folder.path(), &run)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut told = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut first = String::new();
    told.read_line(&mut first).expect("it tells");
    // The program is only ended after five seconds: it stood still when this was told.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let mut rest = String::new();
    told.read_to_string(&mut rest).expect("it tells");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((first.trim_end(), rest.matches("Deadlock").count()), (CYCLE, 0), "once: {rest}");
    assert_eq!(code(&output), Some(1), "its deadline ended it");
    let report = json(&output);
    let run = &report["runs"][0];
    let [deadlock] = &run["deadlocks"].as_array().expect("a list")[..] else { panic!("{}", run["deadlocks"]) };
    assert_eq!((&deadlock["why"], &deadlock["sentence"]), (&"cycle".into(), &CYCLE.into()));
    assert_eq!(deadlock["links"][0]["waits_for"], serde_json::json!(["Process-2"]));
    let waits: Vec<&Value> =
        run["unended_waits"].as_array().expect("a list").iter().map(|wait| &wait["actor"]).collect();
    assert_eq!(waits, ["Parent", "Process-1", "Process-2"]);
    // The trace knows it, too.
    let shown = poolscope(folder.path(), &["show", "it.trace"]);
    let words = text(&shown.stdout);
    assert_eq!(code(&shown), Some(0), "{words}");
    for part in [CYCLE, "lock a (Lock): taken 1 time; waited for 1 time", "waits that never ended"] {
        assert!(words.contains(part), "{part}: {words}");
    }
}

#[test]
fn a_robust_object_says_so_and_what_was_taken_back_from_the_dead() {
    let folder = folder();
    let told = |program: &str, robust: &str| {
        let output = poolscope(folder.path(), &["run", "--program", program, "--knob", robust]);
        assert_eq!(code(&output), Some(0), "{output:?}");
        text(&output.stdout).to_owned()
    };
    let (robust, faithful) = (told("dead-holder", "robust=1"), told("dead-holder", "robust=0"));
    for part in ["semaphore permits (robust Semaphore, 3 permits)", "taken back from a dead owner 2 times"] {
        assert!(robust.contains(part) && !faithful.contains(part), "{part}: {robust}\n{faithful}");
    }
    let robust = told("dead-heir", "robust=1");
    for part in ["lock lock (robust Lock)", "queue q (robust Queue, maxsize 1)"] {
        let line = robust.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {robust}"));
        assert!(line.contains("taken back from a dead owner 1 time"), "{line}");
    }
}

#[test]
fn updates_that_are_lost_are_counted_by_what_is_missing() {
    let folder = folder();
    let numbers = |lock: &str| {
        let run = ["run", "--program", "lost-updates", "--knob", "times=5000", "--knob", lock, "--json"];
        let output = poolscope(folder.path(), &run);
        assert_eq!(code(&output), Some(0), "{output:?}");
        let report = json(&output);
        let objects = report["runs"][0]["objects"].as_array().expect("a list").clone();
        let value = objects.into_iter().find(|object| object["kind"] == "Value").expect("a value");
        ["updates", "overwritten", "last"].map(|name| value["numbers"][name].as_i64().expect("a number"))
    };
    let [updates, overwritten, last] = numbers("lock=0");
    assert_eq!((updates, last), (20_000, 20_000 - overwritten));
    assert_eq!(numbers("lock=1"), [20_000, 0, 20_000]);
}

#[test]
fn every_object_has_its_line() {
    let folder = folder();
    let output = poolscope(folder.path(), &["run", "--program", "producers-consumers"]);
    let words = text(&output.stdout);
    assert_eq!((code(&output), text(&output.stderr)), (Some(0), ""), "{words}");
    let line = words.lines().find(|line| line.starts_with("  queue ")).unwrap_or_else(|| panic!("{words}"));
    assert!(line.contains("(Queue, maxsize "), "{line}");
    assert!(line.contains(" messages, ") && line.contains("its pipe of ") && line.contains(" % full"), "{line}");
    assert!(!words.contains("never ended") && !words.contains("Deadlock"), "{words}");
}
