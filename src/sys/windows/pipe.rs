//! Anonymous pipes.
//!
//! They are opened for synchronous use, which is all that an inherited standard stream offers. "Not
//! waiting" is therefore made here: a reader looks before it reads, and a writer uses the mode
//! `PIPE_NOWAIT`, in which Windows takes a write as a whole or not at all.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_CONNECTED_STATE, FILE_PIPE_LOCAL_INFORMATION, FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_HANDLE_EOF, ERROR_NO_DATA, ERROR_PIPE_NOT_CONNECTED, GetLastError,
};
use windows_sys::Win32::Storage::FileSystem::{FILE_TYPE_PIPE, GetFileType, ReadFile, WriteFile};
use windows_sys::Win32::System::IO::IO_STATUS_BLOCK;
use windows_sys::Win32::System::Pipes::{
    CreatePipe, GetNamedPipeInfo, PIPE_NOWAIT, PIPE_READMODE_BYTE, PeekNamedPipe, SetNamedPipeHandleState,
};

use super::check;
use crate::sys::Progress;

/// What a new pipe is asked to hold: as much as on Linux, so that the lessons look alike. The default
/// is one page.
const CAPACITY_BYTES: u32 = 64 << 10;

/// The system promises that so much is written in one piece, whoever else writes into the same pipe: here any
/// write is, if the pipe holds it.
pub const WHOLE_WRITE_BYTES: usize = 4096;

/// How long a refused writer is believed to be full before it may simply try again.
const HOPE_AFTER: Duration = Duration::from_millis(1);

/// The end of a pipe that is read.
#[derive(Debug)]
pub struct PipeReader {
    handle: OwnedHandle,
    nonblocking: AtomicBool,
}

/// The end of a pipe that is written.
#[derive(Debug)]
pub struct PipeWriter {
    handle: OwnedHandle,
    /// The most that a write may try while not waiting; 0 while writes wait.
    most_at_once: AtomicU32,
    /// When the last write was refused; 0 if it was not.
    refused_ns: AtomicU64,
}

/// A new pipe. Neither end is inherited by a spawned program unless passed to it.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (mut read, mut write) = (null_mut(), null_mut());
    // SAFETY: both are valid places for the new handles; no attributes are passed.
    check(unsafe { CreatePipe(&raw mut read, &raw mut write, null(), CAPACITY_BYTES) })?;
    // SAFETY: the handles are new and ours.
    let (read, write) = unsafe { (OwnedHandle::from_raw_handle(read), OwnedHandle::from_raw_handle(write)) };
    Ok((PipeReader::new(read), PipeWriter::new(write)))
}

/// This process's standard input, as a pipe to read commands from without waiting.
pub fn stdin_pipe() -> io::Result<PipeReader> {
    let end = PipeReader::new(io::stdin().as_handle().try_clone_to_owned()?);
    end.set_nonblocking()?;
    Ok(end)
}

/// This process's standard output, as a pipe to write a trace to without waiting.
pub fn stdout_pipe() -> io::Result<PipeWriter> {
    let end = PipeWriter::new(io::stdout().as_handle().try_clone_to_owned()?);
    end.set_nonblocking()?;
    Ok(end)
}

/// The pipe that was inherited under this number.
fn adopt(handle: u64) -> io::Result<OwnedHandle> {
    let handle = super::adopt(handle)?;
    // SAFETY: the handle is open.
    let kind = unsafe { GetFileType(handle.as_raw_handle()) };
    if kind == FILE_TYPE_PIPE { Ok(handle) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// What the last failed read or write means. To be called right after it.
fn failure() -> io::Result<Progress> {
    // SAFETY: no arguments, no memory.
    match unsafe { GetLastError() } {
        ERROR_BROKEN_PIPE | ERROR_HANDLE_EOF | ERROR_NO_DATA | ERROR_PIPE_NOT_CONNECTED => Ok(Progress::Closed),
        code => Err(io::Error::from_raw_os_error(code as i32)),
    }
}

/// The length of a buffer as these calls take it.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl PipeReader {
    fn new(handle: OwnedHandle) -> Self {
        Self { handle, nonblocking: AtomicBool::new(false) }
    }

    /// The same end once more, to pass on; its reads wait.
    pub fn twin(&self) -> io::Result<Self> {
        Ok(Self::new(self.handle.try_clone()?))
    }

    /// Reads what is there into `buffer`. `WouldBlock` only after [`Self::set_nonblocking`], or if
    /// `buffer` is empty.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<Progress> {
        let mut most = length(buffer.len());
        loop {
            if self.nonblocking.load(Relaxed) {
                // Nobody else reads this end, so what is there stays there.
                match self.waiting_bytes()? {
                    None => return Ok(Progress::Closed),
                    Some(0) => return Ok(Progress::WouldBlock),
                    Some(waiting) => most = most.min(waiting),
                }
            }
            if most == 0 {
                return Ok(Progress::WouldBlock);
            }
            let mut moved = 0;
            // SAFETY: the buffer is ours and at least that long; without `OVERLAPPED` the call is over
            // when it returns.
            let outcome = unsafe { ReadFile(self.raw(), buffer.as_mut_ptr(), most, &raw mut moved, null_mut()) };
            match (outcome, moved) {
                (0, _) => return failure(),
                (_, 1..) => return Ok(Progress::Moved(moved as usize)),
                // Nothing: somebody wrote nothing; or this is the end of what is no pipe.
                _ if matches!(self.waiting_bytes(), Ok(Some(_))) => {}
                _ => return Ok(Progress::Closed),
            }
        }
    }

    /// How much could be read now; `None` if the other side is gone and all was read.
    pub fn waiting_bytes(&self) -> io::Result<Option<u32>> {
        let mut waiting = 0;
        // SAFETY: nothing is to be copied; `waiting` is a valid place for the one answer we want.
        let outcome = unsafe { PeekNamedPipe(self.raw(), null_mut(), 0, null_mut(), &raw mut waiting, null_mut()) };
        if outcome == 0 { failure().map(|_closed| None) } else { Ok(Some(waiting)) }
    }

    /// From now on a read of an empty pipe answers `WouldBlock` instead of waiting.
    ///
    /// # Errors
    ///
    /// None here; elsewhere the system may refuse.
    #[allow(clippy::unnecessary_wraps, reason = "on Unix the kernel is asked")]
    pub fn set_nonblocking(&self) -> io::Result<()> {
        self.nonblocking.store(true, Relaxed);
        Ok(())
    }

    /// The number by which a child that inherits this end finds it.
    pub fn handle(&self) -> u64 {
        self.raw().addr() as u64
    }

    /// The end that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Ok(Self::new(adopt(handle)?))
    }

    pub(super) fn raw(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}

