//! Scripts: what the processes of a program do, step by step, as data. One interpreter carries out them
//! all: the parent's script, that of each child, and those of the children's children.
//!
//! There are no conditions, and no loop starts a process, so everyone who will ever be there can be counted
//! beforehand: that is how every process of a program gets an id of its own without asking anybody. What processes
//! share is made by the main script, and known to all of them by its number.

use std::collections::BTreeSet;

use crate::plan::{Action, StartMethod};

use super::object::{Obj, Object};
use super::uses::{Ask, Bytes, Cells, Message, Sync, Tax};

/// A script.
pub type Script = Vec<Step>;

/// The variable that holds a child: 1 is `p1`.
pub type Var = u32;

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prints a line.
    Print(String),
    /// `print(label, p.exitcode)`: prints what a method of a child answers.
    PrintOf(String, Var, Method),
    /// Sleeps so many milliseconds.
    Sleep(u64),
    /// Computes so many milliseconds.
    Compute(u64),
    /// `p = Process(target=…)`: a process object; nothing is started yet.
    New(Child),
    /// The object of a process that somebody else created, as a forked copy finds it in its memory.
    Foreign(Var),
    /// Calls a method of a child, by the name of the variable that holds it.
    Call(Var, Method),
    /// `try: … except …`: an error in one of the steps is printed, and the rest of them left out.
    Try(Script),
    /// `active_children()`: prints their names; whoever has ended is waited for.
    ActiveChildren,
    /// `sys.exit(…)`.
    Exit(Farewell),
    /// `os._exit(…)`: the process is gone at once; nothing is tidied up.
    ExitNow(i32),
    /// Raises an error of this kind with this message.
    Raise(&'static str, &'static str),
    /// Something that no program survives, or that makes it stand still.
    Crash(Action),
    /// From now on `terminate()` has no effect.
    IgnoreTerminate,
    /// Prints this line when the process ends in order (`atexit`).
    AtExit(&'static str),
    /// Starts a thread that sleeps so many milliseconds and then prints a line.
    Thread {
        /// What it prints.
        line: &'static str,
        /// How long it sleeps.
        ms: u64,
        /// Whether it is cut off when its process ends.
        daemon: bool,
    },
    /// Prints whether the parent is alive, waits until it is not, and prints it again.
    WatchParent,
    /// Writes a number into the memory of this process.
    SetValue(u64),
    /// Prints the number that is found there.
    PrintValue,
    /// Takes so many mebibytes of memory and writes to every page.
    TakeMemory(u64),
    /// A thread takes a lock, the process forks, and the copy tries to get the lock for so long.
    ForkWithLock {
        /// How long the copy tries.
        ms: u64,
    },
    /// From now on this process imports the main module, as a spawned child of Python does first.
    Importing,
    /// `set_start_method(…)`.
    SetStartMethod {
        /// Which.
        method: StartMethod,
        /// Even if one was set before.
        force: bool,
    },
    /// `lock = get_context(…).Lock()`.
    NewLock(StartMethod),
    /// Waits for the first word of a child and notes how long after `start()` it came.
    FirstWord(Var),
    /// Prints how long it took until the first word, for each start method.
    Medians,
    /// Somebody kills the fork server.
    KillForkServer,
    /// In the main script: the program is ended when so many milliseconds are over, not at the usual deadline.
    Deadline(u64),
    /// In the main script: the kernel is asked for pipes that hold so many bytes; 0: as it likes. It may refuse.
    PipeBytes(u32),
    /// In the main script: an object is made that processes share.
    Make(Object),
    /// The same steps so often. No process is created and no object made in them.
    Repeat(u32, Script),
    /// Prints after this label how many milliseconds the steps took.
    Timed(&'static str, Script),
    /// `with lock: …`
    With(Obj, Script),
    /// Something is done with a lock, a semaphore, an event, a condition or a barrier.
    Sync(Obj, Sync),
    /// Something is done with a pipe or a queue.
    Message(Obj, Message),
    /// Something is done with shared memory.
    Cells(Obj, Cells),
    /// Something is done with a block of shared memory.
    Block(Obj, Bytes),
    /// It is measured what it costs to pass bytes on.
    Tax(Tax),
    /// Something is asked of a manager.
    Ask(Obj, Ask),
}

/// A process that a script creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// The variable that holds it.
    pub var: Var,
    /// Whether it ends with its parent.
    pub daemon: bool,
    /// How it is started, if not as the plan says.
    pub method: Option<StartMethod>,
    /// Whether the lock of [`Step::NewLock`] is among its arguments.
    pub with_lock: bool,
    /// Whether it stays when the process that started it is gone; then the engine sees to its end.
    pub outlives: bool,
    /// The ends of pipes that it is given, and of managers. Queues and all else that is shared every process has.
    pub ends: Vec<(Obj, u16)>,
    /// What it does.
    pub target: Script,
}

