//! What one actor did, as spans without gaps or overlaps: a row of the timeline.

use crate::trace::Exit;

/// What an actor does during a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpanKind {
    /// From being asked for until ready.
    Starting,
    /// Nothing to do: no unit has come.
    Waiting,
    /// Taking a unit out of a message: receiving and deserializing.
    Receiving,
    /// Computing a unit.
    Computing,
    /// Turning a result into bytes.
    Serializing,
    /// Writing messages into a channel.
    Sending,
    /// The parent handing out units and taking results.
    Dispatching,
    /// A worker running its initializer.
    Initializing,
    /// Waiting for the emulated Global Interpreter Lock.
    WaitingForGil,
    /// Asleep, as the program was written to.
    Sleeping,
    /// In a call of the library that waits, such as `join`.
    Calling,
}

impl SpanKind {
    /// Every kind, in the order of a legend.
    pub const ALL: [Self; 11] = [
        Self::Computing,
        Self::Starting,
        Self::Receiving,
        Self::Serializing,
        Self::Sending,
        Self::Dispatching,
        Self::Initializing,
        Self::WaitingForGil,
        Self::Sleeping,
        Self::Calling,
        Self::Waiting,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Waiting => "waiting: no unit",
            Self::Receiving => "receiving",
            Self::Computing => "computing",
            Self::Serializing => "serializing",
            Self::Sending => "sending",
            Self::Dispatching => "dispatching",
            Self::Initializing => "initializing",
            Self::WaitingForGil => "waiting for the GIL (emulated)",
            Self::Sleeping => "sleeping",
            Self::Calling => "in a call",
        }
    }

    /// Neither computing nor waiting: the price of sharing work.
    pub fn is_overhead(self) -> bool {
        !matches!(self, Self::Computing | Self::Waiting | Self::Sleeping | Self::Calling)
    }
}

/// A stretch of time in which an actor did one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Begin.
    pub from_ns: u64,
    /// End; `u64::MAX` while it lasts.
    pub to_ns: u64,
    /// What.
    pub kind: SpanKind,
    /// For which unit, if for one.
    pub unit: Option<u32>,
    /// On which core, if known.
    pub core: Option<u16>,
}

impl Span {
    /// Its length; an open span lasts until `now_ns`.
    pub fn length_ns(&self, now_ns: u64) -> u64 {
        self.to_ns.min(now_ns).saturating_sub(self.from_ns)
    }
}

/// What an actor does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not asked for yet.
    Unborn,
    /// Within a span of this kind, for this unit.
    Busy(SpanKind, Option<u32>),
    /// Stopped by a signal, until it is continued.
    Stopped,
    /// Ended, and nobody has waited for it yet.
    Zombie,
    /// Gone.
    Exited(Exit),
}

impl std::fmt::Display for State {
    /// `computing 7`, `waiting: no unit`, `exited −SIGKILL`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unborn => f.write_str("not born yet"),
            Self::Busy(SpanKind::WaitingForGil, Some(unit)) => {
                write!(f, "{}, in unit {unit}", SpanKind::WaitingForGil.word())
            }
            Self::Busy(kind, Some(unit)) => write!(f, "{} {unit}", kind.word()),
            Self::Busy(kind, None) => f.write_str(kind.word()),
            Self::Stopped => f.write_str("stopped (SIGSTOP)"),
            Self::Zombie => f.write_str("zombie: nobody joined it yet"),
            Self::Exited(exit) => write!(f, "exited {exit}"),
        }
    }
}

/// The spans of one actor, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    spans: Vec<Span>,
    /// `computed_before_ns[i]`: time computed in the spans before `i`.
    computed_before_ns: Vec<u64>,
    /// Computing known only as sums, past the detail limit: (from, to, computed), in order.
    sums: Vec<Sum>,
}

/// Units computed in an interval, past the detail limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// Begin.
    pub from_ns: u64,
    /// End.
    pub to_ns: u64,
    /// How many units.
    pub units: u32,
    /// Time spent computing them.
    pub computed_ns: u64,
}

impl Lane {
    /// The spans in order; the last one may be open (`to_ns == u64::MAX`).
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The sums in order.
    pub fn sums(&self) -> &[Sum] {
        &self.sums
    }

