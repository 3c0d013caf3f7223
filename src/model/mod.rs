//! What is known of a trace: every event goes through [`Model::apply`], live, replayed or simulated.
//!
//! The model keeps everything with its time and answers "how was it at `at_ns`" by binary search, so
//! that a live view and a replay are the same question asked at another time. Events of one actor
//! come in order; between actors they may come in any order, and a receive may be applied before its
//! send.

pub mod buffer;
pub mod check;
pub mod deadlock;
mod family;
mod filling;
mod history;
pub mod lane;
pub mod objects;
mod places;
mod room;
pub mod run;
mod signals;
pub mod speedup;
pub mod stats;
pub mod steps;
mod take;
pub mod traffic;
pub mod units;
pub mod waits;
pub mod waterfall;
pub mod wish;

use crate::chunk::Cut;
use crate::trace::{ActorId, Event, Machine, What};

use family::Family;
use history::Tally;
use objects::Objects;
use places::Places;
use room::Room;
use waits::Waits;

pub use buffer::{Buffer, Slot};
pub use deadlock::{Deadlock, Link};
pub use family::{Line, Who};
pub use lane::{Lane, Span, SpanKind, State, Sum};
pub use objects::Object;
pub use run::{Actor, Call, Failure, Lost, Printed, Run, RunEnd, SignalSent, Usage};
pub use traffic::{Channel, Message};
pub use units::{Unit, Units};
pub use waits::Wait;

/// How busy the cores were since the sample before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoreSample {
    /// When.
    pub at_ns: u64,
    /// Per core, in thousandths.
    pub busy_permille: Vec<u16>,
}

/// Everything known of one trace.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The machine it was recorded on.
    pub machine: Option<Machine>,
    /// Its runs, in order.
    pub runs: Vec<Run>,
    /// How busy the cores were, in order.
    pub cores: Vec<CoreSample>,
    /// Measurements of the observer itself, in order.
    pub observer: Vec<Usage>,
    /// Events applied.
    pub events: u64,
    /// Events that could not be kept, as the trace itself says.
    pub events_lost: u64,
    /// Events that name a run, actor or channel nobody introduced.
    pub strays: u64,
    /// Events that name a unit or message so far past all others that it was not kept: a file may
    /// claim anything.
    pub beyond: u64,
    /// Whether the trace it comes from was cut or damaged, so that its end is missing.
    pub cut: bool,
    room: Room,
}

