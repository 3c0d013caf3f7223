//! K: the trace. What it says adds up at every instant, whatever went wrong, and a file says the same.

use poolscope::model::{Model, check};
use poolscope::plan::{Call, LossPolicy, Plan};
use poolscope::session::Options;
use poolscope::trace::{Content, Event, What, file};

use crate::common::{listen, session};
use crate::ways::{Finished, processes, quickest, run, sleeps, squares, ways, with_faults};

/// Runs of many kinds: quiet ones, troubled ones, cut-off ones.
fn plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for way in ways() {
        plans.extend(Call::ALL.iter().map(|&call| Plan { call, ..squares(&way, 20, 1) }));
        plans.push(with_faults(squares(&way, 20, 2), &["error@call:3"]));
        plans.push(Plan { terminate_after_ms: Some(30), ..sleeps(&way, 1000, 1) });
        if way.with.has_processes() {
            plans.push(Plan { maxtasksperchild: Some(2), ..squares(&way, 20, 1) });
            for &policy in &[LossPolicy::Replace, LossPolicy::Retry, LossPolicy::Broken] {
                plans.push(with_faults(Plan { policy, ..squares(&way, 20, 1) }, &["kill@call:3:once"]));
            }
        }
    }
    plans
}

/// Sent = received + in flight, at every instant; each message is sent once and received once at most.
fn adds_up(finished: &Finished, plan: &Plan) {
    for road in &finished.run().channels {
        assert_eq!(road.contradictions(), 0, "{}: {plan:?}", finished.way);
        for event in &finished.told.events {
            let (sent, received) = (road.sent_by(event.at_ns), road.received_by(event.at_ns));
            assert!(received <= sent, "{}: {received} of {sent} at {}: {plan:?}", finished.way, event.at_ns);
            assert_eq!(road.in_flight(event.at_ns).len(), sent - received, "{}: {plan:?}", finished.way);
        }
        // What never arrived went to, or came from, somebody who was cut off; or it told somebody who had
        // retired that there is no more work; or terminate() came first, and nobody waits for it any more.
        let lost: Vec<_> = road.in_flight(u64::MAX).filter_map(|number| road.message(number)).collect();
        let workers = [road.from, road.to].map(|id| finished.run().actor(id).expect("introduced").clone());
        let cut_off = workers.iter().any(|actor| actor.exited.is_some_and(|(_, exit)| !exit.is_success()));
        let only_stops = lost.iter().all(|message| message.content == Content::Stop);
        let terminated = plan.terminate_after_ms.is_some();
        assert!(cut_off || only_stops || terminated, "{}: {lost:?}: {plan:?}", finished.way);
    }
}

#[test]
fn k01_messages_add_up_at_every_instant() {
    for plan in plans() {
        let finished = run(&plan);
        adds_up(&finished, &plan);
    }
}

/// No message is received before it was sent.
#[test]
fn k02_nothing_arrives_before_it_left() {
    for plan in plans().into_iter().step_by(3) {
        let finished = run(&plan);
        let mut seen = 0;
        for road in &finished.run().channels {
            for message in (0..road.recorded()).filter_map(|number| road.message(number)) {
                if let (Some(sent_ns), Some(received_ns)) = (message.sent_ns, message.received_ns) {
                    assert!(sent_ns <= received_ns, "{}: {message:?}", finished.way);
                    seen += 1;
                }
            }
        }
        assert!(seen > 0 || !plan.with.has_processes(), "{}", finished.way);
    }
}

/// A recorded run says the same when it is opened: the same events, the same figures.
#[test]
fn k03_a_recording_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for (plan, number) in plans().into_iter().step_by(2).zip(0..) {
        let path = folder.path().join(format!("{number}.pst"));
        let told = listen(&session(&plan, Options { trace: Some(path.clone()), ..Options::default() }));
        let opened = file::open(&path).expect("it opens");
        assert_eq!(opened.notice, None, "{plan:?}");
        let lines = |events: &[Event]| {
            let mut lines: Vec<String> = events.iter().map(|event| format!("{event:?}")).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(lines(&opened.events), lines(&told.events), "{plan:?}");
        let model = Model::of(&opened.events);
        assert_eq!(check::violations(&model), [""; 0], "{plan:?}");
        let (live, again) = (Model::of(&told.events), model);
        let figures = |model: &Model| {
            let run = model.last_run().expect("a run");
            let ends: Vec<_> = run.actors.iter().map(|actor| (actor.id, actor.units, actor.exited)).collect();
            (run.end.clone(), ends, run.failures.clone(), run.delivered.clone(), run.calls.clone(), run.events)
        };
        assert_eq!(figures(&live), figures(&again), "{plan:?}");
    }
}

/// The engine crashes: what was recorded until then opens, without an end, and contradicts itself nowhere.
#[test]
fn k04_a_trace_of_a_crash_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    for way in processes() {
        let path = folder.path().join(way.start.name());
        let plan = with_faults(sleeps(&way, 40, 1), &["segfault@decode-result:20"]);
        let told = listen(&session(&plan, Options { trace: Some(path.clone()), ..Options::default() }));
        assert!(told.ending.error.is_some(), "{:?}", told.ending);
        let part = folder.path().join(format!("{}.part", way.start.name()));
        let opened = file::open(if path.exists() { &path } else { &part }).expect("it opens");
        let mut model = Model::of(&opened.events);
        model.cut = true;
        assert_eq!(check::violations(&model), [""; 0], "{}", way.start.name());
        let run = model.last_run().expect("it began");
        assert_eq!(run.end, None, "{}: nobody said how it ended", way.start.name());
        // Of each worker there is something: it said that it was ready.
        let ready = opened.events.iter().filter(|event| matches!(event.what, What::ActorReady)).count();
        assert!(ready >= 2, "{}: {ready}", way.start.name());
        assert_eq!(opened.events.len(), told.events.len(), "{}: file and window agree", way.start.name());
    }
}

/// With tracing off the results are the same, and the units leave no events.
#[test]
fn k05_tracing_changes_no_result() {
    for way in ways() {
        let digest = |tracing| {
            let finished = run(&Plan { tracing, ..squares(&way, 500, 3) });
            finished.assert_complete();
            let run = finished.run();
            (run.end.clone().expect("it ended").digest, run.units.iter().count())
        };
        let ((with, units), (without, none)) = (digest(true), digest(false));
        assert_eq!((with, units, none), (without, 167, 0), "{}", way.with.name());
    }
    // A troubled run fails the same way.
    let plan = with_faults(squares(&quickest(), 20, 1), &["kill@call:3"]);
    let failed = |tracing| {
        let finished = run(&Plan { tracing, ..plan.clone() });
        finished.failed().into_iter().map(|(unit, kind)| (unit, kind.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(failed(true), failed(false));
}
