//! A place where the program runs under limits, or as another user.
//!
//! Some limits do not hold for root; a test that runs as root has the program run as a user of its own, who has no
//! other processes. `prlimit` (util-linux) sets the limits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::Uid;

/// Where the program says things, and for root a copy of it that others may start.
pub struct Place {
    /// The folder, which others may look into.
    pub folder: tempfile::TempDir,
    /// The program.
    pub program: PathBuf,
}

impl Place {
    /// A new one.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut program = PathBuf::from(super::PROGRAM);
        if Uid::effective().is_root() {
            let copy = folder.path().join("poolscope");
            if fs::hard_link(&program, &copy).is_err() {
                fs::copy(&program, &copy).expect("room for a copy");
            }
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("ours");
            program = copy;
        }
        Self { folder, program }
    }

    /// The program under a limit, with its messages in files.
    pub fn limited(&self, limit: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("prlimit");
        command.arg(limit).arg(&self.program).args(arguments);
        self.heard(command)
    }

    /// A command whose messages go into files.
    pub fn heard(&self, mut command: Command) -> Command {
        let file = |name| fs::File::create(self.folder.path().join(name)).expect("room");
        command.stdin(Stdio::null()).stdout(file("out")).stderr(file("err"));
        command
    }

    /// What was said there.
    pub fn said(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    /// The only line on standard error.
    pub fn message(&self) -> String {
        let said = self.said("err");
        assert_eq!(said.lines().count(), 1, "one message: {said}");
        said
    }
}

/// A user who has no other processes, if root may choose.
pub fn nobody_else() -> Option<u32> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let user = || 1_000_000_000 + std::process::id() * 64 + COUNT.fetch_add(1, Ordering::Relaxed);
    Uid::effective().is_root().then(user)
}

/// Has a command run by a user.
pub fn run_by(user: Option<u32>, command: &mut Command) -> &mut Command {
    user.map(|user| command.uid(user).gid(user));
    command
}
