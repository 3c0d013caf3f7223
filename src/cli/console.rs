//! Standard output and standard error: the only place that writes to them.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// Writes text to standard output.
pub(super) fn print(text: impl Display) -> io::Result<()> {
    write(&harmless(&text.to_string()))
}

/// Writes one object to standard output.
pub(super) fn print_json(object: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(object)?;
    text.push('\n');
    write(&text)
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes a message to standard error.
pub(super) fn complain(message: &str) {
    // Where not even this can be written, there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(message));
}

/// The text without what would command a terminal or turn its direction: names in traces and lines
/// of children come from elsewhere.
fn harmless(text: &str) -> String {
    let commands = |c: char| c.is_control() && c != '\n';
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if commands(c) || turns(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn text_cannot_command_the_terminal() {
        assert_eq!(harmless("1.71× → é\nnext"), "1.71× → é\nnext");
        assert_eq!(harmless("\u{1b}[2Jgone\r\u{9b}1m\u{202e}"), "\u{fffd}[2Jgone\u{fffd}\u{fffd}1m\u{fffd}");
    }
}
