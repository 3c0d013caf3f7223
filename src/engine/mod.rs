//! The engine: the parent that students watch, in a process of its own, and the workers it starts.
//!
//! ```text
//! observer ── plan, commands ──► engine ── task pipe k ──► worker k
//!          ◄── trace blocks ───         ◄── result pipe k ─
//!                                       ◄── ring k (shared memory)
//! ```
//!
//! A process that forks has one thread; so the parent is one loop that sleeps in one place, and only
//! runs without child processes (sequential, threads) have threads.

mod desk;
mod faults;
mod hand;
mod hands;
mod initializer;
pub mod ipc;
mod log;
mod observer;
pub mod pool;
mod process;
mod run;
mod scribe;
mod shared;
mod solo;
mod start;
mod task;
pub mod wire;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use crate::sys;
use crate::trace::What;

use desk::End;
use observer::Observer;
use scribe::Scribe;
use start::{Calling, Launcher};

/// First argument of a process that is an engine.
pub const ENGINE: &str = "__engine";
/// First argument of a process that is a spawned worker.
pub const WORKER: &str = "__worker";
/// First argument of a process that was spawned for a script.
pub const PROCESS: &str = "__process";
/// First argument of a process that is a fork server.
pub const FORKSERVER: &str = "__forkserver";

/// How long the plan may take to come.
const PLAN_PATIENCE: Duration = Duration::from_secs(10);
/// How long the observer may take to read the rest of the trace.
const TRACE_PATIENCE: Duration = Duration::from_secs(10);

/// If this process was started as a child of Poolscope, is that child and gives its exit code.
pub fn child_hook(mut arguments: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let role = arguments.nth(1)?;
    let main: fn(&[u64]) -> i32 = match role.to_str()? {
        ENGINE => serve,
        WORKER => |arguments| start::spawned_main(Calling::Worker, arguments),
        PROCESS => |arguments| start::spawned_main(Calling::Process, arguments),
        FORKSERVER => start::forkserver_main,
        _ => return None,
    };
    let numbers: Option<Vec<u64>> = arguments.map(|argument| argument.to_str()?.parse().ok()).collect();
    Some(ExitCode::from(numbers.map_or(2, |numbers| main(&numbers)) as u8))
}

/// The main function of an engine; its argument is the pid of its observer.
fn serve(arguments: &[u64]) -> i32 {
    let &[observer_pid] = arguments else { return 2 };
    if !sys::die_with_parent(observer_pid as u32) {
        return 1;
    }
    sys::raise_descriptor_limit();
    let Ok(mut observer) = Observer::on_standard_streams() else { return 1 };
    let Ok(checked) = observer.plan(PLAN_PATIENCE).map(|plan| plan.check()) else { return 1 };
    // The observer has checked the plan before; an engine that is handed a wrong one is not ours.
    let Ok(checked) = checked else { return 2 };

    let mut scribe = Scribe::new(observer, checked.plan.tracing);
    let mut launcher = Launcher::new(checked.plan.start);
    for number in 0..checked.plan.repeats {
        if !matches!(run::run(number, &checked, &mut scribe, &mut launcher), End::Complete | End::Raised(_)) {
            break;
        }
        // The next run begins when the observer has heard of this one, so that it has the cores.
        scribe.finish(TRACE_PATIENCE);
    }
    if let Some((actor, exit)) = launcher.dismiss() {
        scribe.say(What::ActorExited { actor, exit });
    }
    let told = scribe.finish(TRACE_PATIENCE);
    // Ends threads that a stopped run may have left computing; nothing else would.
    std::process::exit(i32::from(!told))
}
