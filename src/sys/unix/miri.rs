//! Miri, which looks for undefined behaviour and for races, knows no memory that processes share. There it is memory
//! of this process, which serves threads.

use std::io;
use std::ops::Deref;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Zeroed memory, as words.
#[derive(Debug)]
pub struct SharedMemory(Arc<[AtomicU64]>);

impl SharedMemory {
    /// New memory of at least `bytes`, rounded up to whole words.
    pub fn create(bytes: usize) -> io::Result<Self> {
        Ok(Self((0..bytes.div_ceil(size_of::<AtomicU64>()).max(1)).map(|_| AtomicU64::new(0)).collect()))
    }

    /// The same memory.
    pub fn twin(&self) -> io::Result<Self> {
        self.again()
    }

    /// The same memory.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self(Arc::clone(&self.0)))
    }

    /// Nothing is inherited.
    pub fn inherited(_handle: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// It is.
    pub fn make_present(&self) {}

    /// It has none.
    pub fn handle(&self) -> u64 {
        u64::MAX
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    pub(super) fn from_fd(_fd: OwnedFd) -> io::Result<Self> {
        Self::inherited(0)
    }
}

impl Deref for SharedMemory {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        &self.0
    }
}
