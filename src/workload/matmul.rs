//! A product of matrices, block of rows by block of rows, as it stands in every textbook.
//!
//! **It scales as far as the memory does.** For every row of the result the whole right matrix passes
//! through the core once, two operations for each 8 bytes. With 128 columns (`in-cache`) it has 128 KiB
//! and stays in the core's own cache: twice the cores, half the time. With 2,048 columns (`in-memory`)
//! it has 32 MiB, more than a core's cache, so all workers fetch it from the cache or the memory that
//! they share, and past its bandwidth one more worker only makes the others wait. Both do the same
//! 4,294,967,296 multiplications, so that their times can be compared.
//!
//! The matrices are made in the worker from a formula, for each item anew, since nothing but three
//! numbers travels: a hundredth of the time of `in-cache`, and a fifth of that of `in-memory`. Their
//! entries are small whole numbers, so that sums are exact in every order.

use super::bytes::write_numbers;
use super::{Here, Input, Preset, Python, Reader, TaskError, Workload};

pub(super) struct Matmul;

/// The largest matrix, and the most rows, that a worker accepts from a message.
const MOST: u64 = 1 << 16;
const MOST_COLUMNS: u64 = 4096;
/// Multiplications in one breath: some 20 to 60 µs.
const BREATH: usize = 1 << 16;

const PRESETS: &[Preset] = &[
    Preset {
        name: "in-cache",
        summary: "262,144 rows by a matrix of 128 KiB, which fits the core's own cache",
        items: 64,
        free_items: false,
    },
    Preset {
        name: "in-memory",
        summary: "1,024 rows by a matrix of 32 MiB: as many operations, but workers share the memory",
        items: 16,
        free_items: false,
    },
    Preset {
        name: "small",
        summary: "64 rows by a matrix of 64 columns: too small to share",
        items: 16,
        free_items: false,
    },
];

/// What one item computes: some rows of the product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    /// Rows and columns of the right matrix.
    size: u64,
    /// The first row of the left matrix.
    first: u64,
    /// How many of its rows.
    rows: u64,
}

impl Block {
    fn of(preset: &Preset, index: u64) -> Self {
        let (size, rows) = shape(preset);
        Self { size, first: index * rows, rows }
    }
}

/// The size of a preset's right matrix, and the rows of an item.
fn shape(preset: &Preset) -> (u64, u64) {
    match preset.name {
        "small" => (64, 4),
        "in-memory" => (2048, 64),
        _ => (128, 4096),
    }
}

impl Workload for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn title(&self) -> &'static str {
        "Matrix product"
    }

    fn why(&self) -> &'static str {
        "Scales as far as the memory does: workers share the way to a matrix that fits no cache."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let block = Block::of(preset, index);
        write_numbers(out, &[block.size, block.first, block.rows]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (size, first, rows) = (arguments.u64()?, arguments.u64()?, arguments.u64()?);
        let block = Block { size: size.min(MOST_COLUMNS), first: first.min(MOST * MOST), rows: rows.min(MOST) };
        let (trace, total) = multiply(block, here);
        out.extend_from_slice(&trace.to_le_bytes());
        out.extend_from_slice(&total.to_le_bytes());
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        let Block { size, first, rows } = Block::of(preset, index);
        format!("({size}, {first}, {rows})")
    }

    fn tell(&self, preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let Block { first, rows, .. } = Block::of(preset, index);
        let (trace, total) = (result.f64()?, result.f64()?);
        Ok(format!("rows {first} to {}: trace {trace}, sum of magnitudes {total}", first + rows - 1))
    }

    fn python(&self, input: &Input) -> Python {
        let (size, rows) = shape(&input.preset);
        Python {
            function: PYTHON.to_owned(),
            name: "multiply",
            parameters: 3,
            items: format!("[({size}, first, {rows}) for first in range(0, {}, {rows})]", rows * input.len()),
        }
    }
}

