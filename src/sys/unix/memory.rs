//! Shared memory without a name.

use std::io;
use std::ops::Deref;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU64;

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};

/// Zeroed memory that several processes see, as words.
///
/// It has no name that another user could open, and it is allocated before it is mapped: a machine
/// without room answers with an error here, never with SIGBUS later.
#[derive(Debug)]
pub struct SharedMemory {
    /// Absent in a twin: it needs none.
    fd: Option<OwnedFd>,
    start: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: the mapping is only ever reached through atomics, and stays until the last owner drops it.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// New memory of at least `bytes`, rounded up to whole words; on macOS to whole pages.
    pub fn create(bytes: usize) -> io::Result<Self> {
        let bytes = bytes.next_multiple_of(size_of::<AtomicU64>()).max(size_of::<AtomicU64>());
        // The creator, too, asks how long it became: all owners must agree on where a ring ends.
        Self::from_fd(nameless(bytes)?)
    }

    /// The same memory, mapped once more and without a descriptor to pass on: for the side that stays
    /// when the other is given away.
    pub fn twin(&self) -> io::Result<Self> {
        let fd = self.fd.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        let mut twin = Self::from_fd(fd.try_clone()?)?;
        twin.fd = None;
        // A forked worker has no business in the rings of its siblings.
        #[cfg(target_os = "linux")]
        // SAFETY: the whole of a mapping that is ours; a copy of this process does not use it.
        unsafe {
            nix::sys::mman::madvise(
                twin.start.cast(),
                twin.words * size_of::<AtomicU64>(),
                nix::sys::mman::MmapAdvise::MADV_DONTFORK,
            )?;
        }
        Ok(twin)
    }

    /// The same memory, mapped once more, to pass on.
    pub fn again(&self) -> io::Result<Self> {
        Self::from_fd(self.fd.as_ref().ok_or(io::ErrorKind::InvalidInput)?.try_clone()?)
    }

    /// The memory that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Self::from_fd(super::pipe::adopt(handle)?)
    }

    /// Has every page present now: one that came only when it is first written would cost its writer
    /// microseconds in the middle of its work.
    pub fn make_present(&self) {
        #[cfg(target_os = "linux")]
        // SAFETY: the whole of a mapping that is ours; its contents stay. Kernels before 5.14 refuse, and
        // the pages come as they are needed.
        let _ = unsafe {
            let bytes = self.words * size_of::<AtomicU64>();
            libc::madvise(self.start.as_ptr().cast(), bytes, libc::MADV_POPULATE_WRITE)
        };
    }

    /// The number by which a child that inherits this memory finds it.
    pub fn handle(&self) -> u64 {
        self.fd.as_ref().map_or(u64::MAX, |fd| fd.as_raw_fd() as u64)
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.fd.as_ref().map(AsFd::as_fd)
    }

    pub(super) fn from_fd(fd: OwnedFd) -> io::Result<Self> {
        let bytes = usize::try_from(nix::sys::stat::fstat(&fd)?.st_size).unwrap_or(0);
        let length = std::num::NonZeroUsize::new(bytes).ok_or(io::ErrorKind::InvalidInput)?;
        let rights = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a fresh mapping of a file of this length, at an address the kernel chooses.
        let start = unsafe { mmap(None, length, rights, MapFlags::MAP_SHARED, &fd, 0)? };
        Ok(Self { fd: Some(fd), start: start.cast(), words: bytes / size_of::<AtomicU64>() })
    }
}

#[cfg(target_os = "linux")]
fn nameless(bytes: usize) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, SealFlag, fcntl, posix_fallocate};
    use nix::sys::memfd::{MFdFlags, memfd_create};
    let fd = memfd_create(c"poolscope", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
    // Whoever is stopped in the middle of it and continued tries again.
    while let Err(error) = posix_fallocate(&fd, 0, bytes as libc::off_t) {
        if error != nix::errno::Errno::EINTR {
            return Err(error.into());
        }
    }
    // A peer that shrank the file would kill everybody who maps it.
    fcntl(&fd, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL))?;
    Ok(fd)
}

#[cfg(not(target_os = "linux"))]
fn nameless(bytes: usize) -> io::Result<OwnedFd> {
    use nix::fcntl::OFlag;
    use nix::sys::mman::{shm_open, shm_unlink};
    use nix::sys::stat::Mode;
    // macOS has no nameless shared memory: a name nobody can guess, gone before anyone else is told.
    let name = format!("/ps{:x}{:x}", std::process::id(), super::now_ns());
    let fd = shm_open(name.as_str(), OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR, Mode::S_IRUSR | Mode::S_IWUSR)?;
    shm_unlink(name.as_str())?;
    nix::unistd::ftruncate(&fd, bytes as libc::off_t)?;
    Ok(fd)
}

impl Deref for SharedMemory {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is that many words long, page-aligned, zeroed, and lives as long as we do.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.words) }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody can borrow it past this point.
        let _ = unsafe { munmap(self.start.cast(), self.words * size_of::<AtomicU64>()) };
    }
}
