//! Aggregates that are there before they are updated: each of ten events, and a row of the view.
//!
//! Every window has aggregates of its own, which nobody has updated before: so every update finds
//! ten events, on both sides.

use anyhow::Context;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use ingesta_domain::ingesta::Ingesta;
use uuid::Uuid;

use super::Side;
use crate::sample::Sample;
use crate::vanilla::Shown;

/// Events of an aggregate before it is updated.
pub const HISTORY: usize = 10;

impl Side {
    /// Stores histories of so many new aggregates, and their rows where a view is kept.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn seed(&self, sample: &Sample, aggregates: usize) -> anyhow::Result<Vec<String>> {
        let ids: Vec<String> = (0..aggregates)
            .map(|_| Uuid::now_v7().to_string())
            .collect();
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
        .bind(&ids)
        .bind(sequences)
        .bind(types)
        .bind(payloads?)
        .execute(&self.pool)
        .await
        .context("store the histories")?;
        if self.seeds_view {
            sqlx::query(
                "insert into ingesta_view (view_id, version, payload) \
                 select id, $2, $3::json from unnest($1::text[]) as i(id)",
            )
            .bind(&ids)
            .bind(i64::try_from(HISTORY)?)
            .bind(row(sample)?)
            .execute(&self.pool)
            .await?;
        }
        // A view that follows makes its rows by itself.
        self.settle().await?;
        sqlx::raw_sql("vacuum analyze events")
            .execute(&self.pool)
            .await?;
        Ok(ids)
    }
}

fn row(sample: &Sample) -> anyhow::Result<String> {
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
