//! The pool on worker processes: one loop, one place where the parent sleeps.

use std::time::Duration;

use crate::engine::desk::{Desk, End};
use crate::engine::faults;
use crate::engine::observer::Interrupt;
use crate::engine::start::{Launcher, Starter};
use crate::engine::wire::Kind;
use crate::plan::{Action, Executor, Moment, Stage};
use crate::sys::{self, PipeReader, PipeWriter, Progress, Signal};
use crate::trace::{ActorId, Content, TaskFailure, What};

use super::crew::{self, Farewell};
use super::dispatch::{Dispatch, Handout, Rules};
use super::losses::Losses;
use super::member::Member;
use super::restarts::Restarts;
use super::tracked;

/// How long a worker may take to say that it is ready once every result is here.
const READY_PATIENCE_NS: u64 = 2_000_000_000;

/// A pool of worker processes while a call is carried out.
pub(super) struct Pool<'p, 'd> {
    pub(super) desk: &'p mut Desk<'d>,
    pub(super) starter: &'p mut dyn Starter,
    pub(super) dispatch: Dispatch,
    /// A place for every worker of the plan.
    pub(super) seats: Vec<Seat>,
    pub(super) restarts: Restarts,
    pub(super) losses: Losses,
    /// Workers ever started.
    pub(super) born: u32,
    /// Who forks the workers, as the trace calls it, and its pid.
    pub(super) server: Option<(ActorId, u32)>,
    /// Who did so before, if that one is gone and nobody has taken its place yet.
    pub(super) fallen: Option<ActorId>,
    /// How often memory had been short when the run began, or at the last death by it.
    pub(super) oom_kills: Option<u64>,
    /// What is still to be done to workers by the clock: (when, place, what).
    orders: Vec<(u64, usize, Action)>,
    /// `terminate()` was called.
    terminated: bool,
    /// Whose turn it is to be handed something first.
    turn: usize,
}

/// The place of a worker, and of those that follow it.
#[derive(Default)]
pub(super) struct Seat {
    pub(super) member: Option<Member>,
    /// Who had it last.
    pub(super) last: Option<ActorId>,
    /// When to try again to fill it, after the system refused.
    pub(super) retry_ns: Option<u64>,
}

/// Runs the plan of this desk on processes, from starting the first to the end of the last.
pub(in crate::engine) fn run(desk: &mut Desk<'_>, launcher: &mut Launcher) -> End {
    let starter = match launcher.starter() {
        Ok(starter) => starter,
        Err(error) => {
            let end = End::Failed(format!("The fork server could not be started ({error}). Choose spawn."));
            desk.conclude(&end);
            return end;
        }
    };
    let mut pool = Pool::new(desk, starter);
    let end = pool.open().and_then(|()| pool.compute()).unwrap_or_else(|end| end);
    pool.close(&end);
    launcher.server = pool.server.map(|(actor, _)| actor);
    end
}

impl<'p, 'd> Pool<'p, 'd> {
    fn new(desk: &'p mut Desk<'d>, starter: &'p mut dyn Starter) -> Self {
        let plan = &desk.checked.plan;
        let rules = Rules {
            units: desk.checked.cut.units(),
            places: plan.workers as usize,
            hands: if plan.with == Executor::Hybrid { plan.threads } else { 1 },
            quota: plan.maxtasksperchild,
        };
        let orders = plan.faults.iter().filter_map(|fault| match fault.moment {
            Moment::Worker { place, after_ms } => {
                Some((desk.began_ns + after_ms * 1_000_000, place as usize - 1, fault.action))
            }
            Moment::Item { .. } => None,
        });
        let orders = orders.collect();
        Self {
            dispatch: Dispatch::new(rules),
            seats: std::iter::repeat_with(Seat::default).take(rules.places).collect(),
            restarts: Restarts::for_workers(rules.places),
            losses: Losses::default(),
            born: 0,
            server: None,
            fallen: None,
            oom_kills: sys::oom_kills(),
            orders,
            terminated: false,
            turn: 0,
            desk,
            starter,
        }
    }

    /// Starts every worker of the plan. If one can't be started, or somebody wants the run to end, that is
    /// the end.
    fn open(&mut self) -> Result<(), End> {
        self.introduce_server();
        let workers = self.seats.len();
        for place in 0..workers {
            self.fill(place).map_err(|error| {
                End::Failed(format!(
                    "Worker {} of {workers} could not be started ({error}). Choose fewer workers, or close other programs.",
                    place + 1
                ))
            })?;
            // Hundreds of workers take their time, and it is worth watching.
            if let Some(end) = self.desk.scribe.tick_is_due(sys::now_ns()).then(|| self.desk.interrupt()).flatten() {
                return Err(end);
            }
        }
        Ok(())
    }

