//! A log of any length: the sample's history for so many aggregates, made by the server itself.
//!
//! Every aggregate gets its first event, in random order, then every aggregate its second, and so
//! on: the log interleaves streams as real ones do, and no aggregate's events lie together.
//! The keys of the table are made afterwards, which takes a fraction of the time.

use anyhow::Context;
use cqrs_es::{Aggregate, DomainEvent};
use ingesta_domain::ingesta::Ingesta;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::sample::{Sample, metadata};

/// Events of each aggregate.
pub const EVENTS_EACH: usize = 10;

/// Aggregates that are handed over at once.
const AT_ONCE: usize = 50_000;

/// Fills the log of a migrated database, which is empty, with histories of so many aggregates.
///
/// # Errors
/// When the server refuses.
pub async fn fill(url: &str, sample: &Sample, aggregates: usize) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let run = "set maintenance_work_mem = '512MB'; set work_mem = '256MB';
               create unlogged table bench_ids (id text not null);
               alter table events drop constraint events_pkey;
               drop index events_log";
    sqlx::raw_sql(run).execute(&mut connection).await?;
    let mut left = aggregates;
    while left > 0 {
        let now = left.min(AT_ONCE);
        let ids: Vec<String> = (0..now).map(|_| Uuid::now_v7().to_string()).collect();
        sqlx::query("insert into bench_ids select * from unnest($1::text[])")
            .bind(ids)
            .execute(&mut connection)
            .await?;
        left -= now;
    }
    let stored_with = serde_json::to_string(&metadata())?;
    for (event, sequence) in sample.history(EVENTS_EACH).iter().zip(1_i64..) {
        sqlx::query(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata) \
             select $1, id, $2, $3, '1', $4::json, $5::json from bench_ids order by random()",
        )
        .bind(Ingesta::TYPE)
        .bind(sequence)
        .bind(event.event_type())
        .bind(serde_json::to_string(event)?)
        .bind(&stored_with)
        .execute(&mut connection)
        .await
        .context("store the histories")?;
    }
    for statement in [
        "alter table events add primary key (aggregate_type, aggregate_id, sequence)",
        "create index events_log on events (xact, position)",
        "drop table bench_ids",
        "vacuum analyze events",
        "checkpoint",
    ] {
        sqlx::query(statement).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}
