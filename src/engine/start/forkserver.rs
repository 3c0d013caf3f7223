//! `forkserver`: a small, single-threaded program is started once and copied on request. The copies
//! are cheap and clean, whatever the parent has grown into.
//!
//! ```text
//! engine ── start + the worker's three ends ──► fork server ── fork ──► worker
//!        ◄── pid, or how it ended ───────────
//! ```
//!
//! The workers are children of the server, so the server waits for them and kills them when told; it
//! and they die with the engine.

use std::io;
use std::time::Duration;

use crate::engine::worker::Belongings;
use crate::sys::{self, Child, Control, ControlPeer, Forked};
use crate::trace::Exit;

use super::fork::become_worker;
use super::{Started, Starter};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the server looks for children that ended unasked.
const REAP_EVERY: Duration = Duration::from_millis(100);
/// How long the server waits for one child when asked how it ended.
const WAIT_PATIENCE: Duration = Duration::from_secs(1);

type Message = [u8; 16];

/// The first byte of a message.
mod kind {
    pub(super) const START: u8 = 1;
    pub(super) const KILL: u8 = 2;
    pub(super) const WAIT: u8 = 3;
    pub(super) const STARTED: u8 = 4;
    pub(super) const REFUSED: u8 = 5;
    pub(super) const EXITED: u8 = 6;
    pub(super) const SIGNALED: u8 = 7;
    pub(super) const ALIVE: u8 = 8;
}

fn message(kind: u8, a: u32, b: i32) -> Message {
    let mut message = [0; 16];
    message[0] = kind;
    message[4..8].copy_from_slice(&a.to_le_bytes());
    message[8..12].copy_from_slice(&b.to_le_bytes());
    message
}

fn parts(message: Message) -> (u8, u32, i32) {
    let word = |at: usize| std::array::from_fn(|place| message[at + place]);
    (message[0], u32::from_le_bytes(word(4)), i32::from_le_bytes(word(8)))
}

/// The engine's side of a fork server.
pub(super) struct ForkServer {
    control: Control,
    server: Child,
}

impl ForkServer {
    /// Starts the server.
    pub(super) fn start() -> io::Result<Self> {
        let arguments = [crate::engine::FORKSERVER.to_owned(), std::process::id().to_string()];
        let (control, server) = Control::start(&arguments)?;
        Ok(Self { control, server })
    }
}

impl Starter for ForkServer {
    fn start(&mut self, belongings: Belongings) -> io::Result<Started> {
        let Belongings { tasks, results, memory } = &belongings;
        self.control.ask(message(kind::START, 0, 0), Some((tasks, results, memory)))?;
        match parts(self.control.answer(PATIENCE)?) {
            (kind::STARTED, pid, _) => Ok(Started::Theirs { pid }),
            (kind::REFUSED, _, code) => Err(io::Error::from_raw_os_error(code)),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    fn server_pid(&self) -> Option<u32> {
        Some(self.server.pid())
    }

    fn wait(&mut self, worker: &mut Started, patience: Duration) -> Option<Exit> {
        self.control.ask(message(kind::WAIT, worker.pid(), 0), None).ok()?;
        match parts(self.control.answer(WAIT_PATIENCE + patience).ok()?) {
            (kind::EXITED, _, code) => Some(Exit::Code(code)),
            (kind::SIGNALED, _, signal) => Some(Exit::Signal(signal)),
            _ => None,
        }
    }

    fn kill(&mut self, worker: &mut Started) {
        // A server that is gone has taken its workers with it.
        let _ = self.control.ask(message(kind::KILL, worker.pid(), 0), None);
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        self.server.kill();
        let _ = sys::wait_with_deadline(&mut self.server, Duration::from_secs(1));
    }
}

/// The main function of the server; the arguments are the engine's pid and the socket's number.
pub(in crate::engine) fn main(arguments: &[u64]) -> i32 {
    let &[parent, socket] = arguments else { return 2 };
    if !sys::die_with_parent(parent as u32) {
        return 1;
    }
    let Ok(control) = ControlPeer::inherited(socket) else { return 2 };
    let mut children = Children::default();
    loop {
        let (request, belongings) = match control.request(REAP_EVERY) {
            Ok(Some(request)) => request,
            Ok(None) => {
                children.reap();
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return 0,
            Err(_) => return 1,
        };
        let answer = match (parts(request), belongings) {
            ((kind::START, ..), Some((tasks, results, memory))) => {
                Some(children.start(Belongings { tasks, results, memory }))
            }
            ((kind::WAIT, pid, _), _) => Some(children.wait(pid)),
            ((kind::KILL, pid, _), _) => {
                children.kill(pid);
                None
            }
            _ => return 2,
        };
        if answer.is_some_and(|answer| control.answer(answer).is_err()) {
            return 1;
        }
    }
}

/// The server's children, also those that ended until somebody asks how.
#[derive(Default)]
struct Children(Vec<Child>);

impl Children {
    fn start(&mut self, belongings: Belongings) -> Message {
        let server = std::process::id();
        match sys::fork() {
            Ok(Forked::Child) => become_worker(belongings, server),
            Ok(Forked::Parent(child)) => {
                let pid = child.pid();
                self.0.push(child);
                message(kind::STARTED, pid, 0)
            }
            Err(error) => message(kind::REFUSED, 0, error.raw_os_error().unwrap_or(0)),
        }
    }

    fn wait(&mut self, pid: u32) -> Message {
        let Some(place) = self.0.iter().position(|child| child.pid() == pid) else {
            return message(kind::ALIVE, pid, 0);
        };
        let answer = match sys::wait_with_deadline(&mut self.0[place], WAIT_PATIENCE) {
            Some(Exit::Code(code)) => message(kind::EXITED, pid, code),
            Some(Exit::Signal(signal)) => message(kind::SIGNALED, pid, signal),
            _ => return message(kind::ALIVE, pid, 0),
        };
        self.0.remove(place);
        answer
    }

    fn kill(&mut self, pid: u32) {
        if let Some(child) = self.0.iter_mut().find(|child| child.pid() == pid) {
            child.kill();
        }
    }

    /// No child stays a zombie: how it ended is kept in its [`Child`].
    fn reap(&mut self) {
        for child in &mut self.0 {
            let _ = child.try_wait();
        }
    }
}
