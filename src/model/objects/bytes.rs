//! Bytes in shared memory: who has the block, and who wrote which of them last.

use std::collections::BTreeMap;

use super::super::history::History;
use crate::trace::ActorId;

/// So many uses of a block are known one by one; of more only how many there were.
const MOST_USES: usize = 200_000;
/// So many uses back it is looked for who wrote what: a block in so many pieces is not told piece by piece.
pub const LOOK_BACK: usize = 256;

/// A stretch of bytes that somebody wrote, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first byte.
    pub from: u32,
    /// The one after the last.
    pub to: u32,
    /// Who.
    pub by: ActorId,
    /// When it was done.
    pub at_ns: u64,
}

/// What was done to its bytes, as far as it is known one by one, and what was done last of all.
#[derive(Clone, Debug, Default)]
struct Uses {
    known: History<Stretch>,
    last: Option<Stretch>,
}

impl Uses {
    fn note(&mut self, stretch: Stretch) {
        if self.known.all().len() < MOST_USES {
            self.known.note(stretch.at_ns, stretch);
        } else if self.last.is_none_or(|last| last.at_ns <= stretch.at_ns) {
            self.last = Some(stretch);
        }
    }

    /// What was done last by then.
    fn last_by(&self, at_ns: u64) -> Option<Stretch> {
        self.last.filter(|last| last.at_ns <= at_ns).or_else(|| self.known.at(at_ns).copied())
    }
}

/// What became of a block of bytes.
#[derive(Clone, Debug, Default)]
pub struct Bytes {
    /// How large it was made, and by whom.
    pub created: History<(u32, ActorId)>,
    /// When its name was taken away, and by whom.
    pub unlinked: History<ActorId>,
    /// By process: from when on it has it, and until when.
    has: BTreeMap<ActorId, History<bool>>,
    wrote: Uses,
    read: Uses,
    /// How often somebody wrote.
    pub writes: u64,
    /// How often somebody read.
    pub reads: u64,
}

impl Bytes {
    pub(super) fn create(&mut self, bytes: u32, by: ActorId, at_ns: u64) {
        self.created.note(at_ns, (bytes, by));
        self.attach(by, at_ns, true);
    }

    pub(super) fn attach(&mut self, by: ActorId, at_ns: u64, has: bool) {
        self.has.entry(by).or_default().note(at_ns, has);
    }

    pub(super) fn write(&mut self, (from, count): (u32, u32), by: ActorId, at_ns: u64) {
        self.writes += 1;
        self.wrote.note(Stretch { from, to: from.saturating_add(count), by, at_ns });
    }

    pub(super) fn read(&mut self, (from, count): (u32, u32), by: ActorId, at_ns: u64) {
        self.reads += 1;
        self.read.note(Stretch { from, to: from.saturating_add(count), by, at_ns });
    }

    /// The processes that have it at a moment.
    pub fn users(&self, at_ns: u64) -> impl Iterator<Item = ActorId> {
        self.has.iter().filter(move |(_, has)| has.at(at_ns) == Some(&true)).map(|(&actor, _)| actor)
    }

    /// What was written last by then.
    pub fn last_written(&self, at_ns: u64) -> Option<Stretch> {
        self.wrote.last_by(at_ns)
    }

    /// What was read last by then.
    pub fn last_read(&self, at_ns: u64) -> Option<Stretch> {
        self.read.last_by(at_ns)
    }

    /// Whether more had been written by then than [`Self::written`] looks at.
    pub fn is_partly_told(&self, at_ns: u64) -> bool {
        self.wrote.known.by(at_ns).len() > LOOK_BACK
    }

    /// Who wrote which bytes last by then: stretches one after the other, and none over another.
    pub fn written(&self, at_ns: u64) -> Vec<Stretch> {
        let mut told: Vec<Stretch> = Vec::new();
        for &(_, write) in self.wrote.known.by(at_ns).iter().rev().take(LOOK_BACK) {
            // Only where nobody wrote later.
            let mut from = write.from;
            let mut free = Vec::new();
            for later in told.iter().filter(|later| later.to > write.from && later.from < write.to) {
                if from < later.from {
                    free.push(Stretch { from, to: later.from, ..write });
                }
                from = from.max(later.to);
            }
            if from < write.to {
                free.push(Stretch { from, ..write });
            }
            told.extend(free);
            told.sort_by_key(|stretch| stretch.from);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ActorId = ActorId(2);
    const B: ActorId = ActorId(3);

    #[test]
    fn of_every_byte_it_is_known_who_wrote_it_last() {
        let mut block = Bytes::default();
        block.write((0, 10), A, 10);
        block.write((4, 2), B, 20);
        block.write((8, 4), B, 30);
        block.write((5, 1), A, 40);
        let told = |at_ns| {
            let written = block.written(at_ns).into_iter();
            written.map(|stretch| (stretch.from, stretch.to, stretch.by, stretch.at_ns)).collect::<Vec<_>>()
        };
        assert_eq!(told(9), []);
        assert_eq!(told(10), [(0, 10, A, 10)]);
        assert_eq!(told(20), [(0, 4, A, 10), (4, 6, B, 20), (6, 10, A, 10)]);
        let last = [(0, 4, A, 10), (4, 5, B, 20), (5, 6, A, 40), (6, 8, A, 10), (8, 12, B, 30)];
        assert_eq!(told(99), last);
        assert_eq!((block.last_written(35).map(|last| last.by), block.writes), (Some(B), 4));
    }

    #[test]
    fn what_was_written_last_is_known_however_much_was_written() {
        let mut block = Bytes::default();
        let many = MOST_USES as u32 + 9;
        for number in 0..many {
            block.write((number, 1), A, number.into());
        }
        let last = |at_ns| block.last_written(at_ns).map(|last| last.from);
        assert_eq!((last(300), last(u64::MAX)), (Some(300), Some(many - 1)));
        assert_eq!([255, 256].map(|at_ns| block.is_partly_told(at_ns)), [false, true]);
    }

    #[test]
    fn who_has_it_had_made_it_or_attached_and_did_not_close() {
        let mut block = Bytes::default();
        block.create(64, A, 5);
        block.attach(B, 10, true);
        block.attach(A, 20, false);
        let users = |at_ns| block.users(at_ns).collect::<Vec<_>>();
        assert_eq!([4, 5, 10, 20].map(users), [vec![], vec![A], vec![A, B], vec![B]]);
    }
}
