//! What the starter of an inbox keeps of it: its status, and how to wait for its end.
//!
//! Dropping the handle does not end the inbox; cancelling its token does.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::InboxStatus;
use super::shared::Shared;

/// A running inbox.
pub struct InboxHandle {
    shared: Arc<Shared>,
    end: oneshot::Receiver<()>,
}

impl InboxHandle {
    pub(super) fn new(shared: Arc<Shared>, end: oneshot::Receiver<()>) -> Self {
        Self { shared, end }
    }

    /// How it stands now.
    #[must_use]
    pub fn status(&self) -> InboxStatus {
        self.shared.status()
    }

    /// Waits for its end, which comes after its token was cancelled: messages under way end or are
    /// dropped, what is finished is committed, the group is left. True if it was all of that; false
    /// if leaving took longer than the options allow, because the broker did not answer: the
    /// consumer is left behind then, and what it had not committed comes again.
    pub async fn join(self) -> bool {
        let Self { shared, mut end } = self;
        let options = &shared.options;
        let too_late = async {
            tokio::select! {
                () = shared.shutdown.cancelled() => {}
                () = shared.aborted.cancelled() => {}
            }
            shared.wake();
            tokio::time::sleep(options.shutdown_grace + options.close_within).await;
        };
        tokio::select! {
            biased;
            ended = &mut end => ended.is_ok(),
            () = too_late => {
                tracing::warn!(
                    group = options.group,
                    "the consumer has not left its group in time: it is left behind"
                );
                false
            }
        }
    }

    /// Ends it as a crash would: at once, in the middle of a message, with nothing more stored. The
    /// consumer takes leave of the group on its own time.
    pub fn abort(&self) {
        self.shared.aborted.cancel();
        self.shared.wake();
    }
}

impl std::fmt::Debug for InboxHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboxHandle")
            .field("group", &self.shared.options.group)
            .finish_non_exhaustive()
    }
}
