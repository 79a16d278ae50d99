//! What the server and the wire need for a rebuild if the client thinks of nothing: the log out in
//! its order, thrown away, and the rows in.
//!
//! It reads the columns that the rebuild of the bench's view reads, and writes the rows that the
//! rebuild has written, into a table of the same layout, with its key.

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::TryStreamExt;
use sqlx::{Connection, PgConnection};

/// As the rebuild's session has it.
const SETTINGS: &str =
    "set jit = off; set max_parallel_workers_per_gather = 0; set enable_sort = off";

const OUT: &str = "copy (select e.aggregate_id, e.sequence, e.recorded_at is null, e.event_type, \
     e.event_version, e.payload from events e where e.aggregate_type = 'Ingesta' \
     order by e.xact, e.position) to stdout (format binary)";

/// How long reading and writing take.
///
/// # Errors
/// When the server refuses, or there are no rows of a rebuild to write again.
pub async fn floor(url: &str) -> anyhow::Result<(Duration, Duration)> {
    let mut connection = PgConnection::connect(url).await?;
    let mut rows = Vec::new();
    let view = "copy ingesta_view to stdout (format binary)";
    {
        let mut stream = connection.copy_out_raw(view).await?;
        while let Some(bytes) = stream.try_next().await? {
            rows.extend_from_slice(&bytes);
        }
    }

    sqlx::raw_sql(SETTINGS).execute(&mut connection).await?;
    let began = Instant::now();
    let mut read = 0;
    {
        let mut stream = connection.copy_out_raw(OUT).await?;
        while let Some(bytes) = stream.try_next().await? {
            read += bytes.len();
        }
    }
    let reading = began.elapsed();
    ensure!(read > 0, "an empty log");

    let began = Instant::now();
    sqlx::raw_sql(
        "drop table if exists floor_view;
         create table floor_view (
             view_id    text        not null,
             version    bigint      not null check (version >= 0),
             payload    json        not null,
             updated_at timestamptz not null default clock_timestamp())",
    )
    .execute(&mut connection)
    .await?;
    let mut copy = connection
        .copy_in_raw("copy floor_view from stdin (format binary)")
        .await?;
    for chunk in rows.chunks(64 * 1_024) {
        copy.send(chunk).await?;
    }
    let written = copy.finish().await?;
    sqlx::raw_sql("alter table floor_view add primary key (view_id)")
        .execute(&mut connection)
        .await?;
    let writing = began.elapsed();
    ensure!(written > 0, "there are no rows of a rebuild");
    sqlx::raw_sql("drop table floor_view")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok((reading, writing))
}
