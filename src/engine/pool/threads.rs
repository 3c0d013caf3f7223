//! `ThreadPool`: the same pool with threads of the parent's process as workers.
//!
//! Nothing is carried between actors: a message is the number of a unit, and the thread reads the shared
//! input; so nothing has to be serialized either. Rust threads have no GIL, so they compute at the same
//! time; Python's do only while one of them is not running Python code, which [`super::gil`] emulates.
//!
//! Threads share one process: a crash in one of them takes the parent and all the others down. Only a
//! thread that ends itself (`sys.exit`) leaves the others alone, and its unit behind.

use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use crate::engine::desk::{Desk, End};
use crate::engine::task::Undone;
use crate::plan::{Action, Stage};
use crate::sys;
use crate::trace::{ActorId, Content, Exit, TaskFailure, What};

use super::dispatch::{Dispatch, Handout, Rules};
use super::losses::Losses;
use super::restarts::{Restarts, WITHIN_NS};
use super::thread::{self, Answer, Member, Shop, Task};
use super::tracked;

/// Answers taken before units are handed out again.
const BATCH: usize = 1024;
/// How long threads may take to finish what they compute when everything else is over.
const JOIN_PATIENCE: Duration = Duration::from_secs(2);
/// How long they may take when the run was broken off.
const BREAK_OFF_PATIENCE: Duration = Duration::from_millis(100);

/// A pool of threads while a call is carried out.
struct Pool<'p, 'd> {
    desk: &'p mut Desk<'d>,
    shop: Shop,
    answers: Receiver<Answer>,
    dispatch: Dispatch,
    /// A place for every worker of the plan, with who had it last.
    seats: Vec<(Option<Member>, Option<ActorId>)>,
    losses: Losses,
    restarts: Restarts,
    /// Threads ever started.
    born: u32,
    /// `terminate()` was called.
    terminated: bool,
    /// Answers at each place since units were handed out.
    answered: Vec<u32>,
}

/// Runs the plan of this desk on threads.
pub(in crate::engine) fn run(desk: &mut Desk<'_>) -> End {
    let (sender, answers) = crossbeam_channel::unbounded();
    let shop = Shop::new(desk, sender);
    let places = desk.checked.plan.workers as usize;
    let rules = Rules { units: desk.checked.cut.units(), places, hands: 1, quota: None };
    let mut pool = Pool {
        shop,
        answers,
        dispatch: Dispatch::new(rules),
        seats: std::iter::repeat_with(|| (None, None)).take(places).collect(),
        losses: Losses::default(),
        restarts: Restarts::for_workers(places),
        born: 0,
        terminated: false,
        answered: vec![0; places],
        desk,
    };
    let opened = (0..places).try_for_each(|place| pool.fill(place));
    let end = opened.and_then(|()| pool.compute()).unwrap_or_else(|end| end);
    if pool.close(&end) {
        return end;
    }
    // What comes next would share the cores with those that are left: this is the last run.
    End::Failed("Threads of this run still compute.".to_owned())
}

impl Pool<'_, '_> {
    /// Starts a thread at a place that is empty.
    fn fill(&mut self, place: usize) -> Result<(), End> {
        let number = self.born + 1;
        let member = thread::start_one(self.desk, &self.shop, number, self.seats[place].1).map_err(|error| {
            End::Failed(format!("Thread {number} could not be started ({error}). Choose fewer workers."))
        })?;
        self.born = number;
        self.dispatch.admit(place);
        self.seats[place] = (None, Some(member.tracked.actor));
        self.seats[place].0 = Some(member);
        Ok(())
    }

