//! What a report tells besides figures: errors, lost units, replaced workers, calls, printed lines, and the
//! whole story of a program. The traces are made by hand, as an engine would make them.

use poolscope::plan::{Call, Executor, Plan, Stage, StartMethod};
use poolscope::trace::{ActorId, Birth, Event, Exit, Fate, Outcome, Role, TaskFailure, What};
use serde_json::{Value, json};

use crate::common::{code, folder, json as told, poolscope, small_run, text, write_trace};

const SECOND_WORKER: ActorId = ActorId(3);

/// The small run, in which the worker died with unit 1, another took its place and the unit failed.
fn troubled_run() -> Vec<Event> {
    let mut events = small_run();
    let worker = ActorId(2);
    let replaced = Birth { replaces: Some(worker), ..Birth::new(SECOND_WORKER, Role::WorkerProcess, 2, 12, 26) };
    let failure = TaskFailure {
        kind: "WorkerLostError".to_owned(),
        message: "the worker was killed".to_owned(),
        stage: Some(Stage::Call),
        location: "square".to_owned(),
        pid: 11,
        item: Some(3),
        input: "x = 3".to_owned(),
    };
    let called = |call: &str, answer: &str, raised| What::Called {
        call: call.to_owned(),
        since_ns: 21,
        answer: answer.to_owned(),
        raised,
    };
    let whats = [
        (ActorId::PARENT, What::Delivered { unit: 1 }),
        (ActorId::PARENT, What::Delivered { unit: 0 }),
        (ActorId::PARENT, What::ActorExited { actor: worker, exit: Exit::Signal(9) }),
        (worker, What::UnitLost { unit: 1, fate: Fate::Fails }),
        (worker, What::UnitFailed { unit: 1, failure: Box::new(failure) }),
        (ActorId::PARENT, What::ActorBorn(Box::new(replaced))),
        (SECOND_WORKER, What::Printed { line: "prepared".to_owned() }),
        (ActorId::PARENT, called("result.get(timeout=0.2)", "TimeoutError", true)),
        (ActorId::PARENT, called("pool.join()", "None", false)),
        (ActorId::PARENT, What::ActorExited { actor: SECOND_WORKER, exit: Exit::Code(0) }),
    ];
    let end = events.iter().position(|event| matches!(event.what, What::RunEnded { .. })).expect("an end");
    let rest = events.split_off(end);
    for (what, at_ns) in whats.into_iter().zip(27..) {
        events.push(Event { at_ns, by: what.0, what: what.1 });
    }
    events.push(Event {
        at_ns: 40,
        by: ActorId::PARENT,
        what: What::RunEnded {
            outcome: Outcome::Raised("WorkerLostError: the worker was killed".to_owned()),
            wall_ns: 39,
            start_ns: 2,
            digest: String::new(),
        },
    });
    drop(rest);
    events
}

