//! Why a rebuild, a verification or the mending of a row did not come to its end. What a rebuild had
//! done so far is kept, and the same call goes on from there, unless the variant says otherwise;
//! the others begin anew.
//!
//! Nothing here quotes an event, a row or a key.

use chrono::{DateTime, Utc};
use ingesta_event_store::StoreError;

use crate::RowError;

/// What ended a rebuild.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database did not answer, or refused. *Handling*: run it again; it goes on where it
    /// stopped.
    #[error("the fold of the log was interrupted")]
    Store(#[from] StoreError),
    /// Somebody else does the same with this projection now. *Handling*: let them finish; one
    /// that was killed is taken over when its lease has run out.
    #[error(
        "another {work} of projection {projection} is under way: {owner} has its lease until {until}"
    )]
    Running {
        /// `rebuild` or `verification`.
        work: &'static str,
        /// Which projection.
        projection: String,
        /// Who holds the lease.
        owner: String,
        /// When it runs out if it is not renewed, on the database's clock.
        until: DateTime<Utc>,
    },
    /// The lease of this call ran out and was taken, or its rows were removed by somebody.
    #[error("somebody else took projection {projection} over meanwhile")]
    TakenOver {
        /// Which projection.
        projection: String,
    },
    /// It was told to stop ([`crate::Rebuild::stopped_by`]). *Handling*: run it again; a rebuild
    /// goes on where it stopped.
    #[error("it was told to stop before it was done")]
    Cancelled,
    /// The database closed the stream of events before its end: what was read is not the log.
    #[error("the log was cut off while it was read: nothing of this pass was written")]
    Truncated,
    /// Events could not be told apart from damage in what the database sent.
    #[error("the log was not sent in the form that was asked for: {what}")]
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// The projection's own code panicked where no event can be blamed, or could not go on.
    #[error("projection {projection} cannot be folded: {message}")]
    Fold {
        /// Which projection.
        projection: String,
        /// One sentence without data.
        message: String,
    },
    /// Too many streams have an event that this program cannot fold: it is the wrong program.
    #[error(
        "projection {projection}: more than {streams} streams hold an event that this program \
         cannot fold, the last one of type {event_type} version {event_version}: it is not the \
         program for this log"
    )]
    CannotRead {
        /// Which projection.
        projection: String,
        /// The limit that was passed.
        streams: usize,
        /// One of the event types.
        event_type: String,
        /// Its version.
        event_version: String,
    },
    /// The memory setting does not hold even one row's worth of progress.
    #[error("{bytes} bytes of memory do not hold a single slice of projection {projection}")]
    Memory {
        /// Which projection.
        projection: String,
        /// The setting.
        bytes: u64,
    },
    /// A row that is stored is not what this program expects.
    #[error(transparent)]
    Row(#[from] RowError),
    /// The follower of the fresh table stopped.
    #[error("projection {projection} could not catch up with the log: {message}")]
    Stopped {
        /// Which projection.
        projection: String,
        /// What the follower said.
        message: String,
    },
    /// Somebody kept the table, or the place of its follower, through every try. *Handling*: end
    /// the long reader and run it again; where the swap was tried, only that is left to do.
    #[error("table {table} was in use through all {tries} tries")]
    TableBusy {
        /// The table.
        table: String,
        /// How often it was tried.
        tries: u32,
    },
    /// The projection has never run on this database, so there is nothing to verify or to mend.
    #[error("projection {projection} has never run on this database")]
    NeverRan {
        /// Which projection.
        projection: String,
    },
    /// The projection has run, and its table is gone: there is nothing to compare a fold with, and
    /// its follower has stopped. *Handling*: rebuild the projection, which makes the table anew.
    #[error("projection {projection} has lost its table {table}, and must be rebuilt")]
    NoTable {
        /// Which projection.
        projection: String,
        /// The table that is missing.
        table: String,
    },
    /// Two projections of one rebuild have the same name or table, or there is none at all.
    #[error("nothing to do: {message}")]
    Unusable {
        /// One sentence.
        message: String,
    },
}
