//! The rows of a pass on their way into the fresh table: COPY in chunks, each its own short
//! transaction together with the frontier that it reaches.
//!
//! So a rebuild goes on exactly where it was killed: rows below the frontier are there, rows at
//! and above it are not. A chunk is spelled while the one before it is on its way. A long
//! transaction would stall every follower of the cluster.

use ingesta_event_store::{Database, StoreError};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};
use tokio::sync::mpsc;

use super::RebuildError;
use super::build::Build;
use super::names::Purpose;
use super::state::Stage;
use crate::row::StoredRow;

/// The sorted rows of a pass.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<(String, StoredRow), RebuildError>> + Send>;

const ATTEMPTED: &str = "writing rows of a fresh table";

/// Rows in the text form of COPY.
#[derive(Default)]
struct Chunk {
    text: Vec<u8>,
    rows: u64,
    last_key: String,
}

/// The lease is renewed, and checked, by the same transaction that holds the rows. What ends the
/// fold says so in the same statement: nobody may find all rows written and fold them again.
const MOVE: &str = "
with own as (
  update ingesta_subscriptions
     set expires_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
   where name = $1 and epoch = $2 and owner is not null
  returning name),
moved as (
  update ingesta_rebuilds r
     set done_below = $5, rows = r.rows + $6, moved_at = clock_timestamp(),
         phase = case when $5::text is null then 'indexing' else r.phase end
    from own where r.projection = $4)
select count(*) as owned from own";

impl Build {
    /// Writes the rows of a pass that ends before `until`; `None`: it was the last one.
    pub(crate) async fn write(
        &mut self,
        rows: Rows,
        until: Option<String>,
    ) -> Result<(), RebuildError> {
        let bytes = self.ground.options.chunk_bytes();
        let (sender, mut chunks) = mpsc::channel(1);
        let spelling = tokio::task::spawn_blocking(move || spell(rows, bytes, &sender));
        let mut session = self.ground.sessions.open().await?;
        // A chunk that a crash of the server loses takes its frontier with it.
        let quick = session.execute("set synchronous_commit = off").await;
        quick.map_err(failed)?;
        while let Some(chunk) = chunks.recv().await {
            let Chunk {
                text,
                rows,
                last_key,
            } = chunk;
            // The next possible key: no text of Postgres holds NUL.
            let frontier = Some(format!("{last_key}\u{1}"));
            self.send(&mut session, Some(text), rows, frontier).await?;
        }
        let spelled = spelling.await.map_err(|_| RebuildError::Fold {
            projection: self.names.projection.clone(),
            message: "a row could not be written down: its code panicked".to_owned(),
        });
        spelled??;
        self.send(&mut session, None, 0, until).await?;
        Ok(session.close().await?)
    }

    async fn send(
        &mut self,
        session: &mut PgConnection,
        text: Option<Vec<u8>>,
        rows: u64,
        frontier: Option<String>,
    ) -> Result<(), RebuildError> {
        session.execute("begin").await.map_err(failed)?;
        if let Some(text) = text {
            let table = self.names.fresh.quoted();
            let copy = format!("copy {table} (view_id, version, payload) from stdin");
            let mut copy = session.copy_in_raw(&copy).await.map_err(failed)?;
            copy.send(text).await.map_err(failed)?;
            copy.finish().await.map_err(failed)?;
        }
        let lease = self.kept.lease();
        let projection = match self.names.purpose {
            Purpose::Rebuild => Some(&self.names.projection),
            Purpose::Verify => None,
        };
        let moved = sqlx::query(MOVE)
            .bind(&lease.name)
            .bind(lease.epoch)
            .bind(i64::try_from(lease.duration.as_millis()).unwrap_or(i64::MAX))
            .bind(projection)
            .bind(&frontier)
            .bind(i64::try_from(rows).unwrap_or(i64::MAX))
            .fetch_one(&mut *session)
            .await
            .and_then(|row| row.try_get::<i64, _>("owned"));
        if moved.map_err(failed)? == 0 {
            // Dropping the session rolls back.
            return Err(RebuildError::TakenOver {
                projection: self.names.projection.clone(),
            });
        }
        session.execute("commit").await.map_err(failed)?;
        if frontier.is_none() {
            self.stage = Stage::Indexing;
        }
        self.done_below = frontier;
        self.rows += rows;
        self.ground.progress.add_rows(rows);
        Ok(())
    }
}

fn failed(error: sqlx::Error) -> StoreError {
    Database::failure(ATTEMPTED, error)
}

/// Runs beside the sending; ends early when nobody listens any more.
fn spell(rows: Rows, bytes: usize, chunks: &mpsc::Sender<Chunk>) -> Result<(), RebuildError> {
    let mut chunk = Chunk::default();
    for row in rows {
        let (key, row) = row?;
        escape(&key, &mut chunk.text);
        chunk.text.push(b'\t');
        chunk
            .text
            .extend_from_slice(row.version.to_string().as_bytes());
        chunk.text.push(b'\t');
        escape(&row.payload, &mut chunk.text);
        chunk.text.push(b'\n');
        chunk.rows += 1;
        if chunk.text.len() >= bytes {
            chunk.last_key = key;
            if chunks.blocking_send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        } else {
            chunk.last_key = key;
        }
    }
    if chunk.rows > 0 {
        // Nobody listens: whoever stopped has the reason.
        let _ = chunks.blocking_send(chunk);
    }
    Ok(())
}

/// A text as COPY reads it.
fn escape(text: &str, to: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t'))
    {
        to.extend_from_slice(&rest[..at]);
        to.push(b'\\');
        to.push(match rest[at] {
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            other => other,
        });
        rest = &rest[at + 1..];
    }
    to.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_copy_would_take_for_its_own_is_escaped() {
        let mut text = Vec::new();
        escape("a\\n\tb\nc\rñ", &mut text);
        assert_eq!(text, "a\\\\n\\tb\\nc\\rñ".as_bytes());
    }
}
