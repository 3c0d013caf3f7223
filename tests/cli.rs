//! The command line from outside: what it says, where it says it, and with which exit code.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use poolscope::plan::Plan;
use poolscope::trace::codec::{write_event, write_header};
use poolscope::trace::{ActorId, Birth, ChannelId, Content, Event, Exit, Medium, Outcome, Role, What};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_poolscope");

/// The program with these arguments, in a folder of its own, without a display.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(folder).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

fn poolscope(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the program runs")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder for a test")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("text")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// One message that names the field, exit code 2, nothing on standard output.
fn assert_refused(output: &Output, field: &str) {
    let message = text(&output.stderr);
    assert_eq!(code(output), Some(2), "{field}: {message}");
    assert_eq!(message.matches("error:").count(), 1, "{field}: {message}");
    assert!(message.contains(field), "{field}: {message}");
    assert!(!message.contains("panicked"), "{field}: {message}");
    assert_eq!(text(&output.stdout), "", "{field}");
}

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
        (&["--items", "0", "--workload", "squares"], "items"),
        (&["--items", "10000001", "--workload", "squares"], "items"),
        (&["--items", "7", "--workload", "primes"], "items"),
        (&["--workload", "prime"], "workload"),
        (&["--preset", "tiny"], "preset"),
        (&["--with", "coroutines"], "with"),
        (&["--start", "teleport"], "start"),
        (&["--tracing", "perhaps"], "tracing"),
        (&["--speed", "9"], "speed"),
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
        ("threads = 4", "plan.toml, line 1: threads: unknown field"),
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

/// A small run as a trace: two units computed by one worker.
fn small_run() -> Vec<Event> {
    let worker = ActorId(2);
    let (requests, replies) = (ChannelId(0), ChannelId(1));
    let plan = Plan { workload: "squares".to_owned(), workers: 1, ..Plan::default() };
    let born = |actor, role, number, pid| What::ActorBorn(Box::new(Birth::new(actor, role, number, pid, 0)));
    let road =
        |channel, from, to| What::ChannelOpened { channel, from, to, medium: Medium::Pipe, capacity_bytes: 65536 };
    let mut events = Vec::new();
    let mut at = |at_ns, by, what| events.push(Event { at_ns, by, what });
    at(1, ActorId::PARENT, What::RunBegan { run: 0, plan: Box::new(plan), items: 4, chunksize: 2, detail_units: 9 });
    at(1, ActorId::PARENT, born(ActorId::PARENT, Role::Parent, 0, 10));
    at(2, ActorId::PARENT, born(worker, Role::WorkerProcess, 1, 11));
    at(2, ActorId::PARENT, road(requests, ActorId::PARENT, worker));
    at(2, ActorId::PARENT, road(replies, worker, ActorId::PARENT));
    at(3, worker, What::ActorReady);
    for unit in 0..2 {
        let (start, content, bytes) = (10 + 10 * u64::from(unit), Content::Unit(unit), 24);
        at(start, ActorId::PARENT, What::Sent { channel: requests, message: unit, content, bytes });
        at(start + 1, worker, What::Received { channel: requests, message: unit, content, bytes });
        at(start + 2, worker, What::UnitBegan { unit, core: None });
        at(start + 5, worker, What::UnitEnded { unit, core: None });
        at(start + 6, worker, What::Sent { channel: replies, message: unit, content, bytes });
        at(start + 7, ActorId::PARENT, What::Received { channel: replies, message: unit, content, bytes });
    }
    let (outcome, digest) = (Outcome::Complete, "00c0ffee".to_owned());
    at(30, ActorId::PARENT, What::RunEnded { outcome, wall_ns: 29, start_ns: 2, digest });
    at(31, ActorId::PARENT, What::ActorExited { actor: worker, exit: Exit::Signal(9) });
    events
}

fn write_trace(folder: &Path, name: &str, events: &[Event]) -> PathBuf {
    let mut bytes = Vec::new();
    write_header(&mut bytes);
    for event in events {
        write_event(event, &mut bytes);
    }
    let path = folder.join(name);
    fs::write(&path, bytes).expect("a trace");
    path
}

#[test]
fn show_tells_what_a_trace_holds() {
    let folder = folder();
    write_trace(folder.path(), "t.pst", &small_run());
    let output = poolscope(folder.path(), &["show", "t.pst"]);
    assert_eq!((code(&output), text(&output.stderr)), (Some(0), ""));
    for words in ["run 1: squares: 4 items → 2 units", "results digest 00c0ffee", "−SIGKILL", "Parent → Worker 1"]
    {
        assert!(text(&output.stdout).contains(words), "{words}: {}", text(&output.stdout));
    }
    let told = json(&poolscope(folder.path(), &["show", "t.pst", "--json"]));
    let run = &told["runs"][0];
    assert_eq!((&told["violations"], &told["notice"]), (&Value::Array(Vec::new()), &Value::Null));
    assert_eq!((&run["wall_ns"], &run["units"], &run["items"]), (&29.into(), &2.into(), &4.into()));
    assert_eq!((&run["events"], &told["events"]), (&20.into(), &20.into()));
    let worker = &run["actors"][1];
    assert_eq!((&worker["pid"], &worker["units"], &worker["busy_ns"]), (&11.into(), &2.into(), &6.into()));
    assert_eq!(worker["exit"], -9);
    let road = &run["channels"][0];
    assert_eq!((&road["sent"], &road["received"], &road["in_flight"]), (&2.into(), &2.into(), &0.into()));
}

