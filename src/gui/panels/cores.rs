//! The lanes of the cores: how busy each was, and which worker computed on it.
//!
//! Two sources, drawn apart: the grey bars are samples of the whole machine, four a second, whoever
//! used it; the coloured strips are exact, from the core a unit says it began on.

use std::collections::BTreeMap;

use egui::{Mesh, Rect, Shape, Stroke, pos2};

use super::draw::Ink;
use super::timeline::axis::Axis;
use crate::model::{Model, Run, SpanKind};

/// Up to so many spans in sight, strips are exact; above, one moment per column is asked for.
const EXACT: usize = 20_000;
/// How many searches a frame may cost where they are not.
const SEARCHES: usize = 60_000;
/// How far back the first sample of a trace reaches: the observer's interval.
const INTERVAL_NS: u64 = 250_000_000;

/// How many overlapping strips of a core are told apart.
const MOST_LEVELS: usize = 4;

/// How busy a core was for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busy {
    /// Left edge.
    pub left: f32,
    /// Right edge.
    pub right: f32,
    /// In thousandths.
    pub permille: u16,
}

/// A worker computed on a core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strip {
    /// Left edge.
    pub left: f32,
    /// Right edge.
    pub right: f32,
    /// Which worker.
    pub worker: u32,
    /// Where several overlap on one core, which of them it is, from the bottom.
    pub level: u8,
}

/// One core.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lane {
    /// The samples, in order.
    pub busy: Vec<Busy>,
    /// Who computed here.
    pub strips: Vec<Strip>,
    /// How many strips lie above each other at most.
    pub levels: u8,
}

/// How many cores there are to show.
pub fn count(model: &Model) -> usize {
    let told = model.machine.as_ref().map_or(0, |machine| machine.cores as usize);
    let sampled = model.cores.first().map_or(0, |sample| sample.busy_permille.len());
    told.max(sampled).clamp(1, 1024)
}

/// The lanes of all cores over an axis.
pub fn lanes(model: &Model, run: &Run, axis: &Axis, now_ns: u64) -> Vec<Lane> {
    let mut lanes = vec![Lane::default(); count(model)];
    samples(model, axis, &mut lanes);
    let to_ns = axis.to_ns.min(now_ns);
    let in_sight: usize = run.actors.iter().map(|actor| actor.lane.visible(axis.from_ns, to_ns).len()).sum();
    let mut strips: BTreeMap<u16, Vec<Strip>> = BTreeMap::new();
    if in_sight <= EXACT {
        exact(run, axis, now_ns, &mut strips);
    } else {
        sampled(run, axis, now_ns, &mut strips);
    }
    for (core, strips) in strips {
        if let Some(lane) = lanes.get_mut(usize::from(core)) {
            (lane.strips, lane.levels) = stacked(strips);
        }
    }
    lanes
}

/// A sample tells of the time since the one before it; with more samples than pixels, some are left out.
fn samples(model: &Model, axis: &Axis, lanes: &mut [Lane]) {
    let first = model.cores.partition_point(|sample| sample.at_ns <= axis.from_ns);
    let end = (model.cores.partition_point(|sample| sample.at_ns < axis.to_ns) + 1).min(model.cores.len());
    let stride = (end.saturating_sub(first) / axis.width().max(1.0) as usize).max(1);
    for index in (first..end).step_by(stride) {
        let sample = &model.cores[index];
        let since_ns = match index.checked_sub(stride) {
            Some(before) => model.cores[before].at_ns,
            None => sample.at_ns.saturating_sub(INTERVAL_NS),
        };
        let (left, right) = (axis.x(since_ns).max(axis.left), axis.x(sample.at_ns).min(axis.right));
        if left < right {
            for (lane, &permille) in lanes.iter_mut().zip(&sample.busy_permille) {
                lane.busy.push(Busy { left, right, permille: permille.min(1000) });
            }
        }
    }
}

fn exact(run: &Run, axis: &Axis, now_ns: u64, strips: &mut BTreeMap<u16, Vec<Strip>>) {
    for actor in &run.actors {
        for span in actor.lane.visible(axis.from_ns, axis.to_ns.min(now_ns)) {
            if let (SpanKind::Computing, Some(core)) = (span.kind, span.core) {
                let left = axis.x(span.from_ns).max(axis.left);
                let right = axis.x(span.to_ns.min(now_ns)).min(axis.right);
                add(strips.entry(core).or_default(), Strip { left, right, worker: run.hue(actor), level: 0 });
            }
        }
    }
}

fn sampled(run: &Run, axis: &Axis, now_ns: u64, strips: &mut BTreeMap<u16, Vec<Strip>>) {
    let searches = run.actors.len() * axis.width() as usize;
    let column = (searches as f32 / SEARCHES as f32).ceil().clamp(1.0, 64.0);
    for actor in &run.actors {
        let mut left = axis.left;
        while left < axis.right && axis.at(left) < now_ns {
            let span = actor.lane.at(axis.at(left)).filter(|span| span.kind == SpanKind::Computing);
            if let Some(core) = span.and_then(|span| span.core) {
                let strip = Strip { left, right: (left + column).min(axis.right), worker: run.hue(actor), level: 0 };
                add(strips.entry(core).or_default(), strip);
            }
            left += column;
        }
    }
}

