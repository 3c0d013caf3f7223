//! Locks and semaphores, events, conditions and barriers, and numbers in shared memory: what each promises is asserted
//! from what was told of its program, under every start method of this machine, and where Python is at hand, whether
//! it prints the same.

#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on says so")]

mod common;

use common::programs::{at_once, run};

#[test]
fn i01_with_its_lock_not_one_update_is_lost() {
    at_once(|start| {
        let ran = run("lost-updates", start, &[("lock", 1)]);
        assert_eq!(ran.lines(), ["counted 80000", "expected 80000"], "{}", start.name());
    });
}

#[test]
fn i01_without_it_the_number_is_whatever_it_comes_to() {
    at_once(|start| {
        let counted: Vec<String> = (0..5).map(|_| run("lost-updates", start, &[]).lines()[0].clone()).collect();
        println!("{} {counted:?}", start.name());
    });
}
