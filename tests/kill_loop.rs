//! Kills a worker, the engine or the observer of a real run at random moments, and looks for what is left:
//! orphans, zombies, shared memory with a name, wrong or doubled results.
//!
//! 200 kills by default; as many as you like with
//!
//! ```text
//! POOLSCOPE_KILLS=10000 cargo test --release --test kill_loop -- --nocapture
//! ```
//!
//! The moments come from a seed, told when a round fails; `POOLSCOPE_SEED` plays it again.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stdout, reason = "a long loop tells how far it is")]

mod common;

use std::process::{Command, Stdio};
use std::time::Duration;

use common::chance::{Dice, chosen};
use common::tagged::{Tagged, names, parent};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What everything below a killed process may take to be gone: a second, and what a busy machine adds.
const GONE: Duration = Duration::from_secs(10);

/// One run that is disturbed once.
struct Round {
    run: Tagged,
    describes: String,
}

impl Round {
    fn start(dice: &mut Dice) -> Self {
        // Small enough to be over within a second by itself: one that is not, hangs.
        let start = dice.pick(&["spawn", "fork", "forkserver"]);
        let policy = dice.pick(&["replace", "replace", "retry", "broken"]);
        let call = dice.pick(&["map", "imap", "imap-unordered", "apply-async"]);
        let with = dice.pick(&["processes", "processes", "processes", "hybrid"]);
        let (workers, items) = (1 + dice.roll(4), 200 + dice.roll(2000));
        let mut arguments: Vec<String> = ["run", "--json", "--workload", "squares"].map(str::to_owned).into();
        for (flag, value) in [("--start", start), ("--policy", policy), ("--call", call), ("--with", with)] {
            arguments.extend([flag.to_owned(), value.to_owned()]);
        }
        let numbers = [("--workers", workers), ("--items", items), ("--repeats", 5), ("--deadline-ms", 30_000)];
        for (flag, value) in numbers {
            arguments.extend([flag.to_owned(), value.to_string()]);
        }
        if dice.roll(3) == 0 {
            arguments.extend(["--maxtasksperchild".to_owned(), (20 + dice.roll(80)).to_string()]);
        }
        let mut command = Command::new(common::PROGRAM);
        command.args(&arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self { run: Tagged::start(&mut command), describes: arguments.join(" ") }
    }

    /// Who is killed: the observer, the engine, or one below it.
    fn victim(&self, dice: &mut Dice) -> Option<i32> {
        let observer = self.run.child.id() as i32;
        let below: Vec<i32> = self.run.alive().into_iter().filter(|&pid| pid != observer).collect();
        let (engines, workers): (Vec<i32>, Vec<i32>) =
            below.into_iter().partition(|&pid| parent(pid) == Some(observer));
        match dice.roll(4) {
            0 => Some(observer),
            1 => engines.first().copied(),
            _ if workers.is_empty() => None,
            _ => Some(dice.pick(&workers)),
        }
    }

    /// What the observer reports, once it has ended.
    fn end(mut self, told: &str) -> String {
        let mut stdout = self.run.child.stdout.take().expect("it is piped");
        let read = move || {
            let mut report = String::new();
            let _ = std::io::Read::read_to_string(&mut stdout, &mut report);
            report
        };
        let reader = std::thread::Builder::new().name("report".into()).spawn(read).expect("a thread");
        self.run.end_within(GONE, &format!("{told}: {}", self.describes));
        reader.join().expect("the reader reads")
    }
}

/// Every run that says it is complete has the same results; no zombie is a child of ours.
fn is_sound(report: &str, items_digests: &mut std::collections::HashMap<u64, String>) -> Result<(), String> {
    let Ok(report) = serde_json::from_str::<serde_json::Value>(report) else { return Ok(()) };
    for run in report["runs"].as_array().into_iter().flatten() {
        let (items, digest) = (run["items"].as_u64().unwrap_or(0), run["digest"].as_str().unwrap_or(""));
        if digest.is_empty() {
            continue;
        }
        let known = items_digests.entry(items).or_insert_with(|| {
            let results: Vec<u8> = (0..items).flat_map(|x| (x * x).to_le_bytes()).collect();
            format!("{:016x}", xxhash_rust::xxh3::xxh3_64(&results))
        });
        if known != digest {
            return Err(format!("the results of {items} items are {digest}, and should be {known}"));
        }
    }
    Ok(())
}

#[test]
fn killing_anybody_at_any_moment_leaves_nothing_and_falsifies_nothing() {
    let kills = chosen("POOLSCOPE_KILLS", 200);
    let seed = chosen("POOLSCOPE_SEED", u64::from(std::process::id()));
    let before = names();
    let mut digests = std::collections::HashMap::new();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        let mut dice = Dice(seed.wrapping_add(round));
        let disturbed = Round::start(&mut dice);
        std::thread::sleep(Duration::from_micros(500 + dice.roll(40_000)));
        let victim = disturbed.victim(&mut dice);
        let told = format!("round {round} of seed {seed}, killed {victim:?}");
        if let Some(pid) = victim {
            // It may have ended by itself meanwhile; then nothing was killed.
            killed += u64::from(kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
        }
        // Most rounds are not waited for to their own end.
        let observer = disturbed.run.child.id() as i32;
        std::thread::sleep(Duration::from_millis(dice.roll(40)));
        if dice.roll(3) > 0 {
            let _ = kill(Pid::from_raw(observer), Signal::SIGKILL);
        }
        let report = disturbed.end(&told);
        if let Err(wrong) = is_sound(&report, &mut digests) {
            panic!("{wrong}: {told}");
        }
        round += 1;
        if round.is_multiple_of(500) {
            println!("{killed} of {kills} kills");
        }
    }
    assert_eq!(names(), before, "no name is left behind");
}
