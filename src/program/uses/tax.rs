//! Measuring what it costs to pass bytes on, by each way.

use crate::program::script::Script;

/// A step of such a measurement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tax {
    /// Carries out the steps so often, and notes how long one time took: a message of so many bytes went this way, and
    /// was acknowledged.
    Measure {
        /// The way.
        way: &'static str,
        /// The size of each message.
        bytes: u64,
        /// How often.
        times: u32,
        /// One message, and its acknowledgement.
        steps: Script,
    },
    /// Prints a line for each size, with each way's time and speed.
    PrintTable,
}
