//! The waterfall by numbers.

use proptest::prelude::*;

use super::*;
use crate::model::Model;
use crate::plan::{Executor, Plan};
use crate::trace::{ActorId, Birth, ChannelId, Content, Doing, Event, Medium, Outcome, Role, What};

/// A run does not begin when the clock does.
const BEGAN_NS: u64 = 1_000_000;

/// What a worker does: asked for, ready, then (waits, computes, sends) a unit, in nanoseconds.
struct Story {
    asked_ns: u64,
    ready_ns: u64,
    units: Vec<(u64, u64, u64)>,
}

/// A run of these workers that ended so long after its begin.
fn run_of(stories: &[Story], wall_ns: u64) -> Model {
    run_as(&Plan { workers: stories.len() as u32, ..Plan::default() }, stories, wall_ns)
}

fn run_as(plan: &Plan, stories: &[Story], wall_ns: u64) -> Model {
    let mut model = Model::new();
    let mut tell = |ns: u64, by: u32, what| model.apply(&Event { at_ns: BEGAN_NS + ns, by: ActorId(by), what });
    let units: usize = stories.iter().map(|story| story.units.len()).sum();
    let began = What::RunBegan {
        run: 0,
        plan: Box::new(plan.clone()),
        items: units as u64,
        chunksize: 1,
        detail_units: crate::trace::DETAIL_UNITS,
    };
    tell(0, 1, began);
    let mut unit = 0;
    for (story, by) in stories.iter().zip(2..) {
        let (actor, asked_ns) = (ActorId(by), BEGAN_NS + story.asked_ns);
        let role = Role::WorkerProcess;
        tell(story.asked_ns, 1, What::ActorBorn(Box::new(Birth::new(actor, role, by - 1, by, asked_ns))));
        tell(story.ready_ns, by, What::ActorReady);
        let mut now = story.ready_ns;
        for &(waits, computes, sends) in &story.units {
            tell(now + waits, by, What::UnitBegan { unit, core: None });
            tell(now + waits + computes, by, What::UnitEnded { unit, core: None });
            now += waits + computes + sends;
            let since_ns = BEGAN_NS + now - sends;
            tell(now, by, What::Did { doing: Doing::Send, since_ns });
            unit += 1;
        }
    }
    let outcome = Outcome::Complete;
    tell(wall_ns, 1, What::RunEnded { outcome, wall_ns, start_ns: 0, digest: "0".to_owned() });
    model
}

fn story(asked_ns: u64, ready_ns: u64, units: &[(u64, u64, u64)]) -> Story {
    Story { asked_ns, ready_ns, units: units.to_vec() }
}

fn times(model: &Model) -> Times {
    Times::of(model.last_run().expect("a run")).expect("it is told in full")
}

fn ns(fall: &Waterfall) -> Vec<i64> {
    fall.steps.iter().map(|step| step.ns).collect()
}

#[test]
fn the_parts_are_what_the_workers_did() {
    // Worker 1: starting 10, waiting 4, computing 40 and 40, sending 2 and 4. Done at 100.
    // Worker 2: starting 20, waiting 2, computing 30, sending 8. Done at 60. The result is taken at 110.
    let model = run_of(&[story(6, 10, &[(4, 40, 2), (0, 40, 4)]), story(8, 20, &[(2, 30, 8)])], 110);
    let fall = times(&model).against(100).expect("a baseline");
    assert_eq!((fall.ideal, fall.ideal_ns), (2.0, 50));
    // Means of two workers: starting 15, messages (2 + 4 + 8)/2 + 10, waiting 3, uneven 40/2,
    // computing (110 − 100)/2.
    assert_eq!(ns(&fall), [15, 17, 3, 20, 5, 0]);
    assert_eq!(fall.ideal_ns as i64 + ns(&fall).iter().sum::<i64>(), 110);
    let left: Vec<f64> = [65.0, 82.0, 85.0, 105.0, 110.0, 110.0].map(|ns| 100.0 / ns).to_vec();
    for (step, speedup) in fall.steps.iter().zip(left) {
        assert!((step.speedup - speedup).abs() < 1e-12, "{step:?}");
    }
    assert!((fall.measured() - 100.0 / 110.0).abs() < 1e-12);
}

