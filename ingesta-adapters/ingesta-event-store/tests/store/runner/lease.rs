//! One owner at a time, and none that lost its lease writes anything.

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// Renewed every 50 ms. Nobody competes for it, so that a slow machine changes nothing.
fn short() -> RunnerOptions {
    RunnerOptions {
        lease: Duration::from_millis(150),
        ..options()
    }
}

#[tokio::test]
async fn of_two_runners_one_works_and_the_other_takes_over_after_a_crash() {
    let (store, one, two) = (MemoryStorage::new(), Recorder::new(), Recorder::new());
    let first = Run::over(
        &store,
        &one,
        RunnerOptions {
            lease: HOUR,
            ..options()
        },
    );
    first
        .becomes("the owner", |s| matches!(s, RunnerStatus::Following { .. }))
        .await;
    let second = Run::over(&store, &two, short());
    second
        .becomes("the reserve", |s| *s == RunnerStatus::Standby)
        .await;
    happens(&store, "a").await;
    first.reaches_head().await;
    assert_eq!(
        (one.stored("a"), two.stored("a")),
        (vec![1], vec![]),
        "one of them works"
    );

    first.handle.abort();
    store.clock().advance(HOUR);
    happens(&store, "a").await;
    second.reaches_head().await;
    assert_eq!(
        (one.stored("a"), two.stored("a")),
        (vec![1], vec![2]),
        "the other goes on"
    );
    second.ends().await;
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_taken_at_once() {
    let (store, one, two) = (MemoryStorage::new(), Recorder::new(), Recorder::new());
    let first = Run::over(
        &store,
        &one,
        RunnerOptions {
            lease: HOUR,
            ..options()
        },
    );
    first
        .becomes("the owner", |s| matches!(s, RunnerStatus::Following { .. }))
        .await;
    first.ends().await;
    let second = Run::over(&store, &two, short());
    happens(&store, "a").await;
    second.reaches_head().await;
    assert_eq!(two.stored("a"), [1]);
    second.ends().await;
}

#[tokio::test]
async fn a_lost_lease_writes_nothing_and_another_round_begins() {
    let (store, recorder, run) = under_way(options()).await;
    // Another owner comes while the step is under way.
    store.clock().advance(HOUR);
    let other = store
        .acquire(NAME, "other", HOUR)
        .await
        .unwrap()
        .expect("it ran out");
    recorder.gate.add_permits(1);
    run.becomes("the reserve", |s| *s == RunnerStatus::Standby)
        .await;
    assert!(
        recorder.stored("a").is_empty(),
        "effects of the lost lease are not stored"
    );
    assert_eq!(store.checkpoint(NAME).await.unwrap(), Some(Position::START));

    store.release(&other).await.unwrap();
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!(recorder.stored("a"), [1]);
    assert_eq!(
        recorder.starts.load(Ordering::SeqCst),
        2,
        "a new ownership starts anew"
    );
    run.ends().await;
}

/// Nothing of this process runs for so long: the runtime of a test has this thread alone.
fn freeze(time: Duration) {
    let until = std::time::Instant::now() + time;
    while let Some(left) = until.checked_duration_since(std::time::Instant::now())
        && !left.is_zero()
    {
        std::thread::park_timeout(left);
    }
}

#[tokio::test]
async fn an_owner_that_wakes_without_its_lease_processes_nothing() {
    let (store, recorder) = (MemoryStorage::new(), Recorder::new());
    let run = Run::over(&store, &recorder, short());
    happens(&store, "a").await;
    run.reaches_head().await;
    assert_eq!(recorder.calls(), 1);
    // It is frozen for longer than its lease, while another one has its work.
    store.clock().advance(HOUR);
    let other = store.acquire(NAME, "other", HOUR).await.unwrap();
    other.expect("it ran out");
    happens(&store, "a").await;
    freeze(short().lease);
    run.becomes("the reserve", |s| *s == RunnerStatus::Standby)
        .await;
    assert_eq!(recorder.calls(), 1, "the event is another owner's");
    run.ends().await;
}

#[tokio::test]
async fn a_lease_that_was_taken_for_a_moment_is_asked_for_soon() {
    let (store, recorder) = slow_place();
    // A reserve asks every twenty minutes.
    let lease = HOUR;
    let run = Run::over(&store, &recorder, RunnerOptions { lease, ..options() });
    for taken in 1..=2 {
        happens(&store, "a").await;
        eventually("a step under way", async || {
            (recorder.calls() == taken * 2 - 1).then_some(())
        })
        .await;
        // It is taken and given back before the runner notices.
        store.clock().advance(HOUR);
        let other = store.acquire(NAME, "other", HOUR).await.unwrap();
        store.release(&other.expect("it ran out")).await.unwrap();
        recorder.gate.add_permits(2);
        run.reaches_head().await;
    }
    assert_eq!(recorder.stored("a"), [1, 2]);
    run.ends().await;
}

#[tokio::test]
async fn a_slow_step_keeps_its_lease() {
    let (store, recorder, run) = under_way(short()).await;
    let kept = renewed(&store).await;
    recorder.gate.close();
    run.reaches_head().await;
    assert_eq!((recorder.calls(), recorder.stored("a")), (1, vec![1]));
    assert_eq!(
        store.subscriptions().await.unwrap()[0].epoch,
        kept,
        "it is the same ownership"
    );
    run.ends().await;
}

#[tokio::test]
async fn a_step_is_abandoned_when_a_renewal_finds_the_lease_lost() {
    let (store, recorder, run) = under_way(short()).await;
    store.clock().advance(HOUR);
    let other = store.acquire(NAME, "other", HOUR).await.unwrap();
    assert!(other.is_some(), "the clock was pushed beyond the lease");
    // The step itself never ends: only the renewal beside it can tell.
    run.becomes("the reserve", |s| *s == RunnerStatus::Standby)
        .await;
    assert!(recorder.stored("a").is_empty());
    run.ends().await;
}

#[tokio::test]
async fn an_idle_runner_keeps_its_lease() {
    let (store, recorder) = place();
    let run = Run::over(&store, &recorder, short());
    run.becomes("the owner", |s| matches!(s, RunnerStatus::Following { .. }))
        .await;
    renewed(&store).await;
    run.ends().await;
}

/// Waits for renewals worth three leases, in one ownership, and returns its epoch.
async fn renewed(store: &MemoryStorage) -> i64 {
    let status = async || store.subscriptions().await.unwrap().remove(0);
    let begun = status().await;
    let renewed = eventually("renewals worth three leases", async || {
        let now = status().await;
        (now.expires_at > begun.expires_at.map(|at| at + short().lease * 3)).then_some(now)
    });
    let epoch = renewed.await.epoch;
    assert_eq!(epoch, begun.epoch, "the lease was renewed, not taken anew");
    epoch
}