    /// The spans that touch `from_ns..to_ns`.
    pub fn visible(&self, from_ns: u64, to_ns: u64) -> &[Span] {
        let first = self.spans.partition_point(|span| span.to_ns <= from_ns);
        let end = self.spans.partition_point(|span| span.from_ns < to_ns);
        &self.spans[first.min(end)..end]
    }

    /// The sums that touch `from_ns..to_ns`.
    pub fn visible_sums(&self, from_ns: u64, to_ns: u64) -> &[Sum] {
        let first = self.sums.partition_point(|sum| sum.to_ns <= from_ns);
        let end = self.sums.partition_point(|sum| sum.from_ns < to_ns);
        &self.sums[first.min(end)..end]
    }

    /// The span at a moment.
    pub fn at(&self, at_ns: u64) -> Option<&Span> {
        let after = self.spans.partition_point(|span| span.from_ns <= at_ns);
        self.spans[..after].last().filter(|span| at_ns < span.to_ns)
    }

    /// Time spent computing within `from_ns..to_ns`, units and sums together.
    pub fn computed_ns(&self, from_ns: u64, to_ns: u64) -> u64 {
        let detailed = self.computed_until(to_ns).saturating_sub(self.computed_until(from_ns));
        // Saturating: a file may claim any length.
        self.visible_sums(from_ns, to_ns).iter().fold(detailed, |total, sum| {
            let shared = sum.to_ns.min(to_ns).saturating_sub(sum.from_ns.max(from_ns));
            let length = sum.to_ns.saturating_sub(sum.from_ns).max(1);
            total.saturating_add((u128::from(sum.computed_ns) * u128::from(shared) / u128::from(length)) as u64)
        })
    }

    /// Time spent computing in spans before `at_ns`.
    fn computed_until(&self, at_ns: u64) -> u64 {
        let after = self.spans.partition_point(|span| span.from_ns < at_ns);
        let Some(last) = after.checked_sub(1) else { return 0 };
        let span = &self.spans[last];
        let inside = if span.kind == SpanKind::Computing { span.length_ns(at_ns) } else { 0 };
        self.computed_before_ns[last] + inside
    }

    /// When the last closed span ended.
    pub(super) fn end_ns(&self) -> Option<u64> {
        self.spans.last().map(|span| if span.to_ns == u64::MAX { span.from_ns } else { span.to_ns })
    }

    /// Closes what is open and adds a span from there (or from `from_ns`, if later) to `to_ns`.
    pub(super) fn push(&mut self, from_ns: u64, to_ns: u64, kind: SpanKind, unit: Option<u32>, core: Option<u16>) {
        self.close(from_ns);
        self.make_room(from_ns);
        let from_ns = self.end_ns().map_or(from_ns, |end| end.max(from_ns));
        if to_ns <= from_ns {
            return;
        }
        let before = self.computed_before_ns.last().copied().unwrap_or(0)
            + self
                .spans
                .last()
                .filter(|span| span.kind == SpanKind::Computing)
                .map_or(0, |span| span.length_ns(u64::MAX));
        self.spans.push(Span { from_ns, to_ns, kind, unit, core });
        self.computed_before_ns.push(before);
    }

    /// Waiting is what nothing else is told of. Where news of an actor come late, after the news of its end,
    /// it gives way.
    fn make_room(&mut self, from_ns: u64) {
        while let Some(last) = self.spans.last_mut().filter(|last| last.kind == SpanKind::Waiting) {
            if last.from_ns < from_ns {
                last.to_ns = last.to_ns.min(from_ns);
                return;
            }
            if from_ns == u64::MAX || last.to_ns <= from_ns {
                return;
            }
            self.spans.pop();
            self.computed_before_ns.pop();
        }
    }

    /// Ends an open span at `at_ns`; a span that would have no length goes.
    pub(super) fn close(&mut self, at_ns: u64) {
        if let Some(last) = self.spans.last_mut()
            && last.to_ns == u64::MAX
        {
            if at_ns <= last.from_ns {
                self.spans.pop();
                self.computed_before_ns.pop();
            } else {
                last.to_ns = at_ns;
            }
        }
    }

    /// Adds an interval known only as a sum.
    pub(super) fn push_sum(&mut self, sum: Sum) {
        self.close(sum.from_ns);
        self.sums.push(sum);
    }

    /// The kind and unit of an open span.
    pub(super) fn open(&self) -> Option<Span> {
        self.spans.last().copied().filter(|span| span.to_ns == u64::MAX)
    }
}
