//! A trace in a file: written block by block under a temporary name, opened also when it is damaged.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::codec::{self, DecodeError, Decoder};
use super::event::Event;

/// The largest trace that is opened.
const MAX_BYTES: u64 = 2 << 30;

/// A trace file that could not be written or opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file exists already.
    #[error("trace: {} exists already. Choose another name, or move it away first.", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error("trace: {}: {error}.", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no trace, or one from the future.
    #[error("trace: {}: {error}.", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: DecodeError,
    },
    /// It is too large.
    #[error("trace: {} has more than {} MiB. Record a shorter run.", .0.display(), MAX_BYTES >> 20)]
    TooLarge(PathBuf),
}

/// Writes a trace: `NAME.part` while it grows, `NAME` once it is finished.
///
/// Each call of [`Self::append`] reaches the system at once, so that a killed program loses nothing
/// that was appended.
#[derive(Debug)]
pub struct TraceWriter {
    file: File,
    part: PathBuf,
    path: PathBuf,
}

impl TraceWriter {
    /// Begins a trace at `path`, which must not exist.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        if path.exists() {
            return Err(FileError::Exists(path.to_owned()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let failed = |error| FileError::Io { path: part.clone(), error };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        crate::sys::only_for_this_user(&mut options);
        let mut file = options.open(&part).map_err(failed)?;
        let mut header = Vec::new();
        codec::write_header(&mut header);
        file.write_all(&header).map_err(failed)?;
        Ok(Self { file, part: part.clone(), path: path.to_owned() })
    }

    /// Appends whole blocks.
    pub fn append(&mut self, blocks: &[u8]) -> Result<(), FileError> {
        self.file.write_all(blocks).map_err(|error| FileError::Io { path: self.part.clone(), error })
    }

    /// Gives the finished trace its name.
    pub fn finish(self) -> Result<(), FileError> {
        // Not `rename` over a file that appeared meanwhile: a hard link refuses to replace one.
        let moved = match std::fs::hard_link(&self.part, &self.path) {
            Ok(()) => std::fs::remove_file(&self.part),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FileError::Exists(self.path));
            }
            // Some file systems (FAT on a USB stick) have no links.
            Err(_) => std::fs::rename(&self.part, &self.path),
        };
        moved.map_err(|error| FileError::Io { path: self.path, error })
    }
}

/// A trace that was read.
#[derive(Debug, Default)]
pub struct Opened {
    /// Every event up to the last whole block.
    pub events: Vec<Event>,
    /// What was wrong with the rest, if anything.
    pub notice: Option<String>,
}

/// Opens a trace. A file that was cut or damaged opens up to its last whole block, with a notice.
pub fn open(path: &Path) -> Result<Opened, FileError> {
    let failed = |error| FileError::Io { path: path.to_owned(), error };
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() > MAX_BYTES {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    read(&mut file).map_err(|error| match error {
        ReadError::Io(error) => failed(error),
        ReadError::Decode(error) => FileError::Unreadable { path: path.to_owned(), error },
    })
}

enum ReadError {
    Io(io::Error),
    Decode(DecodeError),
}

fn read(source: &mut impl Read) -> Result<Opened, ReadError> {
    let mut decoder = Decoder::default();
    let mut opened = Opened::default();
    let mut chunk = vec![0; 1 << 20];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ReadError::Io(error)),
        };
        match decoder.push(&chunk[..length], &mut opened.events) {
            Ok(()) => {}
            Err(DecodeError::Damaged { offset }) => {
                opened.notice =
                    Some(format!("The trace is damaged at byte {offset}; what was recorded before that is shown."));
                return Ok(opened);
            }
            Err(error) => return Err(ReadError::Decode(error)),
        }
    }
    if decoder.offset() == 0 {
        // Shorter than a header, and so far like one: an empty file is foreign too.
        return Err(ReadError::Decode(DecodeError::Foreign));
    }
    if decoder.leftover_bytes() > 0 {
        opened.notice = Some(format!(
            "The trace ends in the middle of a block: its last {} bytes are missing their rest.",
            decoder.leftover_bytes()
        ));
    }
    Ok(opened)
}
