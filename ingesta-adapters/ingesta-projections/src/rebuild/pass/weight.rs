//! About how much memory a state takes beside its own size: measured by writing it as JSON and
//! throwing that away.
//!
//! An estimate: the length of the text, and room for each element of a list and each entry of a
//! map. Fields that are not serialised are not seen.

use std::cell::Cell;
use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// What an element of a list takes beside its text.
const ELEMENT: u64 = 16;
/// What an entry of a map takes beside its text.
const ENTRY: u64 = 48;
/// The entries of the outermost object are taken for fields of the state, up to here.
const FIELDS_MAX: u64 = 64;

/// Bytes on the heap, about.
pub(super) fn weight(state: &impl Serialize) -> u64 {
    let slots = Slots::default();
    let mut text = Length(0);
    let mut serializer = Serializer::with_formatter(&mut text, &slots);
    // One that cannot be written is found when it is written; so far it weighs what was seen.
    let _ = state.serialize(&mut serializer);
    let fields = slots.fields.get().saturating_sub(FIELDS_MAX);
    text.0 + ELEMENT * slots.elements.get() + ENTRY * (slots.entries.get() + fields)
}

struct Length(u64);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Slots {
    depth: Cell<u32>,
    fields: Cell<u64>,
    entries: Cell<u64>,
    elements: Cell<u64>,
}

impl Formatter for &Slots {
    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.depth.set(self.depth.get() - 1);
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        self.elements.set(self.elements.get() + 1);
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.depth.set(self.depth.get() + 1);
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.depth.set(self.depth.get() - 1);
        Ok(())
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, _: bool) -> io::Result<()> {
        let counted = if self.depth.get() == 1 {
            &self.fields
        } else {
            &self.entries
        };
        counted.set(counted.get() + 1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_lists_and_maps_weigh_what_they_take_or_a_little_more() {
        assert!(weight(&serde_json::json!({"a": 1, "b": "two"})) < 20);
        assert!(weight(&"x".repeat(1_000)) >= 1_000);
        let list = weight(&vec![0_u64; 1_000]);
        assert!((16_000..20_000).contains(&list), "{list}");
        let map: std::collections::BTreeMap<u32, u8> = (0..1_000).map(|n| (n, 0)).collect();
        assert!((45_000..60_000).contains(&weight(&map)));
    }
}
