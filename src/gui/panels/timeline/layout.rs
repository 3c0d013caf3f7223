//! Where everything of the timeline lies: the regions, the arrows of a unit.

use egui::{Pos2, Rangef, Rect, pos2};

use super::axis::Axis;
use crate::gui::words;
use crate::model::Run;
use crate::model::objects::stations::{Letter, Road};
use crate::trace::{ActorId, ChannelId};

/// The regions of the timeline, top to bottom. All that show time share one x range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regions {
    /// The column of names.
    pub names: Rangef,
    /// The ticks.
    pub axis: Rect,
    /// The rows, as far as they are in sight.
    pub rows: Rect,
    /// The height of one row.
    pub pitch: f32,
    /// The curve of messages in flight.
    pub in_flight: Rect,
    /// The lanes of the cores.
    pub cores: Rect,
}

impl Regions {
    /// Divides an area for so many rows and cores; sizes are times `scale`. Where `nothing_flies`, there is
    /// no curve, and where names are long, there is more room for them.
    pub fn of(area: Rect, rows: usize, cores: usize, scale: f32, nothing_flies: bool) -> Self {
        let names_width = if nothing_flies { 156.0 } else { 132.0 };
        let (gap, names_width) = (6.0 * scale, (names_width * scale).min(area.width() * 0.3));
        let axis_height = 20.0 * scale;
        // Where rows are short of room, the curve and the cores give way first.
        let tight = rows as f32 * 26.0 * scale > area.height() * 0.5;
        let (curve_share, cores_share) = if tight { (0.11, 0.16) } else { (0.15, 0.22) };
        let curve_height = (area.height() * curve_share).clamp(24.0 * scale, 60.0 * scale);
        let curve_height = if nothing_flies { 0.0 } else { curve_height };
        let most = (area.height() * cores_share).max(18.0 * scale);
        let cores_height = (16.0 * scale * cores as f32).clamp(18.0 * scale, most);
        let gaps = if nothing_flies { 2.0 } else { 3.0 };
        let below = curve_height + cores_height + gaps * gap;
        let room = (area.height() - axis_height - below).max(24.0 * scale);
        let pitch = (room / rows.max(1) as f32).clamp(20.0 * scale, 42.0 * scale);
        let rows_height = room.min(pitch * rows.max(1) as f32);

        let (left, right) = (area.left() + names_width, area.right() - 8.0 * scale);
        let place = |top: f32, height: f32| {
            Rect::from_x_y_ranges(left.round()..=right.max(left + 1.0).round(), top.round()..=(top + height).round())
        };
        let axis = place(area.top(), axis_height);
        let rows = place(axis.bottom(), rows_height);
        let in_flight = place(rows.bottom() + gap, curve_height);
        let cores = place(in_flight.bottom() + if nothing_flies { 0.0 } else { gap }, cores_height);
        Self { names: Rangef::new(area.left(), left.round() - gap), axis, rows, pitch, in_flight, cores }
    }

    /// Everything below the axis and the axis itself: where the playhead's line runs.
    pub fn canvas(&self) -> Rect {
        self.axis.union(self.cores)
    }
}

/// A message drawn from its sender's row to its receiver's.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Where it left.
    pub from: Pos2,
    /// Where it arrived; `None` while it is under way.
    pub to: Option<Pos2>,
    /// In words.
    pub label: String,
}

/// The arrows of a unit's request and reply; `band` answers where an actor's bars lie.
pub fn unit_arrows(run: &Run, unit: u32, axis: &Axis, band: impl Fn(ActorId) -> Option<Rangef>) -> Vec<Arrow> {
    let Some(record) = run.units.get(unit) else { return Vec::new() };
    let roads = [record.request, record.reply].into_iter().flatten();
    roads.filter_map(|(channel, message)| arrow(run, channel, message as usize, axis, &band)).collect()
}

/// Every message sent in the window, unless there are more than `most`.
pub fn all_arrows(run: &Run, axis: &Axis, most: usize, band: impl Fn(ActorId) -> Option<Rangef>) -> Option<Vec<Arrow>> {
    let before_ns = axis.from_ns.saturating_sub(1);
    let sent = |channel: &crate::model::Channel| channel.sent_by(before_ns)..channel.sent_by(axis.to_ns);
    let shared = || run.objects().iter().flat_map(|object| object.stations.roads.values());
    let put = |road: &Road| road.came.count(axis.to_ns).saturating_sub(road.came.count(before_ns)) as usize;
    let count =
        run.channels.iter().map(|channel| sent(channel).len()).sum::<usize>() + shared().map(put).sum::<usize>();
    (count <= most).then(|| {
        let messages = run.channels.iter().flat_map(|channel| sent(channel).map(|message| (channel.id, message)));
        let messages = messages.filter_map(|(channel, message)| arrow(run, channel, message, axis, &band));
        let letters = shared().flat_map(|road| letters_within(road, axis, put(road)));
        messages.chain(letters.filter_map(|letter| letter_arrow(letter, axis, &band))).collect()
    })
}

fn arrow(
    run: &Run,
    channel: ChannelId,
    message: usize,
    axis: &Axis,
    band: &impl Fn(ActorId) -> Option<Rangef>,
) -> Option<Arrow> {
    let road = run.channel(channel)?;
    let message = road.message(message)?;
    between(axis, (band(road.from)?, message.sent_ns?), message.received_ns.map(|ns| (band(road.to), ns)))
}

