//! What stands on the card of the parent, and what any actor does in words.

use egui::{Rect, pos2, vec2};

use crate::chunk::grouped;
use crate::gui::panels::draw::about_width;
use crate::gui::words;
use crate::model::{Actor, Run, SpanKind, State};

/// Up to so many results are chips with their numbers; more are a strip.
const MOST_CHIPS: u32 = 24;
/// How many units of one column of the strip are looked at.
const GLANCE: u32 = 16;

/// How a state is told apart besides its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Computing.
    Computing,
    /// Overhead.
    Overhead,
    /// Waiting.
    Quiet,
    /// It waits for news, as it was written to.
    Waits,
    /// It wants to go on, and is held up.
    Blocked,
    /// Not there yet, or gone in order.
    Gone,
    /// Ended as it should not.
    Bad,
}

/// What an actor does, in words and, where it is true, as a share.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The state in words.
    pub words: String,
    /// How it looks.
    pub tone: Tone,
    /// The unit it computes.
    pub unit: Option<u32>,
    /// The share of the unit that is done; known only once its end is.
    pub progress: Option<f32>,
    /// For how long it has been computing.
    pub elapsed: Option<String>,
    /// And of how long in all, once that is known.
    pub length: Option<String>,
    /// How much of one core it used.
    pub cpu: Option<String>,
}

impl Status {
    /// Of an actor at a moment.
    pub fn of(actor: &Actor, at_ns: u64) -> Self {
        let state = actor.state(at_ns);
        let tone = match state {
            State::Busy(SpanKind::Computing, _) => Tone::Computing,
            State::Busy(SpanKind::Waiting, _) => Tone::Quiet,
            State::Busy(SpanKind::Blocked, _) => Tone::Blocked,
            State::Busy(..) => Tone::Overhead,
            State::Stopped | State::Zombie => Tone::Bad,
            State::Exited(exit) if !exit.is_success() => Tone::Bad,
            State::Exited(_) | State::Unborn => Tone::Gone,
        };
        let mut status = Self {
            words: actor.state_in_words(at_ns),
            tone,
            unit: None,
            progress: None,
            elapsed: None,
            length: None,
            cpu: actor.usage_at(at_ns).map(|usage| format!("{} % CPU", (usage.cpu_permille + 5) / 10)),
        };
        if matches!(state, State::Exited(_) | State::Unborn) {
            status.cpu = None;
        }
        if let Some(span) = actor.lane.at(at_ns).filter(|span| span.kind == SpanKind::Computing) {
            let done_ns = at_ns.saturating_sub(span.from_ns);
            status.unit = span.unit;
            status.elapsed = Some(words::duration(done_ns));
            if span.to_ns != u64::MAX {
                let length_ns = span.to_ns.saturating_sub(span.from_ns).max(1);
                status.progress = Some(done_ns as f32 / length_ns as f32);
                status.length = Some(words::duration(length_ns));
            }
        }
        status
    }
}

impl Status {
    /// `15.2 ms of 17.3 ms`, or `for 15.2 ms` while the end is not known.
    pub fn time(&self) -> Option<String> {
        let elapsed = self.elapsed.as_ref()?;
        Some(self.length.as_ref().map_or_else(|| format!("for {elapsed}"), |length| format!("{elapsed} of {length}")))
    }
}

/// A unit in the parent's hands.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Where.
    pub space: Rect,
    /// Which.
    pub unit: u32,
    /// For a result: whose it is; `None` while it is missing.
    pub worker: Option<u32>,
}

/// A column of the strip of results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Where.
    pub space: Rect,
    /// The share of its units that has arrived.
    pub share: f32,
    /// Whose the first of them is.
    pub worker: Option<u32>,
}

/// The parent.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Where.
    pub space: Rect,
    /// `pid 41203 · 12 % CPU`.
    pub pid: String,
    /// What it does.
    pub status: Status,
    /// Lines of text: title, pid, state.
    pub lines: [Rect; 3],
    /// So low that there is one line, with this at its right, and one heading.
    pub compact: Option<String>,
    /// The bar of a unit that it computes itself.
    pub bar: Option<Rect>,
    /// The heading of the waiting units.
    pub waiting_heading: (Rect, String),
    /// The first waiting units.
    pub waiting: Vec<Chip>,
    /// How many more there are.
    pub more: Option<(Rect, String)>,
    /// The heading of the results.
    pub results_heading: (Rect, String),
    /// Results, a chip each.
    pub results: Vec<Chip>,
    /// Results as a strip, where they are too many.
    pub strip: Vec<Column>,
}

