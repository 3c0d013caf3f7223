//! `poolscope show`: what a trace holds, and whether it breaks the rules.

use std::fs;

use poolscope::trace::{ActorId, ChannelId, Content, Event, Exit, Outcome, What};
use serde_json::Value;

use crate::common::{code, folder, json, poolscope, small_run, text, write_trace};

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
            // Whoever dies early may leave what was sent to him unread.
            for event in events {
                if let What::ActorExited { exit, .. } = &mut event.what {
                    *exit = Exit::Code(0);
                }
            }
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
