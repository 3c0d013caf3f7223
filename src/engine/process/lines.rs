//! Lines that come through a pipe: the setup of a process, and then what is wanted of it.

use std::io;

use crate::sys::{PipeReader, Progress};

/// The longest line: a setup with many knobs.
const LINE_BYTES: usize = 64 << 10;

/// Lines as they become whole.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    /// Whether the other side is gone.
    pub(super) closed: bool,
}

impl Lines {
    /// The next line, if it is whole. The pipe must not make its reader wait.
    pub(super) fn next(&mut self, pipe: &PipeReader) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.bytes.iter().position(|&byte| byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                return Ok(Some(std::mem::replace(&mut self.bytes, rest)));
            }
            let mut chunk = [0; 4096];
            match pipe.read(&mut chunk)? {
                Progress::Moved(count) if self.bytes.len() + count <= LINE_BYTES => {
                    self.bytes.extend_from_slice(&chunk[..count]);
                }
                Progress::Moved(_) => return Err(io::ErrorKind::InvalidData.into()),
                Progress::WouldBlock => return Ok(None),
                Progress::Closed => {
                    self.closed = true;
                    return Ok(None);
                }
            }
        }
    }
}
