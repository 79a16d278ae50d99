//! From serde to Avro bytes, without anything in between.
//!
//! Promises: what is appended is one whole value of the schema, or nothing. A value may be plain
//! where the schema allows null. It refuses what would lose something (a long for an int, a double
//! for a float) and unions of more than null and one type, where it would have to guess.

mod compound;
mod error;
mod serializer;

use serde::Serialize;

use super::Node;

pub use error::{EncodeError, Unfit};

/// Appends a value.
pub(super) fn encode<T: Serialize + ?Sized>(
    node: &Node,
    value: &T,
    bytes: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let before = bytes.len();
    let encoded = value.serialize(serializer::Encoder { node, bytes });
    if encoded.is_err() {
        bytes.truncate(before);
    }
    encoded
}

/// A long: zigzag, then seven bits a byte.
fn write_long(value: i64, bytes: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

/// A length, a count or the number of a branch. Memory ends long before a long does.
fn write_length(length: usize, bytes: &mut Vec<u8>) {
    write_long(i64::try_from(length).unwrap_or(i64::MAX), bytes);
}

fn write_chars(chars: &[u8], bytes: &mut Vec<u8>) {
    write_length(chars.len(), bytes);
    bytes.extend_from_slice(chars);
}