    /// Hands out every unit and takes every result.
    fn compute(&mut self) -> Result<End, End> {
        let mut awake_ns = sys::now_ns();
        loop {
            self.deal(awake_ns);
            let all_ready = || self.seats.iter().filter_map(|seat| seat.0.as_ref()).all(|member| member.ready);
            if self.desk.is_complete() && all_ready() {
                return Ok(self.desk.verdict());
            }
            self.desk.note_dispatch(&self.dispatch, awake_ns);
            let first = self.answers.recv_timeout(self.desk.patience(awake_ns));
            awake_ns = sys::now_ns();
            // The pool holds a sender itself, so it is never cut off from its threads: no answer is no news.
            let batch: Vec<Answer> = first.into_iter().chain(self.answers.try_iter().take(BATCH)).collect();
            // Stamped after the last of them came, or one could seem to arrive before it left.
            let received_ns = sys::now_ns();
            for answer in batch {
                self.take(answer, received_ns)?;
            }
            self.keep_up(awake_ns)?;
        }
    }

    /// Deals units round the table, as to processes.
    fn deal(&mut self, now_ns: u64) {
        for (place, units) in self.answered.iter_mut().enumerate() {
            self.dispatch.answered(place, std::mem::take(units), now_ns);
        }
        let mut dealt = true;
        while std::mem::take(&mut dealt) {
            for (place, (member, _)) in self.seats.iter_mut().enumerate() {
                let Some(member) = member else { continue };
                if let Some(Handout { unit, again }) = self.dispatch.next_for(place, now_ns, self.desk.horizon()) {
                    member.send(self.desk, sys::now_ns(), Content::Unit(unit), Task::Unit { unit, again });
                    dealt = true;
                }
            }
        }
    }

    /// Takes one answer.
    fn take(&mut self, answer: Answer, at_ns: u64) -> Result<(), End> {
        let Answer { actor, content, outcome } = answer;
        let is_from = |seat: &(Option<Member>, _)| seat.0.as_ref().is_some_and(|member| member.tracked.actor == actor);
        let Some(place) = self.seats.iter().position(is_from) else { return Ok(()) };
        let Some(member) = &mut self.seats[place].0 else { return Ok(()) };
        member.tracked.say_received(self.desk, at_ns, content, 0);
        let Content::Unit(unit) = content else {
            member.ready = true;
            if let Err(Undone::Failed(failure)) = outcome {
                member.last_words = Some(failure.message);
            }
            if member.number as usize <= self.answered.len() {
                self.desk.start_ns = at_ns - self.desk.began_ns;
            }
            return Ok(());
        };
        member.answered(unit);
        self.answered[place] += 1;
        // What comes after the caller has everything is too late for anybody.
        if self.desk.is_complete() {
            return Ok(());
        }
        match outcome {
            Ok(results) => self.desk.take(unit, &results)?,
            Err(Undone::Failed(failure)) => {
                let pid = std::process::id();
                self.desk.fail(unit, actor, TaskFailure { pid, ..*failure })?;
            }
            // A thread that exits says nothing.
            Err(Undone::Exit) => {}
        }
        Ok(())
    }

    fn keep_up(&mut self, now_ns: u64) -> Result<(), End> {
        let crew = self.seats.iter_mut().filter_map(|seat| seat.0.as_mut()).map(|member| &mut member.tracked);
        let tick = tracked::keep_up(self.desk, crew, now_ns);
        if self.desk.is_complete() {
            return Ok(());
        }
        self.desk.keep_time(now_ns).map_or(Ok(()), Err)?;
        let terminate_ms = self.desk.checked.plan.terminate_after_ms;
        if terminate_ms.is_some_and(|ms| now_ns >= self.desk.began_ns + ms * 1_000_000) {
            self.terminated = true;
            self.dispatch.cancel();
            self.desk.terminate()?;
        }
        if !tick {
            return Ok(());
        }
        self.desk.interrupt().map_or(Ok(()), Err)?;
        self.obey();
        for place in 0..self.seats.len() {
            if self.seats[place].0.as_ref().is_some_and(|member| member.thread.is_finished()) {
                self.bury(place)?;
            }
        }
        Ok(())
    }