impl Parent {
    /// The card of the parent.
    ///
    /// `with_results` tells whether results lie on it, and not in a band of their own.
    pub fn of(run: &Run, parent: &Actor, space: Rect, at_ns: u64, type_size: f32, with_results: bool) -> Self {
        let mut status = Status::of(parent, at_ns);
        let summed = summed_units(run, at_ns);
        if run.summed_from_ns.is_some_and(|from_ns| from_ns <= at_ns) && status.tone != Tone::Bad {
            status.words = String::from("recorded as sums");
        }
        let inner = space.shrink2(vec2(type_size, type_size * 0.8));
        let (line, chip) = ((type_size * 1.35).round(), (type_size * 1.45).round());
        let mut top = inner.top();
        let mut take = |height: f32, gap: f32| {
            let taken = Rect::from_x_y_ranges(inner.x_range(), top..=top + height);
            top += height + gap;
            taken
        };
        let compact = inner.height() < 5.5 * line + chip;
        let title = take(line * 1.1, 1.0);
        let lines = if compact { [title; 3] } else { [title, take(line, 1.0), take(line, 4.0)] };
        let alone = run.channels.is_empty() && run.workers().next().is_none();
        let bar = alone.then(|| take(5.0, 8.0));
        let waiting_heading = take(line, 2.0);
        let cpu = status.cpu.as_ref().map_or_else(String::new, |cpu| format!(" · {cpu}"));

        // Results keep their place at the bottom, so that waiting units take what is between.
        let (units, known) = (run.cut.units(), run.cut.units().min(run.detail_units));
        let chip_width =
            (about_width(&units.saturating_sub(1).to_string(), type_size) + 0.7 * type_size).max(chip * 1.25);
        let grid = Grid {
            left: inner.left(),
            per_row: ((inner.width() + 3.0) / (chip_width + 3.0)).max(1.0) as u32,
            chip_width,
            chip,
        };
        let all = units.div_ceil(grid.per_row).max(1);
        let chips = with_results && units <= MOST_CHIPS && all as f32 * (chip + 3.0) <= 0.42 * inner.height();
        let rows = if chips { all } else { 1 };
        let results_height = if with_results { rows as f32 * (chip + 3.0) - 3.0 } else { 0.0 };
        let heading = if compact || !with_results { 0.0 } else { line };
        let results_top = (inner.bottom() - results_height).max(top + heading);
        let heading_top = results_top - heading - 2.0;
        let results_heading = Rect::from_x_y_ranges(inner.x_range(), heading_top..=heading_top + heading);

        let untold = u64::from(units - known).saturating_sub(summed);
        let waiting_count = u64::from(run.waiting_units(at_ns)) + untold;
        let room = heading_top - 4.0 - waiting_heading.bottom();
        let rows = if compact { 0.0 } else { (room + 1.0) / (chip + 3.0) }.max(0.0) as u32;
        let slots = rows * grid.per_row;
        // The last slots tell how many more there are.
        let most = if waiting_count > u64::from(slots) { slots.saturating_sub(grid.per_row.min(3)) } else { slots };
        let waiting = waiting_units(run, at_ns, most, &grid, waiting_heading.bottom() + 2.0);
        let hidden = waiting_count.saturating_sub(waiting.len() as u64);
        let more = (hidden > 0 && slots > 0).then(|| {
            let (x, y) = grid.place(waiting.len() as u32, waiting_heading.bottom() + 2.0);
            let rest = Rect::from_min_max(pos2(x + 2.0, y), pos2(inner.right() + 4.0, y + chip));
            (rest, format!("+ {} more", grouped(hidden)))
        });
        let told = format!("{} of {}", grouped(run.arrived_by(at_ns) as u64 + summed), grouped(u64::from(units)));
        let told = ["results in order: ", "results: ", ""].map(|words| words.to_owned() + &told);
        let told = told.into_iter().find(|told| about_width(told, type_size) <= inner.width()).unwrap_or_default();
        let told = if with_results { told } else { String::new() };
        let waiting = if compact { Vec::new() } else { waiting };
        let first_line = if with_results { told.clone() } else { status.words.clone() };
        let (waiting_words, told) = if compact {
            (first_line, String::new())
        } else {
            (format!("waiting units: {}", grouped(waiting_count)), told)
        };
        let strip_space = Rect::from_min_max(pos2(inner.left(), results_top), pos2(inner.right(), results_top + chip));
        Self {
            space,
            pid: format!("pid {}{cpu}", parent.pid),
            status,
            lines,
            compact: compact.then(|| format!("{} waiting", grouped(waiting_count))),
            bar,
            waiting_heading: (waiting_heading, waiting_words),
            waiting,
            more,
            results_heading: (results_heading, told),
            results: if chips { result_chips(run, at_ns, units, &grid, results_top) } else { Vec::new() },
            strip: if chips || !with_results {
                Vec::new()
            } else {
                strip(run, at_ns, units, u64::from(known) + summed, strip_space)
            },
        }
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let words = format!(
            "Parent, {}: {}, {}, {}",
            self.pid, self.status.words, self.waiting_heading.1, self.results_heading.1
        );
        words.trim_end_matches(", ").to_owned()
    }
}

