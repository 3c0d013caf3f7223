//! Pipes: what each of their programs promises, asserted from what was told of it under every start method of this
//! machine; and where Python is at hand, whether it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

use std::time::{Duration, Instant};

use crate::common;
use crate::common::programs::{at_once, ended_at, plan, run, same_in_python, stopped_when, waiting};
use poolscope::session::{Options, Report};
use poolscope::trace::{ActorId, Awaited, Deed, Doing, Event, ObjectId, ObjectKind, Outcome, What, Wish};

#[test]
fn a_ball_goes_to_and_fro_and_every_message_is_told() {
    at_once(|start| {
        let ran = run("ping-pong", start, &[("rounds", 200)]);
        let way = start.name();
        assert!(ran.lines()[0].starts_with("median round trip: "), "{way}");
        for lane in [0, 1] {
            let mut fed = Vec::new();
            let mut got = Vec::new();
            for event in &ran.told.events {
                match event.what {
                    What::Used { deed: Deed::Fed { lane: on, message, bytes }, .. } if on == lane => {
                        fed.push((event.by, message, bytes));
                    }
                    What::Used { deed: Deed::Got { lane: on, message, bytes }, .. } if on == lane => {
                        got.push((event.by, message, bytes));
                    }
                    _ => {}
                }
            }
            assert_eq!((fed.len(), got.len()), (200, 200), "lane {lane} by {way}");
            for (number, (fed, got)) in (0..).zip(fed.iter().zip(&got)) {
                assert_eq!((fed.1, fed.2), (number, 25), "in order, by {way}");
                assert_eq!((got.1, got.2), (number, 25), "in order, by {way}");
                assert_ne!(fed.0, got.0, "the other gets it, by {way}");
            }
        }
    });
}

#[test]
fn who_has_which_end_is_told_first_and_the_capacity_is_the_kernels() {
    let capacity = poolscope::sys::pipe().expect("a pipe").1.capacity_bytes();
    at_once(|start| {
        let ran = run("pipe-rules", start, &[]);
        let child = ran.actor("Process-1").id;
        let mut news = ran.told.events.iter().filter(|event| event.by == child).map(|event| &event.what);
        let Some(What::Used { object, deed, .. }) = news.next() else { panic!("it says what it has") };
        assert_eq!((*object, *deed), (ObjectId(4), Deed::Holds { end: 1 }), "{}", start.name());
        assert_eq!(news.next(), Some(&What::ActorReady), "{}", start.name());
        let made = ran.told.events.iter().filter_map(|event| match &event.what {
            What::ObjectMade(made) => Some((made.kind, made.pipe_bytes)),
            _ => None,
        });
        assert_eq!(made.collect::<Vec<_>>(), [(ObjectKind::Pipe, capacity); 5]);
    });
}

#[test]
fn f14_to_f18_and_f20_the_rules_of_pipes_hold() {
    at_once(|start| {
        let ran = run("pipe-rules", start, &[]);
        let expected = [
            "OSError: connection is read-only",
            "OSError: connection is write-only",
            "poll(0): False",
            "poll(-1): False",
            "poll(0.2): False",
            "ready: 0",
            "poll(5): True",
            "ready: 1",
            "message: b'xxx'",
            "message: b''",
            "message: b'xx'",
            "EOFError",
            "BrokenPipeError: [Errno 32] Broken pipe",
            "OSError: bad message length",
            "OSError: handle is closed",
            "the end is seen while a child has it: False",
            "EOFError",
        ];
        assert_eq!(ran.lines(), expected, "{}", start.name());
        // The end of the stream came with the end of the child that had a copy, not before.
        let last = ran.raised().len();
        let eof = ran.calls("held[0].recv()")[0];
        let child = ran.actor("Process-1").id;
        let slept = |event: &&Event| event.by == child && matches!(event.what, What::Did { doing: Doing::Sleep, .. });
        let slept_ns = ran.told.events.iter().find(slept).expect("it sleeps").at_ns;
        assert!(last == 7 && eof.to_ns >= slept_ns, "{} {last}", start.name());
    });
}

#[test]
fn f14_python_agrees() {
    same_in_python("pipe-rules", &[]);
}

