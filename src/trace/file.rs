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
    #[error("{} exists already. Choose another name, or move it away first.", .0.display())]
    Exists(PathBuf),
    /// The system refused.
    #[error("{}: {error}.", .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{}: this is not an ordinary file, and a trace is one.", .0.display())]
    NoFile(PathBuf),
    /// It is no trace, or one from the future.
    #[error("{}: {error}.", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: DecodeError,
    },
    /// It is too large.
    #[error("{} has more than {} MiB. Record a shorter run.", .0.display(), MAX_BYTES >> 20)]
    TooLarge(PathBuf),
}

/// Writes a trace: `NAME.part` while it grows, `NAME` once it is finished.
///
/// Neither file is ever one that was there before. Each call of [`Self::append`] reaches the system at once, so that a killed program loses nothing
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
        // A link that leads nowhere is there, too.
        if path.symlink_metadata().is_ok() {
            return Err(FileError::Exists(path.to_owned()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        // Another recording may be at it, or one that broke off may have left it: it must be new.
        options.write(true).create_new(true);
        crate::sys::only_for_this_user(&mut options);
        let file = options.open(&part).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::Exists(part.clone()),
            _ => FileError::Io { path: part.clone(), error },
        })?;
        let mut writer = Self { file, part, path: path.to_owned() };
        let mut header = Vec::new();
        codec::write_header(&mut header);
        match writer.append(&header) {
            Ok(()) => Ok(writer),
            Err(error) => {
                writer.discard();
                Err(error)
            }
        }
    }

    /// Where the trace lies while it grows.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// The name of the finished trace.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what was written.
    pub fn discard(self) {
        drop(self.file);
        // What can't be removed is in the way of the next recording, and is then told.
        let _ = std::fs::remove_file(&self.part);
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
    // Looked at before it is opened: the other end of a pipe may never come.
    let about = std::fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(FileError::NoFile(path.to_owned()));
    }
    if about.len() > MAX_BYTES {
        return Err(FileError::TooLarge(path.to_owned()));
    }
    let mut file = File::open(path).map_err(failed)?;
    read(&mut file, MAX_BYTES).map_err(|error| match error {
        ReadError::Io(error) => failed(error),
        ReadError::TooLarge => FileError::TooLarge(path.to_owned()),
        ReadError::Decode(error) => FileError::Unreadable { path: path.to_owned(), error },
    })
}

enum ReadError {
    Io(io::Error),
    Decode(DecodeError),
    TooLarge,
}

/// Reads a trace of at most so many bytes, whatever length its file claims.
fn read(source: &mut impl Read, most: u64) -> Result<Opened, ReadError> {
    let mut left = most;
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
        left = left.checked_sub(length as u64).ok_or(ReadError::TooLarge)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_there_is_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.pst");
        let first = TraceWriter::create(&path).expect("a new file");
        let second = TraceWriter::create(&path).expect_err("the first one is at it");
        assert_eq!(second.to_string(), FileError::Exists(first.part().to_owned()).to_string());
        assert!(second.to_string().contains("t.pst.part exists already. Choose another name"), "{second}");
        first.finish().expect("its name is free");
        assert!(open(&path).expect("a trace").events.is_empty());
        let third = TraceWriter::create(&path).expect_err("finished");
        assert!(third.to_string().contains("t.pst exists already"), "{third}");
    }

    #[test]
    fn what_was_discarded_is_in_nobodys_way() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.pst");
        TraceWriter::create(&path).expect("a new file").discard();
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        TraceWriter::create(&path).expect("a new file");
    }

    #[test]
    fn bytes_are_counted_and_not_believed() {
        let mut header = Vec::new();
        codec::write_header(&mut header);
        assert!(read(&mut header.as_slice(), 16).is_ok());
        assert!(matches!(read(&mut header.as_slice(), 15), Err(ReadError::TooLarge)));
    }
}
