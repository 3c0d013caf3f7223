//! An emulation of CPython's Global Interpreter Lock, for threads that shall take turns as Python's do.
//! Rust has no such lock; wherever this one is shown, it is called an emulation.
//!
//! - One thread computes at a time: the one that holds the lock.
//! - Who waits for it longer than the switch interval asks for it; the holder notices at its next breath,
//!   lets go, and does not take it again before another has had it.
//! - Who waits for something else, such as a disk or its next unit, lets go meanwhile.
//!
//! Source: CPython `Python/ceval_gil.c` (`take_gil`, `drop_gil`, forced switching) and
//! `sys.getswitchinterval()`, 5 ms.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sys;
use crate::workload::Interpreter;

/// How long who waits lets the holder go on.
pub(super) const SWITCH_INTERVAL: Duration = Duration::from_millis(5);

/// The lock of one interpreter.
#[derive(Debug, Default)]
pub(super) struct Gil {
    state: Mutex<State>,
    /// Somebody let go.
    free: Condvar,
    /// Somebody took it.
    taken: Condvar,
    /// Whether the holder is asked to let go.
    wanted: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    held: bool,
    /// How often it was taken.
    switches: u64,
    /// How many threads wait for it.
    waiting: u32,
}

impl Gil {
    fn state(&self) -> MutexGuard<'_, State> {
        // What is locked here is only ever a few plain words, whole at any moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes it; false if nobody else had it.
    fn acquire(&self) -> bool {
        let mut state = self.state();
        let waits = state.held;
        state.waiting += 1;
        while state.held {
            let before = state.switches;
            let (next, timeout) =
                self.free.wait_timeout(state, SWITCH_INTERVAL).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if timeout.timed_out() && state.held && state.switches == before {
                self.wanted.store(true, Ordering::Relaxed);
            }
        }
        state.waiting -= 1;
        state.held = true;
        state.switches += 1;
        self.wanted.store(false, Ordering::Relaxed);
        self.taken.notify_all();
        waits
    }

    fn release(&self) {
        self.state().held = false;
        self.free.notify_one();
    }

    /// Lets go for another, and waits until one has it: without that, the same thread would often be first
    /// again.
    fn give_way(&self) {
        let mut state = self.state();
        let before = state.switches;
        state.held = false;
        self.free.notify_one();
        while state.switches == before && state.waiting > 0 {
            state = self.taken.wait_timeout(state, SWITCH_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// One thread's way to the lock, with the times it waited for it.
#[derive(Debug)]
pub(super) struct GilThread<'a> {
    gil: &'a Gil,
    /// (from, to) since they were last taken out.
    waits_ns: RefCell<Vec<(u64, u64)>>,
    holds: Cell<bool>,
}

impl<'a> GilThread<'a> {
    /// Does not hold it yet.
    pub(super) fn new(gil: &'a Gil) -> Self {
        Self { gil, waits_ns: RefCell::default(), holds: Cell::new(false) }
    }

    /// The times it waited since they were last taken out: (from, to).
    pub(super) fn take_waits(&self) -> Vec<(u64, u64)> {
        self.waits_ns.take()
    }

    fn note(&self, since_ns: u64) {
        self.waits_ns.borrow_mut().push((since_ns, sys::now_ns()));
    }
}

impl Interpreter for GilThread<'_> {
    #[inline]
    fn breathe(&self) {
        if self.gil.wanted.load(Ordering::Relaxed) {
            let since_ns = sys::now_ns();
            self.gil.give_way();
            self.gil.acquire();
            self.note(since_ns);
        }
    }

    fn release(&self) {
        self.holds.set(false);
        self.gil.release();
    }

    fn acquire(&self) {
        let since_ns = sys::now_ns();
        if self.gil.acquire() {
            self.note(since_ns);
        }
        self.holds.set(true);
    }
}

impl Drop for GilThread<'_> {
    /// A thread that ends in the middle of a task, as by a panic, must not take the lock along.
    fn drop(&mut self) {
        if self.holds.get() {
            self.gil.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::time::Instant;

    use super::*;

    #[test]
    fn one_computes_at_a_time_and_everybody_gets_its_turn() {
        let (gil, inside, content) = (Gil::default(), AtomicU32::new(0), AtomicU32::new(0));
        let give_up = Instant::now() + Duration::from_secs(20);
        let turns: Vec<usize> = std::thread::scope(|scope| {
            let body = || {
                let me = GilThread::new(&gil);
                me.acquire();
                let mut turns = 0;
                // Whoever has had enough goes on for the others: alone, nobody would want to take turns.
                while content.load(Ordering::SeqCst) < 3 && Instant::now() < give_up {
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two computed at once");
                    std::hint::black_box((0..1000).sum::<u64>());
                    inside.fetch_sub(1, Ordering::SeqCst);
                    me.breathe();
                    let before = turns;
                    turns += me.take_waits().len();
                    content.fetch_add(u32::from(before < 5 && turns >= 5), Ordering::SeqCst);
                }
                me.release();
                turns
            };
            let threads: Vec<_> = (0..3).map(|_| scope.spawn(body)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(turns.iter().all(|&turns| turns >= 5), "{turns:?}");
    }

    #[test]
    fn who_waits_for_something_else_lets_the_others_in() {
        let gil = Gil::default();
        let me = GilThread::new(&gil);
        me.acquire();
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let other = GilThread::new(&gil);
                other.acquire();
                other.release();
            });
            me.release();
            other.join().expect("it gets in");
        });
        me.acquire();
        assert_eq!(me.take_waits().len(), 0, "nobody had it when it came back");
    }

    #[test]
    fn a_thread_that_panics_lets_go() {
        let gil = Gil::default();
        let end = std::thread::scope(|scope| {
            let body = || {
                let me = GilThread::new(&gil);
                me.acquire();
                std::panic::resume_unwind(Box::new("the task is broken"));
            };
            scope.spawn(body).join()
        });
        assert!(end.is_err());
        assert!(!gil.acquire(), "nobody has it");
    }
}
