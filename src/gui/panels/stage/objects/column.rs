//! Cards under each other, each as high as there is room for.

use egui::Rect;

/// How high a card may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Height {
    /// So that it can be read.
    pub least: f32,
    /// So that nothing is left out.
    pub most: f32,
}

/// The places of cards in a column, and which of them are in sight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// The first card in sight.
    pub first: usize,
    /// The cards in sight, top to bottom.
    pub places: Vec<Rect>,
}

impl Column {
    /// As high as wished where all fit; else all lower alike; else the first ones from `first` on.
    pub fn of(space: Rect, heights: &[Height], gap: f32, first: usize) -> Self {
        let gaps = gap * heights.len().saturating_sub(1) as f32;
        let most: f32 = heights.iter().map(|height| height.most).sum::<f32>() + gaps;
        let least: f32 = heights.iter().map(|height| height.least).sum::<f32>() + gaps;
        if least > space.height() {
            return Self::some(space, heights, gap, first);
        }
        let share = if most <= space.height() { 1.0 } else { (space.height() - least) / (most - least).max(0.1) };
        let height = |height: &Height| height.least + (height.most - height.least) * share;
        let used: f32 = heights.iter().map(height).sum::<f32>() + gaps;
        let top = space.top() + ((space.height() - used) / 2.0).max(0.0);
        Self { first: 0, places: stacked(space, top, heights.iter().map(height), gap) }
    }

    /// As low as can be read, and as many as fit.
    fn some(space: Rect, heights: &[Height], gap: f32, first: usize) -> Self {
        let fit = |from: usize| {
            let mut room = space.height() + gap;
            let fits = |height: &&Height| {
                room -= height.least + gap;
                room >= -0.5
            };
            heights[from..].iter().take_while(fits).count().max(1)
        };
        // No further than to the last card.
        let last = (0..heights.len()).find(|&from| from + fit(from) >= heights.len()).unwrap_or(0);
        let first = first.min(last);
        let seen = heights[first..].iter().take(fit(first)).map(|height| height.least);
        Self { first, places: stacked(space, space.top(), seen, gap) }
    }
}

fn stacked(space: Rect, top: f32, heights: impl Iterator<Item = f32>, gap: f32) -> Vec<Rect> {
    let mut top = top;
    heights
        .map(|height| {
            let place = Rect::from_x_y_ranges(space.x_range(), top.round()..=(top + height).round());
            top += height + gap;
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn cards_share_the_room_and_what_is_left_over_can_be_scrolled_to() {
        let space = Rect::from_min_size(pos2(100.0, 50.0), vec2(200.0, 240.0));
        let height = Height { least: 24.0, most: 60.0 };
        for count in [1, 3, 6, 8, 9, 40] {
            for first in [0, 3, 1_000] {
                let column = Column::of(space, &vec![height; count], 6.0, first);
                assert!(column.places.iter().all(|place| space.expand(1.0).contains_rect(*place)), "{count}");
                assert!(column.places.windows(2).all(|pair| pair[0].bottom() + 4.0 <= pair[1].top()), "{count}");
                assert!(column.places.iter().all(|place| place.height() >= 23.0), "legible");
                assert!(column.first + column.places.len() <= count);
                assert_eq!(column.places.len() == count, count <= 8, "{count} cards");
                if first == 1_000 {
                    assert_eq!(column.first + column.places.len(), count, "the last one can be reached");
                }
            }
        }
    }
}
