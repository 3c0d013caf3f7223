//! Events, conditions and barriers that a manager keeps.

use crate::program::plain::Plain;
use crate::program::uses::Kind;

use super::kept::{Answer, Caller, Keep, Turn, timeout, unknown};
use super::locks::RLock;
use super::request::{Fault, argument, number};

/// `Event()`
#[derive(Debug, Default)]
pub(super) struct Event {
    is_set: bool,
}

impl Keep for Event {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "is_set" => return Ok(Plain::Bool(self.is_set).into()),
            "wait" if self.is_set || caller.turn == Turn::Late => return Ok(Plain::Bool(self.is_set).into()),
            "wait" => return Ok(Answer::Park(timeout(arguments.first())?)),
            "set" => self.is_set = true,
            "clear" => self.is_set = false,
            _ => return Err(unknown(Kind::Event, method)),
        }
        Ok(Plain::None.into())
    }
}

/// `Condition()`, with an `RLock` of its own as in Python.
#[derive(Debug, Default)]
pub(super) struct Condition {
    lock: RLock,
    waiters: Vec<Waiter>,
}

/// Whoever waits for a condition.
#[derive(Debug)]
struct Waiter {
    client: u16,
    /// How often it had the lock, and will have it again.
    depth: u32,
    /// Why it waits no longer, but for the lock.
    over: Option<Over>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Notified,
    Late,
}

impl Condition {
    fn wait(&mut self, Caller { client, turn }: Caller, arguments: &[Plain]) -> Result<Answer, Fault> {
        if turn == Turn::First {
            if !self.lock.is_of(client) {
                return Err(Fault::new("RuntimeError", "cannot wait on un-acquired lock"));
            }
            let patience = timeout(arguments.first())?;
            let depth = self.lock.give_up();
            self.waiters.push(Waiter { client, depth, over: None });
            return Ok(Answer::Park(patience));
        }
        let place = self.waiters.iter().position(|waiter| waiter.client == client);
        let Some(place) = place else { return Ok(Plain::Bool(false).into()) };
        let waiter = &mut self.waiters[place];
        if turn == Turn::Late {
            waiter.over.get_or_insert(Over::Late);
        }
        let Some(over) = waiter.over else { return Ok(Answer::Park(None)) };
        // Whoever comes back from a wait has the lock again, however long that takes.
        if !self.lock.take(client, waiter.depth) {
            return Ok(Answer::Park(None));
        }
        self.waiters.remove(place);
        Ok(Plain::Bool(over == Over::Notified).into())
    }

    fn notify(&mut self, client: u16, count: usize) -> Result<Answer, Fault> {
        if !self.lock.is_of(client) {
            return Err(Fault::new("RuntimeError", "cannot notify on un-acquired lock"));
        }
        self.wake(count);
        Ok(Plain::None.into())
    }

    /// Nothing is waited for here: a waiter that has died is not among them any more.
    fn wake(&mut self, count: usize) {
        for waiter in self.waiters.iter_mut().filter(|waiter| waiter.over.is_none()).take(count) {
            waiter.over = Some(Over::Notified);
        }
    }
}

impl Keep for Condition {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "wait" => self.wait(caller, arguments),
            "notify" => {
                let count = if arguments.is_empty() { 1 } else { number(arguments, 0, method)? };
                self.notify(caller.client, usize::try_from(count).unwrap_or(0))
            }
            "notify_all" => self.notify(caller.client, usize::MAX),
            "acquire" | "__enter__" | "release" | "__exit__" => self.lock.call(caller, method, arguments),
            _ => Err(unknown(Kind::Condition, method)),
        }
    }

    fn forget(&mut self, client: u16, recover: bool) -> bool {
        let over = self.waiters.iter().find(|waiter| waiter.client == client).and_then(|waiter| waiter.over);
        self.waiters.retain(|waiter| waiter.client != client);
        if over == Some(Over::Notified) {
            // What it did not live to see goes on to the next.
            self.wake(1);
        }
        self.lock.forget(client, recover)
    }
}

/// `Barrier(n)`
#[derive(Debug)]
pub(super) struct Barrier {
    parties: usize,
    /// Who has come and waits.
    inside: Vec<u16>,
    /// Who may go, and its number among those it came with.
    leaving: Vec<(u16, usize)>,
    /// Who shall learn that it broke while they waited.
    betrayed: Vec<u16>,
    broken: bool,
}

impl Barrier {
    pub(super) fn new(parties: usize) -> Self {
        Self { parties, inside: Vec::new(), leaving: Vec::new(), betrayed: Vec::new(), broken: false }
    }

    fn wait(&mut self, Caller { client, turn }: Caller, arguments: &[Plain]) -> Result<Answer, Fault> {
        if let Some(place) = self.leaving.iter().position(|(who, _)| *who == client) {
            let (_, index) = self.leaving.remove(place);
            return Ok(Plain::Int(index as i64).into());
        }
        if turn == Turn::Late {
            self.break_it();
        }
        let betrayed = self.betrayed.iter().position(|who| *who == client);
        if betrayed.map(|place| self.betrayed.remove(place)).is_some() || self.broken {
            return Err(Fault::new("BrokenBarrierError", ""));
        }
        if turn == Turn::First {
            let patience = timeout(arguments.first())?;
            if self.inside.len() + 1 < self.parties {
                self.inside.push(client);
                return Ok(Answer::Park(patience));
            }
            self.leaving.extend(std::mem::take(&mut self.inside).into_iter().zip(0..));
            return Ok(Plain::Int(self.parties as i64 - 1).into());
        }
        Ok(Answer::Park(None))
    }

    fn break_it(&mut self) {
        self.broken = true;
        self.betrayed.append(&mut self.inside);
    }
}

impl Keep for Barrier {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "wait" => return self.wait(caller, arguments),
            "abort" => self.break_it(),
            "reset" => {
                self.betrayed.append(&mut self.inside);
                self.broken = false;
            }
            "__getattribute__" => {
                return match argument(arguments, 0, method)? {
                    Plain::Text(name) if name == "parties" => Ok(Plain::Int(self.parties as i64).into()),
                    Plain::Text(name) if name == "n_waiting" => Ok(Plain::Int(self.inside.len() as i64).into()),
                    Plain::Text(name) if name == "broken" => Ok(Plain::Bool(self.broken).into()),
                    other => Err(unknown(Kind::Barrier, &other.printed())),
                };
            }
            _ => return Err(unknown(Kind::Barrier, method)),
        }
        Ok(Plain::None.into())
    }

    fn forget(&mut self, client: u16, recover: bool) -> bool {
        self.leaving.retain(|(who, _)| *who != client);
        self.betrayed.retain(|who| *who != client);
        let was_inside = recover && self.inside.contains(&client);
        if was_inside {
            // It will never leave with the others.
            self.inside.retain(|who| *who != client);
            self.break_it();
        }
        was_inside
    }
}
