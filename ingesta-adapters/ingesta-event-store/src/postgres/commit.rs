//! One step of a subscription: effects, checkpoint, parked streams and the lease, in one statement.
//!
//! Every part selects from `own`, the row that the lease's update returns. Where the epoch is no
//! longer ours that row is not there, and nothing is written. One statement, because a process
//! that froze between two would hold a row lock and every reader's horizon.

use std::fmt::Write;

use sqlx::postgres::PgArguments;
use sqlx::{Arguments, Row};

use super::lease::milliseconds;
use super::row::bigint;
use super::{PostgresStorage, classify};
use crate::subscription::{Arg, Commit, Effect, Lease, Park, ParkReason, Unpark};
use crate::{Position, StoreError};

type Encoded<T = ()> = Result<T, sqlx::error::BoxDynError>;

/// A statement under construction: its text and its numbered arguments.
struct Statement {
    sql: String,
    args: PgArguments,
}

impl Statement {
    /// Adds an argument and answers with its placeholder.
    fn arg<'q, T>(&mut self, value: T) -> Encoded<String>
    where
        T: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + 'q,
    {
        self.args.add(value)?;
        Ok(format!("${}", self.args.len()))
    }

    fn own(lease: &Lease, checkpoint: Option<Position>) -> Encoded<Self> {
        let mut this = Self {
            sql: String::new(),
            args: PgArguments::default(),
        };
        let name = this.arg(lease.name.clone())?;
        let epoch = this.arg(lease.epoch)?;
        let duration = this.arg(milliseconds(lease.duration))?;
        let moved = match checkpoint {
            None => String::new(),
            Some(reached) => {
                let xact = this.arg(reached.xact().to_string())?;
                let identity = this.arg(reached.identity())?;
                format!(
                    ", xact = {xact}::text::xid8, position = {identity}, \
                       moved_at = clock_timestamp()"
                )
            }
        };
        write!(
            this.sql,
            "with own as (
               update ingesta_subscriptions
                  set expires_at = clock_timestamp()
                                   + {duration}::bigint * interval '1 millisecond'{moved}
                where name = {name} and epoch = {epoch} and owner is not null
               returning name)"
        )?;
        Ok(this)
    }

    fn effect(&mut self, number: usize, text: &str, args: Vec<Arg>) -> Encoded {
        let mut text = text.to_owned();
        for (index, arg) in args.into_iter().enumerate() {
            let placeholder = match arg {
                Arg::Texts(values) => self.arg(values)?,
                Arg::NullableTexts(values) => self.arg(values)?,
                Arg::Bigints(values) => self.arg(values)?,
            };
            text = text.replace(&format!("{{{index}}}"), &placeholder);
        }
        write!(self.sql, ",\neffect_{number} as ({text})")?;
        Ok(())
    }

    fn park(&mut self, parks: &[Park]) -> Encoded {
        let of = |f: fn(&Park) -> String| parks.iter().map(f).collect::<Vec<_>>();
        let number = |f: fn(&Park) -> i64| parks.iter().map(f).collect::<Vec<_>>();
        let types = self.arg(of(|p| p.stream.aggregate_type.to_string()))?;
        let ids = self.arg(of(|p| p.stream.aggregate_id.clone()))?;
        let sequences = self.arg(number(|p| bigint(p.sequence)))?;
        let xacts = self.arg(of(|p| p.position.xact().to_string()))?;
        let positions = self.arg(number(|p| p.position.identity()))?;
        let codes = self.arg(of(|p| p.reason.code.clone()))?;
        let messages = self.arg(of(|p| p.reason.message.clone()))?;
        let attempts = self.arg(number(|p| i64::from(p.attempts)))?;
        let retries: Vec<Option<i64>> = parks
            .iter()
            .map(|p| p.retry_after.map(milliseconds))
            .collect();
        let retries = self.arg(retries)?;
        // An operator may have skipped the event while it was tried: then the newer row stands.
        write!(
            self.sql,
            ",\nparked as (
               insert into ingesta_parked_streams as p
                      (subscription, aggregate_type, aggregate_id, sequence, xact, position,
                       code, message, attempts, retry_at)
               select own.name, u.at, u.ai, u.seq, u.xact::xid8, u.pos, u.code, u.message,
                      u.attempts::integer,
                      clock_timestamp() + u.retry * interval '1 millisecond'
                 from own, unnest({types}::text[], {ids}::text[], {sequences}::bigint[],
                                  {xacts}::text[], {positions}::bigint[], {codes}::text[],
                                  {messages}::text[], {attempts}::bigint[], {retries}::bigint[])
                      as u(at, ai, seq, xact, pos, code, message, attempts, retry)
               on conflict (subscription, aggregate_type, aggregate_id) do update
                  set sequence = excluded.sequence, xact = excluded.xact,
                      position = excluded.position, code = excluded.code,
                      message = excluded.message, attempts = excluded.attempts,
                      retry_at = excluded.retry_at
                where p.sequence <= excluded.sequence)"
        )?;
        Ok(())
    }

    fn unpark(&mut self, unparks: &[Unpark]) -> Encoded {
        let types: Vec<_> = unparks
            .iter()
            .map(|u| u.stream.aggregate_type.to_string())
            .collect();
        let ids: Vec<_> = unparks
            .iter()
            .map(|u| u.stream.aggregate_id.clone())
            .collect();
        let nexts: Vec<Option<i64>> = unparks.iter().map(|u| u.next.map(bigint)).collect();
        let (types, ids, nexts) = (self.arg(types)?, self.arg(ids)?, self.arg(nexts)?);
        let pending = ParkReason::pending();
        let (code, message) = (self.arg(pending.code)?, self.arg(pending.message)?);
        write!(
            self.sql,
            ",\ncaught_up as (
               delete from ingesta_parked_streams p
                using own, unnest({types}::text[], {ids}::text[], {nexts}::bigint[])
                      as u(at, ai, next)
                where p.subscription = own.name and p.aggregate_type = u.at
                  and p.aggregate_id = u.ai and u.next is null),
             moved_on as (
               update ingesta_parked_streams p
                  set sequence = u.next, attempts = 0, retry_at = clock_timestamp(),
                      code = {code}, message = {message}
                 from own, unnest({types}::text[], {ids}::text[], {nexts}::bigint[])
                      as u(at, ai, next)
                where p.subscription = own.name and p.aggregate_type = u.at
                  and p.aggregate_id = u.ai and p.sequence <= u.next)"
        )?;
        Ok(())
    }
}

