//! Signals that an actor got, and how they stopped it.

use super::lane::SpanKind;
use super::run::{Actor, SignalSent};

/// Of so many signals to an actor it is told how they stopped it; a file may claim any number.
const MOST_STOPPING: usize = 256;

impl Actor {
    /// From now on it waits, until it does something else or, if that is known already, until its end.
    pub(super) fn rest(&mut self, from_ns: u64) {
        let end_ns = self.end_ns().unwrap_or(u64::MAX);
        self.lane.push(from_ns, end_ns, SpanKind::Waiting, None, None);
    }

    /// From now on it can't go on.
    pub(super) fn block(&mut self, from_ns: u64) {
        let end_ns = self.end_ns().unwrap_or(u64::MAX);
        self.lane.push(from_ns, end_ns, SpanKind::Blocked, None, None);
    }

    /// It goes on, which may be heard of after its end.
    pub(super) fn go_on(&mut self, at_ns: u64) {
        self.lane.end_last(SpanKind::Blocked, at_ns);
        self.rest(at_ns);
    }

    /// Notes a signal in its place: one that a process sends to itself may be told late.
    pub(super) fn is_sent(&mut self, sent: SignalSent) {
        let known = self.signals.len();
        let place =
            if known < MOST_STOPPING { self.signals.partition_point(|known| known.at_ns <= sent.at_ns) } else { known };
        self.signals.insert(place, sent);
    }

    /// Whether it was sent a signal by then that ends whoever does nothing about it.
    pub(super) fn is_to_end(&self, at_ns: u64) -> bool {
        let sent = self.signals.iter().filter(|sent| sent.at_ns <= at_ns);
        sent.take(MOST_STOPPING).any(|sent| ["SIGKILL", "SIGTERM"].contains(&sent.signal.as_str()))
    }

    /// From when until when it was stopped.
    pub(super) fn stops(&self) -> Vec<(u64, u64)> {
        let mut stops: Vec<(u64, u64)> = Vec::new();
        for sent in self.signals.iter().take(MOST_STOPPING) {
            let open = stops.last_mut().filter(|stop| stop.1 == u64::MAX);
            match (sent.signal.as_str(), open) {
                ("SIGSTOP", None) => stops.push((sent.at_ns, u64::MAX)),
                ("SIGCONT", Some(stop)) => stop.1 = sent.at_ns,
                _ => {}
            }
        }
        stops.retain(|stop| stop.0 < stop.1);
        stops
    }
}
