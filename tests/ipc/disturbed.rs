//! Processes that share things, disturbed at random moments: whoever is killed, and whenever somebody presses Stop,
//! the run ends in time, its trace is without a contradiction, and nothing is left: no process, no zombie, no name.
//!
//! 200 moments by default; as many as you like with
//!
//! ```text
//! POOLSCOPE_KILLS=5000 cargo test --release --test ipc disturbed -- --nocapture
//! ```
//!
//! The moments come from a seed, told when a round fails; `POOLSCOPE_SEED` plays it again.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "a long loop tells what it met")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::common;
use crate::common::chance::{Dice, chosen};
use crate::common::ipc::{Recorded, command_line, programs, small_knobs};
use crate::common::programs::methods;
use crate::common::tagged::{names, parent};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use poolscope::trace::Outcome;

/// What everything below a killed process may take to be gone: a second, and what a busy machine adds.
const GONE: Duration = Duration::from_secs(10);
/// A program that is not over by itself is ended so many milliseconds after its start.
const DEADLINE_MS: u64 = 4000;
/// So many rounds at once: most of each is waiting.
const AT_ONCE: usize = 10;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Party {
    Observer,
    Engine,
    /// A child, a fork server, a manager, or one of theirs.
    Below,
    Nobody,
}

/// Orphans become children of this process, so that a zombie that nobody has waited for is seen.
fn adopt_orphans() {
    nix::sys::prctl::set_child_subreaper(true).expect("Linux can");
}

/// Whether this is a zombie that nobody but this process would wait for; it is gone afterwards.
fn was_left_as_zombie(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let is_zombie = stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'));
    let is_ours = parent(pid) == Some(std::process::id() as i32);
    is_zombie && is_ours && waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG)).is_ok()
}

/// A moment after the start: often early, when most is being made.
fn moment(dice: &mut Dice) -> Duration {
    let within_ms = dice.pick(&[30, 80, 200, 700]);
    Duration::from_micros(500 + dice.roll(within_ms * 1000))
}

/// Plays all rounds; a round is its number and its dice.
fn play(rounds: u64, seed: u64, round: impl Fn(u64, &mut Dice) + Sync) {
    common::jobs(rounds, AT_ONCE, |number| round(number, &mut Dice(seed.wrapping_add(number))));
}

/// From then on the observer listens to signals.
fn wait_for_engine(recorded: &mut Recorded) {
    recorded.run.wait_for("an engine", |run| {
        let over = run.child.try_wait().expect("ours").is_some();
        (run.engine().is_some() || over).then_some(())
    });
}

