//! Locks and semaphores that a manager keeps.

use crate::program::plain::Plain;
use crate::program::uses::Kind;

use super::kept::{Answer, Caller, Keep, Turn, patience, unknown};
use super::request::Fault;

/// `Lock()`: whoever likes may release it. Its holder is only remembered for the case that it dies.
#[derive(Debug, Default)]
pub(super) struct Lock {
    holder: Option<u16>,
}

impl Keep for Lock {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "acquire" | "__enter__" if self.holder.is_none() => {
                self.holder = Some(caller.client);
                Ok(Plain::Bool(true).into())
            }
            "acquire" | "__enter__" if caller.turn == Turn::Late => Ok(Plain::Bool(false).into()),
            "acquire" | "__enter__" => Ok(Answer::Park(patience(arguments, 0)?)),
            "release" | "__exit__" => match self.holder.take() {
                Some(_) => Ok(Plain::None.into()),
                None => Err(Fault::new("RuntimeError", "release unlocked lock")),
            },
            _ => Err(unknown(Kind::Lock, method)),
        }
    }

    fn forget(&mut self, client: u16, recover: bool) -> bool {
        recover && self.holder.take_if(|holder| *holder == client).is_some()
    }
}

/// `RLock()`: its holder may take it again.
#[derive(Debug, Default)]
pub(super) struct RLock {
    holder: Option<u16>,
    depth: u32,
}

impl RLock {
    /// Whether this client has it.
    pub(super) fn is_of(&self, client: u16) -> bool {
        self.holder == Some(client)
    }

    /// Gives it up, however often it was taken; how often.
    pub(super) fn give_up(&mut self) -> u32 {
        self.holder = None;
        std::mem::take(&mut self.depth)
    }

    /// Takes it so many times more, if it is free or the client's own.
    pub(super) fn take(&mut self, client: u16, times: u32) -> bool {
        let mine = self.holder.is_none_or(|holder| holder == client);
        if mine {
            self.holder = Some(client);
            self.depth += times;
        }
        mine
    }
}

impl Keep for RLock {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "acquire" | "__enter__" if self.take(caller.client, 1) => Ok(Plain::Bool(true).into()),
            "acquire" | "__enter__" if caller.turn == Turn::Late => Ok(Plain::Bool(false).into()),
            "acquire" | "__enter__" => Ok(Answer::Park(patience(arguments, 0)?)),
            "release" | "__exit__" if self.is_of(caller.client) => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.holder = None;
                }
                Ok(Plain::None.into())
            }
            "release" | "__exit__" => Err(Fault::new("RuntimeError", "cannot release un-acquired lock")),
            _ => Err(unknown(Kind::RLock, method)),
        }
    }

    fn forget(&mut self, client: u16, recover: bool) -> bool {
        let held = recover && self.is_of(client);
        if held {
            self.give_up();
        }
        held
    }
}

/// `Semaphore(n)`, `BoundedSemaphore(n)`: nobody owns a permit.
#[derive(Debug)]
pub(super) struct Semaphore {
    free: u64,
    /// Of a bounded one, how many permits there are in all.
    most: Option<u64>,
}

impl Semaphore {
    pub(super) fn new(permits: u64, bounded: bool) -> Self {
        Self { free: permits, most: bounded.then_some(permits) }
    }
}

impl Keep for Semaphore {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        match method {
            "acquire" | "__enter__" if self.free > 0 => {
                self.free -= 1;
                Ok(Plain::Bool(true).into())
            }
            "acquire" | "__enter__" if caller.turn == Turn::Late => Ok(Plain::Bool(false).into()),
            "acquire" | "__enter__" => Ok(Answer::Park(patience(arguments, 0)?)),
            "release" | "__exit__" if self.most == Some(self.free) => {
                Err(Fault::new("ValueError", "Semaphore released too many times"))
            }
            "release" | "__exit__" => {
                self.free += 1;
                Ok(Plain::None.into())
            }
            _ => Err(unknown(Kind::Semaphore, method)),
        }
    }
}
