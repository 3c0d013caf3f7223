//! Carries out a script, step by step: the one interpreter for the parent and for every process below it.

use std::time::{Duration, Instant};

use crate::engine::ipc::Objects;
use crate::program::script::{self, Farewell, Step};
use crate::sys::{self, Signal};
use crate::trace::{ActorId, Doing, What, print};

use super::calls::Held;
use super::host::{Common, Halt, Host};
use super::life::Raised;
use super::odd::Oddities;
use super::starters::Starters;
use super::uses::Mail;
use super::uses::ask::Asking;
use super::uses::block::Attached;
use super::uses::tax::Measured;
use super::value::Value;

/// How long a process may take to be gone once it was killed.
pub(super) const GONE_PATIENCE: Duration = Duration::from_millis(500);
/// Longer than any program may take.
pub(super) const FOREVER: Duration = Duration::from_hours(24);
/// How often a process looks for children that have ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The longest sleep at a stretch.
const NAP: Duration = Duration::from_millis(20);

/// Why a script does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// An error was raised.
    Raised(Raised),
    /// It says so itself.
    Exit(Farewell),
    /// It must not.
    Halt(Halt),
}

impl From<Raised> for Stop {
    fn from(raised: Raised) -> Self {
        Self::Raised(raised)
    }
}

impl From<Halt> for Stop {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Who carries out a script.
pub(super) struct Identity {
    /// Its id.
    pub(super) actor: ActorId,
    /// Which process of the whole script it is.
    pub(super) path: Vec<u32>,
    /// Its numbers in its name.
    pub(super) numbers: Vec<u32>,
    /// Its name.
    pub(super) name: String,
    /// Whether it is a daemon.
    pub(super) daemon: bool,
}

/// A process at work on its script.
pub(super) struct Carrier<'a, H> {
    pub(super) host: H,
    pub(super) common: Common,
    pub(super) me: Identity,
    /// The whole script of this process.
    pub(super) script: &'a [Step],
    /// Its children, in the order they were created.
    pub(super) held: Vec<Held<'a>>,
    pub(super) starters: Starters,
    /// What it shares with other processes.
    pub(super) objects: Objects,
    /// What it has of its managers.
    pub(super) asking: Asking,
    /// Its blocks of shared memory.
    pub(super) attached: Attached,
    /// What it measured.
    pub(super) measured: Vec<Measured>,
    /// What few programs need.
    pub(super) odd: Oddities,
    /// What it has of pipes and queues.
    pub(super) mail: Mail,
    /// The next id to give away.
    next_actor: u32,
    at_exit: Vec<&'static str>,
    /// How many objects the main script has made so far.
    made: u32,
    /// How often it told of something that it did: for whoever watches, what it waited for is over then.
    pub(super) deeds: u64,
    /// How many fork servers it has had.
    pub(super) servers: u32,
    looked: Instant,
}

impl<'a, H: Host> Carrier<'a, H> {
    /// Nothing is done yet. The ids from `next_actor` on are for what this process starts.
    pub(super) fn new(
        host: H,
        common: Common,
        me: Identity,
        objects: Objects,
        next_actor: u32,
        script: &'a [Step],
    ) -> Self {
        Self {
            host,
            common,
            me,
            script,
            held: Vec::new(),
            starters: Starters::default(),
            objects,
            made: 0,
            deeds: 0,
            servers: 0,
            asking: Asking::default(),
            attached: Attached::default(),
            measured: Vec::new(),
            odd: Oddities::default(),
            mail: Mail::default(),
            next_actor,
            at_exit: Vec::new(),
            looked: Instant::now(),
        }
    }

    /// Ids for so many actors.
    pub(super) fn take_ids(&mut self, count: u32) -> ActorId {
        self.next_actor += count;
        ActorId(self.next_actor - count)
    }

    /// This process says that something happened, now.
    pub(super) fn say(&mut self, what: What) {
        self.tell(sys::now_ns(), what);
    }

    /// The same, at that time.
    pub(super) fn tell(&mut self, at_ns: u64, what: What) {
        self.deeds += u64::from(matches!(what, What::Used { .. } | What::Called { .. }));
        self.host.tell(self.me.actor, at_ns, what);
    }

