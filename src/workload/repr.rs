//! Arguments in words, as Python's `reprlib.repr` writes them: whole if they are short, else their
//! beginning and their end.

/// Items of a list that are written out.
const LISTED: usize = 6;
/// Characters of a byte string that are written out, and how many of them after the dots.
const CHARACTERS: (usize, usize) = (30, 14);
const DOTS: &str = "...";

/// A list: `[1, 2, 3]`, or `[1, 2, 3, 4, 5, 6, ...]`.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let mut items = items.into_iter();
    let mut shown: Vec<String> = items.by_ref().take(LISTED).map(|item| item.to_string()).collect();
    if items.next().is_some() {
        shown.push(DOTS.to_owned());
    }
    format!("[{}]", shown.join(", "))
}

/// A byte string: `b'abc\n'`, or `b'To Sherlock...an.\nIt was n'`.
pub(super) fn bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut whole = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\t' => whole.push_str("\\t"),
            b'\n' => whole.push_str("\\n"),
            b'\r' => whole.push_str("\\r"),
            b' '..=b'~' => {
                let letter = char::from(byte);
                if letter == quote || letter == '\\' {
                    whole.push('\\');
                }
                whole.push(letter);
            }
            _ => whole.extend(format!("\\x{byte:02x}").chars()),
        }
    }
    whole.push(quote);
    let (most, end) = CHARACTERS;
    if whole.len() > most {
        let start = most - DOTS.len() - end;
        whole.replace_range(start..whole.len() - end, DOTS);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_things_are_whole_and_long_ones_have_dots() {
        assert_eq!(list([1, 2]), "[1, 2]");
        assert_eq!(list(0..6), "[0, 1, 2, 3, 4, 5]");
        assert_eq!(list(0..7), "[0, 1, 2, 3, 4, 5, ...]");
        assert_eq!(bytes(b"abc\n"), r"b'abc\n'");
        assert_eq!(bytes(b"it's"), r#"b"it's""#);
        assert_eq!(bytes(b"it's \"\\\""), r#"b'it\'s "\\"'"#);
        // As Python prints reprlib.repr(bytes(range(20))).
        assert_eq!(bytes(&(0..20).collect::<Vec<u8>>()), r"b'\x00\x01\x0...0\x11\x12\x13'");
    }
}
