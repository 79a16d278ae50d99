//! The fresh table beside the one that is read: where they differ, and how.
//!
//! Without a pause the two are at slightly different places, so a row whose version differs is
//! only on its way; a row of the same version with another payload is not. It reads and changes
//! nothing, and holds no follower up.

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::build::Build;
use super::progress::RebuildPhase;
use super::{RebuildError, fresh};

/// How the fresh table differs from the one that is read, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Of the same version, with another payload: the old view was not a fold of the log, or the
    /// code folds otherwise now.
    pub changed: u64,
    /// Only in the fresh table: missing from the old one, or very new.
    pub only_fresh: u64,
    /// Only in the old table: one too many there, or very new.
    pub only_old: u64,
    /// Of another version. While the view is written to, that is a row on its way.
    pub moving: u64,
}

impl Compared {
    /// True if nothing differs.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        *self == Self::default()
    }
}

impl Build {
    /// Compares the two tables; `None`: there is no old one.
    pub(crate) async fn compare(&self) -> Result<Option<Compared>, RebuildError> {
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Comparing, Some(&self.names.projection));
        if fresh::mark(&self.ground.database, &self.names.table)
            .await?
            .is_none()
        {
            return Ok(None);
        }
        let mut session = self.ground.sessions.open().await?;
        let compared = differences(&mut session, self).await?;
        session.close().await?;
        Ok(Some(compared))
    }
}

/// Counts what differs, in the session's snapshot.
pub(crate) async fn differences(
    session: &mut PgConnection,
    build: &Build,
) -> Result<Compared, StoreError> {
    let (old, fresh) = (build.names.table.quoted(), build.names.fresh.quoted());
    let sql = format!(
        "select count(*) filter (where o.view_id is null) as only_fresh,
                count(*) filter (where n.view_id is null) as only_old,
                count(*) filter (where o.version <> n.version) as moving,
                count(*) filter (where o.version = n.version
                                   and o.payload::text <> n.payload::text) as changed
           from {old} o full join {fresh} n using (view_id)"
    );
    let failed = |e| Database::failure("comparing a rebuilt table", e);
    let row = sqlx::query(&sql).fetch_one(session).await.map_err(failed)?;
    let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    let read = || -> Result<Compared, sqlx::Error> {
        Ok(Compared {
            changed: count("changed")?,
            only_fresh: count("only_fresh")?,
            only_old: count("only_old")?,
            moving: count("moving")?,
        })
    };
    read().map_err(failed)
}
