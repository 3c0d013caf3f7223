//! What happened in a run besides the computing, in words: what went wrong in a pool, and the whole
//! story of a program.

use std::fmt::{Display, Formatter, Result};

use crate::chunk::grouped;
use crate::cli::report::{ActorFigures, CallMade, LostUnit, Story, UnitError, Why};
use crate::plan::{Call, Plan};
use crate::trace::{Exit, Fate, MOST_CALLS, MOST_FAILURES, Outcome, Role};
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

/// Of more lines than are told, that there may be others of which the trace says nothing.
fn unsure(mut told: Vec<String>) -> Vec<String> {
    if let Some(last) = told.get_mut(MOST_TOLD) {
        last.push_str(", and perhaps others that the trace does not tell");
    }
    told
}

/// What happened in a pool that did not in an undisturbed `map`.
pub(super) struct Troubles<'a> {
    /// What was run.
    pub(super) plan: &'a Plan,
    /// What happened.
    pub(super) story: &'a Story<'a>,
    /// How the run ended.
    pub(super) outcome: Option<&'a Outcome>,
}

impl Display for Troubles<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let story = self.story;
        // That map was called, the pool closed and joined, is nothing to tell.
        let plain = self.plan.call == Call::Map && !story.calls.iter().any(|call| call.raised);
        let calls = if plain { &[] } else { story.calls.as_slice() };
        section(f, "errors", &errors(story, self.outcome))?;
        section(f, "lost", &folded(story.lost_units.iter().map(lost)))?;
        section(f, "restarts", &restarts(story))?;
        section(f, "calls", &told_calls(calls))?;
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

/// Every unit that has no result. The trace tells the first ones; how many there are the outcome says.
fn errors(story: &Story<'_>, outcome: Option<&Outcome>) -> Vec<String> {
    let mut lines = folded(story.errors.iter().map(error));
    let known = story.errors.len();
    if known != MOST_FAILURES {
        return lines;
    }
    let Some(all) = outcome.and_then(failed_units) else { return unsure(lines) };
    if let Some(last) = lines.get_mut(MOST_TOLD).filter(|_| all > known as u64) {
        let (more, recorded) = (all - MOST_TOLD as u64, (known - MOST_TOLD) as u64);
        *last = format!("… and {} more, of which the trace tells {}", grouped(more), grouped(recorded));
    }
    lines
}

/// How many units have no result, as the sentence of the outcome ends: `… 4999 of 5000 units have no result.`
fn failed_units(outcome: &Outcome) -> Option<u64> {
    let Outcome::Raised(why) = outcome else { return None };
    let start = [" have no result.", " has no result."].iter().find_map(|end| why.strip_suffix(end))?;
    let (start, _) = start.rsplit_once(" of ")?;
    start.rsplit(' ').next()?.parse().ok()
}

/// The calls. Of those that are made again and again the trace tells the first ones.
fn told_calls(calls: &[CallMade<'_>]) -> Vec<String> {
    let lines = folded(calls.iter().map(told_call));
    let count =
        |kinds: &[&str]| calls.iter().filter(|call| kinds.iter().any(|kind| call.call.starts_with(kind))).count();
    let most =
        count(&["next(", "results.next(", "results[", "pool.apply("]).max(count(&["callback(", "error_callback("]));
    if most < MOST_CALLS { lines } else { unsure(lines) }
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
    let exit = match lost.ended {
        None | Some(Exit::Unknown) => "is gone".to_owned(),
        // A thread has no exit code.
        Some(Exit::Joined) => "ended before its time".to_owned(),
        Some(exit) => format!("ended with {exit}"),
    };
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
    fn the_outcome_says_how_many_failed() {
        let of = |why: &str| failed_units(&Outcome::Raised(why.to_owned()));
        assert_eq!(of("pool.map raised E: 1 of 2 (unit 3). 4999 of 5000 units have no result."), Some(4999));
        assert_eq!(of("pool.map raised E (unit 0). 1 of 1 unit has no result."), Some(1));
        assert_eq!(of("pool.imap raised E (unit 0). The iteration ended there: 3 of 9 units were taken."), None);
        assert_eq!(failed_units(&Outcome::Complete), None);
    }

    #[test]
    fn a_stamp_has_room_for_a_minute() {
        assert_eq!(stamp(12_340_000), "[    12.3 ms]");
        assert_eq!(stamp(61_000_000_000), "[ 61000.0 ms]");
    }
}
