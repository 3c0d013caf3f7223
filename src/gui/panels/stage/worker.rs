//! What stands on the card of a worker: who is at this place now, which of its lives it is, how the one
//! before it ended, and what its threads do.

use egui::Rect;

use super::cards::{Status, Tone};
use crate::model::{Actor, Run, SpanKind, State, Who};
use crate::plan::Executor;
use crate::trace::{ActorId, Role};

/// A worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Where.
    pub space: Rect,
    /// Who.
    pub id: ActorId,
    /// Its place, which chooses the colour.
    pub hue: u32,
    /// What it is called.
    pub title: String,
    /// `pid 41207`, or `thread`; empty before there is one.
    pub pid: String,
    /// `4th at this place`, where others were there before it.
    pub life: Option<String>,
    /// How the one before it ended, while that is news; and whether that was well.
    pub before: Option<(String, bool)>,
    /// What it does.
    pub status: Status,
    /// Its threads, where it has several.
    pub threads: Vec<Thread>,
}

/// A thread of a worker process.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Its number within the process.
    pub number: u32,
    /// What it does.
    pub status: Status,
    /// In a word or a number: the unit it computes, or why it does not.
    pub brief: String,
}

impl Worker {
    /// The card of a place.
    pub fn of(run: &Run, place: u32, space: Rect, at_ns: u64) -> Option<Self> {
        let (life, actor) = run.life_at(Who::Place(place), at_ns)?;
        let gil = if run.plan.with == Executor::GilThreads { ", GIL emulated" } else { "" };
        let pid = match actor.state(at_ns) {
            State::Unborn => String::new(),
            _ if actor.role == Role::WorkerThread => format!("thread{gil}"),
            _ => format!("pid {}", actor.pid),
        };
        let mut status = Status::of(actor, at_ns);
        let threads = threads(run, actor, at_ns);
        let is_there = matches!(actor.state(at_ns), State::Busy(kind, _) if kind != SpanKind::Starting);
        if is_there && !threads.is_empty() {
            let computing = threads.iter().filter(|thread| thread.status.tone == Tone::Computing).count();
            status.words = format!("{computing} of {} threads computing", threads.len());
            status.tone = if computing > 0 { Tone::Computing } else { Tone::Quiet };
        }
        let before = (life > 0).then(|| run.lives(Who::Place(place)).get(life - 1)).flatten();
        let before = before.and_then(|&index| run.actors.get(index)).filter(|_| is_news(actor, at_ns));
        Some(Self {
            space,
            id: actor.id,
            hue: run.hue(actor),
            title: actor.title(),
            pid,
            life: (life > 0).then(|| format!("{} at this place", ordinal(life + 1))),
            before: before.and_then(|before| before.exited).map(|(_, exit)| (exit.to_string(), exit.is_success())),
            status,
            threads: if is_there { threads } else { Vec::new() },
        })
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let Status { words, cpu, .. } = &self.status;
        let mut more = String::new();
        for part in [self.status.time(), cpu.clone(), self.life.clone()].into_iter().flatten() {
            more = more + ", " + &part;
        }
        if let Some((before, _)) = &self.before {
            more = more + ", the one before: exited " + before;
        }
        for thread in &self.threads {
            more = format!("{more}; thread {}: {}", thread.number, thread.status.words);
        }
        let pid = if self.pid.is_empty() { String::new() } else { format!(", {}", self.pid) };
        format!("{}{pid}: {words}{more}", self.title)
    }
}

/// Whether an actor has just come to its place: until its first unit is done.
fn is_news(actor: &Actor, at_ns: u64) -> bool {
    let first = actor.lane.spans().iter().take(8).find(|span| span.kind == SpanKind::Computing);
    let started = || actor.ready_ns.map(|ready_ns| ready_ns.saturating_add(ready_ns.saturating_sub(actor.asked_ns)));
    first.map(|span| span.to_ns).or_else(started).is_none_or(|until_ns| at_ns < until_ns)
}

fn threads(run: &Run, actor: &Actor, at_ns: u64) -> Vec<Thread> {
    let threads = run.children(actor.id).filter(|child| child.role == Role::ProcessThread);
    let thread = |thread: &Actor| {
        let status = Status::of(thread, at_ns);
        let brief = match thread.state(at_ns) {
            State::Busy(SpanKind::Computing, Some(unit)) => unit.to_string(),
            State::Busy(SpanKind::WaitingForGil, _) => "GIL (emulated)".to_owned(),
            State::Busy(SpanKind::Waiting, _) => "waiting".to_owned(),
            state => state.to_string(),
        };
        Thread { number: thread.number, status, brief }
    };
    threads.map(thread).collect()
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gui::panels::fixture::{BEGAN_NS, hybrid, replaced};
    use egui::pos2;

    const SPACE: Rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(200.0, 60.0));

    #[test]
    fn a_successor_says_which_it_is_and_for_a_moment_how_the_last_one_ended() {
        let model = replaced(12);
        let run = model.last_run().expect("a run");
        let lives = run.lives(Who::Place(2));
        assert!(lives.len() >= 4);
        let fourth = &run.actors[lives[3]];
        let card = |at_ns| Worker::of(run, 2, SPACE, at_ns).expect("somebody is there");
        let early = card(fourth.asked_ns + 1);
        assert_eq!((early.id, early.hue, early.life.as_deref()), (fourth.id, 2, Some("4th at this place")));
        assert_eq!(early.before, Some(("−SIGKILL".to_owned(), false)));
        assert!(early.words().contains("4th at this place, the one before: exited −SIGKILL"), "{}", early.words());
        let first = card(BEGAN_NS);
        assert_eq!((first.life, first.before), (None, None));
        let done_ns =
            fourth.lane.spans().iter().find(|span| span.kind == SpanKind::Computing).expect("it computed").to_ns;
        assert_eq!(card(done_ns).before, None, "old news");
    }

    #[test]
    fn a_process_with_threads_tells_what_each_computes() {
        let model = hybrid();
        let run = model.last_run().expect("a run");
        let card = Worker::of(run, 1, SPACE, BEGAN_NS + 20_000_000).expect("somebody is there");
        assert_eq!(card.threads.len(), 2);
        assert_eq!(card.status.words, "2 of 2 threads computing");
        assert!(card.words().contains("thread 2: computing 1"), "{}", card.words());
    }

    #[test]
    fn ordinals_read_well() {
        let told: Vec<String> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].into_iter().map(ordinal).collect();
        assert_eq!(told, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
