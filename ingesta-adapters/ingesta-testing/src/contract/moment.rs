//! What a store says about the past: it is settled sooner or later, and then it stays as it is.

use std::time::Duration;

use ingesta_event_store::{AsOfError, Moment, Position, Storage, settle, stream_as_of};

use super::sample::{LONG, load, stored, stream, to_one};

pub(super) async fn the_clock_has_seen_what_is_stored(storage: &dyn Storage) {
    let seen = stream("moment-clock");
    let outcome = stored(storage, to_one(&seen, 0, 1)).await;
    let horizon = storage.horizon().await.expect("the store answers");
    let events = load(storage, &seen).await;
    assert!(
        events[0].recorded_at.is_some_and(|at| at <= horizon.now),
        "an event that was stored is not of the future"
    );
    assert!(
        outcome.position.xact() < horizon.begun,
        "what is stored was begun"
    );
    let later = storage.horizon().await.expect("the store answers");
    assert!(
        later.now >= horizon.now && later.begun >= horizon.begun && later.over >= horizon.over,
        "a store's horizon does not go back"
    );
}

pub(super) async fn every_event_is_a_moment_of_its_stream(storage: &dyn Storage) {
    let (ours, other) = (stream("moment-ours"), stream("moment-other"));
    for version in 0..4 {
        stored(storage, to_one(&ours, version, 1)).await;
        stored(storage, to_one(&other, version, 1)).await;
    }
    let events = load(storage, &ours).await;
    let times: Vec<_> = events
        .iter()
        .filter_map(|event| event.recorded_at)
        .collect();
    assert!(
        times.len() == 4 && times.is_sorted(),
        "an acknowledged event is not younger than the next one"
    );
    for (n, event) in (1..).zip(&events) {
        for moment in [
            Moment::Version(event.sequence),
            Moment::Position(event.position),
        ] {
            let then = stream_as_of(storage, &ours, moment, LONG).await;
            let then = then.expect("the store answers for the past");
            assert_eq!(then.events, events[..n], "{moment:?}");
            assert_eq!(then.version_now, 4);
        }
        let at = Moment::Instant(times[n - 1]);
        let then = stream_as_of(storage, &ours, at, LONG).await;
        let then = then.expect("the store answers for the past").events;
        let same_time = times.iter().filter(|time| **time <= times[n - 1]);
        assert_eq!(then, events[..same_time.count()], "{at:?}");
    }
}

pub(super) async fn what_is_still_to_come_is_refused(storage: &dyn Storage) {
    let ours = stream("moment-future");
    stored(storage, to_one(&ours, 0, 1)).await;
    let head = storage.head().await.expect("the store answers");
    let beyond = Position::new(head.xact() + 1_000_000, 1);
    let refused = settle(storage, Moment::Position(beyond), LONG).await;
    assert!(
        matches!(refused, Err(AsOfError::BeyondHead { asked, .. }) if asked == beyond),
        "{refused:?}"
    );
    let now = storage.horizon().await.expect("the store answers").now;
    let future = Moment::Instant(now + Duration::from_secs(3_600));
    let refused = settle(storage, future, LONG).await;
    assert!(
        matches!(refused, Err(AsOfError::Future { .. })),
        "{refused:?}"
    );
    let refused = stream_as_of(storage, &ours, Moment::Version(2), LONG).await;
    assert!(
        matches!(
            refused,
            Err(AsOfError::VersionNotReached {
                asked: 2,
                current: 1
            })
        ),
        "{refused:?}"
    );
}
