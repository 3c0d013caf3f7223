//! Runs made by hand, for tests: a small simulation that writes the events a real pool would.

pub mod ipc;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::Model;
use crate::plan::{Executor, Plan, StartMethod};
use crate::trace::{ActorId, Birth, ChannelId, Content, Doing, Event, Exit, Machine, Medium, Outcome, Role, What};

/// When the run begins: a time axis that starts at zero would hide a forgotten subtraction.
pub const BEGAN_NS: u64 = 5_000_000_000;
const US: u64 = 1_000;
const MS: u64 = 1_000_000;

/// What to simulate.
#[derive(Clone, Copy)]
pub struct Pool {
    /// How many workers.
    pub workers: u32,
    /// How many units.
    pub units: u32,
    /// About how long a unit takes.
    pub unit_ns: u64,
    /// Units from this number on are told as sums.
    pub detail_units: u32,
    /// Processes and pipes, or threads and a queue of references.
    pub medium: Medium,
    /// Units in a worker's hands at once: 1 computing, the others waiting in its pipe.
    pub depth: u32,
}

impl Default for Pool {
    fn default() -> Self {
        Self { workers: 2, units: 8, unit_ns: 20 * MS, detail_units: 200_000, medium: Medium::Pipe, depth: 2 }
    }
}

/// Two worker processes and eight units, about 100 ms long.
pub fn small() -> Model {
    Pool::default().model()
}

/// The parent alone, computing eight units.
pub fn sequential() -> Model {
    let plan = Plan { with: Executor::Sequential, ..Plan::default() };
    let mut events = begun(plan, 8, 8);
    for unit in 0..8_u32 {
        let at_ns = BEGAN_NS + MS + u64::from(unit) * 10 * MS;
        events.push(event(at_ns, 1, What::UnitBegan { unit, core: Some(1) }));
        events.push(event(at_ns + 9 * MS, 1, What::UnitEnded { unit, core: Some(1) }));
    }
    Model::of(&events)
}

fn event(at_ns: u64, by: u32, what: What) -> Event {
    Event { at_ns, by: ActorId(by), what }
}

fn begun(plan: Plan, units: u32, detail_units: u32) -> Vec<Event> {
    let machine = Machine {
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        cores: 4,
        cpu: "made by hand".to_owned(),
        memory_bytes: 8 << 30,
        poolscope: "0".to_owned(),
    };
    let (plan, items) = (Box::new(plan), u64::from(units) * 63);
    let parent = What::ActorBorn(Box::new(Birth::new(ActorId::PARENT, Role::Parent, 0, 41_203, BEGAN_NS)));
    vec![
        event(BEGAN_NS, 0, What::MachineSeen(Box::new(machine))),
        event(BEGAN_NS, 1, What::RunBegan { run: 0, plan, items, chunksize: 63, detail_units }),
        event(BEGAN_NS, 1, parent),
    ]
}

/// A length that looks random and is the same in every test.
fn jitter(seed: u32, most_ns: u64) -> u64 {
    let mixed = (u64::from(seed) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) % most_ns.max(1)
}

/// One worker of the simulation.
#[derive(Clone, Default)]
struct Hand {
    free_ns: u64,
    requests: u32,
    replies: u32,
    /// Past the detail limit: units and time since the last sum, and since when.
    summed: (u32, u64, u64),
}

impl Pool {
    /// The model of its events.
    pub fn model(self) -> Model {
        Model::of(&self.events())
    }

