//! Stops a PostgreSQL, orderly first, and always within bounds.
//!
//! Promises: `SIGINT` (open sessions are ended, a checkpoint is written), then `SIGQUIT` (nothing
//! acknowledged is lost, the next start recovers), then `SIGKILL`; each with its own patience.
//! Does not: delete anything.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::EmbeddedError;
use crate::postmaster::Postmaster;

const LATER_PATIENCE: Duration = Duration::from_secs(10);

/// Stops it; answers when it is gone.
pub(crate) async fn stop(
    postmaster: &mut Postmaster,
    patience: Duration,
) -> Result<(), EmbeddedError> {
    let steps = [
        (Signal::INT, patience),
        (Signal::QUIT, LATER_PATIENCE),
        (Signal::KILL, LATER_PATIENCE),
    ];
    for (signal, patience) in steps {
        postmaster.signal(signal);
        let deadline = Instant::now() + patience;
        while postmaster.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if !postmaster.is_alive() {
            return Ok(());
        }
        tracing::warn!(
            pid = postmaster.id().pid,
            ?signal,
            "PostgreSQL is slow to stop"
        );
    }
    Err(EmbeddedError::StillRunning {
        pid: postmaster.id().pid,
    })
}
