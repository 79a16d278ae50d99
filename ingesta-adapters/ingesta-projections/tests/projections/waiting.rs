//! Waiting until a view holds one's own write.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::Position;
use ingesta_event_store::subscription::Waited;
use ingesta_projections::ReadModel;

use crate::accounts::{balances, deposit};
use crate::place::{LONG, Place, quick};

#[tokio::test]
async fn it_reaches_with_a_local_runner_and_without_one() {
    let place = Place::new().await;
    let (following, view) = place.follow(balances(), quick());
    let asking = ReadModel::new(view, place.storage.clone(), "balance-v1");
    let listening = asking.clone().beside(following.handle.position());
    for (version, model) in [(0, &asking), (1, &listening), (2, &asking), (3, &listening)] {
        let outcome = deposit(&*place.storage, "a", version, &[1]).await.unwrap();
        assert_eq!(
            model.wait_for(outcome.position, LONG).await.unwrap(),
            Waited::Reached
        );
        let row = model.view().get("a").await.unwrap().unwrap();
        assert_eq!(row.version, version + 1, "one's own write is there");
    }
    following.stop().await;
}

#[tokio::test]
async fn it_times_out_where_nobody_runs_and_tells_how_far_it_is() {
    let place = Place::new().await;
    let first = deposit(&*place.storage, "a", 0, &[1])
        .await
        .unwrap()
        .position;
    let view = place.subscriber(balances()).view();
    let model = ReadModel::new(view, place.storage.clone(), "balance-v1");
    let short = Duration::from_millis(30);
    let waited = model.wait_for(first, short).await.unwrap();
    assert_eq!(
        waited,
        Waited::TimedOut {
            at: Position::START
        }
    );

    let (following, _) = place.follow(balances(), quick());
    following.reaches(first).await;
    let seen = following.handle.position();
    following.stop().await;
    let second = deposit(&*place.storage, "a", 1, &[1])
        .await
        .unwrap()
        .position;
    for model in [model.clone(), model.beside(seen)] {
        assert_eq!(
            model.wait_for(first, Duration::ZERO).await.unwrap(),
            Waited::Reached
        );
        let waited = model.wait_for(second, short).await.unwrap();
        assert_eq!(waited, Waited::TimedOut { at: first });
    }
}

#[tokio::test]
async fn it_reaches_what_another_process_projects() {
    let place = Place::new().await;
    let (following, _) = place.follow(balances(), quick());
    let (database, storage) = place.elsewhere("reader").await;
    let view = ingesta_projections::ProjectionSubscriber::new(&database, balances()).view();
    let model = Arc::new(ReadModel::new(view, storage, "balance-v1"));
    let outcome = deposit(&*place.storage, "a", 0, &[1]).await.unwrap();
    assert_eq!(
        model.wait_for(outcome.position, LONG).await.unwrap(),
        Waited::Reached
    );
    assert_eq!(model.view().get("a").await.unwrap().unwrap().version, 1);
    following.stop().await;
}
