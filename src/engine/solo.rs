//! `sequential`: the parent computes every item itself, one after the other. Nothing is handed out,
//! nothing is carried: what a speedup is measured against. (A workload reads its arguments from bytes, so
//! they are written and read here too, which costs about a nanosecond an item and counts as computing.)
//!
//! The computing is done by a thread of its own, so that Stop and the live view work meanwhile; the
//! parent's first thread sleeps. An error ends it there, as in `list(map(f, items))`.

use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender};

use crate::chunk::Cut;
use crate::sys;
use crate::trace::ring::{self, Drain, Recorder, Shared};
use crate::trace::{ActorId, ChannelId, TaskFailure};
use crate::workload::Here;

use super::desk::{Desk, End};
use super::log::Log;
use super::shared::Calculator;
use super::task::Undone;

/// How long the observer may take to read the rest when the parent exits.
const EXIT_PATIENCE: Duration = Duration::from_secs(1);

/// A unit with its results, or why it has none.
type Answer = (u32, Result<Vec<u8>, Undone>);

/// Runs the plan of this desk in the parent alone.
pub(super) fn run(desk: &mut Desk<'_>) -> End {
    let memory = ring::in_process(desk.ring_slots());
    let mut ring = Drain::new(memory.clone());
    let mut log = Log::new(Recorder::new(memory));
    // The parent alone has no channels; these names are never used.
    log.set_up(desk.checked.plan.tracing, desk.detail_units, ChannelId(0), ChannelId(0));
    let (calculator, cut) =
        (Calculator::new(desk.checked.input, desk.faults.clone(), ActorId::PARENT), desk.checked.cut);
    let (sender, answers) = crossbeam_channel::unbounded();
    let body = move || compute(calculator, cut, log, &sender);
    let end = match std::thread::Builder::new().name("sequential".to_owned()).spawn(body) {
        Err(error) => End::Failed(format!("The computing thread could not be started ({error}).")),
        Ok(_) => loop {
            let answer = answers.recv_timeout(desk.patience(sys::now_ns()));
            let taken = match answer {
                Ok((unit, Ok(results))) => desk.take(unit, &results).map_err(End::from),
                Ok((unit, Err(Undone::Failed(failure)))) => Err(raise(desk, unit, *failure)),
                Ok((_, Err(Undone::Exit))) => {
                    // What `sys.exit` does in the one process there is.
                    desk.scribe.drain(ActorId::PARENT, &mut ring);
                    desk.scribe.finish(EXIT_PATIENCE);
                    std::process::exit(sys::EXIT_CODE)
                }
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => Err(if desk.is_complete() {
                    desk.verdict()
                } else {
                    End::Failed("The computing thread ended before its time. Press Run to try again.".to_owned())
                }),
            };
            if let Err(end) = taken {
                break end;
            }
            let now_ns = sys::now_ns();
            let tick = desk.scribe.tick_is_due(now_ns);
            if tick || ring.is_filling() {
                desk.scribe.drain(ActorId::PARENT, &mut ring);
            }
            if let Some(end) = tick.then(|| desk.interrupt()).flatten().or_else(|| desk.keep_time(now_ns)) {
                break end;
            }
        },
    };
    desk.scribe.drain(ActorId::PARENT, &mut ring);
    desk.conclude(&end);
    end
}

/// A task failed: there is nobody to go on.
fn raise(desk: &mut Desk<'_>, unit: u32, failure: TaskFailure) -> End {
    let pid = std::process::id();
    match desk.fail(unit, ActorId::PARENT, TaskFailure { pid, ..failure }) {
        Ok(()) => desk.verdict(),
        Err(error) => error.into(),
    }
}

/// Computes every unit; the end of the channel says that it is done.
fn compute(mut calculator: Calculator, cut: Cut, mut log: Log<Shared>, answers: &Sender<Answer>) {
    for unit in 0..cut.units() {
        let answer = calculator.compute(&mut log, (unit, false), cut.range(unit), &Here::free(), |_| {});
        let failed = answer.is_err();
        if answers.send((unit, answer)).is_err() || failed {
            break;
        }
    }
    log.close_sum(sys::now_ns());
}
