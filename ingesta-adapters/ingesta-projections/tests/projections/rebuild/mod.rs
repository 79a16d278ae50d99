//! What a rebuild promises: the fresh view is a fold of the log, the old one answers until then,
//! and whoever is killed in between leaves nothing half done.

mod fold;
mod foreign;
mod guard;
mod interrupted;
mod killed;
mod locks;
mod one;
mod parked;
mod renamed;
mod slices;
mod stopped;
mod swap;
mod verify;

use std::time::Duration;

use ingesta_event_store::subscription::{Effect, Subscriber};
use ingesta_event_store::{EventStorage, Position, TypeFilter};
use ingesta_projections::{MemoryView, Projection, Rebuild, RebuildError, RebuildOptions};
use ingesta_projections::{RebuildProgress, Row, ViewTable};
use ingesta_testing::eventually;

use crate::place::Place;

pub(crate) fn options() -> RebuildOptions {
    RebuildOptions {
        lease: Duration::from_secs(1),
        ..RebuildOptions::default()
    }
}

/// A rebuild, as soon as it can read the whole log: transactions of other tests hold its end back.
pub(crate) async fn rebuild(place: &Place) -> Rebuild {
    let held_back = "select count(*) from events
                      where xact >= pg_snapshot_xmin(pg_current_snapshot())";
    eventually("the end of the log", async || {
        (number(place, held_back).await == 0).then_some(())
    })
    .await;
    Rebuild::new(&place.database, place.storage.clone()).options(options())
}

/// The rows that one thread makes of the whole log, event by event.
pub(crate) async fn fresh<P: Projection>(place: &Place, projection: P) -> Vec<Row<P::State>> {
    let view = MemoryView::new(projection);
    let (mut at, head) = (Position::START, place.head().await);
    while at < head {
        // Transactions of other tests hold the end of the log back for a moment.
        let page = place.storage.read_after(at, &TypeFilter::All, 1_000);
        let page = page.await.unwrap();
        at = page.reached;
        for event in page.events {
            if !view.types().admits(&event.stream.aggregate_type) {
                continue;
            }
            for effect in view.consume(&[event]).await.unwrap() {
                match effect {
                    Effect::InMemory(write) => write(),
                    Effect::Sql(_) => panic!("a view in memory"),
                }
            }
        }
        tokio::task::yield_now().await;
    }
    view.all().unwrap()
}

pub(crate) async fn rows<S: serde::de::DeserializeOwned>(view: &ViewTable<S>) -> Vec<Row<S>> {
    let mut rows = view.page(None, 1_000_000).await.unwrap();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

pub(crate) async fn number(place: &Place, sql: &str) -> i64 {
    let query = sqlx::query_scalar(sql);
    query.fetch_one(place.database.pool()).await.unwrap()
}

/// Nothing is left of a rebuild but the view.
pub(crate) async fn nothing_is_left(place: &Place) {
    let tables = "select count(*) from pg_class where relkind in ('r', 'i')
                   and (relname like '%\\_\\_rebuild%' or relname like '%\\_\\_old%'
                        or relname like '%\\_\\_verify%')";
    assert_eq!(number(place, tables).await, 0, "tables and indexes");
    let states = "select (select count(*) from ingesta_rebuilds)
                       + (select count(*) from ingesta_subscriptions where name like '%.%')";
    assert_eq!(number(place, states).await, 0, "states and subscriptions");
}

/// A transaction that holds a lock of this mode on the table until it is ended.
pub(crate) async fn holding(
    place: &Place,
    table: &str,
    mode: &str,
) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = place.database.pool().begin().await.unwrap();
    let lock = format!(
        "set local idle_in_transaction_session_timeout = 0; lock table {table} in {mode} mode"
    );
    sqlx::raw_sql(&lock).execute(&mut *held).await.unwrap();
    held
}

/// Leaves a rebuild behind that has only its swap left to do.
pub(crate) async fn interrupted_before_the_swap<P: Projection>(place: &Place, projection: P) {
    let table = projection.table().to_string();
    let reader = holding(place, &table, "access share").await;
    let busy = RebuildOptions {
        swap_tries: 1,
        ..options()
    };
    let rebuild = rebuild(place).await.with(projection).options(busy);
    let refused = rebuild.run().await;
    assert!(
        matches!(refused, Err(RebuildError::TableBusy { .. })),
        "{refused:?}"
    );
    reader.rollback().await.unwrap();
}

/// The rebuild has said something like this.
pub(crate) fn said(progress: &RebuildProgress, what: &str) -> bool {
    progress
        .note
        .as_ref()
        .is_some_and(|note| note.contains(what))
}