/// Adds a strip, grown together with the one before where both are one worker's and touch.
fn add(strips: &mut Vec<Strip>, strip: Strip) {
    match strips.last_mut() {
        Some(last) if last.worker == strip.worker && strip.left - last.right < 0.25 && strip.left >= last.left => {
            last.right = last.right.max(strip.right);
        }
        _ => strips.push(strip),
    }
}

/// Lifts strips over those they overlap: more workers than cores share a core. Those above the
/// highest level are left out, as nobody could see them.
fn stacked(mut strips: Vec<Strip>) -> (Vec<Strip>, u8) {
    strips.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut ends = [f32::NEG_INFINITY; MOST_LEVELS];
    let mut levels = 0;
    strips.retain_mut(|strip| {
        // Half a pixel of overlap is one that ends where the next begins.
        let free = ends.iter().position(|end| *end <= strip.left + 0.5);
        let Some(level) = free else { return false };
        ends[level] = strip.right;
        strip.level = level as u8;
        levels = levels.max(level as u8 + 1);
        true
    });
    (strips, levels)
}

/// The lanes below each other.
pub fn paint(ink: &Ink<'_>, lanes: &[Lane], space: Rect) {
    let height = space.height() / lanes.len().max(1) as f32;
    let gap = if height > 6.0 { 2.0 } else { 0.0 };
    let mut mesh = Mesh::default();
    for (index, lane) in lanes.iter().enumerate() {
        let top = space.top() + index as f32 * height;
        let bottom = (top + height - gap).min(space.bottom());
        for busy in &lane.busy {
            let y = bottom - (bottom - top) * f32::from(busy.permille) / 1000.0;
            let bar = Rect::from_min_max(pos2(busy.left, y), pos2((busy.right - 1.0).max(busy.left + 0.5), bottom));
            mesh.add_colored_rect(bar, ink.theme.border());
        }
        // Strips leave the upper half to the samples behind them.
        let middle = top + (bottom - top) * 0.45;
        let level = (bottom - middle) / f32::from(lane.levels.max(1));
        for strip in &lane.strips {
            let (right, low) = (strip.right.max(strip.left + 0.75), bottom - level * f32::from(strip.level));
            let bar = Rect::from_min_max(pos2(strip.left, low - level), pos2(right, low));
            mesh.add_colored_rect(bar, ink.theme.worker(strip.worker));
        }
        if height > 6.0 {
            let ground = Stroke::new(1.0, ink.theme.border());
            ink.painter.hline(space.x_range(), bottom, ground);
        }
    }
    ink.painter.add(Shape::mesh(mesh));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, small};

    #[test]
    fn strips_lie_where_the_units_were_computed() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 640.0 };
        let lanes = lanes(&model, run, &axis, run.last_ns);
        assert_eq!(lanes.len(), 4);
        assert_eq!(lanes.iter().map(|lane| lane.strips.len()).sum::<usize>(), 8);
        for span in run.actors[1].lane.spans().iter().filter(|span| span.kind == SpanKind::Computing) {
            let lane = &lanes[usize::from(span.core.expect("the fixture knows it"))];
            let strip = Strip { left: axis.x(span.from_ns), right: axis.x(span.to_ns), worker: 1, level: 0 };
            let same = |other: &&Strip| Strip { level: 0, ..**other } == strip;
            assert!(lane.strips.iter().any(|other| same(&other)), "{span:?}");
        }
    }

    #[test]
    fn a_sample_reaches_back_to_the_one_before() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 640.0 };
        let busy = &lanes(&model, run, &axis, run.last_ns)[0].busy;
        assert!(busy[0].left.abs() < 1e-3, "the first reaches back past the edge");
        assert!(busy.windows(2).all(|pair| (pair[0].right - pair[1].left).abs() < 1e-3));
    }

    #[test]
    fn a_crowd_of_units_makes_no_more_strips_than_pixels() {
        let model = Pool { units: 20_000, unit_ns: 20_000, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 640.0 };
        let strips: usize = lanes(&model, run, &axis, run.last_ns).iter().map(|lane| lane.strips.len()).sum();
        assert!(strips <= 2 * 640, "{strips}");
    }

    #[test]
    fn workers_that_share_a_core_are_stacked() {
        let strip = |left: f32, right: f32, worker| Strip { left, right, worker, level: 0 };
        let (strips, levels) = stacked(vec![strip(0.0, 50.0, 1), strip(60.0, 90.0, 1), strip(40.0, 80.0, 2)]);
        let placed: Vec<(u32, u8)> = strips.iter().map(|strip| (strip.worker, strip.level)).collect();
        assert_eq!((placed.as_slice(), levels), ([(1, 0), (2, 1), (1, 0)].as_slice(), 2));
        assert_eq!(stacked((0..64).map(|worker| strip(0.0, 9.0, worker)).collect()).0.len(), MOST_LEVELS);
    }
}
