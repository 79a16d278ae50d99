//! The relays: subscriptions that publish the log, in one of the two modes.
//!
//! Making one connects to nobody. Their runners are started with the others.

use std::sync::Arc;
use std::time::Duration;

use ingesta_event_store::subscription::Subscriber;
use ingesta_event_store::{EventCodec, EventStorage, Storage};
use ingesta_kafka::connect::KafkaError;
use ingesta_kafka::producer::ProducerOptions;
use ingesta_kafka::relay::{Relay, RelayGauges, Translate};
use ingesta_kafka::topics::TopicSpec;
use ingesta_kafka::transactional::{TransactionalOptions, TransactionalRelay, checkpoint_topic};

use crate::app::{Messaging, RelayMode};
use crate::mensajes::{TraductorImagen, TraductorIngesta, TraductorSaga};
use crate::registry::{INTEGRACION_IMAGEN, INTEGRACION_INGESTA, INTEGRACION_SAGA};

type Closing = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// One relay, whatever its mode.
struct One {
    name: &'static str,
    subscriber: Arc<dyn Subscriber>,
    gauges: RelayGauges,
    close: Box<dyn Fn(Duration) -> Closing + Send + Sync>,
}

/// The relays of this server.
#[derive(Default)]
pub(in crate::app) struct Relays {
    all: Vec<One>,
}

fn transactional(messaging: &Messaging) -> TransactionalOptions {
    let defaults = TransactionalOptions::default();
    TransactionalOptions {
        checkpoint_topic: format!("{}{}", messaging.prefix, defaults.checkpoint_topic),
        ..defaults
    }
}

impl Relays {
    /// The topics that the mode itself needs.
    pub(super) fn topics(messaging: &Messaging) -> Vec<TopicSpec> {
        match messaging.relay {
            RelayMode::AtLeastOnce => Vec::new(),
            RelayMode::Transactional => vec![checkpoint_topic(&transactional(messaging))],
        }
    }

    /// The integration handlers: what happens to ingestas, to images, and where there are sagas,
    /// what they ask for.
    pub(in crate::app) fn of(
        messaging: &Messaging,
        codec: &EventCodec,
        storage: &Arc<dyn Storage>,
        sagas: bool,
    ) -> Result<Self, KafkaError> {
        let (mut relays, rutas) = (Self::default(), &messaging.rutas);
        let events: Arc<dyn EventStorage> = Arc::clone(storage) as _;
        let ingestas = TraductorIngesta::new(rutas, codec.clone(), Arc::clone(&events));
        let imagenes = TraductorImagen::new(rutas, codec.clone());
        relays.add(INTEGRACION_INGESTA, ingestas, storage, messaging)?;
        relays.add(INTEGRACION_IMAGEN, imagenes, storage, messaging)?;
        if sagas {
            let ordenes = TraductorSaga::new(rutas, codec.clone(), events);
            relays.add(INTEGRACION_SAGA, ordenes, storage, messaging)?;
        }
        Ok(relays)
    }

    /// Adds a relay under a subscription's name.
    fn add<T: Translate>(
        &mut self,
        name: &'static str,
        translate: T,
        storage: &Arc<dyn Storage>,
        messaging: &Messaging,
    ) -> Result<(), KafkaError> {
        let kafka = &messaging.kafka;
        let one = match messaging.relay {
            RelayMode::AtLeastOnce => {
                let producer = ProducerOptions::default();
                let relay = Arc::new(Relay::new(name, translate, kafka, producer)?);
                let closing = Arc::clone(&relay);
                One {
                    name,
                    gauges: relay.gauges(),
                    subscriber: relay,
                    close: Box::new(move |within| {
                        let relay = Arc::clone(&closing);
                        Box::pin(async move { relay.close(within).await })
                    }),
                }
            }
            RelayMode::Transactional => {
                let (storage, options) = (Arc::clone(storage), transactional(messaging));
                let relay = TransactionalRelay::new(name, translate, storage, kafka, options)?;
                let relay = Arc::new(relay);
                One {
                    name,
                    gauges: relay.gauges(),
                    subscriber: relay,
                    // What is not committed is aborted by the broker, or fenced by the next one.
                    close: Box::new(|_| Box::pin(std::future::ready(()))),
                }
            }
        };
        self.all.push(one);
        Ok(())
    }

    pub(in crate::app) fn subscribers(
        &self,
    ) -> impl Iterator<Item = (&'static str, Arc<dyn Subscriber>)> + '_ {
        let named = |one: &One| (one.name, Arc::clone(&one.subscriber));
        self.all.iter().map(named)
    }

    pub(super) fn gauges(&self) -> Vec<(&'static str, RelayGauges)> {
        let gauges = |one: &One| (one.name, one.gauges.clone());
        self.all.iter().map(gauges).collect()
    }

    /// After their runners have ended: waits for what is under way, at most `within`.
    pub(in crate::app) async fn close(&self, within: Duration) {
        let closing = self.all.iter().map(|one| (one.close)(within));
        futures_util::future::join_all(closing).await;
    }
}
