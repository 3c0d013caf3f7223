//! The three ways in which a worker process comes into being, a file each.

mod fork;
mod forkserver;
mod spawn;

use std::io;
use std::time::Duration;

use crate::plan::StartMethod;
use crate::sys::{self, Child, Signal};
use crate::trace::{ActorId, Exit};

use super::process;
use super::worker::{self, Belongings};

pub(super) use forkserver::main as forkserver_main;
pub(super) use spawn::main as spawned_main;

/// Starts worker processes in one way.
pub(super) trait Starter {
    /// Starts a worker that owns these things.
    fn start(&mut self, belongings: Belongings) -> io::Result<Started> {
        self.start_as(Calling::Worker, belongings)
    }

    /// Starts a process that owns these things and has this to do.
    fn start_as(&mut self, calling: Calling, belongings: Belongings) -> io::Result<Started>;

    /// The server that forks the workers, if there is one.
    fn server(&self) -> Option<Server> {
        None
    }

    /// Starts another server in place of one that is gone.
    fn renew_server(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether the server that started a worker is gone, and the worker with it.
    fn has_lost(&self, _worker: &Started) -> bool {
        false
    }

    /// How a worker ended, waited for at most so long.
    fn wait(&mut self, worker: &mut Started, patience: Duration) -> Option<Exit> {
        match worker {
            Started::Ours(child) => sys::wait_with_deadline(child, patience),
            Started::Theirs { .. } => None,
        }
    }

    /// Ends a worker at once.
    fn kill(&mut self, worker: &mut Started) {
        if let Started::Ours(child) = worker {
            child.kill();
        }
    }

    /// Sends a process a signal.
    fn signal(&mut self, worker: &mut Started, signal: Signal) -> io::Result<()> {
        match worker {
            Started::Ours(child) => child.signal(signal),
            Started::Theirs { .. } => Ok(()),
        }
    }

    /// Whether a process has ended, waited for or not. A child of this process stays a zombie.
    fn has_ended(&mut self, worker: &Started) -> bool {
        match worker {
            Started::Ours(child) => child.has_ended(),
            Started::Theirs { .. } => false,
        }
    }

    /// Ends the server at once, as if somebody else had; how it ended. `None` if there is none.
    fn kill_server(&mut self) -> Option<Exit> {
        None
    }

    /// Ends the server, if there is one, and tells how it ended.
    fn dismiss(self: Box<Self>) -> Option<Exit> {
        None
    }
}

/// What a process that is started has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calling {
    /// It works for a pool.
    Worker = 0,
    /// It carries out a script.
    Process = 1,
}

impl Calling {
    /// The first argument of a program that was started for this.
    fn argument(self) -> &'static str {
        match self {
            Self::Worker => super::WORKER,
            Self::Process => super::PROCESS,
        }
    }

    /// Does it, and gives the exit code. `parent` is the pid of the process that started this one.
    fn follow(self, belongings: Belongings, parent: u32) -> i32 {
        match self {
            Self::Worker => worker::main(belongings, parent),
            Self::Process => process::main(belongings, parent),
        }
    }
}

/// A fork server, as the trace tells of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    /// Its process id.
    pub(super) pid: u32,
    /// When it was asked for.
    pub(super) asked_ns: u64,
    /// When it was there, seen by the engine.
    pub(super) born_ns: u64,
    /// When its first message had come.
    pub(super) ready_ns: u64,
    /// Whether it is gone, or does not answer any more.
    pub(super) lost: bool,
}

/// A worker process that was started.
#[derive(Debug)]
pub(super) enum Started {
    /// A child of this process.
    Ours(Child),
    /// A child of the fork server, which waits for it and kills it when told.
    Theirs {
        /// Its process id.
        pid: u32,
        /// When its server was asked for: no two servers have that in common.
        server_ns: u64,
    },
}

impl Started {
    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        match self {
            Self::Ours(child) => child.pid(),
            Self::Theirs { pid, .. } => *pid,
        }
    }
}

/// The way of starting that an engine was asked for. What it needs is started with the first run and
/// stays for the others, as Python's fork server does.
pub(super) struct Launcher {
    method: StartMethod,
    starter: Option<Box<dyn Starter>>,
    /// The server's id in the run that was last.
    pub(super) server: Option<ActorId>,
}

impl Launcher {
    /// Nothing is started yet.
    pub(super) fn new(method: StartMethod) -> Self {
        Self { method, starter: None, server: None }
    }

    /// What starts workers, started itself if this is the first run.
    pub(super) fn starter(&mut self) -> io::Result<&mut dyn Starter> {
        let starter: Box<dyn Starter> = match (self.starter.take(), self.method) {
            (Some(starter), _) => starter,
            (None, StartMethod::Spawn) => Box::new(spawn::Spawn),
            (None, StartMethod::Fork) => Box::new(fork::Fork),
            (None, StartMethod::Forkserver) => Box::new(forkserver::ForkServer::start()?),
        };
        Ok(&mut **self.starter.insert(starter))
    }

    /// Ends the server, if there is one; gives its id and how it ended.
    pub(super) fn dismiss(self) -> Option<(ActorId, Exit)> {
        let exit = self.starter?.dismiss()?;
        Some((self.server?, exit))
    }
}
