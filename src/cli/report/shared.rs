//! What the processes of a run shared, and who waited for ever, as data.
//!
//! All times are since the run began.

use serde::Serialize;

use crate::model::deadlock::Why;
use crate::model::objects::cells::Known;
use crate::model::{Object, Run};
use crate::trace::{ObjectKind, Role, Wish};

/// What was shared.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Shared<'a> {
    /// Every object that was used, in the order in which they were made.
    pub(in crate::cli) objects: Vec<ObjectFigures<'a>>,
    /// How many waits were too many to be kept one by one.
    pub(in crate::cli) waits_only_counted: u64,
    /// The same in a sentence.
    #[serde(skip)]
    pub(in crate::cli) only_counted: Option<String>,
    /// Every deadlock, in the order in which they were known.
    pub(in crate::cli) deadlocks: Vec<DeadlockTold>,
    /// Who waited, and never got it.
    pub(in crate::cli) unended_waits: Vec<UnendedWait>,
}

/// An object that processes shared.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct ObjectFigures<'a> {
    /// The variable that holds it.
    pub(in crate::cli) name: &'a str,
    /// What it is, by Python's name for it.
    pub(in crate::cli) kind: &'static str,
    /// The same.
    #[serde(skip)]
    pub(in crate::cli) what: ObjectKind,
    /// How much it holds: most items of a queue (0 = no limit), permits, parties, numbers, bytes, clients,
    /// directions of a pipe.
    pub(in crate::cli) capacity: u64,
    /// How often somebody had to wait for something of it.
    pub(in crate::cli) waits: u64,
    /// How often somebody gave up.
    pub(in crate::cli) gave_up: u64,
    /// Whether it notices that its owner died; and how often something was taken back from the dead.
    pub(in crate::cli) robust: bool,
    pub(in crate::cli) recovered: u64,
    /// Of a lock or a semaphore.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) turns: Option<Turns>,
    /// Of a pipe or a queue: each road with its messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::cli) roads: Vec<RoadFigures>,
    /// Of shared memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) numbers: Option<Numbers>,
    /// Of a manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) round_trips: Option<RoundTrips>,
    /// Of an event, a condition or a barrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) signals: Option<Signals>,
}

/// How a lock or a semaphore was used.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Turns {
    /// How often it was taken.
    pub(in crate::cli) taken: u64,
    /// How long it was held, all in all.
    pub(in crate::cli) held_ns: u64,
    /// How long it was waited for, by those who got it.
    pub(in crate::cli) waited_ns: u64,
    /// How long at most.
    pub(in crate::cli) longest_wait_ns: u64,
}

/// What passed one road of a pipe or a queue.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RoadFigures {
    /// Which: of a pipe, the end at which messages are written.
    pub(in crate::cli) lane: u16,
    /// Messages put in.
    pub(in crate::cli) put: u64,
    /// Messages taken out.
    pub(in crate::cli) got: u64,
    /// Of those put in, how many were too many to be kept one by one.
    pub(in crate::cli) only_counted: u64,
    /// Bytes put in, with the headers of messages.
    pub(in crate::cli) bytes: u64,
    /// Most messages in it at once.
    pub(in crate::cli) most: u64,
    /// What its pipe holds.
    pub(in crate::cli) pipe_bytes: u32,
    /// The most that was in the pipe at once, in thousandths of that; null if the pipe has no limit.
    pub(in crate::cli) fullest_permille: Option<u64>,
    /// How often bytes were found that are no message.
    pub(in crate::cli) torn: u64,
    /// How many bytes that were.
    pub(in crate::cli) torn_bytes: u64,
}

/// What was done with numbers in shared memory.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Numbers {
    /// Updates: a number was read, and another written.
    pub(in crate::cli) updates: u64,
    /// Updates that are not in the number at the end.
    pub(in crate::cli) overwritten: u64,
    /// If there are too many to know that of each: of so many first ones it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) known_of_first: Option<u64>,
    /// Numbers that were written without reading one before.
    pub(in crate::cli) written: u64,
    /// Of a value: the last number in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::cli) last: Option<i64>,
}

