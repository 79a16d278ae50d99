//! The peer: postgres-es as it is released, with its table, its pool and, if asked for, its view.
//!
//! What is repeated here of its way of loading is public in cqrs-es: text to `Value`, `Value` to
//! `SerializedEvent`, that to an `EventEnvelope`; the metadata goes the same way into a map.

use std::sync::Arc;

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

/// Commands through postgres-es on this pool.
#[must_use]
pub fn commands(pool: &PgPool, with_view: bool) -> PostgresCqrs<Ingesta> {
    let mut queries: Vec<Box<dyn Query<Ingesta>>> = Vec::new();
    if with_view {
        let view = PostgresViewRepository::<Shown, Ingesta>::new("ingesta_view", pool.clone());
        queries.push(Box::new(GenericQuery::new(Arc::new(view))));
    }
    postgres_cqrs(pool.clone(), queries, ())
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
