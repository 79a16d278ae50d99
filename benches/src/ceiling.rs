//! The server's own ceiling for durable appends: 1,000 rows a statement, two connections.
//!
//! The rows are those of a creation, each with its own columns as commands have them, the table is
//! ours with its log index, and no command is decided: what an event store on this server could
//! reach at most.

use std::sync::Arc;
use std::time::Duration;

use cqrs_es::{Aggregate, DomainEvent};
use ingesta_domain::ingesta::Ingesta;
use ingesta_event_store::Database;
use sqlx::PgPool;
use uuid::Uuid;

use crate::closed_loop::{self, Load, Measured};
use crate::postgres::Server;
use crate::sample::Sample;

/// Rows of one statement.
pub const ROWS: usize = 1_000;

const INSERT: &str = "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
     event_version, payload, metadata) \
     select at, ai, 1, et, '1', payload::json, '{}' \
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as c(at, ai, et, payload)";

/// A table to fill.
pub struct Ceiling {
    pool: PgPool,
    row: Arc<(String, String)>,
    postmaster: Option<u32>,
}

impl Ceiling {
    /// In a database of its own.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn new(server: &mut Server, sample: &Sample) -> anyhow::Result<Self> {
        let pool = Server::pool(&server.database("ceiling").await?).await?;
        Database::from_pool(pool.clone()).migrate().await?;
        let event = sample.history(1).swap_remove(0);
        let row = Arc::new((event.event_type(), serde_json::to_string(&event)?));
        Ok(Self {
            pool,
            row,
            postmaster: server.postmaster,
        })
    }

    /// Fills it for a while; one *command* of the answer is one statement.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn measure(&self, time: Duration) -> anyhow::Result<Measured> {
        let load = Load {
            callers: 2,
            time,
            commands_max: u64::MAX,
            postmaster: self.postmaster,
        };
        let (pool, row) = (self.pool.clone(), Arc::clone(&self.row));
        let insert = move |_| {
            let (pool, row) = (pool.clone(), Arc::clone(&row));
            async move {
                let ids: Vec<String> = (0..ROWS).map(|_| Uuid::now_v7().to_string()).collect();
                sqlx::query(INSERT)
                    .bind(vec![Ingesta::TYPE; ROWS])
                    .bind(ids)
                    .bind(vec![row.0.as_str(); ROWS])
                    .bind(vec![row.1.as_str(); ROWS])
                    .execute(&pool)
                    .await?;
                Ok(())
            }
        };
        closed_loop::run(load, insert, async { Ok(()) }).await
    }
}
