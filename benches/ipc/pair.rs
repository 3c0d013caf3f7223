//! Two processes: this one, and a copy of it that does the other half.

use std::time::{Duration, Instant};

use poolscope::sys::{self, Forked, PipeReader, PipeWriter};

/// How long the other may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Both halves at once; gives how long this process needed for its own, which ends with the last word of the other.
pub(super) fn run(other: impl FnOnce(), this: impl FnOnce()) -> Duration {
    match sys::fork().expect("a copy of this process") {
        Forked::Child => {
            other();
            sys::exit_now(0);
        }
        Forked::Parent(mut child) => {
            let began = Instant::now();
            this();
            let took = began.elapsed();
            sys::wait_with_deadline(&mut child, PATIENCE).expect("the other half ends");
            took
        }
    }
}

/// Both do the same at once; gives how long it took until both were done.
pub(super) fn both(work: impl Fn()) -> Duration {
    let (done, tell) = sys::pipe().expect("a pipe");
    let tell = || _ = tell.write(&[1]);
    run(
        || {
            work();
            tell();
        },
        || {
            work();
            read_all(&done, &mut [0]);
        },
    )
}

/// Reads as much as there is room for, from an end that waits.
pub(super) fn read_all(from: &PipeReader, mut into: &mut [u8]) {
    while !into.is_empty() {
        match from.read(into).expect("it can be read") {
            sys::Progress::Moved(count) => into = &mut into[count..],
            sys::Progress::WouldBlock => {}
            sys::Progress::Closed => return,
        }
    }
}

/// Writes all of it, into an end that waits.
pub(super) fn write_all(to: &PipeWriter, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match to.write(bytes).expect("it can be written") {
            sys::Progress::Moved(count) => bytes = &bytes[count..],
            sys::Progress::WouldBlock => {}
            sys::Progress::Closed => return,
        }
    }
}
