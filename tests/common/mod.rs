//! What the tests of real runs share.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

pub mod chance;
#[cfg(target_os = "linux")]
pub mod ipc;
pub mod live;
#[cfg(target_os = "linux")]
pub mod place;
pub mod programs;
#[cfg(target_os = "linux")]
pub mod tagged;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use poolscope::model::Model;
use poolscope::plan::Plan;
use poolscope::session::{Ending, Options, Report, Session};
use poolscope::trace::Event;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_poolscope");

/// No run of the tests takes longer, or it hangs.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// A session on the program under test.
pub fn session(plan: &Plan, options: Options) -> Session {
    Session::start(plan, Options { program: Some(PROGRAM.into()), ..options }).expect("the engine starts")
}

/// What a session told, to its end.
#[derive(Default)]
pub struct Told {
    /// Every event.
    pub events: Vec<Event>,
    /// Every warning.
    pub warnings: Vec<String>,
    /// How it ended.
    pub ending: Ending,
}

/// Listens to a session until it ends.
pub fn listen(session: &Session) -> Told {
    let give_up = Instant::now() + DEADLINE;
    let mut told = Told::default();
    loop {
        match session.reports().recv_deadline(give_up).expect("the session ends in time") {
            Report::Events(events) => told.events.extend(events),
            Report::Warning(warning) => told.warnings.push(warning),
            Report::Ended(ending) => {
                told.ending = ending;
                return told;
            }
        }
    }
}

/// Runs a plan to its end.
pub fn run(plan: &Plan) -> (Model, Told) {
    let session = session(plan, Options::default());
    let told = listen(&session);
    (Model::of(&told.events), told)
}

/// Does jobs by their numbers, so many at once: most of each is waiting.
pub fn jobs(count: u64, at_once: usize, job: impl Fn(u64) + Sync) {
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    job(number);
                }
            });
        }
    });
}
