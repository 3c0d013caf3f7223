//! Where everything on the stage stands: the parent left, the workers right, a pair of roads to each.

use egui::{Pos2, Rect, lerp, pos2, vec2};

use super::buffer::Band;
use super::cards::Parent;
use super::road::{Lane, Moment, Road, Traffic};
use super::setting::Setting;
use super::worker::Worker;
use crate::chunk::grouped;
use crate::gui::words;
use crate::model::{Channel, Run, SpanKind, State, Who};
use crate::plan::Executor;
use crate::trace::{ActorId, Content, Medium, Role};

/// A worker's card is never lower than this.
const LEAST_CARD: f32 = 24.0;
/// And not higher.
const MOST_CARD: f32 = 66.0;

/// A box with a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Titled {
    /// Where.
    pub space: Rect,
    /// What is written on it.
    pub title: String,
    /// And in a second line.
    pub line: String,
}

/// Everything on the stage.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The frame around what shares one process.
    pub process: Option<Titled>,
    /// Too low for words above and below the roads: they go into the heading.
    pub tight: bool,
    /// The parent.
    pub parent: Option<Parent>,
    /// The fork server.
    pub fork_server: Option<Titled>,
    /// The workers in sight, top to bottom.
    pub workers: Vec<Worker>,
    /// The workers out of sight.
    pub more: Option<Titled>,
    /// How many workers fit.
    pub shown: usize,
    /// The roads, task before result for each worker.
    pub lanes: Vec<Lane>,
    /// What the upper roads are.
    pub task_label: Option<(Pos2, String)>,
    /// What the lower roads are.
    pub result_label: Option<(Pos2, String)>,
    /// The results of the call.
    pub buffer: Option<Band>,
}

impl Scene {
    /// The scene of a run.
    pub fn of(run: &Run, setting: &Setting) -> Self {
        let mut scene = Self::default();
        let Some(parent) = run.parent() else { return scene };
        let places: Vec<u32> = run.places().collect();
        let Setting { mut area, scale, type_size, at_ns, .. } = *setting;
        scene.tight = area.height() < 200.0 * scale;
        if !places.is_empty() {
            let band = area.with_min_y(area.bottom() - Band::height(type_size, scene.tight));
            scene.buffer = Band::of(run, rounded(band), at_ns, type_size, scene.tight);
            if scene.buffer.is_some() {
                area.max.y = band.top() - if scene.tight { 2.0 } else { 6.0 } * scale;
            }
        }
        let mut body = area;
        let first = places.first().and_then(|&place| run.life_at(Who::Place(place), at_ns));
        if first.is_some_and(|(_, worker)| worker.role == Role::WorkerThread) {
            let gil = if run.plan.with == Executor::GilThreads { " · its GIL is emulated" } else { "" };
            let title = format!("one process, pid {}{gil}", parent.pid);
            scene.process = Some(Titled { space: area, title, line: String::new() });
            body = body
                .shrink2(vec2(10.0 * scale, 0.0))
                .with_min_y(area.top() + if scene.tight { 5.0 } else { 22.0 } * scale);
            body.max.y -= 5.0 * scale;
        }
        if places.is_empty() && run.channels.is_empty() {
            let size = vec2(body.width().min(460.0 * scale), body.height().min(240.0 * scale));
            let space = rounded(Rect::from_center_size(body.center(), size));
            scene.parent = Some(Parent::of(run, parent, space, at_ns, type_size, true));
            return scene;
        }

        let parent_width = (body.width() * 0.25).clamp(164.0 * scale, 240.0 * scale).min(body.width() * 0.34);
        let worker_width = (body.width() * 0.35).clamp(210.0 * scale, 320.0 * scale).min(body.width() * 0.4);
        let label = if scene.tight { 1.0 } else { 18.0 } * scale;
        let mut left = body.with_max_x(body.left() + parent_width);
        let server = run.actors.iter().find(|actor| actor.role == Role::ForkServer);
        if let Some(server) = server {
            let space = left.with_min_y(left.bottom() - if scene.tight { 24.0 } else { 44.0 } * scale);
            left.max.y = space.top() - if scene.tight { 4.0 } else { 8.0 } * scale;
            let line = format!("pid {} · {}", server.pid, server.state_in_words(at_ns));
            scene.fork_server = Some(Titled { space: rounded(space), title: server.title(), line });
        }
        let height = left.height().min(330.0 * scale);
        left = rounded(Rect::from_center_size(left.center(), vec2(left.width(), height)));
        scene.parent = Some(Parent::of(run, parent, left, at_ns, type_size, scene.buffer.is_none()));

        let column = Rect::from_min_max(
            pos2(body.right() - worker_width, body.top() + label),
            pos2(body.right(), body.bottom() - label),
        );
        scene.place_workers(run, &places, column, setting);
        scene.place_roads(
            run,
            left.with_min_y(left.top().max(column.top())).with_max_y(left.bottom().min(column.bottom())),
            setting,
        );
        scene.label_roads(run, left, body, setting);
        scene
    }

