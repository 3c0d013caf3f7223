//! A message on its way into a pipe.

use std::io;

use crate::sys::{self, PipeWriter, Progress};

use super::{HEADER_BYTES, MAGIC, check};

/// Most messages are no longer.
const OFTEN_BYTES: usize = 64;

/// A message on its way into a pipe.
#[derive(Debug)]
pub struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
    number: u32,
    /// When its first piece was about to be written.
    begun_ns: u64,
    /// When its last piece was.
    written_ns: u64,
}

/// How far the writing of a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it is in the pipe.
    Whole,
    /// The pipe is full.
    Full,
    /// Nobody will ever read it.
    Closed,
}

impl Outgoing {
    /// A message with this number, whose bytes are appended by `write`.
    pub fn new(number: u32, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = Vec::with_capacity(OFTEN_BYTES);
        bytes.resize(HEADER_BYTES, 0);
        write(&mut bytes);
        let length = (bytes.len() - HEADER_BYTES) as u32;
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes[8..12].copy_from_slice(&number.to_le_bytes());
        let check = check(&bytes).to_le_bytes();
        bytes[12..16].copy_from_slice(&check);
        Self { bytes, sent: 0, number, begun_ns: 0, written_ns: 0 }
    }

    /// Writes as much as there is room for.
    pub fn write(&mut self, to: &PipeWriter) -> io::Result<Written> {
        self.written_ns = sys::now_ns();
        if self.begun_ns == 0 {
            self.begun_ns = self.written_ns;
        }
        match to.write(&self.bytes[self.sent..])? {
            Progress::Moved(count) => self.sent += count,
            Progress::WouldBlock => {}
            Progress::Closed => return Ok(Written::Closed),
        }
        // A pipe that did not take everything is full: to ask it again would be a call for nothing.
        Ok(if self.sent == self.bytes.len() { Written::Whole } else { Written::Full })
    }

    /// When its first piece was about to be written, or the pipe was found full.
    pub fn begun_ns(&self) -> u64 {
        self.begun_ns
    }

    /// When its last piece was about to be written: before anybody could read it.
    pub fn written_ns(&self) -> u64 {
        self.written_ns
    }

    /// Its number.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Its size with its header.
    pub fn size(&self) -> u32 {
        self.bytes.len() as u32
    }

    /// All of it, as it lies in the pipe.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
