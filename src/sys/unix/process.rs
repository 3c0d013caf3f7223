//! Children: started, waited for, killed; and how a child learns that its parent is gone.

use std::io;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

use super::{PipeReader, PipeWriter, SharedMemory};
use crate::sys::{self, Forked, PipeEnd};
use crate::trace::Exit;

/// A child of this process. As long as it was not waited for, its pid can't belong to another.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    exit: Option<Exit>,
}

impl Child {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw() as u32
    }

    /// How it ended, if it has; does not wait.
    pub fn try_wait(&mut self) -> io::Result<Option<Exit>> {
        if self.exit.is_none() {
            self.exit = match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(_, code)) => Some(Exit::Code(code)),
                Ok(WaitStatus::Signaled(_, signal, _)) => Some(Exit::Signal(signal as i32)),
                Ok(_) | Err(Errno::EINTR) => None,
                Err(Errno::ECHILD) => Some(Exit::Unknown),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(self.exit)
    }

    /// Ends it at once, if it has not been waited for.
    pub fn kill(&mut self) {
        let _ = self.signal(sys::Signal::Kill);
    }

    /// Sends it a signal, if it has not been waited for.
    pub fn signal(&mut self, signal: sys::Signal) -> io::Result<()> {
        let signal = match signal {
            sys::Signal::Terminate => Signal::SIGTERM,
            sys::Signal::Kill => Signal::SIGKILL,
            sys::Signal::Stop => Signal::SIGSTOP,
            sys::Signal::Continue => Signal::SIGCONT,
        };
        if self.exit.is_none() { Ok(kill(self.pid, signal)?) } else { Ok(()) }
    }

    /// Whether it has ended, waited for or not: a zombie stays one.
    pub fn has_ended(&self) -> bool {
        self.exit.is_some() || !matches!(state(self.pid), Some(State::Lives))
    }

    /// How it ended, if it has: a zombie stays one. `None` also where the system does not say before it is waited for.
    pub fn peek(&self) -> Option<Exit> {
        self.exit.or_else(|| if let Some(State::Ended(exit)) = state(self.pid) { Some(exit) } else { None })
    }

    /// The process with this id, if it has become a child of this one ([`adopt_orphans`]).
    pub fn adopt(pid: u32) -> Option<Self> {
        let pid = Pid::from_raw(libc::pid_t::try_from(pid).ok().filter(|&pid| pid > 1)?);
        state(pid).map(|_| Self { pid, exit: None })
    }
}

/// Of a child that was not waited for.
enum State {
    Lives,
    /// It is a zombie.
    Ended(Exit),
}

/// What has become of a child, without waiting for it; `None` if it is no child of this process.
fn state(pid: Pid) -> Option<State> {
    // SAFETY: plain data, for which zeros are a value.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let flags = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    // SAFETY: `info` is a valid place for the answer.
    let outcome = unsafe { libc::waitid(libc::P_PID, pid.as_raw() as libc::id_t, &raw mut info, flags) };
    // SAFETY: `waitid` fills in these fields, or leaves them zero if the child lives.
    let (ended, status) = unsafe { (info.si_pid() != 0, info.si_status()) };
    let exit = if info.si_code == libc::CLD_EXITED { Exit::Code(status) } else { Exit::Signal(status) };
    (outcome == 0).then_some(if ended { State::Ended(exit) } else { State::Lives })
}

/// Waits for every child that has ended, known or not; whether none is left. Only for a process that will ask after none
/// of them any more.
pub fn wait_for_all() -> bool {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return false,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return true,
        }
    }
}

