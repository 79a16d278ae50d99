//! A pass that did not see the whole log in its order is an error, never a shorter view.

use std::sync::{Arc, Condvar, Mutex};

use ingesta_event_store::{
    CodecError, DecodeError, FieldError, RecordedEvent, StoreError, TypeFilter,
};
use ingesta_testing::eventually;

use super::super::{Folds, folds, pass};
use super::log::{Log, Stored};
use super::{ROOMY, job, rebuilt};
use crate::rebuild::RebuildError;
use crate::rebuild::progress::Progress;
use crate::{Change, Projection, ProjectionError, TableName};

type Rule = dyn Fn(&RecordedEvent) -> Result<Change, ProjectionError> + Send + Sync;

/// Counts events; the rule comes first.
struct Counting(TableName, Box<Rule>);

fn counting(
    rule: impl Fn(&RecordedEvent) -> Result<Change, ProjectionError> + Send + Sync + 'static,
) -> Arc<dyn Folds> {
    folds(Arc::new(Counting(
        TableName::new("t").unwrap(),
        Box::new(rule),
    )))
}

impl Projection for Counting {
    type State = u64;

    fn name(&self) -> &str {
        "counting"
    }

    fn table(&self) -> &TableName {
        &self.0
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        Ok(vec![event.stream.aggregate_id.clone()])
    }

    fn apply(
        &self,
        _: &str,
        count: &mut u64,
        event: &RecordedEvent,
    ) -> Result<Change, ProjectionError> {
        *count += 1;
        (self.1)(event)
    }
}

/// Holds workers back until the test has done its deed.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, bool)>,
    moved: Condvar,
}

impl Gate {
    fn arrive(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 = true;
        let _open = self.moved.wait_while(state, |(_, open)| !*open).unwrap();
    }

    fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.moved.notify_all();
    }
}

#[tokio::test]
async fn a_backend_killed_while_it_copies_is_an_error() {
    let large = format!("\"{}\"", "x".repeat(4_000));
    let events: Vec<_> = (0..20_000)
        .map(|n| Stored::new(("card", &n.to_string()), 1, &large))
        .collect();
    let log = Log::of(&events).await;
    let (upto, gate) = (log.upto().await, Arc::new(Gate::default()));
    let held = Arc::clone(&gate);
    let all = [counting(move |_| {
        held.arrive();
        Ok(Change::Keep)
    })];
    let (sessions, progress) = (log.sessions(), Progress::new());
    let jobs = vec![job(&all[0])];
    let passing = tokio::spawn(async move {
        pass(&sessions, upto, jobs, ROOMY, &progress)
            .await
            .map(|_| ())
    });
    eventually("a worker at the gate", async || {
        gate.state.lock().unwrap().0.then_some(())
    })
    .await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                 where datname = current_database() and query like 'copy (%' and state = 'active'";
    let killed: i64 = sqlx::query_scalar(kill)
        .fetch_one(log.database.pool())
        .await
        .unwrap();
    gate.open();
    assert_eq!(killed, 1, "it was still copying");
    let answer = passing.await.unwrap();
    assert!(
        matches!(
            answer,
            Err(RebuildError::Store(StoreError::Unavailable { .. }))
        ),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_event_without_its_predecessor_before_it_is_an_error() {
    let all = [counting(|_| Ok(Change::Keep))];
    let event = |id, sequence| Stored::new(("card", id), sequence, "1");
    for (place, broken) in [
        [event("a", 1), event("a", 3), event("a", 4)],
        [event("a", 2), event("a", 1), event("b", 1)],
        [event("b", 2), event("a", 1), event("a", 2)],
    ]
    .into_iter()
    .enumerate()
    {
        let log = Log::of(&broken).await;
        let answer = rebuilt(&log, &all, ROOMY).await.map(|_| ());
        let out_of_order = matches!(
            answer,
            Err(RebuildError::Store(StoreError::OrderViolated { .. }))
        );
        assert!(out_of_order, "{place}: {answer:?}");
        // Adopted events may have holes. They never stand before one of their stream's past.
        log.sql("update events set recorded_at = null").await;
        let adopted = rebuilt(&log, &all, ROOMY).await;
        assert_eq!(adopted.is_ok(), place != 1, "{place}, adopted");
    }
}

#[tokio::test]
async fn a_key_that_is_away_blames_no_event() {
    let log = Log::of(&[Stored::new(("card", "a"), 1, "1")]).await;
    let away = counting(|event| {
        Err(ProjectionError::Undecodable(DecodeError {
            stream: event.stream.clone(),
            sequence: event.sequence,
            event_type: event.event_type.clone(),
            event_version: event.event_version.clone(),
            position: event.position,
            cause: CodecError::Field(FieldError::KeyUnavailable),
        }))
    });
    let answer = rebuilt(&log, &[away], ROOMY).await.map(|_| ());
    assert!(
        matches!(answer, Err(RebuildError::Fold { .. })),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_program_that_can_read_nothing_is_told_so_early() {
    let events: Vec<_> = (0..30_000)
        .map(|n| Stored::new(("card", &n.to_string()), 1, "\"secret\""))
        .collect();
    let log = Log::of(&events).await;
    let refusing = counting(|_| Err(ProjectionError::refused("never", "not today")));
    let jobs = vec![job(&refusing)];
    let upto = log.upto().await;
    let folded = pass(&log.sessions(), upto, jobs, ROOMY, &Progress::new()).await;
    // Failures on rows that other streams may feed are told one after the other.
    assert_eq!(folded.unwrap()[0].found.certain.len(), 1);
    let keyless = folds(Arc::new(Keyless(TableName::new("t").unwrap())));
    let folded = pass(
        &log.sessions(),
        upto,
        vec![job(&keyless)],
        ROOMY,
        &Progress::new(),
    )
    .await;
    let failed = folded.unwrap().remove(0).found.certain;
    assert!((10_001..30_000).contains(&failed.len()), "{}", failed.len());
    let told = failed
        .iter()
        .map(|f| format!("{} {}", f.reason.code, f.reason.message));
    assert!(told.into_iter().all(|told| !told.contains("secret")));
}

/// Places no event.
struct Keyless(TableName);

impl Projection for Keyless {
    type State = u64;

    fn name(&self) -> &str {
        "keyless"
    }

    fn table(&self) -> &TableName {
        &self.0
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::All
    }

    fn keys(&self, event: &RecordedEvent) -> Result<Vec<String>, ProjectionError> {
        panic!("{}", event.payload)
    }

    fn apply(&self, _: &str, _: &mut u64, _: &RecordedEvent) -> Result<Change, ProjectionError> {
        Ok(Change::Keep)
    }
}
