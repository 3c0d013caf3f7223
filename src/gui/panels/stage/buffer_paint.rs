//! The slots of the results as shapes: each state has a shape of its own, and never only a colour.

use egui::{Align2, CornerRadius, Rangef, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::buffer::{Band, Place};
use crate::gui::panels::draw::Ink;
use crate::model::Slot;

/// Paints the band.
pub(super) fn band(ink: &Ink<'_>, band: &Band, selected: Option<u32>) {
    let theme = ink.theme;
    let (heading, words) = (band.heading.0, &band.heading.1);
    let tight = heading.bottom() >= band.space.bottom() - 1.0;
    let mut rest = heading;
    if let Some(alert) = band.alert.as_ref().filter(|_| !tight) {
        let waits = band.slots.iter().any(|place| place.holds_up) || alert.starts_with("waiting");
        let colour = if waits { theme.prediction() } else { theme.faint() };
        let font = if waits { theme.strong_small() } else { theme.small() };
        let told = ink.text_in(heading, Align2::RIGHT_CENTER, alert.as_str(), font, colour);
        rest.max.x = told.left() - 10.0 * theme.scale();
    }
    ink.text_in(rest, Align2::LEFT_CENTER, words.as_str(), theme.small(), theme.faint());
    if let Some(ahead) = band.ahead {
        look_ahead(ink, ahead);
    }
    for place in &band.slots {
        slot(ink, place, band.numbered);
        if place.unit.is_some() && place.unit == selected && band.numbered {
            let stroke = Stroke::new(theme.line(2.0), theme.text());
            ink.painter.rect_stroke(place.space.expand(1.0), CornerRadius::same(4), stroke, StrokeKind::Outside);
        }
    }
}

/// How far units may be handed out: a bracket below the slots.
fn look_ahead(ink: &Ink<'_>, space: Rect) {
    let stroke = Stroke::new(ink.theme.line(1.5), ink.theme.accent());
    let (y, rise) = (space.bottom() + 2.5, 4.0);
    let points = vec![
        pos2(space.left(), y - rise),
        pos2(space.left(), y),
        pos2(space.right() - 2.0, y),
        pos2(space.right() - 2.0, y - rise),
    ];
    ink.painter.add(Shape::line(points, stroke));
}

/// Full: arrived. An outline with a tick: delivered. Dashed: missing. A cross: failed. A question mark:
/// lost. A thick frame with a wedge above: all others wait for it.
fn slot(ink: &Ink<'_>, place: &Place, numbered: bool) {
    let theme = ink.theme;
    let (space, round) = (place.space, CornerRadius::same(if numbered { 3 } else { 0 }));
    let colour = place.hue.map_or(theme.worker(0), |hue| theme.worker(hue));
    if !numbered {
        column(ink, place, colour);
        return;
    }
    let inner = space.shrink2(vec2(0.0, 1.0));
    let hair = Stroke::new(theme.line(1.0), theme.border());
    let label = place.unit.map(|unit| unit.to_string()).unwrap_or_default();
    let mut written = theme.faint();
    match place.slot {
        Slot::Waiting => _ = ink.painter.rect_stroke(inner, round, hair, StrokeKind::Inside),
        Slot::UnderWay => ink.dashed_box(inner.shrink(0.5), theme.faint()),
        Slot::Arrived => {
            ink.painter.rect_filled(inner, round, colour);
            written = if place.hue == Some(0) && !theme.dark { theme.canvas() } else { theme.on_worker() };
        }
        Slot::Delivered => {
            ink.painter.rect_filled(inner, round, colour.gamma_multiply(0.22));
            ink.painter.hline(inner.x_range(), inner.bottom() - 1.0, Stroke::new(theme.line(2.0), colour));
            written = theme.text();
        }
        Slot::Failed | Slot::Lost(_) => {
            ink.painter.rect_filled(inner, round, theme.bad_back());
            let stroke = Stroke::new(theme.line(1.5), theme.bad());
            match place.slot {
                Slot::Failed => _ = ink.painter.rect_stroke(inner, round, stroke, StrokeKind::Inside),
                _ => ink.dashed_box(inner.shrink(0.5), theme.bad()),
            }
            written = theme.bad();
        }
    }
    let mark = match place.slot {
        Slot::Failed => "✕",
        Slot::Lost(_) => "?",
        _ => "",
    };
    let fits = place.space.width() > theme.small().size * (1.2 + 0.65 * label.len() as f32);
    let label = if fits {
        format!("{label}{mark}")
    } else if mark.is_empty() {
        label
    } else {
        mark.to_owned()
    };
    ink.text(inner.center(), Align2::CENTER_CENTER, label, theme.strong_small(), written);
    if place.holds_up {
        let stroke = Stroke::new(theme.line(2.0), theme.prediction());
        ink.painter.rect_stroke(inner, round, stroke, StrokeKind::Outside);
        let (x, y, size) = (inner.center().x, inner.top() - 1.0, 4.0 * theme.scale());
        let wedge = vec![pos2(x - size, y - size), pos2(x + size, y - size), pos2(x, y + 1.0)];
        ink.painter.add(Shape::convex_polygon(wedge, theme.prediction(), Stroke::NONE));
    }
}

/// Too narrow for a number.
fn column(ink: &Ink<'_>, place: &Place, colour: egui::Color32) {
    let theme = ink.theme;
    let space = place.space;
    // The higher, the farther its result has come; low again, and in its worker's colour, once it is taken.
    let low = |share: f32| space.with_min_y(space.bottom() - space.height() * share);
    ink.painter.rect_filled(space, CornerRadius::ZERO, theme.border().gamma_multiply(0.35));
    match place.slot {
        Slot::UnderWay => _ = ink.painter.rect_filled(low(0.4), CornerRadius::ZERO, theme.faint().gamma_multiply(0.7)),
        Slot::Delivered => {
            ink.painter.rect_filled(low(place.share), CornerRadius::ZERO, colour.gamma_multiply(0.35));
            ink.painter.rect_filled(low(0.12), CornerRadius::ZERO, colour);
        }
        Slot::Arrived => _ = ink.painter.rect_filled(low(place.share), CornerRadius::ZERO, colour),
        Slot::Waiting | Slot::Failed | Slot::Lost(_) => {}
    }
    match place.slot {
        Slot::Failed | Slot::Lost(_) => {
            // Full height and a notch: seen without its colour.
            ink.painter.rect_filled(space, CornerRadius::ZERO, theme.bad());
            let notch = space.with_max_y(space.top() + 3.0);
            ink.painter.rect_filled(notch.translate(vec2(0.0, 3.0)), CornerRadius::ZERO, theme.canvas());
        }
        _ if place.holds_up => {
            let line = Stroke::new(theme.line(2.0), theme.prediction());
            ink.painter.vline(space.center().x, Rangef::new(space.top() - 4.0, space.bottom()), line);
        }
        _ => {}
    }
}
