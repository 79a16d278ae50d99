//! Tells a database that refuses an event's data from one that refuses the work as such.
//!
//! Data that no repetition makes acceptable (a value out of range, a broken constraint) is one
//! event's fault, and only its stream shall wait. A missing table or a missing right is nobody's
//! fault in the log: parking stream after stream for it would bury the cause.

use crate::StoreError;
use crate::subscription::ParkReason;

/// Why the event is to be parked, if the error is about the data of its effects.
pub(super) fn of_data(error: &StoreError) -> Option<ParkReason> {
    let StoreError::Refused { cause, .. } = error else {
        return None;
    };
    let database = cause.downcast_ref::<sqlx::Error>()?.as_database_error()?;
    let sqlstate = database.code()?;
    // Data exception, integrity constraint violation, raised by a function, program limit.
    let about_data = ["22", "23", "P0", "54"]
        .iter()
        .any(|class| sqlstate.starts_with(class));
    about_data.then(|| ParkReason {
        code: "refused".to_owned(),
        message: format!("the database refused the effects of this event: SQLSTATE {sqlstate}"),
    })
}