    /// Hands out every unit and takes every result.
    fn compute(&mut self) -> Result<End, End> {
        // The first units leave before anybody is ready: they lie in the pipe when the worker looks.
        let mut awake_ns = sys::now_ns();
        self.deal()?;
        loop {
            if self.is_over(awake_ns) {
                return Ok(self.desk.verdict());
            }
            self.desk.note_dispatch(&self.dispatch, awake_ns);
            let ready = self
                .sleep(awake_ns)
                .map_err(|error| End::Failed(format!("The parent could not wait for its workers ({error}).")))?;
            awake_ns = sys::now_ns();
            // Everybody's answers are taken before anybody is buried: they may be the last that were missing.
            let mut gone = Vec::new();
            for place in ready {
                if !self.take_answers(place)? {
                    gone.push(place);
                }
            }
            for place in gone {
                self.bury(place)?;
            }
            self.hand_out()?;
            self.keep_up(awake_ns)?;
        }
    }

    /// Whether the caller has everything and every worker's story can be told to its end. A worker may still
    /// be starting when the others have done everything; it is waited for, though not for ever. The run's
    /// wall time ended with the last result.
    fn is_over(&self, now_ns: u64) -> bool {
        self.desk.completed_ns().is_some_and(|completed_ns| {
            let all_ready = self.seats.iter().filter_map(|seat| seat.member.as_ref()).all(|member| member.ready);
            all_ready || self.terminated || now_ns.saturating_sub(completed_ns) > READY_PATIENCE_NS
        })
    }

    /// Deals the first units round the table, as cards are dealt: one each, then one each to lie ahead.
    fn deal(&mut self) -> Result<(), End> {
        let mut dealt = true;
        while std::mem::take(&mut dealt) {
            for place in 0..self.seats.len() {
                dealt |= self.hand_one(place, sys::now_ns())?;
            }
        }
        self.push_out();
        Ok(())
    }

    /// Gives every worker as many units as it shall have.
    fn hand_out(&mut self) -> Result<(), End> {
        if self.dispatch.waiting() == 0 {
            return Ok(());
        }
        let now_ns = sys::now_ns();
        let seats = self.seats.len();
        for step in 0..seats {
            let place = (self.turn + step) % seats;
            while self.hand_one(place, now_ns)? {
                self.turn = place + 1;
            }
        }
        self.push_out();
        Ok(())
    }

    /// Puts the next unit into line for a worker; false if it shall have none now.
    pub(super) fn hand_one(&mut self, place: usize, now_ns: u64) -> Result<bool, End> {
        let Some(member) = &mut self.seats[place].member else { return Ok(false) };
        if !member.has_credit() {
            return Ok(false);
        }
        let Some(Handout { unit, again }) = self.dispatch.next_for(place, now_ns, self.desk.horizon()) else {
            return Ok(false);
        };
        let (input, range) = (self.desk.checked.input, self.desk.checked.cut.range(unit));
        let fault = self.desk.faults.at(Stage::EncodeArguments, range.clone(), again).next();
        if let Some((item, action)) = fault {
            if action.is_error() {
                self.keep_back(place, unit, faults::failure(action, Stage::EncodeArguments, item))?;
                return Ok(true);
            }
            // The parent itself: there is nobody left to tell, but for the observer.
            sys::suffer(action);
        }
        let what = (if again { Kind::Again } else { Kind::Unit }, Content::Unit(unit));
        if let Err(error) = member.send(self.desk, now_ns, what, |out| input.write_items(range, out)) {
            let (kind, message) = ("ValueError".to_owned(), error.to_string());
            let stage = Some(Stage::EncodeArguments);
            self.keep_back(place, unit, TaskFailure { kind, message, stage, ..TaskFailure::default() })?;
        }
        Ok(true)
    }

    /// A unit that could not leave for its worker: this job fails, and the others go on.
    fn keep_back(&mut self, place: usize, unit: u32, failure: TaskFailure) -> Result<(), End> {
        self.dispatch.withdraw(place);
        let (location, pid) = ("the parent".to_owned(), std::process::id());
        Ok(self.desk.fail(unit, ActorId::PARENT, TaskFailure { location, pid, ..failure })?)
    }

    fn push_out(&mut self) {
        self.seats.iter_mut().filter_map(|seat| seat.member.as_mut()).for_each(Member::push_out);
    }

