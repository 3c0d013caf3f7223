//! What happened in a run besides the computing, in words: what went wrong in a pool, and the whole
//! story of a program.

use std::fmt::{Display, Formatter, Result};

use crate::chunk::grouped;
use crate::cli::report::{ActorFigures, CallMade, LostUnit, Story, UnitError, Why};
use crate::plan::{Call, Plan};
use crate::trace::{Fate, Role};
use crate::words::duration;

use super::counted;

/// So many lines of a kind are told; of more there is only their number.
pub(super) const MOST_TOLD: usize = 20;

/// The lines as far as they are told, and how many more there are.
pub(super) fn folded(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST_TOLD);
    let mut told: Vec<String> = lines.take(MOST_TOLD).collect();
    if more > 0 {
        told.push(format!("… and {} more", grouped(more as u64)));
    }
    told
}

/// What happened in a pool that did not in an undisturbed `map`.
pub(super) struct Troubles<'a> {
    /// What was run.
    pub(super) plan: &'a Plan,
    /// What happened.
    pub(super) story: &'a Story<'a>,
}

impl Display for Troubles<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let story = self.story;
        // That map was called, the pool closed and joined, is nothing to tell.
        let plain = self.plan.call == Call::Map && !story.calls.iter().any(|call| call.raised);
        let calls = if plain { &[] } else { story.calls.as_slice() };
        section(f, "errors", &folded(story.errors.iter().map(error)))?;
        section(f, "lost", &folded(story.lost_units.iter().map(lost)))?;
        section(f, "restarts", &restarts(story))?;
        section(f, "calls", &folded(calls.iter().map(told_call)))?;
        section(f, "delivered", delivered(story).as_slice())
    }
}

/// A word, and lines beside it.
fn section(f: &mut Formatter<'_>, word: &str, lines: &[String]) -> Result {
    lines
        .iter()
        .zip([word].into_iter().chain(std::iter::repeat("")))
        .try_for_each(|(line, word)| writeln!(f, "{word:<10}{line}"))
}

/// `unit 3, item 3 (10000081) failed in Worker 2 (pid 412) at call: ValueError: on purpose`.
fn error(error: &UnitError<'_>) -> String {
    let item = error.item.map_or_else(String::new, |item| format!(", item {}", grouped(item)));
    let input = if error.input.is_empty() { String::new() } else { format!(" ({})", error.input) };
    let stage = error.stage.map_or_else(String::new, |stage| format!(" at {}", stage.name()));
    let place = with_pid(&error.worker, error.pid);
    let message = if error.message.is_empty() { String::new() } else { format!(": {}", error.message) };
    format!("unit {}{item}{input} failed in {place}{stage}: {}{message}", grouped(error.unit.into()), error.kind)
}

/// `unit 3 of Worker 2 (pid 412), which ended with −SIGKILL: it fails`.
fn lost(lost: &LostUnit) -> String {
    let exit = lost.exit.as_ref().map_or_else(|| "is gone".to_owned(), |exit| format!("ended with {exit}"));
    let fate = match lost.fate {
        Fate::Fails => "it fails",
        Fate::Retried => "it had been begun, and is computed again",
        Fate::HandedOutAgain => "it had not been begun, and is handed out again",
        Fate::NeverComes => "its result never comes",
    };
    let worker = with_pid(&lost.worker, Some(lost.pid));
    format!("unit {} of {worker}, which {exit}: {fate}", grouped(lost.unit.into()))
}

/// How many workers took over the place of another, and why.
fn restarts(story: &Story<'_>) -> Vec<String> {
    let of = |why| story.restarts.iter().filter(|restart| restart.why == why).count() as u64;
    let (retired, died) = (of(Why::Retired), of(Why::Died));
    if retired + died == 0 {
        return Vec::new();
    }
    let workers = counted(retired + died, "worker took", "workers took");
    vec![format!("{workers} the place of another: {} had retired, {} had died", grouped(retired), grouped(died))]
}