    /// What the observer wants done to a thread is done to the process that all threads share: nothing from
    /// outside can reach one of them alone.
    fn obey(&mut self) {
        while let Some((actor, action)) = self.desk.scribe.observer().take_order() {
            if matches!(action, Action::Stop | Action::Continue | Action::Hang) {
                let line = format!(
                    "A thread can't be reached alone, and there is nobody to bring its process back: no {}.",
                    action.name()
                );
                self.desk.scribe.say(What::Printed { line });
                continue;
            }
            let why = "the window; a thread can't be reached alone, so the whole process".to_owned();
            let signal = action.name().to_owned();
            self.desk.scribe.say(What::SignalSent { actor: ActorId(actor), signal, why });
            self.desk.scribe.push_out();
            sys::suffer(action);
        }
    }

    /// A thread has ended before its time: its place is filled again, and its units are settled.
    fn bury(&mut self, place: usize) -> Result<(), End> {
        // It may have answered before it ended.
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer, sys::now_ns())?;
        }
        let Some(mut member) = self.seats[place].0.take() else { return Ok(()) };
        let (actor, estate, number) = (member.tracked.actor, member.estate(), member.number);
        let what = match member.last_words.take() {
            Some(error) => format!("Thread {number}: its initializer raised {error}"),
            None => format!("Thread {number} ended before its time"),
        };
        member.tracked.say_sums(self.desk);
        self.say_exit(member);
        self.dispatch.vacate(place);
        if self.desk.is_complete() {
            return Ok(());
        }
        let failure = TaskFailure {
            kind: "WorkerLostError".to_owned(),
            message: what.clone(),
            stage: Some(Stage::Call),
            location: format!("thread {number}"),
            pid: std::process::id(),
            ..TaskFailure::default()
        };
        self.losses.settle(self.desk, &mut self.dispatch, actor, &estate, &failure)?;
        if self.desk.is_complete() {
            return Ok(());
        }
        if !self.restarts.bear(sys::now_ns()) {
            let seconds = WITHIN_NS / 1_000_000_000;
            return Err(End::Failed(format!(
                "The pool gives up: more than {} threads ended before their time within {seconds} s. {what}.",
                self.restarts.most()
            )));
        }
        self.fill(place)
    }

    fn say_exit(&mut self, mut member: Member) {
        // A panic in it was its end too.
        let exit = if member.thread.join().is_ok() { Exit::Joined } else { Exit::Unknown };
        member.tracked.drain(self.desk);
        self.desk.scribe.say(What::ActorExited { actor: member.tracked.actor, exit });
    }

    /// Says how the call ended, and joins the threads. False if some still compute.
    fn close(&mut self, end: &End) -> bool {
        let mut crew: Vec<Member> = self.seats.iter_mut().filter_map(|seat| seat.0.take()).collect();
        for member in &mut crew {
            member.tracked.say_sums(self.desk);
            member.tracked.drain(self.desk);
        }
        self.desk.conclude(end);
        self.shop.cancel();
        let since_ns = sys::now_ns();
        let in_order = matches!(end, End::Complete | End::Raised(_));
        if in_order && !self.terminated {
            self.desk.say_called(since_ns, "pool.close()", Ok("no more work is taken"));
        }
        for member in &mut crew {
            member.send(self.desk, since_ns, Content::Stop, Task::Stop);
        }
        // Nothing can end a thread from outside: who still computes then ends with the engine's process,
        // which such an end of a run ends.
        let give_up = Instant::now() + if in_order { JOIN_PATIENCE } else { BREAK_OFF_PATIENCE };
        let mut left = 0;
        for member in crew {
            while !member.thread.is_finished() && Instant::now() < give_up {
                std::thread::sleep(Duration::from_micros(200));
            }
            if member.thread.is_finished() {
                self.say_exit(member);
            } else {
                left += 1;
            }
        }
        if in_order {
            let call = if self.terminated { "pool.terminate()" } else { "pool.join()" };
            let still = format!("not yet: of the threads, {left} still compute, and end with the process");
            self.desk.say_called(since_ns, call, Ok(if left == 0 { "every thread has ended" } else { &still }));
        }
        left == 0
    }
}
