//! `Process`: carries out the scripts of [`crate::program`] with real processes.
//!
//! ```text
//! engine ── orders, and its end ──► child ── orders ──► grandchild        (a private pipe each)
//!        ◄────────────────── one pipe for everybody's story ──────────────
//! ```
//!
//! The engine is the parent of the program, and works as one process among the others: the same
//! [carrier] takes the same steps in all of them. Only the [host] differs.

mod calls;
mod carrier;
mod child;
mod host;
mod life;
mod lines;
mod odd;
mod run;
mod starters;
mod story;
mod thread;
mod uses;
mod value;

pub(super) use child::main;
pub(super) use run::run;
