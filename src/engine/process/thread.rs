//! Threads inside a process of a program, and what a fork does to a lock that one of them holds.

use std::sync::{Mutex, TryLockError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::plan::StartMethod;
use crate::sys::{self, Forked};
use crate::trace::{ActorId, Birth, Doing, Exit, Role, What, print};

use super::carrier::{Carrier, FOREVER, GONE_PATIENCE, Stop};
use super::host::Host;
use super::life::Raised;
use super::story::Teller;
use super::value::Value;

/// A thread that was started.
pub(super) struct Thread {
    actor: ActorId,
    daemon: bool,
    handle: JoinHandle<()>,
}

/// The lock of the lesson, in the memory of this process, and therefore of its copies.
static LOCK: Mutex<()> = Mutex::new(());

/// How long the other thread holds the lock.
const HOLD: Duration = Duration::from_millis(200);
/// How long it may take until it has it.
const TAKE_PATIENCE: Duration = Duration::from_secs(1);

/// Tries to get the lock for so long.
fn acquire(patience: Duration) -> bool {
    let give_up = Instant::now() + patience;
    loop {
        match LOCK.try_lock() {
            Ok(_) | Err(TryLockError::Poisoned(_)) => return true,
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => return false,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

impl<H: Host> Carrier<'_, H> {
    /// `Thread(target=…, daemon=…).start()`.
    pub(super) fn start_thread(&mut self, line: &'static str, ms: u64, daemon: bool) -> Result<(), Raised> {
        let actor = self.take_ids(1);
        let body = move |teller: Teller| {
            let since_ns = sys::now_ns();
            std::thread::sleep(Duration::from_millis(ms));
            // Nobody is left to tell: the thread ends all the same.
            let _ = teller.tell(actor, sys::now_ns(), What::Did { doing: Doing::Sleep, since_ns });
            print::print(actor, sys::now_ns(), line);
        };
        let handle = self.thread(actor, daemon, body)?;
        self.odd.threads.push(Thread { actor, daemon, handle });
        Ok(())
    }

    fn thread(
        &mut self,
        actor: ActorId,
        daemon: bool,
        body: impl FnOnce(Teller) + Send + 'static,
    ) -> Result<JoinHandle<()>, Raised> {
        let no_thread = |why: String| Raised::new("RuntimeError", format!("can't start new thread: {why}"));
        // The engine forks, so it has one thread; its scripts have none that would start another.
        let teller = self.host.teller().ok_or_else(|| no_thread("the parent has only one".to_owned()))?;
        let asked_ns = sys::now_ns();
        let number = self.odd.threads.len() as u32 + 1;
        let builder = std::thread::Builder::new().name(format!("thread {number}"));
        let (tell, heard) = mpsc::channel::<()>();
        let handle = builder.spawn(move || {
            // It begins when its birth was told.
            let _ = heard.recv();
            let _ = teller.tell(actor, sys::now_ns(), What::ActorReady);
            body(teller);
        });
        let handle = handle.map_err(|error| no_thread(error.to_string()))?;
        let birth = Birth::new(actor, Role::ProcessThread, number, std::process::id(), asked_ns);
        let (parent, name) = (Some(self.me.actor), Some(format!("Thread-{number}")));
        self.say(What::ActorBorn(Box::new(Birth { parent, name, daemon, ..birth })));
        let _ = tell.send(());
        Ok(handle)
    }

    /// As Python does at the end of a process: ordinary threads are waited for, daemon threads are cut.
    pub(super) fn leave_threads(&mut self) -> Result<(), Stop> {
        for Thread { actor, daemon, handle } in std::mem::take(&mut self.odd.threads) {
            let exit = if daemon && !handle.is_finished() {
                Exit::Unknown
            } else {
                let since_ns = sys::now_ns();
                self.rest(FOREVER, |_| handle.is_finished())?;
                self.called("thread.join()".to_owned(), since_ns, "at the process's end".to_owned(), false);
                Exit::Joined
            };
            self.say(What::ActorExited { actor, exit });
        }
        Ok(())
    }

    /// A thread holds a lock; this process forks; the copy, which has only the thread that forked, tries to
    /// get the lock.
    pub(super) fn fork_with_lock(&mut self, ms: u64) -> Result<(), Stop> {
        let holder = self.take_ids(1);
        let (taken, wait) = mpsc::channel::<()>();
        let hold = move |teller: Teller| {
            let since_ns = sys::now_ns();
            let guard = LOCK.lock();
            let call = "lock.acquire()".to_owned();
            let what = What::Called { call, since_ns, answer: "True".to_owned(), raised: false };
            let _ = teller.tell(holder, sys::now_ns(), what);
            let _ = taken.send(());
            std::thread::sleep(HOLD);
            drop(guard);
        };
        let handle = self.thread(holder, false, hold)?;
        self.odd.threads.push(Thread { actor: holder, daemon: false, handle });
        let _ = wait.recv_timeout(TAKE_PATIENCE);
        // Now the other thread only sleeps: it is not in the middle of anything else that a copy could need.
        std::thread::sleep(Duration::from_millis(10));
        self.fork_a_copy(Duration::from_millis(ms))?;
        let since_ns = sys::now_ns();
        let got = Value::Bool(acquire(TAKE_PATIENCE));
        let line = format!("the original got the lock: {}", got.python());
        self.answered("lock.acquire(timeout=1)".to_owned(), since_ns, Ok(got))?;
        self.print(&line);
        Ok(())
    }

    fn fork_a_copy(&mut self, patience: Duration) -> Result<(), Stop> {
        let copy = self.take_ids(1);
        let failed = |error: std::io::Error| Raised::new("OSError", format!("this process can't be copied: {error}"));
        let teller = self.host.teller().ok_or_else(|| Raised::new("RuntimeError", "only a child does this"))?;
        let (heard, tell) = sys::pipe().map_err(failed)?;
        // The copy shall not tell once more what this process has only gathered.
        self.host.flush();
        let (me, asked_ns) = (std::process::id(), sys::now_ns());
        let mut child = match sys::fork().map_err(failed)? {
            Forked::Parent(child) => child,
            Forked::Child => {
                drop(tell);
                // Its story begins when its birth was told.
                let _ = heard.read(&mut [0; 1]);
                sys::exit_now(life_of_copy(sys::die_with_parent(me), || try_in_vain(copy, &teller, patience)));
            }
        };
        let numbers = self.me.numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(":");
        let birth = Birth {
            start: Some(StartMethod::Fork),
            parent: Some(self.me.actor),
            name: Some(format!("ForkProcess-{numbers}:1")),
            ..Birth::new(copy, Role::Process, 1, child.pid(), asked_ns)
        };
        self.say(What::ActorBorn(Box::new(birth)));
        let _ = tell.write(&[1]);
        let outcome = self.rest(patience + Duration::from_secs(1), |_| child.has_ended());
        if outcome.is_err() || !child.has_ended() {
            child.kill();
        }
        let exit = sys::wait_with_deadline(&mut child, GONE_PATIENCE).unwrap_or(Exit::Unknown);
        self.say(What::ActorExited { actor: copy, exit });
        outcome
    }
}

/// The exit code of a copy: if its parent is gone already, it does nothing at all.
fn life_of_copy(has_parent: bool, live: impl FnOnce() -> i32) -> i32 {
    if has_parent { live() } else { 1 }
}

/// What the copy does: it tries to get a lock that nobody in it will ever open.
fn try_in_vain(copy: ActorId, teller: &Teller, patience: Duration) -> i32 {
    let since_ns = sys::now_ns();
    let _ = teller.tell(copy, since_ns, What::ActorReady);
    let got = Value::Bool(acquire(patience)).python();
    let call = format!("lock.acquire(timeout={})", patience.as_secs_f64());
    let _ = teller.tell(copy, sys::now_ns(), What::Called { call, since_ns, answer: got.clone(), raised: false });
    print::print(copy, sys::now_ns(), &format!("the copy got the lock: {got}"));
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_whose_parent_is_gone_ends_at_once() {
        assert_eq!(life_of_copy(false, || unreachable!("it does nothing")), 1);
        assert_eq!((life_of_copy(true, || 0), life_of_copy(true, || 7)), (0, 7));
    }
}