/// The messages of a road that were put within the axis: so many, if all of them are known one by one.
fn letters_within<'a>(road: &'a Road, axis: &Axis, count: usize) -> Vec<&'a Letter> {
    let is_within = |letter: &&Letter| {
        letter.put.or(letter.fed).is_some_and(|(sent_ns, _)| (axis.from_ns..=axis.to_ns).contains(&sent_ns))
    };
    let come = |at_ns: u64| road.came.count(at_ns);
    let near = road.letters_about(come(axis.from_ns.saturating_sub(1)), come(axis.to_ns));
    let mut found: Vec<&Letter> = near.iter().filter(is_within).collect();
    if found.len() < count {
        found = road.letters().iter().filter(is_within).collect();
    }
    found
}

/// A message of a queue or a pipe, from who put it to who took it.
fn letter_arrow(letter: &Letter, axis: &Axis, band: &impl Fn(ActorId) -> Option<Rangef>) -> Option<Arrow> {
    let (sent_ns, by) = letter.put.or(letter.fed)?;
    between(axis, (band(by)?, sent_ns), letter.got.map(|(got_ns, reader)| (band(reader), got_ns)))
}

/// From the edge of the sender's bars that is nearer to the reader's.
fn between(axis: &Axis, (sender, sent_ns): (Rangef, u64), there: Option<(Option<Rangef>, u64)>) -> Option<Arrow> {
    let reader = there.map_or(Some(sender), |(band, _)| band)?;
    let (leave, arrive) = if sender.min < reader.min { (sender.max, reader.min) } else { (sender.min, reader.max) };
    let from = pos2(axis.x(sent_ns), leave);
    let to = there.map(|(_, received_ns)| pos2(axis.x(received_ns), arrive));
    let label = match there {
        Some((_, received_ns)) => words::duration(received_ns.saturating_sub(sent_ns)),
        None => "under way".to_owned(),
    };
    Some(Arrow { from, to, label })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, small};

    #[test]
    fn regions_stack_without_overlap_and_stay_inside() {
        for (rows, cores, height, scale) in
            [(3, 4, 300.0, 1.0), (9, 8, 320.0, 1.35), (65, 64, 300.0, 1.0), (1, 1, 200.0, 1.0)]
        {
            let area = Rect::from_min_size(pos2(10.0, 400.0), egui::vec2(768.0, height));
            for nothing_flies in [false, true] {
                let regions = Regions::of(area, rows, cores, scale, nothing_flies);
                let stack = [regions.axis, regions.rows, regions.in_flight, regions.cores];
                assert!(stack.windows(2).all(|pair| pair[0].bottom() <= pair[1].top()), "{regions:?}");
                assert!(stack.iter().all(|part| part.x_range() == regions.axis.x_range()));
                assert!(regions.cores.bottom() <= area.bottom() + 1.0, "{rows} rows, {cores} cores: {regions:?}");
                assert!(regions.pitch >= 20.0 * scale, "a row stays legible, the rest is scrolled");
                assert_eq!(regions.in_flight.height() > 0.0, !nothing_flies);
            }
        }
    }

    #[test]
    fn a_units_arrows_join_the_rows_at_the_times_of_its_messages() {
        let model = small();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 1000.0 };
        let band = |actor: ActorId| {
            let top = actor.0 as f32 * 30.0;
            Some(Rangef::new(top, top + 20.0))
        };
        let arrows = unit_arrows(run, 5, &axis, band);
        assert_eq!(arrows.len(), 2);
        let record = run.units.get(5).expect("it is known");
        let (worker, began_ns) = (record.worker.expect("computed"), record.began_ns.expect("computed"));
        let arrived = arrows[0].to.expect("the request arrived");
        assert!((arrows[0].from.y - 50.0).abs() < 0.01, "it leaves the parent at the bottom");
        assert!((arrived.y - worker.0 as f32 * 30.0).abs() < 0.01, "it reaches the worker from above");
        assert!(arrows[0].from.x <= arrived.x && arrived.x <= axis.x(began_ns));
        assert!(arrows[1].from.x >= axis.x(record.ended_ns.expect("computed")));
        assert_eq!(all_arrows(run, &axis, 1_000, band).map(|arrows| arrows.len()), Some(18));
        assert_eq!(all_arrows(run, &axis, 5, band), None);
    }

    #[test]
    fn a_message_of_a_queue_is_an_arrow_from_who_put_it_to_who_took_it() {
        let model = crate::gui::panels::fixture::ipc::ipc();
        let run = model.last_run().expect("there is a run");
        let axis = Axis { from_ns: BEGAN_NS, to_ns: run.last_ns, left: 0.0, right: 1000.0 };
        let band = |actor: ActorId| Some(Rangef::new(actor.0 as f32 * 30.0, actor.0 as f32 * 30.0 + 20.0));
        let arrows = all_arrows(run, &axis, 100, band).expect("they are few");
        assert_eq!(arrows.len(), 3);
        assert_eq!(arrows[0].from, pos2(100.0, 80.0), "put by the second actor at 10 ms");
        assert_eq!(arrows[0].to, Some(pos2(140.0, 90.0)), "taken by the third at 14 ms");
        assert_eq!((arrows[0].label.as_str(), arrows[1].to), ("4 ms", None));
        assert_eq!(all_arrows(run, &axis, 2, band), None);
    }
}
