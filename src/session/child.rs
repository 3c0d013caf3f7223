//! The engine as a child process: whoever drops it leaves neither it nor a zombie of it behind.

use std::io;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::sys::Leash;

/// How long a killed engine may take to be gone: only a kernel that waits for a device needs so long.
const GONE_PATIENCE: Duration = Duration::from_secs(2);

/// A running engine and the leash that holds its tree.
pub(super) struct EngineProcess {
    child: Child,
    leash: Option<Leash>,
    /// Whether it was waited for, or given up on.
    over: bool,
}

impl EngineProcess {
    /// Starts it and puts it on a leash.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let mut engine = Self { child: command.spawn()?, leash: None, over: false };
        engine.leash = Some(Leash::hold(&engine.child)?);
        Ok(engine)
    }

    /// Its standard input, output and error; each can be taken once.
    pub(super) fn pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take())
    }

    /// How it ended, if it has; does not wait.
    pub(super) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.over |= status.is_some();
        Ok(status)
    }

    /// Ends it, without waiting for that.
    pub(super) fn kill(&mut self) {
        // Who is gone already needs no killing.
        let _ = self.child.kill();
    }

    /// Ends it and waits until it is gone; `None` if it did not go in time.
    pub(super) fn end(&mut self) -> Option<ExitStatus> {
        self.kill();
        let give_up = Instant::now() + GONE_PATIENCE;
        let status = loop {
            match self.try_wait() {
                Ok(None) if Instant::now() < give_up => std::thread::sleep(Duration::from_millis(1)),
                outcome => break outcome.ok().flatten(),
            }
        };
        self.over = true;
        status
    }

    /// Lets go of the leash, which ends whatever the engine left behind.
    pub(super) fn release(&mut self) {
        if let Some(leash) = &mut self.leash {
            leash.release();
        }
    }
}

impl Drop for EngineProcess {
    fn drop(&mut self) {
        if !self.over {
            self.end();
        }
    }
}
