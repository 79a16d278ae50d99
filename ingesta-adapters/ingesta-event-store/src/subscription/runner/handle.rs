//! What the starter of a runner keeps of it: its status, its position, and how to wait for its end.
//!
//! Dropping the handle does not end the runner; cancelling its token does.

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Position;

/// What a runner is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunnerStatus {
    /// It has not got hold of the subscription yet.
    Starting,
    /// Another runner holds the lease.
    Standby,
    /// It advances the subscription, which has come this far.
    Following {
        /// The checkpoint.
        checkpoint: Position,
    },
    /// It holds the lease and does not get past the next events: something that they need is away
    /// or cannot be read. It tries again by itself, and parks nothing.
    Stuck {
        /// The checkpoint.
        checkpoint: Position,
        /// On what kind of thing, free of payload data.
        on: String,
    },
    /// It cannot go on and looks now and then whether it can; somebody must act.
    Stopped {
        /// Why, free of payload data.
        error: String,
    },
    /// It was shut down, or is where it was to go.
    Ended,
}

/// A running runner.
#[derive(Debug)]
pub struct RunnerHandle {
    task: JoinHandle<()>,
    status: watch::Receiver<RunnerStatus>,
    position: watch::Receiver<Position>,
}

impl RunnerHandle {
    pub(super) fn new(
        task: JoinHandle<()>,
        status: watch::Receiver<RunnerStatus>,
        position: watch::Receiver<Position>,
    ) -> Self {
        Self {
            task,
            status,
            position,
        }
    }

    /// What it is doing, now and from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<RunnerStatus> {
        self.status.clone()
    }

    /// The checkpoint as far as this runner has stored it; stands still while another one works.
    #[must_use]
    pub fn position(&self) -> watch::Receiver<Position> {
        self.position.clone()
    }

    /// Waits for its end, which comes after its token was cancelled, or when it has arrived
    /// ([`super::Runner::until`]).
    pub async fn join(self) {
        if self.task.await.is_err_and(|error| error.is_panic()) {
            tracing::error!("a runner's own code panicked");
        }
    }

    /// Ends it as a crash would: at once, in the middle of a step, with its lease still held.
    pub fn abort(&self) {
        self.task.abort();
    }
}
