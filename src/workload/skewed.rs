//! Items of very different size, in an order of one's choice.
//!
//! **It scales as well as the order allows.** The work is the same in the first three presets, only its
//! order differs: the cost of an item grows with the square of its rank. With the default chunksize
//! `ascending` ends with one unit that holds a third of all work, while every other worker waits;
//! `descending` begins with it, and small units fill up the rest; `shuffled` evens out. A chunksize of 1
//! makes them nearly alike. In `one-giant` one item is half of all work, and no chunksize helps: with two
//! workers or with a hundred, it takes at least half the time.

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Skewed;

/// Items of every preset.
const ITEMS: u64 = 64;
/// Steps of the smallest item; the item of rank r takes r² times as many.
const STEPS: u64 = 5000;
/// Steps of all items but the giant, and of the giant: together it is half of the work.
const DWARF: u64 = 3_500_000;
const GIANT: u64 = (ITEMS - 1) * DWARF;
/// Steps in one breath: some 20 µs.
const BREATH: u64 = 4096;
/// A prime: 2³¹ − 1.
const MODULUS: u64 = 2_147_483_647;

const PRESETS: &[Preset] = &[
    Preset {
        name: "ascending",
        summary: "64 items, the last one 4,096 times as long as the first: large units end badly",
        items: ITEMS,
        free_items: false,
    },
    Preset {
        name: "descending",
        summary: "the same items, the longest first: small ones fill up the rest",
        items: ITEMS,
        free_items: false,
    },
    Preset { name: "shuffled", summary: "the same items, long and short ones mixed", items: ITEMS, free_items: false },
    Preset {
        name: "one-giant",
        summary: "64 items, the last one as long as all others together: never more than 2×",
        items: ITEMS,
        free_items: false,
    },
    Preset {
        name: "tiny",
        summary: "64 mixed items, a hundredth of the work: too small to share",
        items: ITEMS,
        free_items: false,
    },
];

impl Workload for Skewed {
    fn name(&self) -> &'static str {
        "skewed"
    }

    fn title(&self) -> &'static str {
        "Uneven items"
    }

    fn why(&self) -> &'static str {
        "Scales as well as the order allows: a long item at the end keeps everybody waiting."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        write_numbers(out, &[cost(preset, index)]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        write_numbers(out, &[walk(arguments.u64()?, here)]);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        cost(preset, index).to_string()
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        Ok(format!("{} steps lead to {}", cost(preset, index), result.u64()?))
    }

    fn python(&self, input: &Input) -> Python {
        let items = match input.preset.name {
            "ascending" => format!("[{STEPS} * rank**2 for rank in range(1, {})]", ITEMS + 1),
            "descending" => format!("[{STEPS} * rank**2 for rank in range({ITEMS}, 0, -1)]"),
            "one-giant" => format!("[{DWARF}] * {} + [{GIANT}]", ITEMS - 1),
            name => {
                let steps = if name == "tiny" { STEPS / 100 } else { STEPS };
                format!("[{steps} * (i * 27 % {ITEMS} + 1)**2 for i in range({ITEMS})]")
            }
        };
        Python { function: PYTHON.to_owned(), name: "walk", parameters: 1, items }
    }
}

const PYTHON: &str = "\
def walk(steps):
    x = 1
    for _ in range(steps):
        x = (x * x + 1) % 2147483647
    return x";

/// How many steps the item at `index` of a preset takes.
fn cost(preset: &Preset, index: u64) -> u64 {
    let (steps, rank) = match preset.name {
        "ascending" => (STEPS, index + 1),
        "descending" => (STEPS, ITEMS.saturating_sub(index)),
        "one-giant" => return if index + 1 == ITEMS { GIANT } else { DWARF },
        // 27 and 64 have no common divisor, so every rank comes once.
        "tiny" => (STEPS / 100, index * 27 % ITEMS + 1),
        _ => (STEPS, index * 27 % ITEMS + 1),
    };
    steps * rank * rank
}

/// Where so many steps from 1 lead; none can be left out, since each needs the one before.
fn walk(steps: u64, here: &Here<'_>) -> u64 {
    let (mut x, mut left) = (1, steps);
    while left > 0 {
        here.breathe();
        let now = left.min(BREATH);
        left -= now;
        for _ in 0..now {
            x = (x * x + 1) % MODULUS;
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_by_hand() {
        let walked = [0, 1, 2, 3, 4, 5, 6].map(|steps| walk(steps, &Here::free()));
        assert_eq!(walked, [1, 2, 5, 26, 677, 458_330, 1_760_475_142]);
    }

    fn costs(name: &str) -> Vec<u64> {
        let preset = PRESETS.iter().find(|preset| preset.name == name).expect("it is there");
        (0..preset.items).map(|index| cost(preset, index)).collect()
    }

    #[test]
    fn the_first_three_presets_are_the_same_items_in_another_order() {
        let sorted = |name: &str| {
            let mut costs = costs(name);
            costs.sort_unstable();
            costs
        };
        assert!(costs("ascending").is_sorted() && costs("descending").iter().rev().is_sorted());
        assert_eq!(sorted("descending"), costs("ascending"));
        assert_eq!(sorted("shuffled"), costs("ascending"));
        let giant = costs("one-giant");
        assert_eq!(giant.iter().sum::<u64>(), 2 * GIANT);
    }

    /// How long workers take that fetch unit after unit, by the time of one alone.
    fn share(name: &str, chunksize: Option<usize>, workers: usize) -> f64 {
        let costs = costs(name);
        // By default a quarter of a worker's share.
        let units = costs.chunks(chunksize.unwrap_or(costs.len() / (4 * workers)));
        let mut busy = vec![0; workers];
        for unit in units {
            if let Some(first) = busy.iter_mut().min() {
                *first += unit.iter().sum::<u64>();
            }
        }
        busy.into_iter().max().unwrap_or(0) as f64 / costs.iter().sum::<u64>() as f64
    }

    #[test]
    fn order_and_chunksize_make_the_difference_that_the_summaries_promise() {
        // Two workers need half the time at best, four a quarter.
        assert!(share("ascending", None, 2) > 0.55, "{}", share("ascending", None, 2));
        assert!(share("ascending", Some(1), 2) < 0.53);
        assert!(share("descending", None, 2) < 0.52);
        assert!(share("ascending", None, 4) > 0.31, "{}", share("ascending", None, 4));
        assert!(share("descending", None, 4) < 0.30, "{}", share("descending", None, 4));
        assert!(share("shuffled", Some(1), 4) < 0.28, "{}", share("shuffled", Some(1), 4));
        for chunksize in [None, Some(1), Some(3)] {
            assert!(share("one-giant", chunksize, 16) >= 0.5);
        }
    }
}
