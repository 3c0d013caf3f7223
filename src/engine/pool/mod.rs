//! `Pool.map`: the parent hands out units and collects results.
//!
//! ```text
//!             Dispatch (pure)                       Collector (pure)
//!  units ──► next_for(worker) ─► worker k ─► answer ─► input order ─► digest
//! ```
//!
//! [`dispatch`] and [`collect`] decide; [`processes`] and [`threads`] carry.

pub(super) mod collect;
pub(super) mod crew;
pub mod dispatch;
pub(super) mod processes;
pub(super) mod threads;
mod tracked;
