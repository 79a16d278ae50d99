//! Our table is a view table of postgres-es.

use cqrs_es::persist::ViewRepository;
use postgres_es::PostgresViewRepository;

use crate::accounts::{Account, Balance, balances, deposit, folded};
use crate::place::{Place, quick};

#[tokio::test]
async fn the_view_repository_of_postgres_es_reads_our_table() {
    let place = Place::new().await;
    deposit(&*place.storage, "a", 0, &[1, 2, 3]).await.unwrap();
    let (following, _) = place.follow(balances(), quick());
    following.reaches(place.head().await).await;
    let pool = place.database.pool().clone();
    let theirs = PostgresViewRepository::<Balance, Account>::new("balance_v1", pool);
    let fresh = folded(&*place.storage, "a").await;
    assert_eq!(theirs.load("a").await.unwrap(), Some(fresh.clone()));
    let (view, context) = theirs.load_with_context("a").await.unwrap().unwrap();
    assert_eq!((view, context.version), (fresh, 3));
    assert_eq!(theirs.load("nobody").await.unwrap(), None);
    following.stop().await;
}
