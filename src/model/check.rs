//! What a trace must obey, and where it does not: `poolscope show` prints this.

mod shared;

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Model, Run};

/// One channel's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChannelAccount {
    /// Number of the channel.
    pub channel: u32,
    /// Who writes, in words.
    pub from: String,
    /// Who reads, in words.
    pub to: String,
    /// Messages sent.
    pub sent: u64,
    /// Messages received.
    pub received: u64,
    /// Messages sent and never received.
    pub in_flight: u64,
    /// Bytes sent.
    pub bytes: u64,
}

/// The accounts of a run's channels, in the order they were opened.
pub fn accounts(run: &Run) -> Vec<ChannelAccount> {
    let name = |id| run.actor(id).map_or_else(|| format!("actor {}", id.0), super::Actor::title);
    run.channels
        .iter()
        .map(|channel| ChannelAccount {
            channel: channel.id.0,
            from: name(channel.from),
            to: name(channel.to),
            sent: channel.sent(),
            received: channel.received(),
            in_flight: channel.sent().saturating_sub(channel.received()),
            bytes: channel.sent_bytes(),
        })
        .collect()
}

/// So many sentences of a kind are told; of more there is only their number.
const MOST_TOLD: usize = 20;

/// The kinds of violations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Stray,
    Beyond,
    NeverSent,
    Contradiction,
    Unrecorded,
    NeverArrived,
    Early,
    Twice,
    Invented,
    Missing,
    Passed,
    Unsent,
    TwoHolders,
    Unbounded,
}

impl Kind {
    /// What many of them are called.
    fn name(self) -> &'static str {
        match self {
            Self::Stray | Self::Beyond => "events out of place",
            Self::NeverSent => "channels that gave more than they took",
            Self::Contradiction => "channels with messages that contradict themselves",
            Self::Unrecorded => "channels with messages that have no event",
            Self::NeverArrived => "channels with messages that never arrived",
            Self::Early => "channels with a message that was received before it was sent",
            Self::Twice => "units that were computed more than once",
            Self::Invented => "units that do not exist",
            Self::Missing => "runs in which units are missing",
            Self::Passed => "roads with messages that passed a station twice",
            Self::Unsent => "roads with messages that nobody put in",
            Self::TwoHolders => "locks that two held at once",
            Self::Unbounded => "semaphores with more permits than their bound",
        }
    }
}

/// What was found, each kind counted and the first few of it in words.
#[derive(Default)]
struct Found {
    sentences: Vec<String>,
    counts: BTreeMap<Kind, usize>,
}

impl Found {
    fn tell(&mut self, kind: Kind, sentence: impl FnOnce() -> String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MOST_TOLD {
            self.sentences.push(sentence());
        }
    }

    fn told(mut self) -> Vec<String> {
        let more = self.counts.iter().filter(|&(_, &count)| count > MOST_TOLD);
        self.sentences.extend(more.map(|(kind, count)| format!("… and {} more {}", count - MOST_TOLD, kind.name())));
        self.sentences
    }
}

/// Everything in the model that breaks what every trace must obey, a sentence each (and of each kind
/// the first few): sent = received + in flight, no receive before its send, each unit computed once.
///
/// Where events were lost, the trace was cut or the run did not come to its end, a missing event
/// breaks nothing; a contradiction still does.
pub fn violations(model: &Model) -> Vec<String> {
    let mut found = Found::default();
    let (strays, beyond) = (model.strays, model.beyond);
    if strays > 0 {
        let sentence = || format!("{strays} events speak of a run, actor or channel that nobody introduced");
        found.tell(Kind::Stray, sentence);
    }
    // After a long gap where events were lost, a number may well be far from the last one.
    if beyond > 0 && model.events_lost == 0 {
        found.tell(Kind::Beyond, || format!("{beyond} events speak of a unit or message far past all others"));
    }
    for run in &model.runs {
        // What was recorded last is what a cut takes, and of the last run more. Who was killed, or
        // ended while it summed, took its last sums along: only complete runs are whole.
        let cut = model.cut && model.runs.last().is_some_and(|last| std::ptr::eq(last, run));
        let lossy = model.events_lost > 0 || cut || !run.is_complete() || !run.plan.tracing;
        // People count from 1.
        let place = format!("run {}", run.number.saturating_add(1));
        channels(run, lossy, &place, &mut found);
        units(run, lossy, &place, &mut found);
        shared::shared(run, lossy, &place, &mut found);
    }
    found.told()
}

