//! What is seen of an object at a moment: plain data between the model and the layout, and its words.

use super::block::Block;
use super::cells::Cells;
use super::served::Served;
use crate::chunk::grouped;
use crate::gui::panels::draw::with_short_names;
use crate::gui::panels::stage::tree::holds_up;
use crate::gui::words::{bytes, duration};
use crate::trace::{ActorId, ObjectId, ObjectKind, Wish};

/// A process or thread, as it is called and coloured on the stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Its id.
    pub id: ActorId,
    /// The number that chooses its colour.
    pub hue: u32,
    /// Its name.
    pub title: String,
}

impl Who {
    /// `P-2` for `Process-2`, where there is little room.
    pub fn short(&self) -> String {
        with_short_names(&self.title)
    }

    /// `2` for `Process-2` and `P` for `Parent`, where there is hardly any.
    pub fn mark(&self) -> String {
        match self.title.rsplit_once('-') {
            Some((_, number)) => number.to_owned(),
            None => self.title.chars().take(1).collect(),
        }
    }
}

/// Somebody who can't go on because of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// Who.
    pub who: Who,
    /// What for.
    pub wish: Wish,
    /// For how long by now.
    pub for_ns: u64,
    /// On which road of the object.
    pub lane: u16,
}

/// Somebody who has a lock or a permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Who.
    pub who: Who,
    /// For how long by now.
    pub for_ns: u64,
    /// How many permits, or how often it took it.
    pub times: u32,
    /// It is gone, and has it still.
    pub dead: bool,
}

/// An object at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Which.
    pub id: ObjectId,
    /// What it is.
    pub kind: ObjectKind,
    /// The variable that holds it.
    pub name: String,
    /// Whether it notices that its owner died.
    pub robust: bool,
    /// What it holds.
    pub face: Face,
    /// Who waits on it, the longest first.
    pub waiters: Vec<Waiter>,
}

/// What an object holds, by its family.
#[derive(Clone, Debug, PartialEq)]
pub enum Face {
    /// Messages on their way.
    Roads(Vec<Road>),
    /// Permits, of which a lock has one.
    Gate(Gate),
    /// An event: whether it is set.
    Flag {
        /// Whether it is.
        set: bool,
    },
    /// A condition: its sleepers are those who wait to be notified.
    Bell {
        /// Its lock.
        lock: Option<Gate>,
    },
    /// A barrier.
    Barrier {
        /// How many must come.
        parties: u32,
        /// Whether it is broken.
        broken: bool,
        /// How often it opened.
        passed: u64,
        /// How many have gone on since it opened last, if not all of them have: who sleeps needs time to wake.
        going: u32,
    },
    /// Numbers in shared memory.
    Cells(Cells),
    /// Bytes in shared memory.
    Block(Block),
    /// A manager and its clients.
    Served(Served),
}

/// One direction of a pipe or a queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Road {
    /// Which.
    pub lane: u16,
    /// The end at which it is written, where an object has two roads.
    pub label: String,
    /// Whether writers have feeder threads with buffers.
    pub fed: bool,
    /// Who has something in a buffer: who, how many messages, how many bytes.
    pub buffers: Vec<(Who, u32, u64)>,
    /// Messages in the pipe.
    pub in_pipe: u32,
    /// Bytes in the pipe, …
    pub pipe_bytes: u64,
    /// … of so many that it holds; 0 is without limit.
    pub pipe_capacity: u64,
    /// The messages in the pipe, the next one to be read first: number and bytes. At most a few dozen.
    pub tokens: Vec<(u32, u32)>,
    /// Who wrote last, and who read last, while they are known.
    pub ends: (Vec<Who>, Vec<Who>),
    /// Messages that were put and that were taken out.
    pub put: u64,
    /// Taken out.
    pub got: u64,
    /// Places that are taken of `maxsize`.
    pub places: Option<(u64, u64)>,
    /// Tasks that are not done yet.
    pub unfinished: Option<u64>,
    /// Messages of which it is only known how many there were.
    pub summed: u64,
    /// Frames that were no message, and their bytes.
    pub torn: (u32, u64),
}

/// A lock or a semaphore.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gate {
    /// How many permits there are in all.
    pub permits: u32,
    /// How many are left.
    pub left: u32,
    /// Who has them.
    pub holders: Vec<Holder>,
    /// Whether it is a semaphore.
    pub counts: bool,
    /// How often it was taken.
    pub taken: u64,
    /// Whose permit was taken back after their death, last.
    pub recovered: Option<String>,
}

/// How a lock stands, as in Tracy: three colours with a word each, and a fourth for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Nobody has it.
    Free,
    /// Held, and nobody waits.
    Quiet,
    /// Held while others wait.
    Blocking,
    /// Its owner died with it.
    Orphaned,
}

impl Gate {
    /// How it stands.
    pub fn hold(&self, waiters: usize) -> Hold {
        if self.holders.iter().any(|holder| holder.dead) {
            Hold::Orphaned
        } else if self.left > 0 {
            Hold::Free
        } else if waiters > 0 {
            Hold::Blocking
        } else {
            Hold::Quiet
        }
    }

    /// `2 of 3 permits`; of a semaphore that was made with fewer than it has now, or with none, `4 permits`.
    pub fn count(&self, noun: &str) -> String {
        let many = if noun.is_empty() { String::new() } else { format!(" {noun}s") };
        if self.permits == 0 || self.left > self.permits {
            return if noun.is_empty() { grouped(self.left.into()) } else { counted(self.left, noun) };
        }
        format!("{} of {}{many}", self.left, self.permits)
    }