#[test]
fn errors_lost_units_and_restarts_are_told() {
    let folder = folder();
    write_trace(folder.path(), "t.pst", &troubled_run());
    let run = &told(&poolscope(folder.path(), &["show", "t.pst", "--json"]))["runs"][0];
    assert_eq!(run["outcome"]["raised"], "WorkerLostError: the worker was killed");
    let error = json!({
        "at_ns": 30, "unit": 1, "item": 3, "input": "x = 3", "kind": "WorkerLostError",
        "message": "the worker was killed", "stage": "call", "location": "square", "worker": "Worker 1", "pid": 11,
    });
    assert_eq!(run["errors"], Value::Array(vec![error]));
    let lost =
        json!([{ "at_ns": 29, "unit": 1, "worker": "Worker 1", "pid": 11, "exit": "−SIGKILL", "fate": "fails" }]);
    assert_eq!(run["lost_units"], lost);
    let restart =
        json!([{ "at_ns": 31, "place": 1, "worker": "Worker 2", "pid": 12, "replaced_pid": 11, "why": "died" }]);
    assert_eq!(run["restarts"], restart);
    assert_eq!(run["printed"], json!([{ "at_ns": 32, "by": "Worker 2", "pid": 12, "line": "prepared" }]));
    assert_eq!((&run["delivered"], &run["first_result_ns"]), (&json!([1, 0]), &json!(26)));
    let call = &run["calls"][0];
    assert_eq!((&call["call"], &call["answer"]), (&json!("result.get(timeout=0.2)"), &json!("TimeoutError")));
    assert_eq!((&call["raised"], &call["by"], &call["took_ns"]), (&json!(true), &json!("Parent"), &json!(13)));
    let actors = run["actors"].as_array().expect("actors");
    let of = |field: &str| actors.iter().map(|actor| actor[field].clone()).collect::<Vec<_>>();
    assert_eq!(of("exit"), [Value::Null, json!(-9), json!(0)]);
    assert_eq!(of("exit_name"), [Value::Null, json!("−SIGKILL"), json!("0")]);
    assert_eq!(of("place"), [json!(0), json!(1), json!(1)], "who replaces another takes over its place");
    assert_eq!(of("parent"), [Value::Null, json!("Parent"), json!("Parent")]);

    let words = poolscope(folder.path(), &["show", "t.pst"]);
    for line in [
        "the caller got an error after 39 ns: WorkerLostError: the worker was killed",
        "errors    unit 1, item 3 (x = 3) failed in Worker 1 (pid 11) at call: WorkerLostError: the worker was killed",
        "lost      unit 1 of Worker 1 (pid 11), which ended with −SIGKILL: it fails",
        "restarts  1 worker took the place of another: 0 had retired, 1 had died",
        "calls     result.get(timeout=0.2) raised TimeoutError, after 13 ns",
        "          pool.join() → None, after 14 ns",
        "delivered first result after 26 ns; units in the order 1, 0",
    ] {
        assert!(text(&words.stdout).contains(line), "{line}: {}", text(&words.stdout));
    }
}

/// Why the first worker of the troubled run was replaced where the plan and its exit are these; and the words.
fn why_replaced(with: Executor, maxtasksperchild: Option<u32>, exited: Exit) -> (String, String) {
    let folder = folder();
    let mut events = troubled_run();
    for event in &mut events {
        match &mut event.what {
            What::RunBegan { plan, .. } => (plan.with, plan.maxtasksperchild) = (with, maxtasksperchild),
            What::ActorExited { exit, .. } => *exit = exited,
            _ => {}
        }
    }
    write_trace(folder.path(), "t.pst", &events);
    let run = &told(&poolscope(folder.path(), &["show", "t.pst", "--json"]))["runs"][0];
    let words = poolscope(folder.path(), &["show", "t.pst"]);
    (run["restarts"][0]["why"].as_str().expect("a word").to_owned(), text(&words.stdout).to_owned())
}

#[test]
fn only_a_process_that_may_retire_and_ended_with_zero_has_retired() {
    let why = |with, most, exit| why_replaced(with, most, exit).0;
    assert_eq!(why(Executor::Processes, Some(1), Exit::Code(0)), "retired");
    assert_eq!(why(Executor::Hybrid, Some(1), Exit::Code(0)), "retired");
    assert_eq!(why(Executor::Processes, Some(1), Exit::Code(3)), "died");
    assert_eq!(why(Executor::Processes, None, Exit::Code(0)), "died", "the plan lets no worker retire");
    let (why, words) = why_replaced(Executor::GilThreads, None, Exit::Joined);
    assert_eq!(why, "died", "threads never retire");
    assert!(words.contains("which ended before its time: it fails"), "a thread has no exit code: {words}");
    assert!(words.contains("0 had retired, 1 had died"), "{words}");
}

