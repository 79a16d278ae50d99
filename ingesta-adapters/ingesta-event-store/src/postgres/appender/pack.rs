//! The statements that store many commands at once: losers are left out, winners stand whole.
//!
//! The first event owns the command: it is inserted where its key and its command's id are both
//! free, and only then do the others follow. Inserting them all with `on conflict do nothing` would
//! tear a command whose first event lost. Each command's predecessor must exist in the statement's
//! own snapshot: that keeps gaps out, and the log in order.
//!
//! Commands of one event each cannot be torn, so they are first inserted as if none would lose: to
//! look before each row whether its keys are free costs the server a tenth of its time. Where one
//! does lose, the statement fails as a whole, and they are sent again with care.

use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::batch::Arrays;

/// One command of one event: a lone caller's. Without arrays it costs the server a fifth less.
macro_rules! one {
    ($on_conflict:literal) => {
        concat!(
            "
insert into events (aggregate_type, aggregate_id, sequence, command_id, command_fp, event_type,
                    event_version, payload, metadata)
select $1::text, $2::text, $3::bigint, $4::text, $5::bytea, $6::text, $7::text, $8::text::json,
       $9::text::json
 where $3::bigint = 1
    or exists (select 1 from events p
                where p.aggregate_type = $1::text and p.aggregate_id = $2::text
                  and p.sequence = $3::bigint - 1)
",
            $on_conflict,
            "returning aggregate_type, aggregate_id, xact, position"
        )
    };
}

/// Commands of one event each.
macro_rules! flat {
    ($on_conflict:literal) => {
        concat!(
            "
insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                    payload, metadata, command_id, command_fp)
select c.at, c.ai, c.seq, c.et, c.ev, c.payload::json, c.metadata::json, c.cid, c.fp
  from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[], $6::text[],
              $7::text[], $8::text[], $9::text[])
       with ordinality as c(at, ai, seq, cid, fp, et, ev, payload, metadata, n)
 where c.seq = 1
    or exists (select 1 from events p
                where p.aggregate_type = c.at and p.aggregate_id = c.ai
                  and p.sequence = c.seq - 1)
 order by c.n
",
            $on_conflict,
            "returning aggregate_type, aggregate_id, xact, position"
        )
    };
}

/// What to do with a command whose key or id is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Losers {
    /// Fail the whole statement.
    Fail,
    /// Leave it out, and store the others.
    LeftOut,
}

/// Commands of any number of events. At most one command for a stream, so the stream names it.
const DEEP: &str = "
with cmd as materialized (
  select c.* from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
         with ordinality as c(at, ai, first, cid, fp, n)
   where c.first = 1
      or exists (select 1 from events p
                  where p.aggregate_type = c.at and p.aggregate_id = c.ai
                    and p.sequence = c.first - 1)
), ev as materialized (
  select cmd.*, e.seq, e.et, e.ev, e.payload, e.metadata
    from unnest($6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::text[], $11::text[])
         as e(n, seq, et, ev, payload, metadata)
    join cmd on cmd.n = e.n
), head as (
  insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                      payload, metadata, command_id, command_fp)
  select at, ai, seq, et, ev, payload::json, metadata::json, cid, fp
    from ev where seq = first order by n
  on conflict do nothing
  returning aggregate_type, aggregate_id, xact, position
), won as (
  select cmd.n, head.* from head join cmd
      on (cmd.at, cmd.ai) = (head.aggregate_type, head.aggregate_id)
), tail as (
  insert into events (aggregate_type, aggregate_id, sequence, event_type, event_version,
                      payload, metadata, command_of)
  select ev.at, ev.ai, ev.seq, ev.et, ev.ev, ev.payload::json, ev.metadata::json, ev.cid
    from ev join won using (n) where ev.seq > ev.first order by ev.n, ev.seq
  returning aggregate_type, aggregate_id, position
), ends as (
  select aggregate_type, aggregate_id, max(position) as position from tail group by 1, 2
)
select won.aggregate_type, won.aggregate_id, won.xact,
       coalesce(ends.position, won.position) as position
  from won left join ends using (aggregate_type, aggregate_id)
 order by won.n";

/// Sends a batch; answers with the winners' rows, in the order of the batch.
///
/// Commands of several events leave losers out, whatever is asked for.
pub(super) async fn send(
    connection: &mut PgConnection,
    arrays: &Arrays<'_>,
    losers: Losers,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let flat = arrays.is_flat();
    if flat && arrays.numbers.len() == 1 {
        return send_one(connection, arrays, losers).await;
    }
    let statement = sqlx::query(match losers {
        _ if !flat => DEEP,
        Losers::Fail => flat!(""),
        Losers::LeftOut => flat!("on conflict do nothing\n"),
    });
    let statement = statement
        .bind(&arrays.types)
        .bind(&arrays.ids)
        .bind(&arrays.firsts)
        .bind(&arrays.command_ids)
        .bind(&arrays.fingerprints);
    let statement = if flat {
        statement
    } else {
        statement.bind(&arrays.numbers).bind(&arrays.sequences)
    };
    statement
        .bind(&arrays.event_types)
        .bind(&arrays.event_versions)
        .bind(&arrays.payloads)
        .bind(&arrays.metadata)
        .fetch_all(connection)
        .await
}

async fn send_one(
    connection: &mut PgConnection,
    arrays: &Arrays<'_>,
    losers: Losers,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let statement = match losers {
        Losers::Fail => one!(""),
        Losers::LeftOut => one!("on conflict do nothing\n"),
    };
    sqlx::query(statement)
        .bind(arrays.types[0])
        .bind(arrays.ids[0])
        .bind(arrays.sequences[0])
        .bind(arrays.command_ids[0])
        .bind(arrays.fingerprints[0])
        .bind(arrays.event_types[0])
        .bind(arrays.event_versions[0])
        .bind(arrays.payloads[0])
        .bind(arrays.metadata[0])
        .fetch_all(connection)
        .await
}
