//! What a runner does when the log has nothing for it: wait for news, keep the lease, watch for a
//! stall.
//!
//! News of this process come at once. A write that was announced may not be readable for a moment,
//! while an older transaction is open, so the first looks after an announcement follow quickly.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::ended::Ended;
use super::term::Term;

const FIRST_LOOK: Duration = Duration::from_millis(2);

impl Term<'_> {
    /// Waits until it is time to look at the log again.
    pub(super) async fn idle(&mut self, appended: &mut watch::Receiver<u64>) -> Result<(), Ended> {
        self.renew_if_due().await?;
        let poll = self.options.poll_or_least();
        let now = Instant::now();
        let mut wake = (now + self.idle_pause).min(self.renewal_due());
        if !self.parked.is_empty() {
            wake = wake.min(self.retry_at);
        }
        let news = async {
            if appended.changed().await.is_err() {
                // Nobody can append here any more; other processes still can.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = news => self.idle_pause = FIRST_LOOK.min(poll),
            () = self.shutdown.cancelled() => {}
            () = sleep_until(wake) => self.idle_pause = self.idle_pause.saturating_mul(2).min(poll),
        }
        Ok(())
    }

    /// Warns if events wait for readers because somebody's transaction is open.
    pub(super) async fn look_for_stall(&mut self) {
        if !self.stall.due() {
            return;
        }
        // Lag is for people: that it cannot be told now changes nothing for the subscription.
        let Ok(lag) = self.storage.lag(self.checkpoint).await else {
            return;
        };
        let Some(stalled) = self.stall.observe(&lag) else {
            return;
        };
        let blocker = lag.blocker.as_ref();
        tracing::warn!(
            subscription = self.lease.name,
            held_back = lag.held_back,
            stalled_ms = u64::try_from(stalled.as_millis()).unwrap_or(u64::MAX),
            pid = blocker.and_then(|b| b.pid),
            database = blocker.map(|b| b.database.as_str()),
            state = blocker.map(|b| b.state.as_str()),
            age_s = blocker.map(|b| b.age.as_secs()),
            "events wait: an open writing transaction of the cluster holds all readers back"
        );
    }
}
