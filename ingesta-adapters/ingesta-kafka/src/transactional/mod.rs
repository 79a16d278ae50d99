//! The log to topics in Kafka transactions, for readers that must see each event exactly once.
//!
//! Each batch and the place that it reaches are one transaction; on start the last committed place
//! is read back, so what a `read_committed` reader has seen is not published again, whatever was
//! killed when. A predecessor that still believes in its lease is fenced by the broker.
//! Its price is a round trip more per batch, a topic for places, and readers that wait for a
//! transaction that was left open. It is not the default, and a reader of another isolation level
//! gains nothing from it.

mod context;
mod ledger;
mod options;
mod places;
mod recall;
mod session;
mod transaction;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ingesta_event_store::subscription::{ConsumeError, Effect, ParkReason, Subscriber};
use ingesta_event_store::{RecordedEvent, Storage, StoreError, TypeFilter};
use tokio::sync::Mutex;

pub use self::options::{TransactionalOptions, checkpoint_topic};

use self::session::{Opening, Session};
use crate::connect::{KafkaError, KafkaOptions};
use crate::message::OutgoingMessage;
use crate::producer::{Gauges, Record, Waiting};
use crate::relay::{Away, NoMessages, RelayGauges, Translate, too_much, translated};

/// Publishes the log in transactions. Give it to a
/// [`Runner`](ingesta_event_store::subscription::Runner) on the same storage.
///
/// The topic of places must exist: [`checkpoint_topic`] says how.
pub struct TransactionalRelay<T> {
    name: String,
    translate: T,
    opening: Opening,
    options: TransactionalOptions,
    gauges: Arc<Gauges>,
    session: Mutex<Option<Session>>,
}

/// Why an attempt did not end well.
enum Failed {
    /// This event of the batch cannot be published.
    Event(usize, ParkReason),
    /// Some message of the batch was refused for this reason, and it is not known which.
    SomeMessage(KafkaError),
    Away(KafkaError),
    /// Something that a translation needs is away.
    Waits(Away),
}

impl<T: Translate> TransactionalRelay<T> {
    /// A relay that has not connected yet. `name` is the subscription's; with that of the
    /// installation it names the transactional identity and the places too.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names what is wrong with the options.
    pub fn new(
        name: impl Into<String>,
        translate: T,
        storage: Arc<dyn Storage>,
        kafka: &KafkaOptions,
        options: TransactionalOptions,
    ) -> Result<Self, KafkaError> {
        let (name, gauges) = (name.into(), Arc::<Gauges>::default());
        let opening = Opening::new(&name, storage, kafka, &options, Arc::clone(&gauges))?;
        Ok(Self {
            name,
            translate,
            opening,
            options,
            gauges,
            session: Mutex::default(),
        })
    }

    /// What can be read of it while it works.
    pub fn gauges(&self) -> RelayGauges {
        RelayGauges::new(&self.gauges)
    }

    /// Publishes what of the batch is not in a committed transaction yet.
    async fn publish(&self, session: &mut Session, batch: &[RecordedEvent]) -> Result<(), Failed> {
        let mut messages = Vec::new();
        for (index, event) in batch.iter().enumerate() {
            if session.ledger.holds(event) {
                continue;
            }
            match self.translated(event).await {
                Ok(of_event) => messages.extend(of_event),
                Err(NoMessages::NotNow(away)) => return Err(Failed::Waits(away)),
                Err(NoMessages::Never(reason)) => {
                    return Err(self.refuse(session, index, event, reason).await);
                }
            }
        }
        let places = session.ledger.advance(batch);
        if messages.is_empty() && places.is_empty() {
            return Ok(());
        }
        let done = session.transact(messages, &places).await;
        done.map_err(|error| match error {
            error if error.blames_message() => Failed::SomeMessage(error),
            error => Failed::Away(error),
        })
    }

    async fn translated(&self, event: &RecordedEvent) -> Result<Vec<OutgoingMessage>, NoMessages> {
        let messages = translated(&self.translate, event).await?;
        let largest = self.options.producer.largest();
        let too_large = messages
            .iter()
            .find(|message| Record::from(*message).weight() > largest);
        match too_large {
            None => Ok(messages),
            Some(message) => Err(NoMessages::Never(too_much(&KafkaError::TooLarge {
                topic: message.topic.clone(),
            }))),
        }
    }

