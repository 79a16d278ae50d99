//! Is the live view a fold of the log? A fresh fold beside it answers, by hash, in one snapshot.
//!
//! The fresh table is built as a rebuild builds it, but for a look only. The follower is paused
//! until both tables stand at the same position and a snapshot of them is taken; then it goes on,
//! and the hashes are taken from the snapshot. Nothing of the view is changed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::{Database, Position};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};
use tokio_util::sync::CancellationToken;

use super::build::{Build, Ground};
use super::keep::Kept;
use super::names::{Purpose, literal};
use super::progress::RebuildPhase;
use super::session::Session;
use super::target::Target;
use super::{RebuildError, digest, folding, fresh, live, run};

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which projection.
    pub projection: String,
    /// Where both stood when they were compared.
    pub position: Position,
    /// The table that is read.
    pub live: Digest,
    /// The fresh fold.
    pub fresh: Digest,
    /// Rows that the view should have and has not.
    pub missing: Differing,
    /// Rows that the view should not have.
    pub extra: Differing,
    /// Rows of another version or payload than they should be.
    pub changed: Differing,
    /// Streams that are parked in the view.
    pub parked: u64,
    /// Streams that a fresh fold by this program puts aside. Fewer than in the view: what once
    /// failed can be folded now, and resuming these streams mends the view.
    pub parked_fresh: u64,
}

impl Verified {
    /// True if the view is a fold of the log.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.live == self.fresh
    }
}

/// What a table holds, whatever the order of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Its rows.
    pub rows: u64,
    /// Equal where keys, versions and payloads are.
    pub hash: String,
}

/// Rows that differ in one way.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Differing {
    /// How many.
    pub count: u64,
    /// The first of their keys, at most [`Differing::KEYS_MAX`]. They may be personal data.
    pub keys: Vec<String>,
}

impl Differing {
    /// Keys that are told.
    pub const KEYS_MAX: usize = 20;
}

/// The keys are not printed: they may be personal data.
impl fmt::Debug for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Differing")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// How long a stop may take to drop a table that somebody else uses.
const CLEAR_WITHIN: Duration = Duration::from_secs(10);

/// How often the view is paused, where somebody takes its lease in between.
const TRIES: u32 = 10;

/// Verifies them all, in one pass over the log.
pub(crate) async fn verify(
    ground: &Arc<Ground>,
    targets: &[Arc<dyn Target>],
) -> Result<Vec<Verified>, RebuildError> {
    ground.database.check_cluster().await?;
    let mut at_most: Option<u64> = None;
    for target in targets {
        let Some(live) = ground.storage.checkpoint(target.name()).await? else {
            return Err(RebuildError::NeverRan {
                projection: target.name().to_owned(),
            });
        };
        fresh::check_there(&ground.database, &**target).await?;
        // No view may be behind the fold that it is compared with.
        at_most = Some(at_most.map_or(live.xact(), |least| least.min(live.xact())));
    }
    let mut builds = run::open(ground, targets, Purpose::Verify, at_most).await?;
    let done = finish(ground, &mut builds).await;
    run::give_up(builds).await;
    let done = done?;
    ground.progress.phase(RebuildPhase::Done, None);
    Ok(done)
}

async fn finish(ground: &Ground, builds: &mut [Build]) -> Result<Vec<Verified>, RebuildError> {
    ground.until_stopped(folding::fold(ground, builds)).await?;
    let mut done = Vec::new();
    for build in builds {
        ground.until_stopped(build.index()).await?;
        ground.until_stopped(build.approach()).await?;
        done.push(build.verify().await?);
    }
    Ok(done)
}

impl Build {
    async fn verify(&self) -> Result<Verified, RebuildError> {
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Comparing, Some(&self.names.projection));
        for _ in 0..TRIES {
            let kept = live::pause(&self.ground, &self.names.projection).await?;
            let snapshot = self.ground.until_stopped(self.snapshot(&kept)).await;
            let position = kept.lease().checkpoint;
            kept.release().await;
            if let Some(mut snapshot) = snapshot? {
                let digest = self.digest(&mut snapshot, position);
                // Told to stop, the server may still be hashing: who gives up ends that session.
                let verified = self.ground.until_stopped(digest).await?;
                snapshot.close().await?;
                return Ok(verified);
            }
        }
        Err(RebuildError::TableBusy {
            table: self.names.table.to_string(),
            tries: TRIES,
        })
    }

    /// A session whose snapshot shows both tables at the position of the paused view; `None`:
    /// somebody took the view's lease meanwhile.
    async fn snapshot(&self, kept: &Kept) -> Result<Option<Session>, RebuildError> {
        let failed = |e| Database::failure("taking a snapshot of a view", e);
        let position = kept.lease().checkpoint;
        self.catch_up(position).await?;
        let mut session = self.ground.sessions.open().await?;
        // It reads for as long as it takes.
        let begin = format!(
            "set idle_in_transaction_session_timeout = 0;
             begin isolation level repeatable read read only;
             lock table {}, {} in access share mode",
            self.names.table.quoted(),
            self.names.fresh.quoted()
        );
        session.execute(begin.as_str()).await.map_err(failed)?;
        // The tables cannot be swapped any more; now the snapshot, and whether it is the right one.
        let row = sqlx::query(
            "select count(*) as ours from ingesta_subscriptions l, ingesta_subscriptions b
              where l.name = $1 and l.epoch = $2 and b.name = $3 and b.epoch = $4
                and (l.xact, l.position) = (b.xact, b.position)",
        )
        .bind(&kept.lease().name)
        .bind(kept.lease().epoch)
        .bind(&self.names.subscription)
        .bind(self.kept.lease().epoch)
        .fetch_one(&mut *session)
        .await
        .and_then(|row| row.try_get::<i64, _>("ours"));
        Ok((row.map_err(failed)? == 1).then_some(session))
    }

    async fn digest(
        &self,
        snapshot: &mut PgConnection,
        position: Position,
    ) -> Result<Verified, RebuildError> {
        let names = &self.names;
        let mut verified = Verified {
            projection: names.projection.clone(),
            position,
            live: digest::of(snapshot, &names.table).await?,
            fresh: digest::of(snapshot, &names.fresh).await?,
            missing: Differing::default(),
            extra: Differing::default(),
            changed: Differing::default(),
            parked: digest::parked(snapshot, &names.projection).await?,
            parked_fresh: digest::parked(snapshot, &names.subscription).await?,
        };
        if !verified.is_equal() {
            digest::differing(snapshot, names, &mut verified).await?;
        }
        Ok(verified)
    }

    /// Drops the table that was looked at, and what was kept of it, also after a stop. Where that
    /// does not work in time, the next verification does it.
    pub(crate) async fn clear_away(&self) {
        let (table, name) = (self.names.fresh.quoted(), literal(&self.names.subscription));
        let (text, mark) = (literal(&table), literal(&self.names.fresh_mark()));
        // A table in the way that is somebody else's stays.
        let sql = format!(
            "if obj_description(to_regclass({text}), 'pg_class') = {mark} then
               drop table {table};
             end if;
             delete from ingesta_subscriptions where name = {name};"
        );
        let (table, never) = (&self.names.fresh, CancellationToken::new());
        let cleared = self.fenced_until(&never, "clearing away", table, &sql);
        match tokio::time::timeout(CLEAR_WITHIN, cleared).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(%table, %error, "the table of a verification was left behind");
            }
            Err(_) => tracing::warn!(%table, "the table of a verification is in use: it is left"),
        }
    }
}
