//! One actor's row: its spans as bars, and what is smaller than a pixel folded into columns.
//!
//! The cost follows pixels: a span that is wide enough to be seen is one bar; the others are reached
//! by binary search, a pixel column at a time, and share it. A million spans make as few marks as the
//! row is wide.

use egui::{Rangef, Rect};

use super::axis::Axis;
use crate::chunk::grouped;
use crate::gui::panels::draw::fits;
use crate::gui::panels::stage::tree::holds_up;
use crate::model::{Call, Lane, Run, Span, SpanKind};
use crate::trace::{ActorId, Role};

/// Narrower than this, a span is folded.
const LEAST: f32 = 1.0;
/// How many of a column's spans are looked at for overhead; where there are more, they speak for all.
const GLANCE: usize = 32;

/// What a mark means; colour and texture are the painter's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fill {
    /// Computing a unit.
    Computing,
    /// The price of sharing work.
    Overhead(SpanKind),
    /// Nothing to do.
    Waiting,
    /// Asleep, as it was written to.
    Sleeping,
    /// It can't go on before somebody else does something.
    Blocked {
        /// Whether that holds it up; else it waits for news, as it was written to.
        held_up: bool,
    },
    /// In a call of the library; whether it raised an error.
    Call {
        /// Whether it did.
        raised: bool,
    },
    /// Stopped by a signal.
    Stopped,
    /// Ended, and nobody has waited for it yet.
    Zombie,
    /// A pixel column of spans too short to be seen.
    Folded {
        /// The share of it spent computing.
        computed: f32,
        /// The share of it spent on overhead.
        overhead: f32,
    },
    /// Units known only as a sum.
    Summed {
        /// The share of it spent computing.
        computed: f32,
        /// How many units.
        units: u64,
    },
}

/// Something drawn in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where.
    pub space: Rect,
    /// What.
    pub fill: Fill,
    /// Of which unit.
    pub unit: Option<u32>,
    /// What is written on it, if that fits.
    pub label: Option<String>,
    /// The time it stands for, not clipped.
    pub from_ns: u64,
    /// Its end.
    pub to_ns: u64,
    /// What is told of it beside its time, if more than its name.
    pub told: Option<String>,
}

/// How a row is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    /// Time to pixels.
    pub axis: &'a Axis,
    /// Where the bars lie.
    pub y: Rangef,
    /// The end of what is still open.
    pub now_ns: u64,
    /// The type size of labels.
    pub type_size: f32,
    /// Whose row it is: the parent waits for results, not for units.
    pub role: Role,
    /// The calls that its actor made, where they are spans of their own.
    pub calls: &'a [&'a Call],
    /// Whether it is a program that runs: nobody waits for units there.
    pub program: bool,
    /// Whether its waiting is not worth a box.
    pub quiet: bool,
    /// Who knows what an actor waited for.
    pub waits: Option<(&'a Run, ActorId)>,
}