#[test]
fn f19_with_a_lock_no_message_is_torn() {
    at_once(|start| {
        let ran = run("two-writers", start, &[("lock", 1), ("messages", 150)]);
        let lines = ["whole messages: 300 of 300", "none was torn this time"];
        assert_eq!(ran.lines(), lines, "{}", start.name());
        assert!(!ran.told.events.iter().any(|event| matches!(event.what, What::Used { deed: Deed::Torn { .. }, .. })));
    });
    same_in_python("two-writers", &[("lock", 1), ("messages", 50)]);
}

#[test]
fn f19_without_one_whatever_is_torn_is_counted_to_the_byte() {
    at_once(|start| {
        let ran = run("two-writers", start, &[("messages", 150)]);
        let (mut fed, mut got, mut torn) = (0_u64, 0_u64, 0_u64);
        let mut whole = 0;
        for event in &ran.told.events {
            match event.what {
                What::Used { deed: Deed::Fed { bytes, .. }, .. } => fed += u64::from(bytes),
                What::Used { deed: Deed::Got { bytes, .. }, .. } => {
                    got += u64::from(bytes);
                    whole += 1;
                }
                What::Used { deed: Deed::Torn { bytes, .. }, .. } => torn += u64::from(bytes),
                _ => {}
            }
        }
        assert_eq!(got + torn, fed, "no byte is lost or made up, by {}", start.name());
        let lines = ran.lines();
        assert_eq!(lines[0], format!("whole messages: {whole} of 300"), "{}", start.name());
        // Nobody can promise that it happens; the program says whether it did.
        let verdict = if whole < 300 { "some were torn" } else { "none was torn this time" };
        assert_eq!((lines[1].as_str(), torn > 0), (verdict, whole < 300), "{}", start.name());
        println!("{}: {whole} of 300 arrived whole", start.name());
    });
}

#[test]
fn f21_when_both_send_first_both_wait_and_below_the_capacity_both_go_on() {
    at_once(|start| {
        let way = start.name();
        let told = stopped_when(plan("both-send-first", start, &[]), |events| waiting(events).len() == 2);
        let waits: Vec<_> = told
            .events
            .iter()
            .filter_map(|event| match event.what {
                What::Waits { wish, on, lane, for_ever } => {
                    Some((event.by == ActorId::PARENT, wish, on, lane, for_ever))
                }
                _ => None,
            })
            .collect();
        let pipe = Awaited::Object(ObjectId(0));
        for (is_parent, lane) in [(true, 0), (false, 1)] {
            let expected = (is_parent, Wish::Send, pipe, lane, true);
            assert_eq!(waits.iter().filter(|wait| **wait == expected).count(), 1, "{way}: {waits:?}");
        }
        // And nobody went on.
        let sent = told.events.iter().filter(|event| matches!(event.what, What::Used { deed: Deed::Fed { .. }, .. }));
        assert_eq!(sent.count(), 0, "{way}");
        let ran = run("both-send-first", start, &[("bytes", 30_000)]);
        let mut lines = ran.lines();
        lines.sort_unstable();
        assert_eq!(lines, ["the child got bytes: 30000", "the parent got bytes: 30000"], "{way}");
    });
    same_in_python("both-send-first", &[("bytes", 30_000)]);
}

#[test]
fn whoever_is_in_a_deadlock_is_stopped_within_two_seconds() {
    for name in ["both-send-first", "join-before-drain"] {
        at_once(|start| {
            let session = common::session(&ended_at(60_000, plan(name, start, &[])), Options::default());
            let give_up = Instant::now() + common::DEADLINE;
            let mut waiting = 0;
            // Both sides wait.
            while waiting < 2 {
                match session.reports().recv_deadline(give_up).expect("it goes on") {
                    Report::Events(events) => {
                        waiting += events.iter().filter(|event| matches!(event.what, What::Waits { .. })).count();
                    }
                    Report::Ended(ending) => panic!("{name} by {}: {ending:?}", start.name()),
                    Report::Warning(_) => {}
                }
            }
            let began = Instant::now();
            session.stop();
            let told = common::listen(&session);
            // And what a busy machine adds.
            assert!(began.elapsed() < Duration::from_secs(10), "{name} by {}: {:?}", start.name(), began.elapsed());
            let stopped =
                told.events.iter().any(|event| matches!(&event.what, What::RunEnded { outcome: Outcome::Stopped, .. }));
            assert!(stopped, "{name} by {}", start.name());
        });
    }
}
