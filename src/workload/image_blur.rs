//! Blurring a photograph tile by tile: every pixel becomes the median of those around it, which takes
//! away the grain and leaves the edges.
//!
//! **It scales, with a margin to pay**: a blurred pixel needs its neighbours, so a tile travels with a
//! margin as wide as the blur, and neighbouring tiles carry the same pixels again. Strongly blurred
//! (`strong`), a tile of 32 × 32 pixels needs one of 96 × 96: nine bytes go in for each that comes out,
//! and the work on them is still far more than the carrying. Softly blurred (`soft`), there is hardly
//! anything to do: too small to share. All tiles take about the same time.

use super::bytes::{write_numbers, write_sized};
use super::{Here, Input, Picture, Preset, Python, Reader, TaskError, Tone, Workload, repr};

pub(super) struct ImageBlur;

const PICTURE: Picture = Picture { width: 512, height: 512, tile: 32, tone: Tone::Light };
/// The photograph: a binary PGM of the size above.
const FILE: &[u8] = include_bytes!("../../assets/pictures/camera.pgm");
/// What stands before its pixels.
const HEADER: &[u8] = b"P5\n512 512\n255\n";
/// The widest blur a worker accepts from a message.
const MAX_RADIUS: u64 = 64;
/// Pixels in one breath: some 20 µs.
const BREATH: usize = 4;

const PRESETS: &[Preset] = &[
    Preset {
        name: "strong",
        summary: "512 × 512 pixels in 256 tiles, each pixel from 4,225 around it: enough work to share",
        items: PICTURE.tiles() as u64,
        free_items: false,
    },
    Preset {
        name: "soft",
        summary: "the same tiles, each pixel from 9 around it: too small to share",
        items: PICTURE.tiles() as u64,
        free_items: false,
    },
];

impl Workload for ImageBlur {
    fn name(&self) -> &'static str {
        "image-blur"
    }

    fn title(&self) -> &'static str {
        "Blurred photograph"
    }

    fn why(&self) -> &'static str {
        "Scales, with a margin to pay: every tile travels with the pixels around it."
    }

    fn presets(&self) -> &'static [Preset] {
        PRESETS
    }

    fn write_item(&self, preset: &Preset, index: u64, out: &mut Vec<u8>) {
        let radius = radius(preset.name);
        write_sized(out, &with_margin(index, radius));
        write_numbers(out, &[radius as u64]);
    }

    fn run_item(&self, arguments: &mut Reader<'_>, here: &Here<'_>, out: &mut Vec<u8>) -> Result<(), TaskError> {
        let (pixels, radius) = (arguments.sized()?, arguments.u64()?);
        blur(pixels, radius.min(MAX_RADIUS) as usize, here, out);
        Ok(())
    }

    fn tell_item(&self, preset: &Preset, index: u64) -> String {
        let radius = radius(preset.name);
        format!("({}, {radius})", repr::bytes(&with_margin(index, radius)))
    }

    fn tell(&self, _preset: &Preset, index: u64, result: &mut Reader<'_>) -> Result<String, TaskError> {
        let pixels = result.take(PICTURE.tile_pixels())?;
        let (low, high) = (pixels.iter().min().unwrap_or(&0), pixels.iter().max().unwrap_or(&0));
        Ok(format!("tile {index}: grey from {low} to {high}"))
    }

    fn python(&self, input: &Input) -> Python {
        Python {
            function: PYTHON.to_owned(),
            name: "blur",
            parameters: 2,
            items: format!("tiles(\"camera.pgm\", {})", radius(input.preset.name)),
        }
    }

    fn picture(&self) -> Option<Picture> {
        Some(PICTURE)
    }
}

const PYTHON: &str = "\
def blur(pixels, radius, size=32):
    side, window = size + 2 * radius, 2 * radius + 1
    middle = window * window // 2
    blurred = bytearray()
    for y in range(size):
        for x in range(size):
            starts = range(y * side + x, (y + window) * side + x, side)
            around = b\"\".join(pixels[start:start + window] for start in starts)
            blurred.append(sorted(around)[middle])
    return bytes(blurred)

