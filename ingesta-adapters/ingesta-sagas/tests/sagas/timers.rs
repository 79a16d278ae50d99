//! The contract of timers, held in memory and on Postgres.
//!
//! Only the shortest and a very long time are used, so nothing here waits or depends on speed.

use std::time::Duration;

use ingesta_event_store::StoreError;
use ingesta_event_store::subscription::{Commit, Lease};
use ingesta_sagas::{DueTimer, PAUSE_MAX, TimerChanges, TimerSetting};

use crate::ground::{Ground, on_both};

const LONG: Duration = Duration::from_secs(600);
pub(crate) const NOW: Duration = Duration::ZERO;
const OF: &str = "Trip";

pub(crate) fn setting(saga_id: &str, timer: &str, token: &str, after: Duration) -> TimerSetting {
    TimerSetting {
        saga_id: saga_id.to_owned(),
        timer: timer.to_owned(),
        token: token.to_owned(),
        after,
        metadata: r#"{"correlation_id":"c"}"#.to_owned(),
    }
}

async fn lease(ground: &Ground, name: &str) -> Lease {
    let lease = ground.storage.acquire(name, "test", LONG).await.unwrap();
    lease.unwrap()
}

/// Stores changes as a subscription does.
async fn store(ground: &Ground, of: &str, changes: TimerChanges) {
    let lease = lease(ground, "contract").await;
    let effects = ground.timers.effects(of, changes);
    let commit = Commit {
        effects,
        ..Commit::default()
    };
    ground.storage.commit(&lease, commit).await.unwrap();
    ground.storage.release(&lease).await.unwrap();
}

pub(crate) async fn set(ground: &Ground, settings: impl IntoIterator<Item = TimerSetting>) {
    let set = settings.into_iter().collect();
    let cancel = Vec::new();
    store(ground, OF, TimerChanges { set, cancel }).await;
}

async fn claim(ground: &Ground, limit: usize, pause: Duration) -> Vec<DueTimer> {
    ground.timers.claim(OF, limit, pause).await.unwrap()
}

pub(crate) async fn names(ground: &Ground) -> Vec<String> {
    let pending = ground.timers.pending(OF, None, 100).await.unwrap();
    let names = pending
        .into_iter()
        .map(|p| format!("{}/{}", p.saga_id, p.timer));
    names.collect()
}

