//! A channel as a road between two cards, and what travels on it at a moment.

use egui::{Pos2, Rect, Vec2, lerp, pos2, vec2};

use crate::chunk::grouped;
use crate::gui::panels::draw::about_width;
use crate::gui::words;
use crate::model::{Channel, Message, Run, SpanKind, State};
use crate::trace::{ActorId, Content, Medium};

/// Up to so many messages of one lane are tokens.
const MOST_TOKENS: usize = 40;
/// Up to so many are still marks; above, a ribbon.
const MOST_MARKS: usize = 400;
/// The share of its time in flight that a message travels, if it then has to wait for its reader.
const TRAVEL: f32 = 0.2;

/// The line of a road, in the direction of its messages.
///
/// All roads of a stage share x(t) and differ only in the heights of their ends, which are in the same
/// order on both sides. So two of them can never cross.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Road {
    /// The writer's end.
    pub from: Pos2,
    /// The reader's end.
    pub to: Pos2,
}

impl Road {
    /// The place at a share of the way.
    pub fn at(&self, t: f32) -> Pos2 {
        let t = t.clamp(0.0, 1.0);
        pos2(lerp(self.from.x..=self.to.x, t), lerp(self.from.y..=self.to.y, t * t * (3.0 - 2.0 * t)))
    }

    /// The direction at a share of the way.
    pub fn along(&self, t: f32) -> Vec2 {
        (self.at(t + 0.01) - self.at(t - 0.01)).normalized()
    }

    /// The line as a row of points.
    pub fn points(&self, from: f32, to: f32) -> Vec<Pos2> {
        (0..=24).map(|step| self.at(lerp(from..=to, step as f32 / 24.0))).collect()
    }

    /// How far a place is above or below the line; `None` beside its ends.
    pub fn distance(&self, place: Pos2) -> Option<f32> {
        let t = (place.x - self.from.x) / (self.to.x - self.from.x);
        (0.0..=1.0).contains(&t).then(|| (self.at(t).y - place.y).abs())
    }

    fn length(&self) -> f32 {
        (self.to.x - self.from.x).abs().max(1.0)
    }
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// Where.
    pub space: Rect,
    /// What is written on it.
    pub label: String,
    /// Its size, to be written beside it.
    pub bytes: String,
    /// Its unit, if it carries one.
    pub unit: Option<u32>,
    /// Everything known of it.
    pub tip: String,
}

/// What a lane shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// Every message in flight.
    Tokens(Vec<Token>),
    /// One still mark for each of so many messages.
    Marks(usize),
    /// A band as wide as the rate, with a mark for every so many messages.
    Ribbon {
        /// How many messages, in `per_ns`.
        count: u64,
        /// In how long.
        per_ns: u64,
    },
}

impl Traffic {
    /// The count in words, where messages are not shown one by one.
    pub fn words(&self, pace_ns: u64) -> Option<String> {
        match *self {
            Self::Tokens(_) => None,
            Self::Marks(count) if pace_ns == 0 => Some(format!("{} in the pipe", grouped(count as u64))),
            Self::Marks(count) => Some(format!("{} in {}", grouped(count as u64), words::duration(pace_ns))),
            Self::Ribbon { count, per_ns: 0 } => Some(format!("{} in the pipe", grouped(count))),
            Self::Ribbon { count, per_ns } => Some(format!("{} in {}", grouped(count), words::duration(per_ns))),
        }
    }
}

/// A channel on the stage.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its line.
    pub road: Road,
    /// Whether it carries tasks, from the parent to a worker.
    pub task: bool,
    /// The place of the worker at its other end, which chooses the colour.
    pub worker: u32,
    /// What that worker is called.
    pub title: String,
    /// How wide its line is.
    pub tube: f32,
    /// What carries it.
    pub medium: Medium,
    /// How full it is, 0 to 1; 0 without a limit.
    pub full: f32,
    /// What is on it.
    pub traffic: Traffic,
    /// Everything in words.
    pub words: String,
}

/// When and how a lane is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The moment.
    pub at_ns: u64,
    /// Nanoseconds of the run that pass in a second of the viewer; 0 at rest.
    pub pace_ns: u64,
    /// How wide a road is.
    pub tube: f32,
    /// The height of a token.
    pub token: f32,
    /// The type size on it.
    pub type_size: f32,
}

impl Lane {
    /// The lane of a channel.
    pub fn of(run: &Run, channel: &Channel, road: Road, (worker, title): (u32, &str), moment: &Moment) -> Self {
        let task = channel.from == ActorId::PARENT;
        let bytes = channel.bytes_in_flight(moment.at_ns);
        let full = if channel.capacity_bytes == 0 { 0.0 } else { bytes as f32 / channel.capacity_bytes as f32 };
        let kind = match (task, channel.medium) {
            (true, Medium::Pipe) => format!("task pipe to {title}"),
            (false, Medium::Pipe) => format!("result pipe of {title}"),
            (true, Medium::Memory) => format!("task queue of {title}"),
            (false, Medium::Memory) => format!("result queue of {title}"),
        };
        let load = match channel.capacity_bytes {
            0 => "only references move".to_owned(),
            capacity => format!("{} of {} B full", grouped(bytes), grouped(u64::from(capacity))),
        };
        let in_flight = channel.in_flight(moment.at_ns).len();
        let words =
            format!("{kind}: {in_flight} in flight, {load}, {} sent", grouped(channel.sent_by(moment.at_ns) as u64));
        let traffic = traffic(run, channel, &road, moment);
        Self {
            road,
            task,
            worker,
            title: title.to_owned(),
            tube: moment.tube,
            medium: channel.medium,
            full: full.min(1.0),
            traffic,
            words,
        }
    }
}

