//! How items and results are written as bytes: little-endian numbers, one after the other.

/// The bytes ended before a value did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} bytes were wanted and {left} were left")]
pub struct TooShort {
    /// How many bytes the value has.
    pub wanted: usize,
    /// How many there were.
    pub left: usize,
}

/// Appends numbers.
pub(super) fn write_numbers(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

/// Appends bytes with their number before them.
pub(super) fn write_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    write_numbers(out, &[bytes.len() as u64]);
    out.extend_from_slice(bytes);
}

/// Reads values from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], TooShort> {
        let (taken, rest) =
            self.rest.split_at_checked(count).ok_or(TooShort { wanted: count, left: self.rest.len() })?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next 8 bytes as a number.
    pub fn u64(&mut self) -> Result<u64, TooShort> {
        let (bytes, rest) = self.rest.split_first_chunk::<8>().ok_or(TooShort { wanted: 8, left: self.rest.len() })?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// The next 8 bytes as a fraction.
    pub fn f64(&mut self) -> Result<f64, TooShort> {
        self.u64().map(f64::from_bits)
    }

    /// The next bytes, as many as a number before them says: what [`write_sized`] wrote.
    pub fn sized(&mut self) -> Result<&'a [u8], TooShort> {
        let count = self.u64()?;
        self.take(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, TooShort> {
        let (&byte, rest) = self.rest.split_first().ok_or(TooShort { wanted: 1, left: 0 })?;
        self.rest = rest;
        Ok(byte)
    }
}
