//! One direction of a pipe or a queue as three stations: who writes with their buffers, the pipe, who reads.

use egui::{Rect, pos2, vec2};

use super::seen::{Road, Waiter};
use crate::gui::panels::stage::setting::Setting;
use crate::trace::Wish;

/// Up to so many messages in the pipe are tokens.
const MOST_TOKENS: usize = 40;
/// A token is never narrower than this.
const LEAST_TOKEN: f32 = 5.0;
/// Bytes that fill a buffer in sight. It has no limit: a fuller one only looks full.
const BUFFER_BYTES: u64 = 16 << 20;

/// A road, drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct RoadParts {
    /// What those who write have in their buffers, or just where they stand.
    pub writer: Rect,
    /// The bars in it: whose, and how long they are.
    pub bars: Vec<(Rect, u32)>,
    /// The pipe.
    pub pipe: Rect,
    /// How far it is filled.
    pub fill: Rect,
    /// What is shown of the messages in it.
    pub traffic: Traffic,
    /// Where messages are taken out.
    pub reader: Rect,
    /// Where figures stand below the three, if there is room.
    pub captions: Option<[Rect; 3]>,
    /// Whether somebody waits to write and to read.
    pub waits: [bool; 2],
}

/// Messages in a pipe.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// Each is a token: where, and its number. The next one to be read is nearest to its reader.
    Tokens(Vec<(Rect, u32)>),
    /// Each is a line.
    Lines(Vec<f32>),
    /// Too many: only their number is told.
    Count(u32),
}

/// How far a box is filled by so many bytes of so many: by powers, so that few are seen beside many.
pub fn share(bytes: u64, capacity: u64) -> f32 {
    if bytes == 0 {
        return 0.0;
    }
    let of = capacity.max(2) as f64;
    ((bytes as f64).ln_1p() / of.ln_1p()).min(1.0) as f32
}

impl RoadParts {
    /// The stations of a road within a box.
    pub fn of(road: &Road, waiters: &[Waiter], space: Rect, setting: &Setting) -> Self {
        let (line, scale) = (setting.line(), setting.scale);
        let captions = space.height() >= line + 15.0 * scale;
        let high = if captions { space.height() - line } else { space.height() };
        let boxes = space.with_max_y(space.top() + high).shrink2(vec2(0.0, 2.0 * scale));
        let boxes = boxes.with_max_y(boxes.top() + boxes.height().min(30.0 * scale));
        let gap = (14.0 * scale).round();
        let widths = if road.fed { (0.29, 0.43) } else { (0.3, 0.4) };
        let room = space.width() - 2.0 * gap;
        let (first, second) = ((room * widths.0).round(), (room * widths.1).round());
        let part = |left: f32, width: f32| Rect::from_x_y_ranges(left..=left + width, boxes.y_range());
        let writer = part(boxes.left(), first);
        let pipe = part(writer.right() + gap, second);
        let reader = Rect::from_x_y_ranges(pipe.right() + gap..=boxes.right(), boxes.y_range());
        let inside = pipe.shrink(2.0);
        let filled = share(road.pipe_bytes, if road.pipe_capacity == 0 { BUFFER_BYTES } else { road.pipe_capacity });
        let fill = inside.with_max_x(inside.left() + inside.width() * filled);
        let below = |station: Rect, wide: f32| {
            let left = (station.center().x - wide / 2.0).clamp(space.left(), (space.right() - wide).max(space.left()));
            Rect::from_min_size(pos2(left, boxes.bottom()), vec2(wide, line))
        };
        let captions = captions.then(|| {
            [
                below(writer, writer.width() + gap * 0.8),
                below(pipe, pipe.width() + gap * 0.2),
                below(reader, reader.width() + gap * 0.8),
            ]
        });
        let on_it = |waiter: &&Waiter| waiter.lane == road.lane;
        let wishes = |wishes: &[Wish]| waiters.iter().filter(on_it).any(|waiter| wishes.contains(&waiter.wish));
        Self {
            writer,
            bars: bars(road, writer.shrink(2.0)),
            pipe,
            fill,
            traffic: traffic(road, inside),
            reader,
            captions,
            waits: [wishes(&[Wish::Send, Wish::Put, Wish::Feed]), wishes(&[Wish::Receive])],
        }
    }
}

/// A bar for each buffer, under each other.
fn bars(road: &Road, space: Rect) -> Vec<(Rect, u32)> {
    let count = road.buffers.len().max(1) as f32;
    let height = (space.height() / count).min(if count > 1.0 { 10.0 } else { 18.0 });
    let top = space.center().y - height * count / 2.0;
    let bar = |(row, (who, _, bytes)): (usize, &(super::seen::Who, u32, u64))| {
        let min = pos2(space.left(), top + row as f32 * height);
        let width = space.width() * share(*bytes, BUFFER_BYTES);
        (Rect::from_min_size(min, vec2(width, (height - 1.0).max(1.0))), who.hue)
    };
    road.buffers.iter().enumerate().map(bar).collect()
}