/// Decides, for this lane alone, how its messages can be shown without one being misplaced.
fn traffic(run: &Run, channel: &Channel, road: &Road, moment: &Moment) -> Traffic {
    let Moment { at_ns, pace_ns, .. } = *moment;
    if let Some(sum) = summed(run, channel, at_ns) {
        return sum;
    }
    let waiting = channel.in_flight(at_ns);
    let passing = channel.sent_by(at_ns).saturating_sub(channel.sent_by(at_ns.saturating_sub(pace_ns)));
    let passing = if pace_ns == 0 { 0 } else { passing };
    let tokens = tokens(run, channel, road, waiting.clone(), moment);
    let room: f32 = tokens.iter().map(|token| token.space.width() + 3.0).sum();
    if passing <= MOST_TOKENS && waiting.len() <= MOST_TOKENS && room <= road.length() {
        return Traffic::Tokens(tokens);
    }
    let count = passing.max(waiting.len());
    if count <= MOST_MARKS && count as f32 * 3.0 <= road.length() {
        return Traffic::Marks(count);
    }
    let per_ns = if passing >= waiting.len() { pace_ns } else { 0 };
    Traffic::Ribbon { count: count as u64, per_ns }
}

/// Past the detail limit, what the worker at the other end says of the interval.
fn summed(run: &Run, channel: &Channel, at_ns: u64) -> Option<Traffic> {
    run.summed_from_ns.filter(|from_ns| *from_ns <= at_ns)?;
    let worker = if channel.from == ActorId::PARENT { channel.to } else { channel.from };
    let sum = *run.actor(worker)?.lane.visible_sums(at_ns, at_ns + 1).first()?;
    Some(Traffic::Ribbon { count: u64::from(sum.units), per_ns: sum.to_ns.saturating_sub(sum.from_ns) })
}

/// The messages in flight, the one that will be read first nearest to its reader.
fn tokens(run: &Run, channel: &Channel, road: &Road, waiting: std::ops::Range<usize>, moment: &Moment) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let (length, right) = (road.length(), road.to.x > road.from.x);
    let mut mouth = length;
    for number in waiting.take(MOST_TOKENS + 1) {
        let Some(message) = channel.message(number) else { continue };
        let label = match message.content {
            Content::Unit(unit) => unit.to_string(),
            Content::Setup => "setup".to_owned(),
            Content::Stop => "stop".to_owned(),
        };
        let width = (about_width(&label, moment.type_size) + 0.8 * moment.type_size).max(moment.token * 1.3);
        let size = vec2(width.round(), moment.token);
        let stop = mouth - size.x / 2.0;
        let travelled = share(run, channel, &message, moment.at_ns) * (length - size.x / 2.0);
        let middle = travelled.min(stop).max(size.x / 2.0);
        mouth = middle - size.x / 2.0 - 3.0;
        let t = middle / length;
        let centre = road.at(t);
        debug_assert!(right || centre.x <= road.from.x);
        let bytes = match channel.medium {
            Medium::Memory => "ref".to_owned(),
            Medium::Pipe => words::bytes(u64::from(message.bytes)),
        };
        let unit = if let Content::Unit(unit) = message.content { Some(unit) } else { None };
        let tip = tip(run, &message, &label, &bytes);
        tokens.push(Token { space: Rect::from_center_size(centre, size), label, bytes, unit, tip });
    }
    tokens
}

/// How far a message has come. It leaves at `sent` and arrives at `received`. One whose reader was
/// busy, or that found others before it, travels for a short share of that time and waits at the mouth.
fn share(run: &Run, channel: &Channel, message: &Message, at_ns: u64) -> f32 {
    let (Some(sent_ns), Some(received_ns)) = (message.sent_ns, message.received_ns) else {
        return 1.0;
    };
    let flown = at_ns.saturating_sub(sent_ns) as f32 / received_ns.saturating_sub(sent_ns).max(1) as f32;
    let alone = channel.received_by(sent_ns) >= message.number as usize;
    let idle = run
        .actor(channel.to)
        .is_some_and(|reader| matches!(reader.state(sent_ns), State::Busy(SpanKind::Waiting | SpanKind::Receiving, _)));
    if alone && idle { flown.min(1.0) } else { (flown / TRAVEL).min(1.0) }
}

