//! What is done with blocks of shared memory. The object of a step is the variable that holds the block, and the room
//! in which it is made.

use crate::program::plain::Plain;

/// A use of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// `b = SharedMemory(name, create=True, size=size)`
    Create(&'static str, i64),
    /// `b = SharedMemory(name)`
    Attach(&'static str),
    /// `b.buf[index] = byte`
    Set(usize, u8),
    /// `print(label, b.buf[index])`
    Print(&'static str, usize),
    /// `b.buf[:count] = data`: so many bytes are copied in.
    Fill(u64),
    /// `bytes(b.buf[:count])`: so many bytes are copied out.
    CopyOut(u64),
    /// `b.unlink()`
    Unlink,
    /// `b.close()`: this process does not use it any more.
    Close,
    /// `l = ShareableList(values, name=name)`
    MakeList(&'static str, Vec<Plain>),
    /// `l = ShareableList(name=name)`
    AttachList(&'static str),
    /// `l[index] = value`
    SetItem(i64, Plain),
    /// `l[index]`
    GetItem(i64),
    /// `print(label, list(l))`
    PrintList(&'static str),
}
