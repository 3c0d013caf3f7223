//! One run, as a table of contents: say what begins, compute in the chosen way. How it ended is said by
//! the way of computing, before it clears away.

use crate::plan::{CheckedPlan, Executor};
use crate::sys;
use crate::trace::{ActorId, Birth, Role, What};

use super::desk::{Desk, End};
use super::pool::{processes, threads};
use super::process;
use super::scribe::Scribe;
use super::solo;
use super::start::Launcher;

/// Runs a plan once. The launcher is for plans that want processes.
pub(super) fn run(number: u32, checked: &CheckedPlan, scribe: &mut Scribe, launcher: &mut Launcher) -> End {
    let mut desk = Desk::new(checked, scribe, sys::now_ns());
    introduce(&mut desk, number);
    if let Some(program) = checked.program {
        return process::run(&mut desk, program);
    }
    desk.begin();
    // A run that crashes at once shall have begun at least.
    desk.scribe.push_out();
    match checked.plan.with {
        Executor::Sequential => solo::run(&mut desk),
        Executor::Threads | Executor::GilThreads => threads::run(&mut desk),
        Executor::Processes | Executor::Hybrid => processes::run(&mut desk, launcher),
    }
}

/// The parent says what begins, and who it is.
fn introduce(desk: &mut Desk<'_>, run: u32) {
    let (at_ns, cut, plan) = (desk.began_ns, desk.checked.cut, Box::new(desk.checked.plan.clone()));
    let (items, chunksize, detail_units) = (cut.items, cut.chunksize, desk.detail_units);
    desk.scribe.say_at(at_ns, What::RunBegan { run, plan, items, chunksize, detail_units });
    let birth = Birth::new(ActorId::PARENT, Role::Parent, 0, std::process::id(), at_ns);
    desk.scribe.say_at(at_ns, What::ActorBorn(Box::new(birth)));
    desk.scribe.say_at(at_ns, What::ActorReady);
    // Whatever becomes of this process from here on: what it was about to do is known.
    desk.scribe.push_out();
}
