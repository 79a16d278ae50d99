//! All rows of a source through one door, a bounded number at once.
//!
//! Promises: stops at the first row without an outcome, and knows the first line that is open;
//! a broken row stops nothing.
//! Does not: print a summary; its callers do.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::lines::{self, Line, Source};
use super::progress::Progress;
use super::row::Row;
use super::send::{Door, Sent};
use crate::cli::exit::CliError;

/// How far it came.
#[derive(Default)]
pub(in crate::cli) struct Summary {
    /// Rows with an outcome.
    pub(in crate::cli) rows: u64,
    /// Rows that are in.
    pub(in crate::cli) accepted: u64,
    /// Rows that are broken.
    pub(in crate::cli) refused: u64,
    /// The first line without an outcome, where it stopped early.
    pub(in crate::cli) first_open_line: Option<u64>,
    pub(in crate::cli) elapsed: Duration,
}

/// Why it ended.
pub(in crate::cli) enum Ended {
    Complete,
    Away { url: String, reason: String },
    NotIngesta { url: String, reason: String },
}

/// Hands every row in; `accepted` is told the id of each that is in.
pub(in crate::cli) async fn pump(
    source: Source,
    door: &Door,
    concurrency: usize,
    progress: &Progress,
    mut accepted: impl FnMut(String),
) -> Result<(Summary, Ended), CliError> {
    let began = Instant::now();
    let path = source.path;
    let mut lines = lines::read(source.reader);
    let (mut open, mut under_way) = (BTreeSet::new(), FuturesUnordered::new());
    let (mut summary, mut ended, mut more) = (Summary::default(), Ended::Complete, true);
    loop {
        tokio::select! {
            line = lines.recv(), if more && under_way.len() < concurrency => {
                let Some(line) = line else { more = false; continue };
                let Line { number, offset, content } =
                    line.map_err(|source| CliError::Read { path: path.clone(), source })?;
                match Row::read(number, content) {
                    Ok(row) => {
                        open.insert(number);
                        under_way.push(send(door, row, offset, progress));
                    }
                    Err(code) => {
                        summary.refused += 1;
                        progress.refused(number, code);
                    }
                }
            }
            Some((number, offset, sent)) = under_way.next(), if !under_way.is_empty() => {
                match sent {
                    Sent::Accepted { id } => {
                        summary.accepted += 1;
                        accepted(id);
                    }
                    Sent::Refused { code } => {
                        summary.refused += 1;
                        progress.refused(number, &code);
                    }
                    Sent::Away { reason } => {
                        ended = Ended::Away { url: door.url().to_owned(), reason };
                        break;
                    }
                    Sent::NotIngesta { reason } => {
                        ended = Ended::NotIngesta { url: door.url().to_owned(), reason };
                        break;
                    }
                }
                open.remove(&number);
                progress.reached(offset, summary.accepted, summary.refused);
            }
            else => break,
        }
    }
    summary.rows = summary.accepted + summary.refused;
    summary.first_open_line = open.first().copied();
    summary.elapsed = began.elapsed();
    Ok((summary, ended))
}

async fn send(door: &Door, row: Row, offset: u64, progress: &Progress) -> (u64, u64, Sent) {
    let sent = door
        .send(&row, |reason| progress.waiting(door.url(), reason))
        .await;
    (row.line, offset, sent)
}
