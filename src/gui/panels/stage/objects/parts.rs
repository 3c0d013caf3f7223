//! What is drawn of an object besides its words, as rectangles: slots, cells, the rows of clients.

use egui::{Rect, pos2};

use super::layout::Setting;
use super::road::RoadParts;
use super::seen::{Cells, Face, Seen, grouped_signed};
use crate::gui::panels::draw::about_width;

/// More slots than this are told as a number only.
const MOST_SLOTS: u32 = 12;

/// The drawn part of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    /// A slot for every permit or party, from the left; those of a semaphore that are taken come first.
    pub slots: Vec<Slot>,
    /// The roads of a pipe or a queue.
    pub roads: Vec<RoadParts>,
    /// The cells in sight.
    pub cells: Vec<Rect>,
    /// How many cells are not.
    pub more_cells: Option<(Rect, usize)>,
    /// The line about the object's own lock.
    pub lock: Option<Rect>,
    /// A line for each client of a manager.
    pub clients: Vec<Rect>,
}

/// A place for a permit or a party.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Where.
    pub space: Rect,
    /// Who is in it, by their colour; `None` is empty.
    pub hue: Option<u32>,
}

impl Parts {
    /// The parts of an object within `body`; slots stand at the right of the heading.
    pub fn of(seen: &Seen, body: Rect, heading: Rect, setting: &Setting) -> Self {
        let mut parts = Self::default();
        match &seen.face {
            Face::Gate(gate) if gate.counts => {
                let holders = gate.holders.iter().flat_map(|holder| {
                    std::iter::repeat_n(Some(holder.who.hue), holder.times.min(MOST_SLOTS) as usize)
                });
                // A permit that somebody else gave back belongs to nobody in sight.
                let taken = gate.permits.saturating_sub(gate.left) as usize;
                let taken = holders.chain(std::iter::repeat(Some(0))).take(taken);
                parts.slots = slots(gate.permits.max(gate.left), taken, heading, setting);
            }
            Face::Barrier { parties, .. } => {
                let arrived = seen.waiters.iter().map(|waiter| Some(waiter.who.hue));
                parts.slots = slots(*parties, arrived, heading, setting);
            }
            Face::Roads(roads) => {
                let height = body.height() / roads.len().max(1) as f32;
                let place = |row: usize| {
                    let top = body.top() + row as f32 * height;
                    Rect::from_x_y_ranges(body.x_range(), top.round()..=(top + height).round())
                };
                let parts_of = |(row, road)| RoadParts::of(road, &seen.waiters, place(row), setting);
                parts.roads = roads.iter().enumerate().map(parts_of).collect();
            }
            Face::Cells(cells) => parts.cells(cells, body, setting),
            Face::Served(clients) => {
                let line = setting.line();
                let rows = ((body.height() / line + 0.1) as usize).min(clients.len());
                parts.clients = (0..rows).map(|row| row_of(body, row, line)).collect();
            }
            Face::Gate(_) | Face::Flag { .. } | Face::Bell { .. } | Face::Block { .. } => {}
        }
        parts
    }

    fn cells(&mut self, cells: &Cells, body: Rect, setting: &Setting) {
        let (line, gap) = (setting.line(), 3.0);
        let mut room = body;
        if cells.lock.is_some() && body.height() > line * 2.2 {
            room.max.y -= line;
            self.lock = Some(body.with_min_y(room.bottom()));
        }
        if room.height() < 14.0 * setting.scale {
            return;
        }
        room.max.y -= 2.0 * setting.scale;
        let widest = cells.cells.iter().map(|cell| about_width(&grouped_signed(cell.value), setting.type_size));
        let least = (widest.fold(0.0, f32::max) + setting.type_size).max(34.0 * setting.scale);
        let count = cells.cells.len();
        let fit = ((room.width() + gap) / (least + gap)).max(1.0) as usize;
        let (shown, width) = if count <= fit {
            (count, ((room.width() + gap) / count.max(1) as f32 - gap).min(least * 1.8))
        } else {
            (fit.saturating_sub(1).max(1), least)
        };
        let place = |column: usize| {
            let left = room.left() + column as f32 * (width + gap);
            Rect::from_x_y_ranges(left.round()..=(left + width).round(), room.y_range())
        };
        self.cells = (0..shown).map(place).collect();
        self.more_cells = (shown < count).then(|| (place(shown), count - shown));
    }
}

fn row_of(body: Rect, row: usize, line: f32) -> Rect {
    let top = body.top() + row as f32 * line;
    Rect::from_min_max(pos2(body.left(), top), pos2(body.right(), top + line))
}

/// Squares at the right end of a line, filled from the left.
fn slots(count: u32, taken: impl Iterator<Item = Option<u32>>, line: Rect, setting: &Setting) -> Vec<Slot> {
    if count > MOST_SLOTS {
        return Vec::new();
    }
    let (size, gap) = ((setting.type_size * 0.95).round(), 3.0);
    let pitch = size + gap;
    let left = line.right() - pitch * count as f32 + gap;
    let hues = taken.chain(std::iter::repeat(None));
    (0..count)
        .zip(hues)
        .map(|(index, hue)| {
            let min = pos2(left + index as f32 * pitch, (line.center().y - size / 2.0).round());
            Slot { space: Rect::from_min_size(min, egui::Vec2::splat(size)), hue }
        })
        .collect()
}