    /// Sleeps until a worker answers, a pipe has room, a command comes or something is due. Gives the
    /// places whose workers answered.
    fn sleep(&mut self, now_ns: u64) -> std::io::Result<Vec<usize>> {
        let due = self.orders.iter().map(|order| order.0).chain(self.seats.iter().filter_map(|seat| seat.retry_ns));
        let due_ns = due.min().map_or(u64::MAX, |due_ns| due_ns.saturating_sub(now_ns));
        let patience = self.desk.patience(now_ns).min(Duration::from_nanos(due_ns));
        let seats = || self.seats.iter().enumerate().filter_map(|(place, seat)| Some((place, seat.member.as_ref()?)));
        let places: Vec<usize> = seats().map(|(place, _)| place).collect();
        let observer = self.desk.scribe.observer();
        let readers: Vec<&PipeReader> = seats().map(|(_, member)| &member.results).chain([observer.input()]).collect();
        let writers: Vec<&PipeWriter> =
            seats().filter_map(|(_, member)| member.tasks_if_waiting()).chain(observer.output_if_blocked()).collect();
        let ready = sys::wait_ready(&readers, &writers, patience)?.readers;
        Ok(places.into_iter().zip(ready).filter_map(|(place, ready)| ready.then_some(place)).collect())
    }

    /// Reads a worker's answers; false if it is gone.
    fn take_answers(&mut self, place: usize) -> Result<bool, End> {
        let Some(member) = &mut self.seats[place].member else { return Ok(true) };
        match member.results.read(member.inbox.room()) {
            Ok(Progress::Moved(count)) => member.inbox.filled(count),
            Ok(Progress::WouldBlock) => return Ok(true),
            Ok(Progress::Closed) | Err(_) => return Ok(false),
        }
        let now_ns = sys::now_ns();
        let mut answered = 0;
        loop {
            let frame = match member.inbox.peek(0) {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(error) => return Err(broken(member, &error.to_string())),
            };
            let (kind, unit, bytes) = (frame.kind, frame.number, frame.bytes());
            let content = match kind {
                Kind::Hello => Some(Content::Setup),
                Kind::Done | Kind::Failed => Some(Content::Unit(unit)),
                _ => None,
            };
            if let Some(content) = content {
                member.tracked.say_received(self.desk, now_ns, content, bytes);
            }
            match kind {
                Kind::Hello => {
                    member.ready = true;
                    if member.number as usize <= self.desk.checked.plan.workers as usize {
                        self.desk.start_ns = now_ns - self.desk.began_ns;
                    }
                }
                Kind::Done | Kind::Failed => {
                    let outcome = outcome(self.desk, kind, unit, frame.payload);
                    let (actor, pid) = (member.tracked.actor, member.started.pid());
                    // What comes after the caller has everything is too late for anybody.
                    if !self.desk.is_complete() {
                        match outcome {
                            Ok(payload) => self.desk.take(unit, payload)?,
                            Err(failure) => self.desk.fail(unit, actor, TaskFailure { pid, ..failure })?,
                        }
                    }
                    if !member.answered(unit) {
                        return Err(broken(member, &format!("unit {unit} was not due")));
                    }
                    answered += 1;
                }
                Kind::From => member.tracked.speaks(unit as usize),
                Kind::Fatal => member.last_words = Some(String::from_utf8_lossy(frame.payload).into_owned()),
                Kind::Setup | Kind::Unit | Kind::Again | Kind::Stop | Kind::Suffer => {
                    return Err(broken(member, "a message of the wrong direction"));
                }
            }
            member.inbox.take(bytes);
        }
        self.dispatch.answered(place, answered, now_ns);
        Ok(true)
    }

    /// Looks after pipes that were full, after the trace, after the clock, and after what the observer wants.
    fn keep_up(&mut self, now_ns: u64) -> Result<(), End> {
        self.push_out();
        let crew = self.seats.iter_mut().filter_map(|seat| seat.member.as_mut());
        let tick = tracked::keep_up(self.desk, crew.map(|member| &mut member.tracked), now_ns);
        // An observer that lags is served whenever its pipe has room, not only at a tick.
        let behind = self.desk.scribe.observer().output_if_blocked().is_some();
        let interrupt = if tick || behind {
            self.desk.interrupt()
        } else {
            self.desk.scribe.observer().interrupt().map(End::Interrupted)
        };
        if self.desk.is_complete() {
            // The caller has everything: what is waited for is only the rest of the workers' story.
            return match interrupt {
                Some(End::Interrupted(Interrupt::Stop)) => Err(self.desk.verdict()),
                Some(end) => Err(end),
                None => Ok(()),
            };
        }
        if let Some(end) = interrupt {
            return Err(end);
        }
        self.obey(now_ns);
        self.refill(now_ns)?;
        self.desk.keep_time(now_ns).map_or(Ok(()), Err)?;
        let plan = &self.desk.checked.plan;
        let terminates_ns = plan.terminate_after_ms.map(|ms| self.desk.began_ns + ms * 1_000_000);
        if terminates_ns.is_some_and(|due_ns| now_ns >= due_ns) {
            self.terminate()?;
        }
        Ok(())
    }