#[test]
fn show_finds_what_breaks_the_rules() {
    let folder = folder();
    let is_unit = |event: &Event, number| matches!(event.what, What::UnitBegan { unit, .. } if unit == number);
    let received = |event: &Event| matches!(event.what, What::Received { .. });
    for (words, spoil) in [
        (
            "unit 1 was computed 2 times",
            &(|events: &mut Vec<Event>| {
                let again = events.iter().find(|event| is_unit(event, 1)).expect("unit 1").clone();
                events.insert(events.len() - 2, again);
            }) as &dyn Fn(&mut Vec<Event>),
        ),
        ("was received before it was sent", &|events| {
            events.iter_mut().find(|event| received(event)).expect("a message").at_ns = 4;
        }),
        ("never arrived though the run is complete", &|events| {
            let last = events.iter().rposition(received).expect("a message");
            events.remove(last);
        }),
        ("were received and only", &|events| {
            let last = events.iter().rposition(|event| matches!(event.what, What::Sent { .. })).expect("a message");
            events.remove(last);
        }),
        ("that nobody introduced", &|events| events[0].what = What::ActorReady),
    ] {
        let mut events = small_run();
        spoil(&mut events);
        write_trace(folder.path(), "t.pst", &events);
        let output = poolscope(folder.path(), &["show", "t.pst"]);
        assert_eq!(code(&output), Some(1), "{words}");
        assert!(text(&output.stdout).contains(words), "{words}: {}", text(&output.stdout));
        let told = json(&poolscope(folder.path(), &["show", "t.pst", "--json"]));
        assert!(told["violations"].to_string().contains(words), "{words}: {told}");
    }
}

#[test]
fn a_trace_cut_anywhere_opens_with_a_notice_and_breaks_no_rule() {
    let folder = folder();
    let path = write_trace(folder.path(), "t.pst", &small_run());
    let whole = fs::read(&path).expect("a trace");
    for end in (17..whole.len()).step_by(97) {
        fs::write(&path, &whole[..end]).expect("a trace");
        let output = poolscope(folder.path(), &["show", "t.pst", "--json"]);
        assert_eq!(code(&output), Some(0), "cut at {end}: {output:?}");
        let told = json(&output);
        assert!(told["notice"].is_string() || told["events"].as_u64() < Some(20), "cut at {end}: {told}");
    }
}

#[test]
fn a_trace_that_claims_the_impossible_is_told_without_a_panic() {
    let folder = folder();
    let (worker, channel) = (ActorId(2), ChannelId(0));
    let (units, messages, bytes) = (u32::MAX, u32::MAX, u64::MAX);
    let mut events = small_run();
    for what in [
        What::UnitsSummed { units, since_ns: 0, busy_ns: u64::MAX },
        What::UnitsSummed { units, since_ns: 0, busy_ns: u64::MAX },
        What::SentSummed { channel, messages, bytes },
        What::SentSummed { channel, messages, bytes },
        What::ReceivedSummed { channel, messages, bytes },
        What::EventsLost { count: u64::MAX },
        What::EventsLost { count: u64::MAX },
        What::Sent { channel, message: u32::MAX, content: Content::Stop, bytes: u32::MAX },
        What::UnitBegan { unit: u32::MAX, core: None },
        What::ActorExited { actor: worker, exit: Exit::Signal(i32::MIN) },
        What::Printed { line: "\u{1b}]0;title\u{7}\u{202e}".to_owned() },
        What::RunBegan { run: u32::MAX, plan: Box::default(), items: u64::MAX, chunksize: 0, detail_units: 0 },
        What::RunEnded {
            outcome: Outcome::Failed("\u{1b}[2J".to_owned()),
            wall_ns: 0,
            start_ns: u64::MAX,
            digest: String::new(),
        },
    ] {
        for at_ns in [0, u64::MAX] {
            events.push(Event { at_ns, by: worker, what: what.clone() });
        }
    }
    write_trace(folder.path(), "t.pst", &events);
    for arguments in [&["show", "t.pst"][..], &["show", "t.pst", "--json"]] {
        let output = poolscope(folder.path(), arguments);
        assert_eq!((code(&output), text(&output.stderr)), (Some(1), ""));
        assert!(!text(&output.stdout).contains('\u{1b}'));
    }
}

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
        let workers = run["workers"].as_array().expect("workers");
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
fn lists_name_what_there_is() {
    let folder = folder();
    let output = poolscope(folder.path(), &["workloads", "--json"]);
    let told = json(&output);
    let told = told["workloads"].as_array().expect("a list");
    let names: Vec<&str> = told.iter().filter_map(|workload| workload["name"].as_str()).collect();
    assert_eq!(names, poolscope::workload::REGISTRY.iter().map(|workload| workload.name()).collect::<Vec<_>>());
    assert_eq!(code(&poolscope(folder.path(), &["workloads"])), Some(0));
    assert_eq!(code(&poolscope(folder.path(), &["doctor"])), Some(0));
    let version = poolscope(folder.path(), &["--version"]);
    assert_eq!(text(&version.stdout).trim(), concat!("poolscope ", env!("CARGO_PKG_VERSION")));
}

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
