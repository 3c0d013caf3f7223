//! What an actor writes down about its messages and units: one by one up to the detail limit, past
//! it as sums per interval.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use crate::sys;
use crate::trace::ring::Recorder;
use crate::trace::{ChannelId, Content, Doing, SUM_INTERVAL_NS, What};

/// One end of a channel, as its owner counts what passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoadEnd {
    channel: ChannelId,
    /// The number of the next message recorded one by one.
    next: u32,
    summed: u32,
    summed_bytes: u64,
}

impl RoadEnd {
    pub(super) fn new(channel: ChannelId) -> Self {
        Self { channel, next: 0, summed: 0, summed_bytes: 0 }
    }

    /// Which channel it is an end of.
    pub(super) fn channel(&self) -> ChannelId {
        self.channel
    }

    /// A message leaves here; the event that says so, unless it is past the detail limit.
    #[inline]
    pub(super) fn sent(&mut self, content: Content, bytes: u32, detail_units: u32) -> Option<What> {
        let message = self.pass(content, bytes, detail_units)?;
        Some(What::Sent { channel: self.channel, message, content, bytes })
    }

    /// A message arrives here; the event that says so, unless it is past the detail limit.
    #[inline]
    pub(super) fn received(&mut self, content: Content, bytes: u32, detail_units: u32) -> Option<What> {
        let message = self.pass(content, bytes, detail_units)?;
        Some(What::Received { channel: self.channel, message, content, bytes })
    }

    #[inline]
    fn pass(&mut self, content: Content, bytes: u32, detail_units: u32) -> Option<u32> {
        if matches!(content, Content::Unit(unit) if unit >= detail_units) {
            self.summed += 1;
            self.summed_bytes += u64::from(bytes);
            return None;
        }
        self.next += 1;
        Some(self.next - 1)
    }

    /// What was sent since the last sum.
    pub(super) fn sent_sum(&mut self) -> Option<What> {
        let (messages, bytes) = self.take_sum()?;
        Some(What::SentSummed { channel: self.channel, messages, bytes })
    }

    /// What was received since the last sum.
    pub(super) fn received_sum(&mut self) -> Option<What> {
        let (messages, bytes) = self.take_sum()?;
        Some(What::ReceivedSummed { channel: self.channel, messages, bytes })
    }

    fn take_sum(&mut self) -> Option<(u32, u64)> {
        let sum = (self.summed, self.summed_bytes);
        (self.summed, self.summed_bytes) = (0, 0);
        (sum.0 > 0).then_some(sum)
    }
}

/// The log of an actor that computes units.
pub(super) struct Log<M> {
    recorder: Recorder<M>,
    tracing: bool,
    /// Units ever begun.
    begun: u64,
    detail_units: u32,
    requests: RoadEnd,
    replies: RoadEnd,
    units: u32,
    busy_ns: u64,
    since_ns: u64,
    /// The detail limit is passed: only sums from here on.
    summing: bool,
}

impl<M: Deref<Target = [AtomicU64]>> Log<M> {
    /// Writes into `recorder`; the channels and the detail limit come with [`Self::set_up`].
    pub(super) fn new(recorder: Recorder<M>) -> Self {
        let road = RoadEnd::new(ChannelId(0));
        Self {
            recorder,
            tracing: true,
            begun: 0,
            detail_units: u32::MAX,
            requests: road,
            replies: road,
            units: 0,
            busy_ns: 0,
            since_ns: 0,
            summing: false,
        }
    }

    /// What the setup message says: whether to record at all, up to which unit in detail, and what the
    /// actor's channels are called.
    pub(super) fn set_up(&mut self, tracing: bool, detail_units: u32, requests: ChannelId, replies: ChannelId) {
        self.tracing = tracing;
        self.detail_units = detail_units;
        self.requests = RoadEnd::new(requests);
        self.replies = RoadEnd::new(replies);
    }

    /// Whether a unit is recorded one by one, so that its stamps are worth taking.
    #[inline]
    pub(super) fn details(&self, unit: u32) -> bool {
        self.tracing && unit < self.detail_units
    }

    #[inline]
    pub(super) fn write(&mut self, at_ns: u64, what: &What) {
        if !self.tracing {
            return;
        }
        if let Some(words) = what.to_words(at_ns) {
            self.recorder.record(words);
        }
    }

    #[inline]
    pub(super) fn received(&mut self, at_ns: u64, content: Content, bytes: u32) {
        if let Some(what) = self.requests.received(content, bytes, self.detail_units) {
            self.write(at_ns, &what);
        }
    }

    #[inline]
    pub(super) fn sent(&mut self, at_ns: u64, content: Content, bytes: u32) {
        if let Some(what) = self.replies.sent(content, bytes, self.detail_units) {
            self.write(at_ns, &what);
        }
    }

    /// A write took from `since_ns` to `at_ns`.
    pub(super) fn did_send(&mut self, since_ns: u64, at_ns: u64) {
        if !self.summing {
            self.write(at_ns, &What::Did { doing: Doing::Send, since_ns });
        }
    }

    /// A unit is begun: noted where it survives this actor, and in the trace if units are told in detail.
    #[inline]
    pub(super) fn began(&mut self, at_ns: u64, unit: u32) {
        self.begun += 1;
        self.recorder.note_begun(self.begun);
        if !self.details(unit) {
            return;
        }
        self.write(at_ns, &What::UnitBegan { unit, core: sys::current_core() });
    }

    /// A unit that was begun at `began_ns` is done.
    #[inline]
    pub(super) fn ended(&mut self, began_ns: u64, at_ns: u64, unit: u32) {
        if self.details(unit) {
            self.write(at_ns, &What::UnitEnded { unit, core: sys::current_core() });
        } else {
            self.summed(began_ns, at_ns);
        }
    }

    /// A unit past the detail limit took from `began_ns` to `ended_ns`.
    #[inline]
    fn summed(&mut self, began_ns: u64, ended_ns: u64) {
        self.summing = true;
        if self.units == 0 {
            self.since_ns = began_ns;
        }
        self.units += 1;
        self.busy_ns += ended_ns.saturating_sub(began_ns);
        if ended_ns.saturating_sub(self.since_ns) >= SUM_INTERVAL_NS {
            self.close_sum(ended_ns);
        }
    }

    /// Writes the sums that are open, as at the end of a run.
    pub(super) fn close_sum(&mut self, at_ns: u64) {
        if self.units > 0 {
            let what = What::UnitsSummed { units: self.units, since_ns: self.since_ns, busy_ns: self.busy_ns };
            self.write(at_ns, &what);
            (self.units, self.busy_ns) = (0, 0);
        }
        for sum in [self.requests.received_sum(), self.replies.sent_sum()].into_iter().flatten() {
            self.write(at_ns, &sum);
        }
    }
}
