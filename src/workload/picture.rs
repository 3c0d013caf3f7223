//! Results that are a picture: how the pixels of each item lie in it.

/// A picture in square tiles, row by row from the top left: the result of an item is the grey of its
/// tile's pixels, a byte each, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row; whole tiles.
    pub width: usize,
    /// Rows of pixels; whole tiles.
    pub height: usize,
    /// Pixels along the side of a tile.
    pub tile: usize,
    /// What a pixel says.
    pub tone: Tone,
}

/// What the byte of a pixel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// How light it is.
    Light,
    /// How soon a point escapes: 0 never, else the sooner the smaller.
    Escape,
}

impl Picture {
    /// Tiles in a row.
    pub const fn columns(&self) -> usize {
        self.width / self.tile
    }

    /// How many tiles there are.
    pub const fn tiles(&self) -> usize {
        self.columns() * (self.height / self.tile)
    }

    /// Pixels of a tile.
    pub const fn tile_pixels(&self) -> usize {
        self.tile * self.tile
    }

    /// The left and top edge of a tile.
    pub const fn place(&self, tile: usize) -> (usize, usize) {
        (tile % self.columns() * self.tile, tile / self.columns() * self.tile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_lie_row_by_row() {
        let picture = Picture { width: 96, height: 64, tile: 32, tone: Tone::Light };
        assert_eq!((picture.columns(), picture.tiles(), picture.tile_pixels()), (3, 6, 1024));
        assert_eq!((picture.place(0), picture.place(2), picture.place(4)), ((0, 0), (64, 0), (32, 32)));
    }
}