    /// `held by Process-1`, `2 of 3 permits free`.
    pub fn words(&self, waiters: usize) -> String {
        let names: Vec<&str> = self.holders.iter().map(|holder| holder.who.title.as_str()).collect();
        if self.counts {
            let held = if names.is_empty() { String::new() } else { format!(", held by {}", listed(&names, 3)) };
            return format!("{} free{held}", self.count("permit"));
        }
        match (self.hold(waiters), self.holders.first()) {
            (Hold::Free, _) => "free".to_owned(),
            (Hold::Orphaned, Some(holder)) => format!("{} died with it", holder.who.title),
            (_, Some(holder)) => {
                let often = if holder.times > 1 { format!(", taken {} times", holder.times) } else { String::new() };
                format!("held by {}{often}", holder.who.title)
            }
            (_, None) => "held".to_owned(),
        }
    }
}

/// `a, b, c and 4 more`.
pub fn listed(names: &[&str], most: usize) -> String {
    match names.len() {
        0 => String::new(),
        count if count > most => format!("{} and {} more", names[..most].join(", "), count - most),
        _ => names.join(", "),
    }
}

impl Road {
    /// Messages and bytes in all buffers.
    pub fn buffered(&self) -> (u32, u64) {
        self.buffers.iter().fold((0, 0), |(count, sum), (_, messages, bytes)| (count + messages, sum + bytes))
    }

    /// `43.2 KiB of 64 KiB`.
    pub fn fill(&self) -> String {
        match self.pipe_capacity {
            0 => bytes(self.pipe_bytes),
            capacity => format!("{} of {}", bytes(self.pipe_bytes), bytes(capacity)),
        }
    }

    fn words(&self) -> String {
        let mut told = Vec::new();
        if self.fed {
            let (messages, size) = self.buffered();
            told.push(format!("feeder buffer {}, {}", counted(messages, "message"), bytes(size)));
        }
        told.push(format!("pipe {}, {}", counted(self.in_pipe, "message"), self.fill()));
        told.push(format!("{} put, {} taken", grouped(self.put), grouped(self.got)));
        if self.summed > 0 {
            told.push(format!("{} of them not told one by one", grouped(self.summed)));
        }
        if let Some((used, most)) = self.places {
            told.push(format!("{used} of {most} places taken"));
        }
        if let Some(left) = self.unfinished {
            told.push(format!("{} not done", counted(left, "task")));
        }
        if self.torn.0 > 0 {
            told.push(format!("{}, {}", counted(self.torn.0, "torn message"), bytes(self.torn.1)));
        }
        for (who, did) in [(&self.ends.0, "written"), (&self.ends.1, "read")] {
            let names: Vec<&str> = who.iter().map(|one| one.title.as_str()).collect();
            if !names.is_empty() {
                told.push(format!("{did} by {}", listed(&names, 3)));
            }
        }
        let label = if self.label.is_empty() { String::new() } else { format!("written at end {}: ", self.label) };
        label + &told.join(", ")
    }
}

impl Seen {
    /// `q · Queue`.
    pub fn title(&self) -> String {
        format!("{} · {}", self.name, self.kind.title())
    }

    /// What it holds, in short.
    pub fn state(&self) -> String {
        let waiting = self.waiters.len();
        match &self.face {
            Face::Roads(roads) => roads.iter().map(Road::words).collect::<Vec<_>>().join("; "),
            Face::Gate(gate) => gate.words(waiting),
            Face::Flag { set } => if *set { "set" } else { "clear" }.to_owned(),
            Face::Bell { .. } => sleepers(self.waiters.iter().filter(|waiter| waiter.wish == Wish::Notify).count()),
            Face::Barrier { broken: true, .. } => "broken".to_owned(),
            Face::Barrier { parties, .. } => match self.waking() {
                0 => format!("{} of {parties} arrived", self.arrived()),
                waking => format!("open, {waking} of {parties} still wake up"),
            },
            Face::Cells(cells) => cells.words(),
            Face::Block(block) => block.words(),
            Face::Served(served) => served.words(),
        }
    }

    /// Whether somebody is held up by it.
    pub fn holds_up(&self) -> bool {
        self.waiters.iter().any(|waiter| holds_up(waiter.wish))
    }

    /// How many parties of an open barrier have not gone on yet.
    pub fn waking(&self) -> usize {
        match self.face {
            Face::Barrier { parties, going, broken: false, .. } if going > 0 => {
                (parties.saturating_sub(going) as usize).min(self.at_barrier())
            }
            _ => 0,
        }
    }

    /// How many parties wait at a barrier for others to come.
    pub fn arrived(&self) -> usize {
        self.at_barrier() - self.waking()
    }

    fn at_barrier(&self) -> usize {
        self.waiters.iter().filter(|waiter| waiter.wish == Wish::Pass).count()
    }

    /// Everything in words.
    pub fn words(&self) -> String {
        let robust = if self.robust { ", notices a dead owner" } else { "" };
        let lock = match &self.face {
            Face::Cells(Cells { lock: Some(lock), .. }) | Face::Bell { lock: Some(lock) } => {
                format!("; its lock: {}", lock.words(self.waiters.len()))
            }
            _ => String::new(),
        };
        let told = |waiter: &Waiter| format!("{} {}", waiter.who.title, duration(waiter.for_ns));
        let waiting = self.waiters.iter().map(told).collect::<Vec<_>>().join(", ");
        let waiting = if waiting.is_empty() { waiting } else { format!("; waiting: {waiting}") };
        format!("{} {}{robust}: {}{lock}{waiting}", self.kind.title(), self.name, self.state())
    }
}

/// `1 message`, `2,000 messages`.
pub fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(count)) }
}

fn sleepers(count: usize) -> String {
    if count == 0 {
        "nobody sleeps".to_owned()
    } else if count == 1 {
        "1 sleeps".to_owned()
    } else {
        format!("{count} sleep")
    }
}
