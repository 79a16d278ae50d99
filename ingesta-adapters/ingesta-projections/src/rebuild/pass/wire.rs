//! From the chunks of a `COPY .. TO STDOUT (FORMAT binary)` to batches of whole rows.
//!
//! Strict: the header, the number of fields of every row and the trailer must be as they were
//! asked for, and nothing may follow the trailer. Everything else is an error, never a shorter
//! log. Where the chunks are cut does not matter. It does not look into the fields.

use std::sync::{Arc, Mutex, PoisonError};

use crate::rebuild::RebuildError;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
/// The signature, four bytes of flags and the length of an extension: both are always zero.
const HEADER: usize = SIGNATURE.len() + 8;

/// A batch is handed on when it has this many rows,
const ROWS: usize = 512;
/// or this many bytes.
const BYTES: usize = 256 * 1024;

/// Memory of batches that are done, for the next ones.
type Spare = Arc<Mutex<Vec<(Vec<u8>, Vec<usize>)>>>;

/// Whole rows, as they came.
#[derive(Default)]
pub(super) struct Batch {
    data: Vec<u8>,
    ends: Vec<usize>,
    spare: Spare,
}

impl Drop for Batch {
    fn drop(&mut self) {
        // One that had to hold a very large row is given back for good.
        if self.data.capacity() <= 2 * BYTES {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            self.data.clear();
            self.ends.clear();
            spare.push((
                std::mem::take(&mut self.data),
                std::mem::take(&mut self.ends),
            ));
        }
    }
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The rows: the fields of each, without their number.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let rows = starts.zip(&self.ends);
        rows.map(|(start, end)| &self.data[start + 2..*end])
    }
}

pub(super) struct Splitter {
    fields: u16,
    headed: bool,
    ended: bool,
    batch: Batch,
}

fn malformed(what: &'static str) -> RebuildError {
    RebuildError::Malformed { what }
}

/// A big-endian number at this place, if so much has come.
fn number<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..at + N)?.try_into().ok()
}

impl Splitter {
    /// For rows of this many fields.
    pub(super) fn new(fields: u16) -> Self {
        Self {
            fields,
            headed: false,
            ended: false,
            batch: Batch::default(),
        }
    }

    /// Takes in what came.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), RebuildError> {
        if self.ended && !chunk.is_empty() {
            return Err(malformed("nothing after the trailer"));
        }
        self.batch.data.extend_from_slice(chunk);
        if !self.headed {
            if self.batch.data.len() < HEADER {
                return Ok(());
            }
            let (signature, zeros) = self.batch.data[..HEADER].split_at(SIGNATURE.len());
            if signature != SIGNATURE || zeros != [0; 8] {
                return Err(malformed("the header of the binary format"));
            }
            self.batch.data.drain(..HEADER);
            self.headed = true;
        }
        self.walk()
    }

    /// True if it is worth while to take the batch.
    pub(super) fn full(&self) -> bool {
        self.batch.len() >= ROWS || self.whole() >= BYTES
    }

    /// The whole rows so far.
    pub(super) fn take(&mut self) -> Batch {
        let spare = Arc::clone(&self.batch.spare);
        let again = spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (mut data, ends) = again.unwrap_or_default();
        let whole = self.whole();
        data.extend_from_slice(&self.batch.data[whole..]);
        self.batch.data.truncate(whole);
        let next = Batch { data, ends, spare };
        std::mem::replace(&mut self.batch, next)
    }

    /// The last rows, once the server has said that this was all.
    pub(super) fn end(mut self) -> Result<Batch, RebuildError> {
        if !self.ended {
            return Err(RebuildError::Truncated);
        }
        Ok(self.take())
    }

    fn whole(&self) -> usize {
        self.batch.ends.last().copied().unwrap_or(0)
    }

    /// Finds the ends of the rows that have come as a whole.
    fn walk(&mut self) -> Result<(), RebuildError> {
        while let Some(fields) = number(&self.batch.data, self.whole()) {
            let start = self.whole();
            if i16::from_be_bytes(fields) == -1 {
                if self.batch.data.len() > start + 2 {
                    return Err(malformed("nothing after the trailer"));
                }
                self.batch.data.truncate(start);
                self.ended = true;
                return Ok(());
            }
            if u16::from_be_bytes(fields) != self.fields {
                return Err(malformed("rows of the columns that were asked for"));
            }
            let Some(end) = self.row_end(start + 2)? else {
                return Ok(());
            };
            self.batch.ends.push(end);
        }
        Ok(())
    }

    fn row_end(&self, mut at: usize) -> Result<Option<usize>, RebuildError> {
        for _ in 0..self.fields {
            let Some(length) = number(&self.batch.data, at) else {
                return Ok(None);
            };
            at += 4 + match i32::from_be_bytes(length) {
                -1 => 0,
                length => usize::try_from(length).map_err(|_| malformed("lengths of fields"))?,
            };
        }
        Ok((at <= self.batch.data.len()).then_some(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three rows of two fields, one of them without a value.
    fn sent() -> Vec<u8> {
        let mut data = [SIGNATURE, &[0; 8]].concat();
        for row in [
            [Some("a"), Some("")],
            [None, Some("bcd")],
            [Some("e"), None],
        ] {
            data.extend(2_u16.to_be_bytes());
            for field in row {
                let length = field.map_or(-1, |f| i32::try_from(f.len()).expect("short"));
                data.extend(length.to_be_bytes());
                data.extend(field.unwrap_or_default().as_bytes());
            }
        }
        data.extend((-1_i16).to_be_bytes());
        data
    }

    fn split(chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, RebuildError> {
        let mut splitter = Splitter::new(2);
        let mut rows = Vec::new();
        for chunk in chunks {
            splitter.push(chunk)?;
            rows.extend(splitter.take().rows().map(<[u8]>::to_vec));
        }
        rows.extend(splitter.end()?.rows().map(<[u8]>::to_vec));
        Ok(rows)
    }

    #[test]
    fn rows_come_whole_wherever_the_chunks_are_cut() {
        let sent = sent();
        let whole = split(&[&sent]).unwrap();
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[0], b"\0\0\0\x01a\0\0\0\0");
        for cut in 0..sent.len() {
            let (one, two) = sent.split_at(cut);
            assert_eq!(split(&[one, two]).unwrap(), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = sent.chunks(1).collect();
        assert_eq!(split(&bytes).unwrap(), whole);
    }

    #[test]
    fn what_ends_early_is_an_error_at_every_place() {
        let sent = sent();
        for end in 0..sent.len() {
            let answer = split(&[&sent[..end]]);
            assert!(matches!(answer, Err(RebuildError::Truncated)), "end {end}");
        }
    }

    #[test]
    fn anything_but_the_agreed_form_is_an_error() {
        let refused = |data: &[u8]| {
            let answer = split(&[data]);
            assert!(
                matches!(answer, Err(RebuildError::Malformed { .. })),
                "{data:?}"
            );
        };
        for place in 0..HEADER {
            let mut sent = sent();
            sent[place] ^= 1;
            refused(&sent);
        }
        let mut three = sent();
        three[HEADER + 1] = 3;
        refused(&three);
        let mut negative = sent();
        negative[HEADER + 2..HEADER + 6].copy_from_slice(&(-2_i32).to_be_bytes());
        refused(&negative);
        refused(&[sent(), vec![0]].concat());
        let (sent, more): (Vec<u8>, &[u8]) = (sent(), &[0]);
        assert!(matches!(
            split(&[&sent, more]),
            Err(RebuildError::Malformed { .. })
        ));
    }
}
