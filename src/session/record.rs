//! The trace file of a session: whole blocks only, whoever brings them.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::trace::Event;
use crate::trace::codec;
use crate::trace::file::{FileError, TraceWriter};

/// A trace being written, or nothing; once a write failed, nothing more is tried.
pub(super) struct Recording(Mutex<State>);

enum State {
    /// None is wanted, or it is finished.
    Nothing,
    Open(TraceWriter),
    /// It could not be written on; a sentence says what there is.
    Broken(String),
}

impl Recording {
    /// Begins a file at `path`, if one is wanted.
    pub(super) fn begin(path: Option<&Path>) -> Result<Self, FileError> {
        let writer = path.map(TraceWriter::create).transpose()?;
        Ok(Self(Mutex::new(writer.map_or(State::Nothing, State::Open))))
    }

    /// Appends whole blocks; an error is told once.
    pub(super) fn blocks(&self, blocks: &[u8]) -> Result<(), FileError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Open(writer) = &mut *state else { return Ok(()) };
        if blocks.is_empty() {
            return Ok(());
        }
        let outcome = writer.append(blocks);
        if outcome.is_err() {
            let (path, part) = (writer.path().display(), writer.part().display());
            *state = State::Broken(format!("{path} is not complete. {part} holds what was recorded until then."));
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

    /// Gives the file its name; tells the name, or in a sentence why the file does not have it.
    /// `None` if none was wanted.
    pub(super) fn finish(&self) -> Option<Result<PathBuf, String>> {
        match self.take() {
            State::Nothing => None,
            State::Broken(sentence) => Some(Err(sentence)),
            State::Open(writer) => {
                let (path, part) = (writer.path().to_owned(), writer.part().to_owned());
                let told = |error| format!("{error} {} holds the whole recording.", part.display());
                Some(writer.finish().map(|()| path).map_err(told))
            }
        }
    }

    /// Removes the file: there was nothing to record.
    pub(super) fn discard(&self) {
        if let State::Open(writer) = self.take() {
            writer.discard();
        }
    }

    fn take(&self) -> State {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), State::Nothing)
    }
}
