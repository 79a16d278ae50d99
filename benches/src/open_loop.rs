//! An open loop: commands at a rate that does not ask how long the answers take.
//!
//! So many callers share the rate. One that is late sends its next command at once and does not
//! drop it, so the number of commands is always the rate times the time.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ingesta_event_store::Position;

use crate::lags::Noted;

/// Runs `command` so often and so long, and notes every answer.
///
/// # Errors
/// The first failure of a command.
///
/// # Panics
/// If a command does.
pub async fn run<F, R>(
    per_second: u32,
    callers: u32,
    time: Duration,
    command: F,
) -> anyhow::Result<Vec<Noted>>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = anyhow::Result<Position>> + Send,
{
    let (command, began) = (Arc::new(command), tokio::time::Instant::now());
    let each = Duration::from_secs(1) * callers / per_second;
    let callers: Vec<_> = (0..callers)
        .map(|place| {
            let command = Arc::clone(&command);
            tokio::spawn(async move {
                let mut answered = Vec::new();
                let mut due = began + Duration::from_secs(1) * place / per_second;
                while due < began + time {
                    tokio::time::sleep_until(due).await;
                    let position = command().await?;
                    let at = Instant::now();
                    answered.push(Noted { position, at });
                    due += each;
                }
                anyhow::Ok(answered)
            })
        })
        .collect();
    let mut answered = Vec::new();
    for caller in callers {
        answered.extend(caller.await??);
    }
    Ok(answered)
}