/// When the caller took the first result, and of few ones in which order.
fn delivered(story: &Story<'_>) -> Option<String> {
    let first = duration(story.first_result_ns?);
    let order: Vec<String> = story.delivered.iter().map(u32::to_string).collect();
    let order =
        if order.len() <= MOST_TOLD { format!("; units in the order {}", order.join(", ")) } else { String::new() };
    Some(format!("first result after {first}{order}"))
}

/// Everything that happened in a program, a line each, in order.
pub(super) struct Programs<'a> {
    /// What was called and printed.
    pub(super) story: &'a Story<'a>,
    /// Who was there.
    pub(super) actors: &'a [ActorFigures<'a>],
}

impl Display for Programs<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut lines = Vec::new();
        for actor in self.actors {
            lines.extend(life(actor));
        }
        for printed in &self.story.printed {
            let by = printed.by.as_ref().map_or_else(|| "somebody".to_owned(), |by| with_pid(by, printed.pid));
            lines.push((printed.at_ns, by, format!("prints: {}", printed.line)));
        }
        for call in &self.story.calls {
            lines.push((call.at_ns, with_pid(&call.by, call.pid), told_call(call)));
        }
        lines.sort_by_key(|&(at_ns, ..)| at_ns);
        let widest = lines.iter().map(|(_, who, _)| who.chars().count()).max().unwrap_or_default();
        lines.iter().try_for_each(|(at_ns, who, what)| writeln!(f, "{} {who:<widest$}  {what}", stamp(*at_ns)))
    }
}

/// `[   12.3 ms]`.
fn stamp(at_ns: u64) -> String {
    format!("[{:>8.1} ms]", at_ns as f64 / 1e6)
}

/// The life of a process: (when, who, what).
fn life(actor: &ActorFigures<'_>) -> Vec<(u64, String, String)> {
    let me = with_pid(&actor.name, Some(actor.pid));
    let mut lines = Vec::new();
    let method = actor.start.map_or_else(String::new, |start| format!(", by {}", start.name()));
    let daemon = if actor.daemon { ", as a daemon" } else { "" };
    let birth = match &actor.parent {
        Some(parent) if actor.role != Role::Parent => format!("was started by {parent}{method}{daemon}"),
        _ => "begins".to_owned(),
    };
    lines.push((actor.born_ns, me.clone(), birth));
    for sent in &actor.signals {
        let why = if sent.why.is_empty() { String::new() } else { format!(": {}", sent.why) };
        lines.push((sent.at_ns, me.clone(), format!("is sent {} by {}{why}", sent.signal, sent.by)));
    }
    if let Some(at_ns) = actor.zombie_ns {
        lines.push((at_ns, me.clone(), "has ended, and nobody has waited for it: a zombie".to_owned()));
    }
    if let (Some(at_ns), Some(exit)) = (actor.exited_ns, &actor.exit_name) {
        lines.push((at_ns, me, format!("ended: exit code {exit}")));
    }
    lines
}

/// `p.join(0.5) → None, after 500 ms`; `result.get(timeout=0.2) raised TimeoutError, after 200 ms`.
fn told_call(call: &CallMade<'_>) -> String {
    let answer = if call.raised { format!(" raised {}", call.answer) } else { format!(" → {}", call.answer) };
    let answer = if call.answer.is_empty() { String::new() } else { answer };
    format!("{}{answer}, after {}", call.call, duration(call.took_ns))
}

/// `Worker 2 (pid 412)`.
fn with_pid(name: &str, pid: Option<u32>) -> String {
    pid.map_or_else(|| name.to_owned(), |pid| format!("{name} (pid {pid})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_lines_are_folded() {
        let lines = |count: usize| folded((0..count).map(|line| line.to_string()));
        assert_eq!(lines(3), ["0", "1", "2"]);
        assert_eq!(lines(MOST_TOLD).len(), MOST_TOLD);
        assert_eq!(lines(10_010)[MOST_TOLD], "… and 9,990 more");
    }

    #[test]
    fn a_stamp_has_room_for_a_minute() {
        assert_eq!(stamp(12_340_000), "[    12.3 ms]");
        assert_eq!(stamp(61_000_000_000), "[ 61000.0 ms]");
    }
}
