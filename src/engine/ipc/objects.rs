//! The objects of a program, as one of its processes has them.

use std::io;

use crate::program::object::{Make, Obj};
use crate::program::script::{self, Child, Step};
use crate::sys::{self, PipeEnd, PipeReader, PipeWriter, SharedMemory};

use super::layout::{CELL, Layout, Place};
use super::memory::Block;
use super::value::Ints;

/// All objects of a program, with the ends of pipes that this process has.
#[derive(Debug)]
pub struct Objects {
    layout: Layout,
    memory: Block,
    ends: Vec<Option<PipeEnd>>,
}

impl Objects {
    /// Makes them, in the program's parent, which has every end.
    pub fn make(script: &[Step]) -> io::Result<Self> {
        let layout = Layout::of(script);
        let memory = Block::create(layout.words)?;
        for place in &layout.places {
            if let Make::Value(initial) | Make::RawValue(initial) = place.object.make {
                Ints::at(memory.part(place.words.clone()), 1).write(0, initial as i32);
            }
        }
        let (mut ends, pipe_bytes) = (Vec::new(), script::pipe_bytes(script));
        for _ in 0..layout.ends / 2 {
            let (reader, writer) = sys::pipe()?;
            // Nobody ever waits in a read or write: whoever waits does so where it can be stopped.
            reader.set_nonblocking()?;
            writer.set_nonblocking()?;
            if let Some(bytes) = pipe_bytes {
                // What it came to is what the trace tells.
                writer.widen(bytes);
            }
            ends.extend([Some(PipeEnd::Reader(reader)), Some(PipeEnd::Writer(writer))]);
        }
        Ok(Self { layout, memory, ends })
    }

    /// What a child was given; `script` is the main script.
    pub fn given(script: &[Step], child: &Child, memory: SharedMemory, given: Vec<PipeEnd>) -> io::Result<Self> {
        let layout = Layout::of(script);
        let memory = Block::of(memory, layout.words);
        let mut ends: Vec<Option<PipeEnd>> = (0..layout.ends).map(|_| None).collect();
        for (place, end) in layout.ends_of(child).into_iter().zip(given) {
            match &end {
                PipeEnd::Reader(reader) => reader.set_nonblocking()?,
                PipeEnd::Writer(writer) => writer.set_nonblocking()?,
            }
            ends[place] = Some(end);
        }
        Ok(Self { layout, memory, ends })
    }

    /// What a child is to be given. An end that this process does not have any more can't be given.
    pub fn pass(&self, child: &Child) -> io::Result<(SharedMemory, Vec<PipeEnd>)> {
        let ends = self.layout.ends_of(child).into_iter().map(|place| match &self.ends[place] {
            Some(end) => end.twin(),
            None => Err(io::Error::new(io::ErrorKind::NotConnected, "handle is closed")),
        });
        Ok((self.memory.again()?, ends.collect::<io::Result<_>>()?))
    }

    /// Whether a child is the process of a manager.
    pub fn serves(&self, child: &Child) -> bool {
        let is_manager = |object| matches!(self.place(object).map(|place| &place.object.make), Some(Make::Manager(_)));
        child.ends.iter().any(|&(object, end)| end == 0 && is_manager(object))
    }

    /// A child was started: the ends of managers that it was given are its own. A copy that stayed here would keep a
    /// dead server's clients waiting for ever, and a server for its dead clients.
    pub fn part_with(&mut self, child: &Child) {
        for &(object, end) in &child.ends {
            if let Some(place) = self.layout.place(object)
                && matches!(place.object.make, Make::Manager(_))
            {
                place.ends_at(end).into_iter().for_each(|end| self.ends[end] = None);
            }
        }
    }

    /// This process asks no manager any more.
    pub fn leave_managers(&mut self) {
        for place in self.layout.places.iter().filter(|place| matches!(place.object.make, Make::Manager(_))) {
            self.ends[place.ends.clone()].fill_with(|| None);
        }
    }

    /// Where everything lies.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The object of this number.
    pub fn place(&self, object: Obj) -> Option<&Place> {
        self.layout.place(object)
    }

    /// The words of an object.
    pub fn block(&self, place: &Place) -> Block {
        self.memory.part(place.words.clone())
    }

    /// The words of the lock that belongs to an object.
    pub fn lock_of(&self, place: &Place) -> Block {
        self.memory.part(place.words.end - CELL..place.words.end)
    }

    /// The numbers of a value or an array.
    pub fn ints(&self, place: &Place) -> Option<Ints> {
        Some(match place.object.make {
            Make::Value(_) | Make::RawValue(_) => Ints::at(self.block(place), 1),
            Make::Array(length) | Make::RawArray(length) => {
                Ints::at(self.memory.part(place.words.start + CELL..place.words.end), length)
            }
            _ => return None,
        })
    }

    /// The end in this place of [`Place::ends`], if this process has it and it is read.
    pub fn reader(&self, end: usize) -> Option<&PipeReader> {
        if let Some(PipeEnd::Reader(reader)) = self.ends.get(end)?.as_ref() { Some(reader) } else { None }
    }

    /// The end in this place, if this process has it and it is written.
    pub fn writer(&self, end: usize) -> Option<&PipeWriter> {
        if let Some(PipeEnd::Writer(writer)) = self.ends.get(end)?.as_ref() { Some(writer) } else { None }
    }

    /// Closes the end in this place; false if it was closed before.
    pub fn close(&mut self, end: usize) -> bool {
        self.ends.get_mut(end).is_some_and(|end| end.take().is_some())
    }
}
