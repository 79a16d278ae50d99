//! What a driver error means: the one place where SQLSTATEs are read.

use sqlx::postgres::{PgDatabaseError, PgSeverity};

use crate::{AppendError, StoreError};

/// The meaning of an error outside an append: does waiting help, or not.
pub(crate) fn store(attempted: &'static str, error: sqlx::Error) -> StoreError {
    let unavailable = if let sqlx::Error::Database(refusal) = &error {
        refusal
            .try_downcast_ref::<PgDatabaseError>()
            .is_some_and(|refusal| passes(refusal.code()) || ended_session(refusal))
    } else {
        matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        )
    };
    let cause = Box::new(error);
    if unavailable {
        StoreError::Unavailable { attempted, cause }
    } else {
        StoreError::Refused { attempted, cause }
    }
}

/// What an append's failing statement leaves behind.
pub(super) enum Append {
    /// A key was taken: another command, or the same one before.
    Taken,
    /// Rolled back by a rival; the same statement may be sent again.
    Again(StoreError),
    /// Final.
    Ended(AppendError),
}

/// The meaning of an error of the append statement, once it was sent.
pub(super) fn append(error: sqlx::Error) -> Append {
    const ATTEMPTED: &str = "appending events";
    let sqlx::Error::Database(refusal) = &error else {
        // The statement was sent, the answer never came: nobody knows.
        return Append::Ended(AppendError::Unknown(store(ATTEMPTED, error)));
    };
    let Some(refusal) = refusal.try_downcast_ref::<PgDatabaseError>() else {
        return Append::Ended(AppendError::Unknown(store(ATTEMPTED, error)));
    };
    if ended_session(refusal) {
        return Append::Ended(AppendError::Unknown(store(ATTEMPTED, error)));
    }
    // From here on the server says that the statement was undone.
    let code = refusal.code().to_owned();
    match (&code[..2], code.as_str()) {
        (_, "23505") => Append::Taken,
        (_, "40001" | "40P01") => Append::Again(store(ATTEMPTED, error)),
        ("22" | "23" | "54", _) => Append::Ended(AppendError::Rejected { sqlstate: code }),
        _ => Append::Ended(AppendError::NotStored(store(ATTEMPTED, error))),
    }
}

/// The server ended the session: what its last statement did was not told.
fn ended_session(refusal: &PgDatabaseError) -> bool {
    matches!(refusal.severity(), PgSeverity::Fatal | PgSeverity::Panic)
        || refusal.code().starts_with("08")
        || matches!(refusal.code(), "57P01" | "57P02" | "57P03")
}

/// Refusals that pass by themselves or by an operator's hand: full disks, too many connections,
/// cancelled statements, a server that only reads for now.
fn passes(code: &str) -> bool {
    matches!(&code[..2], "53" | "55" | "58")
        || matches!(code, "57014" | "25006" | "40001" | "40P01")
}
