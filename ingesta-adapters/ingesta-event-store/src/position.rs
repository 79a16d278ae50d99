//! Where in the log: the pair (transaction id, identity), and its opaque spelling.
//!
//! A position is compared as a pair, never as one number: a later transaction may hold a smaller
//! identity, so neither half alone says what has been read. It is a place in *one* database
//! cluster; after a restore into another one it means nothing until it is rebased.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place in the ordered log. Greater means later in the log's order.
///
/// Its text form is the consistency token that clients carry. Treat the text as opaque.
///
/// ```
/// use ingesta_event_store::Position;
///
/// let early = Position::new(807, 5);
/// let late = Position::new(808, 4);
/// assert!(early < late, "the transaction decides first, not the identity");
/// assert_eq!("807-5".parse::<Position>()?, early);
/// assert!("807".parse::<Position>().is_err());
/// # Ok::<(), ingesta_event_store::InvalidPosition>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    xact: u64,
    identity: i64,
}

impl Position {
    /// Before every event.
    pub const START: Self = Self {
        xact: 0,
        identity: 0,
    };

    /// The position of the event that transaction `xact` wrote with identity `identity`.
    #[must_use]
    pub const fn new(xact: u64, identity: i64) -> Self {
        Self { xact, identity }
    }

    /// The id of the transaction that wrote the event.
    #[must_use]
    pub const fn xact(self) -> u64 {
        self.xact
    }

    /// The identity of the event, unique in its table.
    #[must_use]
    pub const fn identity(self) -> i64 {
        self.identity
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.xact, self.identity)
    }
}

/// The text is not a position that this library has written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a log position: expected the token of an earlier answer, unchanged")]
pub struct InvalidPosition;

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (xact, identity) = text.split_once('-').ok_or(InvalidPosition)?;
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(xact) || !digits(identity) {
            return Err(InvalidPosition);
        }
        Ok(Self {
            xact: xact.parse().map_err(|_| InvalidPosition)?,
            identity: identity.parse().map_err(|_| InvalidPosition)?,
        })
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