impl Model {
    /// A model of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// A model of these events.
    pub fn of(events: &[Event]) -> Self {
        let mut model = Self::new();
        for event in events {
            model.apply(event);
        }
        for run in &mut model.runs {
            run.objects.settle();
        }
        model
    }

    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        self.events += 1;
        self.room.earn();
        match &event.what {
            What::MachineSeen(machine) => self.machine = Some(*machine.clone()),
            What::CoresSampled { busy_permille } => {
                self.cores.push(CoreSample { at_ns: event.at_ns, busy_permille: busy_permille.clone() });
                // Also while all processes sleep, and say nothing, time passes.
                self.pass_time(event.at_ns);
            }
            What::RunBegan { run, plan, items, chunksize, detail_units } => self.runs.push(Run {
                number: *run,
                plan: *plan.clone(),
                cut: Cut { items: *items, chunksize: (*chunksize).max(1) },
                detail_units: *detail_units,
                began_ns: event.at_ns,
                last_ns: event.at_ns,
                told_ns: event.at_ns,
                end: None,
                actors: Vec::new(),
                actor_places: Places::default(),
                family: Family::default(),
                channels: Vec::new(),
                channel_places: Places::default(),
                roads: std::collections::HashMap::new(),
                objects: Objects::default(),
                moments: Tally::default(),
                waits: Waits::default(),
                watch: deadlock::Watch::default(),
                units: Units::default(),
                results: Vec::new(),
                failures: Vec::new(),
                lost: Vec::new(),
                delivered: Vec::new(),
                calls: Vec::new(),
                summed_from_ns: None,
                printed: Vec::new(),
                events: 0,
                events_lost: 0,
            }),
            What::ProcessSampled { actor: ActorId::OBSERVER, cpu_permille, rss_bytes } => {
                let usage = Usage { at_ns: event.at_ns, cpu_permille: *cpu_permille, rss_bytes: *rss_bytes };
                self.observer.push(usage);
            }
            What::EventsLost { count } => {
                self.events_lost = self.events_lost.saturating_add(*count);
                if let Some(run) = self.runs.last_mut() {
                    run.events_lost = run.events_lost.saturating_add(*count);
                    run.with_actor(event.by, |actor| actor.events_lost = actor.events_lost.saturating_add(*count));
                }
            }
            _ => match self.runs.last_mut() {
                Some(run) => {
                    self.strays += u64::from(!run.apply(event, &mut self.room));
                    self.beyond += u64::from(self.room.was_refused());
                }
                None => self.strays += 1,
            },
        }
        if let Some(run) = self.runs.last_mut() {
            run.events += 1;
        }
    }

    /// Until now nothing more has come: whoever watches a live run says so now and then, since silence tells, too.
    pub fn pass_time(&mut self, now_ns: u64) {
        if let Some(run) = self.runs.last_mut().filter(|run| run.end.is_none() && !run.actors.is_empty()) {
            run.last_ns = run.last_ns.max(now_ns);
            run.objects.pass_time(now_ns);
            run.pass_time(now_ns);
        }
    }

    /// The run that is shown unless another is chosen: the last one.
    pub fn last_run(&self) -> Option<&Run> {
        self.runs.last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{Birth, ChannelId, Content, Doing, Exit, Medium, Role};

    fn began(run: u32) -> What {
        let plan = Box::default();
        What::RunBegan { run, plan, items: 1_000_000, chunksize: 1, detail_units: crate::trace::DETAIL_UNITS }
    }

    fn model(whats: impl IntoIterator<Item = What>) -> Model {
        let events: Vec<Event> = whats.into_iter().map(|what| Event { at_ns: 1, by: ActorId::PARENT, what }).collect();
        Model::of(&events)
    }

    fn records(model: &Model) -> usize {
        let of = |run: &Run| run.units.iter().count() + run.channels.iter().map(Channel::recorded).sum::<usize>();
        model.runs.iter().map(of).sum()
    }

    fn road(channel: u32) -> What {
        let (channel, from, to) = (ChannelId(channel), ActorId::PARENT, ActorId(2));
        What::ChannelOpened { channel, from, to, medium: Medium::Pipe, capacity_bytes: 0 }
    }

    #[test]
    fn a_small_trace_fills_little_memory_whatever_it_claims() {
        let content = Content::Unit(199_999);
        let model = model((0..300).flat_map(|number| {
            let (channel, message, bytes) = (ChannelId(number), 199_999, 1);
            let sent = What::Sent { channel, message, content, bytes };
            [began(number), road(number), sent, What::UnitBegan { unit: 199_999, core: None }]
        }));
        assert_eq!((model.runs.len(), model.strays > 0), (300, true), "the unit's worker was never born");
        assert!(model.beyond > 0);
        assert!(records(&model) < 250_000, "{}", records(&model));
        assert!(check::violations(&model).iter().any(|found| found.contains("far past all others")));
    }

    #[test]
    fn a_gap_where_events_were_lost_is_kept() {
        let bytes = 1;
        let sent = |message| What::Sent { channel: ChannelId(0), message, content: Content::Unit(message), bytes };
        let model = model([began(0), road(0)].into_iter().chain((0..9).map(sent)).chain((20_000..20_050).map(sent)));
        assert_eq!((model.beyond, model.strays), (0, 0));
        assert_eq!(model.runs[0].channels[0].unrecorded(), 20_000 - 9);
    }

    /// The parent may tell of an end before what the process did last is read from its ring.
    #[test]
    fn what_is_told_after_the_end_of_an_actor_is_kept() {
        let child = ActorId(2);
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let born = What::ActorBorn(Box::new(Birth::new(child, Role::Process, 1, 7, 1)));
        let slept = What::Did { doing: Doing::Sleep, since_ns: 20 };
        let events = [
            event(0, ActorId::PARENT, began(0)),
            event(2, ActorId::PARENT, born),
            event(10, child, What::ActorReady),
            event(100, ActorId::PARENT, What::ActorExited { actor: child, exit: Exit::Code(0) }),
            event(90, child, slept),
        ];
        let model = Model::of(&events);
        let spans = model.runs[0].actor(child).expect("it was born").lane.spans();
        let told: Vec<(u64, u64, SpanKind)> = spans.iter().map(|span| (span.from_ns, span.to_ns, span.kind)).collect();
        assert_eq!(
            told,
            [
                (1, 10, SpanKind::Starting),
                (10, 20, SpanKind::Waiting),
                (20, 90, SpanKind::Sleeping),
                (90, 100, SpanKind::Waiting)
            ]
        );
    }

    #[test]
    fn who_ends_before_it_is_heard_of_was_not_starting_all_the_time() {
        let (child, ready) = (ActorId(2), What::ActorReady);
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let born = What::ActorBorn(Box::new(Birth::new(child, Role::Process, 1, 7, 1)));
        let exited = What::ActorExited { actor: child, exit: Exit::Code(0) };
        let (ready, exited) = (event(10, child, ready), event(100, ActorId::PARENT, exited));
        for last in [[&ready, &exited], [&exited, &ready]] {
            let mut events = vec![event(0, ActorId::PARENT, began(0)), event(2, ActorId::PARENT, born.clone())];
            events.extend(last.map(Clone::clone));
            let model = Model::of(&events);
            let spans = model.runs[0].actor(child).expect("it was born").lane.spans();
            let told: Vec<(u64, u64, SpanKind)> =
                spans.iter().map(|span| (span.from_ns, span.to_ns, span.kind)).collect();
            assert_eq!(told, [(1, 10, SpanKind::Starting), (10, 100, SpanKind::Waiting)]);
        }
    }

    /// Stopped at 100, continued at 600; what it computes from 90 on takes 30 all in all.
    #[test]
    fn who_is_stopped_does_not_compute() {
        let (worker, thread) = (ActorId(2), ActorId(3));
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let born = |actor, role, parent| {
            let birth = Birth { parent: Some(parent), ..Birth::new(actor, role, 1, 7, 1) };
            event(2, ActorId::PARENT, What::ActorBorn(Box::new(birth)))
        };
        let sent = |by, at_ns, signal: &str| {
            let (signal, why) = (signal.to_owned(), String::new());
            event(at_ns, by, What::SignalSent { actor: worker, signal, why })
        };
        let setting = [
            event(0, ActorId::PARENT, began(0)),
            event(0, ActorId::PARENT, What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 6, 0)))),
            born(worker, Role::WorkerProcess, ActorId::PARENT),
            born(thread, Role::ProcessThread, worker),
            event(10, worker, What::ActorReady),
            event(10, thread, What::ActorReady),
        ];
        let began = |at_ns, unit| event(at_ns, worker, What::UnitBegan { unit, core: None });
        let (first, second) = (began(90, 5), began(650, 6));
        let ended = event(620, worker, What::UnitEnded { unit: 5, core: None });
        let (stop, go) = (sent(ActorId::PARENT, 100, "SIGSTOP"), sent(ActorId::PARENT, 600, "SIGCONT"));
        let by_itself = sent(worker, 100, "SIGSTOP");
        // However late the news of it come, and whoever sent it.
        let orders = [
            [&first, &stop, &go, &ended, &second],
            [&stop, &first, &ended, &go, &second],
            [&first, &ended, &second, &stop, &go],
            [&stop, &go, &first, &ended, &second],
            [&go, &first, &ended, &by_itself, &second],
        ];
        for order in orders {
            let events: Vec<Event> = setting.iter().chain(order).cloned().collect();
            let model = Model::of(&events);
            let actor = |id| model.runs[0].actor(id).expect("it was born");
            let lane = &actor(worker).lane;
            let told: Vec<_> =
                lane.spans().iter().map(|span| (span.from_ns, span.to_ns, span.kind, span.unit)).collect();
            assert_eq!(
                told,
                [
                    (1, 2, SpanKind::Starting, None),
                    (10, 90, SpanKind::Waiting, None),
                    (90, 100, SpanKind::Computing, Some(5)),
                    (100, 600, SpanKind::Stopped, Some(5)),
                    (600, 620, SpanKind::Computing, Some(5)),
                    (620, 650, SpanKind::Serializing, Some(5)),
                    (650, u64::MAX, SpanKind::Computing, Some(6)),
                ],
                "{order:?}"
            );
            assert_eq!((lane.computed_ns(0, 650), lane.computed_ns(95, 610)), (30, 15));
            let moments = [99, 100, 599, 600];
            let computing = State::Busy(SpanKind::Computing, Some(5));
            let states = moments.map(|at_ns| actor(worker).state(at_ns));
            assert_eq!(states, [computing, State::Stopped, State::Stopped, computing]);
            let waiting = State::Busy(SpanKind::Waiting, None);
            let states = moments.map(|at_ns| actor(thread).state(at_ns));
            assert_eq!(states, [waiting, State::Stopped, State::Stopped, waiting], "so do its threads");
        }
        // Never continued, until it was killed.
        let killed = What::ActorExited { actor: worker, exit: Exit::Signal(9) };
        let killed = event(900, ActorId::PARENT, killed);
        let events: Vec<Event> = setting.iter().chain([&first, &stop, &killed]).cloned().collect();
        let model = Model::of(&events);
        let lane = &model.runs[0].actor(worker).expect("it was born").lane;
        let last = lane.spans().last().expect("a span");
        assert_eq!((last.from_ns, last.to_ns, last.kind), (100, 900, SpanKind::Stopped));
        assert_eq!(lane.computed_ns(0, 1000), 10);
    }

    #[test]
    fn time_passes_while_nobody_says_anything() {
        let event = |at_ns, by, what| Event { at_ns, by, what };
        let sample = |at_ns| event(at_ns, ActorId::OBSERVER, What::CoresSampled { busy_permille: vec![5] });
        let parent = What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 7, 10)));
        let outcome = crate::trace::Outcome::Complete;
        let end = What::RunEnded { outcome, wall_ns: 80, start_ns: 0, digest: String::new() };
        let mut model =
            Model::of(&[event(10, ActorId::PARENT, began(0)), event(10, ActorId::PARENT, parent), sample(60)]);
        assert_eq!(model.runs[0].length_ns(), 50);
        model.apply(&event(90, ActorId::PARENT, end));
        model.apply(&sample(310));
        assert_eq!(model.runs[0].length_ns(), 80, "after its end it has its length");
    }

    #[test]
    fn a_process_that_crashes_takes_its_threads_along() {
        let born = |actor, role| What::ActorBorn(Box::new(Birth::new(ActorId(actor), role, actor, 7, 1)));
        let crash = Exit::Signal(11);
        let joined = What::ActorExited { actor: ActorId(2), exit: Exit::Joined };
        let crashed = What::ActorExited { actor: ActorId::PARENT, exit: crash };
        let worker = born(4, Role::WorkerProcess);
        let actors = [born(1, Role::Parent), born(2, Role::WorkerThread), born(3, Role::WorkerThread), worker];
        let model = model([began(0)].into_iter().chain(actors).chain([joined, crashed]));
        let exits: Vec<Option<Exit>> =
            model.runs[0].actors.iter().map(|actor| actor.exited.map(|(_, exit)| exit)).collect();
        assert_eq!(exits, [Some(crash), Some(Exit::Joined), Some(crash), None], "a process ends by itself");
    }

    #[test]
    fn of_two_with_one_id_the_first_is_meant() {
        let model = model([began(0), road(5), road(6), road(9), road(6)]);
        let run = &model.runs[0];
        for (id, place) in [(5, 0), (6, 1), (9, 2)] {
            assert!(std::ptr::eq(run.channel(ChannelId(id)).expect("it was opened"), &raw const run.channels[place]));
        }
        assert!(run.channel(ChannelId(7)).is_none());
    }
}
