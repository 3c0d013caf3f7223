//! Queues that a manager keeps: Python's `queue.Queue`, which also counts its tasks.

use std::collections::VecDeque;

use crate::program::plain::Plain;
use crate::program::uses::Kind;

use super::kept::{Answer, Caller, Keep, Turn, patience, unknown};
use super::request::{Fault, argument};

/// `Queue(maxsize)`, `JoinableQueue(maxsize)`
#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Plain>,
    /// How many it may hold; `None` = any number.
    most: Option<usize>,
    /// Tasks that were put and are not done.
    tasks: u64,
}

impl Queue {
    /// As in Python, no limit if it is not above 0.
    pub(super) fn new(maxsize: i64) -> Self {
        let most = usize::try_from(maxsize).ok().filter(|most| *most > 0);
        Self { items: VecDeque::new(), most, tasks: 0 }
    }

    fn is_full(&self) -> bool {
        self.most.is_some_and(|most| self.items.len() >= most)
    }
}

impl Keep for Queue {
    fn call(&mut self, caller: Caller, method: &str, arguments: &[Plain]) -> Result<Answer, Fault> {
        let late = caller.turn == Turn::Late;
        Ok(match method {
            "put" | "put_nowait" if !self.is_full() => {
                self.items.push_back(argument(arguments, 0, method)?.clone());
                self.tasks += 1;
                Plain::None.into()
            }
            "put" if !late => Answer::Park(patience(arguments, 1)?),
            "put" | "put_nowait" => return Err(Fault::new("Full", "")),
            "get" | "get_nowait" => match self.items.pop_front() {
                Some(item) => item.into(),
                None if late || method == "get_nowait" => return Err(Fault::new("Empty", "")),
                None => Answer::Park(patience(arguments, 0)?),
            },
            "task_done" if self.tasks == 0 => {
                return Err(Fault::new("ValueError", "task_done() called too many times"));
            }
            "task_done" => {
                self.tasks -= 1;
                Plain::None.into()
            }
            "join" if self.tasks == 0 => Plain::None.into(),
            "join" => Answer::Park(None),
            "qsize" => Plain::Int(self.items.len() as i64).into(),
            "empty" => Plain::Bool(self.items.is_empty()).into(),
            "full" => Plain::Bool(self.is_full()).into(),
            _ => return Err(unknown(Kind::Queue, method)),
        })
    }
}
