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
use super::names::literal;
use super::parked::differ_sql;
use super::progress::RebuildPhase;
use super::{fence, key_name, live};

const PAUSE_MIN: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// The follower has moved on, or another program's has: what was caught up with is not the view.
const MOVED: &str = "ING02";
/// The table is not the projection's.
const NOT_OURS: &str = "ING03";
/// The fresh table holds events that an operator has passed over meanwhile.
const SKIPPED: &str = "ING04";

/// Pauses between tries, each twice as long as the one before.
pub(crate) struct Pauses(Duration);

impl Default for Pauses {
    fn default() -> Self {
        Self(PAUSE_MIN)
    }
}

impl Pauses {
    pub(crate) async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = (self.0 * 2).min(PAUSE_MAX);
    }
}

enum Tried {
    Swapped,
    Busy,
    /// Other events are skipped than it was folded without.
    Outdated,
}

impl Build {
    /// Puts the fresh table in the place of the old one; answers with the view's position.
    /// `None`: it must be folded anew, for it holds an event that was skipped since.
    pub(crate) async fn swap(&self) -> Result<Option<Position>, RebuildError> {
        let progress = &self.ground.progress;
        progress.phase(RebuildPhase::Swapping, Some(&self.names.projection));
        let tries = self.ground.options.swap_tries;
        let mut pauses = Pauses::default();
        for number in 1..=tries {
            let kept = live::pause(&self.ground, &self.names.projection).await?;
            let tried = self.ground.until_stopped(self.try_swap(&kept)).await;
            // After a swap the lease was given back by it, and this changes nothing.
            kept.release().await;
            match tried? {
                Tried::Swapped => {
                    let at = self.ground.storage.checkpoint(&self.names.projection);
                    let at = at.await?.unwrap_or_default();
                    self.drop_old().await;
                    return Ok(Some(at));
                }
                Tried::Outdated => return Ok(None),
                Tried::Busy => {}
            }
            if number < tries {
                self.note("the table is in use: the swap is tried again");
                let waited = self.ground.stop.run_until_cancelled(pauses.next()).await;
                waited.ok_or(RebuildError::Cancelled)?;
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
        let sql = self.swap_sql(kept);
        let pool = self.ground.database.pool();
        let Err(error) = sqlx::raw_sql(&sql).execute(pool).await else {
            return Ok(Tried::Swapped);
        };
        match fence::code(&error).as_deref() {
            Some(MOVED) => Ok(Tried::Busy),
            Some(SKIPPED) => Ok(Tried::Outdated),
            Some(NOT_OURS) => Err(self.not_ours()),
            _ if fence::is_busy(&error) => Ok(Tried::Busy),
            _ => {
                let error = fence::meaning(ATTEMPTED, self.kept.lease(), error);
                Err(super::guard::taken_over(&self.names, error))
            }
        }
    }

    fn swap_sql(&self, live: &Kept) -> String {
        let names = &self.names;
        let (table, fresh) = (names.table.quoted(), names.fresh.quoted());
        let (owned, retired, take_over) = (
            self.owned_sql(),
            self.retire_sql(),
            self.take_over_sql(live),
        );
        let statements = format!(
            "{owned}
             {take_over}
             {retired}
             alter table {fresh} rename to {table};
             {key}
             alter table {table} reset (autovacuum_enabled);
             comment on table {table} is {mark};",
            key = key_name::settle(&names.table),
            mark = literal(&names.mark()),
        );
        let declare = format!("{} found_mark text;", key_name::DECLARE);
        let tables = [&names.table, &names.fresh];
        fence::block(self.kept.lease(), &declare, &tables, &statements)
    }

    /// Checkpoint and parked streams become the view's.
    fn take_over_sql(&self, live: &Kept) -> String {
        let names = &self.names;
        let (view, build) = (literal(&names.projection), literal(&names.subscription));
        format!(
            "update ingesta_subscriptions l
                set xact = b.xact, position = b.position, owner = null, expires_at = null,
                    system_identifier = b.system_identifier, epoch = l.epoch + 1,
                    moved_at = clock_timestamp()
               from ingesta_subscriptions b
              where l.name = {view} and l.epoch = {epoch} and b.name = {build}
                and (l.xact, l.position) <= (b.xact, b.position);
             if not found then
               raise exception 'the view has moved' using errcode = '{MOVED}';
             end if;
             delete from ingesta_parked_streams where subscription = {view};
             if {differ} then
               raise exception 'other events are skipped' using errcode = '{SKIPPED}';
             end if;
             update ingesta_parked_streams set subscription = {view} where subscription = {build};
             loop
               update ingesta_parked_streams p
                  set sequence = p.sequence + 1, attempts = 0, retry_at = clock_timestamp(),
                      code = {pending}, message = 'moved on; the next event has not been tried yet'
                 from ingesta_skipped_events k
                where p.subscription = {view} and k.subscription = {view}
                  and (k.aggregate_type, k.aggregate_id, k.sequence)
                      = (p.aggregate_type, p.aggregate_id, p.sequence);
               exit when not found;
             end loop;
             delete from ingesta_rebuilds where projection = {view};
             delete from ingesta_subscriptions where name = {build};",
            epoch = live.lease().epoch,
            // Whoever skips an event locks the row of its parked stream first, which is gone by now.
            differ = differ_sql(&view, &build, &self.skipped_hashes),
            pending = literal(ingesta_event_store::subscription::ParkReason::PENDING),
        )
    }

    /// What is not this projection's is not dropped.
    fn owned_sql(&self) -> String {
        let table = self.names.table.quoted();
        format!(
            "if to_regclass({text}) is not null then
               found_mark := coalesce(obj_description(to_regclass({text}), 'pg_class'), '');
               if found_mark <> {mark} then
                 if found_mark <> '' or exists (select from {table}) then
                   raise exception 'the table is not the view''s' using errcode = '{NOT_OURS}';
                 end if;
               end if;
             end if;",
            text = literal(&table),
            mark = literal(&self.names.mark()),
        )
    }

    /// The old table goes aside, with the name of its key, if there is one.
    fn retire_sql(&self) -> String {
        let (table, old) = (self.names.table.quoted(), self.names.old.quoted());
        format!(
            "if to_regclass({text}) is not null then
             alter table {table} rename to {old};
             {key}
             comment on table {old} is {mark};
             end if;",
            text = literal(&table),
            key = key_name::settle(&self.names.old),
            mark = literal(&self.names.old_mark()),
        )
    }

    /// The old table is read by nobody new. If it cannot be dropped now, the next rebuild does it.
    async fn drop_old(&self) {
        const TRIES: u32 = 5;
        let old = &self.names.old;
        let sql = fence::drop_marked(old, &self.names.old_mark());
        let mut pauses = Pauses::default();
        for number in 1..=TRIES {
            let dropped = sqlx::raw_sql(&sql).execute(self.ground.database.pool());
            let Err(error) = dropped.await else { return };
            let error: StoreError =
                ingesta_event_store::Database::failure("dropping the old table", error);
            tracing::debug!(table = %old, %error, "the old table is still in use");
            let waited = self.ground.stop.run_until_cancelled(pauses.next());
            if number == TRIES || waited.await.is_none() {
                break;
            }
        }
        self.note("the old table could not be dropped; the next rebuild does it");
    }
}
