//! What is done with blocks of shared memory.

use std::collections::HashMap;
use std::ops::Range;

use crate::engine::ipc::{Objects, Place, Refusal, Rooms, ShareableList, SharedBlock};
use crate::program::object::{Make, Obj};
use crate::program::plain::Plain;
use crate::program::uses::Bytes;
use crate::sys;
use crate::trace::{Deed, ObjectId};

use super::message::FILLING;
use super::{Carrier, Host, Stop};

/// The blocks that a process has, by the variable that holds them.
#[derive(Default)]
pub(in crate::engine::process) struct Attached {
    blocks: HashMap<Obj, SharedBlock>,
    lists: HashMap<Obj, ShareableList>,
    /// What was copied in or out last.
    bytes: Vec<u8>,
}

impl<H: Host> Carrier<'_, H> {
    /// Uses a block.
    pub(super) fn block(&mut self, object: Obj, call: &Bytes) -> Result<(), Stop> {
        self.id_of(object)?;
        match call {
            Bytes::Create(name, size) => {
                let text = format!("SharedMemory('{name}', create=True, size={size})");
                // As of then: others may attach to it before more is said here.
                let since_ns = sys::now_ns();
                let made = self.tried(text, |carrier| carrier.rooms().create(carrier.room_of(object), name, *size))?;
                self.touched(made.room(), since_ns, Deed::Created { bytes: made.size() as u32 });
                self.attached.blocks.insert(object, made);
            }
            Bytes::Attach(name) => {
                let text = format!("SharedMemory('{name}')");
                let found = self.tried(text, |carrier| carrier.rooms().attach(name))?;
                self.touched(found.room(), sys::now_ns(), Deed::Attached);
                self.attached.blocks.insert(object, found);
            }
            Bytes::Set(index, byte) => {
                let since_ns = sys::now_ns();
                let block = self.block_of(object)?;
                block.set(*index, *byte)?;
                self.wrote_bytes(block.room(), since_ns, *index..*index + 1);
            }
            Bytes::Print(label, index) => {
                let since_ns = sys::now_ns();
                let block = self.block_of(object)?;
                let (byte, room) = (block.get(*index)?, block.room());
                self.read_bytes(room, since_ns, *index..*index + 1);
                self.print(&format!("{label} {byte}"));
            }
            Bytes::Fill(count) => {
                let since_ns = sys::now_ns();
                self.attached.bytes.resize(*count as usize, FILLING);
                let block = self.block_of(object)?;
                block.write(0, &self.attached.bytes)?;
                self.wrote_bytes(block.room(), since_ns, 0..*count as usize);
            }
            Bytes::CopyOut(count) => {
                let since_ns = sys::now_ns();
                let mut bytes = std::mem::take(&mut self.attached.bytes);
                bytes.resize(*count as usize, 0);
                let block = self.block_of(object)?;
                block.read(0, &mut bytes)?;
                let room = block.room();
                self.attached.bytes = bytes;
                self.read_bytes(room, since_ns, 0..*count as usize);
            }
            Bytes::Unlink => {
                let since_ns = sys::now_ns();
                self.tried("unlink()".to_owned(), |carrier| carrier.block_of(object)?.unlink())?;
                self.touched(self.block_of(object)?.room(), since_ns, Deed::Unlinked);
            }
            Bytes::Close => {
                let block = self.attached.blocks.remove(&object);
                let list = self.attached.lists.remove(&object);
                if let Some(room) = block.map(|block| block.room()).or(list.map(|list| list.block().room())) {
                    self.touched(room, sys::now_ns(), Deed::Closed { end: 0 });
                }
            }
            Bytes::MakeList(name, values) => {
                let text = format!("ShareableList({})", Plain::List(values.clone()));
                let since_ns = sys::now_ns();
                let made = self.tried(text, |carrier| {
                    let bytes = ShareableList::bytes(values) as i64;
                    let block = carrier.rooms().create(carrier.room_of(object), name, bytes)?;
                    ShareableList::create(block, values)
                })?;
                let (room, bytes) = (made.block().room(), made.block().size());
                self.attached.lists.insert(object, made);
                self.touched(room, since_ns, Deed::Created { bytes: bytes as u32 });
                self.wrote_bytes(room, sys::now_ns(), 0..bytes);
            }
            Bytes::AttachList(name) => {
                let text = format!("ShareableList(name='{name}')");
                let found = self.tried(text, |carrier| ShareableList::attach(carrier.rooms().attach(name)?))?;
                let room = found.block().room();
                self.attached.lists.insert(object, found);
                self.touched(room, sys::now_ns(), Deed::Attached);
            }
            Bytes::SetItem(index, value) => {
                let text = format!("l[{index}] = {value}");
                self.tried(text, |carrier| carrier.list_of(object)?.set(*index, value))?;
                let list = self.list_of(object)?;
                self.wrote_bytes(list.block().room(), sys::now_ns(), list.item(*index));
            }
            Bytes::GetItem(index) => {
                let text = format!("l[{index}]");
                self.tried(text, |carrier| carrier.list_of(object)?.get(*index))?;
                let list = self.list_of(object)?;
                self.read_bytes(list.block().room(), sys::now_ns(), list.item(*index));
            }
            Bytes::PrintList(label) => {
                let list = self.list_of(object)?;
                let (all, room, bytes) = (list.all()?, list.block().room(), list.block().size());
                self.read_bytes(room, sys::now_ns(), 0..bytes);
                self.print(&format!("{label} {all}"));
            }
        }
        Ok(())
    }

    /// Does something, and tells it as a call.
    fn tried<T>(&mut self, text: String, body: impl FnOnce(&Self) -> Result<T, Refusal>) -> Result<T, Stop> {
        let since_ns = sys::now_ns();
        let outcome = body(self);
        match &outcome {
            Ok(_) => self.called(text, since_ns, "None".to_owned(), false),
            Err(Refusal { kind, message }) => self.called(text, since_ns, format!("{kind}: {message}"), true),
        }
        Ok(outcome?)
    }

    /// Bytes of the block in a room were written, since then.
    fn wrote_bytes(&mut self, room: usize, since_ns: u64, bytes: Range<usize>) {
        let (from, count) = (bytes.start as u32, bytes.len() as u32);
        self.used(self.id_of_room(room), since_ns, Deed::WroteBytes { from, count });
    }

    /// Bytes of the block in a room were read, since then.
    fn read_bytes(&mut self, room: usize, since_ns: u64, bytes: Range<usize>) {
        let (from, count) = (bytes.start as u32, bytes.len() as u32);
        self.used(self.id_of_room(room), since_ns, Deed::ReadBytes { from, count });
    }

    /// Something was done to the block in a room as a whole.
    fn touched(&mut self, room: usize, at_ns: u64, deed: Deed) {
        self.used_at(self.id_of_room(room), at_ns, at_ns, deed);
    }

    fn block_of(&self, object: Obj) -> Result<&SharedBlock, Refusal> {
        let closed = || Refusal::new("TypeError", "'NoneType' object is not subscriptable");
        self.attached.blocks.get(&object).ok_or_else(closed)
    }

    fn list_of(&self, object: Obj) -> Result<&ShareableList, Refusal> {
        let closed = || Refusal::new("TypeError", "'NoneType' object is not subscriptable");
        self.attached.lists.get(&object).ok_or_else(closed)
    }

    /// All rooms for blocks that the program has.
    pub(super) fn rooms(&self) -> Rooms {
        let rooms = blocks(&self.objects).map(|place| self.objects.block(place));
        Rooms::new(rooms.collect(), self.me.actor)
    }

    /// The number of an object among the rooms for blocks.
    fn room_of(&self, object: Obj) -> usize {
        let id = self.objects.place(object).map(|place| place.id);
        blocks(&self.objects).take_while(|place| Some(place.id) != id).count()
    }

    /// The object whose room it is. By whatever variable a block is used, it is this one that is told of.
    fn id_of_room(&self, room: usize) -> ObjectId {
        blocks(&self.objects).nth(room).map_or(ObjectId(u32::MAX), |place| place.id)
    }
}

/// The rooms for blocks, in order.
fn blocks(objects: &Objects) -> impl Iterator<Item = &Place> {
    objects.layout().places.iter().filter(|place| matches!(place.object.make, Make::Block(_)))
}
