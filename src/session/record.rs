//! The trace file of a session: whole blocks only, whoever brings them.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::trace::Event;
use crate::trace::codec;
use crate::trace::file::{FileError, TraceWriter};

/// A trace being written, or nothing; once a write failed, nothing more is tried.
pub(super) struct Recording(Mutex<Option<TraceWriter>>);

impl Recording {
    /// Begins a file at `path`, if one is wanted.
    pub(super) fn begin(path: Option<&Path>) -> Result<Self, FileError> {
        Ok(Self(Mutex::new(path.map(TraceWriter::create).transpose()?)))
    }

    /// Appends whole blocks; an error is told once.
    pub(super) fn blocks(&self, blocks: &[u8]) -> Result<(), FileError> {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = match writer.as_mut() {
            Some(open) if !blocks.is_empty() => open.append(blocks),
            _ => Ok(()),
        };
        if outcome.is_err() {
            *writer = None;
        }
        outcome
    }

    /// Appends events, a block each.
    pub(super) fn events(&self, events: &[Event]) -> Result<(), FileError> {
        let mut blocks = Vec::new();
        for event in events {
            codec::write_event(event, &mut blocks);
        }
        self.blocks(&blocks)
    }

    /// Gives the file its name.
    pub(super) fn finish(&self) -> Result<(), FileError> {
        let writer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        writer.map_or(Ok(()), TraceWriter::finish)
    }
}