impl PipeWriter {
    fn new(handle: OwnedHandle) -> Self {
        Self { handle, most_at_once: AtomicU32::new(0), refused_ns: AtomicU64::new(0) }
    }

    /// Writes as much of `bytes` as there is room for; all of it unless [`Self::set_nonblocking`].
    pub fn write(&self, bytes: &[u8]) -> io::Result<Progress> {
        let most = self.most_at_once.load(Relaxed);
        if most == 0 {
            return self.put(bytes, u32::MAX);
        }
        // All or nothing: so first as much as could ever fit, then what fits now.
        let mut outcome = self.put(bytes, most)?;
        if outcome == Progress::WouldBlock {
            let room = self.state().map_or(0, |state| state.WriteQuotaAvailable);
            if (1..most).contains(&room) {
                outcome = self.put(bytes, room)?;
            }
        }
        let refused = if outcome == Progress::WouldBlock { crate::sys::now_ns() } else { 0 };
        self.refused_ns.store(refused, Relaxed);
        Ok(outcome)
    }

    fn put(&self, bytes: &[u8], most: u32) -> io::Result<Progress> {
        let most = length(bytes.len()).min(most);
        if most == 0 {
            // Even an empty write would wake the reader.
            return Ok(Progress::WouldBlock);
        }
        let mut moved = 0;
        // SAFETY: `bytes` is at least that long; without `OVERLAPPED` the call is over when it returns.
        let outcome = unsafe { WriteFile(self.raw(), bytes.as_ptr(), most, &raw mut moved, null_mut()) };
        match (outcome, moved) {
            (0, _) => failure(),
            (_, 0) => Ok(Progress::WouldBlock),
            _ => Ok(Progress::Moved(moved as usize)),
        }
    }

    /// Whether a write is worth a try. `WriteQuotaAvailable` alone does not tell: it is 0 when the pipe
    /// is full, but also when it is empty and a reader already waits for more than it holds. So an end
    /// is believed to have room until a write was refused, and again after a moment.
    pub(super) fn may_have_room(&self) -> bool {
        let refused_ns = self.refused_ns.load(Relaxed);
        refused_ns == 0
            || crate::sys::now_ns().saturating_sub(refused_ns) >= HOPE_AFTER.as_nanos() as u64
            || self
                .state()
                .is_none_or(|state| state.WriteQuotaAvailable > 0 || state.NamedPipeState != FILE_PIPE_CONNECTED_STATE)
    }

    fn state(&self) -> Option<FILE_PIPE_LOCAL_INFORMATION> {
        let mut block = IO_STATUS_BLOCK::default();
        let mut state = FILE_PIPE_LOCAL_INFORMATION::default();
        let bytes = size_of::<FILE_PIPE_LOCAL_INFORMATION>() as u32;
        // SAFETY: both are valid places for the answer, `state` of this length.
        let status = unsafe {
            NtQueryInformationFile(self.raw(), &raw mut block, (&raw mut state).cast(), bytes, FilePipeLocalInformation)
        };
        (status >= 0).then_some(state)
    }

    /// From now on a write to a full pipe answers `WouldBlock` instead of waiting.
    pub fn set_nonblocking(&self) -> io::Result<()> {
        let mode = PIPE_READMODE_BYTE | PIPE_NOWAIT;
        // SAFETY: `mode` is valid for the call; the other two settings are left as they are.
        check(unsafe { SetNamedPipeHandleState(self.raw(), &raw const mode, null(), null()) })?;
        self.most_at_once.store(self.capacity_bytes().max(1), Relaxed);
        Ok(())
    }

    /// The same end once more, to pass on; its writes wait.
    pub fn twin(&self) -> io::Result<Self> {
        Ok(Self::new(self.handle.try_clone()?))
    }

    /// Asks for a pipe that holds so many bytes, which Windows only grants when a pipe is made.
    pub fn widen(&self, _bytes: u32) {}

    /// What the pipe holds before a writer must wait, as the kernel says; 0 if it does not.
    pub fn capacity_bytes(&self) -> u32 {
        let (mut outward, mut inward) = (0, 0);
        // SAFETY: both are valid places for the answers; the others are not asked for.
        let outcome =
            unsafe { GetNamedPipeInfo(self.raw(), null_mut(), &raw mut outward, &raw mut inward, null_mut()) };
        // Of a one-way pipe, one of the two may be unset, whichever end is asked.
        if outcome == 0 { 0 } else { outward.max(inward) }
    }

    /// The number by which a child that inherits this end finds it.
    pub fn handle(&self) -> u64 {
        self.raw().addr() as u64
    }

    /// The end that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Ok(Self::new(adopt(handle)?))
    }

    pub(super) fn raw(&self) -> RawHandle {
        self.handle.as_raw_handle()
    }
}
