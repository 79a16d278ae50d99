//! The bytes that are left, and the primitives that they begin with.

use super::{DecodeError, Refusal};

/// What is left of a message.
pub(super) struct Input<'de> {
    bytes: &'de [u8],
}

impl<'de> Input<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'de [u8], DecodeError> {
        let split = self.bytes.split_at_checked(count);
        let (taken, rest) = split.ok_or_else(|| DecodeError::new(Refusal::Truncated))?;
        self.bytes = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let split = self.bytes.split_first_chunk();
        let (taken, rest) = split.ok_or_else(|| DecodeError::new(Refusal::Truncated))?;
        self.bytes = rest;
        Ok(*taken)
    }

    pub(super) fn long(&mut self) -> Result<i64, DecodeError> {
        let mut zigzag = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.array()?;
            let bits = u64::from(byte & 0x7f);
            // Of the tenth byte only the lowest bit is within a long.
            if shift == 63 && bits > 1 {
                return Err(DecodeError::new(Refusal::Malformed("a number")));
            }
            zigzag |= bits << shift;
            if byte < 0x80 {
                return Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
            }
        }
        Err(DecodeError::new(Refusal::Malformed("a number")))
    }

    pub(super) fn int(&mut self) -> Result<i32, DecodeError> {
        i32::try_from(self.long()?).map_err(|_| DecodeError::new(Refusal::Malformed("an int")))
    }

    pub(super) fn boolean(&mut self) -> Result<bool, DecodeError> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(DecodeError::new(Refusal::Malformed("a boolean"))),
        }
    }

    /// The number of a branch or of a symbol, of `count`.
    pub(super) fn choice(&mut self, count: usize) -> Result<usize, DecodeError> {
        let choice = usize::try_from(self.long()?).ok();
        choice
            .filter(|choice| *choice < count)
            .ok_or_else(|| DecodeError::new(Refusal::Malformed("a choice")))
    }

    /// A length and so many bytes.
    pub(super) fn sized(&mut self) -> Result<&'de [u8], DecodeError> {
        let length = usize::try_from(self.long()?)
            .map_err(|_| DecodeError::new(Refusal::Malformed("a length")))?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<&'de str, DecodeError> {
        str::from_utf8(self.sized()?).map_err(|_| DecodeError::new(Refusal::NotUtf8))
    }

    /// How many entries the next block has; 0 after the last one.
    pub(super) fn block(&mut self) -> Result<usize, DecodeError> {
        let count = self.long()?;
        if count < 0 {
            // A negative count is followed by the size of the block, for readers that skip it.
            self.long()?;
        }
        let count = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
        // No entry is smaller than a byte, so a count beyond what is left is not true.
        if count > self.left() {
            return Err(DecodeError::new(Refusal::Truncated));
        }
        Ok(count)
    }
}
