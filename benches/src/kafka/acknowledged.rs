//! A relay whose steps are noted: when the broker had acknowledged what.

use std::sync::Arc;

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{RecordedEvent, StoreError, TypeFilter};

use crate::lags::Steps;

/// The subscriber inside, and what it had done when.
pub struct Acknowledged {
    /// What publishes.
    pub relay: Arc<dyn Subscriber>,
    /// When the broker had acknowledged the messages up to where.
    pub steps: Steps,
}

#[async_trait]
impl Subscriber for Acknowledged {
    fn name(&self) -> &str {
        self.relay.name()
    }

    fn types(&self) -> TypeFilter {
        self.relay.types()
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.relay.start().await
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let effects = self.relay.consume(batch).await?;
        if let Some(last) = batch.last() {
            self.steps.note(last.position);
        }
        Ok(effects)
    }
}
