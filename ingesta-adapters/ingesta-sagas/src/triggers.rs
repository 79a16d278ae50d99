//! From the log to the instances: a subscription that tells them what happened in other streams.
//!
//! Each telling is named after the subscription and the event, so a redelivery changes nothing; it
//! carries the conversation of its cause. An event that the manager refuses parks its own stream.

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{RecordedEvent, TypeFilter};

use crate::conversation::{caused_by, named};
use crate::delivery::deliver;
use crate::{ProcessManager, Routes, Sagas, Trouble};

/// Follows other streams and tells the instances of `P`.
pub struct Triggers<P: ProcessManager> {
    name: String,
    sagas: Sagas<P>,
    routes: Routes<P::Input>,
}

impl<P: ProcessManager> Triggers<P> {
    /// A subscription of this name, unique in the database for ever. A new name begins at the
    /// log's first event: see first with a [`DryRun`](crate::DryRun) what that would do.
    pub fn new(name: impl Into<String>, sagas: Sagas<P>, routes: Routes<P::Input>) -> Self {
        Self {
            name: name.into(),
            sagas,
            routes,
        }
    }

    async fn tell(&self, event: &RecordedEvent) -> Result<(), Trouble> {
        for (part, (id, input)) in self.routes.of(event)?.into_iter().enumerate() {
            let command = format!("{}/{}", self.name, named(event, part));
            let metadata = caused_by(event, &self.name);
            if let Err(error) = self.sagas.tell(&id, input, command, metadata).await {
                Trouble::of_command(error, |refusal| Err(refused::<P>(&refusal)))?;
            }
        }
        Ok(())
    }
}

/// The manager says that this cannot have happened.
pub(crate) fn refused<P: ProcessManager>(error: &P::Error) -> Trouble {
    Trouble::event("refused", format!("{} refused: {error}", P::TYPE))
}

#[async_trait]
impl<P: ProcessManager> Subscriber for Triggers<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn types(&self) -> TypeFilter {
        self.routes.types()
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        deliver(batch, |event| self.tell(event)).await?;
        Ok(Vec::new())
    }
}
