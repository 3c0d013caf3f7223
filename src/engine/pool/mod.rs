//! The pool: the parent hands out units, collects results, and bears with workers that die.
//!
//! ```text
//!             Dispatch (pure)                       Collector (pure)      Caller (pure)
//!  units ──► next_for(place) ─► worker ─► answer ─► input order ────────► what the program gets
//!     ▲                           │ dies
//!     └──── handed out again ◄────┴─► policy for what it had begun; Restarts (pure) ─► a successor
//! ```
//!
//! [`dispatch`], [`collect`], [`caller`] and [`restarts`] decide; [`processes`] and [`threads`] carry;
//! [`narrator`] tells it in the words of the program.

pub mod caller;
pub(super) mod collect;
mod crew;
pub mod dispatch;
mod ends;
mod gil;
mod losses;
mod member;
pub(super) mod narrator;
mod places;
pub(super) mod processes;
pub mod restarts;
mod thread;
pub(super) mod threads;
mod tracked;
