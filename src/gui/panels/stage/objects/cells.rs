//! Numbers in shared memory at a moment: what is in each, who wrote it, and what became of the updates.

use super::seen::{Gate, Who};
use super::strip::Stretch;
use crate::chunk::grouped;
use crate::gui::words::duration;
use crate::model::objects::cells::{Known, Losses};
use crate::model::{Object, Run};

/// Numbers in shared memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    /// The numbers; of very many, the first.
    pub cells: Vec<Cell>,
    /// How many there are.
    pub length: u64,
    /// Updates: read, changed, written back.
    pub updates: u64,
    /// Of these, how many were overwritten by somebody who had not seen them.
    pub overwritten: u64,
    /// Of which updates that is.
    pub known: Known,
    /// Its own lock.
    pub lock: Option<Gate>,
}

/// A number in shared memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The number.
    pub value: i64,
    /// Who wrote it last, and how long ago.
    pub writer: Option<(Who, u64)>,
    /// Whether the last write overwrote an update that it had not seen.
    pub clash: bool,
}

impl Cells {
    /// What became of the updates of an object by then, and nothing else.
    pub(super) fn updates_of(run: &Run, object: &Object, at_ns: u64) -> Self {
        let is_over = run.end.as_ref().is_some_and(|end| end.at_ns <= at_ns);
        let losses = object.cells.losses(object.initial.unwrap_or(0), at_ns, is_over);
        let Losses { updates, overwritten, known } = losses;
        Self { updates, overwritten, known, ..Self::default() }
    }

    /// `Process-2 wrote [3], 5 ms ago`.
    pub fn last_in_words(&self) -> String {
        let written = (0..).zip(&self.cells).filter_map(|(place, cell)| Some((place, cell.writer.as_ref()?)));
        match written.min_by_key(|(_, (_, ago_ns))| *ago_ns) {
            None => "not written yet".to_owned(),
            Some(_) if self.cells.len() == 1 => "written, not updated".to_owned(),
            Some((place, (who, ago_ns))) => format!("{} wrote [{place}], {} ago", who.title, duration(*ago_ns)),
        }
    }

    /// Who wrote which cells last: neighbours of one writer are one part.
    pub fn written(&self) -> Vec<Stretch> {
        let mut parts: Vec<Stretch> = Vec::new();
        for (place, cell) in (0..).zip(&self.cells) {
            let Some((who, ago_ns)) = &cell.writer else { continue };
            match parts.last_mut().filter(|last| last.to == place && last.who.id == who.id) {
                Some(last) => (last.to, last.ago_ns) = (place + 1, last.ago_ns.min(*ago_ns)),
                None => parts.push(Stretch { from: place, to: place + 1, who: who.clone(), ago_ns: *ago_ns }),
            }
        }
        parts
    }

    /// `47,634 of 80,000 updates overwritten`; nothing where there was no update.
    pub fn verdict(&self) -> Option<String> {
        let updates = grouped(self.updates);
        let of = if self.known == Known::First { format!("the first {updates}") } else { updates.clone() };
        Some(match (self.updates, self.overwritten, self.known) {
            (0, ..) => return None,
            (1, 0, Known::Final) => "1 update".to_owned(),
            (_, 0, Known::Final) => format!("{updates} updates: no update was lost this time"),
            (1, 0, Known::SoFar) => "1 update so far".to_owned(),
            (_, 0, Known::SoFar) => format!("{updates} updates: none lost so far"),
            (_, 0, Known::First) => format!("none of {of} updates lost"),
            (_, lost, _) => format!("{} of {of} updates overwritten", grouped(lost)),
        })
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let values: Vec<String> = self.cells.iter().take(16).map(|cell| grouped_signed(cell.value)).collect();
        let more = if self.cells.len() > 16 { ", …" } else { "" };
        let verdict = self.verdict().map_or_else(String::new, |verdict| format!("; {verdict}"));
        let parts = self.written();
        let told: Vec<String> = parts.iter().take(8).map(|part| part.words("cell")).collect();
        let rest = if parts.len() > 8 { format!(" and {} parts more", parts.len() - 8) } else { String::new() };
        let writers = match (&self.cells[..], &told[..]) {
            (_, []) => String::new(),
            ([Cell { writer: Some((who, ago_ns)), .. }], _) => format!("; by {}, {} ago", who.title, duration(*ago_ns)),
            _ => format!("; {}{rest}", told.join(", ")),
        };
        format!("{}{more}{verdict}{writers}", values.join(", "))
    }
}

/// `−12,345`.
pub fn grouped_signed(value: i64) -> String {
    let sign = if value < 0 { "−" } else { "" };
    format!("{sign}{}", grouped(value.unsigned_abs()))
}
