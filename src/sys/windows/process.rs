//! Children: started, waited for, killed; and how a child learns that its parent is gone.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Command, Stdio};
use std::ptr::null;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Wdk::System::Threading::{NtQueryInformationProcess, ProcessBasicInformation};
use windows_sys::Win32::Foundation::{FILETIME, WAIT_TIMEOUT};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, GetCurrentProcess, GetProcessTimes, INFINITE, OpenProcess,
    PROCESS_BASIC_INFORMATION, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, TerminateProcess,
    WaitForSingleObject,
};

use super::{PipeReader, PipeWriter, SharedMemory, check, set_inherited};
use crate::sys::{Forked, PipeEnd, Signal};
use crate::trace::Exit;

/// The exit code of what was ended by force: what a shell reports for a killed process.
const KILLED: u32 = 137;

/// The most processes on a leash: more than a run may have, few enough to stop a runaway.
const MOST_PROCESSES: u32 = 1024;

/// A child of this process. The handle stays its own, whoever gets its pid next.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    exit: Option<Exit>,
}

impl Child {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How it ended, if it has; does not wait.
    pub fn try_wait(&mut self) -> io::Result<Option<Exit>> {
        if self.exit.is_none() {
            self.exit = self.process.try_wait()?.map(exit_of);
        }
        Ok(self.exit)
    }

    /// Ends it at once, if it has not been waited for.
    pub fn kill(&mut self) {
        if self.exit.is_none() {
            // SAFETY: the handle is open as long as we hold the child; ending what has ended is an error.
            unsafe { TerminateProcess(self.process.as_raw_handle(), KILLED) };
        }
    }

    /// What comes closest to sending it a signal: whether it is asked to end or killed, it is ended.
    /// Windows can't stop a process and continue it.
    pub fn signal(&mut self, signal: Signal) -> io::Result<()> {
        match signal {
            Signal::Terminate | Signal::Kill => self.kill(),
            Signal::Stop | Signal::Continue => return Err(io::ErrorKind::Unsupported.into()),
        }
        Ok(())
    }

    /// Whether it has ended, waited for or not.
    pub fn has_ended(&self) -> bool {
        self.exit.is_some() || has_ended(self.process.as_raw_handle())
    }

    /// It is not said before it is waited for.
    pub fn peek(&self) -> Option<Exit> {
        self.exit
    }

    /// Nobody's child becomes another's here.
    pub fn adopt(_pid: u32) -> Option<Self> {
        None
    }
}

/// Nobody has to be waited for here.
pub fn wait_for_all() -> bool {
    true
}

/// How a process ended, by what the standard library says of it: here always by a code, which for a
/// crash is the exception's number.
pub fn exit_of(status: std::process::ExitStatus) -> Exit {
    status.code().map_or(Exit::Unknown, Exit::Code)
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
    let ends: Vec<RawHandle> = readers
        .iter()
        .map(|end| end.raw())
        .chain(writers.iter().map(|end| end.raw()))
        .chain(memory.iter().filter_map(|memory| memory.raw()))
        .collect();
    let mut command = Command::new(std::env::current_exe()?);
    // A worker prints to where the engine's messages go: the engine's standard output is the trace.
    command.args(arguments).stdin(Stdio::null()).stdout(io::stderr()).stderr(Stdio::inherit());
    // What was inherited stays inheritable until somebody says otherwise; a worker that kept our
    // standard output open would hide our end from the observer. What it shall have is duplicated.
    for handle in [io::stdin().as_raw_handle(), io::stdout().as_raw_handle(), io::stderr().as_raw_handle()] {
        let _ = set_inherited(handle, false);
    }
    let started = ends.iter().try_for_each(|&end| set_inherited(end, true)).and_then(|()| command.spawn());
    for &end in &ends {
        let _ = set_inherited(end, false);
    }
    Ok(Child { process: started?, exit: None })
}

/// Windows can't copy a process.
pub fn fork() -> io::Result<Forked> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Ends this process without running anything that was registered for its end.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: this process's own handle, which is always valid.
    unsafe { TerminateProcess(GetCurrentProcess(), code as u32) };
    std::process::abort()
}

/// Ends this process as if another had.
pub fn kill_this_process() {
    exit_now(KILLED as i32);
}

/// There is no request to end here that a process could refuse: it is ended.
pub fn terminate_this_process() {
    exit_now(KILLED as i32);
}

/// There are no stopped processes here: this one goes to sleep, and nobody can wake it.
pub fn stop_this_process() {
    loop {
        std::thread::sleep(std::time::Duration::from_hours(1));
    }
}

/// There is no request to end here that could be ignored.
pub fn ignore_terminate() {}

/// Windows takes no process when memory runs out: it refuses whoever asks for more.
pub fn volunteer_for_oom() {}

/// Nobody is killed for memory here, so there is nothing to count.
pub fn oom_kills() -> Option<u64> {
    None
}

/// Windows sets no limit to handles that a pool could reach.
pub fn raise_descriptor_limit() {}

/// A write past a limit on files is an error like any other here.
pub fn ignore_file_size_signal() {}

/// What a forked copy must do; there are none here.
pub fn detach_standard_streams() {}

/// What a forked copy must do; there are none here.
pub fn close_all_but(_reader: &PipeReader, _writer: &PipeWriter, _memory: &SharedMemory, _ends: &[PipeEnd]) {}

