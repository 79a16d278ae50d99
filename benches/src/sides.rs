//! The sides of the append bench: vanilla postgres-es with and without its view, and Ingesta.
//!
//! Each side has a database of its own on the same server and the same aggregates in it, each of
//! ten events. Promises: a side executes the same domain command through its own public way in.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use anyhow::Context;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use ingesta_domain::ingesta::{Ingesta, IngestaCommand};
use ingesta_event_store::{CommandContext, Commands, Database, DatabaseOptions, PostgresStorage};
use sqlx::PgPool;

use crate::postgres::{CONNECTIONS, Server};
use crate::sample::{Sample, codec};
use crate::vanilla::{self, Shown};

/// Events of an aggregate before it is updated.
pub const HISTORY: usize = 10;

type Answer = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// One way to execute a command.
#[derive(Clone)]
pub struct Side {
    /// How its figures are called.
    pub name: &'static str,
    pool: PgPool,
    execute: Arc<dyn Fn(String, IngestaCommand) -> Answer + Send + Sync>,
}

impl Side {
    /// postgres-es.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn vanilla(server: &mut Server, with_view: bool) -> anyhow::Result<Self> {
        let name = if with_view {
            "vanilla_with_view"
        } else {
            "vanilla"
        };
        let pool = Server::pool(&server.database(name).await?).await?;
        sqlx::raw_sql(vanilla::SCHEMA).execute(&pool).await?;
        let commands = Arc::new(vanilla::commands(&pool, with_view));
        let execute = move |id: String, command| -> Answer {
            let commands = Arc::clone(&commands);
            Box::pin(async move { Ok(commands.execute(&id, command).await?) })
        };
        Ok(Self {
            name,
            pool,
            execute: Arc::new(execute),
        })
    }

    /// Ingesta.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn ingesta(server: &mut Server) -> anyhow::Result<Self> {
        let options = DatabaseOptions {
            connections_max: CONNECTIONS,
            ..DatabaseOptions::default()
        };
        let database = Database::connect(&server.database("ingesta").await?, options).await?;
        database.migrate().await?;
        let pool = database.pool().clone();
        let storage = Arc::new(PostgresStorage::new(database));
        // Updates come round to the same aggregates: without what is kept, each loads as vanilla's.
        let commands = Commands::<Ingesta>::new(storage, codec(), ()).with_cache(0);
        let execute = move |id: String, command| -> Answer {
            let commands = commands.clone();
            Box::pin(async move {
                let context = CommandContext {
                    creates: matches!(command, IngestaCommand::CrearIngesta(_)),
                    ..CommandContext::default()
                };
                let done = commands.execute(&id, command, context).await?;
                anyhow::ensure!(!done.already_done, "a command did nothing");
                Ok(())
            })
        };
        Ok(Self {
            name: "ingesta",
            pool,
            execute: Arc::new(execute),
        })
    }

    /// Executes one command to its end.
    ///
    /// # Errors
    /// Whatever the command ends with.
    pub async fn execute(&self, id: String, command: IngestaCommand) -> anyhow::Result<()> {
        (self.execute)(id, command).await
    }

    /// Stores a history for each id, and its row where a view is kept.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn seed(&self, sample: &Sample, ids: &[String]) -> anyhow::Result<()> {
        let history = sample.history(HISTORY);
        let (sequences, types): (Vec<i64>, Vec<String>) = (1..)
            .zip(history.iter().map(DomainEvent::event_type))
            .unzip();
        let payloads: Result<Vec<_>, _> = history.iter().map(serde_json::to_string).collect();
        sqlx::query(
            "insert into events (aggregate_type, aggregate_id, sequence, event_type, \
             event_version, payload, metadata) \
             select $1, id, seq, et, '1', payload::json, '{}' from unnest($2::text[]) as i(id), \
             unnest($3::bigint[], $4::text[], $5::text[]) as e(seq, et, payload)",
        )
        .bind(Ingesta::TYPE)
        .bind(ids)
        .bind(sequences)
        .bind(types)
        .bind(payloads?)
        .execute(&self.pool)
        .await
        .context("store the histories")?;
        if self.name == "vanilla_with_view" {
            sqlx::query(
                "insert into ingesta_view (view_id, version, payload) \
                 select id, $2, $3::json from unnest($1::text[]) as i(id)",
            )
            .bind(ids)
            .bind(i64::try_from(HISTORY)?)
            .bind(shown(sample)?)
            .execute(&self.pool)
            .await?;
        }
        self.tidy().await
    }

    /// Takes the updates away again, so that every aggregate has its ten events, and cleans up
    /// what that leaves behind.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn reset(&self) -> anyhow::Result<()> {
        sqlx::query("delete from events where sequence > $1")
            .bind(i64::try_from(HISTORY)?)
            .execute(&self.pool)
            .await?;
        self.tidy().await
    }

    async fn tidy(&self) -> anyhow::Result<()> {
        sqlx::raw_sql("vacuum analyze events")
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn shown(sample: &Sample) -> anyhow::Result<String> {
    let mut view = Shown::default();
    for (payload, sequence) in sample.history(HISTORY).into_iter().zip(1..) {
        let metadata = std::collections::HashMap::new();
        view.update(&EventEnvelope {
            aggregate_id: String::new(),
            sequence,
            payload,
            metadata,
        });
    }
    Ok(serde_json::to_string(&view)?)
}
