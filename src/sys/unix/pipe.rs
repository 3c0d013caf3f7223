//! Anonymous pipes.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags};

use crate::sys::{Progress, Ready};

/// The system promises that so much is written in one piece, whoever else writes into the same pipe.
pub const WHOLE_WRITE_BYTES: usize = libc::PIPE_BUF;

/// The end of a pipe that is read.
#[derive(Debug)]
pub struct PipeReader(OwnedFd);

/// The end of a pipe that is written.
#[derive(Debug)]
pub struct PipeWriter(OwnedFd);

/// A new pipe. Neither end is inherited by a spawned program unless passed to it.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    #[cfg(target_os = "linux")]
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    #[cfg(not(target_os = "linux"))]
    let (read, write) = {
        let (read, write) = nix::unistd::pipe()?;
        for end in [&read, &write] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        (read, write)
    };
    Ok((PipeReader(read), PipeWriter(write)))
}

/// This process's standard input, as a pipe to read commands from without waiting.
pub fn stdin_pipe() -> io::Result<PipeReader> {
    let end = PipeReader(io::stdin().as_fd().try_clone_to_owned()?);
    end.set_nonblocking()?;
    Ok(end)
}

/// This process's standard output, as a pipe to write a trace to without waiting.
pub fn stdout_pipe() -> io::Result<PipeWriter> {
    let end = PipeWriter(io::stdout().as_fd().try_clone_to_owned()?);
    end.set_nonblocking()?;
    Ok(end)
}

fn set_nonblocking(end: &OwnedFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(end, FcntlArg::F_GETFL)?);
    fcntl(end, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

fn progress(outcome: Result<usize, Errno>) -> io::Result<Progress> {
    match outcome {
        Ok(0) | Err(Errno::EPIPE) => Ok(Progress::Closed),
        Ok(moved) => Ok(Progress::Moved(moved)),
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(Progress::WouldBlock),
        Err(error) => Err(error.into()),
    }
}

impl PipeReader {
    /// Reads what is there into `buffer`. `WouldBlock` only after [`Self::set_nonblocking`], or if a
    /// signal came first.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<Progress> {
        progress(nix::unistd::read(&self.0, buffer))
    }

    /// The same end once more, to pass on.
    pub fn twin(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// How much could be read now; `None` if the system does not say.
    pub fn waiting_bytes(&self) -> io::Result<Option<u32>> {
        let mut waiting: libc::c_int = 0;
        // SAFETY: `waiting` is a valid place for the one number that is answered.
        let outcome = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::FIONREAD, &raw mut waiting) };
        if outcome < 0 { Err(io::Error::last_os_error()) } else { Ok(u32::try_from(waiting).ok()) }
    }

    /// From now on a read of an empty pipe answers `WouldBlock` instead of waiting.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        set_nonblocking(&self.0)
    }

    /// The number by which a child that inherits this end finds it.
    pub fn handle(&self) -> u64 {
        self.0.as_raw_fd() as u64
    }

    /// The end that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Ok(Self(adopt(handle)?))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl PipeWriter {
    /// Writes as much of `bytes` as there is room for; all of it unless [`Self::set_nonblocking`].
    pub fn write(&self, bytes: &[u8]) -> io::Result<Progress> {
        progress(nix::unistd::write(&self.0, bytes))
    }

    /// From now on a write to a full pipe answers `WouldBlock` instead of waiting.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        set_nonblocking(&self.0)
    }

    /// Asks the kernel for a pipe that holds so many bytes; it may refuse.
    pub fn widen(&self, bytes: u32) {
        #[cfg(target_os = "linux")]
        let _ = fcntl(&self.0, FcntlArg::F_SETPIPE_SZ(bytes as libc::c_int));
        #[cfg(not(target_os = "linux"))]
        let _ = bytes;
    }

    /// The same end once more, to pass on.
    pub fn twin(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// What the pipe holds before a writer must wait, as the kernel says; 0 if it does not.
    pub fn capacity_bytes(&self) -> u32 {
        #[cfg(target_os = "linux")]
        {
            fcntl(&self.0, FcntlArg::F_GETPIPE_SZ).ok().and_then(|bytes| u32::try_from(bytes).ok()).unwrap_or(0)
        }
        #[cfg(not(target_os = "linux"))]
        0
    }

    /// The number by which a child that inherits this end finds it.
    pub fn handle(&self) -> u64 {
        self.0.as_raw_fd() as u64
    }

    /// The end that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Ok(Self(adopt(handle)?))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    pub(super) fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

/// Takes over a descriptor that this process was started with.
pub(super) fn adopt(handle: u64) -> io::Result<OwnedFd> {
    let fd = RawFd::try_from(handle).ok().filter(|&fd| fd > 2).ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: asking for the flags of any number is harmless; a closed one answers EBADF.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, and the command line that names it is read once.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    fcntl(&owned, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(owned)
}

/// As exactly as it can be had: a patience below a millisecond is none where only milliseconds count.
#[cfg(target_os = "linux")]
fn sleep_on(fds: &mut [PollFd<'_>], patience: Duration) -> nix::Result<libc::c_int> {
    nix::poll::ppoll(fds, Some(nix::sys::time::TimeSpec::from_duration(patience)), None)
}

#[cfg(not(target_os = "linux"))]
fn sleep_on(fds: &mut [PollFd<'_>], patience: Duration) -> nix::Result<libc::c_int> {
    use nix::poll::PollTimeout;
    let whole_ms = patience.as_micros().div_ceil(1000);
    nix::poll::poll(fds, PollTimeout::try_from(whole_ms).unwrap_or(PollTimeout::MAX))
}

/// Sleeps until an end can be used, at most so long; with a signal or the deadline, nothing is ready.
pub fn wait_ready(readers: &[&PipeReader], writers: &[&PipeWriter], patience: Duration) -> io::Result<Ready> {
    let reading = readers.iter().map(|end| PollFd::new(end.fd(), PollFlags::POLLIN));
    let writing = writers.iter().map(|end| PollFd::new(end.fd(), PollFlags::POLLOUT));
    let mut fds: Vec<PollFd<'_>> = reading.chain(writing).collect();
    match sleep_on(&mut fds, patience) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(error) => return Err(error.into()),
    }
    let usable: Vec<bool> = fds.iter().map(|fd| fd.any().unwrap_or(false)).collect();
    let (readers, writers) = usable.split_at(readers.len());
    Ok(Ready { readers: readers.to_vec(), writers: writers.to_vec() })
}