    /// Notes that the stream is published up to this event only, before anybody passes it.
    async fn refuse(
        &self,
        session: &mut Session,
        index: usize,
        event: &RecordedEvent,
        reason: ParkReason,
    ) -> Failed {
        let Some(place) = session.ledger.hold(event) else {
            return Failed::Event(index, reason);
        };
        match session.transact(Vec::new(), &[place]).await {
            Ok(()) => Failed::Event(index, reason),
            Err(error) => Failed::Away(error),
        }
    }

    /// Event by event, so that the one that is refused is found. Leaves a session that is sound.
    async fn singly(
        &self,
        slot: &mut Option<Session>,
        batch: &[RecordedEvent],
    ) -> Result<(), Failed> {
        for (index, event) in batch.iter().enumerate() {
            let mut session = self.session(slot).await?;
            let done = match self
                .publish(&mut session, std::slice::from_ref(event))
                .await
            {
                Err(Failed::Event(_, reason)) => Err(Failed::Event(index, reason)),
                Err(Failed::SomeMessage(error)) => {
                    drop(session);
                    session = self.session(slot).await?;
                    let reason = too_much(&error.at(self.topics_of(event).await));
                    Err(self.refuse(&mut session, index, event, reason).await)
                }
                done => done,
            };
            if !matches!(done, Err(Failed::Away(_))) {
                *slot = Some(session);
            }
            done?;
        }
        Ok(())
    }

    /// Taken out of its slot: if a future is dropped, nobody goes on with a half-done session.
    async fn session(&self, slot: &mut Option<Session>) -> Result<Session, Failed> {
        match slot.take() {
            Some(session) => Ok(session),
            None => self.opening.open().await.map_err(Failed::Away),
        }
    }

    async fn attempt(
        &self,
        slot: &mut Option<Session>,
        batch: &[RecordedEvent],
    ) -> Result<(), Failed> {
        let mut session = self.session(slot).await?;
        match self.publish(&mut session, batch).await {
            Err(Failed::SomeMessage(_)) => {
                drop(session);
                self.singly(slot, batch).await
            }
            Err(failed @ Failed::Away(_)) => Err(failed),
            // Sound: what is refused was noted in a transaction of its own, and a translation that
            // waits began none.
            done @ (Ok(()) | Err(Failed::Event(..) | Failed::Waits(_))) => {
                *slot = Some(session);
                done
            }
        }
    }

    async fn topics_of(&self, event: &RecordedEvent) -> String {
        let messages = translated(&self.translate, event).await.unwrap_or_default();
        let topics: Vec<_> = messages.into_iter().map(|message| message.topic).collect();
        topics.join(", ")
    }
}

#[async_trait]
impl<T: Translate> Subscriber for TransactionalRelay<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn types(&self) -> TypeFilter {
        self.translate.types()
    }

    /// Fences a predecessor and reads the last committed place, at once where the broker is there.
    async fn start(&self) -> Result<(), StoreError> {
        let mut session = self.session.lock().await;
        *session = None;
        // What kept it in an earlier term need not keep it now.
        self.gauges.well();
        let opened = tokio::time::timeout(self.options.start_within, self.opening.open()).await;
        match opened {
            Ok(Ok(opened)) => *session = Some(opened),
            // The first batch tries again, and says why it waits.
            Ok(Err(error)) => self.gauges.trouble(&error),
            Err(_) => {}
        }
        Ok(())
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let waiting = Waiting::begin(&self.gauges);
        let mut slot = self.session.lock().await;
        let failed = match self.attempt(&mut slot, batch).await {
            Ok(()) => {
                self.gauges.well();
                return Ok(Vec::new());
            }
            Err(failed) => failed,
        };
        let told = self.told(failed).await;
        if matches!(told, ConsumeError::Transient(_)) {
            waiting.goes_on();
        }
        Err(told)
    }
}

/// Longer than a lease lasts by default.
const FENCED_PAUSE: Duration = Duration::from_secs(10);

impl<T: Translate> TransactionalRelay<T> {
    async fn told(&self, failed: Failed) -> ConsumeError {
        match failed {
            Failed::Event(index, reason) => ConsumeError::Event { index, reason },
            Failed::SomeMessage(error) => ConsumeError::transient(error),
            Failed::Away(error) => {
                self.gauges.trouble(&error);
                if matches!(error, KafkaError::Fenced { .. }) {
                    // Whoever fenced us may be the lease's owner: within this pause a runner finds
                    // that out, instead of fencing it back.
                    tokio::time::sleep(FENCED_PAUSE).await;
                }
                ConsumeError::transient(error)
            }
            Failed::Waits(away) => {
                self.gauges.waits(&away);
                ConsumeError::transient(away)
            }
        }
    }
}

impl<T> std::fmt::Debug for TransactionalRelay<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransactionalRelay")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