impl Child {
    /// A child with nothing special about it.
    pub fn new(var: Var, target: impl Into<Script>) -> Self {
        let target = target.into();
        Self { var, daemon: false, method: None, with_lock: false, outlives: false, ends: Vec::new(), target }
    }

    /// The same child as a daemon.
    #[must_use]
    pub fn daemon(self) -> Self {
        Self { daemon: true, ..self }
    }

    /// The same child, started by a method of its own.
    #[must_use]
    pub fn by(self, method: StartMethod) -> Self {
        Self { method: Some(method), ..self }
    }

    /// The same child, which stays when its parent is gone.
    #[must_use]
    pub fn outliving(self) -> Self {
        Self { outlives: true, ..self }
    }

    /// The same child, with an end of a pipe or of a manager as an argument.
    #[must_use]
    pub fn with_end(mut self, object: Obj, end: u16) -> Self {
        self.ends.push((object, end));
        self
    }

    /// The same child, with the lock as an argument.
    #[must_use]
    pub fn with_lock(self) -> Self {
        Self { with_lock: true, ..self }
    }
}

/// A method or attribute of a process object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `start()`
    Start,
    /// `join()`, or `join(timeout)` with milliseconds.
    Join(Option<i64>),
    /// `terminate()`
    Terminate,
    /// `kill()`
    Kill,
    /// `close()`
    Close,
    /// `is_alive()`
    IsAlive,
    /// `exitcode`
    ExitCode,
    /// `pid`
    Pid,
    /// Whether its sentinel is ready, which is when it has ended: `bool(wait([p.sentinel], 0))`.
    Sentinel,
    /// `daemon = True`
    SetDaemon,
}

impl Method {
    /// The call, as it is written in Python.
    pub fn python(self, var: Var) -> String {
        let var = format!("p{var}");
        match self {
            Self::Start => format!("{var}.start()"),
            Self::Join(None) => format!("{var}.join()"),
            Self::Join(Some(ms)) => format!("{var}.join({})", seconds(ms)),
            Self::Terminate => format!("{var}.terminate()"),
            Self::Kill => format!("{var}.kill()"),
            Self::Close => format!("{var}.close()"),
            Self::IsAlive => format!("{var}.is_alive()"),
            Self::ExitCode => format!("{var}.exitcode"),
            Self::Pid => format!("{var}.pid"),
            Self::Sentinel => format!("bool(wait([{var}.sentinel], 0))"),
            Self::SetDaemon => format!("{var}.daemon = True"),
        }
    }
}

/// What `sys.exit` is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Farewell {
    /// Nothing: success.
    Nothing,
    /// A number, of which the system keeps the lowest eight bits.
    Code(i32),
    /// A text, which is printed; the code is 1.
    Text(&'static str),
}

/// Milliseconds as Python writes seconds: `2`, `0.5`, `-1`.
pub fn seconds(ms: i64) -> String {
    if ms % 1000 == 0 { format!("{}", ms / 1000) } else { format!("{}", ms as f64 / 1000.0) }
}

impl Step {
    /// The steps that are carried out as part of this one, by the same process.
    fn inner(&self) -> &[Self] {
        match self {
            Self::Try(inner)
            | Self::Repeat(_, inner)
            | Self::Timed(_, inner)
            | Self::With(_, inner)
            | Self::Message(_, Message::Each(inner))
            | Self::Tax(Tax::Measure { steps: inner, .. }) => inner,
            _ => &[],
        }
    }
}

/// All steps that a process with this script carries out, those within others too.
pub fn steps(script: &[Step]) -> Vec<&Step> {
    script.iter().flat_map(|step| [vec![step], steps(step.inner())].concat()).collect()
}

/// The processes that a script creates, in order.
pub fn children(script: &[Step]) -> Vec<&Child> {
    steps(script).into_iter().filter_map(|step| if let Step::New(child) = step { Some(child) } else { None }).collect()
}

/// The objects that the main script makes, in order.
pub fn objects(script: &[Step]) -> Vec<&Object> {
    script.iter().filter_map(|step| if let Step::Make(object) = step { Some(object) } else { None }).collect()
}

