//! One process writes what all others put into a queue to one file: `QueueHandler` and `QueueListener` of Python's
//! `logging`, by hand.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, BufWriter, Seek, Write};

use crate::engine::ipc::Item;
use crate::program::object::Obj;
use crate::sys;

use super::{Carrier, Host, Raised, Stop};

impl<H: Host> Carrier<'_, H> {
    /// Writes each item as a line, until the sentinel; then reads the file again and counts.
    pub(super) fn log_to_file(&mut self, object: Obj) -> Result<(), Stop> {
        let failed = |error: std::io::Error| Raised::new("OSError", format!("the log file can't be used: {error}"));
        let mut file = BufWriter::new(sys::nameless_file().map_err(failed)?);
        while self.next_item(object)? {
            self.look_up()?;
            if let Item::Text(line) = &self.mail.item {
                writeln!(file, "{line}").map_err(failed)?;
            }
        }
        let mut file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        let (mut seen, mut lines, mut torn) = (Seen::default(), 0_u64, 0_u64);
        for line in BufReader::new(file).lines() {
            lines += 1;
            torn += u64::from(!seen.is_next(&line.map_err(failed)?));
        }
        self.print(&format!("lines in the file: {lines}"));
        self.print(&format!("torn or out of order: {torn}"));
        Ok(())
    }
}

/// Which line each worker wrote last.
#[derive(Default)]
struct Seen(BTreeMap<String, u64>);

impl Seen {
    /// Whether this is the next line of a worker: `worker 2: line 17`.
    fn is_next(&mut self, line: &str) -> bool {
        let parsed = line.rsplit_once(' ').and_then(|(worker, number)| Some((worker, number.parse::<u64>().ok()?)));
        let Some((worker, number)) = parsed else { return false };
        let last = self.0.entry(worker.to_owned()).or_default();
        let is_next = number == *last + 1;
        *last = number;
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_the_next_of_its_worker_or_torn() {
        let mut seen = Seen::default();
        for (line, is_next) in [
            ("worker 1: line 1", true),
            ("worker 2: line 1", true),
            ("worker 1: line 2", true),
            ("worker 1: line 4", false),
            ("worker 2: liworker 1: line 5", false),
            ("worker 2: line", false),
            ("", false),
        ] {
            assert_eq!(seen.is_next(line), is_next, "{line}");
        }
    }
}
