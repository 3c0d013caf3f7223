//! CPython itself: each file of `python/` prints one JSON object, a value for each case.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// What CPython does in a case; `None` where there is no python3, and then a line says so.
pub(crate) fn python(file: &'static str, case: &str) -> Option<Value> {
    static ANSWERS: Mutex<BTreeMap<&str, Option<Value>>> = Mutex::new(BTreeMap::new());
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = answers.entry(file).or_insert_with(|| ask(file));
    let Some(answer) = answer else {
        #[allow(clippy::print_stdout, reason = "a test that skips says so")]
        {
            println!("{case}: not compared with CPython: there is no python3 with fork here");
        }
        return None;
    };
    Some(answer.get(case).unwrap_or_else(|| panic!("{file} has no answer for {case}: {answer}")).clone())
}

fn ask(file: &str) -> Option<Value> {
    let there = Command::new("python3")
        .args(["-c", "import os; os.fork"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        return None;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/behaviours/python/");
    let output =
        Command::new("python3").arg(format!("{path}{file}")).stdin(Stdio::null()).output().expect("it is there");
    assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("one JSON object"))
}
