//! The statements of a verification: what two tables hold, and where they differ.

use ingesta_event_store::{Database, StoreError};
use sqlx::Row as _;
use sqlx::postgres::PgConnection;

use super::names::Names;
use super::verify::{Differing, Digest, Verified};
use crate::TableName;

fn failed(error: sqlx::Error) -> StoreError {
    Database::failure("hashing a view", error)
}

/// Rows and hash: a sum, so that their order does not matter.
pub(crate) async fn of(
    snapshot: &mut PgConnection,
    table: &TableName,
) -> Result<Digest, StoreError> {
    let sql = format!(
        "select count(*) as rows,
                coalesce(sum(hashtextextended(payload::text,
                                              hashtextextended(view_id, version))::numeric), 0)::text
                as hash
           from {}",
        table.quoted()
    );
    let row = sqlx::query(&sql)
        .fetch_one(snapshot)
        .await
        .map_err(failed)?;
    let rows: i64 = row.try_get("rows").map_err(failed)?;
    Ok(Digest {
        rows: rows.unsigned_abs(),
        hash: row.try_get("hash").map_err(failed)?,
    })
}

/// How many streams the subscription has put aside.
pub(crate) async fn parked(
    snapshot: &mut PgConnection,
    subscription: &str,
) -> Result<u64, StoreError> {
    let sql = "select count(*) as streams from ingesta_parked_streams where subscription = $1";
    let row = sqlx::query(sql)
        .bind(subscription)
        .fetch_one(snapshot)
        .await;
    let streams = row.and_then(|row| row.try_get::<i64, _>("streams"));
    Ok(streams.map_err(failed)?.unsigned_abs())
}

/// Which rows differ, and how.
pub(crate) async fn differing(
    snapshot: &mut PgConnection,
    names: &Names,
    verified: &mut Verified,
) -> Result<(), StoreError> {
    let (live, fresh) = (names.table.quoted(), names.fresh.quoted());
    let sql = format!(
        "with differing as (
           select view_id, case when l.version is null then 'missing'
                                when f.version is null then 'extra' else 'changed' end as kind
             from {live} l full join {fresh} f using (view_id)
            where l.version is null or f.version is null or l.version <> f.version
               or l.payload::text <> f.payload::text),
         numbered as (
           select view_id, kind,
                  row_number() over (partition by kind order by view_id collate \"C\") as n
             from differing)
         select kind, count(*) as rows,
                array_agg(view_id order by n) filter (where n <= $1) as keys
           from numbered group by kind"
    );
    let most = i64::try_from(Differing::KEYS_MAX).unwrap_or(i64::MAX);
    let rows = sqlx::query(&sql).bind(most).fetch_all(snapshot).await;
    for row in rows.map_err(failed)? {
        let rows: i64 = row.try_get("rows").map_err(failed)?;
        let found = Differing {
            count: rows.unsigned_abs(),
            keys: row.try_get("keys").map_err(failed)?,
        };
        let kind: &str = row.try_get("kind").map_err(failed)?;
        match kind {
            "missing" => verified.missing = found,
            "extra" => verified.extra = found,
            _ => verified.changed = found,
        }
    }
    Ok(())
}
