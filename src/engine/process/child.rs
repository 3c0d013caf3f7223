//! A process that a script started: reads who it is, carries out its part of the script, and ends.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crate::engine::ipc::Objects;
use crate::engine::worker::Belongings;
use crate::plan::Action;
use crate::program::{self, script};
use crate::sys::{self, PipeReader, PipeWriter};
use crate::trace::{ActorId, Exit, What};

use super::carrier::{Carrier, Identity};
use super::host::{Halt, Host, Setup};
use super::lines::Lines;
use super::story::Teller;

/// The exit code of a process whose parent is gone or speaks nonsense.
const EXIT_LOST: i32 = 1;
/// How long the setup may take to come.
const SETUP_PATIENCE: Duration = Duration::from_secs(10);

/// The main function of such a process; `parent` is the pid of the process that started it.
pub(in crate::engine) fn main(belongings: Belongings, parent: u32) -> i32 {
    if !sys::die_with_parent(parent) {
        return EXIT_LOST;
    }
    sys::volunteer_for_oom();
    let Belongings { tasks, results, memory, ends } = belongings;
    let mut lines = Lines::default();
    let Some(setup) = read_setup(&tasks, &mut lines) else { return EXIT_LOST };
    let Some(program) = program::named(&setup.common.program) else { return EXIT_LOST };
    let whole = setup.common.chosen(program).script();
    let Some(child) = script::at(&whole, &setup.path) else { return EXIT_LOST };
    let Ok(objects) = Objects::given(&whole, child, memory, ends) else { return EXIT_LOST };
    if child.outlives {
        sys::outlive_parent();
    } else if script::children(&child.target).is_empty() {
        // Where the kernel does not watch for us a thread must, and who has one does not fork.
        sys::watch_parent_while_busy(parent);
    }
    let host = ChildHost {
        tasks,
        lines,
        teller: Teller::new(results),
        orders: VecDeque::new(),
        tie: if child.outlives { Tie::Nobody } else { Tie::Parent },
        parent,
        engine: setup.common.engine,
        adopts: setup.common.adopts,
        deadline_ns: setup.common.deadline_ns,
        deaf: false,
    };
    let Setup { common, path, numbers, actor, name, daemon } = setup;
    let me = Identity { actor, path, numbers, name, daemon };
    let mut carrier = Carrier::new(host, common, me, objects, actor.0 + 1, &child.target);
    // First: of whoever is ready it is known what it has.
    carrier.tell_ends(None);
    carrier.say(What::ActorReady);
    let outcome = carrier.carry(&child.target);
    let code = carrier.finish(outcome);
    carrier.host.flush();
    code
}

fn read_setup(tasks: &PipeReader, lines: &mut Lines) -> Option<Setup> {
    tasks.set_nonblocking().ok()?;
    let give_up = Instant::now() + SETUP_PATIENCE;
    loop {
        if let Some(line) = lines.next(tasks).ok()? {
            return serde_json::from_slice(&line).ok();
        }
        let left = give_up.saturating_duration_since(Instant::now());
        if lines.closed || left.is_zero() {
            return None;
        }
        sys::wait_ready(&[tasks], &[], left).ok()?;
    }
}

/// With whom a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    /// With the process that started it.
    Parent,
    /// With nobody: it may outlive its parent, which is still there.
    Nobody,
    /// With the engine, or where that can't be had, at the deadline.
    Engine,
}

/// What a process below the engine has to do besides its script: it listens to its parent, and sees it go.
struct ChildHost {
    /// Orders come from here; its end is the parent's.
    tasks: PipeReader,
    lines: Lines,
    teller: Teller,
    orders: VecDeque<(ActorId, Action)>,
    tie: Tie,
    /// The pid of the process that started it.
    parent: u32,
    engine: u32,
    adopts: bool,
    deadline_ns: u64,
    /// Nobody takes its story any more.
    deaf: bool,
}

impl ChildHost {
    /// An orphan is the engine's, once it has adopted it: then it ends with the engine.
    fn bind(&mut self) -> Result<(), Halt> {
        if self.tie != Tie::Nobody || !self.lines.closed || sys::parent_pid() == self.parent {
            return Ok(());
        }
        self.tie = Tie::Engine;
        if self.adopts && !sys::die_with_parent(self.engine) { Err(Halt::Lost) } else { Ok(()) }
    }
}

impl Host for ChildHost {
    fn tell(&mut self, by: ActorId, at_ns: u64, what: What) {
        self.deaf |= self.teller.tell(by, at_ns, what).is_err();
    }

    fn flush(&mut self) {
        self.push_out();
    }

    fn push_out(&mut self) {
        self.deaf |= self.teller.flush().is_err();
    }

    fn serve(&mut self, patience: Duration) -> Result<(), Halt> {
        self.push_out();
        if self.lines.closed {
            std::thread::sleep(patience);
        } else {
            sys::wait_ready(&[&self.tasks], &[], patience).map_err(|_| Halt::Lost)?;
            while let Some(line) = self.lines.next(&self.tasks).map_err(|_| Halt::Lost)? {
                self.orders.extend(serde_json::from_slice::<(ActorId, Action)>(&line).ok());
            }
        }
        if self.deaf || self.lines.closed && self.tie == Tie::Parent {
            return Err(Halt::Lost);
        }
        self.bind()?;
        if sys::now_ns() >= self.deadline_ns { Err(Halt::Deadline) } else { Ok(()) }
    }

    fn story(&self) -> io::Result<PipeWriter> {
        self.teller.twin()
    }

    fn teller(&self) -> Option<Teller> {
        Some(self.teller.clone())
    }

    fn next_order(&mut self) -> Option<(ActorId, Action)> {
        self.orders.pop_front()
    }

    fn next_dead(&mut self) -> Option<(ActorId, Option<Exit>)> {
        None
    }

    fn first_word(&self, _actor: ActorId) -> Option<u64> {
        None
    }

    fn parent_is_alive(&self) -> bool {
        !self.lines.closed
    }
}