/// How a process ended, by what the standard library says of it.
pub fn exit_of(status: std::process::ExitStatus) -> Exit {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

/// Starts this very program with these arguments; it inherits the named ends and nothing else.
///
/// Only for a process that starts children from one thread: between making an end inheritable and
/// undoing it, another thread's child would inherit it too.
pub fn spawn(
    arguments: &[String],
    readers: &[&PipeReader],
    writers: &[&PipeWriter],
    memory: &[&SharedMemory],
) -> io::Result<Child> {
    let ends: Vec<_> = readers
        .iter()
        .map(|end| end.fd())
        .chain(writers.iter().map(|end| end.fd()))
        .chain(memory.iter().filter_map(|memory| memory.fd()))
        .collect();
    let mut command = Command::new(program()?);
    // A worker prints to where the engine's messages go: the engine's standard output is the trace.
    command.args(arguments).stdin(Stdio::null()).stdout(io::stderr()).stderr(Stdio::inherit());
    for end in &ends {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::empty()))?;
    }
    let started = command.spawn();
    for end in &ends {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok(Child { pid: Pid::from_raw(started?.id() as libc::pid_t), exit: None })
}

/// The file of this program. On Linux the running file itself, even if it was replaced meanwhile.
fn program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") {
        return Ok("/proc/self/exe".into());
    }
    std::env::current_exe()
}

/// Copies this process. Only for a process of a single thread.
pub fn fork() -> io::Result<Forked> {
    // SAFETY: the caller has one thread, so the copy may do whatever the original may.
    match unsafe { nix::unistd::fork()? } {
        ForkResult::Child => Ok(Forked::Child),
        ForkResult::Parent { child } => Ok(Forked::Parent(Child { pid: child, exit: None })),
    }
}

/// Ends this process without running anything that its original registered.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` touches no memory of ours.
    unsafe { libc::_exit(code) }
}

/// Kills this process, which it can't prevent.
pub fn kill_this_process() {
    raise(Signal::SIGKILL);
}

/// Asks this process to end, as `terminate()` does.
pub fn terminate_this_process() {
    raise(Signal::SIGTERM);
}

/// This process stands still until somebody continues it.
pub fn stop_this_process() {
    raise(Signal::SIGSTOP);
}

/// From now on a request to end is ignored; being killed is not.
pub fn ignore_terminate() {
    use nix::sys::signal::{SigHandler, signal};
    // SAFETY: no handler of ours runs; the signal is only ignored.
    let _ = unsafe { signal(Signal::SIGTERM, SigHandler::SigIgn) };
}

fn raise(signal: Signal) {
    // Of this process, not of this thread alone: whoever is stopped stands still as a whole.
    let _ = kill(nix::unistd::getpid(), signal);
}

/// Lets this process open as many descriptors as the system allows it: a pool of 512 workers needs
/// more than the usual 1,024.
pub fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    // macOS refuses more than its OPEN_MAX, and there the whole wish with it.
    let enough = if cfg!(target_os = "macos") { 10_240 } else { 65_536 };
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // A refusal shows itself when the descriptors run out, with a message of its own.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most.min(enough), most);
    }
}

/// Gives this process an empty standard input, and a standard output that goes where its standard
/// error goes: what a forked copy must do whose original used them for something else.
pub fn detach_standard_streams() {
    // Without a null device the streams stay as they are, which hurts only a copy that prints.
    if let Ok(null) = std::fs::File::open("/dev/null") {
        let _ = nix::unistd::dup2_stdin(&null);
    }
    let _ = nix::unistd::dup2_stdout(io::stderr());
}

/// Makes a write past the limit on the size of files an error like any other, as CPython does: by
/// itself it would end the program. What this program starts inherits that.
pub fn ignore_file_size_signal() {
    use nix::sys::signal::{SigHandler, signal};
    // SAFETY: no handler of ours runs; the signal is only ignored.
    let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
}

/// Closes every descriptor above standard error but these ends: what a forked copy must do, or the
/// pipes of its siblings would never close.
pub fn close_all_but(reader: &PipeReader, writer: &PipeWriter, memory: &SharedMemory, ends: &[PipeEnd]) {
    let ends = ends.iter().map(|end| end.handle() >> 1);
    let mut kept: Vec<u64> = [reader.handle(), writer.handle(), memory.handle()].into_iter().chain(ends).collect();
    kept.sort_unstable();
    let mut first = 3;
    for handle in kept {
        close_range(first, handle.saturating_sub(1));
        first = handle + 1;
    }
    close_range(first, u64::from(u32::MAX));
}

