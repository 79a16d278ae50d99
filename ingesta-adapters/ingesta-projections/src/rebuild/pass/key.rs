//! The key of a row in memory: short ones stand beside the row itself, where finding them costs
//! nothing more. Ids are short.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

const SHORT: usize = 38;

/// A text, looked up and compared by its bytes: their order is that of the text.
pub(super) enum Key {
    Short(u8, [u8; SHORT]),
    Long(Box<[u8]>),
}

impl Key {
    pub(super) fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        match u8::try_from(bytes.len()) {
            Ok(length) if bytes.len() <= SHORT => {
                let mut short = [0; SHORT];
                short[..bytes.len()].copy_from_slice(bytes);
                Self::Short(length, short)
            }
            Ok(_) | Err(_) => Self::Long(bytes.into()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Short(length, bytes) => &bytes[..usize::from(*length)],
            Self::Long(bytes) => bytes,
        }
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).expect("made of a text")
    }

    /// What it takes beside its own size.
    pub(super) fn heap(&self) -> u64 {
        match self {
            Self::Short(..) => 0,
            Self::Long(bytes) => 16 + bytes.len() as u64,
        }
    }
}

impl Borrow<[u8]> for Key {
    fn borrow(&self) -> &[u8] {
        self.bytes()
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_its_text_however_long() {
        assert_eq!(size_of::<Key>(), 40);
        for length in [0, 1, SHORT - 1, SHORT, SHORT + 1, 255, 256, 2_600] {
            let text = "k".repeat(length);
            let key = Key::new(&text);
            assert_eq!(key.text(), text);
            assert_eq!(matches!(key, Key::Long(_)), length > SHORT);
            assert_eq!(key.heap() > 0, length > SHORT);
        }
    }
}
