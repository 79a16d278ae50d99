//! The peer's `QueryReplay` on the same table, for as long as the bench can wait.
//!
//! A full run takes minutes. The window begins with the first event, so that the sort before it,
//! which a full run pays once, does not count against the peer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use cqrs_es::persist::QueryReplay;
use cqrs_es::{EventEnvelope, Query};
use ingesta_domain::ingesta::Ingesta;
use postgres_es::PostgresEventRepository;
use tokio::sync::Notify;

use crate::closed_loop::count;
use crate::postgres::Server;
use crate::vanilla::{self, Shown};

/// Counts what it hands on.
struct Counted {
    query: Box<dyn Query<Ingesta>>,
    applied: Arc<AtomicU64>,
    first: Arc<Notify>,
}

#[async_trait]
impl Query<Ingesta> for Counted {
    async fn dispatch(&self, id: &str, events: &[EventEnvelope<Ingesta>]) {
        self.query.dispatch(id, events).await;
        if self
            .applied
            .fetch_add(events.len() as u64, Ordering::Relaxed)
            == 0
        {
            self.first.notify_one();
        }
    }
}

/// Events per second of a replay into an empty view, over a window of this length, or until it is
/// through.
///
/// # Errors
/// When it fails or an event could not be applied.
pub async fn replay(url: &str, window: Duration) -> anyhow::Result<f64> {
    // Its own connections, closed with whatever the peer has left unread on them.
    let pool = Server::pool(url).await?;
    sqlx::raw_sql(
        "drop table if exists vanilla_view;
         create table vanilla_view (
             view_id text                        not null,
             version bigint check (version >= 0) not null,
             payload json                        not null,
             primary key (view_id))",
    )
    .execute(&pool)
    .await?;
    let (query, lost) = vanilla::view_in::<Shown>(&pool, "vanilla_view");
    let (applied, first) = (Arc::new(AtomicU64::new(0)), Arc::new(Notify::new()));
    let counted = Counted {
        query,
        applied: Arc::clone(&applied),
        first: Arc::clone(&first),
    };
    let mut replay = QueryReplay::new(PostgresEventRepository::new(pool.clone()), counted);
    let unread = lost.clone();
    replay.use_error_handler(Box::new(move |_| unread.lose()));
    let timed = async {
        first.notified().await;
        let (began, before) = (Instant::now(), applied.load(Ordering::Relaxed));
        tokio::time::sleep(window).await;
        (applied.load(Ordering::Relaxed) - before, began.elapsed())
    };
    let began = Instant::now();
    let (done, elapsed) = tokio::select! {
        timed = timed => timed,
        ended = replay.replay_all() => {
            ended?;
            (applied.load(Ordering::Relaxed), began.elapsed())
        }
    };
    lost.check()?;
    drop(replay);
    let closed = tokio::time::timeout(Duration::from_secs(30), pool.close()).await;
    closed.context("the peer's replay does not end")?;
    ensure!(done > 0, "the peer replayed nothing");
    Ok(count(done) / elapsed.as_secs_f64())
}
