//! Why a query was not answered. Nothing here quotes a row or an event.

use ingesta_event_store::{AsOfError, DecodeError, StoreError};
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
    /// Others have read pages all the time that a read waits.
    /// *Handling*: ask again in a moment (HTTP 503).
    #[error("pages are being read all the time")]
    Ocupada,
    /// The view could not be read.
    #[error(transparent)]
    Vista(#[from] ReadError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] StoreError),
    /// It is known and was not there yet at the moment that was asked for.
    #[error("it did not exist yet")]
    AunNoExistia,
    /// The log does not answer for that moment.
    #[error(transparent)]
    Pasado(#[from] AsOfError),
    /// An event of the stream cannot be read by this program.
    #[error(transparent)]
    Ilegible(#[from] DecodeError),
}
