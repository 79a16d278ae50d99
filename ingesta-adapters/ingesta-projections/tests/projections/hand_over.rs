//! Two programs project the same views: one works, the other takes over.

use std::sync::Arc;

use ingesta_event_store::SubscriptionStorage;
use ingesta_event_store::subscription::{RunnerOptions, RunnerStatus};
use ingesta_projections::ProjectionSubscriber;

use crate::accounts::{deposit, folded};
use crate::changes::{Closures, Tally};
use crate::place::{Following, Place, quick};

async fn program(place: &Place, name: &str) -> Following {
    let (database, storage) = place.elsewhere(name).await;
    let subscriber = Arc::new(ProjectionSubscriber::new(&database, Closures::tally()));
    let options = RunnerOptions {
        owner: name.to_owned(),
        ..quick()
    };
    Following::spawn(storage, subscriber, options)
}

async fn owner(place: &Place) -> Option<String> {
    let subscriptions = place.storage.subscriptions().await.unwrap();
    subscriptions
        .into_iter()
        .find(|s| s.name == "tally-v1")
        .and_then(|s| s.owner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_works_and_the_other_takes_over_after_a_stop_and_after_a_crash() {
    let place = Place::new().await;
    let subscriber = place.subscriber(Closures::tally());
    subscriber.prepare().await.unwrap();
    let view = subscriber.view();
    let mut version = 0;
    let mut write = async || {
        for _ in 0..20 {
            deposit(&*place.storage, "a", version, &[1, 2])
                .await
                .unwrap();
            version += 2;
        }
        place.head().await
    };
    let one = program(&place, "one").await;
    one.reaches(write().await).await;
    assert_eq!(owner(&place).await.as_deref(), Some("one"));

    let two = program(&place, "two").await;
    let mut status = two.handle.status();
    status
        .wait_for(|status| *status == RunnerStatus::Standby)
        .await
        .unwrap();
    one.reaches(write().await).await;
    one.stop().await;
    two.reaches(write().await).await;
    assert_eq!(owner(&place).await.as_deref(), Some("two"));

    let three = program(&place, "three").await;
    two.handle.abort();
    three.reaches(write().await).await;
    assert_eq!(owner(&place).await.as_deref(), Some("three"));
    three.stop().await;

    let fresh = folded(&*place.storage, "a").await;
    let row = view.get("a").await.unwrap().unwrap();
    assert_eq!(
        row.state,
        Tally {
            events: 160,
            sum: fresh.total
        }
    );
}
