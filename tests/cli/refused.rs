//! Input that is wrong: one message that names it, exit code 2, and nothing is touched.

use std::fs;
use std::process::Command;

use crate::common::{assert_refused, folder, poolscope, text};

#[test]
fn a_wrong_flag_is_one_message_that_names_it() {
    let folder = folder();
    for (arguments, field) in [
        (&["--chunksize", "0"][..], "chunksize"),
        (&["--chunksize", "-1"], "chunksize"),
        (&["--workers", "0"], "workers"),
        (&["--workers", "100000"], "workers"),
        (&["--workers", "99999999999"], "workers"),
        (&["--workers", "NaN"], "workers"),
        (&["--workers", "1.5"], "workers"),
        (&["--repeats", "0"], "repeats"),
        (&["--repeats", "inf"], "repeats"),
        (&["--items", "10000001", "--workload", "squares"], "items"),
        (&["--items", "7", "--workload", "primes"], "items"),
        (&["--workload", "prime"], "workload"),
        (&["--preset", "tiny"], "preset"),
        (&["--with", "coroutines"], "with"),
        (&["--start", "teleport"], "start"),
        (&["--tracing", "perhaps"], "tracing"),
        (&["--speed", "9"], "speed"),
        (&["--call", "imap_unordered"], "call"),
        (&["--threads", "0"], "threads"),
        (&["--threads", "65"], "threads"),
        (&["--maxtasksperchild", "0"], "maxtasksperchild"),
        (&["--maxtasksperchild", "0.5"], "maxtasksperchild"),
        (&["--initializer", "magic"], "initializer"),
        (&["--callback", "counts"], "callback: pool.map has none"),
        (&["--timeout-ms", "200"], "timeout-ms: pool.map has none"),
        (&["--call", "imap", "--timeout-ms", "0"], "timeout-ms: 0 is outside 1 to 3600000"),
        (&["--call", "imap", "--chunksize", "2", "--timeout-ms", "5"], "plain generator without next(timeout)"),
        (&["--call", "apply", "--chunksize", "2"], "chunksize: pool.apply has none"),
        (&["--buffersize", "4"], "buffersize: pool.map has none"),
        (&["--terminate-after-ms", "soon"], "terminate-after-ms"),
        (&["--policy", "hope"], "policy"),
        (&["--fault", "kill"], "it has no @ between what and when"),
        (&["--fault", "kill@lunch:3"], "when is worker or one of"),
        (&["--fault", "kill@call:1000"], "faults: kill@call:1000: there is no item 1000"),
        (&["--workers", "2", "--fault", "kill@worker:3:5ms"], "there is no worker 3"),
        (&["--deadline-ms", "3600001"], "deadline-ms"),
        (&["--with", "threads", "--maxtasksperchild", "1"], "maxtasksperchild: not with threads. "),
        (&["--with", "threads", "--fault", "kill@worker:1:50ms"], "A thread can't be reached alone"),
        (&["--with", "gil-threads", "--fault", "error@encode-result:0"], "Nothing is serialized within one process"),
        (&["--with", "threads", "--fault", "stop@call:3"], "nobody would be left to continue it"),
        (&["--with", "sequential", "--initializer", "prepare"], "initializer: not with sequential. "),
        (&["--with", "sequential", "--terminate-after-ms", "5"], "terminate-after-ms: not with sequential. "),
        (&["--with", "sequential", "--call", "imap", "--timeout-ms", "5"], "timeout-ms: not with sequential. "),
        (&["--program", "teleport"], "program: there is none called"),
        (&["--knob", "workers"], "write a name, =, and a whole number"),
        (&["--knob", "workers=many"], "write a whole number"),
        (&["--trace"], "trace"),
        (&["--trace", "no/such/folder/t.pst"], "trace"),
        (&["missing.toml"], "missing.toml"),
    ] {
        assert_refused(&poolscope(folder.path(), &[&["run"], arguments].concat()), field);
    }
}

#[test]
fn a_wrong_plan_file_is_one_message_with_its_line() {
    let folder = folder();
    for (plan, words) in [
        ("workers = nan", "plan.toml, line 1: workers: "),
        ("\nworkers = -3", "plan.toml, line 2: workers: "),
        ("workers = 0", "workers: 0 is outside"),
        ("chunksize = 0", "chunksize: 0 is outside"),
        ("thread = 4", "plan.toml, line 1: thread: unknown field"),
        ("callbacks = 4", "plan.toml, line 1: callbacks: unknown field"),
        ("threads = 65", "threads: 65 is outside"),
        (
            "faults = [\"kill@call:3\",\n\"kill@lunch:3\"]",
            "plan.toml, line 2: faults: \"kill@lunch:3\" is no fault: when is",
        ),
        ("faults = [\"kill@call:1000\"]", "faults: kill@call:1000: there is no item 1000"),
        ("call = \"map\"\ncallback = \"counts\"", "callback: pool.map has none"),
        ("with = \"threads\"\nfaults = [\"kill@worker:1:5ms\"]", "faults: kill@worker:1:5ms: not with threads. "),
        ("program = \"teleport\"", "program: there is none called"),
        ("[knobs]\nms = -1", "plan.toml, line 2: knobs.ms: invalid value"),
        ("with = \"magic\"", "plan.toml, line 1: with: unknown variant"),
        ("workload = [", "plan.toml, line 1: "),
        ("workload = \"\\u001b[2J\"", "workload: there is none called"),
    ] {
        fs::write(folder.path().join("plan.toml"), plan).expect("a file");
        let output = poolscope(folder.path(), &["run", "plan.toml"]);
        assert_refused(&output, words);
        assert!(!text(&output.stderr).contains('\u{1b}'), "{plan}");
    }
    fs::write(folder.path().join("plan.toml"), b"workload = \"\xff\"").expect("a file");
    assert_refused(&poolscope(folder.path(), &["run", "plan.toml"]), "plan.toml");
}

#[test]
fn a_trace_that_exists_is_neither_touched_nor_run_for() {
    let folder = folder();
    let path = folder.path().join("t.pst");
    fs::write(&path, "precious").expect("a file");
    let output = poolscope(folder.path(), &["run", "--workload", "sleep", "--items", "100000", "--trace", "t.pst"]);
    assert_refused(&output, "trace: t.pst exists already");
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
}

#[test]
fn what_is_no_trace_is_refused() {
    let folder = folder();
    let future = [b"POOLSCOP".as_slice(), &[9, 0, 0, 0, 0, 0, 0, 0]].concat();
    for (name, content) in [("empty", &b""[..]), ("foreign", b"GIF89a, not a trace at all"), ("future", &future)] {
        fs::write(folder.path().join(name), content).expect("a file");
        for what in ["show", "replay"] {
            assert_refused(&poolscope(folder.path(), &[what, name]), &format!("trace: {name}: "));
        }
    }
    assert_refused(&poolscope(folder.path(), &["show", "missing"]), "trace: missing: ");
    assert_refused(&poolscope(folder.path(), &["show", "."]), "trace: .: ");
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_ordinary_file_is_not_waited_for() {
    let folder = folder();
    let made = Command::new("mkfifo").arg("pipe").current_dir(folder.path()).status().expect("a Linux system");
    assert!(made.success());
    for name in ["pipe", "/dev/zero", "."] {
        for what in ["show", "replay"] {
            let output = poolscope(folder.path(), &[what, name]);
            assert_refused(&output, &format!("trace: {name}: this is not an ordinary file"));
        }
    }
}
