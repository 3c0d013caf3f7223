//! Standard output and the disk: whatever becomes of them, the verdict stays.

use std::fs;
use std::process::{Command, Output, Stdio};

use crate::common::{PROGRAM, code, command, folder, json, poolscope, small_run, text, write_trace};

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let folder = folder();
    write_trace(folder.path(), "t.pst", &small_run());
    for arguments in
        [&["show", "t.pst"][..], &["workloads"], &["run", "--preset", "small-4", "--workers", "2"], &["--help"]]
    {
        let mut child =
            command(folder.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!((code(&output), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_costs_the_trace_and_not_the_run() {
    let folder = folder();
    // What is printed can't be written at all.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full device");
    let output = command(folder.path(), &["doctor"]).stdout(full).stderr(Stdio::piped()).output().expect("it runs");
    assert_eq!(code(&output), Some(2));
    assert_eq!(text(&output.stderr).matches("error: standard output").count(), 1, "{output:?}");

    // The trace can't grow past 1 MiB: a limit on files stands in for a disk.
    let limited = "ulimit -f 2048; exec \"$0\" run --workload squares --items 20000 --chunksize 1 \
                   --workers 8 --trace t.pst";
    let output =
        Command::new("sh").args(["-c", limited, PROGRAM]).current_dir(folder.path()).output().expect("it runs");
    let (told, message) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), Some(2), "{output:?}");
    assert!(told.contains("run 1") && told.contains("results   digest"), "{told}");
    assert!(message.contains("warning: Recording stopped, the run goes on."), "{message}");
    assert_eq!(message.matches("error: trace: t.pst is not complete.").count(), 1, "{message}");
    assert!(!folder.path().join("t.pst").exists());
    let shown = poolscope(folder.path(), &["show", "t.pst.part", "--json"]);
    assert_eq!(code(&shown), Some(0), "{shown:?}");
    assert!(json(&shown)["events"].as_u64() > Some(100));
}

#[cfg(target_os = "linux")]
#[test]
fn a_failed_run_keeps_its_verdict_whatever_becomes_of_its_figures() {
    let folder = folder();
    // So few descriptors that the workers can't all be started.
    let run = "ulimit -n 24; exec \"$0\" run --workload sleep --items 100 --workers 64 --json";
    let failed = || {
        let mut command = Command::new("sh");
        command.args(["-c", run, PROGRAM]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let whole = failed().output().expect("it runs");
    assert_eq!(code(&whole), Some(1), "{whole:?}");
    let sentence = |output: &Output| {
        let found = text(&output.stderr).lines().find(|line| line.starts_with("error: run 1: "));
        found.unwrap_or_else(|| panic!("{output:?}")).to_owned()
    };
    let told = sentence(&whole);

    let mut child = failed().spawn().expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((code(&output), text(&output.stderr).lines().count()), (Some(1), 1), "{output:?}");
    assert_eq!(sentence(&output), told);

    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has a full device");
    let output = failed().stdout(full).output().expect("it runs");
    assert_eq!(code(&output), Some(2), "{output:?}");
    assert_eq!(sentence(&output), told);
    assert_eq!(text(&output.stderr).matches("error: standard output").count(), 1, "{output:?}");
}
