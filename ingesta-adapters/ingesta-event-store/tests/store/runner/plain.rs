//! A runner whose store works: order, what is passed over, what is away, and its end.

use std::collections::HashMap;

use super::*;

#[tokio::test]
async fn every_event_is_stored_once_and_in_order() {
    let (store, recorder) = place();
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            batch_max: 3,
            ..options()
        },
    );
    let mut versions = HashMap::new();
    for n in 0..100_u64 {
        let id = format!("{}", n * n % 7);
        happens(&store, &id).await;
        happens_to(&store, StreamId::new("other", id.clone())).await;
        *versions.entry(id).or_insert(0_u64) += 1;
    }
    run.reaches_head().await;
    for (id, version) in versions {
        assert_eq!(
            recorder.stored(&id),
            (1..=version).collect::<Vec<_>>(),
            "stream {id}"
        );
    }
    assert_eq!(recorder.starts.load(Ordering::SeqCst), 1);
    run.ends().await;
}

#[tokio::test]
async fn what_it_does_not_want_moves_the_checkpoint() {
    let (store, recorder) = place();
    let run = Run::over(&store, &recorder, options());
    happens_to(&store, StreamId::new("other", "1")).await;
    run.reaches_head().await;
    assert_eq!(
        recorder.calls(),
        0,
        "it was not bothered with events that it does not want"
    );
    run.ends().await;
}

#[tokio::test]
async fn what_needs_something_that_is_away_is_tried_again_and_nothing_is_parked() {
    let (store, recorder) = place();
    recorder.away.store(true, Ordering::SeqCst);
    let run = Run::over(&store, &recorder, options());
    happens(&store, "a").await;
    eventually("several tries", async || {
        (recorder.calls() > 5).then_some(())
    })
    .await;
    assert!(store.parked(NAME).await.unwrap().is_empty());
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(Position::START));
    // The status says so, and nothing that the cause may quote.
    run.becomes(
        "stuck",
        |s| matches!(s, RunnerStatus::Stuck { on, .. } if !on.contains("broker")),
    )
    .await;
    recorder.away.store(false, Ordering::SeqCst);
    run.reaches_head().await;
    run.becomes("the owner", |s| matches!(s, RunnerStatus::Following { .. }))
        .await;
    assert_eq!(recorder.stored("a"), [1]);
    assert!(store.parked(NAME).await.unwrap().is_empty());
    run.ends().await;
}

#[tokio::test]
async fn shutdown_ends_the_step_gives_back_the_lease_and_says_so() {
    let (store, recorder, run) = under_way(options()).await;
    run.shutdown.cancel();
    recorder.gate.add_permits(1);
    let status = run.handle.status();
    run.handle.join().await;
    assert_eq!(recorder.stored("a"), [1], "the step was finished");
    assert_eq!(*status.borrow(), RunnerStatus::Ended);
    let kept = store.subscriptions().await.unwrap().remove(0);
    assert_eq!(
        (kept.owner, kept.running),
        (None, false),
        "the lease was given back"
    );
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let (store, recorder, run) = under_way(RunnerOptions {
        shutdown_grace: Duration::from_millis(1),
        ..options()
    })
    .await;
    run.ends().await;
    assert!(
        recorder.stored("a").is_empty(),
        "an abandoned step stores nothing"
    );
    let kept = store.subscriptions().await.unwrap().remove(0);
    assert_eq!(kept.owner, None, "the lease was given back all the same");
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(Position::START));
}
