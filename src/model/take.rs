//! How a run takes in what happens in it, one event after the other.

use super::lane::{Lane, Span, SpanKind, Sum};
use super::room::Room;
use super::run::{Actor, Call, Failure, Lost, Printed, Run, RunEnd, SignalSent, Usage};
use super::traffic::Channel;
use super::waits::Wait;
use crate::trace::{ActorId, Birth, ChannelId, Content, Doing, Event, Medium, Role, What};

impl Run {
    fn actor_mut(&mut self, id: ActorId) -> Option<&mut Actor> {
        self.actors.get_mut(self.actor_places.of(id.0)?)
    }

    fn channel_mut(&mut self, id: ChannelId) -> Option<&mut Channel> {
        self.channels.get_mut(self.channel_places.of(id.0)?)
    }

    /// Takes one event in; false if it speaks of something nobody introduced.
    pub(super) fn apply(&mut self, event: &Event, room: &mut Room) -> bool {
        let (at_ns, by) = (event.at_ns, event.by);
        if by != ActorId::OBSERVER {
            self.hear(at_ns);
            self.last_ns = self.last_ns.max(at_ns);
            self.told_ns = self.told_ns.max(at_ns);
        }
        self.note_moment(event);
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
                self.end_waits_of(*actor, at_ns);
                self.end_threads_of(*actor, at_ns, *exit);
                known
            }
            What::Unreaped { actor } => {
                self.end_waits_of(*actor, at_ns);
                self.with_actor(*actor, |actor| {
                    actor.lane.close(at_ns);
                    actor.unreaped_ns.get_or_insert(at_ns);
                })
            }
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
                self.end_wait(by, at_ns, None);
                // The parent of a pool has its own story besides: how it hands out and takes.
                let is_program = self.plan.program.is_some();
                self.with_actor(by, |actor| {
                    if is_program {
                        actor.lane.unblock();
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
                actor.lane.end_last(SpanKind::Starting, at_ns);
                actor.rest(at_ns);
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
            What::Did { doing, since_ns } => {
                self.end_wait(by, at_ns, None);
                self.with_actor(by, |actor| {
                    // Who waits for the interpreter in the middle of a unit goes on with it afterwards.
                    let resumed = actor
                        .lane
                        .open()
                        .filter(|open| open.kind == SpanKind::Computing && *doing == Doing::WaitForGil);
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
                        Some(Span { unit, core, .. }) => {
                            actor.lane.push(at_ns, u64::MAX, SpanKind::Computing, unit, core);
                        }
                        None => actor.rest(at_ns),
                    }
                })
            }
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
                // While this was on its way, time passed here.
                self.last_ns = self.told_ns;
                self.end = Some(RunEnd {
                    at_ns,
                    outcome: outcome.clone(),
                    wall_ns: *wall_ns,
                    start_ns: *start_ns,
                    digest: digest.clone(),
                });
                self.objects.settle();
                true
            }
            What::ObjectMade(made) => {
                self.objects.make(made, at_ns, by);
                true
            }
            What::Waits { wish, on, lane, for_ever } => {
                let (from_ns, to_ns, got, cut) = (at_ns, u64::MAX, false, false);
                let (wish, on, lane, for_ever) = (*wish, *on, *lane, *for_ever);
                self.begin_wait(Wait { actor: by, wish, on, lane, for_ever, from_ns, to_ns, got, cut });
                self.with_actor(by, |actor| actor.block(at_ns))
            }
            What::Used { object, since_ns, deed } => {
                let process = self.process_of(by);
                if self.end_wait(by, at_ns, Some(*deed)).is_some() {
                    self.with_actor(by, |actor| actor.go_on(at_ns));
                }
                let Some(object) = self.objects.get_mut(*object) else { return false };
                object.used((by, process), (*since_ns, at_ns), *deed);
                true
            }
            What::MachineSeen(_) | What::CoresSampled { .. } | What::RunBegan { .. } | What::EventsLost { .. } => true,
        }
    }

    /// What is seen on the stage, and is neither a span of a lane nor a message of a channel.
    fn note_moment(&mut self, event: &Event) {
        match &event.what {
            What::ObjectMade(_)
            | What::Used { .. }
            | What::Waits { .. }
            | What::Printed { .. }
            | What::SignalSent { .. } => self.moments.note(event.at_ns, 1),
            What::Called { since_ns, .. } => {
                self.moments.note(*since_ns, 1);
                self.moments.note(event.at_ns, 1);
            }
            _ => {}
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

    pub(super) fn with_actor(&mut self, id: ActorId, change: impl FnOnce(&mut Actor)) -> bool {
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
