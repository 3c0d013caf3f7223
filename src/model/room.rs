//! How much a trace may make the model hold: as much as its events are worth, whatever they claim.
//!
//! Units and messages are kept in rows by their number, and a file may name any number: each event
//! earns room for a few records, and who claims more than was earned is not kept.

/// Records that an event earns. Its own are at most three; the others are for events that were lost.
const EARNED: u64 = 64;
/// Records that need not be earned.
const GIVEN: u64 = 1 << 16;

/// Room for records, in records.
#[derive(Clone, Debug)]
pub(super) struct Room {
    left: u64,
    refused: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self { left: GIVEN, refused: false }
    }
}

impl Room {
    /// An event has come.
    pub(super) fn earn(&mut self) {
        self.left = self.left.saturating_add(EARNED);
        self.refused = false;
    }

    /// Takes room for so many records; false if there is not enough.
    pub(super) fn take(&mut self, records: usize) -> bool {
        match self.left.checked_sub(records as u64) {
            Some(left) => self.left = left,
            None => self.refused = true,
        }
        !self.refused
    }

    /// Whether the last event claimed more than there was.
    pub(super) fn was_refused(&self) -> bool {
        self.refused
    }
}
