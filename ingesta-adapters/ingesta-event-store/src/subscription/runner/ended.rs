//! Why a runner's ownership of its subscription came to an end.
//!
//! Steps hand it upwards with `?`; only the runner itself decides what to do about it.

use crate::StoreError;

#[derive(Debug)]
pub(super) enum Ended {
    /// The token was cancelled.
    Shutdown,
    /// The subscription is where it was to be taken.
    Arrived,
    /// Somebody else holds the lease.
    Elsewhere,
    /// The store refused or did not answer. Everything known is forgotten, because what was being
    /// committed may have been stored: the next acquiring reads what is true.
    Failed(StoreError),
    /// The subscriber panicked where no event can be blamed.
    Panicked,
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
