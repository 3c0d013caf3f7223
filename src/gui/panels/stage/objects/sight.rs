//! What the stage shows of what processes share, at a moment: the objects, who waits, and the cycle of a
//! deadlock if there is one.

use super::arrows::is_among;
use super::seen::{Seen, Who};
use crate::gui::panels::stage::cards::Tone;
use crate::gui::panels::stage::tree::Card;
use crate::gui::words::duration;
use crate::trace::{ActorId, Awaited, ObjectId};

/// Somebody who can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Who.
    pub who: Who,
    /// On what.
    pub on: Awaited,
    /// For how long by now.
    pub for_ns: u64,
    /// `waits for lock b, which Process-2 holds`.
    pub words: String,
    /// `waits: b`, where there is no room for more.
    pub brief: String,
    /// Whether that holds it up; else it waits for news.
    pub held_up: bool,
}

/// Processes that wait for each other in a circle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// Who.
    pub actors: Vec<ActorId>,
    /// Through what.
    pub objects: Vec<ObjectId>,
}

/// Everything that is seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sight {
    /// The objects, in the order they were made; the lock of another object is told with that.
    pub objects: Vec<Seen>,
    /// Who waits.
    pub waits: Vec<Wait>,
    /// What managers do: their process, and the words.
    pub serving: Vec<(ActorId, String)>,
    /// The deadlock.
    pub cycle: Option<Cycle>,
}

impl Sight {
    /// Whether anybody waits for another process.
    pub fn waits_for_actors(&self) -> bool {
        self.waits.iter().any(|wait| matches!(wait.on, Awaited::Actor(_)))
    }

    /// Whether an actor is part of a deadlock.
    pub fn in_cycle(&self, actor: ActorId) -> bool {
        self.cycle.as_ref().is_some_and(|cycle| cycle.actors.contains(&actor))
    }

    /// Whether an object is part of a deadlock.
    pub fn in_cycle_object(&self, object: ObjectId) -> bool {
        self.cycle.as_ref().is_some_and(|cycle| is_among(&cycle.objects, object))
    }

    /// Writes on the cards of those who wait what for, and for how long.
    pub fn tell(&self, cards: &mut [Card]) {
        for card in cards {
            if let Some((_, words)) = self.serving.iter().find(|(server, _)| *server == card.id)
                && !matches!(card.status.tone, Tone::Gone | Tone::Bad)
            {
                card.status.words.clone_from(words);
                card.status.tone = Tone::Computing;
                card.brief = words
                    .split("; ")
                    .next()
                    .map(str::to_owned)
                    .into_iter()
                    .chain(std::mem::take(&mut card.brief))
                    .collect();
                continue;
            }
            let Some(wait) = self.waits.iter().find(|wait| wait.who.id == card.id) else { continue };
            if matches!(card.status.tone, Tone::Gone | Tone::Bad) {
                continue;
            }
            card.status.words = format!("{} · {}", wait.words, duration(wait.for_ns));
            let time = duration(wait.for_ns);
            // Without what holds it up, or by its name alone.
            let what = wait.words.split(", ").next().unwrap_or(&wait.words);
            card.brief = vec![
                format!("{what} · {time}"),
                format!("{} · {time}", wait.brief),
                format!("waits {time}"),
                "waits".to_owned(),
            ];
            card.status.tone = if wait.held_up || self.in_cycle(card.id) { Tone::Blocked } else { Tone::Waits };
        }
    }
}
