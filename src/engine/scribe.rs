//! The parent's own log, and the way of everybody's events to the observer.
//!
//! ```text
//! parent's events ────────────► records ┐
//! worker's ring ──── drain ───► records ┴─► blocks ─► observer's outbox ─► its pipe
//! ```

use std::ops::Deref;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::sys;
use crate::trace::codec::{self, Words};
use crate::trace::ring::Drain;
use crate::trace::{ActorId, ChannelId, Event, SUM_INTERVAL_NS, What};

use super::log::RoadEnd;
use super::observer::Observer;

/// The parent's records become a block when there are so many, or at the next tick.
const RECORDS: usize = 4096;
/// How often everything recorded goes on to the observer: often enough for a live view.
pub(super) const TICK_NS: u64 = 20_000_000;

/// Writes the trace.
pub(super) struct Scribe {
    observer: Observer,
    tracing: bool,
    records: Vec<Words>,
    drained: Vec<Words>,
    dropped: u64,
    next_actor: u32,
    next_channel: u32,
    next_tick_ns: u64,
    next_sum_ns: u64,
}

impl Scribe {
    /// Begins a trace for the observer.
    pub(super) fn new(mut observer: Observer, tracing: bool) -> Self {
        codec::write_header(observer.outbox());
        Self {
            observer,
            tracing,
            records: Vec::with_capacity(RECORDS),
            drained: Vec::new(),
            dropped: 0,
            next_actor: ActorId::PARENT.0 + 1,
            next_channel: 0,
            next_tick_ns: 0,
            next_sum_ns: 0,
        }
    }

    /// Whoever watches.
    pub(super) fn observer(&mut self) -> &mut Observer {
        &mut self.observer
    }

    /// An id for a new actor.
    pub(super) fn new_actor(&mut self) -> ActorId {
        self.next_actor += 1;
        ActorId(self.next_actor - 1)
    }

    /// Ids for so many actors: the first of them.
    pub(super) fn new_actors(&mut self, count: u32) -> ActorId {
        self.next_actor += count;
        ActorId(self.next_actor - count)
    }

    /// An id for a new channel.
    pub(super) fn new_channel(&mut self) -> ChannelId {
        self.next_channel += 1;
        ChannelId(self.next_channel - 1)
    }

    /// The parent says that something happened, now.
    pub(super) fn say(&mut self, what: What) {
        self.say_at(sys::now_ns(), what);
    }

    /// The parent says that something happened. What happens often is left out if tracing is off.
    #[inline]
    pub(super) fn say_at(&mut self, at_ns: u64, what: What) {
        match what.to_words(at_ns) {
            Some(words) if self.tracing => {
                self.records.push(words);
                if self.records.len() >= RECORDS {
                    self.flush_records();
                }
            }
            Some(_) => {}
            None => self.tell(&Event { at_ns, by: ActorId::PARENT, what }),
        }
    }

    /// The parent says something of another actor that does not speak for itself.
    pub(super) fn say_for(&mut self, actor: ActorId, at_ns: u64, what: What) {
        self.tell(&Event { at_ns, by: actor, what });
    }

    /// An event in its place among the parent's records. There are few of these: they are never
    /// dropped, and with them comes the count of what was.
    fn tell(&mut self, event: &Event) {
        self.flush_records();
        self.say_dropped();
        codec::write_event(event, self.observer.outbox());
    }

    /// Blocks that others wrote, in their place among the parent's records. There are few of these.
    pub(super) fn relay(&mut self, blocks: &[u8]) {
        self.flush_records();
        self.observer.outbox().extend_from_slice(blocks);
    }

    fn flush_records(&mut self) {
        if self.records.is_empty() {
            return;
        }
        if self.observer.is_swamped() {
            self.dropped += self.records.len() as u64;
        } else {
            codec::write_records(ActorId::PARENT, &self.records, self.observer.outbox());
        }
        self.records.clear();
    }

    fn say_dropped(&mut self) {
        let count = std::mem::take(&mut self.dropped);
        if count > 0 {
            let event = Event { at_ns: sys::now_ns(), by: ActorId::PARENT, what: What::EventsLost { count } };
            codec::write_event(&event, self.observer.outbox());
        }
    }

    /// Takes what an actor recorded into the trace. Its introduction must have been said before.
    pub(super) fn drain<M: Deref<Target = [AtomicU64]>>(&mut self, actor: ActorId, ring: &mut Drain<M>) {
        self.flush_records();
        self.drained.clear();
        ring.drain(&mut self.drained);
        codec::write_records(actor, &self.drained, self.observer.outbox());
        let count = ring.newly_lost();
        if count > 0 {
            let event = Event { at_ns: sys::now_ns(), by: actor, what: What::EventsLost { count } };
            codec::write_event(&event, self.observer.outbox());
        }
    }

    /// Whether so much waits for the observer already that rings should keep what they hold.
    pub(super) fn is_swamped(&self) -> bool {
        self.observer.is_swamped()
    }

    /// Whether it is time to drain the rings and to push everything out.
    pub(super) fn tick_is_due(&mut self, now_ns: u64) -> bool {
        let due = now_ns >= self.next_tick_ns;
        if due {
            self.next_tick_ns = now_ns + TICK_NS;
            self.observer.tick();
        }
        due
    }

    /// Whether it is time to say the parent's sums.
    pub(super) fn sum_is_due(&mut self, now_ns: u64) -> bool {
        let due = now_ns >= self.next_sum_ns;
        if due {
            self.next_sum_ns = now_ns + SUM_INTERVAL_NS;
        }
        due
    }

    /// Says what passed the ends of a pair of channels since the last sum.
    pub(super) fn say_sums(&mut self, requests: &mut RoadEnd, replies: &mut RoadEnd) {
        for sum in [requests.sent_sum(), replies.received_sum()].into_iter().flatten() {
            self.say(sum);
        }
    }

    /// Sends on everything that is written, as long as the observer goes on reading. False if it did not
    /// take all.
    pub(super) fn finish(&mut self, patience: Duration) -> bool {
        self.flush_records();
        self.observer.finish(patience)
    }

    /// Sends on what is written, as far as the observer takes it.
    pub(super) fn push_out(&mut self) {
        self.flush_records();
        self.observer.push_out();
    }
}
