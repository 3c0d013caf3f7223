//! Below parent and workers: the results of the call, a slot each. In input order, so that one sees what a
//! late one holds up; for `imap_unordered` in the order of completion.

use egui::{Rect, pos2, vec2};

use crate::chunk::grouped;
use crate::gui::panels::draw::about_width;
use crate::gui::words;
use crate::model::{Buffer, Run, Slot};
use crate::plan::Call;

/// Narrower than this, slots are columns that stand for several.
const LEAST_SLOT: f32 = 3.0;
/// How many units of a column are looked at.
const GLANCE: u32 = 12;

/// The results of a call at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Where.
    pub space: Rect,
    /// What it is and how many there are.
    pub heading: (Rect, String),
    /// What the caller waits for.
    pub alert: Option<String>,
    /// The slots, from left to right.
    pub slots: Vec<Place>,
    /// Whether they are wide enough for their numbers.
    pub numbered: bool,
    /// From where to where units may be handed out beyond what the caller has taken.
    pub ahead: Option<Rect>,
}

/// One slot, or a column of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Where.
    pub space: Rect,
    /// Which unit; `None` for one that is not known yet. Of several, the first.
    pub unit: Option<u32>,
    /// Where its result is. Of several, what stands out most.
    pub slot: Slot,
    /// Whose it is.
    pub hue: Option<u32>,
    /// Whether the caller waits for it.
    pub holds_up: bool,
    /// The share of the column that has arrived, failed ones included; 1 or 0 for one slot.
    pub share: f32,
}

impl Band {
    /// How high it is.
    pub fn height(type_size: f32, tight: bool) -> f32 {
        if tight { (type_size * 1.7).round() } else { (type_size * 3.9).round() }
    }

    /// The results of a run's call in a band of the stage.
    pub fn of(run: &Run, space: Rect, at_ns: u64, type_size: f32, tight: bool) -> Option<Self> {
        let units = run.cut.units();
        if units == 0 {
            return None;
        }
        let buffer = run.buffer(at_ns);
        let alert = alert(run, &buffer, at_ns);
        let told = if tight { briefly(run, &buffer, units) } else { told(run, &buffer, units) };
        let line = (type_size * 1.5).round();
        let (heading, room) = if tight {
            let words = about_width(&told, type_size).min(space.width() * 0.45);
            space.split_left_right_at_x((space.left() + words + type_size).round())
        } else {
            space.split_top_bottom_at_y(space.top() + line)
        };
        // Room for the wedge above and the bracket below.
        let room = if tight { room } else { room.with_min_y(room.top() + 3.0).with_max_y(room.bottom() - 2.0) };
        let number = units.saturating_sub(1).to_string();
        let wanted = (about_width(&number, type_size) + 0.6 * type_size).max(type_size * 1.7);
        let wide = room.width() / units as f32;
        let numbered = wide >= wanted;
        let pitch = if numbered { wide.min(wanted * 1.6).floor() } else { wide };
        let slots = if wide >= LEAST_SLOT {
            singles(run, &buffer, room, pitch, units, at_ns)
        } else {
            columns(run, room, units, at_ns)
        };
        let ahead = buffer.ahead.filter(|_| wide >= LEAST_SLOT).map(|(_, most)| {
            let x = |count: u32| room.left() + pitch * count.min(units) as f32;
            Rect::from_x_y_ranges(x(buffer.delivered)..=x(buffer.delivered.saturating_add(most)), room.y_range())
        });
        Some(Self { space, heading: (heading, told), alert, slots, numbered, ahead })
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let alert = self.alert.as_ref().map_or_else(String::new, |alert| format!("; {alert}"));
        format!("{}{alert}", self.heading.1)
    }
}

/// `Reorder buffer of imap: 3 taken, 2 kept back · first result after 12 ms`.
fn told(run: &Run, buffer: &Buffer, units: u32) -> String {
    let call = run.plan.call;
    let (name, all) = (call.python(), grouped(units.into()));
    let (taken, arrived) = (grouped(buffer.delivered.into()), grouped(buffer.arrived.into()));
    let kept = grouped(buffer.arrived.saturating_sub(buffer.delivered).into());
    let told = match call {
        Call::Imap => format!("Reorder buffer of imap: {taken} of {all} taken, {kept} kept back"),
        Call::ImapUnordered => format!("imap_unordered, as completed: {taken} of {all} taken"),
        Call::Apply | Call::ApplyAsync => {
            format!("Results of {name}: {taken} of {all} taken, {kept} not asked for yet")
        }
        Call::Map | Call::Starmap | Call::MapAsync if buffer.delivered > 0 => {
            format!("Results of {name}: all {all} given at once")
        }
        Call::Map | Call::Starmap | Call::MapAsync => {
            format!("Results of {name}, in order: {arrived} of {all} arrived")
        }
    };
    let failed = match buffer.failed {
        0 => String::new(),
        count => format!(", {} failed", grouped(count.into())),
    };
    let ahead = buffer.ahead.map(|(used, most)| format!(" · {used} of {most} units of look-ahead used"));
    told + &failed + &ahead.unwrap_or_default()
}

