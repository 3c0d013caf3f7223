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
use crate::sys::{self, Child, Control, ControlPeer, Forked, Signal};
use crate::trace::Exit;

use super::fork::become_one;
use super::{Calling, Server, Started, Starter};

/// How long the server may take to answer: longer than it waits for a child.
const PATIENCE: Duration = Duration::from_millis(1500);
/// How long the server may take to end.
const DISMISS_PATIENCE: Duration = Duration::from_millis(500);
/// How often the server looks for children that ended unasked.
const REAP_EVERY: Duration = Duration::from_millis(100);
/// How long the server waits for one child when asked how it ended.
const WAIT_PATIENCE: Duration = Duration::from_millis(500);

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
    pub(super) const READY: u8 = 9;
    pub(super) const SIGNAL: u8 = 10;
    pub(super) const PEEK: u8 = 11;
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
    /// Closed to end the server.
    control: Option<Control>,
    child: Child,
    server: Server,
}

impl ForkServer {
    /// Starts the server, and waits until it is ready.
    pub(super) fn start() -> io::Result<Self> {
        let asked_ns = sys::now_ns();
        let arguments = [crate::engine::FORKSERVER.to_owned(), std::process::id().to_string()];
        let (control, child) = Control::start(&arguments)?;
        let (pid, born_ns) = (child.pid(), sys::now_ns());
        let server = Server { pid, asked_ns, born_ns, ready_ns: born_ns, lost: false };
        let mut started = Self { control: Some(control), child, server };
        started.answer(kind::READY, 0)?;
        started.server.ready_ns = sys::now_ns();
        Ok(started)
    }

    /// Asks the server for something.
    fn ask(&mut self, message: Message, owned: Option<&Belongings>) -> io::Result<()> {
        let owned = owned.map(|Belongings { tasks, results, memory, ends }| (tasks, results, memory, &ends[..]));
        let asked = match &self.control {
            Some(control) if !self.server.lost => control.ask(message, owned, PATIENCE),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        };
        asked.inspect_err(|_| self.give_up())
    }

    /// The server's answer: of this kind, or of any other if it is about this pid. An answer to an
    /// earlier question that came too late is passed over.
    fn answer(&mut self, wanted: u8, about: u32) -> io::Result<(u8, u32, i32)> {
        loop {
            let answer = match &self.control {
                Some(control) if !self.server.lost => control.answer(PATIENCE),
                _ => Err(io::ErrorKind::BrokenPipe.into()),
            };
            let (kind, pid, number) = parts(answer.inspect_err(|_| self.give_up())?);
            if kind == wanted || kind == kind::REFUSED || (about != 0 && pid == about) {
                return Ok((kind, pid, number));
            }
        }
    }

    /// A server that does not answer is ended, and its workers end with it; nobody waits for it twice.
    fn give_up(&mut self) {
        self.server.lost = true;
        self.child.kill();
    }
}

impl Starter for ForkServer {
    fn start_as(&mut self, calling: Calling, belongings: Belongings) -> io::Result<Started> {
        self.ask(message(kind::START, 0, calling as i32), Some(&belongings))?;
        match self.answer(kind::STARTED, 0)? {
            (kind::STARTED, pid, _) => Ok(Started::Theirs { pid, server_ns: self.server.asked_ns }),
            (_, _, code) => Err(io::Error::from_raw_os_error(code)),
        }
    }

    fn server(&self) -> Option<Server> {
        Some(self.server)
    }

    fn renew_server(&mut self) -> io::Result<()> {
        // The old one is waited for when it is dropped.
        *self = Self::start()?;
        Ok(())
    }

    fn has_lost(&self, worker: &Started) -> bool {
        let is_of_this = matches!(worker, Started::Theirs { server_ns, .. } if *server_ns == self.server.asked_ns);
        self.server.lost || !is_of_this
    }

