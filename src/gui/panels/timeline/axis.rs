//! The one function that maps time to pixels, its inverse, and the ticks of the axis.

/// A stretch of time laid over a stretch of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The time at the left edge, on the machine's clock.
    pub from_ns: u64,
    /// The time at the right edge.
    pub to_ns: u64,
    /// The left edge.
    pub left: f32,
    /// The right edge.
    pub right: f32,
}

/// A mark on the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where.
    pub x: f32,
    /// The time there, since the run began.
    pub label: String,
}

impl Axis {
    /// Where a moment is drawn. Far outside the edges it stays finite, and on the right side.
    pub fn x(&self, at_ns: u64) -> f32 {
        let offset_ns = at_ns.abs_diff(self.from_ns) as f64 * if at_ns < self.from_ns { -1.0 } else { 1.0 };
        let x = f64::from(self.left) + offset_ns / self.ns_per_point();
        x.clamp(f64::from(self.left) - 1e5, f64::from(self.right) + 1e5) as f32
    }

    /// The moment that is drawn at a place; the edges are the limits.
    pub fn at(&self, x: f32) -> u64 {
        let offset_ns = f64::from(x.clamp(self.left, self.right) - self.left) * self.ns_per_point();
        self.from_ns.saturating_add(offset_ns.round() as u64).min(self.to_ns)
    }

    /// How many nanoseconds lie under one point of the screen.
    pub fn ns_per_point(&self) -> f64 {
        self.to_ns.saturating_sub(self.from_ns).max(1) as f64 / f64::from((self.right - self.left).max(1.0))
    }

    /// The width in points.
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Ticks at round times since `zero_ns`, at least `gap` points apart.
    pub fn ticks(&self, zero_ns: u64, gap: f32) -> Vec<Tick> {
        let step_ns = round_up(self.ns_per_point() * f64::from(gap));
        let end_ns = self.to_ns.saturating_sub(zero_ns);
        let first = self.from_ns.saturating_sub(zero_ns).div_ceil(step_ns);
        (first..=end_ns / step_ns)
            .map(|number| {
                let since_ns = number * step_ns;
                Tick { x: self.x(zero_ns + since_ns), label: label(since_ns, step_ns, end_ns) }
            })
            .collect()
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
pub fn round_up(value: f64) -> u64 {
    let mut power = 1_u64;
    while power < u64::MAX / 100 {
        for factor in [1, 2, 5] {
            if (factor * power) as f64 >= value {
                return factor * power;
            }
        }
        power *= 10;
    }
    power
}

/// A tick's time. All ticks of an axis share the unit that fits its end, and the digits its step needs.
fn label(since_ns: u64, step_ns: u64, end_ns: u64) -> String {
    let (unit_ns, unit) = match end_ns {
        0..2_000 => (1, "ns"),
        2_000..2_000_000 => (1_000, "µs"),
        2_000_000..2_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let mut places = 0;
    while places < 9 && !(step_ns * 10_u64.pow(places)).is_multiple_of(unit_ns) {
        places += 1;
    }
    let (places, value) = (places as usize, since_ns as f64 / unit_ns as f64);
    format!("{value:.places$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn axis() -> Axis {
        Axis { from_ns: 1_000 * MS, to_ns: 1_200 * MS, left: 100.0, right: 700.0 }
    }

    #[test]
    fn time_maps_to_pixels_and_back() {
        let axis = axis();
        assert!((axis.x(1_000 * MS) - 100.0).abs() < 1e-4 && (axis.x(1_200 * MS) - 700.0).abs() < 1e-4);
        assert!((axis.x(1_050 * MS) - 250.0).abs() < 1e-4);
        assert!((axis.x(900 * MS) - -200.0).abs() < 1e-3, "left of the edge, not wrapped");
        assert_eq!(axis.at(250.0), 1_050 * MS);
        assert_eq!((axis.at(0.0), axis.at(9_999.0)), (1_000 * MS, 1_200 * MS));
        for x in [100.0, 123.0, 333.0, 699.0] {
            assert!((axis.x(axis.at(x)) - x).abs() < 1e-3);
        }
    }

    #[test]
    fn extremes_stay_finite() {
        let axis = Axis { from_ns: u64::MAX - 10, to_ns: u64::MAX - 10, left: 5.0, right: 5.0 };
        assert!(axis.x(0).is_finite() && axis.x(u64::MAX).is_finite());
        assert_eq!(axis.at(5.0), u64::MAX - 10);
    }

    #[test]
    fn ticks_are_round_and_relative_to_the_begin() {
        let ticks = axis().ticks(1_000 * MS, 60.0);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels.len(), 11);
        assert_eq!((labels[0], labels[1], labels[10]), ("0 ms", "20 ms", "200 ms"));
        assert!((ticks[1].x - 160.0).abs() < 1e-3);
    }

    #[test]
    fn zoomed_in_ticks_have_the_digits_they_need() {
        let axis = Axis { from_ns: 92_412_000, to_ns: 92_422_000, left: 0.0, right: 600.0 };
        let labels: Vec<String> = axis.ticks(0, 59.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels[0], "92.412 ms");
        assert_eq!(labels[1], "92.413 ms");
        let axis = Axis { from_ns: 0, to_ns: 12_000_000_000, left: 0.0, right: 600.0 };
        assert_eq!(axis.ticks(0, 60.0)[1].label, "2 s");
    }

    #[test]
    fn rounding_goes_up_in_ones_twos_and_fives() {
        for (value, rounded) in [(0.3, 1), (1.0, 1), (1.1, 2), (3.0, 5), (5.1, 10), (180.0, 200), (999.0, 1000)] {
            assert_eq!(round_up(value), rounded);
        }
    }
}