#[test]
fn what_is_read_adds_up() {
    let model = run_of(&[story(6, 10, &[(4, 40, 2), (0, 40, 4)]), story(8, 20, &[(2, 30, 8)])], 110);
    let rows = times(&model).against(100).expect("a baseline").rows();
    let read: Vec<(&str, &str)> = rows.iter().map(|row| (row.name(), row.number.as_str())).collect();
    assert_eq!(
        read,
        [
            ("ideal", "2.00"),
            ("starting workers", "−0.46"),
            ("messages", "−0.32"),
            ("waiting for units", "−0.04"),
            ("uneven last units", "−0.23"),
            ("busy cores", "−0.04"),
            ("unexplained", "0.00"),
            ("measured", "0.91"),
        ]
    );
    assert_eq!(rows.last().map(|row| (row.ns, row.from)), Some((110, 0.0)));
}

#[test]
fn a_gain_has_its_sign() {
    // 60 in all instead of 100 alone: faster than ideal.
    let model = run_of(&[story(0, 2, &[(0, 30, 0)]), story(0, 2, &[(0, 30, 0)])], 32);
    let fall = times(&model).against(100).expect("a baseline");
    assert_eq!(ns(&fall), [2, 0, 0, 0, -20, 0]);
    assert!(fall.measured() > fall.ideal && fall.steps[4].loss < 0.0);
    let rows = fall.rows();
    assert_eq!((rows[5].number.as_str(), rows[7].number.as_str()), ("+1.21", "3.13"));
    assert!(rows[5].from < rows[5].to);
}

#[test]
fn a_worker_without_a_unit_is_uneven_and_one_that_came_too_late_was_starting() {
    let model = run_of(&[story(0, 10, &[(0, 90, 0)]), story(0, 10, &[]), story(0, 300, &[])], 100);
    let fall = times(&model).against(90).expect("a baseline");
    assert_eq!(fall.ideal_ns, 30);
    assert_eq!(ns(&fall), [40, 0, 0, 30, 0, 0]);
}

#[test]
fn a_thread_is_starting_until_it_says_a_word() {
    let mut model = run_of(&[story(0, 10, &[(15, 50, 5)]), story(0, 10, &[])], 80);
    let mut greet = |by: u32, ns| {
        let (channel, from, to, medium) = (ChannelId(by), ActorId(by), ActorId::PARENT, Medium::Memory);
        let opened = What::ChannelOpened { channel, from, to, medium, capacity_bytes: 0 };
        let hello = What::Sent { channel, message: 0, content: Content::Setup, bytes: 0 };
        for (by, what) in [(to, opened), (from, hello)] {
            model.apply(&Event { at_ns: BEGAN_NS + ns, by, what });
        }
    };
    greet(2, 20);
    greet(3, 40);
    // Starting 20 and 40, waiting 5, computing 50, sending 5; uneven until 80.
    let fall = times(&model).against(40).expect("a baseline");
    assert_eq!((fall.ideal_ns, ns(&fall)), (20, [30, 3, 2, 20, 5, 0].to_vec()));
}

#[test]
fn past_the_detail_limit_computing_is_summed_and_the_rest_unexplained() {
    let mut model = run_of(&[story(0, 10, &[])], 100);
    // The interval is closed when "no more work" comes, after the run's end.
    let summed = What::UnitsSummed { units: 9, since_ns: BEGAN_NS + 20, busy_ns: 70 };
    model.apply(&Event { at_ns: BEGAN_NS + 130, by: ActorId(2), what: summed });
    let times = times(&model);
    assert!(times.summed);
    assert_eq!(ns(&times.against(65).expect("a baseline")), [10, 0, 10, 0, 5, 10]);
}

