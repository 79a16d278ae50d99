//! A view with the subscription that fills it: reading, and waiting for one's own write.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::{Waited, wait_for};
use ingesta_event_store::{Position, Storage, StoreError};
use tokio::sync::watch;

use crate::ViewTable;

/// A view that can be waited for.
pub struct ReadModel<S> {
    view: ViewTable<S>,
    storage: Arc<dyn Storage>,
    name: String,
    local: Option<watch::Receiver<Position>>,
}

impl<S> Clone for ReadModel<S> {
    fn clone(&self) -> Self {
        Self {
            view: self.view.clone(),
            storage: Arc::clone(&self.storage),
            name: self.name.clone(),
            local: self.local.clone(),
        }
    }
}

impl<S> ReadModel<S> {
    /// The view that the subscription `name` fills.
    pub fn new(view: ViewTable<S>, storage: Arc<dyn Storage>, name: impl Into<String>) -> Self {
        Self {
            view,
            storage,
            name: name.into(),
            local: None,
        }
    }

    /// Listens to a runner of the same subscription in this process, instead of asking the
    /// database again and again.
    #[must_use]
    pub fn beside(mut self, runner: watch::Receiver<Position>) -> Self {
        self.local = Some(runner);
        self
    }

    /// The rows.
    #[must_use]
    pub fn view(&self) -> &ViewTable<S> {
        &self.view
    }

    /// Waits, at most `timeout`, until the view holds everything up to `position`: the position
    /// that a command was answered with.
    ///
    /// Events of a parked stream are not in the view although the position was reached.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn wait_for(
        &self,
        position: Position,
        timeout: Duration,
    ) -> Result<Waited, StoreError> {
        wait_for(
            &*self.storage,
            &self.name,
            position,
            timeout,
            self.local.clone(),
        )
        .await
    }
}
