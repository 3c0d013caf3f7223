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
    let mut text = escaped(&serde_json::to_string_pretty(object)?);
    text.push('\n');
    write(&text)
}

/// Writes to standard output. A reader that took what it wanted and went, as `head` does, is no trouble.
fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Writes a message to standard error.
pub(super) fn complain(message: &str) {
    // Where not even this can be written, there is nobody left to tell.
    let _ = writeln!(io::stderr().lock(), "{}", harmless(message));
}

/// Whether a character commands a terminal.
fn commands(c: char) -> bool {
    c.is_control() && c != '\n'
}

/// Whether a character turns the direction of text.
fn turns(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text without what would command a terminal or turn its direction: names in traces and lines
/// of children come from elsewhere.
fn harmless(text: &str) -> String {
    text.chars().map(|c| if commands(c) || turns(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// JSON with the same characters written as escapes: outside of its strings it has none of them.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if commands(c) || turns(c) {
            // All of them have numbers of four digits, and text in memory takes whatever is written.
            let _ = std::fmt::Write::write_fmt(&mut out, format_args!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, harmless};

    #[test]
    fn text_cannot_command_the_terminal() {
        assert_eq!(harmless("1.71× → é\nnext"), "1.71× → é\nnext");
        assert_eq!(harmless("\u{1b}[2Jgone\r\u{9b}1m\u{202e}"), "\u{fffd}[2Jgone\u{fffd}\u{fffd}1m\u{fffd}");
    }

    #[test]
    fn json_cannot_command_the_terminal_and_says_the_same() {
        let name = "1.71× → é\n\u{1b}[2J\u{7f}\u{9b}1m\u{202e}\u{2066}\u{61c}";
        let json = escaped(&serde_json::to_string_pretty(&[name]).expect("plain data"));
        assert!(json.chars().all(|c| c == '\n' || harmless(&c.to_string()) == c.to_string()), "{json:?}");
        assert!(json.contains("\\u009b1m\\u202e"), "{json}");
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).expect("still JSON"), [name]);
    }
}
