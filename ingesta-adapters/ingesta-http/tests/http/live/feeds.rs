//! Who sees what, and from where.

use std::time::Duration;

use ingesta_event_store::{MemoryStorage, Position, StoreError};
use ingesta_http::live::{FeedOptions, WatchFrom};

use super::stage::{PATIENCE, Stage, calm, numbers, tell};

#[tokio::test]
async fn b_42_every_watcher_gets_every_event_in_order() {
    let stage = Stage::with(calm()).await;
    let mut watchers = [
        stage.watch(WatchFrom::Now).await,
        stage.watch(WatchFrom::Now).await,
        stage.watch(WatchFrom::Start).await,
    ];
    for n in 0..100 {
        tell(&stage.storage, "a", n).await;
    }
    for watch in &mut watchers {
        // B-41: the oldest first.
        assert_eq!(numbers(watch, 100).await, (0..100).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn now_begins_with_what_happens_next_and_start_with_the_first_event() {
    let storage = MemoryStorage::new();
    for n in 0..50 {
        tell(&storage, "a", n).await;
    }
    let stage = Stage::over(storage, calm()).await;
    let (mut now, mut all) = (
        stage.watch(WatchFrom::Now).await,
        stage.watch(WatchFrom::Start).await,
    );
    tell(&stage.storage, "a", 50).await;
    assert_eq!(numbers(&mut now, 1).await, [50]);
    assert_eq!(numbers(&mut all, 51).await, (0..=50).collect::<Vec<_>>());
}

#[tokio::test]
async fn b_43_whoever_comes_back_misses_nothing_however_little_is_kept() {
    for recent_bytes in [0, 700, usize::MAX] {
        let options = FeedOptions {
            recent_bytes,
            ..calm()
        };
        let stage = Stage::with(options).await;
        let mut first = stage.watch(WatchFrom::Now).await;
        for n in 0..10 {
            tell(&stage.storage, "a", n).await;
        }
        let seen = numbers(&mut first, 10).await;
        assert_eq!(seen, (0..10).collect::<Vec<_>>());
        let cursor = first.at();
        drop(first);
        for n in 10..200 {
            tell(&stage.storage, "a", n).await;
        }
        let mut again = stage.watch(WatchFrom::After(cursor)).await;
        let missed = numbers(&mut again, 190).await;
        assert_eq!(missed, (10..200).collect::<Vec<_>>(), "{recent_bytes}");
    }
}

#[tokio::test]
async fn a_cursor_outlives_the_feed_that_gave_it() {
    let stage = Stage::with(calm()).await;
    let cursor = tell(&stage.storage, "a", 0).await;
    stage.stop.cancel();
    stage.feed.ended().await;
    tell(&stage.storage, "a", 1).await;
    let next = Stage::over(stage.storage, calm()).await;
    let mut watch = next.watch(WatchFrom::After(cursor)).await;
    tell(&next.storage, "a", 2).await;
    assert_eq!(numbers(&mut watch, 2).await, [1, 2]);
}

#[tokio::test]
async fn b_47_a_watcher_sees_what_its_filter_lets_through_and_no_more() {
    let stage = Stage::with(calm()).await;
    let mine = |frame: &ingesta_http::live::Frame| frame.owner() == Some("b");
    let mut watch = stage
        .feed
        .watch(WatchFrom::Now, mine)
        .await
        .expect("a seat");
    for n in 0..60 {
        tell(&stage.storage, if n % 3 == 0 { "b" } else { "a" }, n).await;
    }
    let expected: Vec<_> = (0..60).step_by(3).collect();
    assert_eq!(numbers(&mut watch, 20).await, expected);
    // Also what others did behind it has moved its cursor on.
    let end = tell(&stage.storage, "a", 60).await;
    tell(&stage.storage, "b", 61).await;
    assert_eq!(numbers(&mut watch, 1).await, [61]);
    assert!(watch.at() > end);
}

#[tokio::test]
async fn a_heartbeat_comes_where_nothing_is_told_and_moves_the_cursor_on() {
    let options = FeedOptions {
        heartbeat: Duration::from_millis(20),
        ..FeedOptions::default()
    };
    let stage = Stage::with(options).await;
    let mut watch = stage
        .feed
        .watch(WatchFrom::Now, |_| false)
        .await
        .expect("a seat");
    let end = tell(&stage.storage, "a", 0).await;
    while watch.at() < end {
        let beat = tokio::time::timeout(PATIENCE, watch.next()).await;
        let beat = beat.expect("a heartbeat").expect("the feed goes on");
        assert_eq!(beat.frames().count(), 0);
        assert_eq!(beat.reached(), watch.at());
    }
}

#[tokio::test]
async fn one_more_than_there_is_room_for_is_told_to_come_back() {
    let options = FeedOptions {
        watchers: 1,
        ..calm()
    };
    let stage = Stage::with(options).await;
    let first = stage.watch(WatchFrom::Now).await;
    assert_eq!(stage.feed.watchers(), 1);
    let refused = stage.feed.watch(WatchFrom::Now, |_| true).await;
    let refused = refused.err().expect("no room");
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (503, "demasiados_observadores")
    );
    drop(first);
    stage.watch(WatchFrom::Now).await;
}

#[tokio::test]
async fn a_place_that_the_log_does_not_have_is_refused() {
    let stage = Stage::with(calm()).await;
    let end = tell(&stage.storage, "a", 0).await;
    stage.watch(WatchFrom::After(end)).await;
    let beyond = WatchFrom::After(Position::new(end.xact() + 1, 1));
    let refused = stage
        .feed
        .watch(beyond, |_| true)
        .await
        .err()
        .expect("refused");
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (400, "posicion_desconocida")
    );
}

#[tokio::test]
async fn a_store_that_is_away_for_a_while_costs_no_event() {
    let options = FeedOptions {
        recent_bytes: 0,
        ..calm()
    };
    let stage = Stage::with(options).await;
    let mut watch = stage.watch(WatchFrom::Start).await;
    for n in 0..40 {
        tell(&stage.storage, "a", n).await;
        // Whoever reads next, the feed or this watcher, is not answered.
        let away = StoreError::Unsupported { what: "answer now" };
        stage.storage.faults().fail_read(away);
        assert_eq!(numbers(&mut watch, 1).await, [n]);
    }
}

#[tokio::test]
async fn every_watch_ends_with_the_feed() {
    let stage = Stage::with(calm()).await;
    let mut watch = stage.watch(WatchFrom::Now).await;
    stage.stop.cancel();
    let ended = tokio::time::timeout(PATIENCE, watch.next()).await;
    assert!(ended.expect("it ends").is_none());
    stage.feed.ended().await;
}