    /// Rows as high as fit; where not even the lowest do, the first ones and a row for the others.
    fn place_workers(&mut self, run: &Run, places: &[u32], column: Rect, setting: &Setting) {
        let (scale, count) = (setting.scale, places.len());
        let gap = match column.height() / count.max(1) as f32 / scale {
            50.0.. => 10.0,
            34.0.. => 6.0,
            _ => 3.0,
        } * scale;
        let least = LEAST_CARD * scale + gap;
        let mut room = column;
        self.shown = count;
        if count as f32 * least > column.height() + gap {
            room.max.y -= LEAST_CARD * scale + gap;
            self.shown = (((room.height() + gap) / least) as usize).max(1);
        }
        let first = setting.first.min(count - self.shown.min(count));
        let pitch = ((room.height() + gap) / self.shown.max(1) as f32).min(MOST_CARD * scale * 1.35 + gap);
        let card = (pitch - gap).min(MOST_CARD * scale);
        let top = room.center().y - (pitch * self.shown as f32 - (pitch - card)) / 2.0;
        for (row, &place) in places.iter().skip(first).take(self.shown).enumerate() {
            let y = top + row as f32 * pitch;
            let space = rounded(Rect::from_x_y_ranges(room.x_range(), y..=y + card));
            self.workers.extend(Worker::of(run, place, space, setting.at_ns));
        }
        if self.shown < count {
            let space = rounded(room.with_min_y(column.bottom() - LEAST_CARD * scale).with_max_y(column.bottom()));
            let hidden = places[..first].iter().chain(&places[first + self.shown..]);
            let worker = |&place: &u32| run.life_at(Who::Place(place), setting.at_ns);
            let line = tally(hidden.filter_map(worker).map(|(_, worker)| worker.state(setting.at_ns)));
            let title = format!("+ {} more", grouped((count - self.shown) as u64));
            self.more = Some(Titled { space, title, line });
        }
    }

    /// A pair of roads from the parent's right edge to each worker's left edge, in one order.
    fn place_roads(&mut self, run: &Run, parent: Rect, setting: &Setting) {
        let pairs = self.workers.len() as f32;
        let pitch = parent.height() / pairs.max(1.0);
        // Roads leave at least as much between them as they are wide.
        let nearest = self.workers.first().map_or(pitch * 0.25, |card| (card.space.height() * 0.26).min(pitch * 0.25));
        let moment = Moment {
            tube: (8.0 * setting.scale).min(nearest),
            at_ns: setting.at_ns,
            pace_ns: setting.pace_ns,
            token: (setting.type_size * 1.3).round(),
            type_size: setting.type_size,
        };
        for (row, card) in self.workers.iter().enumerate() {
            let (spread, apart) = (card.space.height() * 0.26, (pitch * 0.25).min(14.0 * setting.scale));
            let port = parent.top() + (row as f32 + 0.5) * pitch;
            let middle = card.space.center().y;
            let there = Road { from: pos2(parent.right(), port - apart), to: pos2(card.space.left(), middle - spread) };
            let back = Road { from: pos2(card.space.left(), middle + spread), to: pos2(parent.right(), port + apart) };
            let roads = [(ActorId::PARENT, card.id, there), (card.id, ActorId::PARENT, back)];
            for (from, to, road) in roads {
                if let Some(channel) = run.between(from, to) {
                    self.lanes.push(Lane::of(run, channel, road, (card.hue, &card.title), &moment));
                }
            }
        }
    }

    fn label_roads(&mut self, run: &Run, parent: Rect, body: Rect, setting: &Setting) {
        let Some(card) = self.workers.first() else { return };
        let middle = lerp(parent.right()..=card.space.left(), 0.5);
        let at_ns = setting.at_ns;
        let task = roads_in_words(run, at_ns, true);
        let result = roads_in_words(run, at_ns, false);
        self.task_label = task.map(|words| (pos2(middle, body.top() + 8.0 * setting.scale), words));
        self.result_label = result.map(|words| (pos2(middle, body.bottom() - 8.0 * setting.scale), words));
    }

