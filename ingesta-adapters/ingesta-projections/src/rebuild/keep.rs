//! A lease that is kept for as long as a value lives: renewed beside the work, and told when lost.
//!
//! Dropping the value stops the renewals, as the death of the process would; the lease then runs
//! out by itself. Giving it back in order is [`Kept::release`].

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Commit, Lease};
use ingesta_event_store::{Storage, StoreError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A lease with its renewals.
pub(crate) struct Kept {
    storage: Arc<dyn Storage>,
    lease: Lease,
    renewals: Stopped,
    lost: watch::Receiver<bool>,
}

/// Ends the task when it is dropped.
struct Stopped(JoinHandle<()>);

impl Drop for Stopped {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Kept {
    pub(crate) fn new(storage: &Arc<dyn Storage>, lease: Lease) -> Self {
        let (sender, lost) = watch::channel(false);
        let renewals = renew(Arc::clone(storage), lease.clone(), sender);
        Self {
            storage: Arc::clone(storage),
            lease,
            renewals: Stopped(tokio::spawn(renewals)),
            lost,
        }
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Ends when the lease is somebody else's, or may be; not while it is held, and not after it
    /// was given back.
    pub(crate) fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut lost = self.lost.clone();
        async move {
            if lost.wait_for(|lost| *lost).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Gives it back; where that does not work, it runs out.
    pub(crate) async fn release(self) {
        drop(self.renewals);
        if self.storage.release(&self.lease).await.is_err() {
            let subscription = self.lease.name;
            tracing::debug!(subscription, "the lease was not released: it runs out");
        }
    }
}

async fn renew(storage: Arc<dyn Storage>, lease: Lease, lost: watch::Sender<bool>) {
    let every = (lease.duration / 3).max(Duration::from_millis(10));
    let mut renewed = Instant::now();
    loop {
        tokio::time::sleep(every).await;
        let begun = Instant::now();
        let renewal = storage.commit(&lease, Commit::default());
        match tokio::time::timeout(lease.duration, renewal).await {
            Ok(Ok(())) => renewed = begun,
            Ok(Err(StoreError::LeaseLost { .. })) => break,
            // Away for a moment, perhaps: the lease is ours until it has run out.
            Ok(Err(_)) | Err(_) if renewed.elapsed() < lease.duration => {}
            Ok(Err(_)) | Err(_) => break,
        }
    }
    lost.send_replace(true);
}
