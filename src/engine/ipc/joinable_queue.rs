//! `JoinableQueue(maxsize)`: a [`Queue`](super::Queue) that counts tasks which were put and are not done.
//!
//! *Python:* `task_done`, `join`.
//!
//! *Cost:* one atomic operation for each put and each task that is done.
//!
//! *Traps:* `join` knows nothing of processes: a worker that dies before `task_done` leaves it waiting for ever. A
//! sentinel is a task, too. One `task_done` too many is an error.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::sys;

use super::layout::QueueCell;
use super::memory::Block;
use super::refusal::Refusal;
use super::simple_queue;

/// In the cell of the tasks, how many are not done, and how often none was left.
const LEFT: usize = 0;
const DONE: usize = 1;

/// The tasks of such a queue.
#[derive(Clone, Debug)]
pub struct Tasks(Block);

impl Tasks {
    /// Of the queue in these words.
    pub fn of(words: &Block) -> Self {
        Self(simple_queue::cell(words, QueueCell::Tasks))
    }

    /// A task was put.
    pub fn add(&self) {
        self.0[LEFT].fetch_add(1, Ordering::AcqRel);
    }

    /// `task_done()`: how many are left.
    pub fn done(&self) -> Result<u64, Refusal> {
        let less = |left: u64| left.checked_sub(1);
        let too_often = |_| Refusal::new("ValueError", "task_done() called too many times");
        let before = self.0[LEFT].fetch_update(Ordering::AcqRel, Ordering::Acquire, less).map_err(too_often)?;
        if before == 1 {
            self.0[DONE].fetch_add(1, Ordering::AcqRel);
            sys::unpark(&self.0[DONE], u32::MAX);
        }
        Ok(before - 1)
    }

    /// Where `join` begins to wait: see [`Self::join`].
    pub fn begin_join(&self) -> u64 {
        self.0[DONE].load(Ordering::Acquire)
    }

    /// Whether all tasks are done, or were at some moment since `begin_join`; waits so long for it.
    pub fn join(&self, begun: u64, patience: Duration) -> bool {
        let over = || self.0[DONE].load(Ordering::Acquire) != begun || self.0[LEFT].load(Ordering::Acquire) == 0;
        if over() {
            return true;
        }
        if !patience.is_zero() {
            sys::park(&self.0[DONE], begun, patience);
        }
        over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ipc::layout::{CELL, QUEUE_CELLS};

    fn tasks() -> Tasks {
        Tasks::of(&Block::create(QUEUE_CELLS * CELL).expect("memory"))
    }

    #[test]
    fn f10_a_task_is_done_once_and_join_returns_when_none_is_left() {
        let tasks = tasks();
        assert!(tasks.join(tasks.begin_join(), Duration::ZERO), "there is no task");
        tasks.add();
        tasks.add();
        let begun = tasks.begin_join();
        assert_eq!(tasks.done(), Ok(1));
        assert!(!tasks.join(begun, Duration::from_millis(20)));
        assert_eq!(tasks.done(), Ok(0));
        // It was over, whatever is put later.
        tasks.add();
        assert!(tasks.join(begun, Duration::ZERO));
        assert_eq!(tasks.done(), Ok(0));
        let refused = tasks.done().expect_err("once too often");
        assert_eq!((refused.kind, &refused.message[..]), ("ValueError", "task_done() called too many times"));
    }

    #[test]
    fn f11_all_who_join_wake_when_the_last_task_is_done() {
        let tasks = tasks();
        (0..1000).for_each(|_| tasks.add());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let begun = tasks.begin_join();
                    while !tasks.join(begun, Duration::from_secs(10)) {}
                    assert_eq!(tasks.0[LEFT].load(Ordering::Acquire), 0);
                });
            }
            for _ in 0..4 {
                scope.spawn(|| (0..250).for_each(|_| _ = tasks.done().expect("there are enough")));
            }
        });
    }
}
