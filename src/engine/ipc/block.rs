//! Python's `SharedMemory`: a block of bytes under a name, which any process of the program can attach to.
//!
//! *Cost:* none but the copying of bytes: no system call, no pickling.
//!
//! *Traps:* a name in Python is known to the whole system: another program can take it, and a block whose owner was
//! killed stays until somebody unlinks it. Linux hands out a block of a terabyte on a machine that has no such memory,
//! and kills whoever touches it (SIGBUS). Here a name is known to the processes of its program alone, and is words in
//! memory that has no name: when the last of them is gone, all is gone. There is room for a block before it is made,
//! or it is refused. No attaching, and nobody's end, unlinks anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::trace::ActorId;

use super::layout::CELL;
use super::lock::Lock;
use super::memory::Block;
use super::refusal::Refusal;

/// Where in the head of a room its words lie.
const STATE: usize = 0;
const SIZE: usize = 1;
const NAME_BYTES: usize = 2;
const NAME: usize = 3;
/// In the head of the first room, a [`Lock`]: whoever changes a name holds it.
const LOCK: usize = CELL - 1;
/// The longest name.
const MOST_NAME_BYTES: usize = (LOCK - NAME) * WORD;
const WORD: usize = size_of::<u64>();

/// A room without a block.
const EMPTY: u64 = 0;
/// A block that can be attached to.
const NAMED: u64 = 1;
/// A block whose name is gone: those who have it keep it.
const UNLINKED: u64 = 2;

/// Names are changed in no time: who holds the lock so long stands still, or is dead and not buried yet.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

/// All rooms for blocks that a program has.
#[derive(Clone, Debug)]
pub struct Rooms {
    rooms: Vec<Block>,
    me: ActorId,
}

/// A block of bytes that this process has.
#[derive(Clone, Debug)]
pub struct SharedBlock {
    rooms: Rooms,
    /// In which room it is.
    room: usize,
    size: usize,
}

impl Rooms {
    /// Rooms with these words, a head and the bytes, as this process uses them.
    pub fn new(rooms: Vec<Block>, me: ActorId) -> Self {
        Self { rooms, me }
    }

    /// `SharedMemory(name, create=True, size=size)`, in this room.
    pub fn create(&self, room: usize, name: &str, size: i64) -> Result<SharedBlock, Refusal> {
        let value = |message| Err(Refusal::new("ValueError", message));
        match size {
            0 => return value("'size' must be a positive number different from zero"),
            ..0 => return value("'size' must be a positive integer"),
            _ if name.contains('\0') => return value("embedded null character"),
            _ if name.len() > MOST_NAME_BYTES => {
                return Err(Refusal::new("OSError", format!("[Errno 36] File name too long: '/{name}'")));
            }
            _ => {}
        }
        let Some(words) = self.rooms.get(room) else { return Err(no_room(name, size, 0)) };
        let room_bytes = (words.len() - CELL) * WORD;
        self.alone(|| {
            if self.find(name).is_some() {
                return Err(Refusal::new("FileExistsError", format!("[Errno 17] File exists: '/{name}'")));
            }
            if size.unsigned_abs() > room_bytes as u64 || words[STATE].load(Ordering::Relaxed) != EMPTY {
                return Err(no_room(name, size, room_bytes));
            }
            for (word, bytes) in words[NAME..LOCK].iter().zip(name.as_bytes().chunks(WORD)) {
                let mut whole = [0; WORD];
                whole[..bytes.len()].copy_from_slice(bytes);
                word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
            }
            words[NAME_BYTES].store(name.len() as u64, Ordering::Relaxed);
            words[SIZE].store(size.unsigned_abs(), Ordering::Relaxed);
            words[STATE].store(NAMED, Ordering::Release);
            Ok(SharedBlock { rooms: self.clone(), room, size: size as usize })
        })?
    }

    /// `SharedMemory(name)`: the block that has this name now.
    pub fn attach(&self, name: &str) -> Result<SharedBlock, Refusal> {
        let room = self.alone(|| self.find(name))?.ok_or_else(|| missing(name))?;
        let words = &self.rooms[room];
        // Others can write there, too: no block is larger than its room.
        let size = words[SIZE].load(Ordering::Relaxed).min(((words.len() - CELL) * WORD) as u64) as usize;
        Ok(SharedBlock { rooms: self.clone(), room, size })
    }

    fn find(&self, name: &str) -> Option<usize> {
        let is_it = |words: &Block| words[STATE].load(Ordering::Acquire) == NAMED && name_of(words) == name.as_bytes();
        self.rooms.iter().position(is_it)
    }