impl Band<'_> {
    /// The marks of a lane, in order of time.
    pub fn marks(&self, lane: &Lane) -> Vec<Mark> {
        let mut marks = Vec::new();
        self.spans(lane, &mut marks);
        self.sums(lane, &mut marks);
        marks
    }

    fn spans(&self, lane: &Lane, marks: &mut Vec<Mark>) {
        let axis = self.axis;
        let spans = lane.visible(axis.from_ns, axis.to_ns.min(self.now_ns));
        let mut next = 0;
        while let Some(span) = spans.get(next) {
            if self.width(span) >= LEAST {
                marks.extend(self.bar(span));
                next += 1;
                continue;
            }
            // Everything that begins in this pixel column is folded, but for a last span that
            // reaches out of it far enough to be seen.
            let column = axis.x(span.from_ns).max(axis.left).floor();
            let edge_ns = axis.at(column + 1.0).max(span.from_ns + 1);
            let mut after = next + begun_before(&spans[next..], edge_ns);
            if after - next > 1 && self.width(&spans[after - 1]) >= LEAST {
                after -= 1;
            }
            marks.extend(self.column(lane, &spans[next..after], column, edge_ns));
            next = after;
        }
    }

    fn width(&self, span: &Span) -> f32 {
        let (left, right) = self.edges(span);
        right - left
    }

    fn edges(&self, span: &Span) -> (f32, f32) {
        let right = self.axis.x(span.to_ns.min(self.now_ns.max(span.from_ns)));
        (self.axis.x(span.from_ns).max(self.axis.left), right.min(self.axis.right))
    }

    fn bar(&self, span: &Span) -> Option<Mark> {
        let (left, right) = self.edges(span);
        let (width, size) = (right - left, self.type_size);
        let fill = match span.kind {
            SpanKind::Computing => Fill::Computing,
            SpanKind::Waiting => Fill::Waiting,
            SpanKind::Sleeping => Fill::Sleeping,
            SpanKind::Blocked => return Some(self.blocked(span, left, right)),
            SpanKind::Stopped => Fill::Stopped,
            SpanKind::Calling => return Some(self.call(span, left, right)),
            kind => Fill::Overhead(kind),
        };
        let words: [&str; 2] = match (span.kind, self.role) {
            (SpanKind::Waiting, Role::Parent) => ["waiting for results", "waiting"],
            (SpanKind::Waiting, Role::ForkServer) => ["waiting for requests", "waiting"],
            (SpanKind::Waiting, _) => ["waiting: no unit", "waiting"],
            (SpanKind::Starting, Role::Parent) if !self.program => ["starting workers", "starting"],
            (SpanKind::WaitingForGil, _) => [SpanKind::WaitingForGil.word(), "GIL (emulated)"],
            (SpanKind::Computing, _) => ["working", ""],
            (SpanKind::Stopped, _) => [SpanKind::Stopped.word(), "stopped"],
            (kind, _) => [kind.word(), ""],
        };
        let label = match (span.kind, span.unit) {
            (SpanKind::Computing, Some(unit)) => Some(unit.to_string()).filter(|label| fits(label, size, width)),
            _ => words.into_iter().find(|word| !word.is_empty() && fits(word, size, width)).map(str::to_owned),
        };
        // A short wait is empty by nature: a box around it would be louder than what it says.
        if fill == Fill::Waiting && (self.quiet || width < 2.0 * size) {
            return None;
        }
        let space = Rect::from_x_y_ranges(left..=right, self.y);
        Some(Mark { space, fill, unit: span.unit, label, from_ns: span.from_ns, to_ns: span.to_ns, told: None })
    }

    /// A call: a bar with its text as it is written in Python, or as much of it as fits.
    fn call(&self, span: &Span, left: f32, right: f32) -> Mark {
        let call = self.calls.iter().find(|call| call.to_ns == span.to_ns && call.from_ns <= span.from_ns);
        let space = Rect::from_x_y_ranges(left..=right, self.y);
        call_mark(call.copied(), space, self.type_size, span.from_ns, span.to_ns)
    }

    /// Somebody who can't go on: on it what for, or as much of that as fits.
    fn blocked(&self, span: &Span, left: f32, right: f32) -> Mark {
        let wait = self.waits.and_then(|(run, actor)| Some((run, run.wait_of(actor, span.from_ns)?)));
        let held_up = wait.is_none_or(|(run, wait)| holds_up(run.aim(wait).0));
        let told = wait.map(|(run, wait)| format!("waits {}", run.wish_in_words(wait, span.from_ns)));
        let all = told.clone().unwrap_or_else(|| SpanKind::Blocked.word().to_owned());
        let what = all.trim_start_matches("waits for ");
        let object = wait.and_then(|(run, wait)| run.object(wait.object()?));
        let named = object.map_or("", |object| object.name.as_str());
        let brief = [all.as_str(), what, what.split(", ").next().unwrap_or(what), named, ""];
        let fit = |words: &&str| words.is_empty() || fits(words, self.type_size, right - left);
        let label = brief.into_iter().find(fit).filter(|words| !words.is_empty()).map(str::to_owned);
        let space = Rect::from_x_y_ranges(left..=right, self.y);
        Mark {
            space,
            fill: Fill::Blocked { held_up },
            unit: None,
            label,
            from_ns: span.from_ns,
            to_ns: span.to_ns,
            told,
        }
    }

    fn column(&self, lane: &Lane, spans: &[Span], column: f32, edge_ns: u64) -> Option<Mark> {
        let from_ns = self.axis.at(column).max(self.axis.from_ns);
        let length_ns = edge_ns.saturating_sub(from_ns).max(1);
        let computed = lane.computed_ns(from_ns, edge_ns) as f32 / length_ns as f32;
        let overhead = overhead(spans, length_ns);
        if computed <= 0.0 && overhead <= 0.0 {
            return None;
        }
        let unit = spans.iter().find_map(|span| span.unit).filter(|_| spans.len() <= 4);
        let space = Rect::from_x_y_ranges(column..=column + 1.0, self.y);
        Some(Mark {
            space,
            fill: Fill::Folded { computed, overhead },
            unit,
            label: None,
            from_ns,
            to_ns: edge_ns,
            told: None,
        })
    }

    fn sums(&self, lane: &Lane, marks: &mut Vec<Mark>) {
        let axis = self.axis;
        let sums = lane.visible_sums(axis.from_ns, axis.to_ns.min(self.now_ns));
        let mut next = 0;
        while let Some(sum) = sums.get(next) {
            let (left, right) = (axis.x(sum.from_ns).max(axis.left), axis.x(sum.to_ns).min(axis.right));
            let mut mark = Mark {
                space: Rect::from_x_y_ranges(left..=right, self.y),
                fill: Fill::Summed { computed: 0.0, units: u64::from(sum.units) },
                unit: None,
                label: None,
                from_ns: sum.from_ns,
                to_ns: sum.to_ns,
                told: None,
            };
            let mut units = u64::from(sum.units);
            next += 1;
            if right - left < 2.0 * LEAST {
                let column = left.floor();
                mark.space = Rect::from_x_y_ranges(column..=column + 2.0 * LEAST, self.y);
                (mark.from_ns, mark.to_ns) = (axis.at(column), axis.at(column + 2.0 * LEAST));
                let after = next + sums[next..].partition_point(|sum| sum.from_ns < mark.to_ns);
                units += sums[next..after].iter().map(|sum| u64::from(sum.units)).sum::<u64>();
                next = after;
            }
            let length_ns = mark.to_ns.saturating_sub(mark.from_ns).max(1);
            let computed = (lane.computed_ns(mark.from_ns, mark.to_ns) as f32 / length_ns as f32).min(1.0);
            mark.label = Some(format!("{} units", grouped(units)))
                .filter(|label| fits(label, self.type_size, mark.space.width()));
            mark.fill = Fill::Summed { computed, units };
            marks.push(mark);
        }
    }
}

