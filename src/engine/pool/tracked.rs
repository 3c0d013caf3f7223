//! A worker as the trace sees it, process or thread: its two channels and its ring.

use std::ops::Deref;
use std::sync::atomic::AtomicU64;

use crate::engine::desk::Desk;
use crate::engine::log::RoadEnd;
use crate::trace::ring::Drain;
use crate::trace::{ActorId, ChannelId, Content, Medium, What};

/// What is followed of a worker.
pub(super) struct Tracked<M> {
    /// Its id in the trace.
    pub(super) actor: ActorId,
    /// The parent's end of the channel to it.
    pub(super) requests: RoadEnd,
    /// The parent's end of the channel from it.
    pub(super) replies: RoadEnd,
    ring: Drain<M>,
    /// Its threads, if it is a process with several.
    threads: Vec<Thread<M>>,
    /// Which of them speaks, from 1; 0 is the process itself.
    speaker: usize,
}

/// A thread of a process that has several: it answers by itself.
struct Thread<M> {
    actor: ActorId,
    replies: RoadEnd,
    ring: Drain<M>,
}

impl<M: Deref<Target = [AtomicU64]>> Tracked<M> {
    /// Opens the channels to and from a worker that was just born. The capacities are what each holds
    /// before a writer must wait.
    pub(super) fn open(
        desk: &mut Desk<'_>,
        actor: ActorId,
        medium: Medium,
        (to, from): (u32, u32),
        ring: Drain<M>,
    ) -> Self {
        let requests = desk.scribe.new_channel();
        let replies = desk.scribe.new_channel();
        for (channel, from, to, capacity_bytes) in
            [(requests, ActorId::PARENT, actor, to), (replies, actor, ActorId::PARENT, from)]
        {
            desk.scribe.say(What::ChannelOpened { channel, from, to, medium, capacity_bytes });
        }
        Self {
            actor,
            requests: RoadEnd::new(requests),
            replies: RoadEnd::new(replies),
            ring,
            threads: Vec::new(),
            speaker: 0,
        }
    }

    /// It has a thread that records into this ring, and answers through the pipe of its process.
    pub(super) fn add_thread(&mut self, desk: &mut Desk<'_>, actor: ActorId, capacity_bytes: u32, ring: Drain<M>) {
        let channel = desk.scribe.new_channel();
        let (from, to, medium) = (actor, ActorId::PARENT, Medium::Pipe);
        desk.scribe.say(What::ChannelOpened { channel, from, to, medium, capacity_bytes });
        self.threads.push(Thread { actor, replies: RoadEnd::new(channel), ring });
    }

    /// Its threads.
    pub(super) fn threads(&self) -> impl Iterator<Item = (ActorId, ChannelId)> {
        self.threads.iter().map(|thread| (thread.actor, thread.replies.channel()))
    }

    /// Its messages are from this thread until another speaks; from 1, and 0 is the process itself.
    pub(super) fn speaks(&mut self, thread: usize) {
        self.speaker = thread;
    }

    /// Says that a message left for it.
    #[inline]
    pub(super) fn say_sent(&mut self, desk: &mut Desk<'_>, at_ns: u64, content: Content, bytes: u32) {
        if let Some(what) = self.requests.sent(content, bytes, desk.detail_units) {
            desk.scribe.say_at(at_ns, what);
        }
    }

    /// Says that a message of it arrived.
    #[inline]
    pub(super) fn say_received(&mut self, desk: &mut Desk<'_>, at_ns: u64, content: Content, bytes: u32) {
        let thread = self.speaker.checked_sub(1).and_then(|place| self.threads.get_mut(place));
        let replies = thread.map_or(&mut self.replies, |thread| &mut thread.replies);
        if let Some(what) = replies.received(content, bytes, desk.detail_units) {
            desk.scribe.say_at(at_ns, what);
        }
    }

    /// Says what passed its channels since the last sum.
    pub(super) fn say_sums(&mut self, desk: &mut Desk<'_>) {
        desk.scribe.say_sums(&mut self.requests, &mut self.replies);
        for thread in &mut self.threads {
            if let Some(sum) = thread.replies.received_sum() {
                desk.scribe.say(sum);
            }
        }
    }

    /// How many units it has ever begun.
    pub(super) fn begun(&self) -> u64 {
        self.ring.begun()
    }

    /// Takes everything it recorded into the trace.
    pub(super) fn drain(&mut self, desk: &mut Desk<'_>) {
        desk.scribe.drain(self.actor, &mut self.ring);
        for thread in &mut self.threads {
            desk.scribe.drain(thread.actor, &mut thread.ring);
        }
    }

    /// Takes what it recorded into the trace, if `due` or if its ring fills up. While the observer lags
    /// far behind, it stays in the ring, which counts what it can't hold.
    fn drain_in_passing(&mut self, desk: &mut Desk<'_>, due: bool) {
        let is_filling = self.ring.is_filling() || self.threads.iter().any(|thread| thread.ring.is_filling());
        if (due || is_filling) && !desk.scribe.is_swamped() {
            self.drain(desk);
        }
    }
}

/// Looks after the trace of every worker: rings that fill up at once, the others at every tick, sums
/// at every interval. Gives whether this was a tick.
pub(super) fn keep_up<'a, M: Deref<Target = [AtomicU64]> + 'a>(
    desk: &mut Desk<'_>,
    crew: impl Iterator<Item = &'a mut Tracked<M>>,
    now_ns: u64,
) -> bool {
    let (tick, sum) = (desk.scribe.tick_is_due(now_ns), desk.scribe.sum_is_due(now_ns));
    for tracked in crew {
        tracked.drain_in_passing(desk, tick);
        if sum {
            tracked.say_sums(desk);
        }
    }
    tick
}