/// The process that started this one, alive or not; 0 if the system does not tell.
pub fn parent_pid() -> u32 {
    let mut about = PROCESS_BASIC_INFORMATION::default();
    let bytes = size_of::<PROCESS_BASIC_INFORMATION>() as u32;
    // SAFETY: `about` is a valid place of this length for the answer about this process.
    let status = unsafe {
        let place = (&raw mut about).cast();
        NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation, place, bytes, std::ptr::null_mut())
    };
    if status < 0 { 0 } else { u32::try_from(about.InheritedFromUniqueProcessId).unwrap_or(0) }
}

/// Nothing more is needed here: [`die_with_parent`] has a thread that watches.
pub fn watch_parent_while_busy(_parent: u32) {}

/// From now on this process ends when its parent does. False if the parent, whose pid the caller was
/// told, is gone already.
///
/// Windows has no such order: a thread holds the parent open and sleeps until it ends.
pub fn die_with_parent(parent: u32) -> bool {
    if parent_pid() != parent {
        return false;
    }
    // SAFETY: plain numbers; the answer is a handle of ours, or null.
    let process = unsafe { OpenProcess(PROCESS_SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, 0, parent) };
    if process.is_null() {
        return false;
    }
    // SAFETY: the handle is new and ours.
    let process = unsafe { OwnedHandle::from_raw_handle(process) };
    if has_ended(process.as_raw_handle()) || !is_older(process.as_raw_handle()) {
        return false;
    }
    let watch = move || {
        // SAFETY: the handle is owned by this thread.
        unsafe { WaitForSingleObject(process.as_raw_handle(), INFINITE) };
        if !OUTLIVES.load(Ordering::Relaxed) {
            exit_now(KILLED as i32);
        }
    };
    let _ = std::thread::Builder::new().name("parent-watch".into()).spawn(watch);
    true
}

/// Whether [`die_with_parent`] was taken back.
static OUTLIVES: AtomicBool = AtomicBool::new(false);

/// Takes [`die_with_parent`] back: for a lesson about orphans, in which somebody else sees to it that this
/// process ends. It stays on the [`Leash`].
pub fn outlive_parent() {
    OUTLIVES.store(true, Ordering::Relaxed);
}

/// A process whose parent is gone has none here.
pub fn adopt_orphans() -> bool {
    false
}

/// Whether a process is gone, though its handle is held.
fn has_ended(process: RawHandle) -> bool {
    // SAFETY: the caller holds the handle open; with no time to wait the call returns at once.
    unsafe { WaitForSingleObject(process, 0) != WAIT_TIMEOUT }
}

/// Whether a process began before this one: if not, it only got the number of our parent.
fn is_older(process: RawHandle) -> bool {
    // SAFETY: this process's own handle, which is always valid.
    let ours = began(unsafe { GetCurrentProcess() });
    began(process) <= ours
}

/// When a process began, in units of 100 ns; 0 if the system does not tell.
fn began(process: RawHandle) -> u64 {
    let mut began = FILETIME::default();
    let mut rest = [FILETIME::default(); 3];
    let [ended, kernel, user] = &mut rest;
    // SAFETY: four valid places for the answers; the caller holds the handle open.
    unsafe { GetProcessTimes(process, &raw mut began, ended, kernel, user) };
    u64::from(began.dwHighDateTime) << 32 | u64::from(began.dwLowDateTime)
}

/// Puts a command into a process group of its own, with a console that has no window: Ctrl-C in the
/// terminal then reaches the observer alone, which stops its run in order
/// ([`notice_interrupts`](super::notice_interrupts)); nothing flashes up when the observer is a window. What the command starts shares that console.
pub fn own_group(command: &mut Command) {
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
}

/// Ends a tree of processes together with its holder: a job object, which the kernel empties when its
/// last handle closes, and ours is the only one.
#[derive(Debug, Default)]
pub struct Leash(Option<OwnedHandle>);

impl Leash {
    /// Holds a process that was just started, with all that it will start.
    pub fn hold(child: &std::process::Child) -> io::Result<Self> {
        // SAFETY: no attributes (so it is not inherited) and no name.
        let job = unsafe { CreateJobObjectW(null(), null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is new and ours.
        let job = unsafe { OwnedHandle::from_raw_handle(job) };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        limits.BasicLimitInformation.ActiveProcessLimit = MOST_PROCESSES;
        let bytes = size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32;
        let place = (&raw const limits).cast();
        // SAFETY: `limits` is what this kind of limits is read from, and of this length.
        check(unsafe {
            SetInformationJobObject(job.as_raw_handle(), JobObjectExtendedLimitInformation, place, bytes)
        })?;
        let process = child.as_handle().as_raw_handle();
        // SAFETY: both handles are open.
        match check(unsafe { AssignProcessToJobObject(job.as_raw_handle(), process) }) {
            // What has ended by itself needs no leash, and can't be put on one.
            Err(_) if has_ended(process) => Ok(Self(None)),
            outcome => outcome.map(|()| Self(Some(job))),
        }
    }

    /// Ends what is still on the leash.
    pub fn release(&mut self) {
        if let Some(job) = self.0.take() {
            // SAFETY: the handle is ours.
            unsafe { TerminateJobObject(job.as_raw_handle(), KILLED) };
        }
    }
}
