//! What was done with the objects of a program, as it was told.

use poolscope::trace::{ActorId, Deed, Event, ObjectId, What};

use crate::common::programs::{Ran, at_once, run};

/// Runs a program under every start method.
pub(crate) fn each(name: &str, knobs: &[(&str, u64)], assert: impl Fn(&Ran) + Sync) {
    at_once(|start| assert(&run(name, start, knobs)));
}

/// What was done, by whom, from when and until when.
pub(crate) struct Done {
    pub(crate) by: ActorId,
    pub(crate) object: ObjectId,
    pub(crate) since_ns: u64,
    pub(crate) at_ns: u64,
    pub(crate) deed: Deed,
}

/// Everything that was done with objects, by time.
pub(crate) fn done(events: &[Event]) -> Vec<Done> {
    let mut done: Vec<Done> = events
        .iter()
        .filter_map(|event| match event.what {
            What::Used { object, since_ns, deed } => {
                Some(Done { by: event.by, object, since_ns, at_ns: event.at_ns, deed })
            }
            _ => None,
        })
        .collect();
    done.sort_by_key(|done| done.at_ns);
    done
}

/// The most that had a permit of this object at the same time, as far as their own clocks tell.
pub(crate) fn most_inside(events: &[Event], object: ObjectId) -> usize {
    let mut inside = 0_i32;
    let mut most = 0;
    for done in done(events).iter().filter(|done| done.object == object) {
        match done.deed {
            Deed::Acquired { .. } => inside += 1,
            Deed::Released { .. } => inside -= 1,
            _ => {}
        }
        most = most.max(inside);
    }
    assert_eq!(inside, 0, "all of it was given back");
    most as usize
}

/// The id of the object of this name.
pub(crate) fn object(events: &[Event], name: &str) -> ObjectId {
    let made = events.iter().find_map(|event| match &event.what {
        What::ObjectMade(made) if made.name == name => Some(made.object),
        _ => None,
    });
    made.unwrap_or_else(|| panic!("there is no object {name}"))
}

/// The number in the line that begins like this.
pub(crate) fn number(ran: &Ran, label: &str) -> u64 {
    let lines = ran.lines();
    let line = lines.iter().find_map(|line| line.strip_prefix(label)).unwrap_or_else(|| panic!("{label}: {lines:?}"));
    line.trim().parse().expect("a number")
}