/// The same where there is hardly room.
fn briefly(run: &Run, buffer: &Buffer, units: u32) -> String {
    let name = run.plan.call.python();
    let count = if run.plan.call.is_at_once() { buffer.arrived } else { buffer.delivered };
    let waiting = buffer.holds_up.map_or_else(String::new, |(unit, _)| format!(", waits for {unit}"));
    format!("{name}: {} of {}{waiting}", grouped(count.into()), grouped(units.into()))
}

/// What the caller waits for, or when it had its first result.
fn alert(run: &Run, buffer: &Buffer, at_ns: u64) -> Option<String> {
    let missing = run.cut.units().saturating_sub(buffer.arrived.saturating_add(buffer.failed));
    if let Some((unit, _)) = buffer.holds_up.filter(|_| run.plan.call.is_at_once()) {
        let others = match missing {
            0 | 1 => String::new(),
            2 => " and 1 other".to_owned(),
            more => format!(" and {} others", grouped(u64::from(more - 1))),
        };
        return Some(format!("waiting for unit {unit}{others}"));
    }
    if let Some((unit, behind)) = buffer.holds_up {
        let never = matches!(run.slot(unit, at_ns), Slot::Lost(crate::trace::Fate::NeverComes));
        let fate = if never { ", which never comes" } else { "" };
        return Some(format!("waiting for unit {unit}{fate}: {} done behind it", grouped(behind.into())));
    }
    let first_ns = buffer.first_ns.filter(|first_ns| run.began_ns.saturating_add(*first_ns) <= at_ns)?;
    Some(format!("first result after {}", words::duration(first_ns)))
}

/// Whose result it is.
fn hue(run: &Run, unit: u32) -> Option<u32> {
    let worker = run.units.get(unit)?.worker?;
    run.actor(worker).map(|actor| run.hue(actor))
}

/// The units in the order of their completion; behind them those that will never complete.
fn completed(run: &Run, at_ns: u64) -> Vec<u32> {
    let arrivals = run.units.arrivals();
    let mut order: Vec<u32> = arrivals[..run.arrived_by(at_ns)].iter().map(|(_, unit)| *unit).collect();
    let gone = run.failures.iter().map(|failure| failure.unit).chain(run.lost.iter().map(|lost| lost.unit));
    for unit in gone.take(1_000) {
        let is_gone = matches!(run.slot(unit, at_ns), Slot::Failed | Slot::Lost(_));
        if is_gone && !order.contains(&unit) {
            order.push(unit);
        }
    }
    order
}

fn singles(run: &Run, buffer: &Buffer, room: Rect, pitch: f32, units: u32, at_ns: u64) -> Vec<Place> {
    let gap = if pitch >= 8.0 {
        3.0
    } else if pitch >= 5.0 {
        1.0
    } else {
        0.5
    };
    let unordered = run.plan.call == Call::ImapUnordered;
    let completed = if unordered { completed(run, at_ns) } else { Vec::new() };
    let order = |index: u32| if unordered { completed.get(index as usize).copied() } else { Some(index) };
    (0..units)
        .map(|index| {
            let left = room.left() + pitch * index as f32;
            let space = Rect::from_min_size(pos2(left, room.top()), vec2(pitch - gap, room.height()));
            let unit = order(index);
            let slot = unit.map_or(Slot::Waiting, |unit| run.slot(unit, at_ns));
            let there = matches!(slot, Slot::Arrived | Slot::Delivered);
            Place {
                space,
                unit,
                slot,
                hue: unit.filter(|_| there).and_then(|unit| hue(run, unit)),
                holds_up: unit.is_some() && unit == buffer.holds_up.map(|(unit, _)| unit),
                share: if there { 1.0 } else { 0.0 },
            }
        })
        .collect()
}

