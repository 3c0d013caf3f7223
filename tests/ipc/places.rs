//! Processes that share things where the system is poor, strict or strange: a run works, or it says in one message
//! that it can't. It never hangs, nobody dies of memory that is not there, and nobody else gets in.
//!
//! What needs rights that the tests do not have says so and is left out. `prlimit` and `unshare` (util-linux) make
//! the places.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![allow(clippy::print_stderr, reason = "a test that says nothing says so")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use crate::common;
use crate::common::ipc::{command_line, programs};
use crate::common::place::{Place, nobody_else, run_by};
use crate::common::programs::methods;
use crate::common::tagged::{Tagged, names};
use nix::unistd::{Uid, setgid, setuid};
use poolscope::plan::StartMethod;
use poolscope::program::Program;
use poolscope::sys::{self, Forked};
use poolscope::trace::{What, file};

/// A program that is not over by itself is ended so many milliseconds after its start.
const DEADLINE_MS: u64 = 4000;
/// What everything may take to be gone after the observer, on a busy machine.
const GONE: Duration = Duration::from_secs(10);
/// So many runs at once: most of each is waiting.
const AT_ONCE: usize = 8;

/// Every program under every start method.
fn everywhere(body: impl Fn(&'static Program, StartMethod) + Sync) {
    let (programs, methods) = (programs(), methods());
    common::jobs((programs.len() * methods.len()) as u64, AT_ONCE, |job| {
        let job = job as usize;
        body(programs[job % programs.len()], methods[job / programs.len()]);
    });
}

fn is_root(what: &str) -> bool {
    let is_root = Uid::effective().is_root();
    if !is_root {
        eprintln!("not tried: only root can have {what}");
    }
    is_root
}

/// How a run ended.
struct Ended {
    way: String,
    code: Option<i32>,
    /// What was printed on standard error.
    said: String,
    /// The outcome, and the exits of all processes.
    report: serde_json::Value,
}

/// Runs a command to its end, and all below it.
fn run(place: &Place, command: Command, way: String) -> Ended {
    let status = Tagged::start(&mut place.heard(command)).end_within(GONE, &way);
    let (said, out) = (place.said("err"), place.said("out"));
    assert!(!out.contains("SIGBUS") && !said.contains("SIGBUS") && status.code().is_some(), "{way}: {status}: {said}");
    Ended { way, code: status.code(), said, report: serde_json::from_str(&out).unwrap_or_default() }
}

impl Ended {
    /// It worked, or was ended at its deadline because that is its lesson.
    fn worked(&self) {
        let outcome = &self.report["runs"][0]["outcome"];
        let is_lesson = self.said.contains("at its deadline");
        assert!(outcome == "complete" || is_lesson, "{}: {outcome}: {}", self.way, self.said);
    }

    /// It worked, or there is one message.
    fn worked_or_said_why(&self) -> bool {
        let works = self.report["runs"][0]["outcome"] == "complete" || self.said.contains("at its deadline");
        if !works {
            assert_eq!(self.code, Some(1), "{}: {}", self.way, self.said);
            let errors = self.said.lines().filter(|line| line.starts_with("error: ")).count();
            assert_eq!(errors, 1, "{}: one message: {}", self.way, self.said);
        }
        works
    }
}

/// A program in a name space of mounts of its own, after this script.
fn mounted(script: &str, arguments: &[String]) -> (Place, Command) {
    let place = Place::new();
    let mut command = Command::new("unshare");
    let script = format!("set -e; {script}; exec \"$@\"");
    command.args(["-m", "sh", "-c", &script, "sh"]).arg(&place.program).args(arguments);
    command.env("ROOM", place.folder.path());
    (place, command)
}

#[test]
fn without_room_in_dev_shm_and_without_dev_shm_everything_works() {
    if !is_root("another /dev/shm") {
        return;
    }
    let tiny = "mount -t tmpfs -o size=1m none /dev/shm";
    let none = "mkdir $ROOM/dev; mount -t tmpfs none $ROOM/dev; touch $ROOM/dev/null; \
                mount --bind /dev/null $ROOM/dev/null; mount --rbind $ROOM/dev /dev; test ! -e /dev/shm";
    let (_place, mut probe) = mounted(none, &["--version".to_owned()]);
    if !probe.output().is_ok_and(|output| output.status.success()) {
        eprintln!("not tried: nothing can be mounted here");
        return;
    }
    everywhere(|program, start| {
        for (script, name) in [(tiny, "a tiny /dev/shm"), (none, "no /dev/shm")] {
            let (place, command) = mounted(script, &command_line(program, start, &[], DEADLINE_MS));
            run(&place, command, format!("{} by {}, {name}", program.name, start.name())).worked();
        }
    });
}

/// The limit on the size of a file is one on shared memory, too.
#[test]
fn where_files_may_not_grow_it_works_or_says_so() {
    let worked = std::sync::Mutex::new(BTreeSet::new());
    everywhere(|program, start| {
        for most in [0, 4096, 1 << 20] {
            let place = Place::new();
            let mut command = Command::new("prlimit");
            command.arg(format!("--fsize={most}:{most}")).arg(&place.program);
            // What is printed goes into a file, which may not grow either: the report is not to be had.
            command.args(command_line(program, start, &[], DEADLINE_MS));
            let mut command = place.heard(command);
            let pipe = std::process::Stdio::piped;
            command.stdout(pipe()).stderr(pipe());
            let way = format!("{} by {} with files of {most} bytes", program.name, start.name());
            let ended = heard(command, way);
            if ended.worked_or_said_why() {
                worked.lock().expect("nobody panicked").insert(most);
            } else {
                assert!(
                    ended.said.contains("too large") || ended.said.contains("too big"),
                    "{}: {}",
                    ended.way,
                    ended.said
                );
            }
        }
    });
    assert!(worked.into_inner().expect("nobody panicked").contains(&(1 << 20)));
}

/// The same as [`run`], for a command whose messages come through pipes.
fn heard(mut command: Command, way: String) -> Ended {
    let mut run = Tagged::start(&mut command);
    let read = |pipe: Box<dyn std::io::Read + Send>| {
        let body = move || {
            let (mut pipe, mut text) = (pipe, String::new());
            let _ = pipe.read_to_string(&mut text);
            text
        };
        std::thread::Builder::new().name("what is said".into()).spawn(body).expect("a thread")
    };
    let out = read(Box::new(run.child.stdout.take().expect("piped")));
    let said = read(Box::new(run.child.stderr.take().expect("piped")));
    let status = run.end_within(GONE, &way);
    let (out, said) = (out.join().expect("it reads"), said.join().expect("it reads"));
    assert!(!out.contains("SIGBUS") && !said.contains("SIGBUS") && status.code().is_some(), "{way}: {status}: {said}");
    Ended { way, code: status.code(), said, report: serde_json::from_str(&out).unwrap_or_default() }
}

/// So many pipes of a user take all that the kernel gives him of full size: 16,384 pages, at 16 a pipe.
const MANY_PIPES: usize = 1100;

/// A user for whom new pipes are as small as the kernel makes them; who holds the others lives as long as this.
struct Poor {
    user: u32,
    holder: sys::Child,
}

impl Poor {
    fn new() -> Option<Self> {
        let user = nobody_else()?;
        match sys::fork().expect("a copy") {
            Forked::Parent(holder) => Some(Self { user, holder }),
            // One thread of several lives on here: it allocates nothing.
            Forked::Child => {
                sys::raise_descriptor_limit();
                let is_other = setgid(user.into()).is_ok() && setuid(user.into()).is_ok();
                for _ in 0..MANY_PIPES * usize::from(is_other) {
                    match nix::unistd::pipe() {
                        Ok(ends) => std::mem::forget(ends),
                        Err(_) => break,
                    }
                }
                std::thread::sleep(Duration::from_mins(10));
                sys::exit_now(0);
            }
        }
    }
}

impl Drop for Poor {
    fn drop(&mut self) {
        self.holder.kill();
        sys::wait_with_deadline(&mut self.holder, GONE);
    }
}

#[test]
fn pipes_of_two_pages_are_enough() {
    if !is_root("a user whose pipes are small") {
        return;
    }
    let poor = Poor::new().expect("root may");
    let pipes = || fs::read_dir(format!("/proc/{}/fd", poor.holder.pid())).map_or(0, Iterator::count);
    let give_up = std::time::Instant::now() + GONE;
    while pipes() < 2 * MANY_PIPES && std::time::Instant::now() < give_up {
        std::thread::sleep(Duration::from_millis(5));
    }
    let small = std::sync::Mutex::new(BTreeSet::new());
    everywhere(|program, start| {
        let place = Place::new();
        let shelf = place.folder.path().join("shelf");
        fs::create_dir(&shelf).expect("room");
        fs::set_permissions(&shelf, fs::Permissions::from_mode(0o777)).expect("ours");
        let trace = shelf.join("t.pst");
        let mut command = Command::new(&place.program);
        command.args(command_line(program, start, &[], DEADLINE_MS)).arg("--trace").arg(&trace);
        run_by(Some(poor.user), &mut command);
        run(&place, command, format!("{} by {} with small pipes", program.name, start.name())).worked();
        let made =
            file::open(&trace).expect("it was recorded").events.into_iter().filter_map(|event| match event.what {
                What::ObjectMade(made) => Some(made.pipe_bytes),
                _ => None,
            });
        small.lock().expect("nobody panicked").extend(made.filter(|&bytes| bytes > 0));
    });
    let small = small.into_inner().expect("nobody panicked");
    assert!(!small.is_empty() && small.iter().all(|&bytes| bytes <= 8192), "they were not small: {small:?}");
}

/// Whatever the limit on descriptors is: it works, or there is one message.
#[test]
fn with_few_descriptors_it_works_or_says_so() {
    let worked = std::sync::Mutex::new(BTreeSet::new());
    let turn = std::sync::atomic::AtomicUsize::new(0);
    everywhere(|program, start| {
        // Each takes its turn at some of the limits, and all at one that is enough.
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let all = [10, 12, 14, 16, 18, 20, 23, 27, 32, 40];
        for most in all.into_iter().skip(turn % 5).step_by(5).chain([64]) {
            let place = Place::new();
            let mut command = Command::new("prlimit");
            command.arg(format!("--nofile={most}:{most}")).arg(&place.program);
            command.args(command_line(program, start, &[], 1500));
            let way = format!("{} by {} with {most} descriptors", program.name, start.name());
            let ended = run(&place, command, way);
            if ended.worked_or_said_why() {
                worked.lock().expect("nobody panicked").insert(most);
            } else {
                assert!(ended.said.contains("Too many open files"), "{}: {}", ended.way, ended.said);
            }
        }
    });
    assert!(worked.into_inner().expect("nobody panicked").contains(&64));
}

/// Tries every way into processes; prints a line for each that leads somewhere.
const BREAK_IN: &str = "for pid in $PIDS; do
    for number in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do
        test $number -gt 2 || continue
        (exec 3</proc/$pid/fd/$number) 2>/dev/null && echo read $pid $number
        (exec 3>/proc/$pid/fd/$number) 2>/dev/null && echo written $pid $number
        readlink /proc/$pid/fd/$number
    done
    (head -c 1 /proc/$pid/environ | grep -q .) 2>/dev/null && echo environment $pid
    (exec 3</proc/$pid/mem) 2>/dev/null && echo memory $pid
    ls /proc/$pid/map_files 2>/dev/null
    kill -0 $pid 2>/dev/null && echo signal $pid
done; true";

#[test]
fn nobody_else_can_open_anything_of_a_running_program() {
    if !is_root("two users") || programs().is_empty() {
        return;
    }
    let before = names();
    for &start in methods() {
        let (owner, other) = (nobody_else(), nobody_else());
        let place = Place::new();
        let program = poolscope::program::named("two-locks").unwrap_or(programs()[0]);
        let mut command = Command::new(&place.program);
        command.args(command_line(program, start, &[], 20_000));
        let mut run = Tagged::start(run_by(owner, &mut place.heard(command)));
        run.wait_for("children", |run| run.crew().filter(|(_, crew)| !crew.is_empty()));
        std::thread::sleep(Duration::from_millis(300));
        let alive = run.alive();
        let pids = alive.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
        let break_in = |user| {
            let mut command = Command::new("sh");
            command.args(["-c", BREAK_IN]).env("PIDS", &pids);
            let output = run_by(user, &mut command).output().expect("sh is there");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        let (found, own) = (break_in(other), break_in(owner));
        assert_eq!(found, "", "{}", start.name());
        assert!(own.contains("read ") && own.contains("signal "), "the owner gets in, or nothing was tried: {own}");
        let doors = doors(&alive);
        assert_eq!(doors, [""; 0], "{}", start.name());
        assert_eq!(names(), before);
        run.signal(nix::sys::signal::Signal::SIGKILL);
        run.end_within(GONE, start.name());
    }
}

/// The sockets of these processes that have a name or listen.
fn doors(pids: &BTreeSet<i32>) -> Vec<String> {
    let links = pids.iter().flat_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten());
    let sockets: BTreeSet<String> = links
        .filter_map(|entry| {
            let link = fs::read_link(entry.path()).ok()?;
            Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    let ours = |line: &&str| line.split_whitespace().any(|word| sockets.contains(word));
    let mut doors = Vec::new();
    for name in ["tcp", "tcp6", "udp", "udp6"] {
        doors.extend(table(name).lines().filter(ours).map(str::to_owned));
    }
    // A name is behind the inode; whoever listens has a flag.
    let is_door = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() > 7 || words.get(3) == Some(&"00010000")
    };
    doors.extend(table("unix").lines().filter(ours).filter(is_door).map(str::to_owned));
    doors
}
