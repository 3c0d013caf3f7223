//! The command line from outside: what it says, where it says it, and with which exit code.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod common;
mod lists;
mod output;
mod pool;
mod refused;
mod run;
mod shared;
mod show;
mod story;
