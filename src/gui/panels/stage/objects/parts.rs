//! What is drawn of an object besides its words, as rectangles: slots, cells, the rows of clients.

use egui::{Rect, pos2, vec2};

use super::cells::{Cell, Cells, grouped_signed};
use super::counter::Counter;
use super::road::RoadParts;
use super::seen::{Face, Seen};
use crate::gui::panels::draw::about_width;
use crate::gui::panels::stage::setting::Setting;

/// More slots than this are told as a number only.
const MOST_SLOTS: u32 = 12;

/// A strip is never lower than this.
const LEAST_STRIP: f32 = 15.0;
/// Of more cells than these there is a strip, too.
pub(super) const FEW_CELLS: usize = 8;

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
    pub more_cells: Option<(Rect, u64)>,
    /// The strip of who wrote which part: of a block, and of an array whose cells are many.
    pub strip: Option<Rect>,
    /// The line about the object's own lock.
    pub lock: Option<Rect>,
    /// Where the requests to a manager are.
    pub counter: Option<Counter>,
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
            Face::Served(served) => {
                let (line, high) = (setting.line(), Counter::height(setting));
                let mut rest = body;
                if body.height() >= high {
                    parts.counter = Some(Counter::of(body, setting));
                    rest.min.y += high;
                }
                let rows = ((rest.height() / line + 0.1) as usize).min(served.clients.len());
                parts.clients = (0..rows).map(|row| row_of(rest, row, line)).collect();
            }
            Face::Block(_) if body.height() >= LEAST_STRIP * setting.scale => {
                parts.strip = Some(body.shrink2(vec2(0.0, 1.0)));
            }
            Face::Gate(_) | Face::Flag { .. } | Face::Bell { .. } | Face::Block(_) => {}
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
        let count = cells.cells.len();
        let strip = line.max(LEAST_STRIP * setting.scale);
        if count > FEW_CELLS && count as u64 == cells.length && room.height() >= 2.0 * strip {
            self.strip = Some(room.with_min_y(room.bottom() - strip));
            room.max.y -= strip + 3.0;
        }
        let least = 40.0 * setting.scale;
        let wide = |cell: &Cell| {
            let name = cell.writer.as_ref().filter(|_| count > 1).map(|(who, _)| who.short()).unwrap_or_default();
            let number = about_width(&grouped_signed(cell.value), setting.type_size);
            (number.max(about_width(&name, setting.type_size)) + setting.type_size).max(least)
        };
        let widths: Vec<f32> = cells.cells.iter().map(wide).collect();
        let all = widths.iter().sum::<f32>() + gap * count.saturating_sub(1) as f32;
        // All of them, with some air; else the first ones, and how many more there are.
        let (air, end) = if all <= room.width() {
            (((room.width() - all) / count.max(1) as f32).min(least), room.right())
        } else {
            (0.0, room.right() - least)
        };
        let mut left = room.left();
        for width in widths {
            let right = left + width + air;
            if right > end + 0.5 && !self.cells.is_empty() {
                break;
            }
            let right = right.min(room.right());
            self.cells.push(Rect::from_x_y_ranges(left.round()..=right.round(), room.y_range()));
            left = right + gap;
        }
        let shown = self.cells.len() as u64;
        let rest = Rect::from_x_y_ranges(left.min(room.right() - 1.0)..=room.right(), room.y_range());
        self.more_cells = (shown < cells.length).then(|| (rest, cells.length - shown));
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
