//! Timer workers: each setting is heard once, whoever dies; one that cannot fire holds nobody up.

use std::time::Duration;

use ingesta_event_store::{MemoryStorage, Metadata};
use ingesta_sagas::testing::Dice;
use ingesta_sagas::{Heard, TimerHandle, TimerOptions, TimerStatus};
use ingesta_testing::{PATIENCE, eventually};
use tokio_util::sync::CancellationToken;

use crate::alarms::{Alarms, ids};
use crate::ground::{Ground, on_both};
use crate::stage::{Stage, quick_timers};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_share_the_timers_and_each_is_heard_once() {
    on_both(async |ground| {
        let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
        let ids = ids(80);
        alarms.set(&ids, "ring").await;
        let workers = [alarms.spawn(&token), alarms.spawn(&token)];
        alarms.until_all_have_fired().await;
        for id in &ids {
            assert_eq!(alarms.rung(id).await, 1, "{id} on {}", ground.name);
        }
        token.cancel();
        for worker in workers {
            let status = worker.status();
            worker.join().await;
            assert_eq!(*status.borrow(), TimerStatus::Ended);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_are_killed_at_random_moments_fire_each_timer_once() {
    on_both(async |ground| {
        let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
        let ids = ids(60);
        alarms.set(&ids, "ring").await;
        let mut dice = Dice::new(5);
        for _ in 0..25 {
            let few = TimerOptions {
                batch_max: 3,
                ..quick_timers()
            };
            let spawn = |options| alarms.worker(options).spawn(token.clone());
            let killed = [spawn(few.clone()), spawn(few)];
            let mut status = killed[0].status();
            for _ in 0..dice.below(3) {
                // A look that fired some; or there is nothing left, and nothing changes any more.
                let fired = tokio::time::timeout(Duration::from_millis(250), status.changed());
                fired.await.ok();
            }
            for _ in 0..dice.below(300) {
                tokio::task::yield_now().await;
            }
            killed.iter().for_each(TimerHandle::abort);
        }
        let _last = alarms.spawn(&token);
        alarms.until_all_have_fired().await;
        for id in &ids {
            assert_eq!(alarms.rung(id).await, 1, "{id} on {}", ground.name);
        }
        token.cancel();
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_died_after_the_telling_leaves_nothing_to_be_heard_twice() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        alarms.set(&ids(1), "ring").await;
        // It claimed and told, and then it was gone.
        let claimed = ground
            .timers
            .claim("Alarm", 1, Duration::ZERO)
            .await
            .unwrap();
        let name = format!("timer/Alarm/000/ring/{}", claimed[0].token);
        let heard = Heard::TimerFired {
            timer: "ring".to_owned(),
        };
        let told = alarms
            .sagas
            .hear("000", heard, name, Metadata::default())
            .await;
        assert!(!told.unwrap().already_done);

        assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("000").await, 1, "{}", ground.name);
        assert_eq!(ground.timers.next("Alarm").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_was_cancelled_in_the_last_moment_is_silent() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        alarms.set(&ids(1), "ring").await;
        // Decided, and not carried out yet: the timer is still there.
        let reason = "ring".to_owned();
        alarms.hear("000", Heard::Abandon { reason }).await;
        assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("000").await, 0, "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_is_set_again_rings_again() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        for times in 1..=3 {
            alarms.set(&ids(1), "ring").await;
            assert_eq!(alarms.worker(quick_timers()).fire_due().await.unwrap(), 1);
            assert_eq!(alarms.rung("000").await, times, "{}", ground.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_cannot_fire_says_why_and_holds_nobody_up() {
    on_both(async |ground| {
        let alarms = Alarms::new(&ground);
        let [first, second, third] = ["a", "b", "c"].map(str::to_owned);
        alarms.set(&[first], "refuse").await;
        alarms.set(&[second], "panic").await;
        alarms.set(&[third], "ring").await;
        let options = TimerOptions {
            pause: PATIENCE,
            ..quick_timers()
        };
        assert_eq!(alarms.worker(options).fire_due().await.unwrap(), 1);
        assert_eq!(alarms.rung("c").await, 1);
        let pending = ground.timers.pending("Alarm", None, 10).await.unwrap();
        let problems: Vec<_> = pending
            .iter()
            .map(|p| p.problem.as_deref().unwrap())
            .collect();
        let refused = "refused: Alarm refused: an error occurred when formatting an argument";
        assert_eq!(
            problems,
            [refused, "panicked: the manager panicked"],
            "{}",
            ground.name
        );
        assert!(pending.iter().all(|timer| timer.tries == 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_says_that_the_database_is_away() {
    let ground = Ground::postgres().await;
    ground.timers.prepare().await.unwrap();
    let (alarms, token) = (Alarms::new(&ground), CancellationToken::new());
    let worker = alarms.spawn(&token);
    let mut status = worker.status();
    let running = status.wait_for(|status| matches!(status, TimerStatus::Running { .. }));
    tokio::time::timeout(PATIENCE, running)
        .await
        .unwrap()
        .unwrap();
    ground.database.as_ref().unwrap().close().await;
    let stuck = status.wait_for(|status| matches!(status, TimerStatus::Stuck { .. }));
    tokio::time::timeout(PATIENCE, stuck)
        .await
        .unwrap()
        .unwrap();
    token.cancel();
    worker.join().await;
    assert_eq!(*status.borrow(), TimerStatus::Ended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_wakes_when_the_clock_of_the_store_is_pushed_on() {
    let storage = MemoryStorage::new();
    let ground = Ground::memory(&storage);
    let stage = Stage::new(&ground);
    let _running = stage.run();
    stage.order("mute-1").await;
    // Three tries of a flight that nobody answers for, and three of taking it back.
    let mut tries = 0;
    while tries < 6 {
        let now = stage.trip("mute-1").await.len();
        tries = eventually("the next try", async || {
            storage.clock().advance(Duration::from_secs(60));
            let events = stage.trip("mute-1").await.len();
            (events > now).then_some(events)
        })
        .await;
    }
    token_is_of_the_trip(&stage).await;
}

async fn token_is_of_the_trip(stage: &Stage) {
    let token = eventually("the next timer", async || {
        let pending = stage.ground.timers.pending("Trip", Some("mute-1"), 1).await;
        pending.unwrap().pop()
    });
    assert!(token.await.token.starts_with("Trip/mute-1/"));
}