    fn wait(&mut self, worker: &mut Started, _: Duration) -> Option<Exit> {
        if self.has_lost(worker) {
            // Nobody can say how.
            return Some(Exit::Unknown);
        }
        let pid = worker.pid();
        let answer = self.ask(message(kind::WAIT, pid, 0), None).and_then(|()| self.answer(kind::EXITED, pid));
        match answer {
            Ok((kind::EXITED, _, code)) => Some(Exit::Code(code)),
            Ok((kind::SIGNALED, _, signal)) => Some(Exit::Signal(signal)),
            Ok(_) => None,
            // The server is gone, and its workers with it; nobody can say how.
            Err(_) => Some(Exit::Unknown),
        }
    }

    fn kill(&mut self, worker: &mut Started) {
        // A server that is gone has taken its workers with it; another may have one of the same number.
        if !self.has_lost(worker) {
            let _ = self.ask(message(kind::KILL, worker.pid(), 0), None);
        }
    }

    fn signal(&mut self, worker: &mut Started, signal: Signal) -> io::Result<()> {
        if self.has_lost(worker) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.ask(message(kind::SIGNAL, worker.pid(), signal as i32), None)
    }

    fn has_ended(&mut self, worker: &Started) -> bool {
        if self.has_lost(worker) {
            return true;
        }
        let pid = worker.pid();
        let asked = self.ask(message(kind::PEEK, pid, 0), None);
        // With the server its workers are gone, too.
        !matches!(asked.and_then(|()| self.answer(kind::ALIVE, pid)), Ok((kind::ALIVE, ..)))
    }

    fn kill_server(&mut self) -> Option<Exit> {
        self.give_up();
        sys::wait_with_deadline(&mut self.child, DISMISS_PATIENCE)
    }

    fn dismiss(mut self: Box<Self>) -> Option<Exit> {
        // It ends when nobody can ask it for anything any more.
        self.control = None;
        let exit = sys::wait_with_deadline(&mut self.child, DISMISS_PATIENCE);
        self.child.kill();
        exit.or_else(|| sys::wait_with_deadline(&mut self.child, DISMISS_PATIENCE))
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        self.child.kill();
        let _ = sys::wait_with_deadline(&mut self.child, DISMISS_PATIENCE);
    }
}

/// The main function of the server; the arguments are the engine's pid and the socket's number.
pub(in crate::engine) fn main(arguments: &[u64]) -> i32 {
    let &[parent, socket] = arguments else { return 2 };
    if !sys::die_with_parent(parent as u32) {
        return 1;
    }
    let Ok(control) = ControlPeer::inherited(socket) else { return 2 };
    if control.answer(message(kind::READY, 0, 0)).is_err() {
        return 1;
    }
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
            ((kind::START, _, calling), Some((tasks, results, memory, ends))) => {
                let calling = if calling == Calling::Process as i32 { Calling::Process } else { Calling::Worker };
                Some(children.start(calling, Belongings { tasks, results, memory, ends }))
            }
            ((kind::PEEK, pid, _), _) => Some(children.peek(pid)),
            ((kind::SIGNAL, pid, signal), _) => {
                children.signal(pid, signal);
                None
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
    fn start(&mut self, calling: Calling, belongings: Belongings) -> Message {
        let server = std::process::id();
        match sys::fork() {
            Ok(Forked::Child) => become_one(calling, belongings, server),
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

    /// Whether a child has ended; how is kept until somebody asks for it.
    fn peek(&mut self, pid: u32) -> Message {
        let child = self.0.iter_mut().find(|child| child.pid() == pid);
        let ended = child.is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))));
        message(if ended { kind::EXITED } else { kind::ALIVE }, pid, 0)
    }

    fn signal(&mut self, pid: u32, signal: i32) {
        let signal = Signal::ALL.into_iter().find(|known| *known as i32 == signal);
        if let (Some(signal), Some(child)) = (signal, self.0.iter_mut().find(|child| child.pid() == pid)) {
            // Who is gone already needs no signal.
            let _ = child.signal(signal);
        }
    }

    /// No child stays a zombie: how it ended is kept in its [`Child`].
    fn reap(&mut self) {
        for child in &mut self.0 {
            let _ = child.try_wait();
        }
    }
}
