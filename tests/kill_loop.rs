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

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::tagged::alive;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::sys::RUN_TAG;

/// What everything below a killed process may take to be gone: a second, and what a busy machine adds.
const GONE: Duration = Duration::from_secs(10);

/// Random numbers that can be had again (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Names in shared memory, which must stay as they are: nothing of ours has one.
fn names() -> Vec<String> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.to_lowercase().contains("poolscope"));
    names.sort_unstable();
    names
}

/// One run that is disturbed once.
struct Round {
    observer: Child,
    tag: String,
    describes: String,
}

impl Round {
    fn start(number: u64, dice: &mut Dice) -> Self {
        let tag = format!("kill-{}-{number}", std::process::id());
        // Small enough to be over within a second by itself: one that is not, hangs.
        let pick = |dice: &mut Dice, words: &[&'static str]| words[dice.roll(words.len() as u64) as usize];
        let start = pick(dice, &["spawn", "fork", "forkserver"]);
        let policy = pick(dice, &["replace", "replace", "retry", "broken"]);
        let call = pick(dice, &["map", "imap", "imap-unordered", "apply-async"]);
        let with = pick(dice, &["processes", "processes", "processes", "hybrid"]);
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
        let observer = Command::new(common::PROGRAM)
            .args(&arguments)
            .env(RUN_TAG, &tag)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        Self { observer, tag, describes: arguments.join(" ") }
    }

    /// Who is killed: the observer, the engine, or one below it.
    fn victim(&self, dice: &mut Dice) -> Option<i32> {
        let observer = self.observer.id() as i32;
        let below: Vec<i32> = alive(&self.tag).into_iter().filter(|&pid| pid != observer).collect();
        let (engines, workers): (Vec<i32>, Vec<i32>) =
            below.into_iter().partition(|&pid| parent_of(pid) == Some(observer));
        match dice.roll(4) {
            0 => Some(observer),
            1 => engines.first().copied(),
            _ if workers.is_empty() => None,
            _ => Some(workers[dice.roll(workers.len() as u64) as usize]),
        }
    }

    /// What the observer reports, once it has ended.
    fn end(mut self, told: &str) -> String {
        let give_up = Instant::now() + common::DEADLINE;
        let mut stdout = self.observer.stdout.take().expect("it is piped");
        let read = move || {
            let mut report = String::new();
            let _ = std::io::Read::read_to_string(&mut stdout, &mut report);
            report
        };
        let reader = std::thread::Builder::new().name("report".into()).spawn(read).expect("a thread");
        while self.observer.try_wait().expect("ours").is_none() {
            assert!(Instant::now() < give_up, "it hangs: {told}: {}", self.describes);
            std::thread::sleep(Duration::from_millis(1));
        }
        let gone = Instant::now() + GONE;
        loop {
            let left = alive(&self.tag);
            if left.is_empty() {
                break;
            }
            assert!(Instant::now() < gone, "{left:?} are left: {told}: {}", self.describes);
            std::thread::sleep(Duration::from_millis(2));
        }
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
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let kills = number("POOLSCOPE_KILLS", 200);
    let seed = number("POOLSCOPE_SEED", u64::from(std::process::id()));
    let before = names();
    let mut digests = std::collections::HashMap::new();
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        let mut dice = Dice(seed.wrapping_add(round));
        let run = Round::start(round, &mut dice);
        std::thread::sleep(Duration::from_micros(500 + dice.roll(40_000)));
        let victim = run.victim(&mut dice);
        let told = format!("round {round} of seed {seed}, killed {victim:?}");
        if let Some(pid) = victim {
            // It may have ended by itself meanwhile; then nothing was killed.
            killed += u64::from(kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok());
        }
        // Most rounds are not waited for to their own end.
        let observer = run.observer.id() as i32;
        std::thread::sleep(Duration::from_millis(dice.roll(40)));
        if dice.roll(3) > 0 {
            let _ = kill(Pid::from_raw(observer), Signal::SIGKILL);
        }
        let report = run.end(&told);
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
