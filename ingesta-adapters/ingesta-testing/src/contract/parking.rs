//! What parked streams promise: they are kept with their reason, become due again, and an
//! operator's word is not undone by a retry that it met.

use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease, Park, Unpark};
use ingesta_event_store::{Position, Storage, StoreError, StreamId};

use super::sample::{LONG, acquired, commit, park, parked_one, stream};

async fn parks(storage: &dyn Storage, lease: &Lease, park: Park) {
    commit(
        storage,
        lease,
        Commit {
            park: vec![park],
            ..Commit::default()
        },
    )
    .await;
}

async fn unparks(storage: &dyn Storage, lease: &Lease, stream: &StreamId, next: Option<u64>) {
    let unpark = vec![Unpark {
        stream: stream.clone(),
        next,
    }];
    commit(
        storage,
        lease,
        Commit {
            unpark,
            ..Commit::default()
        },
    )
    .await;
}

pub(super) async fn a_parked_stream_is_shown_as_it_was_parked(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "shown").await, stream("shown"));
    let expected = park(&stream, 4, Some(LONG));
    parks(storage, &lease, expected.clone()).await;
    let shown = parked_one(storage, "shown").await;
    assert_eq!((shown.stream, shown.sequence), (stream, 4));
    assert_eq!(
        (shown.position, shown.reason),
        (expected.position, expected.reason)
    );
    assert_eq!(shown.attempts, 1);
    assert!(
        shown.retry_at.is_some_and(|at| at > shown.parked_at),
        "it is tried again later"
    );
    assert!(!shown.due, "and not now");
    let other = storage
        .parked("exclusive")
        .await
        .expect("the store answers");
    assert!(
        other.is_empty(),
        "another subscription has nothing to do with it"
    );
}

pub(super) async fn parking_again_keeps_the_time_and_counts(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "again").await, stream("again"));
    parks(storage, &lease, park(&stream, 4, Some(Duration::ZERO))).await;
    let first = parked_one(storage, "again").await;
    assert!(first.due, "a pause of nothing is over at once");
    let again = Park {
        attempts: 2,
        ..park(&stream, 4, Some(LONG))
    };
    parks(storage, &lease, again).await;
    let second = parked_one(storage, "again").await;
    assert_eq!((second.attempts, second.due), (2, false));
    assert_eq!(
        second.parked_at, first.parked_at,
        "it has been parked since the first time"
    );
}

pub(super) async fn a_pause_without_end_waits_for_resume(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "resume").await, stream("resume"));
    parks(
        storage,
        &lease,
        Park {
            attempts: 10,
            ..park(&stream, 4, None)
        },
    )
    .await;
    let waiting = parked_one(storage, "resume").await;
    assert_eq!(
        (waiting.retry_at, waiting.due),
        (None, false),
        "it waits for an operator"
    );
    storage
        .resume("resume", &stream)
        .await
        .expect("it is parked");
    let due = parked_one(storage, "resume").await;
    assert_eq!(
        (due.sequence, due.due),
        (4, true),
        "the failed event is due"
    );
}

pub(super) async fn skip_passes_over_one_event(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "skip").await, stream("skip"));
    parks(storage, &lease, park(&stream, 4, None)).await;
    storage
        .skip("skip", &stream, 4)
        .await
        .expect("it is parked");
    let due = parked_one(storage, "skip").await;
    assert_eq!(
        (due.sequence, due.due),
        (5, true),
        "the events behind the failed one are due"
    );
    for sequence in [4, 5] {
        let again = storage.skip("skip", &stream, sequence).await;
        assert!(
            matches!(again, Err(StoreError::NotFound { .. })),
            "event {sequence} has not failed (any more): {again:?}"
        );
    }
    assert_eq!(parked_one(storage, "skip").await.sequence, 5);
}

pub(super) async fn a_skip_is_not_undone_by_the_retry_it_met(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "met").await, stream("met"));
    parks(storage, &lease, park(&stream, 4, None)).await;
    storage.skip("met", &stream, 4).await.expect("it is parked");
    // The runner had begun to try event 4 before the operator passed over it, and failed again.
    parks(
        storage,
        &lease,
        Park {
            attempts: 2,
            ..park(&stream, 4, None)
        },
    )
    .await;
    let due = parked_one(storage, "met").await;
    assert_eq!(
        (due.sequence, due.due),
        (5, true),
        "the operator's word stands"
    );
}

pub(super) async fn a_stream_that_moved_on_is_due_from_there(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "moved").await, stream("moved"));
    parks(storage, &lease, park(&stream, 4, None)).await;
    unparks(storage, &lease, &stream, Some(8)).await;
    let moved = parked_one(storage, "moved").await;
    assert_eq!(
        (moved.sequence, moved.due),
        (8, true),
        "the next event is due"
    );
    unparks(storage, &lease, &stream, Some(6)).await;
    let moved = parked_one(storage, "moved").await;
    assert_eq!(moved.sequence, 8, "a parked stream does not go back");
}

pub(super) async fn a_stream_that_caught_up_is_parked_no_more(storage: &dyn Storage) {
    let (lease, stream) = (acquired(storage, "caught-up").await, stream("caught-up"));
    parks(storage, &lease, park(&stream, 4, None)).await;
    unparks(storage, &lease, &stream, None).await;
    assert!(
        storage
            .parked("caught-up")
            .await
            .expect("the store answers")
            .is_empty()
    );
    let checkpoint = storage
        .checkpoint("caught-up")
        .await
        .expect("the store answers");
    assert_eq!(
        checkpoint,
        Some(Position::START),
        "parking does not move the checkpoint"
    );
    parks(storage, &lease, park(&stream, 2, None)).await;
    assert_eq!(
        parked_one(storage, "caught-up").await.sequence,
        2,
        "it can be parked anew"
    );
}

pub(super) async fn what_is_not_parked_cannot_be_resumed_or_skipped(storage: &dyn Storage) {
    let _lease = acquired(storage, "not-parked").await;
    for name in ["not-parked", "never ran"] {
        let resumed = storage.resume(name, &stream("not-parked")).await;
        assert!(
            matches!(resumed, Err(StoreError::NotFound { .. })),
            "{resumed:?}"
        );
        let skipped = storage.skip(name, &stream("not-parked"), 1).await;
        assert!(
            matches!(skipped, Err(StoreError::NotFound { .. })),
            "{skipped:?}"
        );
    }
}
