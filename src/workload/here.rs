//! What a task may ask of its surroundings: a breath while it computes, and to wait.
//!
//! In Python one thread at a time computes, the one that holds the interpreter's lock. It lets go of it
//! now and then, and whenever it waits. A workload says at both places that it may; whether there is an
//! interpreter at all is the business of whoever calls it. Processes and free threads have none of
//! which anybody else could be in need.

use std::time::Duration;

/// Nobody waits longer, whatever a message says.
const LONGEST: Duration = Duration::from_hours(1);

/// An interpreter that only one thread at a time computes in.
pub trait Interpreter {
    /// Called often by whoever computes: may hand the interpreter to another thread.
    fn breathe(&self);
    /// Lets others in, for as long as this thread waits.
    fn release(&self);
    /// Comes back, as soon as the others let this thread in.
    fn acquire(&self);
}

/// Where a task is computed.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    interpreter: Option<&'a dyn Interpreter>,
}

impl<'a> Here<'a> {
    /// Where nobody shares an interpreter: in a process of its own, or on a thread without a lock.
    pub const fn free() -> Self {
        Self { interpreter: None }
    }

    /// On a thread that holds this interpreter while it computes.
    pub const fn inside(interpreter: &'a dyn Interpreter) -> Self {
        Self { interpreter: Some(interpreter) }
    }

    /// Lets another thread in if it is time. To be called in every 20 to 100 µs of work; without an
    /// interpreter it costs a branch.
    #[inline]
    pub fn breathe(&self) {
        if let Some(interpreter) = self.interpreter {
            interpreter.breathe();
        }
    }

    /// Waits as for a disk or a server: no core is needed, and no interpreter.
    pub fn wait(&self, duration: Duration) {
        let duration = duration.min(LONGEST);
        let Some(interpreter) = self.interpreter else { return std::thread::sleep(duration) };
        interpreter.release();
        std::thread::sleep(duration);
        interpreter.acquire();
    }
}

impl std::fmt::Debug for Here<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here").field("shares_an_interpreter", &self.interpreter.is_some()).finish()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Writes down what it is asked for.
    #[derive(Default)]
    pub(in crate::workload) struct Notes(pub(in crate::workload) RefCell<Vec<&'static str>>);

    impl Interpreter for Notes {
        fn breathe(&self) {
            self.0.borrow_mut().push("breathe");
        }

        fn release(&self) {
            self.0.borrow_mut().push("release");
        }

        fn acquire(&self) {
            self.0.borrow_mut().push("acquire");
        }
    }

    #[test]
    fn who_waits_lets_the_others_in_meanwhile() {
        let notes = Notes::default();
        let here = Here::inside(&notes);
        here.breathe();
        here.wait(Duration::ZERO);
        assert_eq!(*notes.0.borrow(), ["breathe", "release", "acquire"]);
    }
}
