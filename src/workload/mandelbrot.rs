//! A picture of the Mandelbrot set, tile by tile.
//!
//! **It scales, if the units are small**: a tile in the black middle takes a hundred times as long
//! as one at the rim. With few large units one worker gets the middle and the others wait; with
//! many small ones the work evens out. Its results are large (a tile is 1,024 bytes), so the pipes
//! have something to carry.

use super::{Here, Input, Picture, Preset, Python, Reader, TaskError, Tone, Workload};

pub(super) struct Mandelbrot;

const PICTURE: Picture = Picture { width: 512, height: 384, tile: 32, tone: Tone::Escape };
/// Width and height of the picture, and the side of a tile, as coordinates.
const WIDTH: u64 = PICTURE.width as u64;
const HEIGHT: u64 = PICTURE.height as u64;
const TILE: u64 = PICTURE.tile as u64;
/// Tiles in a row.
const COLUMNS: u64 = PICTURE.columns() as u64;
/// How often a point is iterated at most, in each preset.
const ITERATIONS: u64 = 5_000;

const PRESETS: &[Preset] = &[Preset {
    name: "tiles",
    summary: "512 × 384 pixels in 192 tiles, the middle ones much harder",
    items: PICTURE.tiles() as u64,
    free_items: false,
}];

impl Workload for Mandelbrot {
    fn name(&self) -> &'static str {
        "mandelbrot"
    }

    fn title(&self) -> &'static str {
        "Mandelbrot set"
    }

    fn why(&self) -> &'static str {
        "Scales if units are small: tiles in the middle take a hundred times as long."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, _preset: &Preset, index: u64, out: &mut Vec<u8>) {
        for value in [index % COLUMNS * TILE, index / COLUMNS * TILE, ITERATIONS] {
            out.extend_from_slice(&value.to_le_bytes());
        }
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (left, top, iterations) = (arguments.u64()?, arguments.u64()?, arguments.u64()?.min(ITERATIONS));
        for y in 0..TILE {
            for x in 0..TILE {
                // A point of the set takes some 15 µs.
                here.breathe();
                out.push(shade(left.wrapping_add(x), top.wrapping_add(y), iterations));
            }
        }
        Ok(())
    }

    fn tell_item(&self, _preset: &Preset, index: u64) -> String {
        index.to_string()
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let pixels = result.take((TILE * TILE) as usize)?;
        let inside = pixels.iter().filter(|&&shade| shade == 0).count();
        Ok(format!("tile {index}: {inside} of {} pixels belong to the set", TILE * TILE))
    }

    fn python(&self, input: &Input) -> Python {
        Python { function: PYTHON.to_owned(), name: "tile", parameters: 1, items: format!("range({})", input.len()) }
    }

    fn picture(&self) -> Option<Picture> {
        Some(PICTURE)
    }
}

const PYTHON: &str = "\
def tile(index, size=32, columns=16, limit=5000):
    left, top = index % columns * size, index // columns * size
    return bytes(shade(left + x, top + y, limit)
                 for y in range(size) for x in range(size))

def shade(px, py, limit):
    c = complex(px / 512 * 3 - 2.2, (py / 384 - 0.5) * 2.25)
    z = 0
    for n in range(limit):
        if abs(z) > 2:
            return n % 255 + 1
        z = z * z + c
    return 0";

/// The shade of a pixel: 0 if it belongs to the set, else 1 to 255 by how fast it escapes.
fn shade(x: u64, y: u64, iterations: u64) -> u8 {
    let (re, im) = (x as f64 / WIDTH as f64 * 3.0 - 2.2, (y as f64 / HEIGHT as f64 - 0.5) * 2.25);
    let (mut a, mut b) = (0.0_f64, 0.0_f64);
    for n in 0..iterations {
        if a * a + b * b > 4.0 {
            return (n % 255 + 1) as u8;
        }
        (a, b) = (a * a - b * b + re, 2.0 * a * b + im);
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_belongs_to_the_set_and_the_corner_escapes_at_once() {
        assert_eq!(shade(WIDTH / 2, HEIGHT / 2, ITERATIONS), 0);
        assert!((1..10).contains(&shade(0, 0, ITERATIONS)));
    }
}