    /// `terminate()`, while work is outstanding.
    fn terminate(&mut self) -> Result<(), End> {
        self.terminated = true;
        self.dispatch.cancel();
        Ok(self.desk.terminate()?)
    }

    /// Does to workers what the plan wants by now, and what the observer wants.
    fn obey(&mut self, now_ns: u64) {
        let due: Vec<_> = self.orders.extract_if(.., |order| order.0 <= now_ns).collect();
        for (_, place, action) in due {
            self.harm(place, action, "the plan");
        }
        while let Some((actor, action)) = self.desk.scribe.observer().take_order() {
            let is_meant = |seat: &Seat| seat.member.as_ref().is_some_and(|member| member.tracked.actor.0 == actor);
            // A worker that is gone needs nothing more.
            if let Some(place) = self.seats.iter().position(is_meant) {
                self.harm(place, action, "the window");
            }
        }
    }

    /// Does something to a worker: by a signal where that does it, else by telling it.
    fn harm(&mut self, place: usize, action: Action, why: &str) {
        let Some(member) = &mut self.seats[place].member else { return };
        if let Some(signal) = Signal::of(action) {
            return crew::signal(self.desk, self.starter, member, signal, why);
        }
        let (actor, why) = (member.tracked.actor, format!("{why}, at its next message"));
        self.desk.scribe.say(What::SignalSent { actor, signal: action.name().to_owned(), why });
        // Plain data, and far below what a frame may hold.
        let _ = serde_json::to_vec(&action).map(|payload| member.whisper(Kind::Suffer, &payload));
        member.push_out();
    }

    /// Says how the call ended, and ends the workers.
    fn close(&mut self, end: &End) {
        let mut crew: Vec<Member> = self.seats.iter_mut().filter_map(|seat| seat.member.take()).collect();
        for member in &mut crew {
            member.tracked.say_sums(self.desk);
        }
        self.desk.conclude(end);
        let is_done = self.dispatch.in_flight() == 0 && !self.terminated;
        let farewell = match end {
            End::Complete | End::Raised(_) if is_done => Farewell::Close,
            End::Complete | End::Raised(_) => Farewell::Terminate,
            End::Interrupted(_) | End::Failed(_) => Farewell::Kill,
        };
        let since_ns = sys::now_ns();
        if farewell == Farewell::Close {
            self.desk.say_called(since_ns, "pool.close()", Ok("no more work is taken"));
        }
        // Who has done all that he was given for life goes by himself.
        let quota = self.desk.checked.plan.maxtasksperchild;
        let (mut retired, mut crew): (Vec<Member>, Vec<Member>) =
            crew.into_iter().partition(|member| farewell == Farewell::Close && member.has_done(quota));
        crew::dismiss(self.desk, self.starter, &mut crew, farewell);
        crew::dismiss(self.desk, self.starter, &mut retired, Farewell::Wait);
        match farewell {
            Farewell::Close => self.desk.say_called(since_ns, "pool.join()", Ok("every worker has ended")),
            Farewell::Terminate => self.desk.say_called(since_ns, "pool.terminate()", Ok("every worker has ended")),
            Farewell::Wait | Farewell::Kill => {}
        }
    }
}

/// What an answer holds, or why it holds nothing.
fn outcome<'a>(desk: &Desk<'_>, kind: Kind, unit: u32, payload: &'a [u8]) -> Result<&'a [u8], TaskFailure> {
    if kind == Kind::Failed {
        return Err(serde_json::from_slice(payload).unwrap_or_else(|_| TaskFailure {
            kind: "UnpicklingError".to_owned(),
            message: "the worker's error can't be read".to_owned(),
            ..TaskFailure::default()
        }));
    }
    if !desk.faults.is_empty() {
        let range = desk.checked.cut.range(unit);
        for (item, action) in desk.faults.at(Stage::DecodeResult, range, false) {
            if action.is_error() {
                return Err(faults::failure(action, Stage::DecodeResult, item));
            }
            sys::suffer(action);
        }
    }
    Ok(payload)
}

fn broken(member: &Member, what: &str) -> End {
    End::Failed(format!("{} does not speak our language: {what}. Press Run to try again.", member.title()))
}