    /// The events, in order of time.
    pub fn events(self) -> Vec<Event> {
        let threads = self.medium == Medium::Memory;
        let with = if threads { Executor::Threads } else { Executor::Processes };
        let mut events = begun(Plan { with, workers: self.workers, ..Plan::default() }, self.units, self.detail_units);
        let mut hands = self.start(&mut events);
        let mut clock = BEGAN_NS + 2 * MS * u64::from(self.workers) + MS;
        let mut replies = BinaryHeap::new();
        let mut next = 0;
        let since_ns = clock;
        for _ in 0..self.depth {
            for worker in 0..self.workers {
                if next < self.units {
                    replies.push(Reverse(self.hand_out(&mut events, &mut hands, worker, next, &mut clock)));
                    next += 1;
                }
            }
        }
        events.push(event(clock, 1, What::Did { doing: Doing::Dispatch, since_ns }));
        while let Some(Reverse((sent_ns, worker, unit))) = replies.pop() {
            clock = clock.max(sent_ns + 12 * US);
            let since_ns = clock;
            if unit < self.detail_units {
                let message = hands[worker as usize].replies;
                let (channel, content) = (ChannelId(2 * worker + 2), Content::Unit(unit));
                events.push(event(clock, 1, What::Received { channel, message, content, bytes: self.bytes(96) }));
                hands[worker as usize].replies += 1;
            }
            if next < self.units {
                replies.push(Reverse(self.hand_out(&mut events, &mut hands, worker, next, &mut clock)));
                next += 1;
            }
            clock += 6 * US;
            if unit < self.detail_units {
                events.push(event(clock, 1, What::Did { doing: Doing::Dispatch, since_ns }));
            }
        }
        self.finish(&mut events, &hands, clock);
        events.sort_by_key(|event| event.at_ns);
        events
    }

    fn bytes(self, size: u32) -> u32 {
        if self.medium == Medium::Memory { 0 } else { size }
    }

    fn start(self, events: &mut Vec<Event>) -> Vec<Hand> {
        let threads = self.medium == Medium::Memory;
        let role = if threads { Role::WorkerThread } else { Role::WorkerProcess };
        let capacity_bytes = if threads { 0 } else { 65_536 };
        let mut hands = Vec::new();
        for worker in 0..self.workers {
            let actor = ActorId(worker + 2);
            let asked_ns = BEGAN_NS + MS / 2 + u64::from(worker) * 2 * MS;
            let born_ns = asked_ns + 3 * MS / 2;
            let roads = [(1, ActorId::PARENT, actor), (2, actor, ActorId::PARENT)];
            for (offset, from, to) in roads {
                let channel = ChannelId(2 * worker + offset);
                let opened = What::ChannelOpened { channel, from, to, medium: self.medium, capacity_bytes };
                events.push(event(asked_ns, 1, opened));
            }
            let pid = if threads { 41_203 } else { 41_207 + worker };
            let start = (!threads).then_some(StartMethod::Spawn);
            let number = worker + 1;
            let birth = Birth { start, ..Birth::new(actor, role, number, pid, asked_ns) };
            events.push(event(born_ns, 1, What::ActorBorn(Box::new(birth))));
            let ready_ns = born_ns + 3 * MS + jitter(worker, 2 * MS);
            events.push(event(ready_ns, worker + 2, What::ActorReady));
            hands.push(Hand { free_ns: ready_ns, ..Hand::default() });
        }
        hands
    }

    /// Sends a unit and lives its whole life up to the reply: (reply sent, worker, unit).
    fn hand_out(
        self,
        events: &mut Vec<Event>,
        hands: &mut [Hand],
        worker: u32,
        unit: u32,
        clock: &mut u64,
    ) -> (u64, u32, u32) {
        let (by, hand) = (worker + 2, &mut hands[worker as usize]);
        let detailed = unit < self.detail_units;
        let (channel, content) = (ChannelId(2 * worker + 1), Content::Unit(unit));
        let (message, bytes) = (hand.requests, self.bytes(412));
        *clock += 10 * US;
        let received_ns = (*clock + 14 * US + jitter(unit, 20 * US)).max(hand.free_ns);
        let began_ns = received_ns + 8 * US;
        let ended_ns = began_ns + self.unit_ns / 2 + jitter(unit, self.unit_ns);
        let replied_ns = ended_ns + 5 * US;
        hand.free_ns = replied_ns + 6 * US;
        if detailed {
            let core = Some(((unit + worker) % 4) as u16);
            let road = ChannelId(2 * worker + 2);
            let reply = What::Sent { channel: road, message, content, bytes: self.bytes(96) };
            events.push(event(*clock, 1, What::Sent { channel, message, content, bytes }));
            events.push(event(received_ns, by, What::Received { channel, message, content, bytes }));
            events.push(event(began_ns, by, What::UnitBegan { unit, core }));
            events.push(event(ended_ns, by, What::UnitEnded { unit, core }));
            events.push(event(replied_ns, by, reply));
            events.push(event(hand.free_ns, by, What::Did { doing: Doing::Send, since_ns: replied_ns }));
            hand.requests += 1;
        } else {
            let (units, busy_ns, since_ns) = hand.summed;
            let since_ns = if units == 0 { began_ns } else { since_ns };
            hand.summed = (units + 1, busy_ns + ended_ns - began_ns, since_ns);
            if ended_ns >= since_ns + 10 * MS {
                let (units, busy_ns, since_ns) = std::mem::take(&mut hand.summed);
                events.push(event(ended_ns, by, What::UnitsSummed { units, since_ns, busy_ns }));
            }
        }
        (replied_ns, worker, unit)
    }