#[test]
fn of_more_failures_than_the_trace_tells_the_number_is_not_guessed() {
    let folder = folder();
    let words = |failed: u32| {
        let plan = Plan { call: Call::Imap, workers: 1, ..Plan::default() };
        let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 5000, chunksize: 1, detail_units: 9 };
        let failure = TaskFailure { kind: "ValueError".to_owned(), ..TaskFailure::default() };
        let outcome = Outcome::Raised(format!("ValueError. {failed} of 5000 units have no result."));
        let mut whats = vec![began];
        whats.push(What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 10, 0))));
        let told = failed.min(1000);
        whats.extend((0..told).map(|unit| What::UnitFailed { unit, failure: Box::new(failure.clone()) }));
        let call = What::Called { call: "next(results)".to_owned(), since_ns: 0, answer: "E".to_owned(), raised: true };
        whats.extend(std::iter::repeat_n(call, told.min(64) as usize));
        whats.push(What::RunEnded { outcome, wall_ns: 1, start_ns: 0, digest: String::new() });
        let events: Vec<Event> = whats.into_iter().map(|what| Event { at_ns: 1, by: ActorId::PARENT, what }).collect();
        write_trace(folder.path(), "t.pst", &events);
        text(&poolscope(folder.path(), &["show", "t.pst"]).stdout).to_owned()
    };
    let few = words(999);
    assert!(few.contains("… and 979 more\n"), "{few}");
    let many = words(4999);
    assert!(many.contains("… and 4,979 more, of which the trace tells 980\n"), "{many}");
    assert!(many.contains("… and 44 more, and perhaps others that the trace does not tell\n"), "{many}");
    let all = words(1000);
    assert!(all.contains("… and 980 more\n"), "that is all of them: {all}");
}

#[test]
fn thousands_of_workers_are_folded() {
    let folder = folder();
    let plan = Plan { call: Call::Imap, maxtasksperchild: Some(1), workers: 1, ..Plan::default() };
    let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 10_000, chunksize: 1, detail_units: 9 };
    let mut whats = vec![began];
    whats.push(What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 10, 0))));
    for number in 1..=10_000 {
        let replaces = (number > 1).then_some(ActorId(number));
        let birth = Birth::new(ActorId(number + 1), Role::WorkerProcess, number, 100 + number, 0);
        whats.push(What::ActorBorn(Box::new(Birth { replaces, ..birth })));
        whats.push(What::ActorExited { actor: ActorId(number + 1), exit: Exit::Code(0) });
        let failure = TaskFailure { kind: "ValueError".to_owned(), ..TaskFailure::default() };
        whats.push(What::UnitFailed { unit: number - 1, failure: Box::new(failure) });
    }
    let events: Vec<Event> = whats.into_iter().map(|what| Event { at_ns: 1, by: ActorId::PARENT, what }).collect();
    write_trace(folder.path(), "t.pst", &events);
    let words = poolscope(folder.path(), &["show", "t.pst"]);
    let words = text(&words.stdout);
    assert!(words.lines().count() < 120, "{}", words.lines().count());
    assert!(words.contains("  … and 9,937 more\n") && words.contains("… and 9,980 more\n"), "{words}");
    assert!(words.contains("9,999 workers took the place of another: 9,999 had retired, 0 had died"), "{words}");
    let run = &told(&poolscope(folder.path(), &["show", "t.pst", "--json"]))["runs"][0];
    assert_eq!(run["actors"].as_array().map(Vec::len), Some(10_001), "of data nothing is folded");
}

