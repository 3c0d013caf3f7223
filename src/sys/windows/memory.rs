//! Shared memory without a name.

use std::io;
use std::ops::Deref;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr::{NonNull, null};
use std::sync::atomic::AtomicU64;

use windows_sys::Win32::Foundation::INVALID_HANDLE_VALUE;
use windows_sys::Win32::System::Memory::{
    CreateFileMappingW, FILE_MAP_READ, FILE_MAP_WRITE, MEMORY_BASIC_INFORMATION, MEMORY_MAPPED_VIEW_ADDRESS,
    MapViewOfFile, PAGE_READWRITE, SEC_COMMIT, UnmapViewOfFile, VirtualQuery,
};

/// Zeroed memory that several processes see, as words.
///
/// It has no name that another user could open, and it is charged to the paging file before it is
/// mapped: a machine without room answers with an error here, never with a crash later. Such memory
/// can't change its size, so no peer can shrink it.
#[derive(Debug)]
pub struct SharedMemory {
    /// Absent in a twin: it needs none.
    mapping: Option<OwnedHandle>,
    start: NonNull<AtomicU64>,
    words: usize,
}

// SAFETY: the view is only ever reached through atomics, and stays until the last owner drops it.
unsafe impl Send for SharedMemory {}
// SAFETY: as above.
unsafe impl Sync for SharedMemory {}

impl SharedMemory {
    /// New memory of at least `bytes`, rounded up to whole pages.
    pub fn create(bytes: usize) -> io::Result<Self> {
        let bytes = bytes.max(size_of::<AtomicU64>()) as u64;
        let (high, low) = ((bytes >> 32) as u32, bytes as u32);
        let rights = PAGE_READWRITE | SEC_COMMIT;
        // SAFETY: no file, no attributes (so it is not inherited unless passed) and no name.
        let mapping = unsafe { CreateFileMappingW(INVALID_HANDLE_VALUE, null(), rights, high, low, null()) };
        if mapping.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle is new and ours.
        Self::map(unsafe { OwnedHandle::from_raw_handle(mapping) })
    }

    /// The same memory, mapped once more and without a handle to pass on: for the side that stays when
    /// the other is given away.
    pub fn twin(&self) -> io::Result<Self> {
        let mapping = self.mapping.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        let mut twin = Self::map(mapping.try_clone()?)?;
        twin.mapping = None;
        Ok(twin)
    }

    /// The same memory, mapped once more, to pass on.
    pub fn again(&self) -> io::Result<Self> {
        Self::map(self.mapping.as_ref().ok_or(io::ErrorKind::InvalidInput)?.try_clone()?)
    }

    /// The memory that was inherited under this number.
    pub fn inherited(handle: u64) -> io::Result<Self> {
        Self::map(super::adopt(handle)?)
    }

    /// Windows brings each page when it is first used.
    pub fn make_present(&self) {}

    /// The number by which a child that inherits this memory finds it.
    pub fn handle(&self) -> u64 {
        self.raw().map_or(u64::MAX, |handle| handle.addr() as u64)
    }

    pub(super) fn raw(&self) -> Option<RawHandle> {
        self.mapping.as_ref().map(AsRawHandle::as_raw_handle)
    }

    /// Maps all of it. A handle does not tell how much was asked for, so every owner, the creator
    /// included, goes by the whole pages of its view: they must agree on where a ring ends.
    fn map(mapping: OwnedHandle) -> io::Result<Self> {
        // SAFETY: a fresh view of the whole mapping, at an address the system chooses.
        let view = unsafe { MapViewOfFile(mapping.as_raw_handle(), FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) };
        let start = NonNull::new(view.Value.cast()).ok_or_else(io::Error::last_os_error)?;
        let mut memory = Self { mapping: Some(mapping), start, words: 0 };
        let mut about = MEMORY_BASIC_INFORMATION::default();
        // SAFETY: `about` is a valid place of this length for the answer; any address may be asked for.
        if unsafe { VirtualQuery(view.Value, &raw mut about, size_of::<MEMORY_BASIC_INFORMATION>()) } == 0 {
            return Err(io::Error::last_os_error());
        }
        memory.words = about.RegionSize / size_of::<AtomicU64>();
        Ok(memory)
    }
}

impl Deref for SharedMemory {
    type Target = [AtomicU64];

    #[inline]
    fn deref(&self) -> &[AtomicU64] {
        // SAFETY: the view is that many words long, page-aligned, zeroed, and lives as long as we do.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.words) }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        let view = MEMORY_MAPPED_VIEW_ADDRESS { Value: self.start.as_ptr().cast() };
        // SAFETY: the view is ours, and nobody can borrow it past this point.
        unsafe { UnmapViewOfFile(view) };
    }
}