    /// Does something with names while nobody else does. Nobody takes the lock from one who may only stand still:
    /// whoever is dead is [buried](Self::recover).
    fn alone<T>(&self, body: impl FnOnce() -> T) -> Result<T, Refusal> {
        let Some(lock) = self.lock() else { return Ok(body()) };
        let busy = || Refusal::new("TimeoutError", "another process stands still in the middle of naming a block");
        lock.acquire_for(self.me, LOCK_PATIENCE).ok_or_else(busy)?;
        let outcome = body();
        lock.release()?;
        Ok(outcome)
    }

    /// Nobody waits for somebody who died while it changed a name. A block is named last: it is there, or not.
    pub fn recover(&self, dead: ActorId) -> bool {
        self.lock().is_some_and(|lock| lock.recover(dead))
    }

    fn lock(&self) -> Option<Lock> {
        self.rooms.first().map(|first| Lock::at(first.part(LOCK..CELL)))
    }
}

fn name_of(words: &Block) -> Vec<u8> {
    let bytes = words[NAME..LOCK].iter().flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes());
    bytes.take(words[NAME_BYTES].load(Ordering::Relaxed) as usize).collect()
}

fn missing(name: &str) -> Refusal {
    Refusal::new("FileNotFoundError", format!("[Errno 2] No such file or directory: '/{name}'"))
}

fn no_room(name: &str, size: i64, room_bytes: usize) -> Refusal {
    let message = format!("there is no room for '{name}': it wants {size} bytes, and the room for it has {room_bytes}");
    Refusal::new("MemoryError", message)
}

impl SharedBlock {
    /// How many bytes it has, as it was asked for.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The room it is in.
    pub fn room(&self) -> usize {
        self.room
    }

    /// `buf[index]`
    pub fn get(&self, index: usize) -> Result<u8, Refusal> {
        let word = self.words().get(index / WORD).filter(|_| index < self.size).ok_or_else(outside)?;
        Ok(word.load(Ordering::Relaxed).to_le_bytes()[index % WORD])
    }

    /// `buf[index] = byte`
    pub fn set(&self, index: usize, byte: u8) -> Result<(), Refusal> {
        self.write(index, &[byte])
    }

    /// `buf[at:at + len(bytes)] = bytes`. Its neighbours in a word may be written by others meanwhile.
    pub fn write(&self, at: usize, bytes: &[u8]) -> Result<(), Refusal> {
        self.check(at, bytes.len())?;
        let words = self.words();
        let head = bytes.len().min(at.next_multiple_of(WORD) - at);
        let (head, whole) = bytes.split_at(head);
        put(&words[at / WORD], at % WORD, head);
        let first = at.div_ceil(WORD);
        let (chunks, tail) = whole.as_chunks::<WORD>();
        for (word, chunk) in words[first..].iter().zip(chunks) {
            word.store(u64::from_le_bytes(*chunk), Ordering::Relaxed);
        }
        if !tail.is_empty() {
            put(&words[first + chunks.len()], 0, tail);
        }
        Ok(())
    }

    /// `bytes(buf[at:at + len(into)])`
    pub fn read(&self, at: usize, into: &mut [u8]) -> Result<(), Refusal> {
        self.check(at, into.len())?;
        let words = self.words();
        let head = into.len().min(at.next_multiple_of(WORD) - at);
        let (head, whole) = into.split_at_mut(head);
        take(&words[at / WORD], at % WORD, head);
        let first = at.div_ceil(WORD);
        let (chunks, tail) = whole.as_chunks_mut::<WORD>();
        for (word, chunk) in words[first..].iter().zip(&mut *chunks) {
            *chunk = word.load(Ordering::Relaxed).to_le_bytes();
        }
        if !tail.is_empty() {
            take(&words[first + chunks.len()], 0, tail);
        }
        Ok(())
    }

    /// `unlink()`: its name is gone, and nobody can attach to it any more.
    pub fn unlink(&self) -> Result<(), Refusal> {
        let words = &self.rooms.rooms[self.room];
        let was = self.rooms.alone(|| words[STATE].swap(UNLINKED, Ordering::AcqRel))?;
        if was == NAMED { Ok(()) } else { Err(missing(&String::from_utf8_lossy(&name_of(words)))) }
    }

    fn check(&self, at: usize, length: usize) -> Result<(), Refusal> {
        if at.checked_add(length).is_some_and(|end| end <= self.size && length > 0) { Ok(()) } else { Err(outside()) }
    }

    fn words(&self) -> &[AtomicU64] {
        &self.rooms.rooms[self.room][CELL..]
    }
}

fn outside() -> Refusal {
    Refusal::new("IndexError", "index out of bounds on dimension 1")
}

/// Writes some bytes of a word, and leaves the others as they are.
fn put(word: &AtomicU64, at: usize, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let change = |whole: u64| {
        let mut whole = whole.to_le_bytes();
        whole[at..at + bytes.len()].copy_from_slice(bytes);
        Some(u64::from_le_bytes(whole))
    };
    // It always changes it.
    let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
}