/// One program, one victim; what was met.
fn kill_somebody(dice: &mut Dice, told: &str) -> (Party, Option<Outcome>) {
    let (program, start) = (dice.pick(&programs()), dice.pick(methods()));
    let mut recorded = Recorded::start(&command_line(program, start, &small_knobs(program, dice), DEADLINE_MS));
    wait_for_engine(&mut recorded);
    std::thread::sleep(moment(dice));
    let observer = recorded.run.child.id() as i32;
    let seen = recorded.run.alive();
    let (engines, below): (Vec<i32>, Vec<i32>) =
        seen.iter().filter(|&&pid| pid != observer).partition(|&&pid| parent(pid) == Some(observer));
    let engine = engines.first().map(|&engine| (Party::Engine, engine));
    let victim = match dice.roll(10) {
        0 => None,
        1 => Some((Party::Observer, observer)),
        2 => engine,
        _ if below.is_empty() => engine,
        _ => Some((Party::Below, dice.pick(&below))),
    };
    // It may have ended by itself meanwhile; then nobody was killed.
    let killed = victim.filter(|&(_, pid)| kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
    let party = killed.map_or(Party::Nobody, |(party, _)| party);
    let told = format!("{told}, {party:?} was killed: {}", recorded.describe());
    let began = Instant::now();
    recorded.run.end_within(GONE, &told);
    // The deadline, and what a busy machine adds.
    assert!(began.elapsed() < Duration::from_millis(DEADLINE_MS) + 2 * GONE, "{:?}: {told}", began.elapsed());
    let left: Vec<i32> = seen.into_iter().filter(|&pid| was_left_as_zombie(pid)).collect();
    if matches!(party, Party::Below | Party::Nobody) {
        assert_eq!(left, [0; 0], "nobody waited for them: {told}");
        let run = recorded.whole();
        return (party, run.end.map(|end| end.outcome));
    }
    recorded.broken();
    (party, None)
}

#[test]
fn killing_anybody_at_any_moment_hangs_nothing_and_leaves_nothing() {
    if programs().is_empty() {
        return;
    }
    adopt_orphans();
    let kills = chosen("POOLSCOPE_KILLS", 200);
    let seed = chosen("POOLSCOPE_SEED", u64::from(std::process::id()));
    let before = names();
    let met = Mutex::new(BTreeMap::<(Party, String), u32>::new());
    play(kills, seed, |number, dice| {
        let (party, outcome) = kill_somebody(dice, &format!("round {number} of seed {seed}"));
        let outcome = match outcome {
            None => "no end",
            Some(Outcome::Complete) => "complete",
            Some(Outcome::Failed(why)) if why.contains("deadline") => "ended at the deadline",
            Some(Outcome::Failed(_)) => "failed",
            Some(Outcome::Raised(_)) => "raised",
            Some(Outcome::Stopped) => "stopped",
        };
        *met.lock().expect("nobody panicked").entry((party, outcome.to_owned())).or_default() += 1;
    });
    assert_eq!(names(), before, "no name is left behind");
    let met = met.into_inner().expect("nobody panicked");
    println!("{met:#?}");
    let parties: BTreeSet<Party> = met.keys().map(|(party, _)| *party).collect();
    assert!(kills < 200 || parties.len() == 4, "whom it met: {parties:?}");
}

#[test]
fn stop_ends_every_program_at_any_moment() {
    if programs().is_empty() {
        return;
    }
    adopt_orphans();
    let seed = chosen("POOLSCOPE_SEED", u64::from(std::process::id()));
    let (programs, methods) = (programs(), methods());
    let rounds = (programs.len() * methods.len()) as u64 * chosen("POOLSCOPE_STOPS", 1);
    let slowest = Mutex::new((Duration::ZERO, String::new()));
    play(rounds, seed, |number, dice| {
        let program = programs[number as usize % programs.len()];
        let start = methods[number as usize / programs.len() % methods.len()];
        let arguments = command_line(program, start, &small_knobs(program, dice), 60_000);
        let mut recorded = Recorded::start(&arguments);
        wait_for_engine(&mut recorded);
        std::thread::sleep(moment(dice));
        let seen = recorded.run.alive();
        let stopped = Instant::now();
        let was_there = recorded.run.signal(Signal::SIGINT);
        let told = format!("round {number} of seed {seed}: {}", recorded.describe());
        // The observer may have a lot to read still.
        let is_observer = |pid: &i32| *pid == recorded.run.child.id() as i32;
        while !recorded.run.alive().iter().all(is_observer) && stopped.elapsed() < 2 * GONE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = stopped.elapsed();
        let status = recorded.run.end_within(GONE, &told);
        // Two seconds are promised; a busy machine adds its own.
        assert!(took < GONE, "{took:?} after Stop: {told}");
        let left: Vec<i32> = seen.into_iter().filter(|&pid| was_left_as_zombie(pid)).collect();
        assert_eq!(left, [0; 0], "nobody waited for them: {told}");
        let outcome = recorded.whole().end.map(|end| end.outcome);
        if was_there && outcome == Some(Outcome::Stopped) {
            assert_eq!(status.code(), Some(130), "{}", recorded.describe());
        }
        let mut slowest = slowest.lock().expect("nobody panicked");
        if took > slowest.0 {
            *slowest = (took, arguments.join(" "));
        }
    });
    println!("the slowest of {rounds}: {:?}", slowest.into_inner().expect("nobody panicked"));
}
