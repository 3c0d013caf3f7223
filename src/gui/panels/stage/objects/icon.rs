//! A small picture for each kind of object, drawn, since fonts differ in having one.

use egui::{Color32, CornerRadius, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::paint::hold_colour;
use super::seen::{Face, Hold, Seen};
use crate::gui::panels::draw::Ink;

/// The picture of an object, in the colour of its state.
pub(super) fn of(ink: &Ink<'_>, seen: &Seen, space: Rect, colour: Color32) {
    let stroke = Stroke::new(ink.theme.line(1.5), colour);
    let at = |x: f32, y: f32| pos2(space.left() + space.width() * x, space.top() + space.height() * y);
    match &seen.face {
        Face::Gate(gate) => padlock(ink, space, gate.hold(seen.waiters.len())),
        Face::Flag { set } => {
            ink.painter.line_segment([at(0.2, 0.05), at(0.2, 0.95)], stroke);
            // Up and full when it is set; down and empty else.
            let top = if *set { 0.08 } else { 0.48 };
            let cloth = vec![at(0.2, top), at(0.9, top + 0.22), at(0.2, top + 0.44)];
            let fill = if *set { colour } else { ink.theme.panel() };
            ink.painter.add(Shape::convex_polygon(cloth, fill, stroke));
        }
        Face::Bell { .. } => {
            let dome: Vec<Pos2> = (0..=12)
                .map(|step| {
                    let angle = std::f32::consts::PI * (1.0 + step as f32 / 12.0);
                    at(0.5 + 0.36 * angle.cos(), 0.55 + 0.45 * angle.sin())
                })
                .collect();
            ink.painter.add(Shape::line(dome, stroke));
            ink.painter.line_segment([at(0.06, 0.72), at(0.94, 0.72)], stroke);
            ink.painter.line_segment([at(0.14, 0.55), at(0.06, 0.72)], stroke);
            ink.painter.line_segment([at(0.86, 0.55), at(0.94, 0.72)], stroke);
            ink.painter.circle_filled(at(0.5, 0.87), space.width() * 0.1, colour);
        }
        Face::Barrier { broken, .. } => {
            for x in [0.2, 0.5, 0.8] {
                ink.painter.line_segment([at(x, 0.1), at(x, 0.9)], stroke);
            }
            if *broken {
                ink.painter.line_segment([at(0.0, 0.95), at(1.0, 0.05)], stroke);
            } else {
                ink.painter.line_segment([at(0.0, 0.5), at(1.0, 0.5)], stroke);
            }
        }
        Face::Roads(_) => {
            for y in [0.3, 0.7] {
                ink.painter.line_segment([at(0.0, y), at(0.62, y)], stroke);
            }
            ink.arrow_head(at(1.0, 0.5), vec2(1.0, 0.0), space.width() * 0.42, colour);
        }
        Face::Cells(_) | Face::Block(_) => {
            let frame = space.shrink2(vec2(0.0, space.height() * 0.2));
            ink.painter.rect_stroke(frame, CornerRadius::same(2), stroke, StrokeKind::Inside);
            for x in [0.33, 0.67] {
                ink.painter.line_segment([at(x, 0.2), at(x, 0.8)], stroke);
            }
        }
        Face::Served(_) => {
            ink.painter.circle_stroke(at(0.5, 0.32), space.width() * 0.2, stroke);
            let shoulders = vec![at(0.1, 0.95), at(0.22, 0.66), at(0.78, 0.66), at(0.9, 0.95)];
            ink.painter.add(Shape::line(shoulders, stroke));
        }
    }
}

/// Closed and full while somebody has it, open and empty else; crossed out where its owner died.
pub(super) fn padlock(ink: &Ink<'_>, space: Rect, hold: Hold) {
    let colour = hold_colour(ink.theme, hold);
    let stroke = Stroke::new(ink.theme.line(1.5), colour);
    let at = |x: f32, y: f32| pos2(space.left() + space.width() * x, space.top() + space.height() * y);
    let body = Rect::from_min_max(at(0.12, 0.45), at(0.88, 1.0));
    // The shackle hangs in the air on one side while it is open.
    let foot = if hold == Hold::Free { 0.34 } else { 0.45 };
    let arch = (0..=10).map(|step| {
        let angle = std::f32::consts::PI * (1.0 + step as f32 / 10.0);
        let lift = if hold == Hold::Free { 0.1 } else { 0.0 };
        at(0.5 + 0.24 * angle.cos(), 0.3 - lift + 0.26 * angle.sin())
    });
    let points: Vec<Pos2> = std::iter::once(at(0.26, 0.45)).chain(arch).chain([at(0.74, foot - 0.08)]).collect();
    ink.painter.add(Shape::line(points, stroke));
    if hold == Hold::Free {
        ink.painter.rect_stroke(body, CornerRadius::same(2), stroke, StrokeKind::Inside);
        return;
    }
    ink.painter.line_segment([at(0.74, 0.3), at(0.74, 0.46)], stroke);
    ink.painter.rect_filled(body, CornerRadius::same(2), colour);
    let seam = Stroke::new(ink.theme.line(1.5), ink.theme.panel());
    match hold {
        Hold::Orphaned => {
            ink.painter.line_segment([body.left_top(), body.right_bottom()], seam);
            ink.painter.line_segment([body.right_top(), body.left_bottom()], seam);
        }
        // A bar across it: somebody stands before it.
        Hold::Blocking => _ = ink.painter.hline(body.x_range().shrink(2.0), body.center().y, seam),
        Hold::Free | Hold::Quiet => {}
    }
}

/// Somebody waits.
pub(super) fn hourglass(ink: &Ink<'_>, space: Rect, colour: Color32) {
    let middle = space.center();
    let half = space.width() * 0.36;
    let (left, right) = (middle.x - half, middle.x + half);
    let glass = |edge: f32| vec![pos2(left, edge), pos2(right, edge), middle];
    ink.painter.add(Shape::convex_polygon(glass(space.top()), colour, Stroke::NONE));
    let stroke = Stroke::new(ink.theme.line(1.0), colour);
    ink.painter.add(Shape::closed_line(glass(space.bottom()), stroke));
}
