//! A block of shared memory at a moment: how large it is, who has it, and who wrote which bytes last.

use super::gather::{is_gone, who};
use super::seen::{Who, listed};
use super::strip::Stretch;
use crate::gui::words::{bytes, duration};
use crate::model::objects::bytes::{LOOK_BACK, Stretch as Told};
use crate::model::{Object, Run};

/// So many parts are told in words.
const MOST_PARTS: usize = 8;

/// What is seen of a block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// How large it was made; there is none before that.
    pub bytes: Option<u64>,
    /// How much room there is for it.
    pub room: u64,
    /// Whether anybody ever makes it.
    pub is_made: bool,
    /// Who made it.
    pub made_by: Option<Who>,
    /// The processes that have it.
    pub users: Vec<Who>,
    /// Whether its name is gone.
    pub unlinked: bool,
    /// Who wrote which bytes last.
    pub written: Vec<Stretch>,
    /// Whether somebody wrote so often that only the latest writes are told.
    pub is_partly_told: bool,
    /// What was done last: whether it was written or read, and which bytes of it.
    pub last: Option<(bool, Stretch)>,
}

impl Block {
    /// A block of a run at a moment.
    pub(super) fn of(run: &Run, object: &Object, at_ns: u64) -> Self {
        let known = &object.bytes;
        let stretch = |told: Told| Stretch {
            from: told.from.into(),
            to: told.to.into(),
            who: who(run, told.by),
            ago_ns: at_ns.saturating_sub(told.at_ns),
        };
        let made = known.created.at(at_ns);
        let (wrote, read) = (known.last_written(at_ns), known.last_read(at_ns));
        let last = wrote.into_iter().chain(read).max_by_key(|told| told.at_ns);
        Self {
            bytes: made.map(|&(size, _)| size.into()),
            room: object.capacity,
            is_made: !known.created.all().is_empty(),
            made_by: made.map(|&(_, by)| who(run, by)),
            users: known.users(at_ns).filter(|&id| !is_gone(run, id, at_ns)).map(|id| who(run, id)).collect(),
            unlinked: known.unlinked.at(at_ns).is_some(),
            written: known.written(at_ns).into_iter().map(stretch).collect(),
            is_partly_told: known.is_partly_told(at_ns),
            last: last.map(|told| (Some(told) == wrote, stretch(told))),
        }
    }

    /// How many bytes its strip has.
    pub fn length(&self) -> u64 {
        self.bytes.unwrap_or(self.room)
    }

    /// `10 B`, and what is to be said of its name.
    pub fn brief(&self) -> String {
        match self.bytes {
            None => "not made yet".to_owned(),
            Some(size) if self.unlinked => format!("{}, name unlinked", bytes(size)),
            Some(size) => bytes(size),
        }
    }

    /// `Process-2 wrote byte 7 · 3 ms ago`.
    pub fn last_in_words(&self) -> String {
        let Some((wrote, last)) = &self.last else {
            return if self.bytes.is_some() {
                "not written yet".to_owned()
            } else {
                format!("room for {}", bytes(self.room))
            };
        };
        let did = if *wrote { "wrote" } else { "read" };
        let noun = if last.to > last.from + 1 { "bytes" } else { "byte" };
        format!("{} {did} {noun} {} · {} ago", last.who.title, last.range(), duration(last.ago_ns))
    }

    /// `made by Parent · open in Parent, Process-1`.
    pub fn users_in_words(&self) -> String {
        let Some(made_by) = &self.made_by else { return "nobody has it".to_owned() };
        let names: Vec<&str> = self.users.iter().map(|user| user.title.as_str()).collect();
        let open = if names.is_empty() { "open nowhere".to_owned() } else { format!("open in {}", listed(&names, 4)) };
        format!("made by {} · {open}", made_by.title)
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        if self.bytes.is_none() {
            return format!("{}, {}", self.brief(), self.last_in_words());
        }
        let mut told = vec![self.brief(), self.users_in_words()];
        told.extend(self.written.iter().take(MOST_PARTS).map(|part| part.words("byte")));
        if self.written.len() > MOST_PARTS {
            told.push(format!("and {} parts more", self.written.len() - MOST_PARTS));
        }
        if self.is_partly_told {
            told.push(format!("of the last {LOOK_BACK} writes"));
        }
        told.push(format!("last: {}", self.last_in_words()));
        told.join(", ")
    }
}
