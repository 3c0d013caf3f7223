//! What the pool must do, case by case. The cases have the numbers of the project's list of behaviours, which
//! was drawn from CPython's source and tests: `a01` to `a28` are about `map` and `apply`, `b…` about `imap`,
//! `c…` about the life of a pool, `g…` about workers that die, `k…` about the trace.
//!
//! Where Poolscope promises to do what CPython does, the same is run there too (`python/*.py`), and any
//! difference fails. Where there is no python3, a line says so.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

#[path = "../common/mod.rs"]
mod common;

mod a_map;
mod b_imap;
mod c_lifetime;
mod g_death;
mod g_grid;
mod k_trace;
mod oracle;
mod ways;
