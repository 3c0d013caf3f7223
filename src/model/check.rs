//! What a trace must obey, and where it does not: `poolscope show` prints this.

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

/// Everything in the model that breaks what every trace must obey, a sentence each:
/// sent = received + in flight, no receive before its send, each unit computed once.
///
/// Where events were lost or the trace was cut, a missing event breaks nothing; a contradiction still does.
pub fn violations(model: &Model) -> Vec<String> {
    let mut found = Vec::new();
    if model.strays > 0 {
        found.push(format!("{} events speak of a run, actor or channel that nobody introduced", model.strays));
    }
    for run in &model.runs {
        // What was recorded last is what a cut takes: the end of a run, and of the last run more.
        let cut = run.end.is_none() || (model.cut && model.runs.last().is_some_and(|last| last.number == run.number));
        let lossy = model.events_lost > 0 || cut;
        // People count from 1.
        let place = format!("run {}", run.number.saturating_add(1));
        channels(run, lossy, &place, &mut found);
        units(run, lossy, &place, &mut found);
    }
    found
}

fn channels(run: &Run, lossy: bool, place: &str, found: &mut Vec<String>) {
    for channel in &run.channels {
        let place = format!("{place}, channel {}", channel.id.0);
        let (sent, received) = (channel.sent(), channel.received());
        if received > sent && !lossy {
            found.push(format!("{place}: {received} messages were received and only {sent} were sent"));
        }
        if channel.contradictions() > 0 {
            let count = channel.contradictions();
            found.push(format!("{place}: {count} messages appear twice or differ between their ends"));
        }
        if channel.unrecorded() > 0 && !lossy {
            found.push(format!("{place}: {} messages have no event", channel.unrecorded()));
        }
        if run.is_complete() && sent > received && !lossy {
            found.push(format!("{place}: {} messages never arrived though the run is complete", sent - received));
        }
        let early = (0..channel.recorded()).filter_map(|number| channel.message(number)).find(
            |message| matches!((message.sent_ns, message.received_ns), (Some(sent), Some(received)) if received < sent),
        );
        if let (Some(message), false) = (early, channel.unrecorded() > 0) {
            found.push(format!("{place}: message {} was received before it was sent", message.number));
        }
    }
}

fn units(run: &Run, lossy: bool, place: &str, found: &mut Vec<String>) {
    for (number, unit) in run.units.iter() {
        if unit.begun > 1 {
            found.push(format!("{place}: unit {number} was computed {} times", unit.begun));
        }
        if u64::from(number) >= u64::from(run.cut.units()) {
            found.push(format!("{place}: unit {number} does not exist, there are {}", run.cut.units()));
        }
    }
    if run.is_complete() && !lossy {
        let computed: u64 = run.actors.iter().map(|actor| actor.units).sum();
        if computed != u64::from(run.cut.units()) {
            found.push(format!("{place}: {computed} units were computed of {}", run.cut.units()));
        }
    }
}