/// Tokens while they are few and can be told apart, then lines, then a number.
fn traffic(road: &Road, inside: Rect) -> Traffic {
    let count = road.in_pipe as usize;
    let pitch = inside.width() / count.max(1) as f32;
    if count == 0 || count <= MOST_TOKENS && count == road.tokens.len() && pitch >= LEAST_TOKEN + 1.0 {
        let width = (pitch - 2.0).min(inside.height() * 1.5).max(LEAST_TOKEN - 1.0);
        // What was torn is not in the pipe any more, though nobody took it out as a message.
        let tokens = road.tokens.iter().take(count).enumerate().map(|(place, &(number, _))| {
            let right = inside.right() - place as f32 * (width + 2.0).min(pitch);
            (Rect::from_x_y_ranges((right - width)..=right, inside.y_range().shrink(1.0)), number)
        });
        return Traffic::Tokens(tokens.collect());
    }
    if pitch >= 2.5 {
        return Traffic::Lines((0..count).map(|place| inside.right() - (place as f32 + 0.5) * pitch).collect());
    }
    Traffic::Count(road.in_pipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting() -> Setting {
        Setting::default()
    }

    fn road(in_pipe: u32, bytes: u64) -> Road {
        let tokens = (0..in_pipe.min(64)).map(|number| (number + 5, 100)).collect();
        Road { fed: true, in_pipe, pipe_bytes: bytes, pipe_capacity: 65_536, tokens, ..Road::default() }
    }

    fn parts(road: &Road) -> RoadParts {
        let space = Rect::from_min_size(pos2(200.0, 100.0), vec2(300.0, 44.0));
        RoadParts::of(road, &[], space, &setting())
    }

    #[test]
    fn stations_stand_side_by_side_and_the_fill_is_by_powers_of_the_capacity() {
        let parts = parts(&road(3, 65_536));
        assert!(parts.writer.right() < parts.pipe.left() && parts.pipe.right() < parts.reader.left());
        assert!((parts.fill.width() - parts.pipe.shrink(2.0).width()).abs() < 0.1, "full");
        assert!(share(0, 65_536).abs() < 1e-6 && share(256, 65_536) > 0.45 && share(256, 65_536) < 0.55);
        assert!((share(1 << 30, 65_536) - 1.0).abs() < 1e-6);
        let captions = parts.captions.expect("there is room");
        assert!(captions.iter().all(|caption| caption.top() >= parts.pipe.bottom() && caption.bottom() <= 144.5));
        assert!(captions[0].right() <= captions[1].left() && captions[1].right() <= captions[2].left());
    }

    #[test]
    fn few_messages_are_tokens_more_are_lines_and_a_crowd_is_a_number() {
        let Traffic::Tokens(tokens) = parts(&road(3, 300)).traffic else { panic!("three are tokens") };
        assert_eq!(tokens.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [5, 6, 7]);
        let pipe = parts(&road(3, 300)).pipe;
        assert!(tokens.iter().all(|(space, _)| pipe.contains_rect(*space)));
        assert!(tokens.windows(2).all(|pair| pair[1].0.right() < pair[0].0.left()), "the next one is at the reader");
        assert!((tokens[0].0.right() - pipe.shrink(2.0).right()).abs() < 0.1);
        assert!(matches!(parts(&road(45, 4_500)).traffic, Traffic::Lines(lines) if lines.len() == 45));
        assert_eq!(parts(&road(700, 60_000)).traffic, Traffic::Count(700));
    }

    #[test]
    fn messages_that_were_torn_are_no_tokens() {
        let torn = Road { in_pipe: 0, ..road(7, 0) };
        assert_eq!(torn.tokens.len(), 7);
        assert_eq!(parts(&torn).traffic, Traffic::Tokens(Vec::new()));
    }

    #[test]
    fn a_buffer_has_a_bar_for_each_producer_as_long_as_its_bytes_have_digits() {
        let who = |hue| super::super::seen::Who { id: crate::trace::ActorId(hue), hue, title: String::new() };
        let road = Road { buffers: vec![(who(1), 2, 900), (who(2), 9, 800_000)], ..road(0, 0) };
        let parts = parts(&road);
        assert_eq!(parts.bars.iter().map(|(_, hue)| *hue).collect::<Vec<_>>(), [1, 2]);
        assert!(parts.bars[0].0.width() * 1.5 < parts.bars[1].0.width());
        assert!(parts.bars[0].0.bottom() <= parts.bars[1].0.top());
        assert!(parts.bars.iter().all(|(bar, _)| parts.writer.contains_rect(*bar)));
    }
}