const PYTHON: &str = "\
def multiply(size, first, rows):
    right = [[float((k * 5 + j * 11) % 13 - 6) for j in range(size)]
             for k in range(size)]
    trace = total = 0.0
    for i in range(first, first + rows):
        row = [0.0] * size
        for k in range(size):
            left = float((i * 7 + k * 3) % 17 - 8)
            for j, value in enumerate(right[k]):
                row[j] += left * value
        trace += row[i] if i < size else 0.0
        total += sum(map(abs, row))
    return trace, total";

/// The entry of the left matrix in row `i` and column `k`: a whole number from −8 to 8.
fn left(i: u64, k: u64) -> f64 {
    ((i * 7 + k * 3) % 17) as f64 - 8.0
}

/// The entry of the right matrix in row `k` and column `j`: a whole number from −6 to 6.
fn right(k: u64, j: u64) -> f64 {
    ((k * 5 + j * 11) % 13) as f64 - 6.0
}

/// The part of the trace that lies in a block of the product, and the sum of its magnitudes.
fn multiply(block: Block, here: &Here<'_>) -> (f64, f64) {
    let size = block.size as usize;
    if size == 0 {
        return (0.0, 0.0);
    }
    let mut matrix = Vec::with_capacity(size * size);
    for k in 0..block.size {
        here.breathe();
        matrix.extend((0..block.size).map(|j| right(k, j)));
    }
    let mut row = vec![0.0; size];
    let (mut trace, mut total) = (0.0, 0.0);
    for i in block.first..block.first + block.rows {
        row.fill(0.0);
        // Row after row of the right matrix: the way it lies in memory.
        for (part, rows) in matrix.chunks((BREATH / size).max(1) * size).enumerate() {
            here.breathe();
            let above = part * (BREATH / size).max(1);
            for (k, values) in rows.chunks_exact(size).enumerate() {
                let factor = left(i, (above + k) as u64);
                for (sum, value) in row.iter_mut().zip(values) {
                    *sum += factor * value;
                }
            }
        }
        trace += usize::try_from(i).ok().and_then(|i| row.get(i)).unwrap_or(&0.0);
        total += row.iter().map(|value: &f64| value.abs()).sum::<f64>();
    }
    (trace, total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_by_two_by_hand() {
        // (-8 -5)   (-6  5)   (53 -25)
        // (-1  2) · (-1 -3) = ( 4 -11)
        let entries = |of: fn(u64, u64) -> f64| [of(0, 0), of(0, 1), of(1, 0), of(1, 1)].map(|entry| entry as i64);
        assert_eq!((entries(left), entries(right)), ([-8, -5, -1, 2], [-6, 5, -1, -3]));
        let block = Block { size: 2, first: 0, rows: 2 };
        assert_eq!(multiply(block, &Here::free()), (53.0 - 11.0, 53.0 + 25.0 + 4.0 + 11.0));
    }

    #[test]
    fn it_is_the_product_by_definition_in_whole_numbers() {
        for block in [Block { size: 300, first: 298, rows: 5 }, Block { size: 128, first: 0, rows: 130 }] {
            let entry = |i: u64, j: u64| -> i64 { (0..block.size).map(|k| (left(i, k) * right(k, j)) as i64).sum() };
            let rows = block.first..block.first + block.rows;
            let trace: i64 = rows.clone().filter(|&i| i < block.size).map(|i| entry(i, i)).sum();
            let total: i64 = rows.flat_map(|i| (0..block.size).map(move |j| entry(i, j).abs())).sum();
            assert_eq!(multiply(block, &Here::free()), (trace as f64, total as f64), "{block:?}");
        }
    }

    #[test]
    fn the_two_large_presets_do_the_same_number_of_multiplications() {
        let multiplications = |preset: &Preset| {
            let (size, rows) = shape(preset);
            size * size * rows * preset.items
        };
        assert_eq!(multiplications(&PRESETS[0]), 1 << 32);
        assert_eq!(multiplications(&PRESETS[1]), 1 << 32);
    }
}
