//! The stretch of a run that the timeline shows: fitting, zooming, panning, following.

use super::axis::round_up;

/// A stretch of time since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where it begins.
    pub from_ns: u64,
    /// How long it is.
    pub length_ns: u64,
}

/// The closest one can look: 1 µs across the screen.
const CLOSEST_NS: u64 = 1_000;

impl Window {
    /// The whole of a run, with room for the last words at its end. While it lasts, the window grows in round steps: a scale that changed with
    /// every frame could not be read.
    pub fn fit(length_ns: u64, ended: bool) -> Self {
        let length_ns = length_ns.max(CLOSEST_NS);
        let shown_ns =
            if ended { length_ns + length_ns / 14 } else { round_up(length_ns as f64 * 1.05).max(10_000_000) };
        Self { from_ns: 0, length_ns: shown_ns }
    }

    /// Zooms by a factor (above 1 is closer) so that `around_ns` stays where it is.
    #[must_use]
    pub fn zoom(self, factor: f32, around_ns: u64, whole: Self) -> Self {
        let wanted = self.length_ns as f64 / f64::from(factor.clamp(0.01, 100.0));
        let length_ns = (wanted as u64).clamp(CLOSEST_NS, whole.length_ns.max(CLOSEST_NS));
        let share = around_ns.saturating_sub(self.from_ns) as f64 / self.length_ns.max(1) as f64;
        let before_ns = (share.min(1.0) * length_ns as f64) as u64;
        Self { from_ns: around_ns.saturating_sub(before_ns), length_ns }.within(whole)
    }

    /// Moves by so many nanoseconds, to the right if positive.
    #[must_use]
    pub fn pan(self, by_ns: f64, whole: Self) -> Self {
        let from_ns = (self.from_ns as f64 + by_ns).max(0.0) as u64;
        Self { from_ns, ..self }.within(whole)
    }

    /// Moves as little as needed to have `at_ns` in sight, with a tenth of air.
    #[must_use]
    pub fn follow(self, at_ns: u64, whole: Self) -> Self {
        let air_ns = self.length_ns / 10;
        let latest_ns = at_ns.saturating_sub(air_ns);
        let earliest_ns = (at_ns + air_ns).saturating_sub(self.length_ns);
        Self { from_ns: self.from_ns.clamp(earliest_ns.min(latest_ns), latest_ns), ..self }.within(whole)
    }

    fn within(self, whole: Self) -> Self {
        let length_ns = self.length_ns.min(whole.length_ns);
        Self { from_ns: self.from_ns.min(whole.length_ns - length_ns), length_ns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Window = Window { from_ns: 0, length_ns: 1_000_000 };

    #[test]
    fn a_live_run_fits_in_round_steps() {
        assert_eq!(Window::fit(100_000_000, false).length_ns, 200_000_000);
        assert_eq!(Window::fit(120_000_000, false).length_ns, 200_000_000);
        assert_eq!(Window::fit(280_000_000, true).length_ns, 300_000_000);
    }

    #[test]
    fn zooming_keeps_the_point_under_the_hand() {
        let closer = WHOLE.zoom(2.0, 250_000, WHOLE);
        assert_eq!(closer, Window { from_ns: 125_000, length_ns: 500_000 });
        assert_eq!(closer.zoom(0.5, 250_000, WHOLE), WHOLE);
        assert_eq!(closer.zoom(0.001, 250_000, WHOLE), WHOLE, "never farther than the whole");
        assert_eq!(WHOLE.zoom(1e9, 0, WHOLE).zoom(1e9, 0, WHOLE).length_ns, CLOSEST_NS);
    }

    #[test]
    fn panning_stops_at_the_ends() {
        let half = Window { from_ns: 0, length_ns: 500_000 };
        assert_eq!(half.pan(-10.0, WHOLE), half);
        assert_eq!(half.pan(1e12, WHOLE).from_ns, 500_000);
    }

    #[test]
    fn following_moves_only_when_the_cursor_leaves() {
        let part = Window { from_ns: 100_000, length_ns: 100_000 };
        assert_eq!(part.follow(150_000, WHOLE), part);
        assert_eq!(part.follow(195_000, WHOLE).from_ns, 105_000);
        assert_eq!(part.follow(50_000, WHOLE).from_ns, 40_000);
    }
}
