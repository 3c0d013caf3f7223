//! The engine's side of its two pipes to the observer: commands come in, the trace goes out.
//!
//! Neither ever makes the engine wait: what the observer does not read piles up to a limit, and past
//! it records are dropped and counted.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crate::plan::{Action, EngineCommand, Plan};
use crate::sys::{self, PipeReader, PipeWriter, Progress};

/// The most trace that waits for the observer.
const BACKLOG_BYTES: usize = 64 << 20;
/// The most trace that leaves in one tick while a run goes on. What an observer reads costs it time on
/// the cores that the workers need; a burst of tiny units is sent on when their run is over.
const TICK_BYTES: usize = 64 << 10;
/// What was written is freed when it is so much, or all.
const WRITTEN_BYTES: usize = 1 << 20;
/// The longest line a command may have.
const LINE_BYTES: usize = 4 << 20;

/// Why a run must end before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Somebody pressed Stop.
    Stop,
    /// The observer is gone.
    Gone,
}

/// Whoever watches.
pub(super) struct Observer {
    input: PipeReader,
    output: PipeWriter,
    line: Vec<u8>,
    outbox: Vec<u8>,
    /// How much of the outbox has been written.
    written: usize,
    /// Whether the pipe took no more at the last try.
    blocked: bool,
    /// How many bytes may still leave in this tick.
    allowance: usize,
    interrupt: Option<Interrupt>,
    /// What is to be done to actors, in the order it was commanded.
    orders: VecDeque<(u32, Action)>,
}

impl Observer {
    /// On this process's standard input and output.
    pub(super) fn on_standard_streams() -> io::Result<Self> {
        Ok(Self {
            input: sys::stdin_pipe()?,
            output: sys::stdout_pipe()?,
            line: Vec::new(),
            outbox: Vec::new(),
            written: 0,
            blocked: false,
            allowance: TICK_BYTES,
            interrupt: None,
            orders: VecDeque::new(),
        })
    }

    /// The plan, which is the first line. Waits at most so long.
    pub(super) fn plan(&mut self, patience: Duration) -> io::Result<Plan> {
        let give_up = Instant::now() + patience;
        loop {
            if let Some(line) = self.next_line()? {
                return serde_json::from_slice(&line).map_err(io::Error::other);
            }
            if self.interrupt.is_some() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            sys::wait_ready(&[&self.input], &[], left)?;
        }
    }

    /// The end that wakes the engine when a command comes.
    pub(super) fn input(&self) -> &PipeReader {
        &self.input
    }

    /// The end to wait for when trace could not leave. What was only not sent yet waits for the next
    /// tick: a pipe with room is always ready, and waiting for it would be no waiting at all.
    pub(super) fn output_if_blocked(&self) -> Option<&PipeWriter> {
        self.blocked.then_some(&self.output)
    }

    /// Reads what has been commanded; an interrupt stays until the run is over.
    pub(super) fn interrupt(&mut self) -> Option<Interrupt> {
        loop {
            match self.next_line() {
                Ok(Some(line)) => match serde_json::from_slice(&line) {
                    Ok(EngineCommand::Stop) => self.interrupt = self.interrupt.or(Some(Interrupt::Stop)),
                    Ok(EngineCommand::Do { actor, action }) => self.orders.push_back((actor, action)),
                    // A later observer may know commands that this engine does not.
                    Err(_) => {}
                },
                Ok(None) => return self.interrupt,
                Err(_) => {
                    self.interrupt = Some(Interrupt::Gone);
                    return self.interrupt;
                }
            }
        }
    }

    /// The next thing that is to be done to an actor (by its id), of those that [`Self::interrupt`] has read.
    pub(super) fn take_order(&mut self) -> Option<(u32, Action)> {
        self.orders.pop_front()
    }

    /// The next whole line, if one is there; the end of input is an interrupt.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.line.iter().position(|&byte| byte == b'\n') {
                let rest = self.line.split_off(end + 1);
                return Ok(Some(std::mem::replace(&mut self.line, rest)));
            }
            let mut chunk = [0; 4096];
            match self.input.read(&mut chunk)? {
                Progress::Moved(count) if self.line.len() + count <= LINE_BYTES => {
                    self.line.extend_from_slice(&chunk[..count]);
                }
                Progress::Moved(_) => return Err(io::ErrorKind::InvalidData.into()),
                Progress::WouldBlock => return Ok(None),
                Progress::Closed => {
                    self.interrupt = Some(Interrupt::Gone);
                    return Ok(None);
                }
            }
        }
    }

    /// Where blocks are appended; they leave with [`Self::push_out`].
    pub(super) fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// Whether so much waits already that records should be dropped.
    pub(super) fn is_swamped(&self) -> bool {
        self.outbox.len() - self.written > BACKLOG_BYTES
    }

    /// Writes as much of the trace as the observer takes now, within what is left for this tick.
    pub(super) fn push_out(&mut self) {
        self.blocked = false;
        while self.written < self.outbox.len() {
            let end = self.outbox.len().min(self.written.saturating_add(self.allowance));
            if end == self.written {
                return;
            }
            match self.output.write(&self.outbox[self.written..end]) {
                Ok(Progress::Moved(count)) => {
                    self.written += count;
                    self.allowance -= count;
                }
                Ok(Progress::WouldBlock) => {
                    self.blocked = true;
                    if self.written > WRITTEN_BYTES {
                        self.outbox.drain(..self.written);
                        self.written = 0;
                    }
                    return;
                }
                Ok(Progress::Closed) | Err(_) => {
                    self.interrupt = Some(Interrupt::Gone);
                    break;
                }
            }
        }
        self.outbox.clear();
        self.written = 0;
    }

    /// A new tick: the observer may be sent some more.
    pub(super) fn tick(&mut self) {
        self.allowance = TICK_BYTES;
    }

    /// Writes the rest of the trace, as long as the observer takes some of it at least every so often.
    /// False if it did not take all.
    pub(super) fn finish(&mut self, patience: Duration) -> bool {
        let mut give_up = Instant::now() + patience;
        self.allowance = usize::MAX;
        loop {
            let before = self.outbox.len() - self.written;
            self.push_out();
            let Some(output) = self.output_if_blocked() else { return self.interrupt != Some(Interrupt::Gone) };
            if self.outbox.len() - self.written < before {
                give_up = Instant::now() + patience;
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() || sys::wait_ready(&[], &[output], left).is_err() {
                return false;
            }
        }
    }
}