    fn finish(self, events: &mut Vec<Event>, hands: &[Hand], clock: u64) {
        let wall_ns = clock - BEGAN_NS;
        let ended = What::RunEnded { outcome: Outcome::Complete, wall_ns, start_ns: 6 * MS, digest: String::new() };
        events.push(event(clock, 1, ended));
        for (worker, hand) in (0..).zip(hands) {
            let (channel, message, content) = (ChannelId(2 * worker + 1), hand.requests, Content::Stop);
            let (stopped_ns, bytes) = (clock + u64::from(worker) * 20 * US, self.bytes(16));
            events.push(event(stopped_ns, 1, What::Sent { channel, message, content, bytes }));
            let received = What::Received { channel, message, content, bytes };
            events.push(event(stopped_ns + 30 * US, worker + 2, received));
            let exit = if self.medium == Medium::Memory { Exit::Joined } else { Exit::Code(0) };
            let exited = What::ActorExited { actor: ActorId(worker + 2), exit };
            events.push(event(stopped_ns + MS, 1, exited));
        }
        let step = (wall_ns / 4).max(MS);
        for sample in 1..=4_u64 {
            let at_ns = BEGAN_NS + sample * step;
            let busy_permille = (0..4).map(|core| 400 + jitter(core + sample as u32 * 7, 600) as u16).collect();
            events.push(event(at_ns, 0, What::CoresSampled { busy_permille }));
            for actor in 1..self.workers + 2 {
                let (actor, cpu_permille) = (ActorId(actor), if actor == 1 { 120 } else { 980 - actor % 20 * 3 });
                events.push(event(at_ns, 0, What::ProcessSampled { actor, cpu_permille, rss_bytes: 3_300_000 }));
            }
        }
    }
}

/// Two worker processes; the second one is killed after every unit, and another takes its place, so that
/// there are so many workers in all.
pub fn replaced(workers: u32) -> Model {
    Model::of(&replaced_events(workers))
}

/// Its events.
pub fn replaced_events(workers: u32) -> Vec<Event> {
    let plan = Plan { workers: 2, maxtasksperchild: Some(1), ..Plan::default() };
    let mut events = begun(plan, workers, workers);
    let mut born = |actor: u32, number, replaces: Option<u32>, asked_ns| {
        let (start, replaces) = (Some(StartMethod::Spawn), replaces.map(ActorId));
        let birth = Birth {
            start,
            replaces,
            ..Birth::new(ActorId(actor), Role::WorkerProcess, number, 41_205 + actor, asked_ns)
        };
        events.push(event(asked_ns + MS, 1, What::ActorBorn(Box::new(birth))));
        events.push(event(asked_ns + 2 * MS, actor, What::ActorReady));
    };
    born(2, 1, None, BEGAN_NS);
    for life in 0..workers.saturating_sub(1) {
        let replaces = life.checked_sub(1).map(|before| before + 3);
        born(life + 3, life + 2, replaces, BEGAN_NS + u64::from(life) * 10 * MS);
    }
    for life in 0..workers.saturating_sub(1) {
        let (actor, asked_ns) = (life + 3, BEGAN_NS + u64::from(life) * 10 * MS);
        events.push(event(asked_ns + 3 * MS, actor, What::UnitBegan { unit: life, core: Some(1) }));
        events.push(event(asked_ns + 8 * MS, actor, What::UnitEnded { unit: life, core: Some(1) }));
        let exited = What::ActorExited { actor: ActorId(actor), exit: Exit::Signal(9) };
        events.push(event(asked_ns + 9 * MS, 1, exited));
    }
    events.sort_by_key(|event| event.at_ns);
    events
}

/// Two processes of two threads each; one unit for every thread.
pub fn hybrid() -> Model {
    Model::of(&hybrid_events())
}

