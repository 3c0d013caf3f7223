//! What processes share, case by case, under every start method of this machine. The cases have the numbers of the
//! project's list of behaviours: `f…` are about pipes and queues, `g…` about processes that die, `h…` about locks and
//! whatever else they wait for, `i…` about shared memory, `j…` about managers. Where Python is at hand, the same is run
//! there too, and any difference fails.
//!
//! One program, because each is large. What copies itself is another (`ipc_ends.rs`).

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

#[path = "../common/mod.rs"]
mod common;

mod cells;
mod deadlock;
mod disturbed;
mod dying;
mod killed;
mod locks;
mod manager;
mod meeting;
mod pipe;
mod places;
mod queue;
mod uses;
