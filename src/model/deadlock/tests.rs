mod inner_locks;

use super::*;
use crate::model::Model;
use crate::plan::Plan;
use crate::trace::{Awaited, Birth, Deed, Doing, Event, Exit, Made, ObjectKind, Role, What, Wish};

const MS: u64 = 1_000_000;
const PARENT: ActorId = ActorId::PARENT;
const P1: ActorId = ActorId(2);
const P2: ActorId = ActorId(3);
const P3: ActorId = ActorId(4);
const THREAD: ActorId = ActorId(9);
const A: ObjectId = ObjectId(0);
const B: ObjectId = ObjectId(1);

/// A story told by hand: times in milliseconds.
struct Story(Vec<Event>);

impl Story {
    fn new() -> Self {
        let plan = Plan { program: Some("by-hand".to_owned()), ..Plan::default() };
        let began = What::RunBegan { run: 0, plan: Box::new(plan), items: 0, chunksize: 1, detail_units: 9 };
        let parent = What::ActorBorn(Box::new(Birth::new(PARENT, Role::Parent, 0, 1, 0)));
        let mut story = Self(Vec::new()).with(0, PARENT, began).with(0, PARENT, parent);
        for (number, id) in [(1, P1), (2, P2), (3, P3)] {
            let name = Some(format!("Process-{number}"));
            let birth = Birth { name, ..Birth::new(id, Role::Process, number, 10 + number, 0) };
            story = story.with(1, PARENT, What::ActorBorn(Box::new(birth))).with(1, id, What::ActorReady);
        }
        story
    }

    fn with(mut self, ms: u64, by: ActorId, what: What) -> Self {
        self.0.push(Event { at_ns: ms * MS, by, what });
        self
    }

    fn made(self, object: ObjectId, kind: ObjectKind, name: &str, capacity: u64) -> Self {
        let pipe_bytes = if kind == ObjectKind::Lock { 0 } else { 65536 };
        let (name, initial, lock, robust) = (name.to_owned(), None, None, false);
        let made = Made { object, kind, name, capacity, pipe_bytes, initial, lock, robust };
        self.with(2, PARENT, What::ObjectMade(Box::new(made)))
    }

    fn used(self, ms: u64, by: ActorId, object: ObjectId, deed: Deed) -> Self {
        self.with(ms, by, What::Used { object, since_ns: ms * MS, deed })
    }

    fn waits(self, ms: u64, by: ActorId, wish: Wish, on: Awaited, lane: u16) -> Self {
        self.with(ms, by, What::Waits { wish, on, lane, for_ever: true })
    }

    fn wants(self, ms: u64, by: ActorId, wish: Wish, object: ObjectId) -> Self {
        self.waits(ms, by, wish, Awaited::Object(object), 0)
    }

    fn joins(self, ms: u64, by: ActorId, other: ActorId) -> Self {
        self.waits(ms, by, Wish::End, Awaited::Actor(other), 0)
    }

    fn killed(self, ms: u64, actor: ActorId) -> Self {
        self.with(ms, PARENT, What::ActorExited { actor, exit: Exit::Signal(9) })
    }

    /// The others have nothing to do with it.
    fn without(self, others: &[ActorId]) -> Self {
        others
            .iter()
            .fold(self, |story, &actor| story.with(3, PARENT, What::ActorExited { actor, exit: Exit::Code(0) }))
    }

    /// What is known when nothing more comes until then.
    fn until(self, ms: u64) -> Model {
        let mut model = Model::of(&self.0);
        assert_eq!(model.strays, 0);
        // The first time something may have come just before.
        model.pass_time((ms - 1) * MS);
        model.pass_time(ms * MS);
        model
    }

    /// The sentences of what is known then.
    fn told(self, ms: u64) -> Vec<String> {
        let model = self.until(ms);
        let run = &model.runs[0];
        run.deadlocks().iter().map(|deadlock| run.deadlock_in_words(deadlock, u64::MAX)).collect()
    }
}

fn opposite() -> Story {
    Story::new()
        .made(A, ObjectKind::Lock, "a", 1)
        .made(B, ObjectKind::Lock, "b", 1)
        .used(10, P1, A, Deed::Acquired { left: 0 })
        .used(11, P2, B, Deed::Acquired { left: 0 })
        .joins(12, PARENT, P1)
        .wants(20, P1, Wish::Acquire, B)
        .wants(30, P2, Wish::Acquire, A)
}

