//! An event that fails parks its own stream and no other, until it is tried again or passed over.

use super::*;

/// Events for `bad` (poisoned at its second), `good`, in one page.
async fn poisoned(store: &MemoryStorage, recorder: &Recorder) {
    recorder.poisons("bad", 2);
    for id in ["bad", "good", "bad", "good", "bad", "good"] {
        happens(store, id).await;
    }
}

#[tokio::test]
async fn poison_parks_its_stream_and_its_neighbours_go_on() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    happens(&store, "bad").await;
    happens(&store, "good").await;
    run.reaches_head().await;

    assert_eq!(recorder.stored("good"), [1, 2, 3, 4]);
    assert_eq!(
        recorder.stored("bad"),
        [1],
        "what came before the poison is stored, no more"
    );
    let parked = store.parked(NAME).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!((&parked[0].stream, parked[0].sequence), (&thing("bad"), 2));
    assert_eq!(
        (parked[0].reason.code.as_str(), parked[0].attempts),
        ("poison", 1)
    );
    run.ends().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_catches_up_without_hole_or_double() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            batch_max: 2,
            ..options()
        },
    );
    run.reaches_head().await;
    for _ in 0..5 {
        happens(&store, "bad").await;
    }
    run.reaches_head().await;
    recorder.heals();
    store.resume(NAME, &thing("bad")).await.unwrap();
    // Events that come while it catches up go either way, but each goes one way only.
    let mut last = 8;
    while !store.parked(NAME).await.unwrap().is_empty() || last < 100 {
        happens(&store, "bad").await;
        last += 1;
        tokio::task::yield_now().await;
    }
    run.reaches_head().await;
    assert_eq!(recorder.stored("bad"), (1..=last).collect::<Vec<_>>());
    assert!(store.parked(NAME).await.unwrap().is_empty());
    run.ends().await;
}

#[tokio::test]
async fn a_retry_leaves_to_the_main_flow_what_is_beyond_the_checkpoint() {
    let (store, recorder) = slow_place();
    recorder.poisons("bad", 1);
    happens(&store, "bad").await;
    let parked_poll = Duration::ZERO;
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            parked_poll,
            ..options()
        },
    );
    recorder.gate.add_permits(1);
    run.reaches_head().await;
    recorder.heals();
    // The runner is busy with a neighbour while the parked stream goes on and becomes due: the new
    // event is in the log and not yet below the checkpoint when the stream is tried.
    happens(&store, "good").await;
    eventually("a step under way", async || {
        (recorder.calls() == 2).then_some(())
    })
    .await;
    happens(&store, "bad").await;
    store.resume(NAME, &thing("bad")).await.unwrap();
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(
        recorder.stored("bad"),
        [1, 2],
        "neither a hole nor a double"
    );
    run.ends().await;
}

#[tokio::test]
async fn skip_passes_over_one_event_only() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    store.skip(NAME, &thing("bad"), 2).await.unwrap();
    eventually("the rest", async || {
        (recorder.stored("bad") == [1, 3]).then_some(())
    })
    .await;
    eventually("no parked stream", async || {
        store.parked(NAME).await.unwrap().is_empty().then_some(())
    })
    .await;
    run.ends().await;
}

#[tokio::test]
async fn it_is_tried_again_by_itself_and_then_waits_for_an_operator() {
    let (store, recorder) = place();
    recorder.poisons("bad", 1);
    happens(&store, "bad").await;
    let run = Run::over(
        &store,
        &recorder,
        RunnerOptions {
            attempts_max: 3,
            ..options()
        },
    );
    run.reaches_head().await;
    for attempts in 1..=3 {
        let parked = eventually("one more try", async || {
            let parked = store.parked(NAME).await.unwrap().remove(0);
            (parked.attempts == attempts).then_some(parked)
        });
        let parked = parked.await;
        assert_eq!(
            parked.retry_at.is_none(),
            attempts == 3,
            "after three it waits"
        );
        assert!(!parked.due, "the pause is long");
        store.clock().advance(Duration::from_secs(7200));
    }
    let calls = recorder.calls();
    happens(&store, "good").await;
    run.reaches_head().await;
    assert_eq!(
        recorder.calls(),
        calls + 1,
        "only the neighbour was processed"
    );
    run.ends().await;
}

#[tokio::test]
async fn a_retry_that_meets_a_second_poison_parks_there() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    happens(&store, "bad").await;
    run.reaches_head().await;
    recorder.heals();
    recorder.poisons("bad", 4);
    store.resume(NAME, &thing("bad")).await.unwrap();
    eventually("the next poison", async || {
        let parked = store.parked(NAME).await.unwrap().remove(0);
        (parked.sequence == 4 && parked.attempts == 1).then_some(())
    })
    .await;
    assert_eq!(recorder.stored("bad"), [1, 2, 3]);
    run.ends().await;
}

#[tokio::test]
async fn a_panic_parks_only_the_event_that_panics() {
    let (store, recorder) = place();
    recorder
        .panics
        .lock()
        .unwrap()
        .insert(("bad".to_owned(), 2));
    recorder.poisons("poor", 1);
    for id in ["good", "bad", "poor", "bad", "good", "bad", "poor", "good"] {
        happens(&store, id).await;
    }
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    assert_eq!(recorder.stored("good"), [1, 2, 3]);
    assert_eq!(recorder.stored("bad"), [1]);
    let parked = store.parked(NAME).await.unwrap();
    let shown: Vec<_> = parked
        .iter()
        .map(|p| (&p.stream, p.sequence, p.reason.code.as_str()))
        .collect();
    let (bad, poor) = (thing("bad"), thing("poor"));
    assert_eq!(shown, [(&poor, 1, "poison"), (&bad, 2, "panicked")]);
    assert!(
        !parked[1].reason.message.contains("on order"),
        "what a panic says is not kept"
    );

    recorder.heals();
    store.resume(NAME, &bad).await.unwrap();
    eventually("the rest", async || {
        (recorder.stored("bad") == [1, 2, 3]).then_some(())
    })
    .await;
    run.ends().await;
}

#[tokio::test]
async fn a_panic_in_a_retry_is_found_among_its_neighbours() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let run = Run::over(&store, &recorder, options());
    run.reaches_head().await;
    recorder.heals();
    recorder
        .panics
        .lock()
        .unwrap()
        .insert(("bad".to_owned(), 3));
    store.resume(NAME, &thing("bad")).await.unwrap();
    eventually("the panic", async || {
        let parked = store.parked(NAME).await.unwrap().remove(0);
        (parked.sequence == 3 && parked.reason.code == "panicked").then_some(())
    })
    .await;
    assert_eq!(recorder.stored("bad"), [1, 2]);
    run.ends().await;
}

#[tokio::test]
async fn parked_streams_stay_parked_for_the_next_owner() {
    let (store, recorder) = place();
    poisoned(&store, &recorder).await;
    let first = Run::over(&store, &recorder, options());
    first.reaches_head().await;
    first.ends().await;
    happens(&store, "bad").await;
    let second = Run::over(&store, &recorder, options());
    second.reaches_head().await;
    assert_eq!(
        recorder.stored("bad"),
        [1],
        "its later events queue behind the failed one"
    );
    second.ends().await;
}