    /// How many messages one mark on a ribbon stands for, if there are ribbons: the same for all.
    pub fn messages_per_mark(&self) -> Option<u64> {
        let most = self.busiest()?;
        Some(crate::gui::panels::timeline::axis::round_up(most as f64 / 12.0).max(1))
    }

    /// The highest count on a ribbon.
    pub fn busiest(&self) -> Option<u64> {
        let count = |lane: &Lane| if let Traffic::Ribbon { count, .. } = lane.traffic { Some(count) } else { None };
        self.lanes.iter().filter_map(count).max()
    }
}

fn rounded(space: Rect) -> Rect {
    Rect::from_min_max(space.min.round(), space.max.round())
}

/// `300 computing, 196 waiting`.
fn tally(states: impl Iterator<Item = State>) -> String {
    let mut counts =
        [(0, "computing"), (0, "waiting"), (0, "starting"), (0, "busy"), (0, "exited"), (0, "not born yet")];
    for state in states {
        let kind = match state {
            State::Busy(SpanKind::Computing, _) => 0,
            State::Busy(SpanKind::Waiting, _) => 1,
            State::Busy(SpanKind::Starting, _) => 2,
            State::Busy(..) | State::Stopped => 3,
            State::Exited(_) | State::Zombie => 4,
            State::Unborn => 5,
        };
        counts[kind].0 += 1;
    }
    let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    told.collect::<Vec<_>>().join(", ")
}

/// `task pipes · 412 B a unit · 824 of 65,536 B full`; the load is the fullest pipe's.
fn roads_in_words(run: &Run, at_ns: u64, task: bool) -> Option<String> {
    let roads = || run.channels.iter().filter(move |road| (road.from == ActorId::PARENT) == task);
    let first = roads().next()?;
    let way = if task { "task" } else { "result" };
    if first.medium == Medium::Memory {
        let what = if task { "units" } else { "results" };
        return Some(format!("{way} queues · {what} move by reference, no bytes are copied"));
    }
    let size = roads().find_map(unit_bytes).map_or_else(String::new, |size| format!(" · {}/unit", words::bytes(size)));
    let fullest = roads().map(|road| road.bytes_in_flight(at_ns)).max().unwrap_or(0);
    let load = match first.capacity_bytes {
        0 => String::new(),
        capacity if task => format!(" · fullest {} of {} B", grouped(fullest), grouped(u64::from(capacity))),
        capacity if fullest > 0 => format!(" · fullest {} of {} B", grouped(fullest), grouped(u64::from(capacity))),
        _ => String::new(),
    };
    Some(format!("{way} pipes{size}{load}"))
}

