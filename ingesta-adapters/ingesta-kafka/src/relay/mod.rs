//! The log to topics, at least once: one more subscription, whose outbox is the log itself.
//!
//! Promises: every wanted event's messages are acknowledged by the broker before the checkpoint
//! passes it; messages of a key come first in the log's order; whoever is away, the relay waits in
//! bounded memory and keeps its lease, for the broker as for what a translation needs; an event that
//! cannot become a message parks its own stream.
//! After a crash the last step may be published again, each message equal to its first.
//! It does not say what a message looks like: that is the program's [`Translate`].

mod carried;
mod status;
mod translate;

use async_trait::async_trait;
use ingesta_event_store::subscription::{
    ConsumeError, Effect, ParkReason, RunnerOptions, Subscriber,
};
use ingesta_event_store::{RecordedEvent, StoreError, TypeFilter};
use tokio::sync::Mutex;

pub use self::status::{LastError, RelayGauges, RelayStatus};
pub use self::translate::{Away, Translate, TranslateError, Untranslatable};

pub(crate) use self::translate::{NoMessages, too_much, translated};

use self::carried::Carried;
use crate::connect::{KafkaError, KafkaOptions};
use crate::producer::{ProducerOptions, Publisher, Waiting};

/// How a runner is best set for a relay: larger steps than a projection's, because each step ends
/// with a wait for its last acknowledgement.
///
/// A step is also the most that a death repeats. At up to two messages for an event it fits into the
/// window of [`ProducerOptions`], so what is repeated is within what may be under way; whoever makes
/// more of an event takes [`runner_options_for`].
#[must_use]
pub fn runner_options() -> RunnerOptions {
    RunnerOptions {
        batch_max: 10_000,
        ..RunnerOptions::default()
    }
}

/// [`runner_options`] with steps that fit into the window of [`ProducerOptions::default`] where an
/// event becomes up to so many messages, so that no death repeats more than may be under way.
///
/// ```
/// use ingesta_kafka::relay::{runner_options, runner_options_for};
///
/// assert_eq!(runner_options_for(1).batch_max, runner_options().batch_max);
/// assert_eq!(runner_options_for(4).batch_max, 5_000);
/// ```
#[must_use]
pub fn runner_options_for(messages_per_event: usize) -> RunnerOptions {
    let most = runner_options();
    let window = ProducerOptions::default().window_messages;
    let fits = window / messages_per_event.max(1);
    RunnerOptions {
        batch_max: most.batch_max.min(fits.max(1)),
        ..most
    }
}

/// Publishes the log. Give it to a [`Runner`](ingesta_event_store::subscription::Runner).
///
/// ```
/// use async_trait::async_trait;
/// use ingesta_event_store::{RecordedEvent, TypeFilter};
/// use ingesta_kafka::connect::KafkaOptions;
/// use ingesta_kafka::message::OutgoingMessage;
/// use ingesta_kafka::producer::ProducerOptions;
/// use ingesta_kafka::relay::{Relay, Translate, TranslateError, Untranslatable};
///
/// struct Accounts;
///
/// #[async_trait]
/// impl Translate for Accounts {
///     fn types(&self) -> TypeFilter {
///         TypeFilter::Only(vec!["account".into()])
///     }
///
///     async fn messages(
///         &self,
///         event: &RecordedEvent,
///     ) -> Result<Vec<OutgoingMessage>, TranslateError> {
///         if event.event_type == "Unknown" {
///             // A refusal parks this event's stream, and the others go on.
///             let why = Untranslatable::new("unknown_type", "no message for this event type");
///             return Err(why.into());
///         }
///         Ok(vec![OutgoingMessage {
///             topic: "accounts".into(),
///             key: event.stream.aggregate_id.clone().into_bytes(),
///             value: Some(event.payload.clone().into_bytes()),
///             headers: Vec::new(),
///             timestamp: event.recorded_at,
///         }])
///     }
/// }
///
/// let kafka = KafkaOptions::new("localhost:9092");
/// let relay = Relay::new("accounts-to-kafka", Accounts, &kafka, ProducerOptions::default())?;
/// assert_eq!(relay.gauges().read().published, 0);
///
/// let nowhere = KafkaOptions::new("");
/// assert!(Relay::new("other", Accounts, &nowhere, ProducerOptions::default()).is_err());
/// # Ok::<(), ingesta_kafka::connect::KafkaError>(())
/// ```
#[derive(Debug)]
pub struct Relay<T> {
    name: String,
    translate: T,
    publisher: Publisher,
    carried: Mutex<Carried>,
}

/// Why an attempt did not end well.
enum Failed {
    /// This event of the batch cannot be published.
    Event(usize, ParkReason),
    /// Some message of the batch was refused, and it is not known which.
    SomeMessage,
    /// Something is away or set up wrongly.
    Away(KafkaError),
    /// Something that a translation needs is away.
    Waits(Away),
}

/// What it means for the batch that the event at this index has no messages.
fn without_messages(index: usize, why: NoMessages) -> Failed {
    match why {
        NoMessages::Never(reason) => Failed::Event(index, reason),
        NoMessages::NotNow(away) => Failed::Waits(away),
    }
}

