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
    /// It can't go on: somebody else must do something first, to an object or by ending.
    Blocked,
    /// Stopped by a signal, until it is continued.
    Stopped,
}

impl SpanKind {
    /// Every kind, in the order of a legend.
    pub const ALL: [Self; 13] = [
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
        Self::Blocked,
        Self::Stopped,
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
            Self::Blocked => "blocked",
            Self::Stopped => "stopped (SIGSTOP)",
        }
    }

    /// Neither computing nor waiting: the price of sharing work.
    pub fn is_overhead(self) -> bool {
        !matches!(
            self,
            Self::Computing | Self::Waiting | Self::Sleeping | Self::Calling | Self::Blocked | Self::Stopped
        )
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
            Self::Stopped => f.write_str(SpanKind::Stopped.word()),
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
    /// Of who was ever stopped: when, and what it tells of itself, which knows nothing of that.
    halted: Option<Box<Halted>>,
}

/// When an actor was stopped, and what it did as if it had not been.
#[derive(Clone, Debug)]
struct Halted {
    told: Lane,
    /// From when until when, in order and apart; the last one may be open (`u64::MAX`).
    stops: Vec<(u64, u64)>,
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
        if let Some(halted) = &mut self.halted {
            halted.told.push(from_ns, to_ns, kind, unit, core);
            return self.tell_last();
        }
        self.close(from_ns);
        self.make_room(from_ns);
        let from_ns = self.end_ns().map_or(from_ns, |end| end.max(from_ns));
        if to_ns <= from_ns {
            return;
        }
        self.append(Span { from_ns, to_ns, kind, unit, core });
    }

    fn append(&mut self, span: Span) {
        let before = self.computed_before_ns.last().copied().unwrap_or(0)
            + self
                .spans
                .last()
                .filter(|span| span.kind == SpanKind::Computing)
                .map_or(0, |span| span.length_ns(u64::MAX));
        self.spans.push(span);
        self.computed_before_ns.push(before);
    }

    /// The actor was stopped at these times, which are in order and apart: whatever it did it did not do then,
    /// and it goes on with it afterwards. What it tells of itself may come before or after the news of that.
    pub(super) fn stop(&mut self, stops: Vec<(u64, u64)>) {
        if self.halted.is_none() {
            let told = Self { sums: Vec::new(), ..self.clone() };
            self.halted = Some(Box::new(Halted { told, stops: Vec::new() }));
        }
        let Some(halted) = &mut self.halted else { return };
        let same = halted.stops.iter().zip(&stops).take_while(|(old, new)| old == new).count();
        let changed = [halted.stops.get(same), stops.get(same)];
        let Some(from_ns) = changed.into_iter().flatten().map(|stop| stop.0).min() else { return };
        halted.stops = stops;
        let first = halted.told.spans.partition_point(|span| span.to_ns <= from_ns);
        self.tell_from(first);
    }

    /// The end of what the actor tells of itself has changed: of its spans at most the last two.
    fn tell_last(&mut self) {
        let known = self.halted.as_ref().map_or(0, |halted| halted.told.spans.len());
        self.tell_from(known.saturating_sub(2));
    }

    /// Lays the stops over what the actor tells of itself, from this span on.
    fn tell_from(&mut self, first: usize) {
        let Some(halted) = self.halted.take() else { return };
        let told = &halted.told.spans[first.min(halted.told.spans.len())..];
        let from_ns = if first == 0 { Some(0) } else { told.first().map(|span| span.from_ns) };
        if let Some(from_ns) = from_ns {
            let kept = self.spans.partition_point(|span| span.from_ns < from_ns);
            self.spans.truncate(kept);
            self.computed_before_ns.truncate(kept);
            // One stop may reach over several spans.
            if let Some(last) = self.spans.last_mut() {
                last.to_ns = last.to_ns.min(from_ns);
            }
        }
        for span in told {
            let mut from_ns = span.from_ns;
            let next = halted.stops.partition_point(|stop| stop.1 <= from_ns);
            for &(stop_ns, on_ns) in halted.stops[next..].iter().take_while(|stop| stop.0 < span.to_ns) {
                let (stop_ns, on_ns) = (stop_ns.max(from_ns), on_ns.min(span.to_ns));
                if from_ns < stop_ns {
                    self.append(Span { from_ns, to_ns: stop_ns, ..*span });
                }
                self.append_stop(Span { from_ns: stop_ns, to_ns: on_ns, kind: SpanKind::Stopped, core: None, ..*span });
                from_ns = on_ns;
            }
            if from_ns < span.to_ns {
                self.append(Span { from_ns, ..*span });
            }
        }
        self.halted = Some(halted);
    }

    /// Adds a time in which the actor was stopped, or makes the one before it longer.
    fn append_stop(&mut self, span: Span) {
        match self.spans.last_mut() {
            Some(last) if last.kind == SpanKind::Stopped && last.to_ns == span.from_ns => last.to_ns = span.to_ns,
            _ => self.append(span),
        }
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
        if let Some(halted) = &mut self.halted {
            halted.told.close(at_ns);
            return self.tell_last();
        }
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

    /// What it was blocked in is told as a call instead, which comes next.
    pub(super) fn unblock(&mut self) {
        let told = self.halted.as_mut().map_or(&mut self.spans, |halted| &mut halted.told.spans);
        if let Some(last) = told.last_mut().filter(|last| last.kind == SpanKind::Blocked) {
            last.kind = SpanKind::Waiting;
        }
    }

    /// What it was in last, if that is of this kind, took no longer than this: it may be heard of after its end.
    pub(super) fn end_last(&mut self, kind: SpanKind, at_ns: u64) {
        let told = self.halted.as_mut().map_or(&mut self.spans, |halted| &mut halted.told.spans);
        if let Some(last) = told.last_mut().filter(|last| last.kind == kind && last.from_ns < at_ns) {
            last.to_ns = last.to_ns.min(at_ns);
        }
        if self.halted.is_some() {
            self.tell_last();
        }
    }

    /// Adds an interval known only as a sum.
    pub(super) fn push_sum(&mut self, sum: Sum) {
        self.close(sum.from_ns);
        self.sums.push(sum);
    }

    /// The kind and unit of an open span, as the actor tells it.
    pub(super) fn open(&self) -> Option<Span> {
        let told = self.halted.as_ref().map_or(self, |halted| &halted.told);
        told.spans.last().copied().filter(|span| span.to_ns == u64::MAX)
    }
}
