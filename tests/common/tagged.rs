//! A program under test whose processes are found by the tag in their environment, never by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use poolscope::sys::RUN_TAG;

use super::DEADLINE;

/// Every living process with a tag. A zombie has no environment left: it is found by its parent, if at all.
pub fn alive(tag: &str) -> BTreeSet<i32> {
    let wanted = format!("{RUN_TAG}={tag}");
    let processes = fs::read_dir("/proc").expect("a Linux system").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|entry| entry == wanted.as_bytes())
    })
    .collect()
}

/// Names in shared memory, which must stay as they are: nothing of ours has one.
pub fn names() -> Vec<String> {
    let entries = fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.to_lowercase().contains("poolscope"));
    names.sort_unstable();
    names
}

/// The program, and whatever it has started.
pub struct Tagged {
    /// The observer.
    pub child: Child,
    tag: String,
}

impl Tagged {
    /// Starts it with a tag that nobody else has.
    pub fn start(command: &mut Command) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let tag = format!("tagged-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Self { child: command.env(RUN_TAG, &tag).spawn().expect("the program starts"), tag }
    }

    /// Every living process with the tag; of the observer itself a zombie is the caller's own.
    pub fn alive(&self) -> BTreeSet<i32> {
        alive(&self.tag)
    }

    /// The child of the observer.
    pub fn engine(&self) -> Option<i32> {
        let observer = self.child.id() as i32;
        self.alive().into_iter().find(|&pid| parent(pid) == Some(observer))
    }

    /// The children of a process.
    pub fn children(&self, of: i32) -> Vec<i32> {
        self.alive().into_iter().filter(|&pid| parent(pid) == Some(of)).collect()
    }

    /// Who starts the workers, and the workers: below the engine, or below its fork server.
    pub fn crew(&self) -> Option<(i32, Vec<i32>)> {
        let engine = self.engine()?;
        let below = self.children(engine);
        let is_server = |pid: &&i32| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            words.split(|&byte| byte == 0).any(|word| word == b"__forkserver")
        };
        let starter = below.iter().find(is_server).copied();
        Some(starter.map_or((engine, below), |server| (server, self.children(server))))
    }

    /// Sends the observer a signal; false if it has ended.
    pub fn signal(&mut self, signal: Signal) -> bool {
        let lives = self.child.try_wait().expect("ours").is_none();
        if lives {
            kill(Pid::from_raw(self.child.id() as i32), signal).expect("not waited for yet");
        }
        lives
    }

    /// Waits until something is there.
    pub fn wait_for<T>(&mut self, what: &str, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        let give_up = Instant::now() + DEADLINE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < give_up, "{what}: still {:?}", self.alive());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// How many generations below the observer each process is: 1 is the engine.
    pub fn generations(&self) -> Vec<(usize, i32)> {
        let alive: BTreeMap<i32, i32> = self.alive().into_iter().filter_map(|pid| Some((pid, parent(pid)?))).collect();
        let above = |pid: &i32| std::iter::successors(Some(*pid), |pid| alive.get(pid).copied()).skip(1);
        let observer = self.child.id() as i32;
        let depth = |pid: &i32| above(pid).take(9).position(|pid| pid == observer).map(|place| place + 1);
        alive.keys().filter_map(|pid| Some((depth(pid)?, *pid))).collect()
    }

    /// Waits until there are so many workers; gives who starts them, and them.
    pub fn wait_for_crew(&mut self, workers: usize) -> (i32, Vec<i32>) {
        self.wait_for("a whole crew", |run| run.crew().filter(|(_, crew)| crew.len() == workers))
    }

    /// Waits until the observer has ended, and then until nothing is left.
    pub fn end(&mut self) -> ExitStatus {
        self.end_within(DEADLINE, "")
    }

    /// The same, where what is left must be gone so soon after the observer.
    pub fn end_within(&mut self, gone: Duration, what: &str) -> ExitStatus {
        let status = self.wait_for(&format!("the observer ends {what}"), |run| run.child.try_wait().expect("ours"));
        let give_up = Instant::now() + gone;
        loop {
            let left = self.alive();
            if left.is_empty() {
                return status;
            }
            assert!(Instant::now() < give_up, "{left:?} are left: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process that started it, or adopted it.
pub fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