fn take(word: &AtomicU64, at: usize, into: &mut [u8]) {
    let length = into.len();
    into.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes()[at..at + length]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(bytes: &[usize]) -> Rooms {
        let rooms = bytes.iter().map(|bytes| Block::create(CELL + bytes.div_ceil(WORD)).expect("room"));
        Rooms::new(rooms.collect(), ActorId(1))
    }

    fn told<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
        let refusal = outcome.expect_err("it is refused");
        format!("{}: {}", refusal.kind, refusal.message)
    }

    #[test]
    fn i05_names_are_pythons() {
        let rooms = rooms(&[10, 100]);
        let block = rooms.create(0, "rules", 10).expect("there is room");
        assert_eq!(told(rooms.create(1, "rules", 10)), "FileExistsError: [Errno 17] File exists: '/rules'");
        assert_eq!(told(rooms.attach("nope")), "FileNotFoundError: [Errno 2] No such file or directory: '/nope'");
        assert!(told(rooms.create(1, "x", 0)).ends_with("'size' must be a positive number different from zero"));
        assert_eq!(told(rooms.create(1, "x", -1)), "ValueError: 'size' must be a positive integer");
        assert_eq!(told(rooms.create(1, "a\0b", 1)), "ValueError: embedded null character");
        assert!(told(rooms.create(1, &"x".repeat(500), 1)).starts_with("OSError: [Errno 36]"));
        let attached = rooms.attach("rules").expect("it is there");
        assert_eq!((attached.size(), attached.room()), (10, 0));
        block.set(9, 7).expect("inside");
        assert_eq!(told(block.get(10)), "IndexError: index out of bounds on dimension 1");
        block.unlink().expect("it has its name");
        assert!(
            told(rooms.attach("rules")).starts_with("FileNotFoundError") && told(block.unlink()).contains("/rules")
        );
        assert_eq!(attached.get(9), Ok(7), "a map that was made stays");
        // The name is free again; the memory is not, for others may still have it.
        assert!(told(rooms.create(0, "rules", 1)).starts_with("MemoryError"));
        assert_eq!(rooms.create(1, "rules", 1).expect("free").room(), 1);
    }

    #[test]
    fn i06_a_block_for_which_there_is_no_room_is_refused() {
        let told = told(rooms(&[64]).create(0, "huge", 1 << 40));
        let expected =
            "MemoryError: there is no room for 'huge': it wants 1099511627776 bytes, and the room for it has 64";
        assert_eq!(told, expected);
    }

    #[test]
    fn bytes_at_any_place_come_back_and_their_neighbours_stay() {
        let rooms = rooms(&[40]);
        let block = rooms.create(0, "b", 37).expect("room");
        let mut expected = [0; 37];
        for (at, length) in [(0, 37), (3, 1), (5, 12), (8, 8), (31, 6), (7, 2)] {
            let bytes: Vec<u8> = (0..length).map(|place| (at * 16 + place + 1) as u8).collect();
            expected[at..at + length].copy_from_slice(&bytes);
            block.write(at, &bytes).expect("inside");
            let (mut all, mut part) = ([0; 37], vec![0; length]);
            block.read(0, &mut all).expect("inside");
            block.read(at, &mut part).expect("inside");
            assert_eq!((all, part), (expected, bytes));
        }
        assert!(block.write(30, &[0; 8]).is_err() && block.read(usize::MAX, &mut [0]).is_err());
    }

    #[test]
    fn i07_a_holder_that_died_is_not_waited_for_and_one_that_stands_still_is_not_robbed() {
        let (mine, other) = (rooms(&[8]), ActorId(2));
        let theirs = Rooms::new(mine.rooms.clone(), other);
        let told = theirs.alone(|| told(mine.create(0, "b", 1))).expect("it is free");
        assert!(told.starts_with("TimeoutError"), "{told}");
        assert!(theirs.lock().expect("it is there").try_acquire(other).is_some());
        assert!(!mine.recover(ActorId(3)) && mine.recover(other));
        assert!(mine.create(0, "b", 1).is_ok() && mine.attach("b").is_ok());
    }

    #[test]
    fn a_size_that_somebody_wrote_over_is_no_larger_than_the_room() {
        let rooms = rooms(&[16]);
        rooms.create(0, "b", 16).expect("room");
        rooms.rooms[0][SIZE].store(u64::MAX, Ordering::Relaxed);
        let block = rooms.attach("b").expect("it is there");
        assert_eq!(block.size(), 16);
        assert!(block.write(9, &[1; 8]).is_err() && block.get(16).is_err());
    }
}
