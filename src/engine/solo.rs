//! `sequential`: the parent computes every item itself, one after the other. Nothing is handed out,
//! nothing is carried: what a speedup is measured against. (A workload reads its arguments from bytes, so
//! they are written and read here too, which costs about a nanosecond an item and counts as computing.)
//!
//! The computing is done by a thread of its own, so that Stop and the live view work meanwhile; the
//! parent's first thread sleeps.

use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender};

use crate::chunk::Cut;
use crate::sys;
use crate::trace::ring::{self, Drain, Recorder, Shared};
use crate::trace::{ActorId, ChannelId, TaskFailure, What};
use crate::workload::Input;

use super::desk::{Desk, End};
use super::log::Log;
use super::scribe::TICK_NS;
use super::shared::Calculator;

/// A unit with its results, or why it failed.
type Answer = (u32, Result<Vec<u8>, String>);

/// Runs the plan of this desk in the parent alone.
pub(super) fn run(desk: &mut Desk<'_>) -> End {
    let memory = ring::in_process(desk.ring_slots());
    let mut ring = Drain::new(memory.clone());
    let mut log = Log::new(Recorder::new(memory));
    // The parent alone has no channels; these names are never used.
    log.set_up(desk.checked.plan.tracing, desk.detail_units, ChannelId(0), ChannelId(0));
    let (input, cut) = (desk.checked.input, desk.checked.cut);
    let (sender, answers) = crossbeam_channel::unbounded();
    let body = move || compute(input, cut, log, &sender);
    let end = match std::thread::Builder::new().name("sequential".to_owned()).spawn(body) {
        Err(error) => End::Failed(format!("The computing thread could not be started ({error}).")),
        Ok(_) => loop {
            let answer = answers.recv_timeout(Duration::from_nanos(TICK_NS));
            let taken = match answer {
                Ok((unit, Ok(results))) => desk.take(unit, &results).map_err(End::from),
                Ok((unit, Err(message))) => {
                    let end = End::Failed(format!("Unit {unit} failed: {message}."));
                    desk.scribe.say(What::UnitFailed {
                        unit,
                        failure: Box::new(TaskFailure { message, ..TaskFailure::default() }),
                    });
                    Err(end)
                }
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => Err(if desk.is_complete() {
                    End::Complete
                } else {
                    End::Failed("The computing thread ended before its time. Press Run to try again.".to_owned())
                }),
            };
            if let Err(end) = taken {
                break end;
            }
            let tick = desk.scribe.tick_is_due(sys::now_ns());
            if tick || ring.is_filling() {
                desk.scribe.drain(ActorId::PARENT, &mut ring);
            }
            if let Some(end) = tick.then(|| desk.interrupt()).flatten() {
                break end;
            }
        },
    };
    desk.scribe.drain(ActorId::PARENT, &mut ring);
    desk.conclude(&end);
    end
}

/// Computes every unit; the end of the channel says that it is done.
fn compute(input: Input, cut: Cut, mut log: Log<Shared>, answers: &Sender<Answer>) {
    let mut calculator = Calculator::new(input);
    for unit in 0..cut.units() {
        let answer = calculator.compute(&mut log, unit, cut.range(unit));
        let failed = answer.is_err();
        if answers.send((unit, answer)).is_err() || failed {
            break;
        }
    }
    log.close_sum(sys::now_ns());
}
