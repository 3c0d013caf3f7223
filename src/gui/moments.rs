//! The moments at which something happens in a run: where the arrow keys stop.

use crate::model::Run;

/// The next moment after `at_ns` (on the machine's clock), if there is one.
pub fn after(run: &Run, at_ns: u64) -> Option<u64> {
    moments(run, at_ns, |stamps| stamps.filter(|&stamp| stamp > at_ns).min()).min()
}

/// The last moment before `at_ns`, if there is one.
pub fn before(run: &Run, at_ns: u64) -> Option<u64> {
    moments(run, at_ns.saturating_sub(1), |stamps| stamps.filter(|&stamp| stamp < at_ns).last()).max()
}

/// What `pick` finds among the moments of each actor and each channel that lie around `edge_ns`.
///
/// The stamps of one actor are in order, and so are the sends of one channel: the few around the edge
/// hold the last at or before it and the first after it.
fn moments<'a>(
    run: &'a Run,
    edge_ns: u64,
    pick: impl Fn(&mut dyn Iterator<Item = u64>) -> Option<u64> + Copy + 'a,
) -> impl Iterator<Item = u64> + 'a {
    let lanes = run.actors.iter().filter_map(move |actor| {
        let spans = actor.lane.spans();
        let near = spans.partition_point(|span| span.from_ns <= edge_ns);
        let near = &spans[near.saturating_sub(2)..spans.len().min(near + 1)];
        let mut stamps = near.iter().flat_map(|span| [span.from_ns, span.to_ns]).filter(|&stamp| stamp != u64::MAX);
        pick(&mut stamps)
    });
    let roads = run.channels.iter().filter_map(move |channel| {
        let near = channel.sent_by(edge_ns);
        let near = near.saturating_sub(2)..channel.recorded().min(near + 1);
        let mut stamps = near.filter_map(|number| channel.message(number)).flat_map(|message| message.sent_ns);
        pick(&mut stamps)
    });
    let arrivals = std::iter::once_with(move || {
        let near = run.units.arrived_by(edge_ns);
        let all = run.units.arrivals();
        pick(&mut all[near.saturating_sub(2)..all.len().min(near + 1)].iter().map(|&(stamp, _)| stamp))
    });
    lanes.chain(roads).chain(arrivals.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::fixture;

    #[test]
    fn stepping_there_and_back_visits_the_same_moments() {
        let model = fixture::two_workers();
        let run = model.last_run().expect("a run");
        let mut at_ns = run.began_ns;
        let mut there = vec![];
        while let Some(next) = after(run, at_ns) {
            there.push(next);
            at_ns = next;
        }
        assert!(there.len() > 15, "{there:?}");
        assert!(there.is_sorted());
        let mut back = vec![at_ns];
        while let Some(previous) = before(run, at_ns) {
            back.push(previous);
            at_ns = previous;
        }
        back.reverse();
        back.retain(|moment| there.contains(moment));
        assert_eq!(there, back);
    }
}