/// The bar of a call.
pub(super) fn call_mark(call: Option<&Call>, space: Rect, type_size: f32, from_ns: u64, to_ns: u64) -> Mark {
    let text = call.map_or("a call", |call| call.call.as_str());
    let name = text.split('(').next().unwrap_or(text);
    let brief = [text.to_owned(), format!("{name}()"), name.rsplit('.').next().unwrap_or(name).to_owned()];
    let label = brief.into_iter().find(|words| fits(words, type_size, space.width()));
    let told = call.map(|call| format!("{} → {}", call.call, call.answer));
    let fill = Fill::Call { raised: call.is_some_and(|call| call.raised) };
    Mark { space, fill, unit: None, label, from_ns, to_ns, told }
}

/// How many spans begin before a moment. It looks in steps that double, as the end of a column is near
/// its begin: a search through the whole lane would miss the processor's cache at every step.
fn begun_before(spans: &[Span], at_ns: u64) -> usize {
    let mut reach = 16;
    while spans.get(reach).is_some_and(|span| span.from_ns < at_ns) {
        reach *= 2;
    }
    let known = if reach == 16 { 0 } else { reach / 2 };
    known + spans[known..spans.len().min(reach)].partition_point(|span| span.from_ns < at_ns)
}

/// The share of a column that is overhead: exact for few spans, and that of the first ones for many.
fn overhead(spans: &[Span], length_ns: u64) -> f32 {
    let seen = &spans[..spans.len().min(GLANCE)];
    let length_of = |overhead_only: bool| -> u64 {
        let counted = seen.iter().filter(|span| !overhead_only || span.kind.is_overhead());
        counted.map(|span| span.length_ns(u64::MAX)).sum()
    };
    let whole_ns = if seen.len() == spans.len() { length_ns } else { length_of(false) };
    (length_of(true) as f32 / whole_ns.max(1) as f32).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, small};
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{ActorId, Birth, Event, What};

    fn axis(from_ns: u64, to_ns: u64) -> Axis {
        Axis { from_ns, to_ns, left: 100.0, right: 740.0 }
    }

    fn marks(model: &Model, actor: usize, axis: &Axis) -> Vec<Mark> {
        let run = model.last_run().expect("there is a run");
        let (now_ns, role) = (run.last_ns, run.actors[actor].role);
        let band = Band {
            axis,
            y: Rangef::new(10.0, 30.0),
            now_ns,
            type_size: 12.5,
            role,
            calls: &[],
            program: false,
            quiet: false,
            waits: None,
        };
        band.marks(&run.actors[actor].lane)
    }

    #[test]
    fn a_worker_starts_computes_its_units_and_each_bar_is_where_its_time_is() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = axis(BEGAN_NS, run.last_ns);
        let marks = marks(&model, 1, &axis);
        assert_eq!(marks[0].fill, Fill::Overhead(SpanKind::Starting));
        let computing: Vec<&Mark> = marks.iter().filter(|mark| mark.fill == Fill::Computing).collect();
        assert_eq!(computing.len() as u64, run.actors[1].units);
        for mark in computing {
            let unit = run.units.get(mark.unit.expect("a unit is computed")).expect("it is known");
            assert!((mark.space.left() - axis.x(unit.began_ns.expect("it began"))).abs() < 0.01);
            assert!((mark.space.right() - axis.x(unit.ended_ns.expect("it ended"))).abs() < 0.01);
            assert_eq!(mark.label, mark.unit.map(|unit| unit.to_string()));
        }
    }

    #[test]
    fn bars_are_cut_at_the_edges_and_bars_do_not_overlap() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = axis(BEGAN_NS + 20_000_000, BEGAN_NS + 40_000_000);
        for actor in 0..run.actors.len() {
            let marks = marks(&model, actor, &axis);
            let bars = marks.iter().filter(|mark| !matches!(mark.fill, Fill::Folded { .. })).collect::<Vec<_>>();
            assert!(bars.iter().all(|mark| mark.space.left() >= 100.0 && mark.space.right() <= 740.0));
            assert!(bars.windows(2).all(|pair| pair[0].space.right() <= pair[1].space.left() + 0.01));
        }
    }

    /// A lane of a million spans: half computing, half overhead.
    fn crowded() -> Model {
        let plan = Box::new(Plan::default());
        let worker = ActorId(2);
        let born = What::ActorBorn(Box::new(Birth::new(worker, Role::WorkerProcess, 1, 7, BEGAN_NS)));
        let mut model = Model::of(&[
            Event {
                at_ns: BEGAN_NS,
                by: ActorId::PARENT,
                what: What::RunBegan { run: 0, plan, items: 1, chunksize: 1, detail_units: 9 },
            },
            Event { at_ns: BEGAN_NS, by: ActorId::PARENT, what: born },
        ]);
        for unit in 0..500_000_u32 {
            let at_ns = BEGAN_NS + u64::from(unit) * 1_000;
            model.apply(&Event { at_ns, by: worker, what: What::UnitBegan { unit, core: None } });
            model.apply(&Event { at_ns: at_ns + 750, by: worker, what: What::UnitEnded { unit, core: None } });
        }
        model
    }

    #[test]
    fn a_million_spans_make_as_few_marks_as_the_row_is_wide() {
        let model = crowded();
        let run = model.last_run().expect("there is a run");
        assert!(run.actors[0].lane.spans().len() >= 999_999);
        let axis = axis(BEGAN_NS, run.last_ns);
        let began = std::time::Instant::now();
        let marks = marks(&model, 0, &axis);
        let took = began.elapsed();
        assert!(marks.len() <= 2 * axis.width() as usize, "{} marks", marks.len());
        assert!(took.as_millis() < 50, "a frame has 33 ms, this took {took:?} without optimization");
        for mark in &marks[1..] {
            assert!(
                matches!(mark.fill, Fill::Folded { computed, overhead }
                    if (computed - 0.75).abs() < 0.02 && (overhead - 0.25).abs() < 0.02),
                "{mark:?}"
            );
        }
    }

    #[test]
    fn zooming_in_brings_single_units_back() {
        let model = crowded();
        let axis = axis(BEGAN_NS + 250_000_000, BEGAN_NS + 250_010_000);
        let marks = marks(&model, 0, &axis);
        let units: Vec<u32> =
            marks.iter().filter(|mark| mark.fill == Fill::Computing).filter_map(|mark| mark.unit).collect();
        assert_eq!(units, (250_000..250_010).collect::<Vec<_>>());
    }

    #[test]
    fn sums_are_blocks_with_their_share() {
        let model = Pool { units: 40_000, unit_ns: 20_000, detail_units: 100, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let marks = marks(&model, 1, &axis(BEGAN_NS, run.last_ns));
        let shares: Vec<f32> = marks
            .iter()
            .filter_map(|mark| if let Fill::Summed { computed, .. } = mark.fill { Some(computed) } else { None })
            .collect();
        assert!(shares.len() > 10 && shares.len() <= 640);
        assert!(shares.iter().all(|share| (0.2..=1.0).contains(share)), "{shares:?}");
    }
}
