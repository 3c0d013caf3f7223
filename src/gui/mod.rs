//! The window.

pub mod command;
pub mod panels;
pub mod playhead;
pub mod theme;

pub use crate::words;