impl<T: Translate> Relay<T> {
    /// A relay that has not connected yet. `name` is the subscription's.
    ///
    /// # Errors
    /// [`KafkaError::Settings`] names what is wrong with the options.
    pub fn new(
        name: impl Into<String>,
        translate: T,
        kafka: &KafkaOptions,
        producer: ProducerOptions,
    ) -> Result<Self, KafkaError> {
        Ok(Self {
            name: name.into(),
            translate,
            publisher: Publisher::new(kafka, producer)?,
            carried: Mutex::default(),
        })
    }

    /// What can be read of it while it works.
    pub fn gauges(&self) -> RelayGauges {
        RelayGauges::new(self.publisher.gauges())
    }

    /// Lets the broker go, after its runner has ended: waits for what is under way, at most `within`.
    pub async fn close(&self, within: std::time::Duration) {
        self.publisher.close(within).await;
    }

    /// Publishes what of the batch is not acknowledged yet, as fast as the window allows.
    async fn at_once(&self, batch: &[RecordedEvent], carried: &mut Carried) -> Result<(), Failed> {
        let mut flight = self.publisher.open().await.map_err(Failed::Away)?;
        let mut places = Vec::new();
        let mut stopped = None;
        'events: for (index, event) in batch.iter().enumerate() {
            let messages = match translated(&self.translate, event).await {
                Ok(messages) => messages,
                Err(why) => {
                    stopped = Some(without_messages(index, why));
                    break;
                }
            };
            for (part, message) in messages.iter().enumerate() {
                if carried.holds(event.position, part) {
                    continue;
                }
                if let Err(error) = flight.send(message).await {
                    stopped = Some(failure(index, error));
                    break 'events;
                }
                places.push((event.position, part));
            }
        }
        let landed = flight.land().await;
        if landed.cause.is_none() && stopped.is_none() {
            return Ok(());
        }
        for (place, acknowledged) in places.into_iter().zip(landed.acknowledged) {
            if acknowledged {
                carried.add(place);
            }
        }
        // A failed delivery is why the sender stopped, if both are told.
        match (landed.cause, stopped) {
            (Some(cause), _) if cause.blames_message() => Err(Failed::SomeMessage),
            (Some(cause), _) => Err(Failed::Away(cause)),
            (None, stopped) => stopped.map_or(Ok(()), Err),
        }
    }

    /// Publishes message by message, so that the one that is refused is found.
    async fn singly(&self, batch: &[RecordedEvent], carried: &mut Carried) -> Result<(), Failed> {
        for (index, event) in batch.iter().enumerate() {
            let messages = translated(&self.translate, event).await;
            let messages = messages.map_err(|why| without_messages(index, why))?;
            for (part, message) in messages.iter().enumerate() {
                if carried.holds(event.position, part) {
                    continue;
                }
                let published = self.publisher.publish(std::slice::from_ref(message)).await;
                published.map_err(|error| failure(index, error.cause))?;
                carried.add((event.position, part));
            }
        }
        Ok(())
    }
}

fn failure(index: usize, error: KafkaError) -> Failed {
    if error.blames_message() {
        Failed::Event(index, too_much(&error))
    } else {
        Failed::Away(error)
    }
}

#[async_trait]
impl<T: Translate> Subscriber for Relay<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn types(&self) -> TypeFilter {
        self.translate.types()
    }

    async fn start(&self) -> Result<(), StoreError> {
        // Another owner may have gone on meanwhile; what it is given now, it publishes.
        *self.carried.lock().await = Carried::default();
        // What kept it in an earlier term need not keep it now.
        self.publisher.gauges().well();
        Ok(())
    }

    async fn consume(&self, batch: &[RecordedEvent]) -> Result<Vec<Effect>, ConsumeError> {
        let waiting = Waiting::begin(self.publisher.gauges());
        let mut carried = self.carried.lock().await;
        let mut done = self.at_once(batch, &mut carried).await;
        if matches!(done, Err(Failed::SomeMessage)) {
            done = self.singly(batch, &mut carried).await;
        }
        match done {
            Ok(()) => {
                carried.forget(batch);
                self.publisher.gauges().well();
                Ok(Vec::new())
            }
            Err(Failed::Event(index, reason)) => Err(ConsumeError::Event { index, reason }),
            Err(Failed::SomeMessage) => Err(ConsumeError::transient(unknown_culprit())),
            Err(Failed::Away(error)) => {
                self.publisher.gauges().trouble(&error);
                waiting.goes_on();
                Err(ConsumeError::transient(error))
            }
            Err(Failed::Waits(away)) => {
                self.publisher.gauges().waits(&away);
                waiting.goes_on();
                Err(ConsumeError::transient(away))
            }
        }
    }
}

/// One by one the culprit is known; this is for a broker that refuses a message and then no more.
fn unknown_culprit() -> KafkaError {
    KafkaError::Busy {
        attempted: "publishing",
        code: "refused once".to_owned(),
    }
}