/// A column stands for several units, of which a few are looked at: the cost follows pixels. Past the
/// detail limit it is known only how many arrived.
fn columns(run: &Run, room: Rect, units: u32, at_ns: u64) -> Vec<Place> {
    let count = units.min((room.width() / LEAST_SLOT) as u32).max(1);
    let edge = |index: u32| (u64::from(units) * u64::from(index) / u64::from(count)) as u32;
    let width = room.width() / count as f32;
    let detailed = units.min(run.detail_units);
    let summed_to = u64::from(detailed) + super::cards::summed_units(run, at_ns);
    let unordered = run.plan.call == Call::ImapUnordered;
    let arrived = run.arrived_by(at_ns) as u32;
    (0..count)
        .map(|index| {
            let (from, to) = (edge(index), edge(index + 1).max(edge(index) + 1));
            let looked = (to - from).min(GLANCE);
            let mut place = Place {
                space: Rect::from_min_size(
                    pos2(room.left() + index as f32 * width, room.top()),
                    vec2(width - 0.5, room.height()),
                ),
                unit: (from < detailed).then_some(from),
                slot: Slot::Waiting,
                hue: None,
                holds_up: false,
                share: 0.0,
            };
            for step in 0..looked {
                let unit = from + (to - from) * step / looked;
                let slot = if unit >= detailed {
                    if u64::from(unit) < summed_to { Slot::Delivered } else { Slot::Waiting }
                } else if unordered {
                    if unit < arrived { Slot::Delivered } else { Slot::Waiting }
                } else {
                    run.slot(unit, at_ns)
                };
                if matches!(slot, Slot::Arrived | Slot::Delivered) {
                    place.share += 1.0 / looked as f32;
                    place.hue = place.hue.or_else(|| if unit < detailed { hue(run, unit) } else { Some(0) });
                }
                if rank(slot) > rank(place.slot) {
                    place.slot = slot;
                }
            }
            place
        })
        .collect()
}

/// What stands out most among several.
fn rank(slot: Slot) -> u32 {
    match slot {
        Slot::Waiting => 0,
        Slot::Delivered => 1,
        Slot::Arrived => 2,
        Slot::UnderWay => 3,
        Slot::Lost(_) => 4,
        Slot::Failed => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, small};
    use crate::model::Model;

    fn band(model: &Model, at_ns: u64, width: f32) -> Band {
        let space = Rect::from_min_size(pos2(300.0, 400.0), vec2(width, 46.0));
        Band::of(model.last_run().expect("a run"), space, at_ns, 12.5, false).expect("there are units")
    }

    #[test]
    fn every_unit_has_a_slot_in_input_order() {
        let model = small();
        let run = model.last_run().expect("a run");
        for step in 0..40 {
            let at_ns = BEGAN_NS + run.length_ns() * step / 39;
            let band = band(&model, at_ns, 740.0);
            assert!(band.numbered);
            assert_eq!(
                band.slots.iter().map(|slot| slot.unit).collect::<Vec<_>>(),
                (0..8).map(Some).collect::<Vec<_>>()
            );
            let there = band.slots.iter().filter(|slot| slot.share > 0.0).count();
            assert_eq!(there, run.arrived_by(at_ns));
            assert!(band.slots.iter().all(|slot| band.space.contains_rect(slot.space)));
            assert!(band.slots.windows(2).all(|pair| pair[0].space.right() < pair[1].space.left()));
            assert!(band.slots.iter().all(|slot| slot.hue.is_some() == (slot.share > 0.0)));
        }
    }

    #[test]
    fn unordered_results_stand_in_the_order_of_completion() {
        let mut model = small();
        model.runs[0].plan.call = Call::ImapUnordered;
        let run = &model.runs[0];
        let (third_ns, _) = run.units.arrivals()[2];
        let band = band(&model, third_ns, 740.0);
        let known: Vec<u32> = band.slots.iter().filter_map(|slot| slot.unit).collect();
        assert_eq!(known, run.units.arrivals()[..3].iter().map(|(_, unit)| *unit).collect::<Vec<_>>());
        assert!(band.heading.1.starts_with("imap_unordered, as completed"), "{}", band.heading.1);
    }

    #[test]
    fn the_look_ahead_is_a_bound_in_sight() {
        let mut model = small();
        (model.runs[0].plan.call, model.runs[0].plan.buffersize) = (Call::Imap, Some(3));
        let band = band(&model, model.runs[0].last_ns, 740.0);
        assert!(band.heading.1.contains("8 of 3 units of look-ahead used"), "{}", band.heading.1);
        let ahead = band.ahead.expect("a bound");
        assert!((ahead.left() - band.slots[0].space.left()).abs() < 0.01, "nothing was taken");
        assert!((ahead.right() - band.slots[3].space.left()).abs() < 0.01);
    }

    #[test]
    fn many_units_are_columns_that_fill() {
        let model = Pool { units: 1_000, unit_ns: 1_000_000, ..Pool::default() }.model();
        let run = model.last_run().expect("a run");
        let filled = |at_ns| {
            let band = band(&model, at_ns, 740.0);
            assert!(!band.numbered && band.slots.len() < 260);
            band.slots.iter().map(|slot| slot.share).sum::<f32>() / band.slots.len() as f32
        };
        assert!(filled(BEGAN_NS).abs() < 1e-6);
        assert!((filled(BEGAN_NS + run.length_ns() / 2) - 0.5).abs() < 0.05);
        assert!((filled(run.last_ns) - 1.0).abs() < 1e-6);
    }
}
