//! Measuring what it costs to pass bytes on.

use std::time::Instant;

use crate::program::uses::Tax;

use super::{Carrier, Host, Stop};

/// What was measured: the way, the size, and the time of one message.
pub(in crate::engine::process) type Measured = (&'static str, u64, f64);

impl<'a, H: Host> Carrier<'a, H> {
    /// Measures, or prints what was measured.
    pub(super) fn tax(&mut self, step: &'a Tax) -> Result<(), Stop> {
        match step {
            Tax::Measure { way, bytes, times, steps } => {
                let began = Instant::now();
                for _ in 0..*times {
                    self.carry(steps)?;
                }
                let seconds = began.elapsed().as_secs_f64() / f64::from((*times).max(1));
                self.measured.push((way, *bytes, seconds));
            }
            Tax::PrintTable => {
                for line in lines(&self.measured) {
                    self.print(&line);
                }
            }
        }
        Ok(())
    }
}

/// A line for each size, in the order in which they were measured.
fn lines(measured: &[Measured]) -> Vec<String> {
    let mut sizes: Vec<u64> = measured.iter().map(|(_, bytes, _)| *bytes).collect();
    sizes.dedup();
    let cell = |&(way, bytes, seconds): &Measured| {
        format!("{way} {:.1} µs {:.1} MB/s", seconds * 1e6, bytes as f64 / 1e6 / seconds.max(1e-9))
    };
    let line = |bytes: u64| {
        let cells: Vec<String> = measured.iter().filter(|(_, size, _)| *size == bytes).map(cell).collect();
        format!("{bytes} bytes: {}", cells.join(", "))
    };
    sizes.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_every_way_with_its_time_and_speed() {
        let measured = [("pipe", 1, 1e-5), ("memory", 1, 2e-6), ("pipe", 1000, 1e-5)];
        let expected =
            ["1 bytes: pipe 10.0 µs 0.1 MB/s, memory 2.0 µs 0.5 MB/s", "1000 bytes: pipe 10.0 µs 100.0 MB/s"];
        assert_eq!(lines(&measured), expected);
    }
}
