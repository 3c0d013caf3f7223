//! A program under test whose processes are found by the tag in their environment, never by name.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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

    /// Waits until there are so many workers; gives who starts them, and them.
    pub fn wait_for_crew(&mut self, workers: usize) -> (i32, Vec<i32>) {
        self.wait_for("a whole crew", |run| run.crew().filter(|(_, crew)| crew.len() == workers))
    }

    /// Waits until the observer has ended, and then until nothing is left.
    pub fn end(&mut self) -> ExitStatus {
        let status = self.wait_for("the observer ends", |run| run.child.try_wait().expect("ours"));
        self.wait_for("nothing is left", |run| run.alive().is_empty().then_some(()));
        status
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