/// When the main script wants its program to be ended, in milliseconds.
pub fn deadline_ms(script: &[Step]) -> Option<u64> {
    script.iter().find_map(|step| if let Step::Deadline(ms) = step { Some(*ms) } else { None })
}

/// How many bytes the main script wants its pipes to hold.
pub fn pipe_bytes(script: &[Step]) -> Option<u32> {
    let wanted = |step: &Step| if let Step::PipeBytes(bytes) = step { Some(*bytes) } else { None };
    script.iter().find_map(wanted).filter(|bytes| *bytes > 0)
}

/// At most how many fork servers a process has, one after the other: whoever is killed from outside is replaced.
pub const SERVERS: u32 = 4;

/// At most how many actors a process with this script adds to a trace: itself, the fork servers it may
/// need, its threads and copies, the feeders of the queues it puts into, and those of its children.
pub fn actors(script: &[Step]) -> u32 {
    let servers = if children(script).is_empty() { 1 } else { SERVERS };
    1 + servers + script.iter().map(actors_of).sum::<u32>() + queues_fed(script)
}

/// The actors of a step. Nobody knows how often the steps of [`Message::Each`] are carried out: they start nobody.
fn actors_of(step: &Step) -> u32 {
    let inner = || step.inner().iter().map(actors_of).sum::<u32>();
    match step {
        Step::New(child) => actors(&child.target),
        // A thread, and a copy; a thread; another server.
        Step::ForkWithLock { .. } => 2,
        Step::Thread { .. } | Step::KillForkServer => 1,
        Step::Repeat(times, _) | Step::Tax(Tax::Measure { times, .. }) => inner().saturating_mul(*times),
        _ => inner(),
    }
}

/// How many queues a process with this script puts into: each has a feeder.
fn queues_fed(script: &[Step]) -> u32 {
    let fed = steps(script).into_iter().filter_map(|step| match step {
        Step::Message(object, Message::Put(_) | Message::PutWithin(..) | Message::EmptyAfterPut(_)) => Some(*object),
        _ => None,
    });
    fed.collect::<BTreeSet<Obj>>().len() as u32
}

/// The script at the end of a path: of the child with this number, of its child with the next, …
pub fn at<'a>(script: &'a [Step], path: &[u32]) -> Option<&'a Child> {
    let (&first, rest) = path.split_first()?;
    let child = *children(script).get(first as usize)?;
    if rest.is_empty() { Some(child) } else { at(&child.target, rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_process_of_a_script_is_found_by_its_path_and_counted() {
        let grandchild = Child::new(1, [Step::Thread { line: "x", ms: 1, daemon: true }]);
        let child = Child::new(2, [Step::Try(vec![Step::New(grandchild.clone())])]);
        let script = [Step::New(Child::new(1, [])), Step::New(child.clone())];
        assert_eq!(at(&script, &[1]), Some(&child));
        assert_eq!(at(&script, &[1, 0]), Some(&grandchild));
        assert_eq!((at(&script, &[]), at(&script, &[2]), at(&script, &[0, 0])), (None, None, None));
        assert_eq!(actors(&script), (1 + SERVERS) + 2 + (1 + SERVERS) + 2 + 1);
    }

    #[test]
    fn steps_within_others_are_counted_as_often_as_they_are_carried_out() {
        let thread = || Step::Thread { line: "x", ms: 1, daemon: true };
        let put = || Step::Message(3, Message::Put(super::super::uses::Payload::Number(1)));
        let measure = Step::Tax(Tax::Measure { way: "queue", bytes: 1, times: 5, steps: vec![put()] });
        assert_eq!(actors(&[Step::Repeat(3, vec![Step::Try(vec![thread()])])]), 2 + 3);
        assert_eq!(actors(&[measure, Step::Timed("", vec![put()])]), 2 + 1, "one queue has one feeder");
        let pass = Step::Message(0, Message::Each(vec![Step::Timed("", vec![put()])]));
        assert_eq!((actors(std::slice::from_ref(&pass)), steps(std::slice::from_ref(&pass)).len()), (2 + 1, 3));
    }

    #[test]
    fn calls_are_written_as_in_python() {
        assert_eq!(Method::Join(Some(500)).python(1), "p1.join(0.5)");
        assert_eq!(Method::Join(Some(-1000)).python(2), "p2.join(-1)");
        assert_eq!(Method::Join(None).python(2), "p2.join()");
    }
}
