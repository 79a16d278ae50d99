//! Reads the log out of the database and hands it to the workers, batch by batch.
//!
//! Whatever does not come to the announced end is an error.

use std::sync::Arc;

use futures_util::StreamExt as _;
use ingesta_event_store::Database;
use sqlx::postgres::PgConnection;
use tokio::sync::mpsc::Sender;

use super::wire::{Batch, Splitter};
use super::worker::Message;
use crate::rebuild::RebuildError;
use crate::rebuild::progress::Progress;

fn failed(error: sqlx::Error) -> RebuildError {
    RebuildError::Store(Database::failure("copying the log out", error))
}

/// Runs the statement; false if a worker has stopped listening.
pub(super) async fn read(
    session: &mut PgConnection,
    copy: &str,
    fields: u16,
    workers: &[Sender<Message>],
    watch: &Progress,
) -> Result<bool, RebuildError> {
    let mut splitter = Splitter::new(fields);
    let mut chunks = session.copy_out_raw(copy).await.map_err(failed)?;
    while let Some(chunk) = chunks.next().await {
        splitter.push(&chunk.map_err(failed)?)?;
        if splitter.full() && !send_rows(splitter.take(), workers, watch).await {
            return Ok(false);
        }
    }
    Ok(send_rows(splitter.end()?, workers, watch).await && send(Message::End, workers).await)
}

async fn send_rows(batch: Batch, workers: &[Sender<Message>], watch: &Progress) -> bool {
    watch.add_events(batch.len() as u64);
    send(Message::Rows(Arc::new(batch)), workers).await
}

async fn send(message: Message, workers: &[Sender<Message>]) -> bool {
    for worker in workers {
        if worker.send(message.clone()).await.is_err() {
            return false;
        }
    }
    true
}
