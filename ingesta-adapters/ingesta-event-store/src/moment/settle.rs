//! Waiting until a moment is past for good, and telling which events it holds.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep_until};

use super::{AsOfError, Horizon, Moment};
use crate::{EventStorage, Position, RecordedEvent};

/// How long a question waits by default until its moment is settled.
pub const SETTLE_WITHIN: Duration = Duration::from_secs(5);

/// How often the store is asked while a transaction is open.
const POLL: Duration = Duration::from_millis(10);
const YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A moment that nothing can be added to any more.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    cut: Cut,
}

#[derive(Clone, Copy, Debug)]
enum Cut {
    Version(u64),
    Position(Position),
    Instant {
        at: DateTime<Utc>,
        begun: u64,
        adopted_at: Option<DateTime<Utc>>,
    },
}

impl Past {
    /// Whether the event lies at or before the moment. A stream ends with its first event that
    /// does not.
    ///
    /// # Errors
    /// [`AsOfError::TimeUnknown`]: the event has no time and may have been stored before the
    /// instant or after it.
    pub fn holds(&self, event: &RecordedEvent) -> Result<bool, AsOfError> {
        match self.cut {
            Cut::Version(version) => Ok(event.sequence <= version),
            Cut::Position(position) => Ok(event.position <= position),
            Cut::Instant { at, adopted_at, .. } => match (event.recorded_at, adopted_at) {
                (Some(recorded_at), _) => Ok(recorded_at <= at),
                (None, Some(known_from)) if at < known_from => Err(AsOfError::TimeUnknown {
                    stream: event.stream.clone(),
                    known_from,
                }),
                (None, _) => Ok(true),
            },
        }
    }

    /// The last place in the log at which an event of the moment can be. A version says nothing
    /// about that.
    #[must_use]
    pub fn end(&self) -> Option<Position> {
        match self.cut {
            Cut::Version(_) => None,
            Cut::Position(position) => Some(position),
            Cut::Instant { begun, .. } => Some(Position::new(begun, 0)),
        }
    }
}

/// Waits, at most `wait`, until nothing can be stored any more at or before the moment.
///
/// A version needs no wait: an event that can be read keeps its place in its stream.
///
/// # Errors
/// [`AsOfError::BeyondHead`] and [`AsOfError::Future`] at once, [`AsOfError::Unsettled`] when the
/// wait is over, and when the store does not answer.
pub async fn settle<S: EventStorage + ?Sized>(
    storage: &S,
    moment: Moment,
    wait: Duration,
) -> Result<Past, AsOfError> {
    let now = Instant::now();
    let deadline = now.checked_add(wait).unwrap_or(now + YEARS);
    let cut = match moment {
        Moment::Version(version) => Cut::Version(version),
        Moment::Position(asked) => {
            let head = storage.head().await?;
            if asked > head {
                return Err(AsOfError::BeyondHead { asked, head });
            }
            let horizon = storage.horizon().await?;
            over(storage, horizon, asked.xact().saturating_add(1), deadline).await?;
            Cut::Position(asked)
        }
        Moment::Instant(at) => {
            let horizon = storage.horizon().await?;
            let Horizon {
                now,
                begun,
                adopted_at,
                ..
            } = horizon;
            if at > now {
                return Err(AsOfError::Future { now });
            }
            // Whoever has stored something up to `at` had begun by `now`.
            over(storage, horizon, begun, deadline).await?;
            Cut::Instant {
                at,
                begun,
                adopted_at,
            }
        }
    };
    Ok(Past { cut })
}

/// Waits until every transaction below `bound` is over.
async fn over<S: EventStorage + ?Sized>(
    storage: &S,
    mut horizon: Horizon,
    bound: u64,
    deadline: Instant,
) -> Result<(), AsOfError> {
    while horizon.over < bound {
        let now = Instant::now();
        if now >= deadline {
            return Err(AsOfError::Unsettled);
        }
        sleep_until(deadline.min(now + POLL)).await;
        horizon = storage.horizon().await?;
    }
    Ok(())
}