/// Closes the descriptors from `first` to `last`.
fn close_range(first: u64, last: u64) {
    if first > last {
        return;
    }
    #[cfg(target_os = "linux")]
    // SAFETY: plain numbers; the caller has given up every descriptor in the range.
    if unsafe { libc::syscall(libc::SYS_close_range, first as u32, last as u32, 0) } == 0 {
        return;
    }
    // SAFETY: as above; closing a number that is not open answers EBADF.
    let limit = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    for fd in first..=last.min(u64::try_from(limit).unwrap_or(1024)) {
        // SAFETY: as above.
        unsafe { libc::close(fd as libc::c_int) };
    }
}

/// The process that started this one.
pub fn parent_pid() -> u32 {
    nix::unistd::getppid().as_raw() as u32
}

/// From now on this process ends when its parent does. False if the parent, whose pid the caller was
/// told, is gone already.
///
/// On Linux the kernel kills us. Its order is not retroactive, so the parent is looked up after it; it
/// follows the parent's *thread*, so parents start children from threads that live as long as they do.
///
/// macOS has no such order. A process that sleeps in one place sees its pipe from the parent close; one
/// that computes needs [`watch_parent_while_busy`] besides.
pub fn die_with_parent(parent: u32) -> bool {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
    parent_pid() == parent
}

/// Takes [`die_with_parent`] back: for a lesson about orphans, in which somebody else sees to it that this
/// process ends.
pub fn outlive_parent() {
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_pdeathsig(None);
}

/// From now on every process below this one becomes its child when its own parent is gone, so that it can
/// be waited for. False where the system has no such order: there the system itself adopts it.
pub fn adopt_orphans() -> bool {
    #[cfg(target_os = "linux")]
    return nix::sys::prctl::set_child_subreaper(true).is_ok();
    #[cfg(not(target_os = "linux"))]
    false
}

/// Nothing more is needed here: the kernel watches for us.
#[cfg(target_os = "linux")]
pub fn watch_parent_while_busy(_parent: u32) {}

/// A thread sleeps until the parent's exit is reported, and ends this process then. Only for a process
/// that will not fork: a copy of a process with two threads is not to be trusted.
#[cfg(not(target_os = "linux"))]
pub fn watch_parent_while_busy(parent: u32) {
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
    let watch = move || {
        let Ok(queue) = Kqueue::new() else { return };
        let exit = KEvent::new(
            parent as libc::uintptr_t,
            EventFilter::EVFILT_PROC,
            EvFlags::EV_ADD | EvFlags::EV_ONESHOT,
            FilterFlag::NOTE_EXIT,
            0,
            0,
        );
        let mut seen = [exit];
        // An error mostly means that the parent is gone already, but also that a signal came, or that
        // the watch was refused: only a new parent proves that the old one is gone.
        let _ = queue.kevent(&[exit], &mut seen, None);
        while parent_pid() == parent {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        exit_now(137);
    };
    let _ = std::thread::Builder::new().name("parent-watch".into()).spawn(watch);
}

/// Puts a command into a process group of its own: Ctrl-C in the terminal then reaches the observer alone, and
/// the observer stops its run in order ([`notice_interrupts`](super::notice_interrupts)).
pub fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Ends a tree of processes together with its holder. On Unix each process watches its parent
/// ([`die_with_parent`]), so killing the root is enough.
#[derive(Debug, Default)]
pub struct Leash;

impl Leash {
    /// Holds a process that was just started, with all that it will start.
    pub fn hold(_child: &std::process::Child) -> io::Result<Self> {
        Ok(Self)
    }

    /// Ends what is still on the leash.
    pub fn release(&mut self) {}
}