#[test]
fn two_locks_in_opposite_order_are_named_with_their_holders_and_the_parent_is_not() {
    let model = opposite().until(300);
    let run = &model.runs[0];
    let [deadlock] = run.deadlocks() else { panic!("{:?}", run.deadlocks()) };
    assert_eq!(
        run.deadlock_in_words(deadlock, u64::MAX),
        "Deadlock: Process-1 waits for lock b, which Process-2 holds; Process-2 waits for lock a, which Process-1 holds."
    );
    assert_eq!((deadlock.since_ns, deadlock.until_ns), (30 * MS, u64::MAX));
    assert_eq!(deadlock.links[0].helpers, [P2]);
    let lasts = |at_ns| run.deadlocks_at(at_ns).next().is_some();
    assert!(!lasts(29 * MS) && lasts(31 * MS));
    let wait = run.wait_of(P1, 300 * MS).expect("it waits");
    assert_eq!(run.wait_in_words(wait, 1220 * MS), "waits for lock b, which Process-2 holds, for 1.2 s");
}

#[test]
fn it_takes_a_while_before_it_is_told_and_ends_with_the_first_who_goes() {
    assert!(opposite().told(220).is_empty(), "too early");
    let model = opposite().with(400, PARENT, What::ActorReady).killed(500, P2).until(900);
    let run = &model.runs[0];
    assert_eq!(run.deadlocks()[0].until_ns, 500 * MS);
    assert!(run.deadlocks_at(499 * MS).next().is_some());
    // Now the other one waits for a dead owner.
    let [_, left] = run.deadlocks() else { panic!("{:?}", run.deadlocks()) };
    assert_eq!((left.why, left.links[0].actor, left.since_ns), (Why::OwnerDied, P1, 500 * MS));
}

#[test]
fn a_lock_whose_owner_was_killed_is_never_given_back() {
    let story = || {
        Story::new()
            .made(A, ObjectKind::Lock, "a", 1)
            .used(10, P1, A, Deed::Acquired { left: 0 })
            .wants(20, P2, Wish::Acquire, A)
            .killed(50, P1)
    };
    let told = story().told(400);
    assert_eq!(
        told,
        [
            "Its owner died: Process-2 waits for lock a, which Process-1 held when it ended. Nobody will ever give it back."
        ]
    );
    // Whoever comes later waits in vain, too.
    let model = story().wants(500, P3, Wish::Acquire, A).until(900);
    let run = &model.runs[0];
    let [deadlock] = run.deadlocks() else { panic!("{:?}", run.deadlocks()) };
    assert_eq!(deadlock.links.iter().map(|link| link.actor).collect::<Vec<_>>(), [P2, P3]);
    assert_eq!(deadlock.since_ns, 50 * MS);
}

#[test]
fn both_ends_of_a_full_pipe_that_send_first_are_named() {
    let told = Story::new()
        .without(&[P2, P3])
        .made(A, ObjectKind::Pipe, "conn", 2)
        .used(5, PARENT, A, Deed::Holds { end: 0 })
        .used(5, PARENT, A, Deed::Holds { end: 1 })
        .used(6, P1, A, Deed::Holds { end: 1 })
        .used(7, PARENT, A, Deed::Closed { end: 1 })
        .waits(20, P1, Wish::Send, Awaited::Object(A), 1)
        .waits(25, PARENT, Wish::Send, Awaited::Object(A), 0)
        .told(400);
    assert_eq!(
        told,
        ["Deadlock: Parent waits for room in pipe conn, which is full; only Process-1 could take something out; \
          Process-1 waits for room in pipe conn, which is full; only Parent could take something out."]
    );
}

fn feeding() -> Story {
    let birth = Birth { parent: Some(P1), ..Birth::new(THREAD, Role::ProcessThread, 1, 11, 5) };
    let message = 0;
    Story::new()
        .without(&[P2, P3])
        .made(A, ObjectKind::Queue, "q", 0)
        .with(5, P1, What::ActorBorn(Box::new(birth)))
        .used(6, P1, A, Deed::Put { lane: 0, message, bytes: 1 << 20 })
        .wants(8, THREAD, Wish::Send, A)
        .wants(9, P1, Wish::Feed, A)
}

#[test]
fn a_child_that_is_joined_before_its_queue_is_emptied_is_named_with_its_feeder() {
    let told = feeding().joins(30, PARENT, P1).told(400);
    assert_eq!(
        told,
        ["Deadlock: Parent waits for Process-1 to end; \
          Process-1 waits for its feeder thread to write all it has into queue q; \
          Thread 1 of Process-1 waits for room in the pipe of queue q, which is full; only Parent could take something out."]
    );
    assert!(feeding().told(400).is_empty(), "the parent does not wait: it may still read");
    let asleep = feeding().with(30, PARENT, What::Did { doing: Doing::Sleep, since_ns: 10 * MS });
    assert!(asleep.told(400).is_empty());
    let patient =
        feeding().with(30, PARENT, What::Waits { wish: Wish::End, on: Awaited::Actor(P1), lane: 0, for_ever: false });
    assert!(patient.told(400).is_empty(), "join(timeout) returns");
}

