//! A file that nobody else can open.

use std::fs::{File, OpenOptions};
use std::io;

/// A new file for this process's own use, read and written, which is gone when it is closed. It has no name where the
/// system can make such a file; else one for a moment, which must be new, and only this user may open it (mode 0600).
pub fn nameless_file() -> io::Result<File> {
    let folder = std::env::temp_dir();
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Exclusive: nobody can give it a name later.
        let flags = libc::O_TMPFILE | libc::O_EXCL;
        if let Ok(file) = OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(&folder) {
            return Ok(file);
        }
    }
    let path = folder.join(format!("poolscope-{}-{}", std::process::id(), super::now_ns()));
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }
    #[cfg(windows)]
    {
        use std::os::windows::fs::OpenOptionsExt;
        use windows_sys::Win32::Storage::FileSystem::{FILE_ATTRIBUTE_TEMPORARY, FILE_FLAG_DELETE_ON_CLOSE};
        options.share_mode(0).custom_flags(FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE).open(&path)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn such_a_file_is_written_and_read_by_its_owner_alone() {
        let mut file = nameless_file().expect("there is room");
        file.write_all(b"a line\n").expect("there is room");
        file.rewind().expect("it can");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("it can be read");
        assert_eq!(text, "a line\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let known = file.metadata().expect("it is a file");
            assert_eq!((known.mode() & 0o777, known.nlink()), (0o600, 0));
        }
    }
}
