//! `Pool.map` on worker processes: one loop, one place where the parent sleeps.

use std::time::Duration;

use crate::engine::desk::{Desk, End};
use crate::engine::scribe::TICK_NS;
use crate::engine::start::{Launcher, Server, Starter};
use crate::engine::wire::Kind;
use crate::sys::{self, PipeReader, PipeWriter, Progress};
use crate::trace::{ActorId, Birth, Content, Role, TaskFailure, What};

use super::crew::{self, Member};
use super::dispatch::Dispatch;
use super::tracked;

/// How long a worker may take to say that it is ready once every result is here.
const READY_PATIENCE_NS: u64 = 2_000_000_000;

/// Runs the plan of this desk on processes, from starting the first to the end of the last.
pub(in crate::engine) fn map(desk: &mut Desk<'_>, launcher: &mut Launcher) -> End {
    let starter = match launcher.starter() {
        Ok(starter) => starter,
        Err(error) => {
            let end = End::Failed(format!("The fork server could not be started ({error}). Choose spawn."));
            desk.conclude(&end);
            return end;
        }
    };
    let server = introduce_server(desk, &*starter);
    let end = match crew::start(desk, starter) {
        Ok(crew) => compute(desk, starter, crew),
        Err(end) => {
            desk.conclude(&end);
            end
        }
    };
    launcher.server = server;
    end
}

/// The fork server is introduced to every run; from the second on it was there before.
fn introduce_server(desk: &mut Desk<'_>, starter: &dyn Starter) -> Option<ActorId> {
    let server = starter.server()?;
    let actor = desk.scribe.new_actor();
    let since = |at_ns: u64| at_ns.max(desk.began_ns);
    let (asked_ns, born_ns, ready_ns) = (since(server.asked_ns), since(server.born_ns), since(server.ready_ns));
    let birth = Birth::new(actor, Role::ForkServer, 0, server.pid, asked_ns);
    desk.scribe.say_at(born_ns, What::ActorBorn(Box::new(birth)));
    desk.scribe.say_for(actor, ready_ns, What::ActorReady);
    Some(actor)
}

/// Computes everything with workers that were started, and ends them.
fn compute(desk: &mut Desk<'_>, starter: &mut dyn Starter, mut crew: Vec<Member>) -> End {
    let end = share_out(desk, starter, &mut crew);
    for member in &mut crew {
        member.tracked.say_sums(desk);
    }
    desk.conclude(&end);
    crew::dismiss(desk, starter, crew, end == End::Complete);
    end
}

/// Hands out every unit and takes every result.
fn share_out(desk: &mut Desk<'_>, starter: &mut dyn Starter, crew: &mut Vec<Member>) -> End {
    let mut dispatch = Dispatch::new(desk.checked.cut.units(), crew.len());
    // The first units leave before anybody is ready: they lie in the pipe when the worker looks.
    let mut awake_ns = sys::now_ns();
    if let Err(end) = deal(desk, &mut dispatch, crew) {
        return end;
    }
    loop {
        if is_over(desk, crew, awake_ns) {
            return End::Complete;
        }
        desk.note_dispatch(&dispatch, awake_ns);
        let ready = match sleep(desk, crew) {
            Ok(ready) => ready,
            Err(error) => return End::Failed(format!("The parent could not wait for its workers ({error}).")),
        };
        awake_ns = sys::now_ns();
        // Everybody's answers are taken before anybody is mourned: they may be the last that were missing.
        let mut gone = None;
        for (place, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
            let member = &mut crew[place];
            let handled = match take_answers(desk, &mut dispatch, place, member) {
                Ok(true) => hand_out(desk, &mut dispatch, place, member),
                Ok(false) => {
                    gone = Some(place);
                    Ok(())
                }
                Err(end) => Err(end),
            };
            if let Err(end) = handled {
                return end;
            }
        }
        if let Some(place) = gone {
            if !desk.is_complete() {
                return mourn(desk, starter, crew, place);
            }
            crew[place].ready = true;
        }
        if let Some(end) = keep_up(desk, crew, awake_ns) {
            return end;
        }
    }
}

/// Whether every result is here and every worker's story can be told to its end. A worker may still be
/// starting when the others have done everything; it is waited for, though not for ever. The run's wall
/// time ended with the last result.
fn is_over(desk: &Desk<'_>, crew: &[Member], now_ns: u64) -> bool {
    desk.completed_ns().is_some_and(|completed_ns| {
        crew.iter().all(|member| member.ready) || now_ns.saturating_sub(completed_ns) > READY_PATIENCE_NS
    })
}

/// Deals the first units round the table, as cards are dealt: one each, then one each to lie ahead.
fn deal(desk: &mut Desk<'_>, dispatch: &mut Dispatch, crew: &mut [Member]) -> Result<(), End> {
    let mut dealt = true;
    while std::mem::take(&mut dealt) {
        for (place, member) in crew.iter_mut().enumerate() {
            dealt |= hand_one(desk, dispatch, place, member, sys::now_ns())?;
        }
    }
    crew.iter_mut().for_each(Member::push_out);
    Ok(())
}

