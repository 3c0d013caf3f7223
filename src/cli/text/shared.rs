//! What the processes of a program shared, in words: a line for each object, and who waited for ever.

use std::fmt::{Display, Formatter, Result};

use crate::chunk::grouped;
use crate::cli::report::{Numbers, ObjectFigures, RoadFigures, Shared, Signals};
use crate::trace::ObjectKind;
use crate::words::{bytes, duration};

use super::counted;
use super::story::folded;

/// What was shared in a run; nothing if nothing was.
pub(super) struct SharedInWords<'a>(pub(super) &'a Shared<'a>);

impl Display for SharedInWords<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Shared { objects, only_counted, deadlocks, unended_waits, .. } = self.0;
        if !objects.is_empty() {
            writeln!(f, "\nshared")?;
        }
        let lines = folded(objects.iter().map(object)).into_iter().chain(only_counted.clone());
        lines.into_iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        if !unended_waits.is_empty() {
            writeln!(f, "\nwaits that never ended")?;
        }
        let waits = unended_waits
            .iter()
            .map(|wait| format!("{} waited {} {}", wait.actor, duration(wait.lasted_ns), wait.waits));
        folded(waits).iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        for deadlock in deadlocks {
            write!(f, "\n{} (since {}", deadlock.sentence, duration(deadlock.since_ns))?;
            match deadlock.until_ns {
                Some(until_ns) => writeln!(f, ", until {})", duration(until_ns))?,
                None => writeln!(f, ")")?,
            }
        }
        Ok(())
    }
}

/// `lock a (Lock): taken 80,000 times, waited for 12,345 times, at most for 1.2 ms`.
fn object(object: &ObjectFigures<'_>) -> String {
    let ObjectFigures { name, kind, what, capacity, .. } = object;
    let noun = crate::model::wish::noun(*what);
    let size = match what {
        ObjectKind::Queue | ObjectKind::JoinableQueue if *capacity > 0 => format!(", maxsize {}", grouped(*capacity)),
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            format!(", {}", counted(*capacity, "permit", "permits"))
        }
        ObjectKind::Barrier => format!(", {}", counted(*capacity, "party", "parties")),
        ObjectKind::Array => format!(", {}", counted(*capacity, "number", "numbers")),
        ObjectKind::Block => format!(", {}", bytes(*capacity)),
        ObjectKind::Pipe if *capacity == 1 => ", one way".to_owned(),
        _ => String::new(),
    };
    let mut told = Vec::new();
    if let Some(turns) = &object.turns {
        told.push(format!("taken {}", times(turns.taken)));
        let longest = duration(turns.longest_wait_ns);
        match object.waits {
            0 => {}
            waits if turns.taken > 0 => told.push(format!("waited for {}, at most for {longest}", times(waits))),
            waits => told.push(format!("waited for {}", times(waits))),
        }
    }
    let is_pipe = *what == ObjectKind::Pipe;
    told.extend(object.roads.iter().map(|way| road(way, is_pipe && *capacity > 1, *what)));
    told.extend(object.numbers.as_ref().map(numbers));
    if let Some(trips) = &object.round_trips {
        let median =
            trips.median_ns.map_or_else(String::new, |median_ns| format!(", the median {}", duration(median_ns)));
        told.push(format!("{}{median}", counted(trips.count, "round trip", "round trips")));
    }
    told.extend(object.signals.as_ref().map(|signals| signalled(signals, *what, object.waits)));
    if object.recovered > 0 {
        told.push(format!("taken back from a dead owner {}", times(object.recovered)));
    }
    if object.gave_up > 0 {
        told.push(format!("given up {}", times(object.gave_up)));
    }
    let told = match object.waits {
        _ if !told.is_empty() => told.join("; "),
        0 => "not used".to_owned(),
        waits => format!("waited for {}, and nothing came of it", times(waits)),
    };
    let robust = if object.robust { "robust " } else { "" };
    format!("{noun} {name} ({robust}{kind}{size}): {told}")
}

fn times(count: u64) -> String {
    counted(count, "time", "times")
}

