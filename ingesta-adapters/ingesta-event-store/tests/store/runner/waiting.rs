//! Waiting for a position: with a runner beside it, without one, and in vain.

use ingesta_event_store::subscription::{Waited, wait_for};

use super::*;

#[tokio::test]
async fn it_waits_until_the_subscription_is_there() {
    let (store, recorder) = place();
    let run = Run::over(&store, &recorder, options());
    for local in [Some(run.handle.position()), None] {
        let position = happens(&store, "a").await;
        let waited = wait_for(&store, NAME, position, ingesta_testing::PATIENCE, local).await;
        assert_eq!(waited.unwrap(), Waited::Reached);
        let version = store.load(&thing("a"), 0).await.unwrap().len();
        assert_eq!(
            recorder.stored("a").len(),
            version,
            "the effects are there, too"
        );
    }
    run.ends().await;
}

#[tokio::test]
async fn it_hears_of_what_another_process_did() {
    let (store, working, idle) = (MemoryStorage::new(), Recorder::new(), Recorder::new());
    let works = Run::over(&store, &working, options());
    works
        .becomes("the owner", |s| matches!(s, RunnerStatus::Following { .. }))
        .await;
    let idles = Run::over(&store, &idle, options());
    let position = happens(&store, "a").await;
    let local = Some(idles.handle.position());
    let waited = wait_for(&store, NAME, position, ingesta_testing::PATIENCE, local).await;
    assert_eq!(waited.unwrap(), Waited::Reached);
    works.ends().await;
    idles.ends().await;
}

#[tokio::test]
async fn in_vain_it_says_how_far_the_subscription_was() {
    let store = MemoryStorage::new();
    let position = happens(&store, "a").await;
    let soon = Duration::from_millis(1);
    let waited = wait_for(&store, NAME, position, soon, None).await.unwrap();
    assert_eq!(
        waited,
        Waited::TimedOut {
            at: Position::START
        }
    );
}

#[tokio::test]
async fn a_parked_stream_does_not_hold_it_up() {
    let (store, recorder) = place();
    recorder.poisons("bad", 1);
    let run = Run::over(&store, &recorder, options());
    let position = happens(&store, "bad").await;
    let waited = wait_for(&store, NAME, position, ingesta_testing::PATIENCE, None).await;
    assert_eq!(waited.unwrap(), Waited::Reached);
    assert!(recorder.stored("bad").is_empty());
    run.ends().await;
}