/// Chips in rows.
struct Grid {
    left: f32,
    per_row: u32,
    chip_width: f32,
    chip: f32,
}

impl Grid {
    fn place(&self, index: u32, top: f32) -> (f32, f32) {
        let (row, column) = (index / self.per_row, index % self.per_row);
        (self.left + column as f32 * (self.chip_width + 3.0), top + row as f32 * (self.chip + 3.0))
    }

    fn space(&self, index: u32, top: f32) -> Rect {
        let (x, y) = self.place(index, top);
        Rect::from_min_size(pos2(x.round(), y.round()), vec2(self.chip_width.floor(), self.chip))
    }
}

/// The first units that have not left the parent. They are handed out in order, so that all before
/// the first one are gone.
fn waiting_units(run: &Run, at_ns: u64, most: u32, grid: &Grid, top: f32) -> Vec<Chip> {
    let units = run.cut.units().min(run.detail_units);
    let first = units.saturating_sub(run.waiting_units(at_ns));
    (0..most)
        .zip(first..units)
        .map(|(index, unit)| Chip { space: grid.space(index, top), unit, worker: None })
        .collect()
}

/// Units that workers had computed by then, told as sums.
pub(super) fn summed_units(run: &Run, at_ns: u64) -> u64 {
    let of = |actor: &Actor| {
        let sums = actor.lane.sums();
        sums[..sums.partition_point(|sum| sum.to_ns <= at_ns)].iter().map(|sum| u64::from(sum.units)).sum::<u64>()
    };
    if run.summed_from_ns.is_none() { 0 } else { run.workers().map(of).sum() }
}

fn whose(run: &Run, unit: u32, at_ns: u64) -> Option<u32> {
    let record = run.units.get(unit)?;
    record.arrived_ns.filter(|&arrived| arrived <= at_ns)?;
    Some(record.worker.and_then(|worker| run.actor(worker)).map_or(0, |actor| run.hue(actor)))
}

fn result_chips(run: &Run, at_ns: u64, units: u32, grid: &Grid, top: f32) -> Vec<Chip> {
    (0..units).map(|unit| Chip { space: grid.space(unit, top), unit, worker: whose(run, unit, at_ns) }).collect()
}

/// All results over the width of the card. A column stands for several units, of which a few are
/// looked at: the cost follows pixels.
fn strip(run: &Run, at_ns: u64, units: u32, summed_to: u64, space: Rect) -> Vec<Column> {
    let columns = units.min((space.width() / 2.0) as u32).max(1);
    let edge = |index: u32| (u64::from(units) * u64::from(index) / u64::from(columns)) as u32;
    let width = space.width() / columns as f32;
    (0..columns)
        .map(|index| {
            let (from, to) = (edge(index), edge(index + 1).max(edge(index) + 1));
            let looked = (to - from).min(GLANCE);
            let sample = (0..looked).map(|step| from + (to - from) * step / looked);
            let arrived: Vec<u32> = sample
                .filter_map(|unit| {
                    // Of sums it is not told whose result it was: the parent's neutral colour.
                    if unit < run.detail_units {
                        whose(run, unit, at_ns)
                    } else {
                        (u64::from(unit) < summed_to).then_some(0)
                    }
                })
                .collect();
            let left = space.left() + index as f32 * width;
            Column {
                space: Rect::from_x_y_ranges(left..=left + width, space.y_range()),
                share: arrived.len() as f32 / looked as f32,
                worker: arrived.first().copied(),
            }
        })
        .collect()
}