#[test]
fn a_big_message_that_passes_slowly_is_no_deadlock() {
    let reading = feeding().wants(30, PARENT, Wish::Receive, A);
    assert!(reading.told(900).is_empty());
}

#[test]
fn who_waits_for_somebody_busy_is_in_no_deadlock() {
    let queue = || Story::new().made(A, ObjectKind::Queue, "q", 2);
    let consumer = queue().wants(20, P1, Wish::Receive, A).joins(20, PARENT, P1);
    assert!(consumer.told(900).is_empty(), "others may still put something in");
    let sleeper = Story::new()
        .made(A, ObjectKind::Lock, "a", 1)
        .used(10, P1, A, Deed::Acquired { left: 0 })
        .wants(20, P2, Wish::Acquire, A)
        .joins(20, PARENT, P2);
    assert!(sleeper.told(900).is_empty(), "its holder sleeps");
    let mut patient = opposite();
    for event in &mut patient.0 {
        if let What::Waits { for_ever, .. } = &mut event.what
            && event.by == P2
        {
            *for_ever = false;
        }
    }
    assert!(patient.told(900).is_empty(), "one of them gives up some time");
    let given = opposite().used(100, P2, A, Deed::Acquired { left: 0 });
    assert!(given.told(900).is_empty(), "it has got it");
}

#[test]
fn a_queue_that_nobody_will_ever_fill_is_named() {
    let alone =
        Story::new().without(&[P1, P2, P3]).made(A, ObjectKind::Queue, "q", 0).wants(20, PARENT, Wish::Receive, A);
    assert_eq!(
        alone.told(400),
        ["This wait never ends: Parent waits for a message in queue q, which is empty. Nobody is left who could help."]
    );
    let forgotten = Story::new()
        .without(&[P2, P3])
        .made(A, ObjectKind::Queue, "q", 0)
        .used(10, PARENT, A, Deed::Put { lane: 0, message: 0, bytes: 9 })
        .used(11, P1, A, Deed::Got { lane: 0, message: 0, bytes: 9 })
        .wants(20, P1, Wish::Receive, A)
        .joins(20, PARENT, P1);
    assert_eq!(
        forgotten.told(400),
        ["Deadlock: Parent waits for Process-1 to end; \
          Process-1 waits for a message in queue q, which is empty; only Parent could put something in."]
    );
    let filled = Story::new()
        .without(&[P2, P3])
        .made(A, ObjectKind::Queue, "q", 0)
        .used(10, PARENT, A, Deed::Put { lane: 0, message: 0, bytes: 9 })
        .wants(20, P1, Wish::Receive, A)
        .joins(20, PARENT, P1);
    assert!(filled.told(400).is_empty(), "the message is on its way");
}

#[test]
fn who_was_called_and_has_not_run_yet_is_in_no_deadlock() {
    let condition = || {
        Story::new()
            .without(&[P3])
            .made(A, ObjectKind::Condition, "c", 0)
            .wants(20, P1, Wish::Notify, A)
            .used(40, P2, A, Deed::Notified { woken: 1 })
            .joins(50, PARENT, P1)
            .joins(50, P2, P1)
    };
    assert!(condition().told(900).is_empty(), "it was notified, and had no core yet");
    let again = condition().used(60, P1, A, Deed::Woke).wants(70, P1, Wish::Notify, A);
    assert_eq!(again.told(900).len(), 1, "nobody will notify it once more");
    let pulsed = Story::new()
        .without(&[P3])
        .made(A, ObjectKind::Event, "e", 0)
        .wants(20, P1, Wish::Set, A)
        .used(40, P2, A, Deed::Set)
        .used(41, P2, A, Deed::Cleared)
        .joins(50, PARENT, P1)
        .joins(50, P2, P1);
    assert!(pulsed.told(900).is_empty());
    let passed = Story::new()
        .without(&[P3])
        .made(A, ObjectKind::Barrier, "b", 2)
        .wants(20, P1, Wish::Pass, A)
        .used(40, P2, A, Deed::Passed { index: 1 })
        .joins(50, PARENT, P1)
        .joins(50, P2, P1);
    assert!(passed.told(900).is_empty());
}

