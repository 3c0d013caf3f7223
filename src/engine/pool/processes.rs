//! `Pool.map` on worker processes: one loop, one place where the parent sleeps.

use std::time::Duration;

use crate::engine::run::{Desk, End};
use crate::engine::scribe::TICK_NS;
use crate::engine::start::Starter;
use crate::engine::wire::Kind;
use crate::sys::{self, PipeReader, PipeWriter, Progress};
use crate::trace::{Content, Doing, What};

use super::crew::{self, Member};
use super::dispatch::Dispatch;

/// Runs the plan of this desk on processes, from starting the first to the end of the last.
pub(in crate::engine) fn map(desk: &mut Desk<'_>, starter: &mut dyn Starter) -> End {
    let mut crew = match crew::start(desk, starter) {
        Ok(crew) => crew,
        Err(why) => {
            let end = End::Failed(why);
            desk.conclude(&end);
            return end;
        }
    };
    let end = share_out(desk, starter, &mut crew);
    for member in &mut crew {
        desk.scribe.say_sums(&mut member.requests, &mut member.replies);
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
        // A worker may still be starting when the others have done everything: it is waited for, so that
        // its story is told to the end. The run's wall time ended with the last result.
        if desk.is_complete() && crew.iter().all(|member| member.ready) {
            return End::Complete;
        }
        finish_waking(desk, &dispatch, awake_ns);
        let ready = match sleep(desk, crew) {
            Ok(ready) => ready,
            Err(error) => return End::Failed(format!("The parent could not wait for its workers ({error}).")),
        };
        awake_ns = sys::now_ns();
        for (place, _) in ready.iter().enumerate().filter(|(_, ready)| **ready) {
            let member = &mut crew[place];
            if let Err(end) = take_answers(desk, &mut dispatch, place, member) {
                return end.unwrap_or_else(|| mourn(desk, starter, crew, place));
            }
            if let Err(end) = hand_out(desk, &mut dispatch, place, member) {
                return end;
            }
        }
        if let Some(end) = keep_up(desk, crew, awake_ns) {
            return end;
        }
    }
}

/// Notes what the parent did between waking up and sleeping again, while things are told in detail.
fn finish_waking(desk: &mut Desk<'_>, dispatch: &Dispatch, awake_ns: u64) {
    if desk.checked.cut.units() - dispatch.waiting() <= desk.detail_units {
        desk.scribe.say(What::Did { doing: Doing::Dispatch, since_ns: awake_ns });
    }
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

/// Reads a worker's answers. An error of `None` means that the worker is gone.
fn take_answers(
    desk: &mut Desk<'_>,
    dispatch: &mut Dispatch,
    place: usize,
    member: &mut Member,
) -> Result<(), Option<End>> {
    match member.results.read(member.inbox.room()) {
        Ok(Progress::Moved(count)) => member.inbox.filled(count),
        Ok(Progress::WouldBlock) => return Ok(()),
        Ok(Progress::Closed) | Err(_) => return Err(None),
    }
    let now_ns = sys::now_ns();
    let mut answered = 0;
    loop {
        let frame = match member.inbox.peek(0) {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) => return Err(Some(broken(member, &error.to_string()))),
        };
        let (kind, unit, bytes) = (frame.kind, frame.number, frame.bytes());
        let content = if kind == Kind::Hello { Content::Setup } else { Content::Unit(unit) };
        if let Some(what) = member.replies.received(content, bytes, desk.detail_units) {
            desk.scribe.say_at(now_ns, what);
        }
        match kind {
            Kind::Hello => {
                member.ready = true;
                desk.start_ns = now_ns - desk.began_ns;
            }
            Kind::Done => {
                desk.take(unit, frame.payload).map_err(|error| Some(error.into()))?;
                if !member.answered(unit) {
                    return Err(Some(broken(member, &format!("unit {unit} was not due"))));
                }
                answered += 1;
            }
            Kind::Failed => {
                let why = String::from_utf8_lossy(frame.payload).into_owned();
                desk.scribe.say_at(now_ns, What::UnitFailed { unit, message: why.clone() });
                let number = member.number;
                return Err(Some(End::Failed(format!("Unit {unit} failed in worker {number}: {why}."))));
            }
            Kind::Setup | Kind::Unit | Kind::Stop => {
                return Err(Some(broken(member, "a message of the wrong direction")));
            }
        }
        member.inbox.take(bytes);
    }
    dispatch.answered(place, answered, now_ns);
    Ok(())
}

fn broken(member: &Member, what: &str) -> End {
    let (number, pid) = (member.number, member.pid());
    End::Failed(format!("Worker {number} (pid {pid}) does not speak our language: {what}. Press Run to try again."))
}

/// A worker is gone before its time: its process is waited for, and the run ends with its story.
fn mourn(desk: &mut Desk<'_>, starter: &mut dyn Starter, crew: &mut Vec<Member>, place: usize) -> End {
    let mut member = crew.remove(place);
    let exit = crew::farewell(desk, starter, &mut member);
    let (number, pid) = (member.number, member.pid());
    let lost = match member.units.front() {
        Some((unit, _)) => format!("unit {unit} is lost with it"),
        None => "it had no unit".to_owned(),
    };
    End::Failed(format!(
        "Worker {number} (pid {pid}) ended before its time, exit {exit}; {lost}. Press Run to try again."
    ))
}

/// Looks after the trace: rings that fill up at once, everything else at every tick.
fn keep_up(desk: &mut Desk<'_>, crew: &mut [Member], now_ns: u64) -> Option<End> {
    let tick = desk.scribe.tick_is_due(now_ns);
    for member in crew.iter_mut() {
        member.push_out();
        member.drain(desk, !tick);
    }
    if desk.scribe.sum_is_due(now_ns) {
        for member in crew {
            desk.scribe.say_sums(&mut member.requests, &mut member.replies);
        }
    }
    let behind = desk.scribe.observer().output_if_blocked().is_some();
    if tick || behind { desk.interrupt() } else { desk.scribe.observer().interrupt().map(End::Interrupted) }
}
