//! `Bytes`: the size of a file.
//!
//! It promises a number greater than zero; the unit is the byte.
//! It does not promise that the file really has that size.

use serde::{Deserialize, Serialize};

/// A size in bytes, at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(i64);

impl Bytes {
    /// Takes a size greater than zero; `None` for everything else.
    ///
    /// ```
    /// use ingesta_domain::valor::Bytes;
    ///
    /// assert_eq!(Bytes::new(31_288).unwrap().get(), 31_288);
    /// assert!(Bytes::new(0).is_none());
    /// ```
    #[must_use]
    pub const fn new(bytes: i64) -> Option<Self> {
        if bytes > 0 { Some(Self(bytes)) } else { None }
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}
