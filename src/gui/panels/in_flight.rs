//! The curve of messages in flight: sent and not yet received, over the timeline's axis.

use egui::{Color32, Mesh, Rect, Shape, Stroke, pos2};

use super::draw::Ink;
use super::timeline::axis::Axis;
use crate::model::Run;

/// Up to so many messages in sight, the curve is exact; above, it is the count at each column's begin.
const EXACT: usize = 20_000;
/// How many searches a frame may cost where it is not.
const SEARCHES: usize = 60_000;

/// The curve, a value per column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// For each column from the left: the most messages that were in flight at once within it.
    pub most: Vec<u32>,
    /// How wide a column is.
    pub column: f32,
    /// The highest of them.
    pub peak: u32,
}

impl Curve {
    /// The curve of a run over an axis. After `now_ns` there is none.
    pub fn of(run: &Run, axis: &Axis, now_ns: u64) -> Self {
        let to_ns = axis.to_ns.min(now_ns);
        if to_ns <= axis.from_ns {
            return Self::default();
        }
        let in_sight: usize = run
            .channels
            .iter()
            .map(|road| {
                let (sent, received) = (road.sent_by(to_ns), road.received_by(to_ns));
                sent - road.sent_by(axis.from_ns) + received - road.received_by(axis.from_ns)
            })
            .sum();
        let (most, column) = if in_sight <= EXACT { (exact(run, axis, to_ns), 1.0) } else { sampled(run, axis, to_ns) };
        let peak = most.iter().copied().max().unwrap_or(0);
        Self { most, column, peak }
    }
}

fn columns(axis: &Axis, to_ns: u64, column: f32) -> usize {
    ((axis.x(to_ns) - axis.left) / column).ceil().max(0.0) as usize
}

/// Counts every message that leaves or arrives.
fn exact(run: &Run, axis: &Axis, to_ns: u64) -> Vec<u32> {
    let mut changes: Vec<(u64, i32)> = Vec::new();
    let mut now = 0_i64;
    for road in &run.channels {
        let (sent, received) = (road.sent_by(axis.from_ns), road.received_by(axis.from_ns));
        now += sent as i64 - received as i64;
        let leaving = (sent..road.sent_by(to_ns)).filter_map(|number| road.message(number)?.sent_ns);
        let arriving = (received..road.received_by(to_ns)).filter_map(|number| road.message(number)?.received_ns);
        changes.extend(leaving.map(|at_ns| (at_ns, 1)));
        changes.extend(arriving.map(|at_ns| (at_ns, -1)));
    }
    // At one moment arrivals count first: a message is never in flight twice.
    changes.sort_unstable();
    let mut most = vec![0; columns(axis, to_ns, 1.0)];
    let mut next = 0;
    for (index, column) in most.iter_mut().enumerate() {
        let end_ns = axis.at(axis.left + index as f32 + 1.0);
        let mut peak = now;
        while let Some(&(at_ns, change)) = changes.get(next).filter(|(at_ns, _)| *at_ns <= end_ns) {
            debug_assert!(at_ns >= axis.from_ns);
            now += i64::from(change);
            peak = peak.max(now);
            next += 1;
        }
        *column = peak.max(0) as u32;
    }
    most
}

/// Asks every channel once per column, and makes columns wider where there are many channels.
fn sampled(run: &Run, axis: &Axis, to_ns: u64) -> (Vec<u32>, f32) {
    let searches = run.channels.len() * 2 * axis.width() as usize;
    let column = (searches as f32 / SEARCHES as f32).ceil().clamp(1.0, 64.0);
    let most = (0..columns(axis, to_ns, column))
        .map(|index| {
            let at_ns = axis.at(axis.left + index as f32 * column);
            run.channels.iter().map(|road| road.sent_by(at_ns).saturating_sub(road.received_by(at_ns)) as u32).sum()
        })
        .collect();
    (most, column)
}

/// The curve as an area with an edge.
pub fn paint(ink: &Ink<'_>, curve: &Curve, space: Rect) {
    let colour = ink.theme.accent();
    let ground = Stroke::new(1.0, ink.theme.border());
    ink.painter.hline(space.x_range(), space.bottom(), ground);
    if curve.peak == 0 {
        return;
    }
    let height = |value: u32| space.bottom() - (space.height() - 4.0) * value as f32 / curve.peak as f32;
    let mut area = Mesh::default();
    let mut edge = Vec::with_capacity(curve.most.len() * 2);
    let mut index = 0;
    while let Some(&value) = curve.most.get(index) {
        let same = curve.most[index..].iter().take_while(|&&next| next == value).count();
        let left = space.left() + index as f32 * curve.column;
        let right = (left + same as f32 * curve.column).min(space.right());
        let top = height(value);
        area.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(right, space.bottom())), wash(colour));
        edge.extend([pos2(left, top), pos2(right, top)]);
        index += same;
    }
    ink.painter.add(Shape::mesh(area));
    ink.painter.add(Shape::line(edge, Stroke::new(ink.theme.line(1.5), colour)));
}

fn wash(colour: Color32) -> Color32 {
    colour.gamma_multiply(0.22)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, small};

    #[test]
    fn the_curve_is_the_models_count_at_every_column() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 50.0, right: 650.0 };
        let curve = Curve::of(run, &axis, run.last_ns);
        assert_eq!(curve.most.len(), 600);
        for (index, &most) in curve.most.iter().enumerate() {
            let count = run.in_flight(axis.at(50.0 + index as f32 + 1.0)) as u32;
            assert!(most >= count, "the most within column {index} is at least what there is at its end");
        }
        assert!((2..=4).contains(&curve.peak), "two workers with one unit each in their pipe: {}", curve.peak);
    }

    #[test]
    fn nothing_is_drawn_after_now() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 600.0 };
        let half_ns = u64::midpoint(BEGAN_NS, run.last_ns);
        assert_eq!(Curve::of(run, &axis, half_ns).most.len(), 300);
        assert_eq!(Curve::of(run, &axis, BEGAN_NS), Curve::default());
    }

    #[test]
    fn a_crowd_is_sampled_at_a_bounded_cost() {
        let model = Pool { workers: 8, units: 30_000, unit_ns: 40_000, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 600.0 };
        let curve = Curve::of(run, &axis, run.last_ns);
        assert!(curve.peak >= 8 && curve.most.len() <= 600);
        assert_eq!(u64::from(curve.most[300]), run.in_flight(axis.at(300.0)) as u64);
    }
}
