//! Why a query was not answered. Nothing here quotes a row or an event.

use ingesta_event_store::{DecodeError, StoreError};
use ingesta_projections::ReadError;

/// A query that was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ConsultaError {
    /// The view has not come as far as was asked for, in the time that a read waits.
    /// *Handling*: ask again in a moment (HTTP 503).
    #[error("{what} has not come as far as was asked for")]
    Atrasada {
        /// The subscription that is behind.
        what: &'static str,
    },
    /// The view could not be read.
    #[error(transparent)]
    Vista(#[from] ReadError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// An event of the stream cannot be read by this program.
    #[error(transparent)]
    Ilegible(#[from] DecodeError),
}
