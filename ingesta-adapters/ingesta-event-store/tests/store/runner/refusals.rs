//! What the runner makes of a database that refuses: data is one event's fault, the work is nobody's.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};

use super::*;

#[tokio::test]
async fn data_that_the_database_refuses_parks_the_event_that_brought_it() {
    let (store, recorder) = place();
    // The whole page is refused, and then the first event by itself.
    store.faults().fail_commit(refused("22003"));
    store.faults().fail_commit(refused("22003"));
    for id in ["bad", "good", "bad", "good"] {
        happens(&store, id).await;
    }
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    assert_eq!(
        (recorder.stored("bad"), recorder.stored("good")),
        (vec![], vec![1, 2])
    );
    let parked = store.parked(NAME).await.unwrap().remove(0);
    assert_eq!((parked.stream, parked.sequence), (thing("bad"), 1));
    assert_eq!(parked.reason.code, "refused");
    assert!(parked.reason.message.contains("22003") && !parked.reason.message.contains("quoted"));
    run.ends().await;
}

#[tokio::test]
async fn a_missing_table_is_nobodys_fault_in_the_log() {
    let (store, recorder) = place();
    store.faults().fail_commit(refused("42P01"));
    happens(&store, "a").await;
    let recheck = Duration::from_millis(50);
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            recheck,
            ..options()
        },
    );
    run.becomes("stopped", |s| matches!(s, RunnerStatus::Stopped { .. }))
        .await;
    assert!(
        store.parked(NAME).await.unwrap().is_empty(),
        "nothing is parked for it"
    );
    run.ends_well(&recorder).await;
}

/// A refusal as the driver gives it, quoting a value.
fn refused(sqlstate: &'static str) -> StoreError {
    let cause = sqlx::Error::Database(Box::new(Refusal(sqlstate)));
    StoreError::Refused {
        attempted: "testing",
        cause: Box::new(cause),
    }
}

#[derive(Debug)]
struct Refusal(&'static str);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quoted value is out of range")
    }
}

impl Error for Refusal {}

impl DatabaseError for Refusal {
    fn message(&self) -> &'static str {
        "a quoted value is out of range"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.0.into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
