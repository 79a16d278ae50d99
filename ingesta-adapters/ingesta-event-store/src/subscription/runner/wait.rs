//! Waiting until a subscription has come to a position: reading one's own writes.
//!
//! It waits for the checkpoint and for nothing else. A parked stream does not hold the checkpoint
//! up, so a position can be reached while the events of one stream have not been processed.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::{Position, Storage, StoreError};

/// How often the store is asked without a local runner to listen to.
const POLL: Duration = Duration::from_millis(20);
/// How often the store is asked beside a local runner, which stands still if another process has
/// the lease.
const POLL_BESIDE: Duration = Duration::from_millis(200);
/// A store that answers does so within this, also when the time is over.
const LAST_LOOK: Duration = Duration::from_secs(1);
const YEARS: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// How waiting for a position ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The subscription is there.
    Reached,
    /// It did not get there in time.
    TimedOut {
        /// How far it was; [`Position::START`] if it never ran.
        at: Position,
    },
}

/// Waits, at most `timeout`, until the subscription `name` has reached `position`.
///
/// `local` is the position of a runner of the same subscription in this process, where there is
/// one: then the wait ends as soon as the runner gets there.
///
/// A parked stream does not hold the checkpoint up: reached means that every event up to
/// `position` was processed *or* its stream is parked.
///
/// # Errors
/// When the store does not answer.
pub async fn wait_for(
    storage: &dyn Storage,
    name: &str,
    position: Position,
    timeout: Duration,
    local: Option<watch::Receiver<Position>>,
) -> Result<Waited, StoreError> {
    let now = Instant::now();
    // A timeout beyond what can be reckoned with is none.
    let deadline = now.checked_add(timeout).unwrap_or(now + YEARS);
    let mut local = local;
    loop {
        if local
            .as_ref()
            .is_some_and(|seen| *seen.borrow() >= position)
        {
            return Ok(Waited::Reached);
        }
        let asked = timeout_at(
            deadline.max(Instant::now() + LAST_LOOK),
            storage.checkpoint(name),
        );
        let at = match asked.await {
            Ok(checkpoint) => checkpoint?.unwrap_or_default(),
            Err(cause) => {
                return Err(StoreError::Unavailable {
                    attempted: "reading a checkpoint",
                    cause: Box::new(cause),
                });
            }
        };
        if at >= position {
            return Ok(Waited::Reached);
        }
        let now = Instant::now();
        if now >= deadline {
            return Ok(Waited::TimedOut { at });
        }
        let Some(seen) = &mut local else {
            sleep_until(deadline.min(now + POLL)).await;
            continue;
        };
        let look_again = deadline.min(now + POLL_BESIDE);
        let arrived = timeout_at(look_again, seen.wait_for(|at| *at >= position)).await;
        let is_gone = matches!(&arrived, Ok(Err(_)));
        drop(arrived);
        if is_gone {
            // That runner is gone; another process may go on with the subscription.
            local = None;
        }
    }
}
