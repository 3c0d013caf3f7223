//! Printed lines come by a way of their own and may overtake the trace: none is told before the run that
//! it belongs to.

use std::sync::{Mutex, PoisonError};

use crate::sys;
use crate::trace::{ActorId, Event, What, print};

/// Holds lines back until a run has begun.
#[derive(Debug)]
pub(super) struct Gate(Mutex<Option<Vec<Event>>>);

impl Default for Gate {
    /// Shut, with nobody before it.
    fn default() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }
}

impl Gate {
    /// Takes a line as it was printed; gives what may be told now.
    pub(super) fn pass(&self, line: &[u8]) -> Vec<Event> {
        let event = event(line);
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(waiting) => {
                waiting.push(event);
                Vec::new()
            }
            None => vec![event],
        }
    }

    /// From now on every line may be told at once; gives those that waited.
    pub(super) fn open(&self) -> Vec<Event> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }
}

/// The event that a line is.
fn event(line: &[u8]) -> Event {
    let (who, line) = print::attributed(line);
    let (by, at_ns) = who.unwrap_or_else(|| (ActorId::OBSERVER, sys::now_ns()));
    let line = String::from_utf8_lossy(line).trim_end().to_owned();
    Event { at_ns, by, what: What::Printed { line } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_wait_until_a_run_has_begun() {
        let gate = Gate::default();
        assert_eq!(gate.pass(b"early\n"), []);
        let told: Vec<What> = gate.open().into_iter().map(|event| event.what).collect();
        assert_eq!(told, [What::Printed { line: "early".to_owned() }]);
        assert_eq!(gate.open(), []);
        assert_eq!(gate.pass(b"\x1e7:5\x1flater\n")[0].by, ActorId(7));
    }
}
