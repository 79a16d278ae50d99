//! From the log to rows: as many passes as the memory setting and failing events make necessary.
//!
//! Every pass reads the log once for all projections that stand at the same transaction. A pass
//! that finds an event it cannot fold is not used: the stream is put aside, and the pass is made
//! again without the event and what stands behind it. Many such streams take two or three passes
//! ([`Suspects`](super::pass::Suspects)).

use std::sync::Arc;

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use tokio::task::JoinSet;

use super::RebuildError;
use super::build::{Build, Ground};
use super::pass::{Folded, Job, Limits, pass};
use super::progress::RebuildPhase;
use super::state::Stage;

/// Folds until every row of every build is written.
pub(crate) async fn fold(ground: &Ground, builds: &mut [Build]) -> Result<(), RebuildError> {
    let expected = estimate(&ground.database).await?;
    while let Some(upto) = builds
        .iter()
        .find(|b| b.stage == Stage::Folding)
        .map(|b| b.upto)
    {
        let mut together: Vec<&mut Build> = builds
            .iter_mut()
            .filter(|build| build.stage == Stage::Folding && build.upto == upto)
            .collect();
        ground.progress.begin_pass(expected);
        ground.progress.phase(RebuildPhase::Folding, None);
        let jobs = together.iter().map(|build| job(build)).collect();
        let limits = Limits {
            memory_bytes: ground.options.memory_bytes,
            workers: ground.options.workers,
        };
        let mut losses = losses(&together);
        let reading = pass(&ground.sessions, upto, jobs, limits, &ground.progress);
        // A pass may take long, and is of no use to who lost the lease meanwhile.
        let folded = tokio::select! {
            folded = reading => folded?,
            Some(Ok(projection)) = losses.join_next() => {
                return Err(RebuildError::TakenOver { projection });
            }
        };
        drop(losses);
        let events = ground.progress.events_read();
        for (build, folded) in together.iter_mut().zip(folded) {
            build.has_read(events).await?;
            build.take(folded).await?;
        }
    }
    Ok(())
}

/// Tasks that end with the name of a projection whose lease was lost.
fn losses(builds: &[&mut Build]) -> JoinSet<String> {
    let mut losses = JoinSet::new();
    for build in builds {
        let (lost, projection) = (build.kept.lost(), build.names.projection.clone());
        losses.spawn(async move {
            lost.await;
            projection
        });
    }
    losses
}

fn job(build: &Build) -> Job {
    Job {
        projection: build.target.folds(),
        from: build.done_below.clone().filter(|key| !key.is_empty()),
        cut: build.cut.clone(),
        skip: Arc::clone(&build.skipped),
        suspects: build.suspects.clone(),
    }
}

impl Build {
    async fn take(&mut self, folded: Folded) -> Result<(), RebuildError> {
        let Folded { rows, until, found } = folded;
        let first = self.done_below.as_ref().is_none_or(String::is_empty);
        let clean = found.is_clean();
        let judged = self.suspects.judge(found, first && until.is_none());
        if !clean && !first && !self.target.keyed_by_aggregate() {
            // An event may touch rows of several slices: those of the earlier ones hold it. They
            // go first: who is killed in between has nothing but a fold to repeat.
            self.empty().await?;
        }
        if !judged.park.is_empty() {
            self.park(judged.park).await?;
        }
        if !judged.right {
            return Ok(());
        }
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Writing, Some(&self.names.projection));
        if until.is_some() && until <= self.done_below {
            return Err(RebuildError::Memory {
                projection: self.names.projection.clone(),
                bytes: self.ground.options.memory_bytes,
            });
        }
        self.write(rows, until).await
    }
}

/// About how many events the log holds, by the database's statistics.
async fn estimate(database: &Database) -> Result<Option<u64>, StoreError> {
    let failed = |e| Database::failure("estimating the length of the log", e);
    let row = sqlx::query(
        "select greatest(reltuples::bigint, pg_stat_get_live_tuples(oid), 0) as events
           from pg_class where oid = to_regclass('events')",
    )
    .fetch_optional(database.pool())
    .await
    .map_err(failed)?;
    let events = row.map(|row| row.try_get::<i64, _>("events")).transpose();
    let events = events.map_err(failed)?;
    Ok(events
        .and_then(|events| u64::try_from(events).ok())
        .filter(|events| *events > 0))
}
