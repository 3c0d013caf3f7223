//! Where a script is carried out: in the engine, or in a process that a script started. What differs
//! between the two is here; the steps are the same.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::engine::observer::Interrupt;
use crate::plan::{Action, StartMethod};
use crate::program::{Chosen, Program};
use crate::sys::PipeWriter;
use crate::trace::{ActorId, Exit, What};

use super::story::Teller;

/// A process that carries out a script.
pub(super) trait Host {
    /// Says that something happened.
    fn tell(&mut self, by: ActorId, at_ns: u64, what: What);

    /// Everything told so far leaves before whatever comes next.
    fn flush(&mut self);

    /// Everything told so far is on its way to whoever watches: something may take long now.
    fn push_out(&mut self);

    /// Sleeps at most so long, and meanwhile does what must never wait.
    fn serve(&mut self, patience: Duration) -> Result<(), Halt>;

    /// The end into which a new child tells its story.
    fn story(&self) -> io::Result<PipeWriter>;

    /// What tells the story of this process from other threads; `None` where there must be none.
    fn teller(&self) -> Option<Teller>;

    /// What somebody wants to be done to a process, and to which.
    fn next_order(&mut self) -> Option<(ActorId, Action)>;

    /// Who has died that nobody but the host had to wait for, and how, if that is known.
    fn next_dead(&mut self) -> Option<(ActorId, Option<Exit>)>;

    /// When a process said its first word, if it has.
    fn first_word(&self, actor: ActorId) -> Option<u64>;

    /// Whether the process that started this one is alive.
    fn parent_is_alive(&self) -> bool;
}

/// Why a script does not go on, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Halt {
    /// Somebody wanted it to end.
    Interrupted(Interrupt),
    /// The time is up.
    Deadline,
    /// The parent is gone, or speaks nonsense.
    Lost,
}

/// What all processes of a program know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Common {
    /// Name of the program.
    pub(super) program: String,
    /// What was chosen in it.
    pub(super) knobs: BTreeMap<String, u64>,
    /// How processes start, unless the script says otherwise.
    pub(super) start: StartMethod,
    /// When every process of the program must be gone.
    pub(super) deadline_ns: u64,
    /// The pid of the engine.
    pub(super) engine: u32,
    /// Whether the engine adopts orphans.
    pub(super) adopts: bool,
}

impl Common {
    /// What was chosen for the program.
    pub(super) fn chosen(&self, program: &'static Program) -> Chosen<'_> {
        Chosen { program, knobs: &self.knobs, start: self.start }
    }
}

/// What a new process is told first: everything by name and number, no code travels.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Setup {
    /// What all know.
    pub(super) common: Common,
    /// Which process of the script it is: the number of its ancestor among the main script's children, …
    pub(super) path: Vec<u32>,
    /// Its own number among its parent's children, after its parent's.
    pub(super) numbers: Vec<u32>,
    /// Its id; the ids after it are for what it starts.
    pub(super) actor: ActorId,
    /// Its name.
    pub(super) name: String,
    /// Whether it is a daemon.
    pub(super) daemon: bool,
}