    /// This process was in a call of the library.
    pub(super) fn called(&mut self, call: String, since_ns: u64, answer: String, raised: bool) {
        self.say(What::Called { call, since_ns, answer, raised });
    }

    /// What a call came to is told and handed on.
    pub(super) fn answered(
        &mut self,
        call: String,
        since_ns: u64,
        outcome: Result<Value, Raised>,
    ) -> Result<Value, Raised> {
        match &outcome {
            Ok(value) => self.called(call, since_ns, value.to_string(), false),
            Err(raised) => self.called(call, since_ns, raised.to_string(), true),
        }
        outcome
    }

    /// Prints a line, really.
    pub(super) fn print(&mut self, text: &str) {
        print::print(self.me.actor, sys::now_ns(), text);
    }

    /// Carries out steps, in order, until one stops it.
    pub(super) fn carry(&mut self, steps: &'a [Step]) -> Result<(), Stop> {
        for step in steps {
            self.step(step)?;
            // A hundred starts in a row take their time, and are worth watching.
            self.look_up()?;
        }
        Ok(())
    }

    /// In the middle of something long: does what must not wait, if it is time for that.
    pub(super) fn look_up(&mut self) -> Result<(), Stop> {
        if self.looked.elapsed() >= LOOK_EVERY { self.pause(Duration::ZERO) } else { Ok(()) }
    }

    fn step(&mut self, step: &'a Step) -> Result<(), Stop> {
        match step {
            Step::Print(line) => self.print(line),
            Step::PrintOf(label, var, method) => {
                let value = self.call(*var, *method)?;
                self.print(&format!("{label} {}", value.python()));
            }
            Step::Sleep(ms) => return self.sleep(*ms),
            Step::Compute(ms) => return self.compute(*ms),
            Step::New(child) => self.create(child),
            Step::Foreign(var) => self.held.push(Held::foreign(*var)),
            Step::Call(var, method) => {
                self.call(*var, *method)?;
            }
            Step::Try(steps) => match self.carry(steps) {
                Err(Stop::Raised(raised)) => self.print(&raised.to_string()),
                outcome => return outcome,
            },
            Step::ActiveChildren => self.active_children(),
            Step::Exit(farewell) => return Err(Stop::Exit(farewell.clone())),
            Step::ExitNow(code) => {
                self.host.flush();
                sys::exit_now(*code);
            }
            Step::Raise(kind, message) => return Err(Raised::new(kind, *message).into()),
            Step::Crash(action) => {
                self.host.flush();
                sys::suffer(*action);
                // Not every harm is done by the time the request for it returns.
                return self.sleep(1000);
            }
            Step::IgnoreTerminate => sys::ignore_terminate(),
            Step::AtExit(line) => self.at_exit.push(line),
            Step::Make(_) => {
                self.introduce(self.made);
                self.made += 1;
            }
            Step::Repeat(..)
            | Step::Timed(..)
            | Step::Block(..)
            | Step::Tax(..)
            | Step::With(..)
            | Step::Sync(..)
            | Step::Message(..)
            | Step::Cells(..)
            | Step::Ask(..) => return self.use_step(step),
            odd => return self.odd_step(odd),
        }
        Ok(())
    }

