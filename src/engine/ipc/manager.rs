//! Python's `Manager()`: a process that keeps objects, and serves those who have proxies of them.
//!
//! ```text
//! client k ── request ──► the server's own process ──► what is kept
//!    ▲                        │ can't be answered yet: parked
//!    └──── answer ◄───────────┘ answered when somebody else has used the same object
//! ```
//!
//! Every use is a round trip between two processes: two writes, two reads, and a process waking up twice. That is what
//! `d['a'] += 1` costs, two times, and between its reading and its writing others come in: the server carries out
//! requests one after the other, but knows nothing of what belongs together. Values travel as copies; what is changed
//! in a copy stays there, unless it is stored again. Only a proxy means what is kept.
//!
//! Python's server has a thread for each client, which blocks in a lock's `acquire` or a queue's `get`. This one has
//! no threads: such a request is parked until it can be answered, in the order of their coming, and forgotten when its
//! client dies. What a dead client held stays held, as in Python; in the `robust` variant it is given back.
//!
//! It listens nowhere: a client has the two pipes it was started with, and nobody else can ask anything. So there is
//! no key to check, and no code ever travels, only names of methods and plain values.
//!
//! A pool is not kept: Python's manager starts processes for it, this one's process starts none, and says so.

mod containers;
mod gates;
mod kept;
mod locks;
mod proxy;
mod queue;
mod request;
mod serve;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use crate::program::plain::Plain;

use kept::{Answer, Caller, Keep, Turn};

pub use containers::call_copy;
pub use proxy::{Lost, Proxy};
pub use request::{Answered, Fault, Reply, Request};
pub use serve::{Counter, Ends, Heard};

/// What a manager keeps, and the requests that it can't answer yet.
#[derive(Default)]
pub struct Manager {
    kept: Vec<Box<dyn Keep>>,
    parked: Vec<Parked>,
    served: Vec<Served>,
    robust: bool,
    is_over: bool,
}

/// A request that can't be answered yet.
struct Parked {
    client: u16,
    number: u32,
    kept: usize,
    method: String,
    arguments: Vec<Plain>,
    until: Option<Instant>,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Whose.
    pub client: u16,
    /// Which.
    pub number: u32,
    /// The answer.
    pub reply: Reply,
}

impl Manager {
    /// Keeps nothing yet. A robust one gives back what a dead client held.
    pub fn new(robust: bool) -> Self {
        Self { robust, ..Self::default() }
    }

    /// Takes in a client's request. What can be answered now is among what was [served](Self::take_served).
    pub fn take_in(&mut self, client: u16, number: u32, request: Request, now: Instant) {
        let (kept, method, arguments) = match request {
            Request::Make(kind, arguments) => {
                let made = kept::make(kind, &arguments).map(|object| {
                    self.kept.push(object);
                    Plain::Proxy(self.kept.len() as u32 - 1)
                });
                self.served.push(Served { client, number, reply: made });
                return;
            }
            Request::Shutdown => {
                self.is_over = true;
                self.served.push(Served { client, number, reply: Ok(Plain::None) });
                return;
            }
            Request::Call(kept, method, arguments) => (kept as usize, method, arguments),
        };
        let Some(object) = self.kept.get_mut(kept) else {
            let reply = Err(Fault::new("KeyError", format!("'the manager keeps nothing under {kept}'")));
            self.served.push(Served { client, number, reply });
            return;
        };
        let mut answer = object.call(Caller { client, turn: Turn::First }, &method, &arguments);
        let mut until = None;
        if let Ok(Answer::Park(patience)) = answer {
            // What is later than any time there is never comes.
            until = patience.and_then(|patience| now.checked_add(patience));
            if patience.is_some_and(|patience| patience.is_zero()) {
                (answer, until) = (object.call(Caller { client, turn: Turn::Late }, &method, &arguments), None);
            }
        }
        let parked = Parked { client, number, kept, method, arguments, until };
        match answer {
            Ok(Answer::Done(value)) => self.served.push(Served { client, number, reply: Ok(value) }),
            Err(fault) => self.served.push(Served { client, number, reply: Err(fault) }),
            Ok(Answer::Park(_)) => self.parked.push(parked),
        }
        // Even a request that had to be parked may have let another go on: a wait gives up its lock.
        self.try_again(kept);
    }

    /// Tries again what waits for this object, in the order of coming, until nothing more moves.
    fn try_again(&mut self, kept: usize) {
        let mut place = 0;
        while let Some(parked) = self.parked.get(place) {
            if parked.kept == kept && self.answer_parked(place, Turn::Again) {
                place = 0;
            } else {
                place += 1;
            }
        }
    }

    /// Tries a parked request once more; whether it was answered.
    fn answer_parked(&mut self, place: usize, turn: Turn) -> bool {
        let parked = &mut self.parked[place];
        let caller = Caller { client: parked.client, turn };
        let reply = match self.kept[parked.kept].call(caller, &parked.method, &parked.arguments) {
            Ok(Answer::Done(value)) => Ok(value),
            Err(fault) => Err(fault),
            Ok(Answer::Park(_)) => {
                if turn == Turn::Late {
                    parked.until = None;
                }
                return false;
            }
        };
        let Parked { client, number, .. } = self.parked.remove(place);
        self.served.push(Served { client, number, reply });
        true
    }

    /// Answers whose patience is over.
    pub fn answer_the_late(&mut self, now: Instant) {
        let is_late = |parked: &Parked| parked.until.is_some_and(|until| until <= now);
        while let Some(place) = self.parked.iter().position(is_late) {
            let kept = self.parked[place].kept;
            self.answer_parked(place, Turn::Late);
            self.try_again(kept);
        }
    }

    /// How long nobody's patience ends.
    pub fn patience(&self, now: Instant) -> Option<Duration> {
        self.parked.iter().filter_map(|parked| parked.until).min().map(|until| until.saturating_duration_since(now))
    }

    /// A client is gone: nothing of it waits any more. Whether anything that it held was given back.
    pub fn forget(&mut self, client: u16) -> bool {
        self.parked.retain(|parked| parked.client != client);
        self.served.retain(|served| served.client != client);
        let mut recovered = false;
        for kept in 0..self.kept.len() {
            recovered |= self.kept[kept].forget(client, self.robust);
            self.try_again(kept);
        }
        recovered
    }

    /// What was answered since the last time, in order.
    pub fn take_served(&mut self) -> Vec<Served> {
        std::mem::take(&mut self.served)
    }

    /// How many requests wait for somebody else's.
    pub fn parked(&self) -> usize {
        self.parked.len()
    }

    /// Whether it was told to end.
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}
