//! Where everything stands on the stage of a program whose processes share something: the parent left, the
//! other processes right, what they share between them, and the arrows of who waits for whom.

use egui::{Rect, pos2, vec2};

use super::arrows::{self, Arrow};
use super::column::{Column, Height};
use super::counter::Counter;
use super::crew::Crew;
use super::parts::{FEW_CELLS, Parts};
use super::seen::{Face, Seen};
use super::sight::Sight;
use crate::gui::panels::stage::setting::Setting;
use crate::model::Run;

/// An object in its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Where.
    pub space: Rect,
    /// The line with its name.
    pub heading: Rect,
    /// What it holds, drawn.
    pub parts: Parts,
    /// Where its state is written, if there is room.
    pub line: Option<Rect>,
    /// Where those are named who wait, if there is room.
    pub waiting: Option<Rect>,
    /// What is seen of it.
    pub seen: Seen,
}

/// Everything on the stage.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The processes and threads.
    pub crew: Crew,
    /// The objects in sight.
    pub objects: Vec<Placed>,
    /// How many there are, and the first one in sight.
    pub all: (usize, usize),
    /// Who waits for what, and who has it.
    pub arrows: Vec<Arrow>,
}

impl Scene {
    /// The scene at a moment.
    pub fn of(run: &Run, sight: &Sight, setting: &Setting) -> Self {
        let Setting { area, scale, at_ns, .. } = *setting;
        // What lies between has the most to say: also in large type, the sides give way.
        let gap = (area.width() * 0.04).clamp(22.0 * scale, 64.0 * scale);
        // On the right are the most arrows.
        let wide = (area.width() * 0.065).clamp(30.0 * scale, 100.0 * scale);
        let left_width = (area.width() * 0.2).clamp(110.0, 210.0 * scale);
        let right_width = (area.width() * 0.265).clamp(150.0, 290.0 * scale);
        let left = area.with_max_x((area.left() + left_width).round());
        let right = area.with_min_x((area.right() - right_width).round());
        let middle = Rect::from_x_y_ranges(
            (left.right() + gap).round()..=(right.left() - wide).round(),
            // A wait for another process passes above the objects.
            area.top() + if sight.waits_for_actors() { 10.0 * scale } else { 0.0 }..=area.bottom(),
        );
        let mut crew = Crew::of(run, (left, right), at_ns, scale, setting.first);
        sight.tell(&mut crew.cards);
        let heights: Vec<Height> = sight.objects.iter().map(|seen| height(seen, setting)).collect();
        let column = Column::of(middle, &heights, 8.0 * scale, setting.first_object);
        let seen = sight.objects.iter().skip(column.first);
        let objects: Vec<Placed> =
            seen.zip(&column.places).map(|(seen, &space)| Placed::of(seen.clone(), space, setting)).collect();
        let arrows = arrows::of(sight, &crew, &objects, area);
        Self { crew, objects, all: (sight.objects.len(), column.first), arrows }
    }
}

/// How high what an object holds is drawn: it depends on what it is, never on the moment, so that nothing
/// jumps under the student's eyes.
fn body(face: &Face, setting: &Setting) -> Height {
    let (line, scale) = (setting.line(), setting.scale);
    let (least, most) = match face {
        Face::Roads(roads) => {
            let roads = roads.len().max(1) as f32;
            (roads * 18.0 * scale, roads * (34.0 * scale + line))
        }
        Face::Cells(cells) => {
            // Of several cells each names its writer below its number, and how long ago that was; of very many,
            // the strip does.
            let high = match cells.cells.len() {
                0 | 1 => 28.0 * scale,
                2..=FEW_CELLS => 3.0 * line + 4.0 * scale,
                _ => 3.0 * line + 9.0 * scale,
            };
            (0.0, high + if cells.lock.is_some() { line } else { 0.0 })
        }
        Face::Served(served) => (0.0, Counter::height(setting) + served.clients.len().clamp(1, 6) as f32 * line),
        Face::Block(block) if !block.is_made => (0.0, 0.0),
        Face::Block(_) => (0.0, 22.0 * scale),
        Face::Gate(_) | Face::Barrier { .. } | Face::Flag { .. } | Face::Bell { .. } => (0.0, 0.0),
    };
    Height { least, most }
}

/// The lines of text: its name; its state; who waits.
fn lines_of(face: &Face) -> usize {
    match face {
        Face::Block(block) if !block.is_made => 1,
        Face::Roads(roads) if roads.iter().all(|road| road.places.is_none() && road.unfinished.is_none()) => 2,
        Face::Cells(cells) if cells.lock.is_none() => 2,
        Face::Served(_) => 2,
        _ => 3,
    }
}

fn height(seen: &Seen, setting: &Setting) -> Height {
    let (line, pad) = (setting.line(), setting.pad());
    let body = body(&seen.face, setting);
    let lines = lines_of(&seen.face) as f32;
    Height { least: line + 2.0 * pad + body.least, most: lines * line + 2.0 * pad + body.most }
}

impl Placed {
    /// An object within a box: its name first, then what it holds, then as many lines as there is room for.
    fn of(seen: Seen, space: Rect, setting: &Setting) -> Self {
        let (line, pad) = (setting.line(), setting.pad());
        let inner = space.shrink2(vec2(10.0 * setting.scale, pad));
        let heading = inner.with_max_y(inner.top() + line);
        let body = body(&seen.face, setting);
        let room = inner.bottom() - heading.bottom();
        // A drawn body comes before lines of text, and a line is there in full or not at all.
        let lines =
            (((room - body.least.max(body.most.min(room))) / line + 0.1) as usize).min(lines_of(&seen.face) - 1);
        let drawn = if body.most > 0.0 { (room - lines as f32 * line).min(body.most).max(0.0) } else { 0.0 };
        let under = heading.bottom() + drawn;
        let row = |number: f32| {
            Rect::from_min_max(
                pos2(inner.left(), under + number * line),
                pos2(inner.right(), under + (number + 1.0) * line),
            )
        };
        let space_of_parts = Rect::from_min_max(heading.left_bottom(), pos2(inner.right(), under));
        let parts = Parts::of(&seen, space_of_parts, heading, setting);
        let only_waiting = matches!(seen.face, Face::Roads(_)) && lines_of(&seen.face) == 2;
        let (state, waiting) = match lines {
            0 => (None, None),
            1 if only_waiting => (None, Some(row(0.0))),
            1 => (Some(row(0.0)), None),
            _ => (Some(row(0.0)), Some(row(1.0))),
        };
        Self { space, heading, parts, line: state, waiting, seen }
    }
}
