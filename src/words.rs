//! Numbers in words: durations and bytes. One way for the window and the command line.

/// A duration with a fitting unit and three digits: `92.4 ms`, `1.25 s`, `640 ns`.
pub fn duration(ns: u64) -> String {
    let value = ns as f64;
    let (value, unit) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (value / 1e3, "µs"),
        1_000_000..1_000_000_000 => (value / 1e6, "ms"),
        _ => (value / 1e9, "s"),
    };
    format!("{} {unit}", digits(value))
}

/// Bytes with a fitting unit: `412 B`, `64 KiB`, `9.1 MiB`.
pub fn bytes(count: u64) -> String {
    let value = count as f64;
    let (value, unit) = match count {
        0..1024 => return format!("{count} B"),
        1024..1_048_576 => (value / 1024.0, "KiB"),
        1_048_576..1_073_741_824 => (value / 1_048_576.0, "MiB"),
        _ => (value / 1_073_741_824.0, "GiB"),
    };
    format!("{} {unit}", digits(value))
}

/// Names one after the other: `a`, `a and b`, `a, b and c`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Three digits, without zeros behind the point.
fn digits(value: f64) -> String {
    let places = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        for (ns, words) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_500, "1.5 µs"),
            (92_400_000, "92.4 ms"),
            (20_000_000, "20 ms"),
            (1_254_000_000, "1.25 s"),
            (312_000_000_000, "312 s"),
        ] {
            assert_eq!(duration(ns), words);
        }
        for (count, words) in [(412, "412 B"), (65_536, "64 KiB"), (9_542_042, "9.1 MiB")] {
            assert_eq!(bytes(count), words);
        }
    }
}
