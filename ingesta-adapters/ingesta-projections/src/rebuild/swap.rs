//! The fresh table takes the place of the old one, with its checkpoint and its parked streams: one
//! transaction, while the live follower is paused at exactly the same position.
//!
//! The tables' lock is waited for only a moment, because readers queue behind whoever waits for
//! it; after a failed try the follower goes on, and the next try comes later. Whatever dies in
//! between leaves the old view as it was.

use std::time::Duration;

use ingesta_event_store::{Position, StoreError};

use super::RebuildError;
use super::build::Build;
use super::keep::Kept;
use super::names::{key_of, literal};
use super::progress::RebuildPhase;
use super::{fence, fresh, live};

/// How long readers may be held up by a try.
const LOCK_TIMEOUT: &str = "200ms";
const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The follower has moved on, or another program's has: what was caught up with is not the view.
const MOVED: &str = "ING02";

enum Tried {
    Swapped,
    Busy,
}

impl Build {
    /// Puts the fresh table in the place of the old one; answers with the view's position.
    pub(crate) async fn swap(&self) -> Result<Position, RebuildError> {
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Swapping, Some(&self.names.projection));
        let tries = self.ground.options.swap_tries;
        let mut pause = PAUSE_MIN;
        for number in 1..=tries {
            let kept = live::pause(&self.ground, &self.names.projection).await?;
            let tried = self.try_swap(&kept).await;
            // After a swap the lease was given back by it, and this changes nothing.
            kept.release().await;
            if let Tried::Swapped = tried? {
                let at = self
                    .ground
                    .storage
                    .checkpoint(&self.names.projection)
                    .await?;
                self.drop_old().await;
                return Ok(at.unwrap_or_default());
            }
            if number < tries {
                self.note("the table is in use: the swap is tried again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        Err(RebuildError::TableBusy {
            table: self.names.table.to_string(),
            tries,
        })
    }

    async fn try_swap(&self, kept: &Kept) -> Result<Tried, RebuildError> {
        const ATTEMPTED: &str = "swapping the table of a projection";
        self.catch_up(kept.lease().checkpoint).await?;
        let has_old = fresh::mark(&self.ground.database, &self.names.table).await?;
        let sql = self.swap_sql(kept, has_old);
        let pool = self.ground.database.pool();
        let Err(error) = sqlx::raw_sql(&sql).execute(pool).await else {
            return Ok(Tried::Swapped);
        };
        match fence::code(&error).as_deref() {
            // No lock in time, a deadlock, or a follower that came in between.
            Some("55P03" | "40P01" | MOVED) => Ok(Tried::Busy),
            _ => {
                let error = fence::meaning(ATTEMPTED, self.kept.lease(), error);
                Err(super::guard::taken_over(&self.names, error))
            }
        }
    }

    fn swap_sql(&self, live: &Kept, old_mark: Option<String>) -> String {
        let names = &self.names;
        let (table, fresh) = (names.table.quoted(), names.fresh.quoted());
        let locked = match old_mark {
            Some(_) => format!("{table}, {fresh}"),
            None => fresh.clone(),
        };
        let retired = old_mark.map_or_else(String::new, |_| self.retire_sql());
        let statements = format!(
            "perform set_config('lock_timeout', '{LOCK_TIMEOUT}', true);
             lock table {locked} in access exclusive mode;
             update ingesta_subscriptions l
                set xact = b.xact, position = b.position, owner = null, expires_at = null,
                    system_identifier = b.system_identifier, epoch = l.epoch + 1,
                    moved_at = clock_timestamp()
               from ingesta_subscriptions b
              where l.name = {live} and l.epoch = {epoch} and b.name = {build}
                and (l.xact, l.position) <= (b.xact, b.position);
             if not found then
               raise exception 'the view has moved' using errcode = '{MOVED}';
             end if;
             delete from ingesta_parked_streams where subscription = {live};
             update ingesta_parked_streams set subscription = {live} where subscription = {build};
             loop
               update ingesta_parked_streams p
                  set sequence = p.sequence + 1, attempts = 0, retry_at = clock_timestamp(),
                      code = {pending}, message = 'moved on; the next event has not been tried yet'
                 from ingesta_skipped_events k
                where p.subscription = {live} and k.subscription = {live}
                  and (k.aggregate_type, k.aggregate_id, k.sequence)
                      = (p.aggregate_type, p.aggregate_id, p.sequence);
               exit when not found;
             end loop;
             delete from ingesta_rebuilds where projection = {live};
             delete from ingesta_subscriptions where name = {build};
             {retired}
             alter table {fresh} rename to {table};
             alter table {table} rename constraint {fresh_key} to {key};
             comment on table {table} is {mark};",
            live = literal(&names.projection),
            epoch = live.lease().epoch,
            build = literal(&names.subscription),
            pending = literal(ingesta_event_store::subscription::ParkReason::PENDING),
            fresh_key = key_of(&names.fresh).quoted(),
            key = key_of(&names.table).quoted(),
            mark = literal(&names.mark()),
        );
        fence::block(self.kept.lease(), "key_name text;", &statements)
    }

    /// The old table goes aside, with the name of its key.
    fn retire_sql(&self) -> String {
        let (table, old) = (self.names.table.quoted(), self.names.old.quoted());
        format!(
            "select conname into key_name from pg_constraint
              where conrelid = {regclass}::regclass and contype = 'p';
             if found then
               execute format('alter table %s rename constraint %I to %I',
                              {text}, key_name, {old_key});
             end if;
             alter table {table} rename to {old};
             comment on table {old} is {mark};",
            regclass = literal(&table),
            text = literal(&table),
            old_key = literal(key_of(&self.names.old).as_str()),
            mark = literal(&self.names.old_mark()),
        )
    }

    /// The old table is read by nobody new. If it cannot be dropped now, the next rebuild does it.
    async fn drop_old(&self) {
        const TRIES: u32 = 5;
        let old = &self.names.old;
        for _ in 0..TRIES {
            let sql = format!(
                "set local lock_timeout = '1s'; drop table if exists {}",
                old.quoted()
            );
            let dropped = sqlx::raw_sql(&sql).execute(self.ground.database.pool());
            let Err(error) = dropped.await else { return };
            let error: StoreError =
                ingesta_event_store::Database::failure("dropping the old table", error);
            tracing::debug!(table = %old, %error, "the old table is still in use");
        }
        self.note("the old table could not be dropped; the next rebuild does it");
    }
}
