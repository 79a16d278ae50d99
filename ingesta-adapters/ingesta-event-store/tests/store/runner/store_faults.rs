//! What the runner makes of a store that fails: it waits, or stops loudly, and never counts twice.

use super::*;

fn lost() -> StoreError {
    StoreError::LeaseLost {
        subscription: NAME.to_owned(),
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_waited_for() {
    let (store, recorder) = place();
    for _ in 0..10 {
        store.faults().fail_acquire(away());
        store.faults().fail_read(away());
        store.faults().fail_commit(away());
    }
    happens_without_reading(&store).await;
    let run = Run::over(&store, &recorder, options());
    run.ends_well(&recorder).await;
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_not_done_twice() {
    let (store, recorder) = place();
    store.faults().lose_commit_answer(away());
    happens(&store, "a").await;
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    happens(&store, "a").await;
    run.reaches_head().await;
    assert_eq!(
        recorder.stored("a"),
        [1, 2],
        "it looked whether the commit had been stored"
    );
    run.ends().await;
}

#[tokio::test]
async fn event_by_event_each_has_its_own_checkpoint() {
    let (store, recorder) = slow_place();
    recorder
        .panics
        .lock()
        .unwrap()
        .insert(("bad".to_owned(), 1));
    for id in ["first", "bad", "last"] {
        happens(&store, id).await;
    }
    let run = Run::over(&store, &recorder, options());
    // The whole page, which panics, and then the first event by itself; the store goes away before
    // the second.
    recorder.gate.add_permits(2);
    eventually("the second event", async || {
        (recorder.calls() == 3).then_some(())
    })
    .await;
    assert_eq!(recorder.stored("first"), [1]);
    store.faults().fail_commit(away());
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(
        (recorder.stored("first"), recorder.stored("last")),
        (vec![1], vec![1])
    );
    assert_eq!(store.parked(NAME).await.unwrap()[0].stream, thing("bad"));
    run.ends().await;
}

#[tokio::test]
async fn a_retry_in_several_stretches_goes_on_where_it_was_stored() {
    let (store, recorder) = slow_place();
    recorder.poisons("bad", 1);
    for _ in 0..5 {
        happens(&store, "bad").await;
    }
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            batch_max: 2,
            ..options()
        },
    );
    recorder.gate.add_permits(1);
    run.reaches_head().await;
    recorder.heals();
    store.resume(NAME, &thing("bad")).await.unwrap();
    recorder.gate.add_permits(1);
    eventually("the second stretch", async || {
        (recorder.calls() == 3).then_some(())
    })
    .await;
    assert_eq!(recorder.stored("bad"), [1, 2]);
    assert_eq!(store.parked(NAME).await.unwrap()[0].sequence, 3);
    store.faults().fail_commit(away());
    recorder.gate.close();
    eventually("the rest", async || {
        (recorder.stored("bad").len() >= 5).then_some(())
    })
    .await;
    assert_eq!(
        recorder.stored("bad"),
        [1, 2, 3, 4, 5],
        "neither a hole nor a double"
    );
    run.ends().await;
}

#[tokio::test]
async fn a_log_out_of_order_stops_it_loudly_until_it_is_mended() {
    let (store, recorder) = place();
    happens(&store, "a").await;
    let violated = || StoreError::OrderViolated {
        stream: thing("a"),
        sequence: 7,
    };
    store.faults().fail_read(violated());
    let recheck = Duration::from_millis(50);
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            recheck,
            ..options()
        },
    );
    let stopped = violated().to_string();
    run.becomes("stopped", |s| {
        *s == RunnerStatus::Stopped {
            error: stopped.clone(),
        }
    })
    .await;
    run.reaches_head().await;
    run.becomes("the owner again", |s| {
        matches!(s, RunnerStatus::Following { .. })
    })
    .await;
    assert_eq!(recorder.stored("a"), [1]);
    run.ends().await;
}

#[tokio::test]
async fn another_cluster_stops_it_until_it_is_rebased() {
    let (store, recorder) = place();
    happens(&store, "a").await;
    for _ in 0..3 {
        let subscription = NAME.to_owned();
        store
            .faults()
            .fail_acquire(StoreError::ClusterChanged { subscription });
    }
    let recheck = Duration::from_millis(20);
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
    run.ends_well(&recorder).await;
}

#[tokio::test]
async fn a_lease_lost_at_the_commit_begins_another_round() {
    let (store, recorder) = place();
    store.faults().fail_commit(lost());
    happens(&store, "a").await;
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            lease: away_soon(),
            ..options()
        },
    );
    run.reaches_head().await;
    assert_eq!((recorder.stored("a"), recorder.calls()), (vec![1], 2));
    run.ends().await;
}

/// The next round begins after a third of this.
fn away_soon() -> Duration {
    Duration::from_millis(150)
}

/// Appends without loading first, where reads are about to fail.
async fn happens_without_reading(store: &MemoryStorage) {
    let event = NewEvent {
        event_type: "Happened".into(),
        event_version: "1.0".into(),
        payload: "{}".into(),
        metadata: "{}".into(),
    };
    let streams = vec![StreamAppend {
        stream: thing("a"),
        expected_version: 0,
        events: vec![event],
    }];
    store
        .append(Append {
            streams,
            command: None,
        })
        .await
        .unwrap();
}
