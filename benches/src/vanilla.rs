//! The peer: postgres-es as it is released, with its table, its pool and, if asked for, its view.
//!
//! What is repeated here of its way of loading is public in cqrs-es: text to `Value`, `Value` to
//! `SerializedEvent`, that to an `EventEnvelope`; the metadata goes the same way into a map.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cqrs_es::persist::{GenericQuery, SerializedEvent};
use cqrs_es::{Aggregate, EventEnvelope, Query, View};
use ingesta_domain::ingesta::{Ingesta, apply};
use postgres_es::{PostgresCqrs, PostgresViewRepository, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

/// The tables of postgres-es, exactly as its `init.sql` has them.
pub const SCHEMA: &str = "
create table events (
    aggregate_type text                         not null,
    aggregate_id   text                         not null,
    sequence       bigint check (sequence >= 0) not null,
    event_type     text                         not null,
    event_version  text                         not null,
    payload        json                         not null,
    metadata       json                         not null,
    primary key (aggregate_type, aggregate_id, sequence)
);
create table ingesta_view (
    view_id text                        not null,
    version bigint check (version >= 0) not null,
    payload json                        not null,
    primary key (view_id)
)";

/// A view that shows the whole ingesta.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Shown(Ingesta);

impl View<Ingesta> for Shown {
    fn update(&mut self, event: &EventEnvelope<Ingesta>) {
        apply(&mut self.0, event.payload.clone());
    }
}

/// What GenericQuery keeps to itself: that it could not store a row.
#[derive(Clone, Debug, Default)]
pub struct Lost(Arc<AtomicU64>);

impl Lost {
    /// Something was.
    pub fn lose(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Passes if nothing was lost.
    ///
    /// # Errors
    /// When the view was left behind: a figure over that would mean nothing.
    pub fn check(&self) -> anyhow::Result<()> {
        let lost = self.0.load(Ordering::Relaxed);
        anyhow::ensure!(lost == 0, "the peer's view was not stored {lost} times");
        Ok(())
    }
}

/// The peer's way to keep a view, in the table of [`SCHEMA`].
#[must_use]
pub fn view<V: View<Ingesta> + 'static>(pool: &PgPool) -> (Box<dyn Query<Ingesta>>, Lost) {
    view_in::<V>(pool, "ingesta_view")
}

/// The same, in another table.
#[must_use]
pub fn view_in<V: View<Ingesta> + 'static>(
    pool: &PgPool,
    table: &str,
) -> (Box<dyn Query<Ingesta>>, Lost) {
    let table = PostgresViewRepository::<V, Ingesta>::new(table, pool.clone());
    let (mut query, lost) = (GenericQuery::new(Arc::new(table)), Lost::default());
    let counted = lost.clone();
    query.use_error_handler(Box::new(move |_| counted.lose()));
    (Box::new(query), lost)
}

/// Commands through postgres-es on this pool.
#[must_use]
pub fn commands(pool: &PgPool, view: Option<Box<dyn Query<Ingesta>>>) -> PostgresCqrs<Ingesta> {
    postgres_cqrs(pool.clone(), view.into_iter().collect(), ())
}

/// An event as the table holds it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// JSON text.
    pub payload: String,
    /// JSON text.
    pub metadata: String,
    /// `event_type` of the event.
    pub event_type: String,
}

/// Folds stored events the way of cqrs-es.
///
/// # Errors
/// When one of them cannot be read.
pub fn fold(id: &str, events: &[Stored]) -> anyhow::Result<Ingesta> {
    let mut ingesta = Ingesta::default();
    for (index, event) in events.iter().enumerate() {
        let serialized = SerializedEvent::new(
            id.to_owned(),
            index + 1,
            Ingesta::TYPE.to_owned(),
            event.event_type.clone(),
            "1".to_owned(),
            serde_json::from_str(&event.payload)?,
            serde_json::from_str(&event.metadata)?,
        );
        ingesta.apply(EventEnvelope::<Ingesta>::try_from(serialized)?.payload);
    }
    Ok(ingesta)
}