def tiles(path, radius, size=32):
    # Poolscope's sources have it as assets/pictures/camera.pgm.
    with open(path, \"rb\") as file:
        _, extent, _, pixels = file.read().split(b\"\\n\", 3)
    width, height = map(int, extent.split())
    return [(bytes(pixels[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)]
                   for y in range(top - radius, top + size + radius)
                   for x in range(left - radius, left + size + radius)), radius)
            for top in range(0, height, size) for left in range(0, width, size)]";

/// How wide the blur of a preset is.
fn radius(preset: &str) -> usize {
    if preset == "soft" { 1 } else { 32 }
}

/// The pixels of a tile with those around it; at the rim of the picture its last pixels go on.
fn with_margin(tile: u64, radius: usize) -> Vec<u8> {
    let pixels = FILE.get(HEADER.len()..).unwrap_or_default();
    let (left, top) = PICTURE.place(usize::try_from(tile).unwrap_or(0));
    // Counted from the outer edge of the margin.
    let along = |start: usize, most: usize| {
        (0..PICTURE.tile + 2 * radius).map(move |step| (start + step).saturating_sub(radius).min(most - 1))
    };
    let rows = along(top, PICTURE.height).map(|y| y * PICTURE.width);
    rows.flat_map(|row| along(left, PICTURE.width).map(move |x| pixels.get(row + x).copied().unwrap_or(0))).collect()
}

/// Appends the blurred tile within a margin; pixels that are missing do not count.
fn blur(pixels: &[u8], radius: usize, here: &Here<'_>, out: &mut Vec<u8>) {
    let (side, window) = (PICTURE.tile + 2 * radius, 2 * radius + 1);
    let mut around = Vec::with_capacity(window * window);
    for y in 0..PICTURE.tile {
        for x in 0..PICTURE.tile {
            if x % BREATH == 0 {
                here.breathe();
            }
            around.clear();
            for row in y..y + window {
                let start = row * side + x;
                around.extend_from_slice(pixels.get(start..start + window).unwrap_or_default());
            }
            let middle = around.len() / 2;
            let median = if around.is_empty() { 0 } else { *around.select_nth_unstable(middle).1 };
            out.push(median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blurred(pixels: &[u8], radius: usize) -> Vec<u8> {
        let mut out = Vec::new();
        blur(pixels, radius, &Here::free(), &mut out);
        out
    }

    #[test]
    fn the_photograph_is_what_the_constants_say() {
        assert!(FILE.starts_with(HEADER));
        assert_eq!(FILE.len(), HEADER.len() + PICTURE.width * PICTURE.height);
        assert_eq!(with_margin(0, 0)[..3], FILE[15..18]);
        let last = with_margin(255, 2);
        assert_eq!(last.len(), 36 * 36);
        assert!(last[36 * 36 - 3..].iter().all(|pixel| pixel == FILE.last().expect("it has pixels")));
    }

    #[test]
    fn grain_disappears_and_an_edge_stays() {
        let side = PICTURE.tile + 2;
        // Dark on the left, light on the right, and one pixel of grain in each half.
        let edge = |x: usize| if x < 17 { 10 } else { 200 };
        let mut pixels: Vec<u8> = (0..side * side).map(|place| edge(place % side)).collect();
        pixels[5 * side + 5] = 255;
        pixels[20 * side + 25] = 0;
        let expected: Vec<u8> = (0..PICTURE.tile_pixels()).map(|place| edge(place % PICTURE.tile + 1)).collect();
        assert_eq!(blurred(&pixels, 1), expected);
    }

    #[test]
    fn the_middle_of_nine_by_hand() {
        let side = PICTURE.tile + 2;
        let mut pixels = vec![0; side * side];
        for (row, values) in [[9, 1, 8], [2, 7, 3], [6, 4, 5]].into_iter().enumerate() {
            pixels[row * side..row * side + 3].copy_from_slice(&values);
        }
        assert_eq!(blurred(&pixels, 1)[0], 5);
        assert_eq!(blurred(&pixels, 0)[..3], [9, 1, 8], "a window of one pixel changes nothing");
    }

    #[test]
    fn pixels_that_are_missing_do_not_count() {
        assert_eq!(blurred(&[], 2), vec![0; PICTURE.tile_pixels()]);
    }
}
