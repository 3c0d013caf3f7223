//! What is done with blocks of shared memory.

use std::collections::HashMap;

use crate::engine::ipc::{Refusal, Rooms, ShareableList, SharedBlock};
use crate::program::object::{Make, Obj};
use crate::program::plain::Plain;
use crate::program::uses::Bytes;
use crate::sys;
use crate::trace::Deed;

use super::message::FILLING;
use super::{Carrier, Host, Raised, Stop};

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
                let made = self.tried(text, |carrier| carrier.rooms().create(carrier.room_of(object), name, *size))?;
                self.attached.blocks.insert(object, made);
            }
            Bytes::Attach(name) => {
                let text = format!("SharedMemory('{name}')");
                let found = self.tried(text, |carrier| carrier.rooms().attach(name))?;
                self.attached.blocks.insert(object, found);
            }
            Bytes::Set(index, byte) => {
                let since_ns = sys::now_ns();
                self.block_of(object)?.set(*index, *byte)?;
                self.wrote(object, since_ns, *index, (*byte).into())?;
            }
            Bytes::Print(label, index) => {
                let byte = self.block_of(object)?.get(*index)?;
                let (id, index, value) = (self.id_of(object)?, *index as u16, byte.into());
                self.used(id, sys::now_ns(), Deed::Read { index, value });
                self.print(&format!("{label} {byte}"));
            }
            Bytes::Fill(count) => {
                let since_ns = sys::now_ns();
                self.attached.bytes.resize(*count as usize, FILLING);
                self.block_of(object)?.write(0, &self.attached.bytes)?;
                self.wrote(object, since_ns, 0, FILLING.into())?;
            }
            Bytes::CopyOut(count) => {
                let since_ns = sys::now_ns();
                let mut bytes = std::mem::take(&mut self.attached.bytes);
                bytes.resize(*count as usize, 0);
                self.block_of(object)?.read(0, &mut bytes)?;
                self.attached.bytes = bytes;
                let id = self.id_of(object)?;
                self.used(id, since_ns, Deed::Read { index: 0, value: FILLING.into() });
            }
            Bytes::Unlink => self.tried("unlink()".to_owned(), |carrier| carrier.block_of(object)?.unlink())?,
            Bytes::Close => {
                self.attached.blocks.remove(&object);
                self.attached.lists.remove(&object);
            }
            Bytes::MakeList(name, values) => {
                let text = format!("ShareableList({})", Plain::List(values.clone()));
                let made = self.tried(text, |carrier| {
                    let bytes = ShareableList::bytes(values) as i64;
                    let block = carrier.rooms().create(carrier.room_of(object), name, bytes)?;
                    ShareableList::create(block, values)
                })?;
                self.attached.lists.insert(object, made);
            }
            Bytes::AttachList(name) => {
                let text = format!("ShareableList(name='{name}')");
                let found = self.tried(text, |carrier| ShareableList::attach(carrier.rooms().attach(name)?))?;
                self.attached.lists.insert(object, found);
            }
            Bytes::SetItem(index, value) => {
                let text = format!("l[{index}] = {value}");
                self.tried(text, |carrier| carrier.list_of(object)?.set(*index, value))?;
            }
            Bytes::GetItem(index) => {
                let text = format!("l[{index}]");
                self.tried(text, |carrier| carrier.list_of(object)?.get(*index))?;
            }
            Bytes::PrintList(label) => {
                let all = self.list_of(object)?.all()?;
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

    fn wrote(&mut self, object: Obj, since_ns: u64, index: usize, value: i64) -> Result<(), Raised> {
        let id = self.id_of(object)?;
        self.used(id, since_ns, Deed::Wrote { index: index as u16, value });
        Ok(())
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
        let places = self.objects.layout().places.iter();
        let rooms = places.filter(|place| matches!(place.object.make, Make::Block(_)));
        Rooms::new(rooms.map(|place| self.objects.block(place)).collect(), self.me.actor)
    }

    /// The number of an object among the rooms for blocks.
    fn room_of(&self, object: Obj) -> usize {
        let before = self.objects.layout().places.iter().take(object as usize);
        before.filter(|place| matches!(place.object.make, Make::Block(_))).count()
    }
}
