//! What sagas ask for, carried out: a subscription over the sagas' own streams.
//!
//! Actions are done before the checkpoint moves and may be asked for again, under the same name.
//! Timers are written in one statement with the checkpoint, so each setting counts once. A refusal
//! is told back to its instance; once told it stands, also where the target would agree today.

mod net;
mod sink;

use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::EventEnvelope;
use ingesta_event_store::subscription::{ConsumeError, Effect, Subscriber};
use ingesta_event_store::{RecordedEvent, StoreError, TypeFilter};

use self::net::TimerChange;
pub use self::sink::{Acted, ActionSink, Asked};
use crate::conversation::{caused_by, named};
use crate::delivery::deliver;
use crate::timers::{TimerSetting, Timers};
use crate::triggers::refused;
use crate::{Heard, Instance, ProcessManager, Request, Sagas, Trouble};

/// Carries out what the instances of `P` ask for.
pub struct Actions<P: ProcessManager, S> {
    name: String,
    sagas: Sagas<P>,
    sink: S,
    timers: Arc<dyn Timers>,
}

impl<P: ProcessManager, S: ActionSink<P::Action>> Actions<P, S> {
    /// A subscription of this name, unique in the database for ever.
    pub fn new(name: impl Into<String>, sagas: Sagas<P>, sink: S, timers: Arc<dyn Timers>) -> Self {
        Self {
            name: name.into(),
            sagas,
            sink,
            timers,
        }
    }

    /// Does what one event asks for, and answers with what it changes about timers.
    async fn carry_out(&self, event: &RecordedEvent) -> Result<Vec<TimerChange>, Trouble> {
        let mut requests = Vec::new();
        let codec = self.sagas.codec();
        codec.decode_each::<Instance<P>>(event, |envelope: EventEnvelope<Instance<P>>| {
            requests.extend(P::requests(&envelope.payload));
        })?;
        let (mut changes, mut acts) = (Vec::new(), 0);
        for request in requests {
            match request {
                Request::Act(action) => {
                    self.act(event, acts, action).await?;
                    acts += 1;
                }
                Request::SetTimer { timer, after } => {
                    let setting = TimerSetting {
                        saga_id: event.stream.aggregate_id.clone(),
                        timer,
                        token: event.id(),
                        after,
                        metadata: caused_by(event, &self.name).to_json(),
                    };
                    changes.push(TimerChange::Set(setting));
                }
                Request::CancelTimer { timer } => {
                    let saga_id = event.stream.aggregate_id.clone();
                    changes.push(TimerChange::Cancel(saga_id, timer));
                }
            }
        }
        Ok(changes)
    }

    async fn act(
        &self,
        event: &RecordedEvent,
        part: usize,
        action: P::Action,
    ) -> Result<(), Trouble> {
        let asked = Asked {
            id: named(event, part),
            saga_id: event.stream.aggregate_id.clone(),
            action,
            metadata: caused_by(event, &self.name),
        };
        // A refusal that was told is what the saga goes by: the target must not agree to it now.
        let telling = format!("{}/refused", asked.id);
        if self.sagas.storage().command(&telling).await?.is_some() {
            return Ok(());
        }
        let (saga_id, metadata) = (asked.saga_id.clone(), asked.metadata.clone());
        let action = asked.action.clone();
        match self.sink.act(asked).await? {
            Acted::Done => Ok(()),
            Acted::Refused { code } => {
                let heard = Heard::Refused { action, code };
                let told = self.sagas.hear(&saga_id, heard, telling, metadata).await;
                match told {
                    Ok(_) => Ok(()),
                    Err(error) => Trouble::of_command(error, |refusal| Err(refused::<P>(&refusal))),
                }
            }
        }
    }
}

#[async_trait]
impl<P: ProcessManager, S: ActionSink<P::Action>> Subscriber for Actions<P, S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn types(&self) -> TypeFilter {
        TypeFilter::of::<Instance<P>>()
    }

    async fn start(&self) -> Result<(), StoreError> {
        self.timers.prepare().await
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let changes = deliver(batch, |event| self.carry_out(event)).await?;
        let changes = net::of(changes.into_iter().flatten());
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.timers.effects(P::TYPE, changes))
    }
}