/// Its events.
pub fn hybrid_events() -> Vec<Event> {
    let plan = Plan { with: Executor::Hybrid, workers: 2, threads: 2, ..Plan::default() };
    let mut events = begun(plan, 4, 4);
    for process in 0..2_u32 {
        let (actor, asked_ns) = (ActorId(2 + process), BEGAN_NS + MS);
        let birth = Birth::new(actor, Role::WorkerProcess, process + 1, 41_207 + process, asked_ns);
        events.push(event(asked_ns + MS, 1, What::ActorBorn(Box::new(birth))));
        events.push(event(asked_ns + 2 * MS, actor.0, What::ActorReady));
        for thread in 0..2_u32 {
            let (id, unit) = (10 + 2 * process + thread, 2 * process + thread);
            let birth = Birth {
                parent: Some(actor),
                ..Birth::new(ActorId(id), Role::ProcessThread, thread + 1, 41_207 + process, asked_ns + MS)
            };
            events.push(event(asked_ns + 2 * MS, actor.0, What::ActorBorn(Box::new(birth))));
            events.push(event(asked_ns + 3 * MS, id, What::ActorReady));
            events.push(event(asked_ns + 4 * MS, id, What::UnitBegan { unit, core: Some(0) }));
            events.push(event(asked_ns + (30 + u64::from(unit)) * MS, id, What::UnitEnded { unit, core: Some(0) }));
        }
    }
    events.sort_by_key(|event| event.at_ns);
    events
}

/// A program: the parent starts two processes, of which the first starts a third; one is terminated, one
/// ends and is a zombie until it is joined.
pub fn program() -> Model {
    Model::of(&program_events())
}

/// Its events.
pub fn program_events() -> Vec<Event> {
    let plan = Plan { program: Some("family".to_owned()), ..Plan::default() };
    let mut events = begun(plan, 0, 9);
    let process = |actor: u32, parent: u32, name: &str, number, daemon| Birth {
        parent: Some(ActorId(parent)),
        name: Some(name.to_owned()),
        daemon,
        ..Birth::new(ActorId(actor), Role::Process, number, 41_205 + actor, BEGAN_NS + 2 * MS * u64::from(number))
    };
    let at = |ms: u64| BEGAN_NS + ms * MS;
    let called = |from_ms: u64, call: &str, answer: &str, raised| What::Called {
        call: call.to_owned(),
        since_ns: at(from_ms),
        answer: answer.to_owned(),
        raised,
    };
    let births = [
        (4, process(2, 1, "Process-1", 1, false)),
        (6, process(3, 1, "Process-2", 2, true)),
        (8, process(4, 2, "Process-1:1", 3, false)),
    ];
    for (ms, birth) in births {
        let by = birth.parent.map_or(1, |parent| parent.0);
        events.push(event(at(ms), birth.actor.0, What::ActorReady));
        events.push(event(at(ms) - MS / 2, by, What::ActorBorn(Box::new(birth))));
    }
    let line = |line: &str| What::Printed { line: line.to_owned() };
    events.extend([
        event(at(10), 2, line("hello from Process-1")),
        event(at(12), 4, line("hello from a grandchild")),
        event(at(30), 4, What::Did { doing: Doing::Work, since_ns: at(12) }),
        event(at(31), 2, What::ActorExited { actor: ActorId(4), exit: Exit::Code(0) }),
        event(at(32), 2, called(12, "p.join()", "None", false)),
        event(at(60), 1, called(10, "p1.join(0.05)", "None", false)),
        event(at(40), 1, What::Unreaped { actor: ActorId(2) }),
        event(at(70), 1, What::ActorExited { actor: ActorId(2), exit: Exit::Code(3) }),
    ]);
    let (signal, why) = ("SIGTERM".to_owned(), "terminate()".to_owned());
    events.push(event(at(80), 1, What::SignalSent { actor: ActorId(3), signal, why }));
    events.push(event(at(82), 1, What::ActorExited { actor: ActorId(3), exit: Exit::Signal(15) }));
    events.push(event(at(85), 1, called(82, "Process(target=lambda: 0).start()", "PicklingError: can't pickle", true)));
    let end = What::RunEnded { outcome: Outcome::Complete, wall_ns: 90 * MS, start_ns: 0, digest: String::new() };
    events.push(event(at(90), 1, end));
    events.sort_by_key(|event| event.at_ns);
    events
}