    fn sleep(&mut self, ms: u64) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        let outcome = self.rest(Duration::from_millis(ms), |_| false);
        self.say(What::Did { doing: Doing::Sleep, since_ns });
        outcome
    }

    /// Lets time pass, until `over` says that it is enough, or so long.
    pub(super) fn rest(&mut self, patience: Duration, mut over: impl FnMut(&mut Self) -> bool) -> Result<(), Stop> {
        let give_up = Instant::now() + patience;
        let mut nap = Duration::from_micros(200);
        loop {
            if over(self) {
                return Ok(());
            }
            let left = give_up.saturating_duration_since(Instant::now());
            self.pause(nap.min(left))?;
            if left.is_zero() {
                return Ok(());
            }
            nap = (nap * 2).min(NAP);
        }
    }

    /// Really computes: counts primes, and looks up now and then.
    fn compute(&mut self, ms: u64) -> Result<(), Stop> {
        let since_ns = sys::now_ns();
        let give_up = Instant::now() + Duration::from_millis(ms);
        let (mut candidate, mut primes) = (1_000_003_u64, 0_u32);
        let outcome = loop {
            let slice = Instant::now();
            while slice.elapsed() < LOOK_EVERY && Instant::now() < give_up {
                primes += u32::from((3..).step_by(2).take_while(|d| d * d <= candidate).all(|d| candidate % d != 0));
                candidate += 2;
            }
            let outcome = self.pause(Duration::ZERO);
            if outcome.is_err() || Instant::now() >= give_up {
                break outcome;
            }
        };
        std::hint::black_box(primes);
        self.say(What::Did { doing: Doing::Work, since_ns });
        outcome
    }

    /// Sleeps at most so long. Meanwhile whatever must not wait is done: the host's own duties, orders from
    /// outside, and children that have ended are noticed.
    pub(super) fn pause(&mut self, patience: Duration) -> Result<(), Stop> {
        self.host.serve(self.nap(patience))?;
        self.feed_on();
        while let Some((actor, action)) = self.host.next_order() {
            self.obey(actor, action);
        }
        while let Some((actor, exit)) = self.host.next_dead() {
            self.bury(actor, None, exit);
        }
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Instant::now();
            self.notice_the_ended();
        }
        Ok(())
    }

    /// The script is over, or stopped: does what a process does last, and gives its exit code.
    pub(super) fn finish(&mut self, outcome: Result<(), Stop>) -> i32 {
        let code = match outcome {
            Ok(()) | Err(Stop::Exit(Farewell::Nothing)) => 0,
            Err(Stop::Exit(Farewell::Code(code))) => code,
            Err(Stop::Exit(Farewell::Text(text))) => {
                self.print(text);
                1
            }
            Err(Stop::Raised(raised)) => {
                let name = &self.me.name;
                let head = if self.me.actor == ActorId::PARENT { String::new() } else { format!("Process {name}:\n") };
                let text = format!("{head}Traceback (most recent call last):\n{raised}");
                self.print(&text);
                1
            }
            Err(Stop::Halt(_)) => {
                self.end_children();
                return 1;
            }
        };
        for line in std::mem::take(&mut self.at_exit).into_iter().rev() {
            self.print(line);
        }
        // As Python does: a manager that only this process could still ask ends now.
        self.objects.leave_managers();
        self.close_feeds();
        let waited = self.leave_children().and_then(|()| self.leave_feeds()).and_then(|()| self.leave_threads());
        if waited.is_err() {
            self.end_children();
            return 1;
        }
        self.dismiss_server();
        code
    }

    /// As Python does at the end of a process: daemons are terminated, the others are waited for.
    pub(super) fn leave_children(&mut self) -> Result<(), Stop> {
        for place in 0..self.held.len() {
            if self.held[place].daemon && self.is_running(place) {
                self.send(place, Signal::Terminate, "its parent ends, and it is a daemon");
            }
        }
        for place in 0..self.held.len() {
            if self.held[place].is_started() {
                let since_ns = sys::now_ns();
                self.await_end(place, FOREVER)?;
                let call = format!("{}.join()", self.held[place].title());
                self.called(call, since_ns, "at the parent's end".to_owned(), false);
            }
        }
        Ok(())
    }

    /// Ends every child at once, and waits until it is gone.
    pub(super) fn end_children(&mut self) {
        for place in 0..self.held.len() {
            if self.is_running(place) {
                self.send(place, Signal::Kill, "the program was ended");
            }
        }
        let give_up = Instant::now() + GONE_PATIENCE;
        for place in 0..self.held.len() {
            while self.is_running(place) && Instant::now() < give_up {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        self.dismiss_server();
    }

    fn dismiss_server(&mut self) {
        if let Some((actor, exit)) = self.starters.dismiss() {
            self.say(What::ActorExited { actor, exit });
        }
    }

    /// The fork server is gone: says so. Its children that have become this process's own are kept.
    pub(super) fn mourn_server(&mut self) {
        if let Some((actor, exit)) = self.starters.kill_server() {
            if let Some(actor) = actor {
                self.say(What::ActorExited { actor, exit });
            }
            self.held.iter_mut().for_each(Held::lose_server);
        }
    }

    /// The number of a child among all that the script creates.
    pub(super) fn number_of(&self, child: &script::Child) -> u32 {
        let all = script::children(self.script);
        all.iter().position(|known| std::ptr::eq(*known, child)).unwrap_or(0) as u32
    }
}