/// A program: a process and a daemon under it, which is ended by a signal.
fn program_run() -> Vec<Event> {
    let (child, daemon) = (ActorId(2), ActorId(3));
    let knobs = [("depth".to_owned(), 2)].into();
    let plan = Plan { program: Some("tree".to_owned()), knobs, start: StartMethod::Fork, ..Plan::default() };
    let process = |actor, pid, name: &str, parent, daemon| {
        let birth = Birth::new(actor, Role::Process, 0, pid, 0);
        let start = Some(StartMethod::Fork);
        What::ActorBorn(Box::new(Birth { name: Some(name.to_owned()), parent, daemon, start, ..birth }))
    };
    let call = |call: &str, answer: &str, raised| What::Called {
        call: call.to_owned(),
        since_ns: 1_000_000,
        answer: answer.to_owned(),
        raised,
    };
    let signal = |actor| What::SignalSent { actor, signal: "SIGTERM".to_owned(), why: "terminate()".to_owned() };
    let parent = ActorId::PARENT;
    let ms = [
        (0, parent, What::RunBegan { run: 0, plan: Box::new(plan), items: 0, chunksize: 1, detail_units: 9 }),
        (0, parent, What::ActorBorn(Box::new(Birth::new(parent, Role::Parent, 0, 10, 0)))),
        (1, parent, process(child, 11, "Process-1", None, false)),
        (2, child, What::Printed { line: "worker: 0".to_owned() }),
        (3, child, process(daemon, 12, "Process-1:1", Some(child), true)),
        (4, child, signal(daemon)),
        (5, child, What::Unreaped { actor: daemon }),
        (6, child, What::ActorExited { actor: daemon, exit: Exit::Signal(15) }),
        (7, parent, call("p.join()", "AssertionError: can only join a started process", true)),
        (8, parent, call("p.exitcode", "0", false)),
        (9, parent, What::ActorExited { actor: child, exit: Exit::Code(0) }),
        (10, ActorId::OBSERVER, What::Printed { line: "late".to_owned() }),
        (
            11,
            parent,
            What::RunEnded { outcome: Outcome::Complete, wall_ns: 11_000_000, start_ns: 0, digest: String::new() },
        ),
    ];
    ms.map(|(ms, by, what)| Event { at_ns: ms * 1_000_000, by, what }).to_vec()
}

#[test]
fn a_program_is_told_as_a_story() {
    let folder = folder();
    write_trace(folder.path(), "t.pst", &program_run());
    let words = poolscope(folder.path(), &["show", "t.pst"]);
    assert_eq!(code(&words), Some(0), "{words:?}");
    let lines = [
        "run 1: tree (depth = 2)",
        "processes are started by fork; complete after 11 ms",
        "[     0.0 ms] Parent (pid 10)       begins",
        "[     1.0 ms] Process-1 (pid 11)    was started by Parent, by fork",
        "[     2.0 ms] Process-1 (pid 11)    prints: worker: 0",
        "[     3.0 ms] Process-1:1 (pid 12)  was started by Process-1, by fork, as a daemon",
        "[     4.0 ms] Process-1:1 (pid 12)  is sent SIGTERM by Process-1: terminate()",
        "[     5.0 ms] Process-1:1 (pid 12)  has ended, and nobody has waited for it: a zombie",
        "[     6.0 ms] Process-1:1 (pid 12)  ended: exit code −SIGTERM",
        "[     7.0 ms] Parent (pid 10)       p.join() raised AssertionError: can only join a started process, after 6 ms",
        "[     8.0 ms] Parent (pid 10)       p.exitcode → 0, after 7 ms",
        "[     9.0 ms] Process-1 (pid 11)    ended: exit code 0",
        "[    10.0 ms] somebody              prints: late",
    ];
    let mut rest = text(&words.stdout);
    for line in lines {
        let place = rest.find(line);
        assert!(place.is_some(), "{line}: {}", text(&words.stdout));
        rest = &rest[place.unwrap_or_default()..];
    }
    let run = &told(&poolscope(folder.path(), &["show", "t.pst", "--json"]))["runs"][0];
    let daemon = &run["actors"][2];
    assert_eq!((&daemon["parent"], &daemon["daemon"]), (&json!("Process-1"), &json!(true)));
    assert_eq!((&daemon["exit"], &daemon["exit_name"]), (&json!(-15), &json!("−SIGTERM")));
    let sent = json!([{ "at_ns": 4_000_000, "by": "Process-1", "signal": "SIGTERM", "why": "terminate()" }]);
    assert_eq!(daemon["signals"], sent);
    assert_eq!(run["printed"][1]["by"], Value::Null);
}