fn channels(run: &Run, lossy: bool, place: &str, found: &mut Found) {
    for channel in &run.channels {
        let place = || format!("{place}, channel {}", channel.id.0);
        let (sent, received) = (channel.sent(), channel.received());
        if received > sent && !lossy {
            let sentence = || format!("{}: {received} messages were received and only {sent} were sent", place());
            found.tell(Kind::NeverSent, sentence);
        }
        if channel.contradictions() > 0 {
            let count = channel.contradictions();
            let sentence = || format!("{}: {count} messages appear twice or differ between their ends", place());
            found.tell(Kind::Contradiction, sentence);
        }
        if channel.unrecorded() > 0 && !lossy {
            let count = channel.unrecorded();
            found.tell(Kind::Unrecorded, || format!("{}: {count} messages have no event", place()));
        }
        // What was on its way to or from somebody who died is lost with him.
        let mut ends = [channel.from, channel.to].into_iter().filter_map(|end| run.actor(end)?.exited);
        let bereft = ends.any(|(_, exit)| !exit.is_success());
        if sent > received && !lossy && !bereft {
            let count = sent - received;
            let sentence = || format!("{}: {count} messages never arrived though the run is complete", place());
            found.tell(Kind::NeverArrived, sentence);
        }
        // Where events are missing, a message's stamp may be that of the one before it.
        if channel.unrecorded() > 0 {
            continue;
        }
        let early = (0..channel.recorded()).filter_map(|number| channel.message(number)).find(
            |message| matches!((message.sent_ns, message.received_ns), (Some(sent), Some(received)) if received < sent),
        );
        if let Some(message) = early {
            let sentence = || format!("{}: message {} was received before it was sent", place(), message.number);
            found.tell(Kind::Early, sentence);
        }
    }
}

fn units(run: &Run, lossy: bool, place: &str, found: &mut Found) {
    let count = run.cut.units();
    // A record may also have been made only because one after it was named.
    for (number, unit) in run.units.iter().filter(|(_, unit)| unit.begun > 0) {
        if unit.begun > 1 + unit.lost {
            found.tell(Kind::Twice, || format!("{place}: unit {number} was computed {} times", unit.begun));
        }
        if number >= count {
            found.tell(Kind::Invented, || format!("{place}: unit {number} does not exist, there are {count}"));
        }
    }
    if !lossy {
        let computed: u64 = run.actors.iter().fold(0, |sum, actor| actor.units.saturating_add(sum));
        // A worker may die when it has computed a unit and nobody knows yet.
        let lost: u64 = run.units.iter().map(|(_, unit)| u64::from(unit.lost)).sum();
        if computed < u64::from(count) || computed > u64::from(count) + lost {
            found.tell(Kind::Missing, || format!("{place}: {computed} units were computed of {count}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::{ActorId, ChannelId, Event, Medium, Outcome, What};

    fn model(outcome: Outcome, whats: impl IntoIterator<Item = What>) -> Model {
        let began = What::RunBegan { run: 0, plan: Box::default(), items: 3, chunksize: 1, detail_units: 9 };
        let end = What::RunEnded { outcome, wall_ns: 7, start_ns: 0, digest: "0".to_owned() };
        let whats = [began].into_iter().chain(whats).chain([end]);
        let events: Vec<Event> = whats.map(|what| Event { at_ns: 1, by: ActorId(2), what }).collect();
        Model::of(&events)
    }

    #[test]
    fn a_run_that_was_broken_off_may_have_lost_its_last_sums() {
        let (from, to, medium) = (ActorId(2), ActorId::PARENT, Medium::Pipe);
        let channel = ChannelId(0);
        let open = What::ChannelOpened { channel, from, to, medium, capacity_bytes: 0 };
        // The parent's sum of what it received is there; the killed worker's of what it sent is not.
        let received = What::ReceivedSummed { channel, messages: 9, bytes: 99 };
        let told = |outcome| violations(&model(outcome, [open.clone(), received.clone()]));
        assert_eq!(told(Outcome::Stopped), [""; 0]);
        assert_eq!(told(Outcome::Failed("Worker 2 is gone.".to_owned())), [""; 0]);
        assert!(told(Outcome::Complete)[0].contains("9 messages were received and only 0 were sent"));
    }

    #[test]
    fn many_violations_of_a_kind_are_counted() {
        let began = |unit| What::UnitBegan { unit, core: None };
        let told = violations(&model(Outcome::Stopped, (0..1003).map(began)));
        // Nobody introduced the worker, which is told once.
        assert_eq!(told.len(), 1 + MOST_TOLD + 1, "{told:?}");
        assert_eq!(told[1], "run 1: unit 3 does not exist, there are 3");
        assert_eq!(told[21], "… and 980 more units that do not exist");
        let told = violations(&model(Outcome::Stopped, [began(700)]));
        assert_eq!(told[1..], ["run 1: unit 700 does not exist, there are 3"], "nobody named those before it");
    }
}
