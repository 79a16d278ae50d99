//! What can go wrong between this process and the store, apart from the domain's own refusals.

use crate::StreamId;

/// A cause that is kept for the log and not shown: drivers quote values in their messages.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer. *Handling*: 503 with Retry-After; it passes or an operator acts.
    #[error("the database is not available while {attempted}")]
    Unavailable {
        /// What was being done.
        attempted: &'static str,
        /// The driver's error.
        #[source]
        cause: Cause,
    },
    /// The database answered with an error that is a bug or a wrong set-up. *Handling*: 500.
    #[error("the database refused while {attempted}")]
    Refused {
        /// What was being done.
        attempted: &'static str,
        /// The driver's error.
        #[source]
        cause: Cause,
    },
    /// The schema is older than this library needs. *Handling*: run the migration.
    #[error("the schema is at version {found}, this program needs {needed}: run `ingesta migrate`")]
    SchemaTooOld {
        /// The version in the database; 0 where there is none.
        found: i32,
        /// The version that is needed.
        needed: i32,
    },
    /// The schema is newer than this library knows. *Handling*: run a newer program.
    #[error(
        "the schema is at version {found}, this program knows {known}: a newer program has migrated it"
    )]
    SchemaTooNew {
        /// The version in the database.
        found: i32,
        /// The newest version that is known.
        known: i32,
    },
    /// A migration that was applied is not the one that this program holds.
    #[error("migration {version} in the database is not the one that this program knows")]
    MigrationChanged {
        /// Which.
        version: i32,
    },
    /// The log broke its promise: an event came without its predecessor. *Handling*: stop, look.
    #[error(
        "the log is out of order: {stream} has sequence {sequence} without its predecessor before it"
    )]
    OrderViolated {
        /// Whose events.
        stream: StreamId,
        /// The sequence that came too early.
        sequence: u64,
    },
    /// The checkpoint belongs to another database cluster, or to a future of this one.
    /// *Handling*: `ingesta subscriptions rebase`, once it is certain that the data is right.
    #[error("subscription {subscription} was kept on another database cluster: rebase it first")]
    ClusterChanged {
        /// Which subscription.
        subscription: String,
    },
    /// The log was written in another database cluster, or in a future of this one. Its order means
    /// nothing here, so nothing is appended to it. *Handling*: as for [`Self::ClusterChanged`].
    #[error(
        "the log was written in another database cluster: stop every writer and run \
         `ingesta subscriptions rebase` first"
    )]
    LogMoved,
    /// The lease is somebody else's now; nothing of this write took place.
    #[error("the lease of subscription {subscription} was lost")]
    LeaseLost {
        /// Which subscription.
        subscription: String,
    },
    /// No such subscription or parked stream.
    #[error("there is no {what}")]
    NotFound {
        /// What was looked for.
        what: String,
    },
    /// Somebody holds a lease that this operation must not run beside.
    #[error("subscription {subscription} is running: stop its servers first")]
    Busy {
        /// Which subscription.
        subscription: String,
    },
    /// The store cannot do this kind of work (an effect in SQL on the in-memory store, say).
    #[error("this store cannot {what}")]
    Unsupported {
        /// What was asked.
        what: &'static str,
    },
}

impl StoreError {
    /// True where waiting may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