/// What a manager was asked.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RoundTrips {
    /// How many there were.
    pub(in crate::cli) count: u64,
    /// The one in the middle.
    pub(in crate::cli) median_ns: Option<u64>,
    /// Clients that asked.
    pub(in crate::cli) clients: u64,
}

/// What was signalled by an event, a condition or a barrier.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Signals {
    /// How often an event was set.
    pub(in crate::cli) set: u64,
    /// How often somebody saw that it is set.
    pub(in crate::cli) saw: u64,
    /// How often a condition was notified.
    pub(in crate::cli) notified: u64,
    /// How often somebody woke.
    pub(in crate::cli) woke: u64,
    /// How often somebody passed a barrier.
    pub(in crate::cli) passed: u64,
    /// How often it was found broken.
    pub(in crate::cli) broken: u64,
}

/// A deadlock.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct DeadlockTold {
    /// Since when.
    pub(in crate::cli) since_ns: u64,
    /// Until when; null if it lasted.
    pub(in crate::cli) until_ns: Option<u64>,
    /// Why: `cycle`, `owner-died`, `nobody-left`.
    pub(in crate::cli) why: &'static str,
    /// Who waits for whom.
    pub(in crate::cli) links: Vec<LinkTold>,
    /// All of it in words.
    pub(in crate::cli) sentence: String,
}

/// One who waits in a deadlock.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct LinkTold {
    /// Who.
    pub(in crate::cli) actor: String,
    /// What for, in words.
    pub(in crate::cli) waits: String,
    /// For whom.
    pub(in crate::cli) waits_for: Vec<String>,
    /// Since when.
    pub(in crate::cli) since_ns: u64,
}

/// A wait that never came to its end.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct UnendedWait {
    /// Who.
    pub(in crate::cli) actor: String,
    /// What for, in words.
    pub(in crate::cli) waits: String,
    /// Since when.
    pub(in crate::cli) since_ns: u64,
    /// How long it lasted.
    pub(in crate::cli) lasted_ns: u64,
}

impl<'a> Shared<'a> {
    /// What was shared in a run.
    pub(in crate::cli) fn of(run: &'a Run) -> Self {
        let since = |at_ns: u64| at_ns.saturating_sub(run.began_ns);
        // The lock of something is only told of if it was used.
        let objects = run.objects().iter().filter(|object| object.of.is_none() || object.permits.taken() > 0);
        let deadlocks = run.deadlocks().iter().filter(|deadlock| !run.is_left_over(deadlock));
        let deadlocks = deadlocks.map(|deadlock| DeadlockTold {
            since_ns: since(deadlock.since_ns),
            until_ns: Some(deadlock.until_ns).filter(|&until_ns| until_ns != u64::MAX).map(since),
            why: match deadlock.why {
                Why::Cycle => "cycle",
                Why::OwnerDied => "owner-died",
                Why::NobodyLeft => "nobody-left",
            },
            links: deadlock
                .links
                .iter()
                .map(|link| LinkTold {
                    actor: run.full_title(link.actor),
                    waits: link.wish.clone(),
                    waits_for: link.helpers.iter().map(|&helper| run.full_title(helper)).collect(),
                    since_ns: since(link.from_ns),
                })
                .collect(),
            sentence: run.deadlock_in_words(deadlock, u64::MAX),
        });
        // A manager waits for requests as long as it lives.
        let is_person = |actor| run.actor(actor).is_some_and(|actor| actor.role != Role::Manager);
        let waits = run.unended_waits().filter(|wait| is_person(wait.actor));
        Self {
            objects: objects.map(|object| ObjectFigures::of(run, object)).collect(),
            waits_only_counted: run.waits_summed(),
            only_counted: run.summed_in_words(),
            deadlocks: deadlocks.collect(),
            unended_waits: waits
                .map(|wait| UnendedWait {
                    actor: run.full_title(wait.actor),
                    waits: run.wish_in_words(wait, wait.from_ns),
                    since_ns: since(wait.from_ns),
                    lasted_ns: wait.length_ns(run.last_ns),
                })
                .collect(),
        }
    }
}

