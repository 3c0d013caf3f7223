//! The three ways in which a worker process comes into being, a file each.

mod fork;
mod forkserver;
mod spawn;

use std::io;
use std::time::Duration;

use crate::plan::StartMethod;
use crate::sys::{self, Child};
use crate::trace::Exit;

use super::worker::Belongings;

pub(super) use forkserver::main as forkserver_main;
pub(super) use spawn::main as spawned_main;

/// Starts worker processes in one way.
pub(super) trait Starter {
    /// Starts a worker that owns these things.
    fn start(&mut self, belongings: Belongings) -> io::Result<Started>;

    /// The pid of the server that forks the workers, if there is one.
    fn server_pid(&self) -> Option<u32> {
        None
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
    },
}

impl Started {
    /// Its process id.
    pub(super) fn pid(&self) -> u32 {
        match self {
            Self::Ours(child) => child.pid(),
            Self::Theirs { pid } => *pid,
        }
    }
}

/// What starts workers in this way.
pub(super) fn starter(method: StartMethod) -> io::Result<Box<dyn Starter>> {
    Ok(match method {
        StartMethod::Spawn => Box::new(spawn::Spawn),
        StartMethod::Fork => Box::new(fork::Fork),
        StartMethod::Forkserver => Box::new(forkserver::ForkServer::start()?),
    })
}
