//! Lines that processes print. They really are printed, to the standard error that all processes of a run
//! share; a mark before each says who printed it, and when.
//!
//! ```text
//! RS actor : nanoseconds US  the line  LF
//! ```
//!
//! RS and US are the control characters made for this, "record separator" and "unit separator".

use std::io::{self, Write};

use super::event::ActorId;

const RECORD: u8 = 0x1E;
const UNIT: u8 = 0x1F;

/// Prints a text, each line of it marked, in one write: lines of several processes never run into each
/// other. Whether anybody reads it is not the printer's business, as in Python.
pub fn print(by: ActorId, at_ns: u64, text: &str) {
    let _ = io::stderr().write_all(&marked(by, at_ns, text));
}

/// A text as it is printed.
fn marked(by: ActorId, at_ns: u64, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.split('\n') {
        out.push(RECORD);
        // Into memory: it can't fail.
        let _ = write!(out, "{}:{at_ns}", by.0);
        out.push(UNIT);
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out
}

/// Who printed a line and when, if it says so, and the line itself.
pub fn attributed(line: &[u8]) -> (Option<(ActorId, u64)>, &[u8]) {
    let parse = || {
        let (mark, rest) = line.strip_prefix(&[RECORD])?.split_at_checked(line.iter().position(|&b| b == UNIT)? - 1)?;
        let (by, at_ns) = std::str::from_utf8(mark).ok()?.split_once(':')?;
        Some(((ActorId(by.parse().ok()?), at_ns.parse().ok()?), &rest[1..]))
    };
    parse().map_or((None, line), |(who, rest)| (Some(who), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_who_printed_it() {
        let bytes = marked(ActorId(7), 123, "hello\nworld");
        let lines: Vec<_> = bytes.split(|&byte| byte == b'\n').map(attributed).collect();
        let who = Some((ActorId(7), 123));
        assert_eq!(lines, [(who, &b"hello"[..]), (who, &b"world"[..]), (None, &b""[..])]);
    }

    #[test]
    fn what_has_no_mark_is_a_line_of_somebody() {
        for line in ["", "plain", "\x1e", "\x1e7:1 no end", "\x1ex:1\x1fline", "\x1f\x1e", "\x1e1:-5\x1fline"] {
            assert_eq!(attributed(line.as_bytes()), (None, line.as_bytes()));
        }
    }
}
