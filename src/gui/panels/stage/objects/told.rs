//! The words on the card of an object: at the right of its name, and on the line of its state.

use egui::Color32;

use super::cells::Cells;
use super::layout::Placed;
use super::paint::hold_colour;
use super::seen::{Face, Gate, Hold, Road, Seen, counted, listed};
use crate::chunk::grouped;
use crate::gui::theme::Theme;
use crate::gui::words::{bytes, duration};
use crate::model::objects::cells::Known;
use crate::trace::Wish;

/// What stands at the right of the heading.
pub(super) fn brief(placed: &Placed) -> String {
    let (seen, waiting) = (&placed.seen, placed.seen.waiters.len());
    let full = placed.line.is_some();
    match &seen.face {
        Face::Gate(gate) if full && !gate.counts => match gate.hold(waiting) {
            Hold::Free => "free".to_owned(),
            Hold::Quiet => "held".to_owned(),
            Hold::Blocking => format!("held, {waiting} wait").replace("1 wait", "1 waits"),
            Hold::Orphaned => "owner died".to_owned(),
        },
        Face::Gate(gate) if full && gate.counts => String::new(),
        Face::Gate(gate) if waiting > 0 => format!("{}, {waiting} waiting", gate.words(waiting)),
        Face::Roads(roads) => {
            let sum = |of: fn(&Road) -> u64| roads.iter().map(of).sum::<u64>();
            let torn = sum(|road| u64::from(road.torn.0));
            if torn > 0 {
                let frames = if torn == 1 { "frame" } else { "frames" };
                return format!("✕ {} torn {frames}, {}", grouped(torn), bytes(sum(|road| road.torn.1)));
            }
            format!("{} put · {} taken", grouped(sum(|road| road.put)), grouped(sum(|road| road.got)))
        }
        Face::Cells(_) if full => String::new(),
        Face::Cells(cells) => cells.verdict().unwrap_or_else(|| cells.last_in_words()),
        Face::Block(block) => block.brief(),
        Face::Served(served) if full && served.updates.updates > 0 => served.total(),
        Face::Served(served) if !full => told_briefly(placed).unwrap_or_else(|| served.total()),
        Face::Flag { .. } if !full && waiting > 0 => format!("{}, {waiting} waiting", seen.state()),
        _ if full && matches!(seen.face, Face::Bell { .. } | Face::Barrier { .. } | Face::Served(_)) => String::new(),
        _ => seen.state(),
    }
}

/// The line of the state, and its colour.
pub(super) fn told(theme: Theme, placed: &Placed) -> (String, Color32) {
    let (seen, waiting) = (&placed.seen, placed.seen.waiters.len());
    match &seen.face {
        Face::Gate(gate) => gate_told(theme, gate, waiting),
        Face::Bell { lock: Some(lock) } => {
            let (words, colour) = gate_told(theme, lock, waits_for_lock(seen));
            let lock =
                if lock.hold(0) == Hold::Free { "its lock is free".to_owned() } else { format!("its lock: {words}") };
            (format!("{} · {lock}", seen.state()), colour)
        }
        Face::Cells(cells) if cells.updates == 0 => (cells.last_in_words(), theme.faint()),
        Face::Block(block) => (block.last_in_words(), theme.text()),
        Face::Cells(cells) => verdict(theme, cells),
        // Where the requests are is drawn.
        Face::Served(served) if served.updates.updates > 0 => verdict(theme, &served.updates),
        Face::Served(served) if placed.parts.counter.is_some() => (format!("{} in all", served.total()), theme.faint()),
        Face::Roads(roads) => {
            let places = roads.iter().find_map(|road| road.places);
            let places = places.map(|(used, most)| format!("{used} of {most} places taken"));
            let left = roads.iter().find_map(|road| road.unfinished);
            let left = left.map(|left| format!("{} not done", counted(left, "task")));
            (places.into_iter().chain(left).collect::<Vec<_>>().join(" · "), theme.text())
        }
        Face::Barrier { broken: true, .. } => ("broken: whoever waits gets BrokenBarrierError".to_owned(), theme.bad()),
        Face::Barrier { passed, .. } => {
            let passed = match passed {
                0 => "not passed yet".to_owned(),
                1 => "passed once".to_owned(),
                times => format!("passed {} times", grouped(*times)),
            };
            (format!("{} · {passed}", seen.state()), if seen.waking() > 0 { theme.held() } else { theme.text() })
        }
        Face::Flag { set: true } => ("set: wait() returns at once".to_owned(), theme.held()),
        Face::Flag { set: false } => ("clear: wait() sleeps until set()".to_owned(), theme.faint()),
        _ => (seen.state(), if seen.holds_up() { theme.waits() } else { theme.faint() }),
    }
}

/// The same where there is little room, if it can be said in fewer words.
pub(super) fn told_briefly(placed: &Placed) -> Option<String> {
    let cells = match &placed.seen.face {
        Face::Cells(cells) => cells,
        Face::Served(served) => &served.updates,
        _ => return None,
    };
    Some(match (cells.updates, cells.overwritten, cells.known) {
        (0, ..) => return None,
        (_, 0, Known::Final) => "none lost this time".to_owned(),
        (_, 0, _) => "none lost so far".to_owned(),
        (_, lost, _) => format!("▲ {} overwritten", grouped(lost)),
    })
}

/// What became of updates.
fn verdict(theme: Theme, cells: &Cells) -> (String, Color32) {
    let words = cells.verdict().unwrap_or_default();
    match (cells.overwritten, cells.known) {
        // That it is good is only known at the end.
        (0, Known::Final) => (words, theme.good()),
        (0, _) => (words, theme.text()),
        _ => (format!("▲ {words}"), theme.lost()),
    }
}

/// How many wait for the lock of another object.
fn waits_for_lock(seen: &Seen) -> usize {
    seen.waiters.iter().filter(|waiter| waiter.wish == Wish::Acquire).count()
}

/// How a lock stands, who has it and since when, and its colour.
pub(super) fn gate_told(theme: Theme, gate: &Gate, waiting: usize) -> (String, Color32) {
    let hold = gate.hold(waiting);
    if gate.counts {
        let names: Vec<&str> = gate.holders.iter().map(|holder| holder.who.title.as_str()).collect();
        let names = if names.is_empty() { String::new() } else { format!(" · {}", listed(&names, 4)) };
        let colour = if hold == Hold::Quiet { theme.text() } else { hold_colour(theme, hold) };
        return (format!("{} free{names}", gate.count("")), colour);
    }
    let since = gate.holders.first().filter(|_| !gate.counts).map(|holder| format!(" · {}", duration(holder.for_ns)));
    let again = gate.recovered.as_ref().map(|owner| format!(" · recovered from {owner}"));
    let often = match gate.taken {
        0 => "not taken yet".to_owned(),
        1 => "taken once".to_owned(),
        times => format!("taken {} times", grouped(times)),
    };
    let colour = if gate.counts && hold == Hold::Quiet { theme.text() } else { hold_colour(theme, hold) };
    // That it is free stands beside its name.
    if hold == Hold::Free && !gate.counts {
        return (often + again.as_deref().unwrap_or(""), colour);
    }
    let often = gate.holders.is_empty().then(|| format!(" · {often}"));
    let more: String = [since, again, often].into_iter().flatten().collect();
    (gate.words(waiting) + &more, colour)
}