impl PostgresStorage {
    pub(super) async fn commit_step(
        &self,
        lease: &Lease,
        commit: Commit,
    ) -> Result<(), StoreError> {
        const ATTEMPTED: &str = "storing a step of a subscription";
        let effects: Option<Vec<_>> = commit
            .effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Sql(sql) => Some(sql),
                Effect::InMemory(_) => None,
            })
            .collect();
        let Some(effects) = effects else {
            return Err(StoreError::Unsupported {
                what: "apply an effect in memory",
            });
        };
        let build = || -> Encoded<Statement> {
            let mut statement = Statement::own(lease, commit.checkpoint)?;
            for (number, effect) in effects.into_iter().enumerate() {
                statement.effect(number, &effect.sql, effect.args)?;
            }
            if !commit.park.is_empty() {
                statement.park(&commit.park)?;
            }
            if !commit.unpark.is_empty() {
                statement.unpark(&commit.unpark)?;
            }
            statement
                .sql
                .push_str("\nselect count(*) as owned from own");
            Ok(statement)
        };
        let Statement { sql, args } = build().map_err(|cause| StoreError::Refused {
            attempted: ATTEMPTED,
            cause,
        })?;
        let row = sqlx::query_with(&sql, args)
            .fetch_one(self.database.pool())
            .await
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        let owned: i64 = row
            .try_get("owned")
            .map_err(|e| classify::store(ATTEMPTED, e))?;
        if owned == 0 {
            return Err(StoreError::LeaseLost {
                subscription: lease.name.clone(),
            });
        }
        Ok(())
    }
}