fn tip(run: &Run, message: &Message, label: &str, bytes: &str) -> String {
    let since = |at_ns: u64| words::duration(at_ns.saturating_sub(run.began_ns));
    let what = match message.content {
        Content::Unit(unit) => format!("Unit {unit}"),
        _ => label.to_owned(),
    };
    let bytes = if bytes == "ref" { "a reference" } else { bytes };
    let sent = message.sent_ns.map_or_else(String::new, |at_ns| format!(", sent at {}", since(at_ns)));
    let received = match (message.sent_ns, message.received_ns) {
        (Some(sent_ns), Some(received_ns)) => {
            format!(", read {} later", words::duration(received_ns.saturating_sub(sent_ns)))
        }
        _ => ", not read yet".to_owned(),
    };
    format!("{what}: {bytes}{sent}{received}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, small};
    use crate::model::Model;
    use crate::trace::ChannelId;

    const ROAD: Road = Road { from: Pos2::new(100.0, 50.0), to: Pos2::new(400.0, 90.0) };

    fn moment(at_ns: u64) -> Moment {
        Moment { at_ns, pace_ns: 0, tube: 7.0, token: 16.0, type_size: 12.5 }
    }

    fn lane(model: &Model, channel: u32, moment: &Moment) -> Lane {
        let run = model.last_run().expect("there is a run");
        Lane::of(run, run.channel(ChannelId(channel)).expect("it was opened"), ROAD, (1, "Worker 1"), moment)
    }

    #[test]
    fn roads_in_the_same_order_at_both_ends_never_cross() {
        let upper = Road { from: pos2(0.0, 10.0), to: pos2(300.0, 200.0) };
        let lower = Road { from: pos2(300.0, 220.0), to: pos2(0.0, 24.0) };
        for step in 0..=100 {
            let t = step as f32 / 100.0;
            let (above, below) = (upper.at(t), lower.at(1.0 - t));
            assert!((above.x - below.x).abs() < 1e-3 && above.y < below.y);
        }
    }

    #[test]
    fn a_lane_shows_exactly_what_the_model_says_is_in_flight() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        for channel in &run.channels {
            let mut at_ns = BEGAN_NS;
            while at_ns < run.last_ns {
                let lane = lane(&model, channel.id.0, &moment(at_ns));
                let Traffic::Tokens(tokens) = &lane.traffic else { panic!("few messages are tokens") };
                assert_eq!(tokens.len(), channel.in_flight(at_ns).len());
                at_ns += 37_000;
            }
        }
    }

    #[test]
    fn a_message_leaves_when_it_is_sent_arrives_when_it_is_received_and_never_turns_back() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let channel = run.channel(ChannelId(2)).expect("it was opened");
        let message = channel.message(0).expect("a result was sent");
        let (sent_ns, received_ns) = (message.sent_ns.expect("sent"), message.received_ns.expect("received"));
        let place = |at_ns| {
            let Traffic::Tokens(tokens) = lane(&model, 2, &moment(at_ns)).traffic else { panic!("one message") };
            tokens.first().map(|token| token.space.center().x)
        };
        assert_eq!(place(sent_ns - 1), None);
        assert_eq!(place(received_ns), None);
        let way: Vec<f32> = (0..10).filter_map(|step| place(sent_ns + (received_ns - sent_ns) * step / 10)).collect();
        assert_eq!(way.len(), 10);
        assert!(way.windows(2).all(|pair| pair[0] <= pair[1]) && way[9] > way[0] + 150.0, "{way:?}");
    }

    #[test]
    fn units_that_wait_in_the_pipe_queue_up_without_overlap() {
        let model = Pool { depth: 6, units: 24, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let unit = run.units.get(0).expect("it is known");
        let at_ns = u64::midpoint(unit.began_ns.expect("it began"), unit.ended_ns.expect("it ended"));
        let lane = lane(&model, 1, &moment(at_ns));
        let Traffic::Tokens(tokens) = lane.traffic else { panic!("five messages are tokens") };
        assert_eq!(tokens.len(), 5);
        assert_eq!(tokens[0].unit, Some(2), "the next unit is nearest to the worker");
        for pair in tokens.windows(2) {
            assert!(pair[1].space.right() < pair[0].space.left(), "{pair:?}");
        }
        assert!((tokens[0].space.right() - 400.0).abs() < 1.0, "the first one stands at the mouth");
    }

    #[test]
    fn a_crowd_becomes_marks_and_then_a_ribbon_with_its_count() {
        let model = Pool { units: 4_000, unit_ns: 50_000, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let at_ns = u64::midpoint(BEGAN_NS, run.last_ns);
        let at_pace = |pace_ns| lane(&model, 1, &Moment { pace_ns, ..moment(at_ns) }).traffic;
        assert!(matches!(at_pace(0), Traffic::Tokens(_)), "at rest every message is itself again");
        assert!(matches!(at_pace(1_000_000), Traffic::Tokens(_)));
        assert!(matches!(at_pace(4_000_000), Traffic::Marks(count) if (41..=100).contains(&count)));
        let Traffic::Ribbon { count, per_ns } = at_pace(40_000_000) else { panic!("hundreds a second are a ribbon") };
        let channel = run.channel(ChannelId(1)).expect("it was opened");
        assert_eq!(count as usize, channel.sent_by(at_ns) - channel.sent_by(at_ns - 40_000_000));
        assert_eq!(per_ns, 40_000_000);
    }
}
