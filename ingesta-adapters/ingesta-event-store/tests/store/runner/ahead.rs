//! The page behind the one in work is read meanwhile, and used only where all went its usual way.
//!
//! What was read ahead shows in what a call is given: events that came later are not among it. The
//! tests run on one thread, so a look ahead has been taken when a call is seen to wait.

use super::*;

fn pairs() -> RunnerOptions {
    RunnerOptions {
        batch_max: 2,
        ..options()
    }
}

async fn call(recorder: &Recorder, number: usize) {
    eventually("a call under way", async || {
        (recorder.calls() == number).then_some(())
    })
    .await;
}

/// Two events, and one behind them that is read ahead while the two are in work.
async fn three_of(store: &MemoryStorage, ids: [&str; 3]) {
    for id in ids {
        happens(store, id).await;
    }
}

#[tokio::test]
async fn the_next_page_is_read_while_one_is_in_work() {
    for (read_ahead_bytes, calls) in [(1_000, 3), (0, 2), (1, 2)] {
        let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
        three_of(&store, ["a", "b", "c"]).await;
        let run = Run::over(
            &store,
            &recorder,
            RunnerOptions {
                read_ahead_bytes,
                ..pairs()
            },
        );
        call(&recorder, 1).await;
        happens(&store, "d").await;
        recorder.gate.close();
        run.reaches_head().await;
        assert_eq!(
            recorder.calls(),
            calls,
            "{read_ahead_bytes} bytes: c is alone where it was read before d came"
        );
        for id in ["a", "b", "c", "d"] {
            assert_eq!(recorder.stored(id), [1]);
        }
        run.ends().await;
    }
}

#[tokio::test]
async fn news_that_came_behind_a_page_read_ahead_are_not_slept_over() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    three_of(&store, ["a", "b", "c"]).await;
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            // Nobody looks at the log without having been told.
            poll: Duration::from_secs(3600),
            lease: Duration::from_secs(7200),
            ..pairs()
        },
    );
    call(&recorder, 1).await;
    happens(&store, "d").await;
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(recorder.stored("d"), [1]);
    run.ends().await;
}

#[tokio::test]
async fn a_page_read_ahead_is_forgotten_where_a_stream_is_parked() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    three_of(&store, ["a", "bad", "c"]).await;
    recorder.poisons("bad", 1);
    let run = Run::over(&store, &recorder, pairs());
    call(&recorder, 1).await;
    happens(&store, "d").await;
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(
        recorder.calls(),
        3,
        "both, then the first without the poisoned one, then c and d in one"
    );
    happens(&store, "bad").await;
    run.reaches_head().await;
    assert!(
        recorder.stored("bad").is_empty(),
        "the second queues behind it"
    );
    recorder.heals();
    store.resume(NAME, &thing("bad")).await.unwrap();
    eventually("the parked stream", async || {
        (recorder.stored("bad") == [1, 2]).then_some(())
    })
    .await;
    run.ends().await;
}

#[tokio::test]
async fn a_page_read_ahead_is_forgotten_where_something_was_away() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    three_of(&store, ["a", "b", "c"]).await;
    recorder.away.store(true, Ordering::SeqCst);
    let run = Run::over(&store, &recorder, pairs());
    call(&recorder, 1).await;
    happens(&store, "d").await;
    recorder.gate.add_permits(1);
    call(&recorder, 2).await;
    recorder.away.store(false, Ordering::SeqCst);
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(recorder.calls(), 3, "c and d came in one");
    run.ends().await;
}

#[tokio::test]
async fn a_look_ahead_that_failed_is_taken_again_in_its_turn() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    for id in ["a", "b", "c", "d", "e"] {
        happens(&store, id).await;
    }
    let run = Run::over(&store, &recorder, pairs());
    call(&recorder, 1).await;
    // The page of c and d is there; this befalls the one behind it.
    store.faults().fail_read(away());
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(recorder.calls(), 3);
    assert_eq!(
        (recorder.stored("e"), recorder.starts.load(Ordering::SeqCst)),
        (vec![1], 1),
        "one ownership all the way"
    );
    run.ends().await;
}

#[tokio::test]
async fn a_page_read_ahead_goes_with_the_lease() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::slow());
    three_of(&store, ["a", "b", "c"]).await;
    let run = Run::over(&store, &recorder, pairs());
    call(&recorder, 1).await;
    let long = Duration::from_secs(3600);
    store.clock().advance(long);
    let other = store.acquire(NAME, "other", long).await.unwrap();
    let other = other.expect("it ran out");
    // The other one does all there is, and gives the lease back.
    let head = store.head().await.unwrap();
    let all_done = ingesta_event_store::subscription::Commit {
        checkpoint: Some(head),
        ..Default::default()
    };
    store.commit(&other, all_done).await.unwrap();
    store.release(&other).await.unwrap();
    happens(&store, "d").await;
    recorder.gate.close();
    run.reaches_head().await;
    let stored = ["a", "b", "c", "d"].map(|id| recorder.stored(id).len());
    assert_eq!(stored, [0, 0, 0, 1], "only what the other one left");
    run.ends().await;
}