/// `12 messages, at most 3 at once; its pipe of 64 KiB was at most 32 % full`.
fn road(road: &RoadFigures, is_one_of_two: bool, kind: ObjectKind) -> String {
    let way = if is_one_of_two { format!("from end {}: ", road.lane) } else { String::new() };
    let left = match road.put.saturating_sub(road.got) {
        0 => String::new(),
        left => format!(", {} of them never taken out", grouped(left)),
    };
    let most =
        if kind == ObjectKind::Pipe { String::new() } else { format!(", at most {} at once", grouped(road.most)) };
    let fullest = road.fullest_permille.map_or_else(String::new, |permille| {
        let places = usize::from(permille < 100);
        format!(
            "; its pipe of {} bytes was at most {:.places$} % full",
            grouped(road.pipe_bytes.into()),
            permille as f64 / 10.0
        )
    });
    let torn = match road.torn {
        0 => String::new(),
        torn => format!("; torn {}, {}", times(torn), bytes(road.torn_bytes)),
    };
    let count = counted(road.put, "message", "messages");
    let only_counted = match road.only_counted {
        0 => String::new(),
        more => format!("; {} of them only counted: so many are not kept one by one", grouped(more)),
    };
    format!("{way}{count}, {}{most}{left}{fullest}{torn}{only_counted}", bytes(road.bytes))
}

/// `32,366 of 80,000 updates kept; 47,634 were overwritten`.
fn numbers(numbers: &Numbers) -> String {
    let Numbers { updates, overwritten, known_of_first, written, last } = numbers;
    let mut told = Vec::new();
    if let Some(first) = known_of_first {
        let (all, first) = (counted(*updates, "update", "updates"), grouped(*first));
        told.push(format!("{all}; of the first {first}, {} were overwritten", grouped(*overwritten)));
    } else if *updates > 0 {
        let kept = grouped(updates.saturating_sub(*overwritten));
        let all = counted(*updates, "update", "updates");
        told.push(match overwritten {
            0 => format!("{all}, and none was lost this time"),
            1 => format!("{kept} of {all} kept; 1 was overwritten"),
            lost => format!("{kept} of {all} kept; {} were overwritten", grouped(*lost)),
        });
    }
    if *written > 0 {
        told.push(format!("written {}", times(*written)));
    }
    told.extend(last.map(|last| format!("{last} at the end")));
    if told.is_empty() { "not written".to_owned() } else { told.join("; ") }
}

/// `set 1 time, waited for 4 times`.
fn signalled(signals: &Signals, kind: ObjectKind, waits: u64) -> String {
    let Signals { set, notified, woke, passed, broken, .. } = signals;
    let waited = format!("waited for {}", times(waits));
    match kind {
        ObjectKind::Event => format!("set {}, {waited}", times(*set)),
        ObjectKind::Condition => format!("notified {}, {waited}, {} awake", times(*notified), grouped(*woke)),
        _ if *broken > 0 => format!("passed {}, found broken {}", times(*passed), times(*broken)),
        _ => format!("passed {}, {waited}", times(*passed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::plan::Plan;
    use crate::trace::{ActorId, Awaited, Birth, Deed, Event, Made, ObjectId, Role, What, Wish};

    /// So many waits and messages are kept one by one.
    const KEPT: u32 = 200_000;

    #[test]
    fn what_is_only_counted_is_said() {
        let (by, queue) = (ActorId::PARENT, ObjectId(0));
        let plan = Box::new(Plan { program: Some("by-hand".to_owned()), ..Plan::default() });
        let (name, initial, lock, robust) = ("q".to_owned(), None, None, false);
        let (kind, capacity, pipe_bytes) = (ObjectKind::SimpleQueue, 0, 65_536);
        let made = Made { object: queue, kind, name, capacity, pipe_bytes, initial, lock, robust };
        let begin = [
            What::RunBegan { run: 0, plan, items: 0, chunksize: 1, detail_units: 9 },
            What::ActorBorn(Box::new(Birth::new(by, Role::Parent, 0, 7, 0))),
            What::ObjectMade(Box::new(made)),
        ];
        let told = |count: u32| {
            let each = (0..count).flat_map(|message| {
                let used = |deed| What::Used { object: queue, since_ns: u64::from(message), deed };
                [
                    used(Deed::Fed { lane: 0, message, bytes: 9 }),
                    What::Waits { wish: Wish::Receive, on: Awaited::Object(queue), lane: 0, for_ever: true },
                    used(Deed::Got { lane: 0, message, bytes: 9 }),
                ]
            });
            let all = begin.iter().cloned().chain(each);
            let events: Vec<Event> = all.zip(1..).map(|(what, at_ns)| Event { at_ns, by, what }).collect();
            let model = Model::of(&events);
            SharedInWords(&Shared::of(&model.runs[0])).to_string()
        };
        assert!(!told(5).contains("only counted"), "{}", told(5));
        let told = told(KEPT + 7);
        for words in ["200,007 messages", "; 7 of them only counted", "Of 200,007 waits 7 are only counted"] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
}
