//! One failure that many callers must hear of.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::{AppendError, StoreError};

/// An append error that can be told more than once.
pub(super) struct SharedFailure {
    unknown: bool,
    cause: Arc<StoreError>,
}

impl SharedFailure {
    /// `None` where the failure is one command's own.
    pub(super) fn of(error: AppendError) -> Result<Self, AppendError> {
        match error {
            AppendError::Unknown(cause) => Ok(Self {
                unknown: true,
                cause: Arc::new(cause),
            }),
            AppendError::NotStored(cause) => Ok(Self {
                unknown: false,
                cause: Arc::new(cause),
            }),
            own @ (AppendError::Conflict
            | AppendError::Duplicate(_)
            | AppendError::CommandIdReused
            | AppendError::Rejected { .. }) => Err(own),
        }
    }

    /// The failure as one caller hears it.
    pub(super) fn told(&self) -> AppendError {
        let attempted = "appending events";
        let cause = Box::new(Heard(Arc::clone(&self.cause)));
        let error = if matches!(*self.cause, StoreError::LogMoved) {
            StoreError::LogMoved
        } else if self.cause.is_transient() {
            StoreError::Unavailable { attempted, cause }
        } else {
            StoreError::Refused { attempted, cause }
        };
        if self.unknown {
            AppendError::Unknown(error)
        } else {
            AppendError::NotStored(error)
        }
    }
}

/// The shared cause, as an error of its own.
#[derive(Debug)]
struct Heard(Arc<StoreError>);

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for Heard {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