impl<'a> ObjectFigures<'a> {
    fn of(run: &'a Run, object: &'a Object) -> Self {
        use ObjectKind as Kind;
        let is_turns = matches!(object.kind, Kind::Lock | Kind::RLock | Kind::Semaphore | Kind::BoundedSemaphore);
        let is_signals = matches!(object.kind, Kind::Event | Kind::Condition | Kind::Barrier);
        let cells = &object.cells;
        let losses = cells.losses(object.initial.unwrap_or(0), u64::MAX, run.end.is_some());
        let has_numbers = matches!(object.kind, Kind::Value | Kind::Array | Kind::Block) || cells.updates > 0;
        let was_full = |lane| {
            let waits = run.actors.iter().flat_map(|actor| run.waits_of(actor.id));
            waits
                .into_iter()
                .any(|wait| wait.object() == Some(object.id) && wait.wish == Wish::Send && wait.lane == lane)
        };
        let is_manager = object.kind == Kind::Manager;
        let roads = object.stations.roads.iter().filter(|_| !is_manager).map(|(&lane, road)| {
            let fullest = if was_full(lane) { object.pipe_bytes.into() } else { road.most_in_pipe().bytes };
            let limit = u64::from(object.pipe_bytes);
            RoadFigures {
                lane,
                put: road.came.total(),
                got: road.got.total(),
                only_counted: road.summed,
                bytes: road.came.total_sum(),
                most: road.most_under_way().messages,
                pipe_bytes: object.pipe_bytes,
                fullest_permille: (limit > 0).then(|| fullest.saturating_mul(1000).min(limit * 1000) / limit.max(1)),
                torn: road.torn.total(),
                torn_bytes: road.torn.total_sum(),
            }
        });
        let permits = &object.permits;
        let flags = &object.flags;
        let count = |count: usize| count as u64;
        Self {
            name: &object.name,
            kind: object.kind.title(),
            what: object.kind,
            capacity: match object.bytes.created.at(u64::MAX) {
                Some(&(made, _)) => made.into(),
                None => object.capacity,
            },
            waits: object.waits,
            gave_up: permits.gave_up,
            robust: object.robust,
            recovered: count(permits.recovered.all().len()),
            turns: is_turns.then(|| Turns {
                taken: permits.taken(),
                held_ns: permits.held_ns,
                waited_ns: permits.waited_ns,
                longest_wait_ns: run.longest_wait_ns(object.id),
            }),
            roads: roads.collect(),
            numbers: has_numbers.then(|| Numbers {
                updates: cells.updates,
                overwritten: losses.overwritten,
                known_of_first: (losses.known == Known::First).then_some(losses.updates),
                written: cells.plain + object.bytes.writes,
                last: (object.kind == Kind::Value).then(|| object.value(0, u64::MAX)),
            }),
            round_trips: is_manager.then(|| RoundTrips {
                count: object.trips.made(u64::MAX),
                median_ns: object.trips.median_ns(),
                clients: count(object.trips.clients().count()),
            }),
            signals: is_signals.then(|| Signals {
                set: count(flags.set.all().iter().filter(|(_, (set, _))| *set).count()),
                saw: count(flags.saw.all().len()),
                notified: count(flags.notified.all().len()),
                woke: count(flags.woke.all().len()),
                passed: count(flags.passed.all().len()),
                broken: count(flags.broken.all().iter().filter(|(_, (broken, _))| *broken).count()),
            }),
        }
    }
}
