//! What is known of a trace: every event goes through [`Model::apply`], live, replayed or simulated.
//!
//! The model keeps everything with its time and answers "how was it at `at_ns`" by binary search, so
//! that a live view and a replay are the same question asked at another time. Events of one actor
//! come in order; between actors they may come in any order, and a receive may be applied before its
//! send.

pub mod buffer;
pub mod check;
mod family;
pub mod lane;
mod places;
mod room;
pub mod run;
mod signals;
pub mod speedup;
pub mod stats;
pub mod steps;
pub mod traffic;
pub mod units;
pub mod waterfall;

use crate::chunk::Cut;
use crate::trace::{ActorId, Birth, ChannelId, Content, Doing, Event, Machine, Medium, Role, What};

use family::Family;
use places::Places;
use room::Room;

pub use buffer::{Buffer, Slot};
pub use family::{Line, Who};
pub use lane::{Lane, Span, SpanKind, State, Sum};
pub use run::{Actor, Call, Failure, Lost, Printed, Run, RunEnd, SignalSent, Usage};
pub use traffic::{Channel, Message};
pub use units::{Unit, Units};

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
                if let Some(run) = self.runs.last_mut().filter(|run| run.end.is_none() && !run.actors.is_empty()) {
                    run.last_ns = run.last_ns.max(event.at_ns);
                }
            }
            What::RunBegan { run, plan, items, chunksize, detail_units } => self.runs.push(Run {
                number: *run,
                plan: *plan.clone(),
                cut: Cut { items: *items, chunksize: (*chunksize).max(1) },
                detail_units: *detail_units,
                began_ns: event.at_ns,
                last_ns: event.at_ns,
                end: None,
                actors: Vec::new(),
                actor_places: Places::default(),
                family: Family::default(),
                channels: Vec::new(),
                channel_places: Places::default(),
                roads: std::collections::HashMap::new(),
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

    /// The run that is shown unless another is chosen: the last one.
    pub fn last_run(&self) -> Option<&Run> {
        self.runs.last()
    }
}

impl Run {
    fn actor_mut(&mut self, id: ActorId) -> Option<&mut Actor> {
        self.actors.get_mut(self.actor_places.of(id.0)?)
    }

    fn channel_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.get_mut(self.channel_places.of(id.0)?)
    }

    /// Takes one event in; false if it speaks of something nobody introduced.
    fn apply(&mut self, event: &Event, room: &mut Room) -> bool {
        let (at_ns, by) = (event.at_ns, event.by);
        if by != ActorId::OBSERVER {
            self.last_ns = self.last_ns.max(at_ns);
        }
        match &event.what {
            What::ActorBorn(birth) => {
                let Birth { actor, role, number, pid, start, asked_ns, replaces, parent, name, daemon } = &**birth;
                let mut lane = Lane::default();
                let parent = (*role != Role::Parent).then(|| parent.unwrap_or(by));
                let replaced = replaces.and_then(|id| self.actor(id));
                let place = replaced.map_or(*number, |replaced| replaced.place);
                if let Some(parent) = parent {
                    lane.push(*asked_ns, u64::MAX, SpanKind::Starting, None, None);
                    if let Some(parent) = self.actor_mut(parent) {
                        parent.lane.push(*asked_ns, at_ns, SpanKind::Starting, None, None);
                    }
                }
                self.actor_places.note(actor.0, self.actors.len());
                self.actors.push(Actor {
                    id: *actor,
                    role: *role,
                    number: *number,
                    pid: *pid,
                    parent,
                    name: name.clone(),
                    daemon: *daemon,
                    place,
                    start: *start,
                    asked_ns: *asked_ns,
                    born_ns: at_ns,
                    ready_ns: None,
                    unreaped_ns: None,
                    exited: None,
                    signals: Vec::new(),
                    lane,
                    units: 0,
                    usage: Vec::new(),
                    events_lost: 0,
                });
                self.note_family(self.actors.len() - 1);
                true
            }
            What::ActorExited { actor, exit } => {
                let known = self.with_actor(*actor, |actor| {
                    actor.lane.close(at_ns);
                    actor.exited = Some((at_ns, *exit));
                });
                self.end_threads_of(*actor, at_ns, *exit);
                known
            }
            What::Unreaped { actor } => self.with_actor(*actor, |actor| {
                actor.lane.close(at_ns);
                actor.unreaped_ns.get_or_insert(at_ns);
            }),
            What::SignalSent { actor, signal, why } => {
                let sent = SignalSent { at_ns, by, signal: signal.clone(), why: why.clone() };
                let is_known = self.with_actor(*actor, |actor| actor.is_sent(sent));
                if is_known && ["SIGSTOP", "SIGCONT"].contains(&signal.as_str()) {
                    self.note_stops(*actor);
                }
                is_known
            }
            What::Called { call, since_ns, answer, raised } => {
                let (call, answer) = (call.clone(), answer.clone());
                self.calls.push(Call { by, from_ns: *since_ns, to_ns: at_ns, call, answer, raised: *raised });
                // The parent of a pool has its own story besides: how it hands out and takes.
                let is_program = self.plan.program.is_some();
                self.with_actor(by, |actor| {
                    if is_program {
                        actor.lane.push(*since_ns, at_ns, SpanKind::Calling, None, None);
                        actor.rest(at_ns);
                    }
                })
            }
            What::UnitLost { unit, fate } => {
                self.lost.push(Lost { at_ns, worker: by, unit: *unit, fate: *fate });
                self.units.lose(*unit, at_ns, *fate);
                true
            }
            What::Delivered { unit } => {
                if room.take(1) {
                    self.delivered.push((at_ns, *unit));
                    self.units.deliver(*unit, at_ns);
                }
                true
            }
            What::ProcessSampled { actor, cpu_permille, rss_bytes } => self.with_actor(*actor, |actor| {
                actor.usage.push(Usage { at_ns, cpu_permille: *cpu_permille, rss_bytes: *rss_bytes });
            }),
            What::ChannelOpened { channel, from, to, medium, capacity_bytes } => {
                self.channel_places.note(channel.0, self.channels.len());
                self.roads.entry((from.0, to.0)).or_insert(self.channels.len());
                self.channels.push(Channel::new(*channel, *from, *to, *medium, *capacity_bytes));
                true
            }
            What::Sent { channel, message, content, bytes } => {
                let Some(road) = self.channel_mut(*channel) else { return false };
                road.send(*message, at_ns, *content, *bytes, room);
                if by == ActorId::PARENT
                    && let Content::Unit(unit) = content
                {
                    self.units.hand(*unit, at_ns, room);
                }
                self.note_unit(*content, by, (*channel, *message), by == ActorId::PARENT, room);
                true
            }
            What::Received { channel, message, content, bytes } => {
                let Some(road) = self.channel_mut(*channel) else { return false };
                road.receive(*message, at_ns, *content, *bytes, room);
                if by == ActorId::PARENT {
                    if let Content::Unit(unit) = content {
                        self.units.arrive(*unit, at_ns, room);
                    }
                    return true;
                }
                let unit = if let Content::Unit(unit) = content { Some(*unit) } else { None };
                self.with_actor(by, |actor| {
                    if actor.lane.open().is_none_or(|open| open.kind != SpanKind::Receiving) {
                        actor.lane.push(at_ns, u64::MAX, SpanKind::Receiving, unit, None);
                    }
                })
            }
            What::ActorReady => self.with_actor(by, |actor| {
                actor.ready_ns = Some(at_ns);
                actor.lane.push(at_ns, u64::MAX, SpanKind::Waiting, None, None);
            }),
            What::UnitBegan { unit, core } => {
                if let Some(record) = self.units.at(*unit, room) {
                    record.worker = Some(by);
                    record.began_ns = Some(at_ns);
                    record.begun += 1;
                }
                self.units.hand(*unit, at_ns, room);
                self.with_actor(by, |actor| {
                    actor.lane.push(at_ns, u64::MAX, SpanKind::Computing, Some(*unit), *core);
                })
            }
            What::UnitEnded { unit, .. } => {
                let alone = by == ActorId::PARENT;
                if let Some(record) = self.units.at(*unit, room) {
                    record.ended_ns = Some(at_ns);
                }
                if alone {
                    self.units.arrive(*unit, at_ns, room);
                }
                self.with_actor(by, |actor| {
                    actor.units += 1;
                    actor.lane.close(at_ns);
                    if !alone {
                        actor.lane.push(at_ns, u64::MAX, SpanKind::Serializing, Some(*unit), None);
                    }
                })
            }
            What::Did { doing, since_ns } => self.with_actor(by, |actor| {
                // Who waits for the interpreter in the middle of a unit goes on with it afterwards.
                let resumed =
                    actor.lane.open().filter(|open| open.kind == SpanKind::Computing && *doing == Doing::WaitForGil);
                let kind = match doing {
                    Doing::Send => SpanKind::Sending,
                    Doing::Dispatch => SpanKind::Dispatching,
                    Doing::Initialize => SpanKind::Initializing,
                    Doing::WaitForGil => SpanKind::WaitingForGil,
                    Doing::Sleep => SpanKind::Sleeping,
                    Doing::Work => SpanKind::Computing,
                };
                actor.lane.push(*since_ns, at_ns, kind, resumed.and_then(|span| span.unit), None);
                match resumed {
                    Some(Span { unit, core, .. }) => actor.lane.push(at_ns, u64::MAX, SpanKind::Computing, unit, core),
                    None => actor.rest(at_ns),
                }
            }),
            What::UnitsSummed { units, since_ns, busy_ns } => {
                let from = self.summed_from_ns.map_or(*since_ns, |known| known.min(*since_ns));
                self.summed_from_ns = Some(from);
                self.with_actor(by, |actor| {
                    actor.units += u64::from(*units);
                    let sum = Sum { from_ns: *since_ns, to_ns: at_ns, units: *units, computed_ns: *busy_ns };
                    actor.lane.push_sum(sum);
                })
            }
            What::SentSummed { channel, messages, bytes } => self.with_channel(*channel, |road| {
                road.send_summed(*messages, *bytes);
            }),
            What::ReceivedSummed { channel, messages, bytes } => self.with_channel(*channel, |road| {
                road.receive_summed(*messages, *bytes);
            }),
            What::UnitFailed { unit, failure } => {
                let failure = Failure { at_ns, worker: by, unit: *unit, what: *failure.clone() };
                self.failures.push(failure);
                self.units.fail(*unit, at_ns);
                true
            }
            What::ResultArrived { unit, payload } => {
                self.results.push((*unit, payload.clone()));
                true
            }
            What::Printed { line } => {
                self.printed.push(Printed { at_ns, by, line: line.clone() });
                true
            }
            What::RunEnded { outcome, wall_ns, start_ns, digest } => {
                self.end = Some(RunEnd {
                    at_ns,
                    outcome: outcome.clone(),
                    wall_ns: *wall_ns,
                    start_ns: *start_ns,
                    digest: digest.clone(),
                });
                true
            }
            What::ObjectMade(_)
            | What::Waits { .. }
            | What::Used { .. }
            | What::MachineSeen(_)
            | What::CoresSampled { .. }
            | What::RunBegan { .. }
            | What::EventsLost { .. } => true,
        }
    }

    /// Who is stopped stands still with all threads of its process. (A thread of the parent can't be stopped.)
    fn note_stops(&mut self, id: ActorId) {
        let Some(actor) = self.actor(id).filter(|actor| actor.role != Role::WorkerThread) else { return };
        let stops = actor.stops();
        let threads = self.children(id).filter(|child| child.role == Role::ProcessThread).map(|child| child.id);
        let all: Vec<ActorId> = threads.chain([id]).collect();
        for id in all {
            self.with_actor(id, |actor| actor.lane.stop(stops.clone()));
        }
    }

    fn with_actor(&mut self, id: ActorId, change: impl FnOnce(&mut Actor)) -> bool {
        self.actor_mut(id).map(change).is_some()
    }

    fn with_channel(&mut self, id: ChannelId, change: impl FnOnce(&mut Channel)) -> bool {
        self.channel_mut(id).map(change).is_some()
    }

    /// Remembers which messages carried a unit there and back.
    fn note_unit(&mut self, content: Content, by: ActorId, message: (ChannelId, u32), request: bool, room: &mut Room) {
        let Content::Unit(unit) = content else { return };
        if let Some(record) = self.units.at(unit, room) {
            if request {
                record.request = Some(message);
            } else {
                record.worker.get_or_insert(by);
                record.reply = Some(message);
            }
        }
    }

    /// Whether messages are copied through the kernel, or only referred to.
    pub fn medium(&self) -> Option<Medium> {
        self.channels.first().map(|channel| channel.medium)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Exit;

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