/// Gives a worker as many units as it shall have.
fn hand_out(desk: &mut Desk<'_>, dispatch: &mut Dispatch, place: usize, member: &mut Member) -> Result<(), End> {
    let now_ns = sys::now_ns();
    while hand_one(desk, dispatch, place, member, now_ns)? {}
    member.push_out();
    Ok(())
}

/// Puts the next unit into line for a worker; false if it shall have none now.
fn hand_one(
    desk: &mut Desk<'_>,
    dispatch: &mut Dispatch,
    place: usize,
    member: &mut Member,
    now_ns: u64,
) -> Result<bool, End> {
    if !member.has_credit() {
        return Ok(false);
    }
    let Some(unit) = dispatch.next_for(place, now_ns) else { return Ok(false) };
    let (input, range) = (desk.checked.input, desk.checked.cut.range(unit));
    member
        .send(desk, now_ns, (Kind::Unit, Content::Unit(unit)), |out| input.write_items(range, out))
        .map_err(|error| End::Failed(format!("Unit {unit} can't be sent: {error}.")))?;
    Ok(true)
}

/// Sleeps until a worker answers, a pipe has room, a command comes or it is time to look after the
/// trace. Gives which workers answered.
fn sleep(desk: &mut Desk<'_>, crew: &[Member]) -> std::io::Result<Vec<bool>> {
    let observer = desk.scribe.observer();
    let readers: Vec<&PipeReader> = crew.iter().map(|member| &member.results).chain([observer.input()]).collect();
    let writers: Vec<&PipeWriter> =
        crew.iter().filter_map(Member::tasks_if_waiting).chain(observer.output_if_blocked()).collect();
    let mut ready = sys::wait_ready(&readers, &writers, Duration::from_nanos(TICK_NS))?.readers;
    ready.truncate(crew.len());
    Ok(ready)
}

/// Reads a worker's answers; false if it is gone.
fn take_answers(desk: &mut Desk<'_>, dispatch: &mut Dispatch, place: usize, member: &mut Member) -> Result<bool, End> {
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
        let content = if kind == Kind::Hello { Content::Setup } else { Content::Unit(unit) };
        member.tracked.say_received(desk, now_ns, content, bytes);
        match kind {
            Kind::Hello => {
                member.ready = true;
                desk.start_ns = now_ns - desk.began_ns;
            }
            Kind::Done => {
                desk.take(unit, frame.payload)?;
                if !member.answered(unit) {
                    return Err(broken(member, &format!("unit {unit} was not due")));
                }
                answered += 1;
            }
            Kind::Failed => {
                let message = String::from_utf8_lossy(frame.payload).into_owned();
                let end = End::Failed(format!("Unit {unit} failed in worker {}: {message}.", member.number));
                desk.scribe.say_for(
                    member.tracked.actor,
                    now_ns,
                    What::UnitFailed { unit, failure: Box::new(TaskFailure { message, ..TaskFailure::default() }) },
                );
                return Err(end);
            }
            Kind::Setup | Kind::Unit | Kind::Stop => {
                return Err(broken(member, "a message of the wrong direction"));
            }
        }
        member.inbox.take(bytes);
    }
    dispatch.answered(place, answered, now_ns);
    Ok(true)
}

fn broken(member: &Member, what: &str) -> End {
    let (number, pid) = (member.number, member.pid());
    End::Failed(format!("Worker {number} (pid {pid}) does not speak our language: {what}. Press Run to try again."))
}

/// A worker is gone before its time: its process is waited for, and the run ends with its story.
fn mourn(desk: &mut Desk<'_>, starter: &mut dyn Starter, crew: &mut Vec<Member>, place: usize) -> End {
    let mut member = crew.remove(place);
    let exit = crew::farewell(desk, starter, &mut member);
    if let Some(Server { pid, lost: true, .. }) = starter.server() {
        return End::Failed(format!(
            "The fork server (pid {pid}) ended before its time, and its workers with it. Press Run to try again."
        ));
    }
    let (number, pid) = (member.number, member.pid());
    let lost = match member.units.front() {
        Some((unit, _)) if member.units.len() == 1 => format!("unit {unit} is lost with it"),
        Some((unit, _)) => format!("unit {unit} and {} that lay behind it are lost", member.units.len() - 1),
        None => "it had no unit".to_owned(),
    };
    End::Failed(format!(
        "Worker {number} (pid {pid}) ended before its time, exit {exit}; {lost}. Press Run to try again."
    ))
}

/// Looks after pipes that were full, after the trace, and after what the observer wants.
fn keep_up(desk: &mut Desk<'_>, crew: &mut [Member], now_ns: u64) -> Option<End> {
    crew.iter_mut().for_each(Member::push_out);
    let tick = tracked::keep_up(desk, crew.iter_mut().map(|member| &mut member.tracked), now_ns);
    // An observer that lags is served whenever its pipe has room, not only at a tick.
    let behind = desk.scribe.observer().output_if_blocked().is_some();
    if tick || behind { desk.interrupt() } else { desk.scribe.observer().interrupt().map(End::Interrupted) }
}