#[test]
fn it_says_why_it_is_missing() {
    let stories = [story(0, 10, &[(0, 80, 0)])];
    let of = |model: &Model| Times::of(model.last_run().expect("a run"));
    let plan = Plan { workers: 1, ..Plan::default() };
    let off = run_as(&Plan { tracing: false, ..plan.clone() }, &stories, 100);
    assert_eq!(of(&off), Err(Missing::TracingOff));
    let alone = run_as(&Plan { with: Executor::Sequential, ..plan }, &stories, 100);
    assert_eq!(of(&alone), Err(Missing::Alone));
    assert_eq!(of(&run_of(&[story(0, 10, &[])], 100)), Err(Missing::NothingComputed));
    let mut lossy = run_of(&stories, 100);
    lossy.apply(&Event { at_ns: BEGAN_NS, by: ActorId(2), what: What::EventsLost { count: 1 } });
    assert_eq!(of(&lossy), Err(Missing::EventsLost));
    let mut unfinished = run_of(&stories, 100);
    unfinished.runs[0].end = None;
    assert_eq!(of(&unfinished), Err(Missing::Incomplete));
    assert_eq!(Times::of_median(&unfinished.runs), Err(Missing::Incomplete));
    assert_eq!(of(&run_of(&stories, 100)).expect("complete").against(0), None);
}

#[test]
fn the_median_run_is_explained() {
    let mut model = Model::new();
    for (number, wall_ns) in (0..).zip([130, 100, 110, 120]) {
        let mut run = run_of(&[story(0, 10, &[(0, 80, 0)])], wall_ns).runs.remove(0);
        run.number = number;
        model.runs.push(run);
    }
    let median = |count: usize| Times::of_median(&model.runs[..count]).map(|times| (times.run, times.wall_ns));
    assert_eq!(median(3), Ok((2, 110)));
    assert_eq!(median(4), Ok((2, 110)), "the faster of the two in the middle");
}

#[test]
fn a_file_may_claim_anything() {
    let mut model = run_of(&[story(0, 10, &[(0, 80, 0)])], 100);
    let lie = |busy_ns| What::UnitsSummed { units: u32::MAX, since_ns: 0, busy_ns };
    for (at_ns, busy_ns) in [(0, u64::MAX), (u64::MAX, u64::MAX)] {
        model.apply(&Event { at_ns, by: ActorId(2), what: lie(busy_ns) });
    }
    let received = What::Received { channel: ChannelId(9), message: 0, content: Content::Stop, bytes: 0 };
    model.apply(&Event { at_ns: 0, by: ActorId(2), what: received });
    for baseline_ns in [1, u64::MAX] {
        let fall = times(&model).against(baseline_ns).expect("a baseline");
        assert!(fall.steps.iter().all(|step| step.loss.is_finite() && step.speedup.is_finite()));
    }
}

