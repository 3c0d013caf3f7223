//! The objects of a program, as one of its processes has them.

use std::io;

use crate::program::object::{Make, Obj};
use crate::program::script::{self, Child, Step};
use crate::sys::{self, PipeEnd, PipeReader, PipeWriter, SharedMemory};

use super::layout::{CELL, Layout, Place};
use super::look_on;
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
        look_on::prepare();
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
        look_on::prepare();
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
        let count = self.layout.ends_of(child).len();
        if count > sys::MOST_ENDS {
            let most = sys::MOST_ENDS;
            let why = format!("it would have {count} ends of pipes, and {most} are the most; share fewer queues");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::object::Object;

    fn queues(count: usize) -> Vec<Step> {
        (0..count).map(|_| Step::Make(Object::new("queue", Make::Queue(0)))).collect()
    }

    #[test]
    fn a_child_is_given_as_many_ends_as_there_may_be_and_not_one_more() {
        let child = Child::new(1, []);
        let (_, ends) = Objects::make(&queues(16)).expect("they can be made").pass(&child).expect("just enough");
        assert_eq!(ends.len(), sys::MOST_ENDS);
        let refused = Objects::make(&queues(17)).expect("they can be made").pass(&child).expect_err("too many");
        let why = "it would have 34 ends of pipes, and 32 are the most; share fewer queues";
        assert_eq!(refused.to_string(), why);
    }

    #[test]
    fn what_is_given_is_found_where_it_was() {
        let pipe = Step::Make(Object::new("pipe", Make::Pipe { duplex: true }));
        let script = [pipe, Step::Make(Object::new("queue", Make::SimpleQueue))];
        let parent = Objects::make(&script).expect("they can be made");
        let child = Child::new(1, []).with_end(0, 1);
        let (memory, ends) = parent.pass(&child).expect("it has them all");
        let given = Objects::given(&script, &child, memory, ends).expect("it works");
        // Of the pipe its end 1: the first pipe is read there, and the second written.
        let has = |end| (given.reader(end).is_some(), given.writer(end).is_some());
        let (none, read, written) = ((false, false), (true, false), (false, true));
        assert_eq!((0..6).map(has).collect::<Vec<_>>(), [read, none, none, written, read, written]);
        let first = parent.writer(1).expect("the parent has it");
        assert_eq!(first.write(b"x").expect("room"), sys::Progress::Moved(1));
        let mut byte = [0];
        assert_eq!(given.reader(0).expect("given").read(&mut byte).expect("it came"), sys::Progress::Moved(1));
        assert_eq!(given.reader(0).expect("given").read(&mut byte).expect("it works"), sys::Progress::WouldBlock);
        let place = parent.place(1).expect("the queue");
        parent.block(place)[0].store(7, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(given.block(place)[0].load(std::sync::atomic::Ordering::Relaxed), 7);
    }

    #[test]
    fn an_end_that_was_closed_can_not_be_passed_on() {
        let script = [Step::Make(Object::new("pipe", Make::Pipe { duplex: false }))];
        let mut parent = Objects::make(&script).expect("they can be made");
        assert!(parent.close(0) && !parent.close(0) && !parent.close(99));
        let refused = parent.pass(&Child::new(1, []).with_end(0, 0)).expect_err("it is closed");
        assert_eq!(refused.to_string(), "handle is closed");
        assert_eq!(parent.pass(&Child::new(1, []).with_end(0, 1)).expect("still there").1.len(), 1);
    }
}
