//! The counter of a manager: the requests that wait for it, whom it serves, and the answers on their way.

use egui::{Align2, CornerRadius, Rect, Stroke, pos2, vec2};

use super::road_paint::{caption, station};
use super::served::{Client, Served};
use crate::gui::panels::draw::Ink;
use crate::gui::panels::stage::setting::Setting;
use crate::model::objects::trips::Stage;

/// The three places of a request, in the order in which it comes to them.
const STAGES: [Stage; 3] = [Stage::Waiting, Stage::Serving, Stage::Returning];

/// The counter, drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counter {
    /// Where requests wait, where they are served, where answers leave.
    pub places: [Rect; 3],
    /// What stands below each of them.
    pub captions: [Rect; 3],
}

impl Counter {
    /// The height of a counter.
    pub(super) fn height(setting: &Setting) -> f32 {
        (24.0 * setting.scale).round() + setting.line()
    }

    /// The counter at the top of a box.
    pub(super) fn of(space: Rect, setting: &Setting) -> Self {
        let boxes = space.with_max_y(space.top() + Self::height(setting) - setting.line()).shrink2(vec2(0.0, 1.0));
        let gap = (16.0 * setting.scale).round();
        let room = boxes.width() - 2.0 * gap;
        let mut left = boxes.left();
        let places = [0.4, 0.3, 0.3].map(|share| {
            let place = Rect::from_x_y_ranges(left.round()..=(left + room * share).round(), boxes.y_range());
            left += room * share + gap;
            place
        });
        let captions = places.map(|place| {
            let place = place.expand2(vec2(gap / 2.0 - 1.0, 0.0)).intersect(space);
            Rect::from_min_size(pos2(place.left(), boxes.bottom()), vec2(place.width(), setting.line()))
        });
        Self { places, captions }
    }
}

/// Draws the counter: a chip with its name for everybody whose request is there.
pub(super) fn draw(ink: &Ink<'_>, served: &Served, counter: &Counter) {
    let theme = ink.theme;
    for pair in counter.places.windows(2) {
        let (from, to, y) = (pair[0].right(), pair[1].left(), pair[0].center().y);
        ink.painter.hline(from..=to - 2.0, y, Stroke::new(theme.line(1.5), theme.faint()));
        ink.arrow_head(pos2(to - 1.0, y), vec2(1.0, 0.0), 6.0 * theme.scale(), theme.faint());
    }
    for ((place, below), stage) in counter.places.into_iter().zip(counter.captions).zip(STAGES) {
        let there = served.at(stage);
        let waits = (stage == Stage::Waiting && !there.is_empty()).then_some(theme.waits());
        station(ink, place, waits);
        chips(ink, &there, place.shrink(3.0));
        let count = there.len();
        let [all, brief]: [String; 2] = match stage {
            Stage::Waiting if count == 1 => ["1 request waits".into(), "1 waits".into()],
            Stage::Waiting => [format!("{count} requests wait"), format!("{count} wait")],
            Stage::Serving if count == 0 => ["serves nobody".into(), "idle".into()],
            Stage::Serving => ["is served".into(), "served".into()],
            Stage::Returning if count == 1 => ["1 answer leaves".into(), "1 answer".into()],
            Stage::Returning => [format!("{count} answers leave"), format!("{count} answers")],
        };
        caption(ink, below, &[all, brief, count.to_string()], waits);
    }
}

/// Names in their colours, from the right: who is next stands nearest to where it goes.
fn chips(ink: &Ink<'_>, clients: &[&Client], space: Rect) {
    let (theme, font) = (ink.theme, ink.theme.strong_small());
    let width = |words: &str| ink.painter.layout_no_wrap(words.to_owned(), font.clone(), theme.text()).size().x;
    let pad = 4.0 * theme.scale();
    let mut right = space.right();
    for (place, client) in clients.iter().enumerate() {
        let name = client.short();
        let wide = width(&name) + 2.0 * pad;
        let rest = clients.len() - place;
        let kept = if rest > 1 { width("+99") + pad } else { 0.0 };
        if right - wide - kept < space.left() {
            let space = space.with_max_x(right);
            let words = if place == 0 && rest == 1 { name } else { format!("+{rest}") };
            ink.text_in(space, Align2::RIGHT_CENTER, words, font, theme.text());
            return;
        }
        let chip = Rect::from_x_y_ranges(right - wide..=right, space.y_range());
        let hue = client.who.as_ref().map_or(0, |who| who.hue);
        ink.painter.rect_filled(chip, CornerRadius::same(3), theme.worker(hue));
        ink.text(chip.center(), Align2::CENTER_CENTER, name, font.clone(), theme.on_actor(hue));
        right = chip.left() - 3.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_passes_three_places_one_after_the_other() {
        for (width, scale) in [(280.0, 1.0), (240.0, 1.35), (500.0, 1.0)] {
            let area = Rect::from_min_size(pos2(100.0, 50.0), vec2(width, 90.0));
            let setting = Setting { area, scale, type_size: 12.5 * scale, ..Setting::default() };
            let counter = Counter::of(area, &setting);
            let all = counter.places.into_iter().chain(counter.captions);
            assert!(all.into_iter().all(|part| area.contains_rect(part)), "{counter:?}");
            for places in [counter.places, counter.captions] {
                assert!(places.windows(2).all(|pair| pair[0].right() < pair[1].left()), "{counter:?}");
            }
        }
    }
}
