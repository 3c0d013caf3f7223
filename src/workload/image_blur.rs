//! Blurring a photograph tile by tile.
//!
//! **It scales, with a margin to pay**: a blurred pixel needs its neighbours, so a tile travels with a
//! margin as wide as the blur, which others carry too. Strongly blurred (`strong`), a tile of 32 × 32
//! pixels needs one of 96 × 96: nine bytes go in for each that comes out, and the work on them is still
//! far more than the carrying. Softly blurred (`soft`), there is hardly anything to do: too small to
//! share. All tiles take the same time.

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

const PRESETS: &[Preset] = &[
    Preset {
        name: "strong",
        summary: "512 × 512 pixels in 256 tiles, each pixel from 3,405 around it: enough work to share",
        items: PICTURE.tiles() as u64,
        free_items: false,
    },
    Preset {
        name: "soft",
        summary: "the same tiles, each pixel from 25 around it: too small to share",
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
    side = size + 2 * radius
    around = range(-radius, radius + 1)
    weights = [((dy + radius) * side + dx + radius, (radius + 1)**2 - dx * dx - dy * dy)
               for dy in around for dx in around]
    kernel = [(offset, weight) for offset, weight in weights if weight > 0]
    total = sum(weight for _, weight in kernel)
    return bytes(
        (sum(pixels[y * side + x + offset] * weight for offset, weight in kernel)
         + total // 2) // total
        for y in range(size) for x in range(size))

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
    if preset == "soft" { 2 } else { 32 }
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

/// The places of a pixel's neighbours with their weights, row by row from the top left of its margin.
///
/// The weight falls with the square of the distance and is 0 beyond the radius.
struct Kernel {
    /// First place and weights of each row.
    rows: Vec<(usize, Vec<u32>)>,
    total: u32,
}

impl Kernel {
    fn new(radius: usize) -> Self {
        let reach = (radius + 1) * (radius + 1);
        let weight = |dy: usize, dx: usize| {
            let far = dy.abs_diff(radius).pow(2) + dx.abs_diff(radius).pow(2);
            reach.saturating_sub(far) as u32
        };
        let row = |dy| {
            let weights: Vec<u32> = (0..=2 * radius).map(|dx| weight(dy, dx)).collect();
            let first = weights.iter().take_while(|&&weight| weight == 0).count();
            (first, weights.into_iter().filter(|&weight| weight > 0).collect::<Vec<u32>>())
        };
        let rows: Vec<(usize, Vec<u32>)> = (0..=2 * radius).map(row).collect();
        let total = rows.iter().flat_map(|(_, weights)| weights).sum();
        Self { rows, total }
    }
}

/// Appends the blurred tile within a margin; pixels that are missing count as black.
fn blur(pixels: &[u8], radius: usize, here: &Here<'_>, out: &mut Vec<u8>) {
    let side = PICTURE.tile + 2 * radius;
    let kernel = Kernel::new(radius);
    for y in 0..PICTURE.tile {
        for x in 0..PICTURE.tile {
            if x % 8 == 0 {
                here.breathe();
            }
            let mut sum = 0;
            for (dy, (first, weights)) in kernel.rows.iter().enumerate() {
                let start = (y + dy) * side + x + first;
                let around = pixels.get(start..).unwrap_or_default();
                sum += around.iter().zip(weights).map(|(&pixel, weight)| u32::from(pixel) * weight).sum::<u32>();
            }
            out.push(((sum + kernel.total / 2) / kernel.total) as u8);
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
    fn kernels_have_the_number_of_neighbours_that_the_summaries_tell() {
        for (radius, neighbours) in [(0, 1), (1, 9), (2, 25), (32, 3405)] {
            let kernel = Kernel::new(radius);
            assert_eq!(kernel.rows.iter().map(|(_, weights)| weights.len()).sum::<usize>(), neighbours, "{radius}");
        }
        // 1 2 3 2 1 has the middle row's shape: 4 − dx² at radius 1 is 3 4 3.
        assert_eq!(Kernel::new(1).rows[1], (0, vec![3, 4, 3]));
        assert_eq!(Kernel::new(1).total, 2 + 3 + 2 + 3 + 4 + 3 + 2 + 3 + 2);
    }

    #[test]
    fn an_even_grey_stays_and_a_point_spreads_to_its_neighbours() {
        assert_eq!(blurred(&[77; 36 * 36], 2), vec![77; PICTURE.tile_pixels()]);
        let mut point = vec![0; 34 * 34];
        point[34 + 1] = 240;
        let spread = blurred(&point, 1);
        // 240 · 4/24 in the middle, 3/24 beside it, 2/24 across.
        assert_eq!((spread[0], spread[1], spread[32], spread[33]), (40, 30, 30, 20));
        assert_eq!(spread.iter().map(|&pixel| u32::from(pixel)).sum::<u32>(), 40 + 30 + 30 + 20);
    }

    #[test]
    fn pixels_that_are_missing_are_black() {
        assert_eq!(blurred(&[], 2), vec![0; PICTURE.tile_pixels()]);
    }
}