#[tokio::test]
async fn a_timer_that_is_due_is_claimed_once_and_one_that_is_not_stays() {
    on_both(async |ground| {
        let (due, later) = (setting("1", "a", "t1", NOW), setting("1", "b", "t1", LONG));
        set(&ground, [due, later]).await;
        let claimed = claim(&ground, 10, LONG).await;
        let expected = DueTimer {
            saga_id: "1".to_owned(),
            timer: "a".to_owned(),
            token: "t1".to_owned(),
            metadata: r#"{"correlation_id":"c"}"#.to_owned(),
            tries: 1,
        };
        assert_eq!(claimed, [expected], "{}", ground.name);
        assert_eq!(claim(&ground, 10, LONG).await, [], "somebody has it");
        let next = ground.timers.next(OF).await.unwrap().unwrap();
        assert!(
            next > Duration::from_secs(1) && next <= PAUSE_MAX,
            "{next:?}"
        );
        ground.timers.fired(OF, &claimed).await.unwrap();
        assert_eq!(names(&ground).await, ["1/b"], "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn a_claim_that_was_not_kept_is_free_after_its_pause() {
    on_both(async |ground| {
        set(&ground, [setting("1", "a", "t1", NOW)]).await;
        for tries in 1..=3 {
            let claimed = claim(&ground, 10, NOW).await;
            assert_eq!(claimed[0].tries, tries, "{}", ground.name);
        }
        assert_eq!(ground.timers.next(OF).await.unwrap(), Some(NOW));
    })
    .await;
}

#[tokio::test]
async fn the_earliest_come_first_and_no_more_than_asked_for() {
    on_both(async |ground| {
        for id in ["c", "a", "b"] {
            set(&ground, [setting(id, "t", "1", NOW)]).await;
        }
        let mut seen = Vec::new();
        for size in [2, 1, 0] {
            let claimed = claim(&ground, 2, LONG).await;
            assert_eq!(claimed.len(), size, "{}", ground.name);
            seen.extend(claimed.into_iter().map(|timer| timer.saga_id));
        }
        seen[..2].sort_unstable();
        assert_eq!(seen, ["a", "c", "b"], "of one page the order is open");
    })
    .await;
}

#[tokio::test]
async fn a_timer_that_is_set_anew_is_replaced_and_its_old_firing_removes_nothing() {
    on_both(async |ground| {
        set(&ground, [setting("1", "a", "t1", NOW)]).await;
        let old = claim(&ground, 10, LONG).await;
        set(&ground, [setting("1", "a", "t2", NOW)]).await;
        ground.timers.fired(OF, &old).await.unwrap();
        let new = claim(&ground, 10, LONG).await;
        assert_eq!(
            (new[0].token.as_str(), new[0].tries),
            ("t2", 1),
            "{}",
            ground.name
        );
        // The same setting again, as after a change of the subscription's name: it stays as it is.
        set(&ground, [setting("1", "a", "t2", NOW)]).await;
        assert_eq!(claim(&ground, 10, LONG).await, [], "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_timer_is_gone_and_cancelling_it_again_is_no_error() {
    on_both(async |ground| {
        let kept = [setting("1", "a", "t", NOW), setting("2", "a", "t", NOW)];
        set(&ground, kept).await;
        let cancel = TimerChanges {
            set: vec![setting("3", "a", "t", LONG)],
            cancel: vec![("1".to_owned(), "a".to_owned())],
        };
        store(&ground, OF, cancel.clone()).await;
        store(&ground, OF, cancel).await;
        assert_eq!(names(&ground).await, ["2/a", "3/a"], "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn timers_of_another_type_are_another_matter() {
    on_both(async |ground| {
        set(&ground, [setting("1", "a", "t", NOW)]).await;
        let foreign = TimerChanges {
            set: vec![setting("1", "a", "t", NOW)],
            cancel: Vec::new(),
        };
        store(&ground, "Other", foreign).await;
        let others = ground.timers.claim("Other", 10, LONG).await.unwrap();
        ground.timers.fired("Other", &others).await.unwrap();
        assert_eq!(ground.timers.next("Other").await.unwrap(), None);
        assert_eq!(claim(&ground, 10, LONG).await.len(), 1, "{}", ground.name);
    })
    .await;
}

#[tokio::test]
async fn why_a_timer_did_not_fire_is_noted_until_it_is_set_anew() {
    on_both(async |ground| {
        set(
            &ground,
            [setting("1", "a", "t1", NOW), setting("2", "b", "t1", LONG)],
        )
        .await;
        let claimed = claim(&ground, 10, LONG).await;
        ground
            .timers
            .failed(OF, &claimed[0], "refused")
            .await
            .unwrap();
        let of_one = ground.timers.pending(OF, Some("1"), 10).await.unwrap();
        assert_eq!(of_one.len(), 1, "{}", ground.name);
        assert_eq!(of_one[0].problem.as_deref(), Some("refused"));
        assert_eq!((of_one[0].tries, of_one[0].token.as_str()), (1, "t1"));
        assert_eq!(ground.timers.pending(OF, None, 1).await.unwrap().len(), 1);

        set(&ground, [setting("1", "a", "t2", LONG)]).await;
        ground
            .timers
            .failed(OF, &claimed[0], "too late")
            .await
            .unwrap();
        let anew = ground.timers.pending(OF, Some("1"), 10).await.unwrap();
        assert_eq!(
            (anew[0].tries, &anew[0].problem),
            (0, &None),
            "{}",
            ground.name
        );
        assert!(anew[0].due_at > of_one[0].due_at);
    })
    .await;
}

#[tokio::test]
async fn an_owner_that_lost_its_lease_sets_no_timer() {
    on_both(async |ground| {
        let old = lease(&ground, "lost").await;
        ground.storage.release(&old).await.unwrap();
        lease(&ground, "lost").await;
        let set = vec![setting("1", "a", "t", NOW)];
        let cancel = Vec::new();
        let effects = ground.timers.effects(OF, TimerChanges { set, cancel });
        let commit = Commit {
            effects,
            ..Commit::default()
        };
        let refused = ground.storage.commit(&old, commit).await;
        assert!(matches!(refused, Err(StoreError::LeaseLost { .. })));
        assert_eq!(
            ground.timers.next(OF).await.unwrap(),
            None,
            "{}",
            ground.name
        );
    })
    .await;
}

#[tokio::test]
async fn a_timer_for_never_is_far_away_and_no_error() {
    on_both(async |ground| {
        set(&ground, [setting("1", "a", "t", Duration::MAX)]).await;
        let next = ground.timers.next(OF).await.unwrap().unwrap();
        let years = Duration::from_secs(50 * 365 * 24 * 3600);
        assert!(next > years, "{next:?} on {}", ground.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_claims_at_the_same_time_each_timer_is_in_one() {
    on_both(async |ground| {
        let ids: Vec<_> = (0..60).map(|n| format!("{n:02}")).collect();
        set(&ground, ids.iter().map(|id| setting(id, "a", "t", NOW))).await;
        let claims = (0..6).map(|_| {
            let timers = std::sync::Arc::clone(&ground.timers);
            tokio::spawn(async move { timers.claim(OF, 15, LONG).await.unwrap() })
        });
        let mut seen = Vec::new();
        for claim in claims.collect::<Vec<_>>() {
            let claimed = claim.await.unwrap();
            seen.extend(claimed.into_iter().map(|timer| timer.saga_id));
        }
        seen.extend(
            claim(&ground, 100, LONG)
                .await
                .into_iter()
                .map(|t| t.saga_id),
        );
        seen.sort_unstable();
        assert_eq!(seen, ids, "{}", ground.name);
    })
    .await;
}
