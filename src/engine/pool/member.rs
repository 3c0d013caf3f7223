//! One worker process, as the parent holds it: its two pipes, its ring, and the units it has.

use std::collections::VecDeque;

use crate::engine::desk::Desk;
use crate::engine::start::Started;
use crate::engine::wire::{self, Inbox, Kind};
use crate::sys::{PipeReader, PipeWriter, Progress, SharedMemory};
use crate::trace::Content;
use crate::trace::ring::Part;

use super::losses::Estate;
use super::tracked::Tracked;

/// A unit that a worker has.
#[derive(Clone, Copy, Debug)]
struct Held {
    /// How many were sent to this worker before it.
    ordinal: u64,
    unit: u32,
    bytes: u32,
}

/// One worker process.
pub(super) struct Member {
    /// What the trace follows of it.
    pub(super) tracked: Tracked<Part<SharedMemory>>,
    /// Its number, from 1; a replacement has a new one.
    pub(super) number: u32,
    /// Its results.
    pub(super) results: PipeReader,
    /// Results that are not a whole message yet.
    pub(super) inbox: Inbox,
    /// Whether it has said that it is ready.
    pub(super) ready: bool,
    /// Why it can't begin, if it said so.
    pub(super) last_words: Option<String>,
    /// How it was started, and is ended.
    pub(super) started: Started,
    /// The units it has, in the order they were sent.
    held: VecDeque<Held>,
    /// Units ever sent to it.
    sent: u64,
    /// What its task pipe holds before a writer must wait.
    capacity_bytes: u32,
    bytes_in_flight: u32,
    tasks: PipeWriter,
    /// Messages that did not fit into the task pipe yet, from `written` on.
    outgoing: Vec<u8>,
    written: usize,
}

impl Member {
    /// A worker that was just started, whose task pipe holds so many bytes.
    pub(super) fn new(
        tracked: Tracked<Part<SharedMemory>>,
        number: u32,
        started: Started,
        (tasks, results): (PipeWriter, PipeReader),
    ) -> Self {
        Self {
            tracked,
            number,
            results,
            inbox: Inbox::default(),
            ready: false,
            last_words: None,
            started,
            held: VecDeque::new(),
            sent: 0,
            capacity_bytes: tasks.capacity_bytes(),
            bytes_in_flight: 0,
            tasks,
            outgoing: Vec::new(),
            written: 0,
        }
    }

    /// Whether a message as large as the last one fits into what may be under way to this worker:
    /// never more than its pipe holds, so that a write finds room.
    pub(super) fn has_credit(&self) -> bool {
        let last = self.held.back().map_or(0, |held| held.bytes);
        self.bytes_in_flight == 0 || self.capacity_bytes == 0 || self.bytes_in_flight + last <= self.capacity_bytes
    }

    /// Puts a message into line and notes that it is sent; it leaves with [`Self::push_out`].
    #[inline]
    pub(super) fn send(
        &mut self,
        desk: &mut Desk<'_>,
        at_ns: u64,
        (kind, content): (Kind, Content),
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), wire::TooLarge> {
        let number = if let Content::Unit(unit) = content { unit } else { 0 };
        let bytes = wire::write(kind, number, &mut self.outgoing, fill)?;
        if let Content::Unit(unit) = content {
            self.held.push_back(Held { ordinal: self.sent, unit, bytes });
            self.sent += 1;
            self.bytes_in_flight += bytes;
        }
        self.tracked.say_sent(desk, at_ns, content, bytes);
        Ok(())
    }

    /// Puts a message into line that is none of the program that is watched.
    pub(super) fn whisper(&mut self, kind: Kind, payload: &[u8]) -> Result<(), wire::TooLarge> {
        wire::write(kind, 0, &mut self.outgoing, |out| out.extend_from_slice(payload)).map(|_| ())
    }

    /// The unit whose answer came, if it has it. Several threads may answer in any order.
    #[inline]
    pub(super) fn answered(&mut self, unit: u32) -> bool {
        let is_first = self.held.front().is_some_and(|held| held.unit == unit);
        let held = if is_first { self.held.pop_front() } else { self.take_later(unit) };
        self.bytes_in_flight -= held.map_or(0, |held| held.bytes);
        held.is_some()
    }

    /// Lets go of a unit that is not the first.
    fn take_later(&mut self, unit: u32) -> Option<Held> {
        let place = self.held.iter().position(|held| held.unit == unit)?;
        self.held.remove(place)
    }

    /// What it leaves behind. It takes its units in the order they were sent, so those it had begun are
    /// the first so many ever sent.
    pub(super) fn estate(&self) -> Estate {
        let begun = self.tracked.begun();
        let (begun, untouched): (Vec<Held>, Vec<Held>) = self.held.iter().partition(|held| held.ordinal < begun);
        let units = |held: Vec<Held>| held.into_iter().map(|held| held.unit).collect();
        Estate { begun: units(begun), untouched: units(untouched) }
    }

    /// Whether it has done everything that it was given in its life.
    pub(super) fn has_done(&self, quota: Option<u32>) -> bool {
        self.held.is_empty() && quota.is_some_and(|quota| self.sent >= u64::from(quota))
    }

    /// Writes what the task pipe takes now. A pipe whose worker is gone takes nothing; the result
    /// pipe tells of that.
    pub(super) fn push_out(&mut self) {
        while self.written < self.outgoing.len() {
            match self.tasks.write(&self.outgoing[self.written..]) {
                Ok(Progress::Moved(count)) => self.written += count,
                Ok(Progress::WouldBlock) => return,
                Ok(Progress::Closed) | Err(_) => break,
            }
        }
        self.outgoing.clear();
        self.written = 0;
    }

    /// The end to wait for when messages are waiting to leave.
    pub(super) fn tasks_if_waiting(&self) -> Option<&PipeWriter> {
        (self.written < self.outgoing.len()).then_some(&self.tasks)
    }

    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        self.started.pid()
    }

    /// What it is called: `Worker 3 (pid 4711)`.
    pub(super) fn title(&self) -> String {
        format!("Worker {} (pid {})", self.number, self.pid())
    }
}
