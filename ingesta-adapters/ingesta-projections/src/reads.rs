//! Which parts of an event a projection looks at, so that a rebuild copies no others.

/// The parts of a `RecordedEvent` that a projection looks at, beside those that every one is
/// given: stream, sequence, type, version and payload.
///
/// A follower is given whole events all the same. In a rebuild, parts that are not named here are
/// left out: metadata is `{}`, the position is `Position::START`, the time is absent.
///
/// ```
/// use ingesta_projections::Reads;
///
/// let dated = Reads::PAYLOAD.and_recorded_at();
/// assert!(dated.recorded_at() && !dated.metadata());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    metadata: bool,
    position: bool,
    recorded_at: bool,
}

impl Reads {
    /// Everything.
    pub const ALL: Self = Self {
        metadata: true,
        position: true,
        recorded_at: true,
    };

    /// Nothing beside what every projection is given.
    pub const PAYLOAD: Self = Self {
        metadata: false,
        position: false,
        recorded_at: false,
    };

    /// The metadata too.
    #[must_use]
    pub const fn and_metadata(mut self) -> Self {
        self.metadata = true;
        self
    }

    /// The place in the log too.
    #[must_use]
    pub const fn and_position(mut self) -> Self {
        self.position = true;
        self
    }

    /// The time of recording too.
    #[must_use]
    pub const fn and_recorded_at(mut self) -> Self {
        self.recorded_at = true;
        self
    }

    /// True if metadata is looked at.
    #[must_use]
    pub const fn metadata(self) -> bool {
        self.metadata
    }

    /// True if the place in the log is looked at.
    #[must_use]
    pub const fn position(self) -> bool {
        self.position
    }

    /// True if the time of recording is looked at.
    #[must_use]
    pub const fn recorded_at(self) -> bool {
        self.recorded_at
    }

    /// What either looks at.
    pub(crate) const fn or(self, other: Self) -> Self {
        Self {
            metadata: self.metadata || other.metadata,
            position: self.position || other.position,
            recorded_at: self.recorded_at || other.recorded_at,
        }
    }
}