/// The size of the first unit on a channel: a setup message may go before it.
fn unit_bytes(road: &Channel) -> Option<u64> {
    let messages = (0..3).filter_map(|number| road.message(number));
    messages
        .filter(|message| matches!(message.content, Content::Unit(_)))
        .map(|message| u64::from(message.bytes))
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, Pool, sequential, small};
    use crate::model::Model;

    fn setting(at_ns: u64) -> Setting {
        let area = Rect::from_min_size(pos2(280.0, 60.0), vec2(760.0, 290.0));
        Setting { area, at_ns, ..Setting::default() }
    }

    fn scene(model: &Model, setting: &Setting) -> Scene {
        Scene::of(model.last_run().expect("there is a run"), setting)
    }

    #[test]
    fn cards_and_roads_stay_inside_and_apart() {
        for workers in [1, 2, 4, 8, 64, 512] {
            let model = Pool { workers, units: workers * 2, ..Pool::default() }.model();
            for (width, height, scale) in
                [(760.0, 290.0, 1.0), (760.0, 290.0, 1.35), (610.0, 130.0, 1.35), (1200.0, 500.0, 1.0)]
            {
                let area = Rect::from_min_size(pos2(280.0, 60.0), vec2(width, height));
                let setting = Setting { area, scale, ..setting(BEGAN_NS + 30_000_000) };
                let scene = scene(&model, &setting);
                let parent = scene.parent.as_ref().expect("there is a parent").space;
                let cards: Vec<Rect> = scene.workers.iter().map(|worker| worker.space).collect();
                assert!(!cards.is_empty() && area.expand(1.0).contains_rect(parent));
                assert!(cards.iter().all(|card| area.expand(1.0).contains_rect(*card)), "{workers} at {scale}");
                assert!(cards.windows(2).all(|pair| pair[0].bottom() < pair[1].top()));
                assert!(cards.iter().all(|card| card.height() >= LEAST_CARD * scale - 1.0), "legible");
                assert_eq!(scene.lanes.len(), 2 * cards.len());
                assert_eq!(scene.more.is_some(), cards.len() < workers as usize);
                for pair in scene.lanes.windows(2) {
                    let height = |lane: &Lane, t| if lane.task { lane.road.at(t) } else { lane.road.at(1.0 - t) }.y;
                    assert!((0..=20).all(|t| height(&pair[0], t as f32 / 20.0) < height(&pair[1], t as f32 / 20.0)));
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_by_what_it_does() {
        let model = Pool { workers: 64, units: 40, ..Pool::default() }.model();
        let scene = scene(&model, &setting(BEGAN_NS + 2_000_000 * 64 + 12_000_000));
        let more = scene.more.expect("64 cards do not fit");
        assert_eq!(more.title, format!("+ {} more", 64 - scene.shown));
        assert!(more.line.contains("computing") && more.line.contains("waiting"), "{}", more.line);
    }

    #[test]
    fn scrolling_shows_the_last_workers_and_no_further() {
        let model = Pool { workers: 64, ..Pool::default() }.model();
        let scene = scene(&model, &Setting { first: 1_000, ..setting(BEGAN_NS) });
        assert_eq!(scene.workers.last().map(|worker| worker.hue), Some(64));
    }

    #[test]
    fn the_parent_holds_the_units_that_wait_and_the_results_lie_below() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        for step in 0..40 {
            let at_ns = BEGAN_NS + run.length_ns() * step / 39;
            let scene = scene(&model, &setting(at_ns));
            let parent = scene.parent.expect("there is a parent");
            assert_eq!(parent.waiting.len() as u32, run.waiting_units(at_ns));
            assert!(parent.waiting.iter().all(|chip| parent.space.contains_rect(chip.space)));
            assert!(parent.results.is_empty() && parent.strip.is_empty());
            let band = scene.buffer.expect("there are results");
            assert!(scene.workers.iter().all(|worker| worker.space.bottom() <= band.space.top()));
            assert!(parent.space.bottom() <= band.space.top());
            assert!(setting(at_ns).area.expand(1.0).contains_rect(band.space));
        }
    }

    #[test]
    fn past_the_detail_limit_units_are_still_counted() {
        let model = Pool { units: 40_000, unit_ns: 20_000, detail_units: 100, ..Pool::default() }.model();
        let run = model.last_run().expect("there is a run");
        let scene = scene(&model, &setting(BEGAN_NS + run.length_ns() / 2));
        assert!(scene.lanes.iter().all(|lane| matches!(lane.traffic, Traffic::Ribbon { count, .. } if count > 10)));
        assert!(scene.messages_per_mark().is_some());
        let parent = scene.parent.expect("there is a parent");
        assert_eq!(parent.status.words, "recorded as sums");
        let band = scene.buffer.expect("there are results");
        let share = band.slots.iter().map(|slot| slot.share).sum::<f32>() / band.slots.len() as f32;
        assert!((share - 0.5).abs() < 0.05, "{share}");
    }

    #[test]
    fn alone_the_parent_computes_and_threads_share_its_frame() {
        let model = sequential();
        let scene_alone = scene(&model, &setting(BEGAN_NS + 5_000_000));
        assert!(scene_alone.workers.is_empty() && scene_alone.lanes.is_empty());
        let parent = scene_alone.parent.expect("there is a parent");
        assert_eq!(parent.status.unit, Some(0));
        assert!(parent.bar.is_some());

        let model = Pool { medium: Medium::Memory, ..Pool::default() }.model();
        let scene_threads = scene(&model, &setting(BEGAN_NS + 30_000_000));
        let frame = scene_threads.process.expect("threads share a process").space;
        assert!(scene_threads.workers.iter().all(|worker| frame.contains_rect(worker.space)));
        assert!(scene_threads.task_label.is_some_and(|(_, words)| words.contains("by reference")));
    }

    #[test]
    fn a_progress_bar_is_the_true_share_of_the_unit() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let unit = run.units.get(2).expect("it is known");
        let (began_ns, ended_ns) = (unit.began_ns.expect("it began"), unit.ended_ns.expect("it ended"));
        let scene = scene(&model, &setting(began_ns + (ended_ns - began_ns) / 4));
        let worker = scene.workers.iter().find(|worker| worker.status.unit == Some(2)).expect("someone computes it");
        assert!((worker.status.progress.expect("its end is known") - 0.25).abs() < 0.01);
        assert!(worker.words().contains("computing 2"), "{}", worker.words());
    }
}