#[test]
fn who_was_killed_and_had_no_core_to_end_is_in_no_deadlock() {
    let (signal, why) = ("SIGKILL".to_owned(), String::new());
    let killed = || What::SignalSent { actor: P1, signal: signal.clone(), why: why.clone() };
    assert_eq!(feeding().joins(30, PARENT, P1).told(400).len(), 1);
    assert!(feeding().with(29, PARENT, killed()).joins(30, PARENT, P1).told(400).is_empty(), "with its feeder");
}

#[test]
fn who_begins_may_have_the_other_end_of_a_pipe() {
    let birth = Birth { parent: Some(PARENT), ..Birth::new(THREAD, Role::Process, 4, 14, 5) };
    let pipe = || {
        Story::new()
            .without(&[P1, P2, P3])
            .made(A, ObjectKind::Pipe, "conn", 2)
            .used(5, PARENT, A, Deed::Holds { end: 0 })
            .used(5, PARENT, A, Deed::Holds { end: 1 })
            .with(7, PARENT, What::ActorBorn(Box::new(birth.clone())))
            .waits(25, PARENT, Wish::Send, Awaited::Object(A), 0)
    };
    assert!(pipe().told(900).is_empty(), "it has not said yet what it has");
    assert_eq!(pipe().with(30, THREAD, What::ActorReady).killed(40, THREAD).told(900).len(), 1);
}

#[test]
fn who_is_stopped_is_in_no_deadlock() {
    let queue = |stopped: bool| {
        let story = Story::new()
            .without(&[P3])
            .made(A, ObjectKind::Queue, "q", 0)
            .used(10, P1, A, Deed::Put { lane: 0, message: 0, bytes: 9 })
            .used(11, P2, A, Deed::Got { lane: 0, message: 0, bytes: 9 })
            .wants(20, P2, Wish::Receive, A)
            .wants(20, P1, Wish::Receive, A)
            .joins(20, PARENT, P1);
        let (signal, why) = ("SIGSTOP".to_owned(), String::new());
        if stopped { story.with(30, PARENT, What::SignalSent { actor: P1, signal, why }) } else { story }
    };
    assert_eq!(queue(false).told(900).len(), 1);
    assert!(queue(true).told(900).is_empty(), "it goes on when it is continued");
}

#[test]
fn nobody_is_left_since_the_last_one_went() {
    let model = Story::new()
        .made(A, ObjectKind::Queue, "q", 0)
        .wants(20, PARENT, Wish::Receive, A)
        .killed(30, P1)
        .killed(40, P2)
        .killed(500, P3)
        .until(900);
    let [deadlock] = model.runs[0].deadlocks() else { panic!("{:?}", model.runs[0].deadlocks()) };
    assert_eq!((deadlock.why, deadlock.since_ns), (Why::NobodyLeft, 500 * MS));
}

#[test]
fn of_permits_it_is_said_whose_holder_has_ended() {
    let model = Story::new()
        .made(A, ObjectKind::Semaphore, "s", 2)
        .used(10, P1, A, Deed::Acquired { left: 1 })
        .used(11, P2, A, Deed::Acquired { left: 0 })
        .wants(20, P3, Wish::Acquire, A)
        .killed(30, P1)
        .until(90);
    let run = &model.runs[0];
    let wait = run.wait_of(P3, 90 * MS).expect("it waits");
    assert_eq!(
        run.wish_in_words(wait, 90 * MS),
        "for a permit of semaphore s, which Process-1 (which has ended) and Process-2 hold"
    );
}

#[test]
fn it_is_known_in_a_replay_from_the_next_event_on() {
    let events = opposite().killed(5000, P1).0;
    let model = Model::of(&events);
    let run = &model.runs[0];
    let [deadlock] = run.deadlocks() else { panic!("{:?}", run.deadlocks()) };
    assert_eq!((deadlock.since_ns, deadlock.until_ns), (30 * MS, 5000 * MS));
}

#[test]
fn in_the_middle_of_other_things_it_is_known_within_a_second() {
    let mut story = opposite();
    // Somebody else goes on all the time.
    for ms in (40..1000).step_by(10) {
        story = story.waits(ms, P3, Wish::End, Awaited::Actor(THREAD), 0).used(
            ms + 5,
            P3,
            B,
            Deed::GaveUp { wish: Wish::Acquire },
        );
        let model = Model::of(&story.0);
        if !model.runs[0].deadlocks().is_empty() {
            assert!(ms < 500, "{ms}");
            return;
        }
    }
    panic!("it was not found");
}
