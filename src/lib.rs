//! Poolscope: a desktop lab in which students see parallelism.

pub mod chunk;
pub mod cli;
pub mod engine;
#[cfg(feature = "gui")]
pub mod gui;
pub mod model;
pub mod plan;
pub mod session;
#[allow(unsafe_code, reason = "the one folder that may: invariant 7")]
pub mod sys;
pub mod trace;
pub mod words;
pub mod workload;
