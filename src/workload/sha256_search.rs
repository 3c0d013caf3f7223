//! Searching the number that gives a hash with the most zero bits in front, as miners of coins do.
//!
//! **It scales**: nothing but trying helps, every try stands alone, and a range of 100,000 tries takes
//! 16 bytes in and 16 out. All ranges take the same time. (In Python too the time is mostly computing:
//! `hashlib` lets other threads run only while it hashes more than 2,047 bytes at once, which this never
//! does.) What spoils it: ranges of few tries (`short`).

use std::io::Write;

use sha2::{Digest, Sha256};

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Sha256Search;

/// What is hashed, with the number in decimal after it.
const TEXT: &[u8] = b"Poolscope ";
/// Tries in one breath: some 20 to 60 µs.
const BREATH: u64 = 256;

const PRESETS: &[Preset] = &[
    Preset {
        name: "search",
        summary: "100,000 tries an item: enough work to share, and all items alike",
        items: 200,
        free_items: true,
    },
    Preset {
        name: "short",
        summary: "10 tries an item: too small to share one by one",
        items: 10_000,
        free_items: true,
    },
];

impl Workload for Sha256Search {
    fn name(&self) -> &'static str {
        "sha256-search"
    }

    fn title(&self) -> &'static str {
        "SHA-256 search"
    }

    fn why(&self) -> &'static str {
        "Scales: nothing but trying helps, and every try stands alone."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let (low, high) = range(preset, index);
        write_numbers(out, &[low, high]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (low, high) = (arguments.u64()?, arguments.u64()?);
        let (best, zeros) = search(low, high, here);
        write_numbers(out, &[best, zeros]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        let (low, high) = range(preset, index);
        format!("({low}, {high})")
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let (low, high) = range(preset, index);
        let (best, zeros) = (result.u64()?, result.u64()?);
        Ok(format!("{low} to {}: {best} gives {zeros} zero bits", high - 1))
    }

    fn python(&self, input: &Input) -> Python {
        let width = width(&input.preset);
        Python {
            function: PYTHON.to_owned(),
            name: "search",
            parameters: 2,
            items: format!("[(low, low + {width}) for low in range(0, {}, {width})]", width * input.len()),
        }
    }
}

const PYTHON: &str = "\
from hashlib import sha256

def search(low, high):
    best, most = low, 0
    for number in range(low, high):
        digest = sha256(b\"Poolscope %d\" % number).digest()
        zeros = 256 - int.from_bytes(digest, \"big\").bit_length()
        if zeros > most:
            best, most = number, zeros
    return best, most";

/// How many numbers a range of a preset has.
fn width(preset: &Preset) -> u64 {
    if preset.name == "short" { 10 } else { 100_000 }
}

/// The range at `index` of a preset, its end not included.
fn range(preset: &Preset, index: u64) -> (u64, u64) {
    let width = width(preset);
    (index * width, (index + 1) * width)
}

/// The first number of a range whose hash has the most zero bits in front, and how many.
fn search(low: u64, high: u64, here: &Here<'_>) -> (u64, u64) {
    let (mut best, mut most) = (low, 0);
    let mut text = Vec::new();
    for number in low..high {
        if number % BREATH == 0 {
            here.breathe();
        }
        text.clear();
        text.extend_from_slice(TEXT);
        // Writing into memory can't fail.
        let _ = write!(text, "{number}");
        let zeros = leading_zeros(&Sha256::digest(&text));
        if zeros > most {
            (best, most) = (number, zeros);
        }
    }
    (best, most)
}

/// How many bits are zero before the first that is not.
fn leading_zeros(digest: &[u8]) -> u64 {
    let bytes = digest.iter().take_while(|&&byte| byte == 0).count();
    let bits = digest.get(bytes).map_or(0, |byte| byte.leading_zeros());
    8 * bytes as u64 + u64::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        // The example of FIPS 180-2, appendix B.1.
        let digest = Sha256::digest(b"abc");
        let words: Vec<u32> = digest.as_chunks().0.iter().map(|&word| u32::from_be_bytes(word)).collect();
        let published = [
            0xBA78_16BF_u32,
            0x8F01_CFEA,
            0x4141_40DE,
            0x5DAE_2223,
            0xB003_61A3,
            0x9617_7A9C,
            0xB410_FF61,
            0xF200_15AD,
        ];
        assert_eq!(words, published);
        assert_eq!(leading_zeros(&digest), 0);
    }

    #[test]
    fn zeros_are_counted_in_bits() {
        assert_eq!(leading_zeros(&[0b0000_0001, 0xFF]), 7);
        assert_eq!(leading_zeros(&[0, 0, 0b0010_0000]), 18);
        assert_eq!(leading_zeros(&[0; 32]), 256);
    }

    #[test]
    fn the_first_of_the_best_is_found() {
        let zeros = |number: u64| leading_zeros(&Sha256::digest(format!("Poolscope {number}")));
        let (best, most) = search(0, 2000, &Here::free());
        assert_eq!(zeros(best), most);
        assert!((0..best).all(|number| zeros(number) < most) && (best..2000).all(|number| zeros(number) <= most));
        // Among 2,000 hashes one with nine zero bits is all but certain.
        assert!(most >= 9, "{most}");
    }
}
