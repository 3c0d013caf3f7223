//! The fork server's socket, which Windows does not have: a process can't be copied here. The names
//! exist so that the engine reads the same on every system; no value of these types ever does.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use super::{Child, PipeReader, PipeWriter, SharedMemory};
use crate::sys::PipeEnd;

/// Every message has this many bytes, so that a stream keeps its boundaries.
const MESSAGE_BYTES: usize = 16;

/// The engine's end.
#[derive(Debug)]
pub struct Control(Infallible);

/// The fork server's end.
#[derive(Debug)]
pub struct ControlPeer(Infallible);

/// What a fork server is asked for, with what the new worker shall own.
pub type Request = ([u8; MESSAGE_BYTES], Option<(PipeReader, PipeWriter, SharedMemory, Vec<PipeEnd>)>);

impl Control {
    /// Answers that there are no fork servers here.
    pub fn start(_arguments: &[String]) -> io::Result<(Self, Child)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Asks for something, passing what a new worker shall own. A peer that does not listen so long is
    /// an error.
    pub fn ask(
        &self,
        _message: [u8; MESSAGE_BYTES],
        _owned: Option<(&PipeReader, &PipeWriter, &SharedMemory, &[PipeEnd])>,
        _patience: Duration,
    ) -> io::Result<()> {
        match self.0 {}
    }

    /// The next answer, waited for at most so long.
    pub fn answer(&self, _patience: Duration) -> io::Result<[u8; MESSAGE_BYTES]> {
        match self.0 {}
    }
}

impl ControlPeer {
    /// Answers that there are no fork servers here.
    pub fn inherited(_handle: u64) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The next request, waited for at most so long.
    pub fn request(&self, _patience: Duration) -> io::Result<Option<Request>> {
        match self.0 {}
    }

    /// Answers the engine.
    pub fn answer(&self, _message: [u8; MESSAGE_BYTES]) -> io::Result<()> {
        match self.0 {}
    }
}
