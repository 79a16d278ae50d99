//! How long a topic keeps what it has, and by which clock.

/// What becomes of old messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// They go when they are older than the retention.
    Delete,
    /// The newest message of each key stays for ever.
    Compact,
    /// The newest message of each key stays for as long as the retention says.
    CompactAndDelete,
}

impl Cleanup {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Compact => "compact",
            Self::CompactAndDelete => "compact,delete",
        }
    }
}

/// Which time a message is kept and looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// When the broker took it. What is published late is kept as long as anything else, and no
    /// clock but the broker's can have a message refused.
    Published,
    /// As the message says. What is published later than the retention goes at once.
    Given,
}

impl Timestamps {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Published => "LogAppendTime",
            Self::Given => "CreateTime",
        }
    }
}
