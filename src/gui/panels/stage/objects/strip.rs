//! A strip of shared memory from its first cell or byte to its last: who wrote which part of it.

use egui::{Align2, CornerRadius, Rect, Stroke, StrokeKind, vec2};

use super::seen::Who;
use crate::chunk::grouped;
use crate::gui::panels::draw::Ink;
use crate::gui::words::duration;

/// A part that one process wrote last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first place of it.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
    /// Who wrote it.
    pub who: Who,
    /// How long ago it was written last.
    pub ago_ns: u64,
}

impl Stretch {
    /// `7`, `0–15`.
    pub fn range(&self) -> String {
        match self.to.saturating_sub(1) {
            last if last <= self.from => grouped(self.from),
            last => format!("{}–{}", grouped(self.from), grouped(last)),
        }
    }

    /// `byte 7 by Process-2, 3 ms ago`.
    pub fn words(&self, place: &str) -> String {
        let many = if self.to > self.from + 1 { "s" } else { "" };
        format!("{place}{many} {} by {}, {} ago", self.range(), self.who.title, duration(self.ago_ns))
    }
}

/// Where a part of so many places lies in a strip; never too narrow to be seen.
pub(super) fn place(strip: Rect, stretch: &Stretch, of: u64) -> Rect {
    let at = |place: u64| strip.left() + strip.width() * (place.min(of) as f64 / of.max(1) as f64) as f32;
    let (left, right) = (at(stretch.from), at(stretch.to));
    let right = right.max(left + 3.0).min(strip.right());
    Rect::from_x_y_ranges(left.min(right - 3.0)..=right, strip.y_range())
}

/// Draws a strip of so many places: on each part its writer, and where and when it wrote as far as there is room.
pub(super) fn draw(ink: &Ink<'_>, strip: Rect, stretches: &[Stretch], of: u64) {
    let theme = ink.theme;
    ink.painter.rect_filled(strip, CornerRadius::same(3), theme.sunken());
    let places: Vec<Rect> = stretches.iter().map(|stretch| place(strip.shrink(1.0), stretch, of)).collect();
    let font = theme.strong_small();
    for (number, (stretch, space)) in stretches.iter().zip(&places).enumerate() {
        let fill = space.shrink2(vec2(0.5, 0.0));
        ink.painter.rect_filled(fill, CornerRadius::same(2), theme.worker(stretch.who.hue));
        let end = places.get(number + 1).map_or(strip.right(), Rect::left);
        let beside = Rect::from_x_y_ranges(space.right() + 4.0..=end.max(space.right() + 4.0), space.y_range());
        // Most of very many parts have no room for a single letter.
        if space.width().max(beside.width()) < 4.0 + 0.5 * font.size {
            continue;
        }
        let (name, range, ago) = (stretch.who.short(), stretch.range(), duration(stretch.ago_ns));
        let letter: String = name.chars().take(1).filter(|_| !name.contains('-')).collect();
        let words = [format!("{name} · {range} · {ago}"), format!("{name} · {range}"), name, letter, String::new()];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let inside = ink.fitting(&words, space.width() - 4.0, &font);
        let outside = ink.fitting(&words, beside.width() - 4.0, &font);
        // Where a part is too narrow for a name, there may be room beside it.
        if inside.len() < 2 && outside.len() > 1 {
            ink.text_in(beside, Align2::LEFT_CENTER, outside, font.clone(), theme.text());
        } else {
            ink.text_in(*space, Align2::CENTER_CENTER, inside, font.clone(), theme.on_actor(stretch.who.hue));
        }
    }
    let stroke = Stroke::new(theme.line(1.0), theme.faint());
    ink.painter.rect_stroke(strip, CornerRadius::same(3), stroke, StrokeKind::Inside);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ActorId;
    use egui::pos2;

    #[test]
    fn a_part_lies_where_its_bytes_are_and_is_never_too_narrow() {
        let who = Who { id: ActorId(3), hue: 2, title: "Process-2".to_owned() };
        let part = |from, to| Stretch { from, to, who: who.clone(), ago_ns: 3_000_000 };
        let strip = Rect::from_min_size(pos2(100.0, 10.0), vec2(200.0, 16.0));
        let half = place(strip, &part(5, 10), 10);
        assert!((half.left() - 200.0).abs() < 0.1 && (half.right() - 300.0).abs() < 0.1, "{half:?}");
        for (from, to) in [(0, 1), (999_999, 1_000_000), (1_000_000, 1_000_007)] {
            let narrow = place(strip, &part(from, to), 1_000_000);
            assert!(strip.contains_rect(narrow) && narrow.width() >= 2.9, "{narrow:?}");
        }
        assert_eq!(part(7, 8).words("byte"), "byte 7 by Process-2, 3 ms ago");
        assert_eq!(part(0, 1_048_576).words("byte"), "bytes 0–1,048,575 by Process-2, 3 ms ago");
    }
}
