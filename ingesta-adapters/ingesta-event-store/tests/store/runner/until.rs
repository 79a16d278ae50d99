//! A runner that goes to a position and ends.

use super::*;

#[tokio::test]
async fn it_ends_exactly_where_it_was_sent() {
    let (store, recorder) = place();
    let mut positions = Vec::new();
    for _ in 0..10 {
        positions.push(happens(&store, "a").await);
    }
    // Every place, with pages that end before it, at it and after it.
    for (sent, batch_max) in [(0, 1), (3, 4), (4, 3), (8, 100), (9, 3)] {
        let runner = Runner::new(
            Arc::new(store.clone()),
            Arc::clone(&recorder) as _,
            RunnerOptions {
                batch_max,
                ..options()
            },
        );
        let handle = runner
            .until(positions[sent])
            .spawn(CancellationToken::new());
        let status = handle.status();
        handle.join().await;
        assert_eq!(*status.borrow(), RunnerStatus::Ended);
        let reached = store.checkpoint(NAME).await.unwrap();
        assert_eq!(reached, Some(positions[sent]), "sent to event {sent}");
        let read: Vec<u64> = (1..).take(sent + 1).collect();
        assert_eq!(recorder.stored("a"), read);
        let kept = store.subscriptions().await.unwrap().remove(0);
        assert!(!kept.running, "the lease was given back");
    }
}

#[tokio::test]
async fn where_it_is_already_it_ends_at_once_and_reads_nothing() {
    let (store, recorder) = place();
    let first = happens(&store, "a").await;
    happens(&store, "a").await;
    for _ in 0..2 {
        let runner = Runner::new(
            Arc::new(store.clone()),
            Arc::clone(&recorder) as _,
            options(),
        );
        let handle = runner.until(first).spawn(CancellationToken::new());
        handle.join().await;
    }
    assert_eq!(recorder.stored("a"), [1]);
    assert_eq!(recorder.calls(), 1);
}

#[tokio::test]
async fn it_waits_for_a_log_that_is_not_that_long_yet() {
    let (store, recorder) = place();
    let first = happens(&store, "a").await;
    let later = Position::new(first.xact() + 2, 0);
    let runner = Runner::new(
        Arc::new(store.clone()),
        Arc::clone(&recorder) as _,
        options(),
    );
    let handle = runner.until(later).spawn(CancellationToken::new());
    reaches_head(&store).await;
    assert_ne!(*handle.status().borrow(), RunnerStatus::Ended);
    // One more may still come before the place, and then no other.
    happens(&store, "a").await;
    handle.join().await;
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(later));
    assert_eq!(recorder.stored("a"), [1, 2]);
}

#[tokio::test]
async fn it_ends_on_a_quiet_log_where_no_event_stands() {
    let (store, recorder) = place();
    let last = happens(&store, "a").await;
    // Where a snapshot of the log ends: behind its last event, before anything that may come.
    let end = Position::new(last.xact() + 1, 0);
    let runner = Runner::new(
        Arc::new(store.clone()),
        Arc::clone(&recorder) as _,
        options(),
    );
    let handle = runner.until(end).spawn(CancellationToken::new());
    let ended = tokio::time::timeout(ingesta_testing::PATIENCE, handle.join());
    assert!(ended.await.is_ok(), "nothing will ever come there");
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(end));
    assert_eq!(recorder.stored("a"), [1]);
}
