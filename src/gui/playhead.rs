//! The one time cursor that stage, timeline, in-flight curve and cores share.
//!
//! It knows no clock and no widgets: [`Playhead::advance`] takes the seconds that passed and answers
//! whether it moved, so that it is tested at fixed steps and a paused window draws nothing.

/// The speeds offered, as (nanoseconds of the run per nanosecond shown, label).
pub const SPEEDS: [(f64, &str); 10] = [
    (0.001, "1/1000×"),
    (0.002, "1/500×"),
    (0.005, "1/200×"),
    (0.01, "1/100×"),
    (0.02, "1/50×"),
    (0.05, "1/20×"),
    (0.1, "1/10×"),
    (0.2, "1/5×"),
    (0.5, "1/2×"),
    (1.0, "1×"),
];

/// Where the cursor is on the time axis of a run, and how it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Playhead {
    /// Nanoseconds since the run began.
    pub at_ns: u64,
    /// Follows the end of a live run.
    pub live: bool,
    /// Moves by itself.
    pub playing: bool,
    /// Index into [`SPEEDS`].
    pub speed: usize,
    /// Stays within these nanoseconds, starting over at the end.
    pub looping: Option<(u64, u64)>,
}

impl Default for Playhead {
    fn default() -> Self {
        Self { at_ns: 0, live: false, playing: false, speed: 4, looping: None }
    }
}

impl Playhead {
    /// Lets `seconds` of the viewer pass over a run of `length_ns`. True if the cursor moved, so that
    /// the window must draw again.
    pub fn advance(&mut self, seconds: f64, length_ns: u64) -> bool {
        let before = self.at_ns;
        if self.live {
            self.at_ns = length_ns;
        } else if self.playing {
            let (from, to) = self.looping.unwrap_or((0, length_ns));
            let step = (seconds.clamp(0.0, 1.0) * 1e9 * SPEEDS[self.speed].0) as u64;
            self.at_ns = self.at_ns.saturating_add(step);
            if self.at_ns >= to.min(length_ns) {
                self.at_ns = if self.looping.is_some() { from } else { length_ns };
                self.playing = self.looping.is_some();
            }
        }
        self.at_ns != before
    }

    /// Play, or pause; at the end, play starts over.
    pub fn toggle(&mut self, length_ns: u64) {
        self.live = false;
        self.playing = !self.playing;
        if self.playing && self.at_ns >= length_ns {
            self.at_ns = 0;
        }
    }

    /// Moves the cursor by hand; it stops playing and following.
    pub fn seek(&mut self, at_ns: u64, length_ns: u64) {
        self.live = false;
        self.playing = false;
        self.at_ns = at_ns.min(length_ns);
    }

    /// The dilation in words: `1 s shown = 20 ms real`.
    pub fn dilation(&self) -> String {
        if self.live {
            return "live: about now".to_owned();
        }
        format!("1 s shown = {} real", crate::gui::words::duration((SPEEDS[self.speed].0 * 1e9) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_by_the_time_that_passed_and_stops_at_the_end() {
        let mut head = Playhead { playing: true, speed: 4, ..Playhead::default() };
        assert!(head.advance(0.1, 10_000_000));
        assert_eq!(head.at_ns, 2_000_000);
        assert!(head.advance(0.5, 10_000_000));
        assert_eq!((head.at_ns, head.playing), (10_000_000, false));
        assert!(!head.advance(0.5, 10_000_000), "at rest nothing moves, so nothing is drawn");
        head.toggle(10_000_000);
        assert_eq!((head.at_ns, head.playing), (0, true));
    }

    #[test]
    fn a_loop_starts_over_and_a_hand_ends_following() {
        let mut head = Playhead { playing: true, looping: Some((5, 20)), at_ns: 15, speed: 9, ..Playhead::default() };
        head.advance(1e-8, 100);
        assert_eq!((head.at_ns, head.playing), (5, true));
        let mut head = Playhead { live: true, ..Playhead::default() };
        head.advance(0.0, 77);
        assert_eq!(head.at_ns, 77);
        head.seek(900, 100);
        assert_eq!((head.at_ns, head.live), (100, false));
    }
}