proptest! {
    #[test]
    fn the_parts_always_add_up(
        workers in prop::collection::vec(
            (0_u64..500, 0_u64..500, prop::collection::vec((0_u64..400, 1_u64..2_000, 0_u64..300), 1..6)),
            1..7,
        ),
        late_ns in 0_u64..300,
        baseline_ns in 1_u64..50_000,
    ) {
        let stories: Vec<Story> =
            workers.iter().map(|(asked, start, units)| story(*asked, asked + start, units)).collect();
        let length = |story: &Story| story.ready_ns + story.units.iter().map(|unit| unit.0 + unit.1 + unit.2).sum::<u64>();
        let wall_ns = stories.iter().map(length).max().unwrap_or(0) + late_ns;
        let fall = times(&run_of(&stories, wall_ns)).against(baseline_ns).expect("a baseline");

        prop_assert_eq!(fall.ideal_ns as i64 + ns(&fall).iter().sum::<i64>(), wall_ns as i64);
        prop_assert_eq!(fall.steps[5].ns, 0, "lanes without gaps leave nothing unexplained");
        prop_assert!((fall.measured() - baseline_ns as f64 / wall_ns as f64).abs() < 1e-9);
        let lost: f64 = fall.steps.iter().map(|step| step.loss).sum();
        prop_assert!((fall.ideal - lost - fall.measured()).abs() < 1e-9);
        prop_assert!(fall.steps[..4].iter().all(|step| step.loss >= 0.0 && step.ns >= 0));

        let rows = fall.rows();
        let read = |row: &Row| row.number.replace('−', "-").parse::<f64>().map(|value| (value * 100.0).round() as i64);
        let read: Vec<i64> = rows.iter().map(|row| read(row).expect("a number")).collect();
        prop_assert_eq!(read[..7].iter().sum::<i64>(), read[7], "what is read adds up");
    }
}

#[test]
fn a_successor_takes_over_the_time_of_its_place() {
    // One place: a worker computes from 10 to 40 and is gone at 42; its successor is asked for at 50, ready at
    // 60, computes from 60 to 90; the result is taken at 92.
    let plan = Plan { workers: 1, maxtasksperchild: Some(1), ..Plan::default() };
    let mut model = Model::new();
    let mut tell = |ns: u64, by: u32, what| model.apply(&Event { at_ns: BEGAN_NS + ns, by: ActorId(by), what });
    let (items, chunksize, detail_units) = (2, 1, crate::trace::DETAIL_UNITS);
    tell(0, 1, What::RunBegan { run: 0, plan: Box::new(plan), items, chunksize, detail_units });
    for (by, unit, [asked, ready, began, ended, gone]) in [(2, 0, [0, 10, 10, 40, 42]), (3, 1, [50, 60, 60, 90, 99])] {
        let birth = Birth::new(ActorId(by), Role::WorkerProcess, by - 1, by, BEGAN_NS + asked);
        let replaces = (by == 3).then_some(ActorId(2));
        tell(asked, 1, What::ActorBorn(Box::new(Birth { replaces, ..birth })));
        tell(ready, by, What::ActorReady);
        tell(began, by, What::UnitBegan { unit, core: None });
        tell(ended, by, What::UnitEnded { unit, core: None });
        tell(gone, 1, What::ActorExited { actor: ActorId(by), exit: crate::trace::Exit::Code(0) });
    }
    let outcome = Outcome::Complete;
    tell(92, 1, What::RunEnded { outcome, wall_ns: 92, start_ns: 10, digest: "0".to_owned() });
    let fall = times(&model).against(60).expect("a baseline");
    assert_eq!(fall.steps.len() + 2, fall.rows().len());
    assert!((fall.ideal - 1.0).abs() < 1e-9, "one place, whoever stood there");
    // Starting 10 + (50 − 42) + 10; the rest is how the results travelled.
    assert_eq!(ns(&fall), [28, 4, 0, 0, 0, 0]);
}

#[test]
fn waiting_for_the_emulated_lock_is_told_apart() {
    let plan = Plan { with: Executor::GilThreads, workers: 2, ..Plan::default() };
    let mut model = run_as(&plan, &[story(0, 0, &[(0, 50, 0)]), story(0, 0, &[(0, 100, 0)])], 100);
    assert_eq!(times(&model).against(150).expect("a baseline").steps.len(), 6, "nobody waited for it");
    let waited = What::Did { doing: Doing::WaitForGil, since_ns: BEGAN_NS + 50 };
    model.apply(&Event { at_ns: BEGAN_NS + 90, by: ActorId(2), what: waited });
    let fall = times(&model).against(150).expect("a baseline");
    let gil = fall.steps.iter().find(|step| step.part == Part::Gil).expect("it has a line");
    assert_eq!(gil.ns, 20, "40 of one of two threads");
}
