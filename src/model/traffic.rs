//! What a channel carried: each message with its two stamps, and what is between them at a moment.

use super::room::Room;
use crate::trace::{ActorId, ChannelId, Content, DETAIL_UNITS, Medium};

/// The highest number a message can have: the units recorded one by one, and what surrounds them.
const MOST_RECORDED: u32 = DETAIL_UNITS + 1024;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number on the channel, from 0.
    pub number: u32,
    /// What it holds.
    pub content: Content,
    /// Its size with its header; 0 if only a reference moved.
    pub bytes: u32,
    /// When it left; `None` if that was not recorded.
    pub sent_ns: Option<u64>,
    /// When it arrived; `None` while it is under way.
    pub received_ns: Option<u64>,
}

/// One end of a channel: the messages that passed it, in order.
///
/// Stamps never fall, so that "how many by then" is a binary search. A message whose event was lost
/// takes the stamp of the one before it and is counted in `unrecorded`.
#[derive(Clone, Debug, Default)]
struct End {
    stamps_ns: Vec<u64>,
    unrecorded: u32,
    summed_messages: u64,
    summed_bytes: u64,
    bytes: u64,
}

impl End {
    /// Notes that a message passed; false if this number passed before.
    fn pass(&mut self, number: usize, at_ns: u64, bytes: u32) -> bool {
        let Some(missing) = number.checked_sub(self.stamps_ns.len()) else { return false };
        let stamp_ns = self.stamps_ns.last().map_or(at_ns, |&last| last.max(at_ns));
        self.unrecorded += missing as u32;
        self.stamps_ns.extend(std::iter::repeat_n(stamp_ns, missing + 1));
        self.bytes += u64::from(bytes);
        true
    }

    fn by(&self, at_ns: u64) -> usize {
        self.stamps_ns.partition_point(|&stamp| stamp <= at_ns)
    }
}

/// A one-way road with everything that travelled on it.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Who writes.
    pub from: ActorId,
    /// Who reads.
    pub to: ActorId,
    /// What carries it.
    pub medium: Medium,
    /// What it can hold before a writer must wait; 0 = no limit.
    pub capacity_bytes: u32,
    /// What each message holds and its bytes; `None` where neither end was recorded.
    contents: Vec<Option<(Content, u32)>>,
    sent: End,
    received: End,
    /// Messages seen twice at one end, or received under another description than they were sent.
    contradictions: u32,
}

impl Channel {
    pub(super) fn new(id: ChannelId, from: ActorId, to: ActorId, medium: Medium, capacity_bytes: u32) -> Self {
        Self {
            id,
            from,
            to,
            medium,
            capacity_bytes,
            contents: Vec::new(),
            sent: End::default(),
            received: End::default(),
            contradictions: 0,
        }
    }

    /// Notes that a message was sent, if there is room for it and those before it.
    pub(super) fn send(&mut self, number: u32, at_ns: u64, content: Content, bytes: u32, room: &mut Room) {
        if room.take(self.lacking(&self.sent, number))
            && self.describe(number, content, bytes)
            && !self.sent.pass(number as usize, at_ns, bytes)
        {
            self.contradictions += 1;
        }
    }

    /// Notes that a message was received, if there is room for it and those before it.
    pub(super) fn receive(&mut self, number: u32, at_ns: u64, content: Content, bytes: u32, room: &mut Room) {
        if room.take(self.lacking(&self.received, number))
            && self.describe(number, content, bytes)
            && !self.received.pass(number as usize, at_ns, bytes)
        {
            self.contradictions += 1;
        }
    }

    /// How many records this message would open, with those of the messages before it.
    fn lacking(&self, end: &End, number: u32) -> usize {
        if number > MOST_RECORDED {
            return 0;
        }
        let wanted = number as usize + 1;
        wanted.saturating_sub(self.contents.len()) + wanted.saturating_sub(end.stamps_ns.len())
    }

    /// Notes what a message holds; both ends say it, and they must agree. False if the number is
    /// one that no trace of ours has: a file may claim anything.
    fn describe(&mut self, number: u32, content: Content, bytes: u32) -> bool {
        if number > MOST_RECORDED {
            self.contradictions += 1;
            return false;
        }
        let number = number as usize;
        if number >= self.contents.len() {
            self.contents.resize(number + 1, None);
        }
        let known = self.contents[number].get_or_insert((content, bytes));
        self.contradictions += u32::from(*known != (content, bytes));
        true
    }

    pub(super) fn send_summed(&mut self, messages: u32, bytes: u64) {
        self.sent.summed_messages += u64::from(messages);
        self.sent.summed_bytes = self.sent.summed_bytes.saturating_add(bytes);
    }

    pub(super) fn receive_summed(&mut self, messages: u32, bytes: u64) {
        self.received.summed_messages += u64::from(messages);
        self.received.summed_bytes = self.received.summed_bytes.saturating_add(bytes);
    }

    /// Messages recorded one by one, sent or received.
    pub fn recorded(&self) -> usize {
        self.contents.len()
    }

    /// The message of this number.
    pub fn message(&self, number: usize) -> Option<Message> {
        let (content, bytes) = (*self.contents.get(number)?)?;
        Some(Message {
            number: number as u32,
            content,
            bytes,
            sent_ns: self.sent.stamps_ns.get(number).copied(),
            received_ns: self.received.stamps_ns.get(number).copied(),
        })
    }

    /// Numbers of the messages that are under way at a moment: sent and not yet received.
    pub fn in_flight(&self, at_ns: u64) -> std::ops::Range<usize> {
        let received = self.received.by(at_ns);
        received..self.sent.by(at_ns).max(received)
    }

    /// Bytes under way at a moment.
    pub fn bytes_in_flight(&self, at_ns: u64) -> u64 {
        self.in_flight(at_ns)
            .filter_map(|number| self.contents.get(number).copied().flatten())
            .map(|(_, bytes)| u64::from(bytes))
            .sum()
    }

    /// How many messages had been sent by then (recorded one by one).
    pub fn sent_by(&self, at_ns: u64) -> usize {
        self.sent.by(at_ns)
    }

    /// How many messages had been received by then (recorded one by one).
    pub fn received_by(&self, at_ns: u64) -> usize {
        self.received.by(at_ns)
    }

    /// Messages sent in all, sums included.
    pub fn sent(&self) -> u64 {
        self.sent.stamps_ns.len() as u64 + self.sent.summed_messages
    }

    /// Messages received in all, sums included.
    pub fn received(&self) -> u64 {
        self.received.stamps_ns.len() as u64 + self.received.summed_messages
    }

    /// Bytes sent in all.
    pub fn sent_bytes(&self) -> u64 {
        self.sent.bytes.saturating_add(self.sent.summed_bytes)
    }

    /// Messages that must have passed but whose events are missing.
    pub fn unrecorded(&self) -> u64 {
        u64::from(self.sent.unrecorded) + u64::from(self.received.unrecorded)
    }

    /// Messages that appear twice at one end, or differ between the ends.
    pub fn contradictions(&self) -> u32 {
        self.contradictions
    }
}
