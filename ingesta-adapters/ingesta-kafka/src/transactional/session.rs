//! One ownership of a relay's transactional identity: its client, and what it knows to be published.
//!
//! A session is used by one batch at a time and thrown away whenever it is not certain what became
//! of a transaction; the next one asks the broker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ingesta_event_store::{Storage, StoreError};
use rdkafka::config::ClientConfig;
use rdkafka::producer::BaseProducer;

use super::TransactionalOptions;
use super::context::Context;
use super::ledger::Ledger;
use super::places::Place;
use super::recall::recall;
use super::transaction::{fence, transact};
use crate::connect::{KafkaError, KafkaOptions};
use crate::message::OutgoingMessage;
use crate::producer::Gauges;

/// What sessions are opened from.
pub(super) struct Opening {
    relay: String,
    /// As it was chosen; `None`: as the store says.
    installation: Option<String>,
    topic: String,
    storage: Arc<dyn Storage>,
    producer: ClientConfig,
    reader: ClientConfig,
    gauges: Arc<Gauges>,
}

pub(super) struct Session {
    identity: String,
    topic: String,
    /// Absent while a transaction is under way elsewhere, and for ever where that was abandoned.
    client: Option<BaseProducer<Context>>,
    pub(super) ledger: Ledger,
}

/// Tells blocking work that nobody waits for it any more.
struct Cancel(Arc<AtomicBool>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce(&AtomicBool) -> T + Send + 'static,
) -> Result<T, KafkaError> {
    let cancelled = Arc::new(AtomicBool::new(false));
    let cancel = Cancel(Arc::clone(&cancelled));
    let done = tokio::task::spawn_blocking(move || work(&cancelled)).await;
    drop(cancel);
    done.map_err(|_| broken("Interrupted"))
}

fn broken(code: &str) -> KafkaError {
    KafkaError::Broken {
        attempted: "publishing in a transaction",
        code: code.to_owned(),
    }
}

impl Opening {
    pub(super) fn new(
        relay: &str,
        storage: Arc<dyn Storage>,
        kafka: &KafkaOptions,
        options: &TransactionalOptions,
        gauges: Arc<Gauges>,
    ) -> Result<Self, KafkaError> {
        kafka.check()?;
        options.check()?;
        let mut producer = kafka.client()?;
        let timeout = options.timeout_ms().to_string();
        options.producer.apply(&mut producer)?;
        producer
            .set("transaction.timeout.ms", &timeout)
            // A failed message aborts its transaction, so a timer leaves no hole here, and the
            // client insists on one.
            .set("message.timeout.ms", &timeout)
            .remove("enable.gapless.guarantee");
        Ok(Self {
            relay: relay.to_owned(),
            installation: options.installation.clone(),
            topic: options.checkpoint_topic.clone(),
            storage,
            producer,
            reader: kafka.client()?,
            gauges,
        })
    }

    /// The relay's name in the whole broker cluster: its transactional id, and the key of its places.
    async fn identity(&self) -> Result<String, KafkaError> {
        let installation = match &self.installation {
            Some(chosen) => chosen.clone(),
            None => self.storage.identity().await.map_err(unread)?,
        };
        Ok(format!("ingesta-relay-{installation}-{}", self.relay))
    }

    /// Fences a predecessor, reads the places, and holds them against the log.
    pub(super) async fn open(&self) -> Result<Session, KafkaError> {
        let identity = self.identity().await?;
        let (mut producer, reader) = (self.producer.clone(), self.reader.clone());
        producer.set("transactional.id", &identity);
        let context = Context::new(Arc::clone(&self.gauges));
        let (topic, name) = (self.topic.clone(), identity.clone());
        let opened = blocking(move |cancelled| {
            let client: BaseProducer<Context> = producer
                .create_with_context(context.clone())
                .map_err(|cause| KafkaError::of("making the producer", &cause))?;
            fence(&client, &name, cancelled)?;
            let ledger = recall(&reader, &context, &topic, &name, cancelled)?;
            Ok::<_, KafkaError>((client, ledger))
        });
        let (client, mut ledger) = opened.await??;
        self.gauges.client_made();
        self.settle(&mut ledger).await?;
        Ok(Session {
            identity,
            topic: self.topic.clone(),
            client: Some(client),
            ledger,
        })
    }

    /// Holds the places against the log: it may have been renumbered, or be another one.
    async fn settle(&self, ledger: &mut Ledger) -> Result<(), KafkaError> {
        if let Some(mark) = &mut ledger.reached {
            let before = mark.sequence.saturating_sub(1);
            let found = self
                .storage
                .load(&mark.stream, before)
                .await
                .map_err(unread)?;
            match found
                .first()
                .filter(|event| event.sequence == mark.sequence)
            {
                Some(event) => mark.position = event.position,
                None => {
                    return Err(KafkaError::Settings {
                        what: format!(
                            "the log has no event {}/{}, up to which relay {} has published to \
                             these topics: it is another log, or an older copy of it",
                            mark.stream, mark.sequence, self.relay
                        ),
                    });
                }
            }
        }
        for parked in self.storage.parked(&self.relay).await.map_err(unread)? {
            ledger.adopt(parked.stream, parked.sequence);
        }
        Ok(())
    }
}

fn unread(error: StoreError) -> KafkaError {
    if matches!(error, StoreError::Unsupported { .. }) {
        return KafkaError::Settings {
            what: "this store cannot tell which log it is: name the installation".to_owned(),
        };
    }
    KafkaError::Busy {
        attempted: "holding the relay's place against the log",
        code: "the store did not answer".to_owned(),
    }
}

impl Session {
    /// Publishes the messages and writes the places in one transaction.
    ///
    /// After an error the session is not to be used again: its ledger says more than is written.
    pub(super) async fn transact(
        &mut self,
        mut messages: Vec<OutgoingMessage>,
        places: &[Place],
    ) -> Result<(), KafkaError> {
        messages.extend(places.iter().map(|place| {
            let (key, value) = place.encode(&self.identity);
            OutgoingMessage {
                topic: self.topic.clone(),
                key,
                value,
                headers: Vec::new(),
                timestamp: None,
            }
        }));
        let client = self
            .client
            .take()
            .ok_or_else(|| broken("used after a failure"))?;
        let identity = self.identity.clone();
        let work = blocking(move |cancelled| {
            // A client whose transaction is in doubt is dropped here, on a thread that may block.
            transact(&client, &identity, &messages, cancelled).map(|()| client)
        });
        self.client = Some(work.await??);
        Ok(())
    }
}

impl Drop for Session {
    /// The library's drop blocks for a moment; a runtime's worker shall not.
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        let spawned = std::thread::Builder::new()
            .name("kafka-producer-drop".to_owned())
            .spawn(move || drop(client));
        if spawned.is_err() {
            tracing::debug!("no thread to drop the producer on: it was dropped here");
        }
    }
}
