//! Counting words in *The Adventures of Sherlock Holmes*, 128 lines at a time.
//!
//! **It scales if enough is done with each line that travels.** The text itself is the argument, some
//! 5,700 bytes an item. Counting its words takes about as long as carrying them, and the whole book
//! takes a few milliseconds: too small to share (`words`). Counting which words stand near which others,
//! a first step in teaching a machine what words mean, looks at each word a hundred times: the same
//! bytes travel, and now it is worth it (`near`).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::LazyLock;

use super::bytes::{write_numbers, write_sized};
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload, repr};

pub(super) struct WordCount;

const TEXT: &[u8] = include_bytes!("../../assets/texts/sherlock.txt");
/// Lines in an item.
const LINES: usize = 128;
/// How far apart words are near.
const NEAR: usize = 100;
/// The farthest a worker accepts from a message.
const MAX_DISTANCE: u64 = 10_000;

const PRESETS: &[Preset] = &[
    Preset {
        name: "near",
        summary: "which words stand within 100 of which others, in a whole book: enough work to share",
        items: 99,
        free_items: false,
    },
    Preset {
        name: "words",
        summary: "how often each word comes in a whole book: too small to share",
        items: 99,
        free_items: false,
    },
];

/// The text of each item.
static SLICES: LazyLock<Vec<&'static [u8]>> = LazyLock::new(|| {
    let lines: Vec<&[u8]> = TEXT.split_inclusive(|&byte| byte == b'\n').collect();
    let mut rest = TEXT;
    let cut = |lines: &[&[u8]]| {
        let (slice, after) = rest.split_at_checked(lines.iter().map(|line| line.len()).sum()).unwrap_or_default();
        rest = after;
        slice
    };
    lines.chunks(LINES).map(cut).collect()
});

fn slice(index: u64) -> &'static [u8] {
    usize::try_from(index).ok().and_then(|index| SLICES.get(index).copied()).unwrap_or_default()
}

impl Workload for WordCount {
    fn name(&self) -> &'static str {
        "word-count"
    }

    fn title(&self) -> &'static str {
        "Words of a book"
    }

    fn why(&self) -> &'static str {
        "Scales if enough is done with each line that travels: the text itself is the argument."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        write_sized(out, slice(index));
        write_numbers(out, &[distance(preset.name) as u64]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (text, distance) = (arguments.sized()?.to_ascii_lowercase(), arguments.u64()?.min(MAX_DISTANCE) as usize);
        let words: Vec<&[u8]> = text.split(|byte| !byte.is_ascii_lowercase()).filter(|word| !word.is_empty()).collect();
        let (different, best, times) = if distance == 0 {
            let (different, best, times) = most_frequent(words.iter().map(|word| [*word]), here);
            (different, best.map(|[word]| word.to_vec()), times)
        } else {
            let later = |place: usize| words.iter().skip(place + 1).take(distance);
            let pairs =
                words.iter().enumerate().flat_map(|(place, word)| later(place).map(move |other| [*word, *other]));
            let (different, best, times) = most_frequent(pairs, here);
            (different, best.map(|pair| pair.join(&b' ')), times)
        };
        write_numbers(out, &[words.len() as u64, different, times]);
        write_sized(out, &best.unwrap_or_default());
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        format!("({}, {})", repr::bytes(slice(index)), distance(preset.name))
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (words, different, times) = (result.u64()?, result.u64()?, result.u64()?);
        let best = String::from_utf8_lossy(result.sized()?);
        let kind = if distance(preset.name) == 0 { "words" } else { "pairs" };
        let first = index as usize * LINES + 1;
        Ok(format!("from line {first}: {words} words, {different} different {kind}, “{best}” {times} times"))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: PYTHON.to_owned(),
            name: "count",
            parameters: 2,
            items: format!("slices(\"sherlock.txt\", {LINES}, {})", distance(input.preset.name)),
        }
    }
}

const PYTHON: &str = "\
import re
from collections import Counter

def count(text, distance):
    words = re.findall(b\"[a-z]+\", text.lower())
    if distance == 0:
        counts = Counter(words)
    else:
        counts = Counter(word + b\" \" + other for place, word in enumerate(words)
                         for other in words[place + 1:place + 1 + distance])
    best = min(counts, key=lambda found: (-counts[found], found), default=b\"\")
    return len(words), len(counts), counts[best], best

def slices(path, lines, distance):
    # Poolscope's sources have it as assets/texts/sherlock.txt.
    with open(path, \"rb\") as file:
        text = file.readlines()
    return [(b\"\".join(text[first:first + lines]), distance)
            for first in range(0, len(text), lines)]";

/// How far apart two words of a preset may stand; 0 if it counts single words.
fn distance(preset: &str) -> usize {
    if preset == "words" { 0 } else { NEAR }
}

/// How many different things there are, the most frequent one (the first in the alphabet, if several
/// are), and how often it comes.
fn most_frequent<T: Copy + Ord + Hash>(things: impl Iterator<Item = T>, here: &Here<'_>) -> (u64, Option<T>, u64) {
    let mut counts: HashMap<T, u64> = HashMap::new();
    for (place, thing) in things.enumerate() {
        // Every 256 words are some 20 µs.
        if place % 256 == 0 {
            here.breathe();
        }
        *counts.entry(thing).or_default() += 1;
    }
    let best = counts.iter().map(|(thing, times)| (*times, *thing)).reduce(|best, other| {
        let better = other.0 > best.0 || (other.0 == best.0 && other.1 < best.1);
        if better { other } else { best }
    });
    (counts.len() as u64, best.map(|(_, thing)| thing), best.map_or(0, |(times, _)| times))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &[u8], distance: u64) -> (u64, u64, u64, Vec<u8>) {
        let (mut arguments, mut out) = (Vec::new(), Vec::new());
        write_sized(&mut arguments, text);
        write_numbers(&mut arguments, &[distance]);
        WordCount.run_item(&mut Reader::new(&arguments), &Here::free(), &mut out).expect("whole arguments");
        let mut result = Reader::new(&out);
        let mut number = || result.u64().expect("a number");
        let numbers = (number(), number(), number());
        (numbers.0, numbers.1, numbers.2, result.sized().expect("a word").to_vec())
    }

    #[test]
    fn words_and_pairs_by_hand() {
        assert_eq!(run(b"It was the best of times, it was the worst", 0), (10, 7, 2, b"it".to_vec()));
        // Neighbours: a-b b-a a-b; and within two also a-a b-b.
        assert_eq!(run(b"A b, a b.", 1), (4, 2, 2, b"a b".to_vec()));
        assert_eq!(run(b"A b, a b.", 2), (4, 4, 2, b"a b".to_vec()));
        assert_eq!(run(b"", 0), (0, 0, 0, Vec::new()));
        assert_eq!(run(b"1, 2!", 3), (0, 0, 0, Vec::new()));
    }

    #[test]
    fn the_slices_are_the_whole_book() {
        assert_eq!(SLICES.len() as u64, PRESETS[0].items);
        assert_eq!(SLICES.concat(), TEXT);
        assert!(SLICES.iter().rev().skip(1).all(|slice| slice.iter().filter(|&&byte| byte == b'\n').count() == LINES));
        let words: u64 = SLICES.iter().map(|slice| run(slice, 0).0).sum();
        // As `grep -oiaE '[a-z]+' sherlock.txt | wc -l` counts in the C locale.
        assert_eq!(words, 105_899);
    }
}
